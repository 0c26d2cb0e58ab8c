"""Laws of eccentricity against published constants and their own definitions."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath._core.errors import InputError
from scanpath.geometry import ganglion_cells, magnification
from scanpath.geometry.cortical_map import dipole_map, inverse_dipole_map, inverse_log_map, log_map

ECCENTRICITIES = np.array([0, 1, 2.3, 5, 10, 20, 40])


def test_cutoff_frequency_of_geisler_and_perry():
    # computed from the 1998 formula with CT0 = 1/64, alpha = 0.106, e2 = 2.3
    expected = [39.2347, 27.3454, 19.6174, 12.3616, 7.3366, 4.0466, 2.1333]
    np.testing.assert_allclose(magnification.cutoff_frequency(ECCENTRICITIES), expected, atol=5e-5)
    assert magnification.cutoff_frequency(0.0, threshold=1 / 75) == pytest.approx(40.731, abs=5e-4)
    assert magnification.cutoff_frequency(0.0, threshold=1 / 76) == pytest.approx(40.856, abs=5e-4)


@pytest.mark.parametrize(
    ("frequency", "eccentricity", "expected"), [(2, 0, 0.019315), (4, 5, 0.060016), (8, 10, 1.45655)]
)
def test_contrast_threshold(frequency, eccentricity, expected):
    assert magnification.contrast_threshold(frequency, eccentricity) == pytest.approx(expected, abs=1e-5)


@settings(deadline=None)
@given(st.floats(0, 80))
def test_the_cutoff_is_where_the_threshold_reaches_full_contrast(eccentricity):
    frequency = magnification.cutoff_frequency(eccentricity)
    assert magnification.contrast_threshold(frequency, eccentricity) == pytest.approx(1)
    assert magnification.cutoff_eccentricity(frequency) == pytest.approx(eccentricity, abs=1e-9)


@settings(deadline=None)
@given(st.sampled_from(["geisler_perry", "watson"]), st.floats(0, 60))
def test_blur_laws_halve_the_amplitude_at_their_frequency(law, eccentricity):
    frequency = {
        "geisler_perry": magnification.cutoff_frequency,
        "watson": ganglion_cells.midget_nyquist,
    }[law](eccentricity)
    sigma = magnification.SIGMA_LAWS[law](eccentricity)
    assert math.exp(-2 * (math.pi * sigma * frequency) ** 2) == pytest.approx(0.5)


def test_blur_in_px_at_30_px_per_degree():
    expected = [0.143, 0.287, 0.455, 0.766, 1.389, 2.635]
    sigma = 30 * magnification.geisler_perry_sigma(np.array([0, 2.3, 5, 10, 20, 40]))
    np.testing.assert_allclose(sigma, expected, atol=6e-4)


@pytest.mark.parametrize("kind", [float, np.float64, torch.tensor])
@pytest.mark.parametrize("law", sorted(magnification.SIGMA_LAWS))
def test_laws_keep_the_kind_of_their_input(law, kind):
    assert isinstance(magnification.SIGMA_LAWS[law](kind(3.0)), torch.Tensor if kind is torch.tensor else float)


@pytest.mark.parametrize("law", sorted(magnification.SIGMA_LAWS))
def test_laws_are_differentiable_and_grow(law):
    e = torch.linspace(0.1, 50, 20, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(magnification.SIGMA_LAWS[law](e).sum(), e)
    assert (slope[1:] > 0).all()


def test_svis_resolution_halves_at_its_constant():
    assert magnification.svis_resolution(0.0) == 1
    assert magnification.svis_resolution(2.3) == 0.5
    assert magnification.svis_resolution(1.0) == pytest.approx(0.69697, abs=1e-5)


def test_midget_density_of_watson():
    expected = [29609.2, 7937.06, 1106.77, 440.488, 169.686]
    e = np.array([0, 1, 5, 10, 20])
    np.testing.assert_allclose(ganglion_cells.midget_density(e, meridian="temporal"), expected, rtol=2e-5)
    spacing = 60 * ganglion_cells.midget_spacing(e, meridian="temporal")
    np.testing.assert_allclose(spacing, [0.530, 1.0235, 2.741, 4.344, 7.000], rtol=1e-3)
    nyquist = ganglion_cells.midget_nyquist(e, meridian="temporal")
    np.testing.assert_allclose(nyquist, [65.4, 33.8, 12.64, 7.97, 4.95], rtol=2e-3)


@settings(deadline=None)
@given(st.floats(0, 60), st.integers(-8, 8))
def test_midget_density_is_linear_between_meridians(eccentricity, turns):
    names = list(ganglion_cells.MERIDIANS)
    on, after = (ganglion_cells.midget_density(eccentricity, meridian=names[k % 4]) for k in (turns, turns + 1))
    assert ganglion_cells.midget_density(eccentricity, polar_deg=90.0 * turns) == pytest.approx(on)
    between = ganglion_cells.midget_density(eccentricity, polar_deg=90.0 * turns + 22.5)
    assert between == pytest.approx(0.75 * on + 0.25 * after)


def test_cortical_magnification_at_the_fovea_and_beyond():
    assert magnification.cortical_magnification(0.0) == pytest.approx(23.07, abs=0.01)
    assert magnification.cortical_magnification(0.0, law="dougherty") == pytest.approx(7.956, abs=1e-3)
    for meridian in magnification.ROVAMO_VIRSU:
        assert magnification.cortical_magnification(0.0, law="rovamo_virsu", meridian=meridian) == 7.99
    temporal, superior = (
        magnification.cortical_magnification(20.0, law="rovamo_virsu", meridian=name)
        for name in ("temporal", "superior")
    )
    assert temporal > superior


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"law": "horton"}, "horton_hoyt"),
        ({"law": "rovamo_virsu"}, "meridian"),
        ({"law": "rovamo_virsu", "meridian": "nassal"}, "nasal"),
        ({"meridian": "nasal"}, "all meridians"),
        ({"scale": 0}, "positive"),
    ],
)
def test_magnification_says_what_is_wrong(settings, words):
    with pytest.raises(InputError, match=words):
        magnification.cortical_magnification(1.0, **settings)


def test_bouma_spacing_is_half_the_eccentricity():
    assert magnification.bouma_spacing(8.0) == 4
    assert magnification.bouma_spacing(0.0, factor=0.24, offset_deg=0.5) == pytest.approx(0.12)


def test_dipole_map_distances_along_the_horizontal_meridian():
    e = torch.tensor([0.0, 1, 5, 10, 20], dtype=torch.float64)
    w = dipole_map(torch.stack([e, torch.zeros_like(e)], dim=1))
    # from the formula with k = 15 mm, a = 0.69 deg, b = 80 deg
    np.testing.assert_allclose(w[:, 0], [0, 13.25, 30.74, 39.34, 47.66], atol=0.006)
    assert (w[:, 1] == 0).all()


field_points = st.tuples(st.floats(0.01, 60), st.floats(-60, 60))


@settings(deadline=None)
@given(field_points, st.sampled_from(["v1", "v2", "v3"]))
def test_dipole_map_and_its_inverse(point, area):
    z = torch.tensor([point], dtype=torch.float64)
    torch.testing.assert_close(inverse_dipole_map(dipole_map(z, area=area), area=area), z, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(field_points)
def test_log_map_and_its_inverse(point):
    z = torch.tensor([point], dtype=torch.float64)
    torch.testing.assert_close(inverse_log_map(log_map(z)), z, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(st.floats(0.1, 60), st.sampled_from([1.0, -1.0]))
def test_neighboring_areas_touch_along_their_shared_meridians(eccentricity, side):
    vertical = torch.tensor([[0.0, side * eccentricity]], dtype=torch.float64)
    torch.testing.assert_close(dipole_map(vertical, area="v1"), dipole_map(vertical, area="v2"))
    horizontal = torch.tensor([[eccentricity, side * 1e-12]], dtype=torch.float64)
    torch.testing.assert_close(
        dipole_map(horizontal, area="v2"), dipole_map(horizontal, area="v3"), rtol=1e-7, atol=1e-7
    )


def test_dipole_map_is_conformal_in_v1():
    z = torch.tensor([3.0, 2.0], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(dipole_map, z)
    assert jacobian[0, 0] == pytest.approx(jacobian[1, 1].item())
    assert jacobian[0, 1] == pytest.approx(-jacobian[1, 0].item())


def test_the_log_map_magnifies_as_horton_and_hoyt():
    # dw/de of k ln(e + a) with k = 17.3 mm, a = 0.75 deg is their M
    e = torch.tensor([2.0, 0.0], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda z: log_map(z, k_mm=17.3, a_deg=0.75), e)
    assert jacobian[0, 0].item() == pytest.approx(magnification.cortical_magnification(2.0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: log_map(np.array([[-1.0, 0.0]])), "left of the fixation"),
        (lambda: dipole_map(np.array([[1.0, 0.0, 2.0]])), r"shape \(..., 2\)"),
        (lambda: dipole_map(np.array([[1.0, 0.0]]), area="v4"), "v1"),
        (lambda: dipole_map(np.array([[1.0, 0.0]]), a_deg=90), "smaller than b_deg"),
    ],
)
def test_maps_say_what_is_wrong(call, words):
    with pytest.raises(InputError, match=words):
        call()


@pytest.mark.parametrize(
    "negative", [-0.5, np.array([1.0, -0.5]), torch.tensor([1.0, -0.5])], ids=["number", "array", "tensor"]
)
@pytest.mark.parametrize(
    "law",
    [
        magnification.cutoff_frequency,
        magnification.geisler_perry_sigma,
        magnification.linear_sigma,
        magnification.svis_resolution,
        magnification.cortical_magnification,
        magnification.bouma_spacing,
        ganglion_cells.midget_density,
        ganglion_cells.midget_nyquist,
        lambda e: magnification.contrast_threshold(1.0, e),
    ],
)
def test_eccentricities_are_not_negative(law, negative):
    with pytest.raises(InputError, match=r"eccentricity_deg must not be negative, got .*-0\.5"):
        law(negative)
    with pytest.raises(InputError, match="number, an array or a tensor"):
        law("5")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: magnification.cutoff_eccentricity(0.0), "frequency_cpd must be positive"),
        (lambda: magnification.cutoff_frequency(1.0, threshold=1.5), "contrast below 1"),
        (lambda: magnification.cutoff_frequency(1.0, half_deg=0), "half_deg must be positive"),
        (lambda: magnification.svis_resolution(1.0, half_deg=-2), "half_deg must be positive"),
        (lambda: magnification.bouma_spacing(1.0, factor=0), "factor must be positive"),
        (lambda: magnification.cortical_magnification(1.0, law="rovamo_virsu"), "give meridian=..., one of nasal"),
        (lambda: ganglion_cells.midget_density(1.0, meridian="nasal", polar_deg=3), "one of the two"),
    ],
)
def test_laws_say_what_is_wrong(call, words):
    with pytest.raises(InputError, match=words):
        call()
