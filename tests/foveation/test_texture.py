import math
from functools import cache

import numpy as np
import pytest
import torch
from skimage import data, transform

import scanpath as sp
from scanpath.foveation.steerable_frame import SteerableFrame

PX_PER_DEG = 512 / 26
FIXATIONS = {"astronaut": (230.0, 100.0), "coffee": (250.0, 200.0), "chelsea": (300.0, 220.0)}
RINGS = [(1.9, 3), (3, 5), (5, 8), (8, 12), (12, 20)]


@cache
def photograph(name, side=512):
    image = getattr(data, name)()
    top, left = ((length - min(image.shape[:2])) // 2 for length in image.shape[:2])
    square = image[top : top + min(image.shape[:2]), left : left + min(image.shape[:2])]
    resized = transform.resize(square, (side, side), anti_aliasing=True)
    return torch.from_numpy(resized.transpose(2, 0, 1).astype("f4").copy())


@cache
def textured(name, source):
    return sp.foveated_texture(photograph(name), FIXATIONS[name], px_per_deg=PX_PER_DEG, source=source)


def high_pass(image, sigma_px=3.0):
    radius = int(4 * sigma_px + 0.5)
    kernel = torch.exp(-(torch.arange(-radius, radius + 1.0) ** 2) / (2 * sigma_px**2))
    kernel = (kernel / kernel.sum()).repeat(len(image), 1)
    padded = torch.nn.functional.pad(image[None], (radius,) * 4, mode="reflect")
    rows = torch.nn.functional.conv2d(padded, kernel[:, None, None, :], groups=len(image))
    return image - torch.nn.functional.conv2d(rows, kernel[:, None, :, None], groups=len(image))[0]


def by_ring(image, other, fixation):
    """High-pass correlation and ratio of standard deviations per ring of eccentricity."""
    eccentricity = sp.eccentricity_map(tuple(image.shape[-2:]), fixation, px_per_deg=PX_PER_DEG)
    first, second = high_pass(image), high_pass(other)
    correlations, ratios = [], []
    for inner, outer in RINGS:
        ring = (eccentricity >= inner) & (eccentricity < outer)
        pair = torch.stack([first[:, ring].flatten(), second[:, ring].flatten()])
        correlations.append(float(torch.corrcoef(pair)[0, 1]))
        ratios.append(float(pair[1].std() / pair[0].std()))
    return correlations, ratios


def median_band_error(image, other, fixation):
    """Relative error of pooled standard deviations over all bands and windows of more than 16 samples."""
    frame, errors = SteerableFrame(tuple(image.shape[-2:])), []
    bands = [frame.analyze(picture) for picture in (image, other)]
    for scale in range(4):
        windows = sp.PoolingWindows(
            frame.level_size(scale),
            fixation,
            px_per_deg=PX_PER_DEG,
            scaling=0.4,
            min_eccentricity_deg=1.82 * math.exp(-math.asinh(0.2)),
            step_px=2**scale,
        )
        kept = windows.weight_sum > 16
        wanted, found = (windows.pool(part.oriented[scale].square()).sqrt()[..., kept] for part in bands)
        errors.append(((found - wanted).abs() / (wanted + 1e-3)).flatten())
    return float(torch.cat(errors).median())


@pytest.mark.parametrize("source", ["cascade", "noise"])
@pytest.mark.parametrize("name", FIXATIONS)
def test_photographs_keep_their_fovea_and_contrast_but_lose_places(name, source):
    image, texture = photograph(name), textured(name, source)
    assert float(texture.min()) >= 0
    assert float(texture.max()) <= 1
    eccentricity = sp.eccentricity_map((512, 512), FIXATIONS[name], px_per_deg=PX_PER_DEG)
    fovea = eccentricity < 1.3
    error = (image - texture)[:, fovea].square().mean()
    assert -10 * math.log10(float(error) + 1e-20) >= 60
    correlations, ratios = by_ring(image, texture, FIXATIONS[name])
    if source == "cascade":
        assert abs(correlations[3]) <= 0.15
        assert abs(correlations[4]) <= 0.15
    else:
        assert correlations[4] <= 0.35
    assert all(0.75 <= ratio <= 1.25 for ratio in ratios)
    assert median_band_error(image, texture, FIXATIONS[name]) <= 0.20


@pytest.mark.parametrize("source", ["cascade", "noise"])
def test_texture_takes_over_with_eccentricity(source):
    correlations, _ = by_ring(photograph("coffee"), textured("coffee", source), FIXATIONS["coffee"])
    assert correlations[0] > correlations[1] > correlations[2] > abs(correlations[4])


def test_colors_in_windows_stay():
    """Means of all channels over large windows are those of the photograph."""
    for source in ("cascade", "noise"):
        windows = sp.PoolingWindows((512, 512), FIXATIONS["coffee"], px_per_deg=PX_PER_DEG, scaling=0.4)
        kept = (windows.weight_sum > 2000) & (windows.radius_deg > 1)
        before, after = (
            windows.pool(picture)[:, kept] for picture in (photograph("coffee"), textured("coffee", source))
        )
        assert float((before - after).abs().median()) < 0.01
        assert float((before - after).abs().max()) < 0.12


def test_results_depend_on_the_seed_alone():
    image = photograph("astronaut", 96)
    settings = {"px_per_deg": 96 / 26}
    first = sp.foveated_texture(image, (40, 20), seed=1, **settings)
    assert torch.equal(first, sp.foveated_texture(image, (40, 20), seed=1, **settings))
    assert not torch.allclose(first, sp.foveated_texture(image, (40, 20), seed=2, **settings), atol=0.05)


def test_a_batch_gives_what_its_pictures_give_alone():
    images = torch.stack([photograph("astronaut", 64), photograph("coffee", 64)])
    fixations = torch.tensor([[10.0, 20.0], [50.0, 33.5]])
    both = sp.foveated_texture(images, fixations, px_per_deg=3.0)
    for image, fixation, result in zip(images, fixations, both):
        assert torch.equal(sp.foveated_texture(image, fixation, px_per_deg=3.0), result)


def test_threads_do_not_change_a_batch():
    images = torch.stack([photograph(name, 96) for name in ("astronaut", "coffee", "astronaut")])
    fixations = torch.tensor([[10.0, 20.0], [50.0, 33.5], [50.0, 33.5]])
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(sp.foveated_texture(images, fixations, px_per_deg=3.0))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)


