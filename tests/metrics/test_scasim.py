import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, Screen, UndefinedError
from scanpath.metrics import scasim

SCREEN = Screen(width_px=801, height_px=601, width_cm=40.05, height_cm=30.05, distance_cm=57.0)
fixations = st.lists(st.tuples(st.integers(0, 800), st.integers(0, 600), st.integers(0, 500)), min_size=1, max_size=5)


def degrees_between(p, q):
    """Angle of two lines of sight, the eye 57 cm before the middle; the sine keeps small angles exact."""
    ends = [np.array([(x - 400) * 0.05, (y - 300) * 0.05, 57.0]) for x, y in (p[:2], q[:2])]
    return math.degrees(math.atan2(np.linalg.norm(np.cross(*ends)), ends[0] @ ends[1]))


@settings(max_examples=60, deadline=None)
@given(a=fixations, b=fixations, modulator=st.sampled_from([0.3, 0.83, 1.0]))
def test_it_is_the_cheapest_edit(a, b, modulator):
    @functools.cache
    def cost(i, j):
        if i == 0 or j == 0:
            return float(sum(f[2] for f in a[:i]) + sum(f[2] for f in b[:j]))
        p, q = a[i - 1], b[j - 1]
        kept = modulator ** degrees_between(p, q)
        swap = abs(p[2] - q[2]) * kept + (p[2] + q[2]) * (1 - kept)
        return min(cost(i - 1, j) + p[2], cost(i, j - 1) + q[2], cost(i - 1, j - 1) + swap)

    expected = cost(len(a), len(b))
    assert scasim(a, b, SCREEN, modulator=modulator) == pytest.approx(expected, rel=1e-6, abs=1e-3)
    total = sum(f[2] for f in a) + sum(f[2] for f in b)
    if total:
        assert scasim(a, b, SCREEN, modulator=modulator, normalize=True) == pytest.approx(expected / total, abs=1e-5)


def test_places_play_no_part_with_modulator_one():
    assert scasim([(0, 0, 200)], [(800, 600, 150)], SCREEN, modulator=1.0) == pytest.approx(50)


def test_one_degree_keeps_the_modulators_share():
    one_degree = 57.0 * math.tan(math.radians(1)) / 0.05
    expected = 0 * 0.83 + 400 * 0.17
    assert scasim([(400, 300, 200)], [(400 + one_degree, 300, 200)], SCREEN) == pytest.approx(expected)


@pytest.mark.parametrize(("path", "reason"), [([], "empty"), ([(1, 1)], "missing_duration")])
def test_without_durations_there_is_no_value(path, reason):
    with pytest.raises(UndefinedError) as raised:
        scasim(path, [(1, 1, 100)], SCREEN)
    assert raised.value.reason == reason


def test_nothing_to_normalize_by_is_said():
    with pytest.raises(UndefinedError) as raised:
        scasim([(1, 1, 0)], [(1, 1, 0)], SCREEN, normalize=True)
    assert raised.value.reason == "zero_duration"


def test_it_needs_a_screen_and_a_modulator_between_zero_and_one():
    with pytest.raises(InputError, match="Screen"):
        scasim([(1, 1, 100)], [(1, 1, 100)], (800, 600))
    with pytest.raises(InputError, match="modulator"):
        scasim([(1, 1, 100)], [(1, 1, 100)], SCREEN, modulator=0.0)
