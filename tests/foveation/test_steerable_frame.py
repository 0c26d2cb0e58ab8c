import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scanpath as sp
from scanpath.foveation import steerable_frame
from scanpath.foveation.steerable_frame import SteerableFrame


def energy(bands):
    """Sum of squares, each sample standing for the pixels it replaces."""
    parts = [bands.high.square().sum()]
    parts += [4.0**scale * band.square().sum() for scale, band in enumerate(bands.oriented)]
    return sum(parts) + 4.0 ** len(bands.oriented) * bands.low.square().sum()


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(2, 6), columns=st.integers(2, 6), n_scales=st.integers(1, 3), n_orientations=st.integers(1, 6))
def test_bands_add_up_to_the_picture_and_keep_its_energy(rows, columns, n_scales, n_orientations):
    step = 2**n_scales
    frame = SteerableFrame((rows * step, columns * step), n_scales=n_scales, n_orientations=n_orientations)
    image = torch.randn(2, rows * step, columns * step, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    bands = frame.analyze(image)
    torch.testing.assert_close(frame.synthesize(bands), image, atol=1e-10, rtol=0)
    torch.testing.assert_close(energy(bands), image.square().sum(), rtol=1e-10, atol=0)


def test_octaves_add_up_to_the_picture():
    frame = SteerableFrame((48, 64), n_scales=3)
    image = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(0))
    parts = list(frame.octaves(frame.spectrum(image)))
    assert [tuple(part.shape[-2:]) for part in parts] == [(48, 64), (48, 64), (24, 32), (12, 16)]
    torch.testing.assert_close(frame.image(frame.join_octaves(parts)), image, atol=2e-6, rtol=0)


@pytest.mark.parametrize("size", [(48, 64), (384, 512)])
def test_parts_are_the_bands_and_join_to_the_picture(size):
    frame = SteerableFrame(size, n_scales=3)
    image = torch.rand(2, *size, generator=torch.Generator().manual_seed(0))
    bands = frame.analyze(image)
    whole = {("high", 0): bands.high, ("low", 3): bands.low} | {
        ("oriented", scale): band for scale, band in enumerate(bands.oriented)
    }
    parts = list(frame.parts(frame.spectrum(image)))
    for part in parts:
        torch.testing.assert_close(part.band, whole[part.kind, part.scale][part.place], atol=2e-6, rtol=0)
    for pieces in (parts, bands.parts()):
        torch.testing.assert_close(frame.image(frame.joined(pieces, 2)), image, atol=2e-6, rtol=0)


def test_samples_lie_on_every_2_to_the_sth_pixel():
    """Moving the picture by 2^s pixels moves scale s by one sample."""
    frame = SteerableFrame((64, 64), n_scales=3)
    image = torch.rand(64, 64, generator=torch.Generator().manual_seed(1))
    bands = frame.analyze(image)
    for scale in range(3):
        moved = frame.analyze(torch.roll(image, (2**scale, -(2**scale)), (-2, -1)))
        expected = torch.roll(bands.oriented[scale], (1, -1), (-2, -1))
        torch.testing.assert_close(moved.oriented[scale], expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("orientation", range(4))
def test_a_grating_excites_its_own_orientation_and_octave_most(orientation):
    frame = SteerableFrame((128, 128), n_scales=4, n_orientations=4)
    angle = orientation * math.pi / 4
    cycles = [round(16 * math.cos(angle)), round(16 * math.sin(angle))]  # a quarter of the Nyquist frequency
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    grating = torch.cos(2 * math.pi * (cycles[0] * x + cycles[1] * y) / 128)
    power = torch.stack([band.square().mean((-2, -1)) for band in frame.analyze(grating).oriented])
    scale, best = divmod(int(power.argmax()), 4)
    assert (scale, best) == (1, orientation)


def test_magnitude_of_a_grating_is_the_same_everywhere():
    frame = SteerableFrame((64, 64), n_scales=2)
    x = torch.arange(64.0)
    grating = torch.cos(2 * math.pi * 8 * x / 64).expand(64, 64)
    bands = frame.analyze(grating, quadrature=True)
    magnitude = torch.hypot(bands.oriented[1][0], bands.quadrature[1][0])
    assert float(magnitude.mean()) > 0.1
    assert float(magnitude.std()) < 1e-6


def test_analysis_is_differentiable():
    frame = SteerableFrame((8, 8), n_scales=1, n_orientations=2)
    image = torch.rand(8, 8, dtype=torch.float64, requires_grad=True)

    def squares(image):
        bands = frame.analyze(image, quadrature=True)
        return bands.high.square().sum() + bands.oriented[0].square().sum() * 2 + bands.quadrature[0].square().sum()

    assert torch.autograd.gradcheck(squares, image)


@pytest.mark.parametrize("size", [(30, 32), (8, 64), (32, 31)])
def test_sizes_that_do_not_divide_are_refused(size):
    with pytest.raises(sp.InputError, match="multiples of 8"):
        SteerableFrame(size, n_scales=3)


@pytest.mark.parametrize("shape", [(24, 40), (3, 24, 40), (2, 3, 24, 40)])
def test_planes_one_after_the_other_give_the_same_numbers_and_gradients(monkeypatch, shape):
    image = torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    frame, found = SteerableFrame((24, 40), n_scales=2), []
    for least in (1 << 40, 1):
        monkeypatch.setattr(steerable_frame, "LARGE_PLANE", least)
        bands = frame.analyze(image, quadrature=True)
        loss = sum((band**3).sum() for band in (*bands.oriented, *bands.quadrature))
        found.append([*bands.oriented, frame.synthesize(bands), *torch.autograd.grad(loss, image)])
    for together, alone in zip(*found):
        torch.testing.assert_close(together, alone, atol=1e-12, rtol=1e-12)
