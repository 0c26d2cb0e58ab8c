"""The flattened cortex: where a place lands, what comes back, and slopes."""

import math

import numpy as np
import pytest
import torch
from skimage import data
from torch.autograd import gradcheck

import scanpath as sp
from scanpath.geometry import dipole_map


def photograph():
    return torch.from_numpy(data.astronaut()).permute(2, 0, 1) / 255


def test_a_place_lands_where_the_dipole_map_says():
    """Of a picture that holds its own coordinates: neighbors on the sheet are evenly spaced in mm."""
    y, x = torch.meshgrid(torch.arange(401.0), torch.arange(401.0), indexing="ij")
    sheet = sp.cortical_view(torch.stack([x, y]), (200, 200), (60, 120), px_per_deg=20, max_deg=9, antialias=False)
    right = sheet[:, :, 60:]
    field = torch.stack([(right[0] - 200) / 20, (200 - right[1]) / 20], dim=-1)
    inside = right[0] > 0
    cortex = dipole_map(field.clamp(min=-50).where(inside[..., None], torch.ones(2)))
    steps = cortex.diff(dim=1)[inside[:, 1:] & inside[:, :-1]]
    assert steps[:, 0].std() < 0.01 * steps[:, 0].mean()
    assert steps[:, 1].abs().max() < 0.01 * steps[:, 0].mean()


def test_the_left_field_mirrors_the_right():
    image = photograph()
    sheet = sp.cortical_view(image, (255.5, 200), (64, 96), px_per_deg=20)
    mirrored = sp.cortical_view(image.flip(2), (255.5, 200), (64, 96), px_per_deg=20)
    torch.testing.assert_close(mirrored, sheet.flip(2), rtol=0, atol=2e-3)


def test_what_comes_back():
    """The figures that the documentation states, with a margin of 1 dB."""
    image, fixation = photograph(), (256, 256)
    sheet = sp.cortical_view(image, fixation, (256, 512), px_per_deg=20)
    drawn = sp.inverse_cortical_view(sheet, fixation, (512, 512), px_per_deg=20)
    e = sp.eccentricity_map((512, 512), fixation, px_per_deg=20)
    for radius, stated in [(1, 42), (2, 37), (5, 32), (99, 27)]:
        assert abs(-10 * math.log10((image - drawn)[:, e < radius].square().mean()) - stated) < 1


@pytest.mark.parametrize("fixation", [(20.0, 10.0), (0.0, 0.0), (-30.5, 60.2)])
def test_gray_comes_back_gray(fixation):
    image = torch.full((2, 30, 40), 0.6)
    sheet = sp.cortical_view(image, fixation, (40, 60), px_per_deg=5)
    assert set(sheet.unique().mul(1e4).round().tolist()) <= {0.0, 6000.0}
    drawn = sp.inverse_cortical_view(sheet, fixation, (30, 40), px_per_deg=5)
    torch.testing.assert_close(drawn, image, rtol=0, atol=1e-5)


def test_slopes_batches_and_arrays():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 1, 9, 8, generator=generator, dtype=torch.float64).requires_grad_()
    point = torch.tensor([[3.31, 4.22], [6.13, 2.4]], dtype=torch.float64, requires_grad=True)
    flatten = lambda image, point: sp.cortical_view(image, point, (6, 8), px_per_deg=1.5, max_deg=4.0)  # noqa: E731
    assert gradcheck(flatten, (image, point), fast_mode=True)
    torch.testing.assert_close(flatten(image, point)[1], flatten(image[1], point[1]))
    samples = torch.rand(1, 6, 8, generator=generator, dtype=torch.float64).requires_grad_()
    back = lambda samples: sp.inverse_cortical_view(samples, (4.2, 4.1), (9, 8), px_per_deg=1.5)  # noqa: E731
    assert gradcheck(back, (samples,), fast_mode=True)
    assert isinstance(sp.cortical_view(np.zeros((1, 9, 9)), (4, 4), (6, 8), px_per_deg=2), np.ndarray)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"shape": (6, 7)}, "even number"),
        ({"px_per_deg": 0}, "px_per_deg"),
        ({"max_deg": 0}, "max_deg"),
        ({"a_deg": 90}, "smaller than b_deg"),
        ({"k_mm": -1}, "k_mm"),
    ],
)
def test_bad_input_is_one_sentence(settings, words):
    with pytest.raises(sp.InputError, match=words):
        sp.cortical_view(torch.zeros(1, 8, 8), (4, 4), **{"shape": (6, 8), "px_per_deg": 2, **settings})
