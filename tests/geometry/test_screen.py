import math

import pytest
import torch

from scanpath import InputError, Screen, eccentricity_map


@pytest.fixture
def screen():
    return Screen(width_px=1280, height_px=1024, width_cm=38.0, height_cm=30.0, distance_cm=65.0)


def test_px_per_deg_is_that_of_the_central_degree(screen):
    half_degree_cm = 65.0 * math.tan(math.radians(0.5))
    assert screen.px_per_deg == pytest.approx(2 * half_degree_cm * 1280 / 38.0)


def test_size_in_degrees_uses_the_tangent(screen):
    assert screen.size_deg[0] == pytest.approx(2 * math.degrees(math.atan2(19, 65)))


@pytest.mark.parametrize("field", ["width_px", "height_px", "width_cm", "height_cm", "distance_cm"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_every_measure_must_be_positive(field, value):
    facts = {"width_px": 10, "height_px": 10, "width_cm": 1.0, "height_cm": 1.0, "distance_cm": 1.0, field: value}
    with pytest.raises(InputError, match=f"Screen.{field}"):
        Screen(**facts)


@pytest.mark.parametrize("px_per_deg", [8.0, 30.0, 60.5])
def test_screen_from_scale_has_that_scale(px_per_deg):
    screen = Screen.from_px_per_deg(px_per_deg, width_px=800, height_px=600, distance_cm=80)
    assert screen.px_per_deg == pytest.approx(px_per_deg)


@pytest.mark.parametrize("field", ["px_per_deg", "width_px", "height_px", "distance_cm"])
@pytest.mark.parametrize("value", [0, float("nan"), "wide", None])
def test_a_screen_from_scale_names_what_is_wrong(field, value):
    facts = {"px_per_deg": 30, "width_px": 10, "height_px": 10, "distance_cm": 60.0, field: value}
    with pytest.raises(InputError, match=f"^{field} must be"):
        Screen.from_px_per_deg(**facts)


def test_a_screen_from_scale_has_the_same_angles_at_any_distance():
    near, far = (
        eccentricity_map((40, 60), (3, 5), screen=Screen.from_px_per_deg(1, width_px=60, height_px=40, distance_cm=cm))
        for cm in (30, 90)
    )
    torch.testing.assert_close(near, far)


def test_a_screen_is_a_screen():
    with pytest.raises(InputError, match="must be a Screen"):
        eccentricity_map((4, 6), (3, 2), screen={"width_px": 10})
