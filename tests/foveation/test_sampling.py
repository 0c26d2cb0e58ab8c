"""Log-polar pictures and glimpses: where the samples lie, what comes back, and slopes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from torch.autograd import gradcheck

import scanpath as sp


def photograph():
    return torch.from_numpy(data.astronaut()).permute(2, 0, 1) / 255


def decibels(a, b, where):
    return -10 * math.log10((a - b)[..., where].square().mean())


def test_samples_lie_on_their_rings():
    """Of a picture that holds its own coordinates."""
    y, x = torch.meshgrid(torch.arange(80.0), torch.arange(100.0), indexing="ij")
    px_per_deg, fovea, n_rho, n_theta = 8.0, 0.7, 12, 20
    rings = sp.log_polar(
        torch.stack([x, y]), (40.5, 50.25), (n_rho, n_theta), px_per_deg=px_per_deg, max_deg=3.5, foveal_deg=fovea,
        antialias=False,
    )  # fmt: skip
    radius = px_per_deg * fovea * ((1 + 3.5 / fovea) ** ((np.arange(n_rho) + 0.5) / n_rho) - 1)
    angle = 2 * np.pi * np.arange(n_theta) / n_theta
    np.testing.assert_allclose(rings[0], 40.5 + radius[:, None] * np.cos(angle), atol=1e-3)
    np.testing.assert_allclose(rings[1], 50.25 - radius[:, None] * np.sin(angle), atol=1e-3)


def test_turning_the_picture_shifts_the_angles_and_zooming_the_rings():
    image = photograph()[:, :401, :401]
    fixation, shape = (200, 200), (64, 128)
    rings = sp.log_polar(image, fixation, shape, px_per_deg=10, max_deg=15)
    turned = sp.log_polar(image.rot90(1, (1, 2)), fixation, shape, px_per_deg=10, max_deg=15)
    torch.testing.assert_close(turned, rings.roll(32, dims=2), rtol=0, atol=2e-3)


def test_what_comes_back():
    """The figures that the documentation states, with a margin of 1 dB."""
    image = photograph()
    fixation = (256, 256)
    rings = sp.log_polar(image, fixation, (200, 320), px_per_deg=20)
    drawn = sp.inverse_log_polar(rings, fixation, (512, 512), px_per_deg=20)
    e = sp.eccentricity_map((512, 512), fixation, px_per_deg=20)
    for radius, stated in [(1, 41), (2, 34), (5, 29), (99, 25)]:
        assert abs(decibels(image, drawn, e < radius) - stated) < 1


def test_more_samples_bring_more_back():
    image, everywhere = photograph(), torch.ones(512, 512, dtype=torch.bool)
    quality = []
    for shape in [(50, 80), (100, 160), (200, 320), (400, 640)]:
        rings = sp.log_polar(image, (100, 400), shape, px_per_deg=20)
        quality.append(decibels(image, sp.inverse_log_polar(rings, (100, 400), (512, 512), px_per_deg=20), everywhere))
    assert quality == sorted(quality)


def test_antialiasing_keeps_the_mean_of_fine_texture():
    """A fine checkerboard is gray in the periphery; without a blur its samples are black or white at random."""
    y, x = torch.meshgrid(torch.arange(200), torch.arange(200), indexing="ij")
    board = ((x + y) % 2).float()[None]
    smooth, rough = (
        sp.log_polar(board, (100, 100), (20, 32), px_per_deg=10, antialias=antialias)[0, 12:]
        for antialias in (True, False)
    )
    assert smooth.std() < 0.02 < rough.std()
    assert smooth.mean() == pytest.approx(0.5, abs=0.01)


@given(
    x=st.floats(-30, 80),
    y=st.floats(-30, 80),
    n_rho=st.integers(1, 20),
    n_theta=st.integers(1, 20),
    px=st.floats(0.5, 50),
)
@settings(deadline=None, max_examples=25)
def test_gray_comes_back_gray(x, y, n_rho, n_theta, px):
    image = torch.full((1, 23, 31), 0.6)
    rings = sp.log_polar(image, (x, y), (n_rho, n_theta), px_per_deg=px)
    torch.testing.assert_close(rings, torch.full((1, n_rho, n_theta), 0.6))
    drawn = sp.inverse_log_polar(rings, (x, y), (23, 31), px_per_deg=px)
    torch.testing.assert_close(drawn, image)


def test_beyond_the_last_ring_nothing_is_drawn():
    rings = torch.ones(1, 10, 16)
    drawn = sp.inverse_log_polar(rings, (20, 20), (41, 41), px_per_deg=4, max_deg=3)
    e = sp.eccentricity_map((41, 41), (20, 20), px_per_deg=4)
    assert (drawn[0][e <= 3] > 0.9999).all()
    assert (drawn[0][e > 3.01] == 0).all()


def test_slopes():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 1, 9, 8, generator=generator, dtype=torch.float64).requires_grad_()
    point = torch.tensor([[3.31, 4.22], [6.13, 2.4]], dtype=torch.float64, requires_grad=True)
    rings = lambda image, point: sp.log_polar(image, point, (4, 6), px_per_deg=1.5, max_deg=4.0)  # noqa: E731
    assert gradcheck(rings, (image, point), fast_mode=True)
    samples = torch.rand(2, 1, 4, 6, generator=generator, dtype=torch.float64).requires_grad_()
    back = lambda samples, point: sp.inverse_log_polar(samples, point, (9, 8), px_per_deg=1.5, max_deg=9.0)  # noqa: E731
    assert gradcheck(back, (samples, point), fast_mode=True)
    patches = lambda image, point: sp.glimpse(image, point, (3, 4), scales=2)  # noqa: E731
    assert gradcheck(patches, (image, point), fast_mode=True)


def test_batches_and_arrays():
    images, points = torch.rand(2, 3, 20, 30), torch.tensor([[3.0, 4.0], [25.0, 10.0]])
    settings = {"px_per_deg": 4, "max_deg": 5.0}
    together = sp.log_polar(images, points, (6, 8), **settings)
    torch.testing.assert_close(together[1], sp.log_polar(images[1], points[1], (6, 8), **settings))
    drawn = sp.inverse_log_polar(together, points, (20, 30), **settings)
    torch.testing.assert_close(drawn[1], sp.inverse_log_polar(together[1], points[1], (20, 30), **settings))
    patches = sp.glimpse(images, points, (4, 4))
    assert patches.shape == (2, 3, 3, 4, 4)
    torch.testing.assert_close(patches[1], sp.glimpse(images[1], points[1], (4, 4)))
    assert isinstance(sp.log_polar(images[0].numpy(), (3, 4), (6, 8), px_per_deg=4), np.ndarray)
    assert isinstance(sp.glimpse(images[0].numpy(), (3, 4), (6, 8)), np.ndarray)


def test_a_glimpse_is_a_crop_and_wider_ones_show_more():
    image = photograph()
    patches = sp.glimpse(image, (199.5, 99.5), (64, 64), scales=3)
    assert torch.equal(patches[0], image[:, 68:132, 168:232])
    wide = image[:, 36:164, 136:264].reshape(3, 64, 2, 64, 2).mean(dim=(2, 4))
    assert decibels(patches[1], wide, slice(None)) > 30
    corner = sp.glimpse(image, (0, 0), (32, 32), scales=2)
    assert (corner[0, :, :15, :15] == 0).all()
    assert (sp.glimpse(image, (0, 0), (32, 32), scales=1, outside="edge")[0, :, 0, 0] == image[:, 0, 0]).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda image: sp.log_polar(image, (1, 1), (0, 5), px_per_deg=1), "shape"),
        (lambda image: sp.log_polar(image, (1, 1), (5, 5), px_per_deg=0), "px_per_deg"),
        (lambda image: sp.log_polar(image, (1, 1), (5, 5), px_per_deg=1, max_deg=-1), "max_deg"),
        (lambda image: sp.log_polar(image, (1, 1), (5, 5), px_per_deg=1, foveal_deg=0), "foveal_deg"),
        (lambda image: sp.log_polar(image, (1, 1), (5, 5), px_per_deg=1, outside="mirror"), "edge"),
        (lambda image: sp.log_polar(image, (math.inf, 1), (5, 5), px_per_deg=1), "finite"),
        (lambda image: sp.inverse_log_polar(image, (1, 1), (0, 5), px_per_deg=1), "size"),
        (lambda image: sp.log_polar(image, torch.zeros(1, 3, 2), (5, 5), px_per_deg=1), "one for each image"),
        (
            lambda image: sp.log_polar(image[None].repeat(2, 1, 1, 1), torch.zeros(3, 2), (5, 5), px_per_deg=1),
            "2 images",
        ),
        (lambda image: sp.glimpse(image, torch.zeros(1, 3, 2), (4, 4)), "one for each image"),
        (lambda image: sp.inverse_log_polar(image, torch.zeros(1, 3, 2), (4, 4), px_per_deg=1), "one for each image"),
        (lambda image: sp.glimpse(image, (1, 1), (4, 4), factor=1), "above 1"),
        (lambda image: sp.glimpse(image, (1, 1), (4, 4), scales=0), "scales"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(sp.InputError, match=words):
        call(torch.zeros(1, 8, 8))
