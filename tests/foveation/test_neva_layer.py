"""NeVA's foveation against the original's outputs and its definition."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck
from torchvision.transforms.functional import gaussian_blur

import scanpath as sp
from scanpath.foveation import neva_mask
from scanpath.foveation.neva_layer import neva_blurred


@pytest.fixture
def original(neva_original):
    return neva_original


def settings_of(original):
    return {
        "mask_sigma": float(original["foveation_sigma"]),
        "blur_sigma_px": float(original["blur_sigma"]),
        "kernel_px": int(original["blur_filter_size"]),
    }


def picture_of(original):
    return torch.from_numpy(original["image_u8"]).permute(2, 0, 1) / 255


def pixel(original, position):
    """The original's (row, column) in [-1, 1] as xy in px."""
    row, column = (np.asarray(position, dtype=np.float64) + 1) / 2 * (len(original["image_u8"]) - 1)
    return torch.tensor([column, row])


@pytest.mark.parametrize("case", [0, 1, 2])
def test_what_is_seen_and_remembered(original, case):
    picture, settings, stride = picture_of(original), settings_of(original), int(original["stride"])
    history, retention = original["history_positions"], float(original["forgetting"][case])
    remembered, seen = original[f"memory_f{case}"], original[f"perceived_f{case}"]
    memory = torch.zeros(picture.shape[-2:])
    thin = slice(None, None, stride if remembered.shape[-1] != memory.shape[-1] else 1)
    for step in range(len(history) + 1):
        if step:
            point = pixel(original, history[step - 1])
            memory = sp.neva_memory(memory, point, retention=retention, mask_sigma=settings["mask_sigma"])
        np.testing.assert_allclose(memory[thin, thin], remembered[step], rtol=0, atol=1e-6)
        views = seen[step] if seen.ndim == 5 else seen if step == len(history) else []
        for position, wanted in zip(original["candidate_positions"], views):
            view = sp.neva_blur(picture, pixel(original, position), memory=memory, **settings)
            np.testing.assert_allclose(view[:, ::stride, ::stride], wanted, rtol=0, atol=2e-6)


def test_slopes_of_the_original_loss(original):
    """Through the original's toy network, with respect to (row, column) in its frame."""
    picture, settings = picture_of(original), settings_of(original)
    side = picture.shape[-1]
    network = torch.nn.Conv2d(3, 8, 3, stride=4)
    network.load_state_dict(
        {"weight": torch.from_numpy(original["conv_w"]), "bias": torch.from_numpy(original["conv_b"])}
    )
    target = torch.from_numpy(original["target_mse"])
    for position, wanted in zip(original["candidate_positions"], original["grad_mse_f0"][0]):
        frame = torch.from_numpy(position.astype(np.float64)).requires_grad_()
        point = (frame.flip(0) + 1) / 2 * (side - 1)
        view = sp.neva_blur(picture, point, **settings)
        loss = (network(view[None]).relu().mean(dim=(2, 3))[0] - target).square().mean()
        (slope,) = torch.autograd.grad(loss, frame)
        scale = np.abs(original["grad_mse_f0"][0]).max()
        np.testing.assert_allclose(slope, wanted, rtol=0, atol=1e-3 * scale)


@pytest.mark.parametrize("size", [(40, 60), (30, 520)])
def test_the_blur_is_a_cut_gaussian_with_mirrored_edges(size):
    image = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    for kernel, sigma in [(41, 10.0), (5, 5.0), (11, 3.0)]:
        wanted = gaussian_blur(image.double(), [kernel] * 2, [sigma] * 2).float()
        torch.testing.assert_close(neva_blurred(image, sigma, kernel), wanted, rtol=0, atol=2e-6)


def test_the_mask_is_one_at_the_fixation_and_halves_where_it_should():
    mask = neva_mask((101, 201), (120.0, 30.0), mask_sigma=0.2)
    assert mask.shape == (101, 201)
    assert mask[30, 120] == 1
    frame_px = (201 - 1) / 2
    half = np.sqrt(0.2 * np.log(2)) * frame_px
    between = np.interp(120 + half, np.arange(201), mask[30].numpy())
    assert between == pytest.approx(0.5, abs=1e-3)


def test_full_memory_shows_the_picture_and_none_far_away_the_blur():
    image = torch.rand(3, 50, 60, generator=torch.Generator().manual_seed(0))
    full = sp.neva_blur(image, (10, 10), memory=torch.ones(50, 60))
    assert torch.equal(full, image)
    none = sp.neva_blur(image, (1e5, 1e5))
    torch.testing.assert_close(none, neva_blurred(image, 10, 41), rtol=0, atol=1e-6)


def test_gradients_and_batches():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 1, 6, 7, generator=generator, dtype=torch.float64).requires_grad_()
    point = torch.tensor([[2.3, 4.4], [5.1, 0.2]], dtype=torch.float64, requires_grad=True)
    memory = (0.1 * torch.rand(2, 6, 7, generator=generator, dtype=torch.float64)).requires_grad_()
    see = lambda image, point, memory: sp.neva_blur(image, point, memory=memory, kernel_px=5)  # noqa: E731
    assert gradcheck(see, (image, point, memory), fast_mode=True)
    one = sp.neva_blur(image[1], point[1], memory=memory[1], kernel_px=5)
    torch.testing.assert_close(see(image, point, memory)[1], one)
    assert isinstance(sp.neva_blur(image[0].detach().numpy(), (1, 2), kernel_px=5), np.ndarray)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kernel_px": 4}, "odd"),
        ({"kernel_px": 41}, "more than 20 px"),
        ({"mask_sigma": 0}, "mask_sigma"),
        ({"blur_sigma_px": -1}, "blur_sigma_px"),
        ({"memory": torch.zeros(5, 5)}, "memory must have shape"),
        ({"fixation": (np.nan, 1)}, "finite"),
    ],
)
def test_bad_input_is_one_sentence(change, words):
    arguments = {"image": torch.zeros(1, 12, 12), "fixation": (1, 2), "kernel_px": 5, **change}
    with pytest.raises(sp.InputError, match=words):
        sp.neva_blur(**arguments)


def test_retention_is_checked():
    with pytest.raises(sp.InputError, match="forgets nothing"):
        sp.neva_memory(torch.zeros(4, 4), (1, 1), retention=1.5)
    with pytest.raises(sp.InputError, match="floating"):
        sp.neva_memory(torch.zeros(4, 4, dtype=torch.int64), (1, 1))
