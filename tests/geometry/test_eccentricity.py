import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError, Screen, eccentricity_map

SCREEN = Screen(width_px=200, height_px=160, width_cm=50.0, height_cm=40.0, distance_cm=30.0)


def test_flat_map_is_distance_over_scale():
    ecc = eccentricity_map((4, 5), (1.5, 2.0), px_per_deg=10.0)
    assert ecc.shape == (4, 5)
    assert float(ecc[0, 4]) == pytest.approx(math.hypot(2.5, 2.0) / 10)


def test_fixations_may_be_batched_and_lie_outside():
    ecc = eccentricity_map((3, 4), torch.tensor([[0.0, 0.0], [-5.0, 9.0]]), px_per_deg=1.0)
    assert ecc.shape == (2, 3, 4)
    assert float(ecc[1, 2, 0]) == pytest.approx(math.hypot(5, 7))


def test_exact_angle_agrees_with_the_angle_between_lines_of_sight():
    fixation = (180.0, 10.0)
    ecc = eccentricity_map((160, 200), torch.tensor(fixation, dtype=torch.float64), screen=SCREEN)

    def sight(x, y):
        return np.array([(x - 99.5) * 0.25, (y - 79.5) * 0.25, 30.0])

    for x, y in [(0, 0), (180, 10), (199, 159), (181, 10), (20, 150)]:
        a, b = sight(x, y), sight(*fixation)
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert float(ecc[y, x]) == pytest.approx(math.degrees(math.acos(min(1.0, cosine))), abs=2e-6)


def test_exact_and_flat_agree_near_a_central_gaze():
    screen = Screen.from_px_per_deg(30.0, width_px=101, height_px=101)
    exact = eccentricity_map((101, 101), (50.0, 50.0), screen=screen)
    flat = eccentricity_map((101, 101), (50.0, 50.0), px_per_deg=screen.px_per_deg)
    assert torch.allclose(exact, flat, rtol=1e-3, atol=1e-4)


@given(st.floats(-50, 250), st.floats(-50, 250))
def test_exact_angle_is_a_metric_along_the_screen(x, y):
    ecc = eccentricity_map((160, 200), torch.tensor([x, y], dtype=torch.float64), screen=SCREEN)
    assert bool((ecc >= 0).all())
    assert bool((ecc < 180).all())


def test_gradient_reaches_the_fixation():
    fixation = torch.tensor([2.2, 1.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f: eccentricity_map((3, 4), f, px_per_deg=2.0), fixation)
    assert torch.autograd.gradcheck(lambda f: eccentricity_map((3, 4), f, screen=SCREEN), fixation)


def test_arrays_give_arrays():
    assert isinstance(eccentricity_map((2, 2), np.array([0.0, 1.0]), px_per_deg=1.0), np.ndarray)


def test_scale_must_be_given_once():
    for wrong in ({}, {"px_per_deg": 1.0, "screen": SCREEN}):
        with pytest.raises(InputError, match="either px_per_deg"):
            eccentricity_map((2, 2), (0, 0), **wrong)


def test_picture_must_fit_the_screen():
    with pytest.raises(InputError, match="larger than the screen"):
        eccentricity_map((500, 500), (0, 0), screen=SCREEN)
