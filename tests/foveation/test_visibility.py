"""Visibility of a foveation: gratings of published thresholds, and what must hold of any such measure."""

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath.foveation.visible_difference import contrast_threshold

PX_PER_DEG, MIDDLE = 30.0, (96, 96)


def encoded(luminance):
    """The sRGB values that show a luminance."""
    return np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055)


def grating(contrast, frequency_cpd):
    x = np.arange(192) + np.zeros((192, 1))
    return encoded(0.2 * (1 + contrast * np.cos(2 * np.pi * frequency_cpd * x / PX_PER_DEG)))[None]


def scene(seed=0):
    """A picture with contrast at all scales."""
    noise = np.random.default_rng(seed).normal(size=(3, 192, 192))
    fy, fx = np.fft.fftfreq(192)[:, None], np.fft.fftfreq(192)
    field = np.fft.ifft2(np.fft.fft2(noise) / np.maximum(np.hypot(fx, fy), 1 / 192)).real
    return torch.from_numpy(np.clip(0.5 + 0.15 * field / field.std(), 0, 1)).float()


def test_the_threshold_is_as_published():
    """exp(0.106 f (e + 2.3) / 2.3) / 64, here in numbers worked out by hand."""
    found = contrast_threshold(10.0, torch.tensor([0.0, 2.3], dtype=torch.float64))
    np.testing.assert_allclose(found, [2.886371 / 64, 8.331137 / 64], rtol=1e-6)


@pytest.mark.parametrize("frequency", [1.0, 2.5, 5.0])
def test_a_grating_at_threshold_in_the_fovea_is_one_threshold(frequency):
    contrast = float(contrast_threshold(frequency, torch.tensor(0.0)))
    seen = sp.visibility(grating(0, frequency), grating(contrast, frequency), MIDDLE, px_per_deg=PX_PER_DEG)
    assert seen.map[92:101, 92:101].mean() == pytest.approx(1, abs=0.25)


def test_thresholds_rise_with_eccentricity():
    plain, striped = grating(0, 5.0), grating(0.05, 5.0)
    near = sp.visibility(plain, striped, MIDDLE, px_per_deg=PX_PER_DEG).map
    far = sp.visibility(plain, striped, (96, 500), px_per_deg=PX_PER_DEG).map
    assert near[96, 96] > 2 * far[96, 96]


def test_equal_pictures_differ_by_nothing():
    seen = sp.visibility(scene(), scene(), MIDDLE, px_per_deg=PX_PER_DEG)
    assert seen.value == 0
    assert seen.visible_share == 0


def test_stronger_foveation_is_seen_better():
    picture = scene()
    values = [
        sp.visibility(
            picture, sp.foveated_blur(picture, MIDDLE, px_per_deg=10, strength=s), MIDDLE, px_per_deg=10
        ).value
        for s in (0.5, 1, 2, 4, 8)
    ]
    assert values == sorted(values)
    assert values[1] < 1 < values[-1]


def test_another_sample_of_a_texture_is_seen_in_the_fovea_and_hardly_beyond():
    textures = [
        sp.stimuli.GaussianTexture(mode_cpd=2, orientation_sd_deg=90).draw((192, 192), px_per_deg=10, seed=seed)[None]
        for seed in (1, 2)
    ]
    seen = sp.visibility(*textures, MIDDLE, px_per_deg=10)
    eccentricity = np.asarray(sp.eccentricity_map((192, 192), MIDDLE, px_per_deg=10))
    assert seen.map[eccentricity < 1].mean() > 4 * seen.map[eccentricity > 6].mean()


def test_the_kind_of_the_picture_is_kept():
    picture = scene()
    other = sp.foveated_blur(picture, MIDDLE, px_per_deg=10, strength=3)
    tensor = sp.visibility(picture, other, MIDDLE, px_per_deg=10)
    array = sp.visibility(picture.numpy(), other.numpy(), MIDDLE, px_per_deg=10)
    assert isinstance(array.map, np.ndarray)
    np.testing.assert_array_equal(tensor.map.numpy(), array.map)
    assert tensor.map.shape == (192, 192)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image[:, :100],
        lambda image: image * 2,
        lambda image: image * np.nan,
        lambda image: image[0],
    ],
)
def test_pictures_that_do_not_fit_are_refused(change):
    with pytest.raises(sp.InputError):
        sp.visibility(scene(), change(scene()), MIDDLE, px_per_deg=10)


def test_a_black_reference_is_refused():
    with pytest.raises(sp.InputError, match="black"):
        sp.visibility(torch.zeros(1, 64, 64), torch.zeros(1, 64, 64), (32, 32), px_per_deg=10)
