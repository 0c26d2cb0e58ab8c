"""Gaussian textures: closed forms against integrals, and pictures against their spectra."""

import numpy as np
import pytest
from scipy.integrate import quad

import scanpath as sp
from scanpath.stimuli.gaussian_textures import (
    GaussianTexture,
    information,
    path_levels,
    picture_power,
    transport_power,
)


def numeric_information(density, value, step, low, high):
    """Integral of the squared derivative of a density by its parameter over the density, normalized numerically."""
    totals = {
        v: quad(density, low, high, args=(v,), epsabs=1e-14, epsrel=1e-12, limit=400)[0]
        for v in (value - 2 * step, value - step, value, value + step, value + 2 * step)
    }

    def integrand(x):
        def p(v):
            return density(x, v) / totals[v]

        slope = 8 * (p(value + step) - p(value - step)) - (p(value + 2 * step) - p(value - 2 * step))
        return (slope / (12 * step)) ** 2 / p(value) if p(value) > 1e-280 else 0.0

    return quad(integrand, low, high, epsabs=1e-14, epsrel=1e-10, limit=800)[0]


def log_frequency_density(u, b, z=2.0):
    """Of the logarithm u of frequency: variance b^2 ln 2 / 8, mode of frequency z."""
    variance = b**2 * np.log(2) / 8
    return np.exp(-((u - np.log(z) - variance) ** 2) / (2 * variance))


@pytest.mark.parametrize("b", [0.25, 1.0, 3.25])
def test_information_of_bandwidth_is_the_integral(b):
    width = 12 * b * np.sqrt(np.log(2) / 8)
    middle = np.log(2.0) + b**2 * np.log(2) / 8
    found = numeric_information(log_frequency_density, b, 1e-3 * b, middle - width, middle + width)
    assert information("frequency-bandwidth", [b])[0] == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("z", [0.5, 2.0, 3.5])
def test_information_of_frequency_is_the_integral_up_to_a_factor(z):
    def density(u, mode):
        return log_frequency_density(u, 1.0, mode)

    found = numeric_information(density, z, 1e-3 * z, np.log(z) - 4, np.log(z) + 4)
    assert information("frequency", [z])[0] * 8 / np.log(2) == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("s_deg", [1.5, 5.0, 13.5])
def test_information_of_orientation_bandwidth_is_the_integral(s_deg):
    def density(theta, s):
        return np.exp((np.cos(2 * theta) - 1) / (4 * np.radians(s) ** 2))

    reach = min(np.pi / 2, np.radians(12 * s_deg))
    found = numeric_information(density, s_deg, 1e-3 * s_deg, -reach, reach)
    assert information("orientation-bandwidth", [s_deg])[0] == pytest.approx(found, rel=1e-6)


def test_narrow_orientations_go_over_into_their_series_without_a_step():
    around = np.degrees(np.sqrt(1 / (4 * 1e4))) * np.array([1 - 1e-6, 1 + 1e-6])
    one, other = information("orientation-bandwidth", around)
    assert one == pytest.approx(other, rel=1e-5)
    assert information("orientation-bandwidth", [0.01])[0] == pytest.approx(2 / 0.01**2, rel=1e-5)


def test_pictures_have_the_spectrum_and_contrast_of_their_texture():
    texture = GaussianTexture(mode_cpd=3.0, bandwidth_octaves=1.0, orientation_deg=30, orientation_sd_deg=8)
    picture = texture.draw((128, 192), px_per_deg=20, contrast=0.3, seed=4)
    assert picture.std() / picture.mean() == pytest.approx(0.3)
    power = picture_power(picture)
    power /= power.sum()
    wanted = texture.power((128, 192), 20)
    np.testing.assert_allclose(power, wanted, atol=1e-7)
    fx, fy = np.fft.fftfreq(192) * 20, np.fft.fftfreq(128)[:, None] * 20
    angle = np.angle((power * np.exp(2j * np.arctan2(fy, fx))).sum()) / 2
    assert np.degrees(angle) == pytest.approx(30, abs=0.5)
    median = np.exp(np.log(3.0) + np.log(2) / 8)
    assert power[np.hypot(fx, fy) < median].sum() == pytest.approx(0.5, abs=0.03)


def test_seeds_name_phases_whatever_the_texture():
    one, other = (GaussianTexture(mode_cpd=f).draw((64, 64), px_per_deg=20, seed=1) for f in (2, 4))
    phases = [np.angle(np.fft.fft2(picture - picture.mean())) for picture in (one, other)]
    strong = np.abs(np.fft.fft2(one - one.mean())) > 1e-3
    strong &= np.abs(np.fft.fft2(other - other.mean())) > 1e-3
    assert np.abs(np.exp(1j * phases[0]) - np.exp(1j * phases[1]))[strong].max() < 1e-6


def test_transport_between_gaussians_is_that_of_their_standard_deviations():
    """In one dimension the transport from N(0, a^2) to N(0, b^2) passes N(0, ((1 - t) a + t b)^2)."""
    np.testing.assert_allclose(transport_power(np.array([[4.0]]), np.array([[25.0]]), 0.25), [[2.75**2]])


@pytest.mark.parametrize(
    "call",
    [
        lambda: GaussianTexture(mode_cpd=0),
        lambda: GaussianTexture(orientation_deg=np.nan),
        lambda: GaussianTexture(mode_cpd=1e4, bandwidth_octaves=0.01).power((32, 32), 10),
        lambda: information("frequency", [0.0]),
        lambda: information("color", [1.0]),
        lambda: path_levels("frequency", first=2, last=2),
        lambda: picture_power(np.zeros((8, 8))),
    ],
)
def test_what_cannot_be_is_said(call):
    with pytest.raises(sp.InputError):
        call()