@pytest.mark.parametrize("source", ["cascade", "noise"])
@pytest.mark.parametrize("window", ["cosine", "gaussian"])
@pytest.mark.parametrize("fixation", [(30.0, 20.0), (-150.0, 20.0), (30.0, 4000.0)])
def test_any_fixation_and_odd_sizes_give_finite_pictures(fixation, window, source):
    image = photograph("astronaut", 64)[:, :53, :61]
    texture = sp.foveated_texture(image, fixation, px_per_deg=4.0, window=window, source=source)
    assert texture.shape == image.shape
    assert bool(torch.isfinite(texture).all())


@pytest.mark.parametrize("source", ["cascade", "noise"])
def test_a_flat_picture_stays_flat(source):
    image = torch.full((3, 64, 80), 0.25)
    texture = sp.foveated_texture(image, (30, 20), px_per_deg=4.0, source=source)
    torch.testing.assert_close(texture, image, atol=2e-3, rtol=0)


def test_gray_pictures_half_precision_and_arrays():
    image = photograph("coffee", 64).mean(0, keepdim=True)
    texture = sp.foveated_texture(image, (30, 20), px_per_deg=4.0)
    as_array = sp.foveated_texture(image.numpy(), np.array([30, 20]), px_per_deg=4.0)
    assert isinstance(as_array, np.ndarray)
    np.testing.assert_array_equal(as_array, texture.numpy())
    half = sp.foveated_texture(image.half(), (30, 20), px_per_deg=4.0)
    assert half.dtype == torch.float16
    assert float((half.float() - texture).abs().mean()) < 2e-3


def test_more_iterations_match_contrast_better():
    name = "coffee"
    errors = [
        median_band_error(
            photograph(name),
            sp.foveated_texture(photograph(name), FIXATIONS[name], px_per_deg=PX_PER_DEG, source="noise", iterations=n),
            FIXATIONS[name],
        )
        for n in (1, 4)
    ]
    assert errors[1] < 0.8 * errors[0]


def test_gradients_reach_the_picture():
    image = photograph("coffee", 64).clone().requires_grad_()
    sp.foveated_texture(image, (30, 20), px_per_deg=4.0).square().sum().backward()
    assert bool(torch.isfinite(image.grad).all())
    assert float(image.grad.abs().max()) > 0


def test_the_input_is_not_modified():
    image = photograph("coffee", 64).clone()
    before = image.clone()
    sp.foveated_texture(image, (30, 20), px_per_deg=4.0, source="noise")
    assert torch.equal(image, before)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encoder": "vgg"}, "Did you mean vgg19"),
        ({"source": "noize"}, "Did you mean noise"),
        ({"px_per_deg": -2}, "px_per_deg must be a positive number"),
        ({"px_per_deg": 60}, "No pooling window fits"),
        ({"fixation": (math.nan, 2)}, "must be finite"),
        ({"fixation": ((1, 2), (3, 4))}, "one per picture"),
        ({"iterations": 0}, "iterations must be a whole number"),
        ({"weights": {"seed": 0}}, "has no weights"),
        ({"encoder": "vgg19"}, "training.texture_decoder"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"image": 255 * torch.rand(3, 64, 64)}, r"\[0, 1\]"),
        ({"image": 2 * torch.rand(3, 64, 64) - 1}, "rescale"),
        ({"image": torch.full((3, 64, 64), math.nan)}, "NaN"),
        ({"image": torch.rand(64, 64, 3)}, "channels come first"),
        ({"scaling": 1e-4}, "larger scaling"),
        ({"encoder": "vgg19", "source": "noise", "weights": {"seed": 0}, "decoder": {"seed": 0}}, "belong to"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(settings, words):
    arguments = {"fixation": (30, 20), "px_per_deg": 4.0} | settings
    with pytest.raises(sp.InputError, match=words):
        sp.foveated_texture(arguments.pop("image", torch.rand(3, 64, 64)), arguments.pop("fixation"), **arguments)
