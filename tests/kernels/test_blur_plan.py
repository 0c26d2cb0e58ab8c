"""Levels of blur: spacing, kernels, mirrored edges and the weights that mix two levels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath._core.errors import InputError
from scanpath.kernels.blur_plan import LADDERS, level_table, plan_blur, plan_levels, reflect_table
from scanpath.kernels.blur_reference import blend_reference, build_reference

QUALITIES = sorted(LADDERS)


@pytest.mark.parametrize("quality", QUALITIES)
@given(sigma=st.floats(0, 40), more=st.floats(0, 40))
@settings(deadline=None)
def test_a_plan_reaches_the_blur_asked_for_and_extends_smaller_plans(quality, sigma, more):
    small = plan_blur(quality, sigma, (600, 800))
    large = plan_blur(quality, sigma + more, (600, 800))
    assert small.top_px >= sigma
    assert large.levels[: len(small.levels)] == small.levels


def test_a_ladder_ends_where_the_picture_is_its_mean():
    plan = plan_blur("fast", 1e9, (10, 20))
    assert plan.top_px < 100
    picture = torch.rand(1, 1, 10, 20, dtype=torch.float64)
    coordinate = torch.full((1, 10, 20), len(plan.levels) - 1, dtype=torch.float64)
    flat = blend_reference(build_reference(picture, plan), plan, coordinate)
    torch.testing.assert_close(flat, picture.mean().expand_as(flat), rtol=0, atol=0.03)


@pytest.mark.parametrize("quality", QUALITIES)
def test_levels_have_the_standard_deviations_they_say(quality):
    """Second moment of the response to a point, averaged over the phases of the sampling."""
    plan = plan_blur(quality, 12.0, (256, 256))
    side = 257
    for index, level in enumerate(plan.levels[1:], start=1):
        variances = []
        for shift in range(level.step):
            picture = torch.zeros(1, 1, side, 1, dtype=torch.float64)
            picture[0, 0, side // 2 + shift] = 1
            coordinate = torch.full((1, side, 1), index, dtype=torch.float64)
            response = blend_reference(build_reference(picture, plan), plan, coordinate)[0, 0, :, 0]
            place = torch.arange(side, dtype=torch.float64) - side // 2 - shift
            variances.append(float((response * place**2).sum() / response.sum()))
        k = np.arange(-60, 61)
        sampled = np.exp(-0.5 * (k / level.sigma_px) ** 2)
        wanted = np.sqrt((sampled * k**2).sum() / sampled.sum())
        # kernels are cut at 2.5 to 3 standard deviations, which takes up to 6 % off the standard deviation
        assert 0.93 < np.sqrt(np.mean(variances)) / wanted < 1.01


@pytest.mark.parametrize("quality", QUALITIES)
def test_the_table_passes_through_the_levels_and_rises_between(quality):
    plan = plan_blur(quality, 20.0, (500, 500))
    sigma, coordinate = level_table(plan.sigmas_px)
    np.testing.assert_allclose(np.interp(plan.sigmas_px, sigma, coordinate), np.arange(len(plan.levels)), atol=1e-9)
    assert (np.diff(sigma) > 0).all()
    assert (np.diff(coordinate) >= 0).all()


def test_the_weights_beat_mixing_by_variance():
    """Against the transfer function of the Gaussian wanted, over a 1/f^2 spectrum."""
    low, high = 2.0, 4.0
    sigma, coordinate = level_table((0.0, low, high))
    radius = np.exp(np.linspace(np.log(1e-3), np.log(0.5), 400))

    def gain(s):
        return np.exp(-2 * (np.pi * s * radius) ** 2)

    for wanted in (2.4, 3.0, 3.5):
        ours = np.interp(wanted, sigma, coordinate) - 1
        by_variance = (wanted**2 - low**2) / (high**2 - low**2)
        errors = [np.mean(((1 - w) * gain(low) + w * gain(high) - gain(wanted)) ** 2) for w in (ours, by_variance)]
        assert errors[0] < 0.7 * errors[1]


@given(n=st.integers(1, 40), margin=st.integers(0, 90))
@settings(deadline=None)
def test_whole_samples_are_mirrored_as_numpy_does(n, margin):
    first, _, share = reflect_table(n, n, margin)
    np.testing.assert_array_equal(first, np.pad(np.arange(n), margin, mode="symmetric"))
    assert (share == 0).all()


@given(width=st.integers(3, 60), octave=st.integers(1, 2))
@settings(deadline=None)
def test_halved_pictures_are_mirrored_about_the_same_edge(width, octave):
    """A picture that rises evenly away from its right edge looks the same beyond it."""
    step = 2**octave
    n = -(-width // step)
    center = (np.arange(n) + 0.5) * step
    ramp = np.abs(width - center)
    first, second, share = reflect_table(n, width / step, 3)
    extended = (1 - share) * ramp[first] + share * ramp[second]
    beyond = (np.arange(n, n + 3) + 0.5) * step
    inside = 2 * width - beyond  # where the mirror shows; samples end half a step before the edges
    good = (inside > center[0]) & (inside < min(center[-1], width))
    np.testing.assert_allclose(extended[n + 3 :][good], (width - inside)[good], atol=1e-9)


def test_plans_say_what_is_wrong():
    with pytest.raises(InputError, match="standard"):
        plan_blur("standart", 1.0, (10, 10))


def test_a_level_of_its_own_is_sampled_as_coarsely_as_asked():
    assert [level.step for level in plan_levels((0.0, 1.0, 3.3, 8.0), 1.6, 3.0).levels] == [1, 1, 2, 4]
