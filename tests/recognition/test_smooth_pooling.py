import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError
from scanpath.recognition import (
    RingLaw,
    SmoothEccentricityPool2d,
    eccentricity_pool,
    smooth_eccentricity_pool,
)

LAW = RingLaw(slope=0.4, px_per_deg=1, fovea_deg=2)


def maps(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_without_growth_it_is_ordinary_pooling(kind):
    x = maps(2, 3, 20, 26)
    ordinary = F.avg_pool2d(x, 2) if kind == "avg" else F.max_pool2d(x, 2)
    torch.testing.assert_close(smooth_eccentricity_pool(x, RingLaw(slope=0), kind=kind), ordinary)


def test_gradients_with_respect_to_maps_and_fixation_are_right():
    x = maps(1, 1, 12, 14, dtype=torch.float64).requires_grad_()
    fixation = torch.tensor([5.3, 6.2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, f: smooth_eccentricity_pool(x, LAW, fixation=f), (x, fixation))


def test_the_result_changes_continuously_where_rings_would_jump():
    x = maps(1, 1, 64, 64, seed=1)
    places = [(21.99, 31.0), (22.01, 31.0)]
    smooth, rings = (
        float((pool(x, LAW, fixation=places[1]) - pool(x, LAW, fixation=places[0])).abs().max())
        for pool in (smooth_eccentricity_pool, eccentricity_pool)
    )
    assert smooth < 0.01
    assert rings > 0.1


@settings(max_examples=20, deadline=None)
@given(dx=st.integers(-5, 5), dy=st.integers(-5, 5), x0=st.floats(10, 14), y0=st.floats(10, 14))
def test_moving_picture_and_fixation_together_moves_the_result(dx, dy, x0, y0):
    big = maps(1, 1, 80, 80, seed=2)
    whole = smooth_eccentricity_pool(big, LAW, fixation=(30 + x0 + 2 * dx, 30 + y0 + 2 * dy))
    cut = big[..., 20 + 2 * dy : 64 + 2 * dy, 20 + 2 * dx : 64 + 2 * dx]
    part = smooth_eccentricity_pool(cut, LAW, fixation=(10 + x0, 10 + y0))
    inner = part[..., 7:15, 7:15]
    torch.testing.assert_close(inner, whole[..., 17 + dy : 25 + dy, 17 + dx : 25 + dx], atol=1e-5, rtol=1e-5)


def test_windows_grow_evenly_around_one_place():
    """A map that is odd around a window's center keeps a mean of zero there, however wide the window is."""
    column = torch.arange(41, dtype=torch.float32)
    x = (column - 20.5).expand(1, 1, 41, 41)  # window 10 covers columns 20 and 21 in the fovea
    pooled = smooth_eccentricity_pool(x, LAW, fixation=(0.0, 20.0))
    assert abs(float(pooled[0, 0, 10, 10])) < 1e-5


def test_averages_stay_within_the_maps_range_and_maxima_do_not_fall_below_them():
    x = maps(1, 2, 33, 47, seed=3)
    average = smooth_eccentricity_pool(x, LAW, fixation=(50.0, -9.0))
    maximum = smooth_eccentricity_pool(x, LAW, kind="max", fixation=(50.0, -9.0))
    assert average.shape == (1, 2, 17, 24)
    assert x.min() <= average.min()
    assert average.max() <= x.max()
    assert (maximum >= average).all()


def test_the_module_remembers_its_settings():
    layer = SmoothEccentricityPool2d(kind="max", slope=0.4, px_per_deg=1, fovea_deg=2)
    x = maps(1, 1, 20, 20)
    torch.testing.assert_close(layer(x, (3.0, 4.0)), smooth_eccentricity_pool(x, LAW, kind="max", fixation=(3.0, 4.0)))
    assert "max" in repr(layer)


def test_several_fixations_at_once_are_refused():
    with pytest.raises(InputError, match="one pair"):
        smooth_eccentricity_pool(maps(1, 1, 8, 8), fixation=[[1.0, 2.0], [3.0, 4.0]])
