import math

import numpy as np
import pytest
import torch

from scanpath import create_backbone
from scanpath.recognition.steerable import SEMI_SATURATION, SteerableStage, quadrature_kernels


def grating(angle, wavelength, contrast=0.5, side=64, phase=0.3):
    """Luminance grating (1, 3, side, side) whose bars lie across the direction `angle`."""
    line = torch.arange(side, dtype=torch.float32)
    along = math.cos(angle) * line[None] + math.sin(angle) * line[:, None]
    wave = 0.5 + 0.5 * contrast * torch.cos(2 * math.pi * along / wavelength + phase)
    return wave.expand(1, 3, side, side)


def responses(picture, stage=0):
    """The ten responses that one stage of the backbone adds, without its border."""
    backbone = create_backbone("steerable")
    x = picture
    for index in range(stage + 1):
        x = backbone.stages[index].body(x)
        added = x[:, -10:]
        x = backbone.stages[index].pool(x)
    return added[0, :, 8:-8, 8:-8]


@pytest.mark.parametrize("orientation", range(4))
def test_energy_is_largest_where_the_filter_lies_along_the_grating(orientation):
    energy = responses(grating(math.pi * orientation / 4, 4.7))[:4].mean((1, 2))
    assert int(energy.argmax()) == orientation


def test_energy_hardly_depends_on_phase():
    """A grating drifts through the filters; even and odd filters take turns."""
    energy = torch.stack([responses(grating(0, 4.7, phase=phase))[0, 20, 20] for phase in np.linspace(0, 6.28, 9)])
    assert energy.std() < 0.05 * energy.mean()


def test_each_scale_prefers_a_wavelength_twice_as_long():
    wavelengths = [3.3, 4.7, 6.6, 9.4, 13.3, 18.8, 26.6]
    best = []
    for stage in range(3):
        backbone = create_backbone("steerable")
        energy = []
        for wavelength in wavelengths:
            x = grating(0, wavelength, contrast=0.02, side=160)
            for index in range(stage + 1):
                x = backbone.stages[index].body(x)
                added = x
                x = backbone.stages[index].pool(x)
            energy.append(float(added[0, -10, 8:-8, 8:-8].mean()))
        best.append(int(np.argmax(energy)))
    assert best == [1, 3, 5]


def test_kernels_ignore_uniform_light():
    kernels = quadrature_kernels()
    assert kernels.shape == (8, 1, 9, 9)
    torch.testing.assert_close(kernels.sum((1, 2, 3)), torch.zeros(8), atol=1e-6, rtol=0)


def test_an_empty_picture_gives_nothing():
    for level in create_backbone("steerable")(torch.full((1, 3, 96, 96), 0.7)):
        assert level.abs().max() < 1e-5


def test_gray_pictures_have_no_color_responses_and_colored_ones_do():
    gray = torch.rand(1, 1, 48, 48, generator=torch.Generator().manual_seed(0)).expand(1, 3, 48, 48)
    color_channels = [5, 6, 8, 9]  # light and dark surround of red-green and blue-yellow
    assert responses(gray)[color_channels].abs().max() < 1e-5
    red = torch.zeros(1, 3, 48, 48)
    red[:, 0, 20:28, 20:28] = 1
    assert responses(red)[color_channels].abs().max() > 0.1


def test_normalization_saturates_with_contrast():
    """Ten times the contrast gives much more than before below the semi-saturation, and little more above it."""
    low, middle, high = (float(responses(grating(0, 4.7, contrast=c))[0].mean()) for c in (0.005, 0.05, 1.0))
    assert middle > 5 * low
    assert high < 10 * middle
    assert high < 1
    assert 0.005 < SEMI_SATURATION < 1.0


def test_a_stage_keeps_finer_responses_and_adds_ten():
    x = torch.rand(1, 23, 20, 20)
    out = SteerableStage()(x)
    assert out.shape == (1, 33, 20, 20)
    assert torch.equal(out[:, 3:23], x[:, 3:])
