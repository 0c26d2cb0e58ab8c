import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import dtw, emd, frechet, hausdorff

points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6)


def best_alignment(a, b, cost, join):
    """Cheapest monotone alignment by recursion."""

    @functools.cache
    def value(i, j):
        here = cost(a[i], b[j])
        before = [value(u, v) for u, v in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if u >= 0 and v >= 0]
        return join(min(before), here) if before else here

    return value(len(a) - 1, len(b) - 1)


def distance(p, q):
    return float(np.hypot(p[0] - q[0], p[1] - q[1]))


@settings(max_examples=60, deadline=None)
@given(a=points, b=points)
def test_warping_and_frechet_follow_their_recursions(a, b):
    add = float.__add__
    assert dtw(a, b) == pytest.approx(best_alignment(a, b, distance, add))
    squares = best_alignment(a, b, lambda p, q: distance(p, q) ** 2, add)
    assert dtw(a, b, convention="squared") == pytest.approx(squares)
    assert dtw(a, b, convention="root") == pytest.approx(np.sqrt(squares))
    assert dtw(a, b, normalize=True) == pytest.approx(dtw(a, b) / (len(a) + len(b)))
    assert frechet(a, b) == pytest.approx(best_alignment(a, b, distance, max))


@settings(max_examples=40, deadline=None)
@given(a=points, b=points)
def test_the_leash_is_at_least_the_hausdorff_distance(a, b):
    assert hausdorff(a, b) <= frechet(a, b) + 1e-12


@settings(max_examples=40, deadline=None)
@given(a=points, b=points, seed=st.integers(0, 99))
def test_order_plays_no_part_in_hausdorff_and_emd(a, b, seed):
    shuffled = np.random.default_rng(seed).permutation(a)
    assert hausdorff(shuffled, b) == hausdorff(a, b)
    assert emd(shuffled, b) == pytest.approx(emd(a, b), abs=1e-9)


def test_a_single_fixation_is_warped_onto_all():
    assert dtw([(0, 0)], [(3, 4), (0, 5), (8, 6)]) == 20


@settings(max_examples=30, deadline=None)
@given(a=points, dx=st.integers(-50, 50), dy=st.integers(-50, 50))
def test_moving_all_mass_alike_costs_the_length_of_the_move(a, dx, dy):
    moved = np.array(a) + np.array([dx, dy])
    assert emd(a, moved) == pytest.approx(np.hypot(dx, dy), abs=1e-9)


def test_durations_weigh_the_mass():
    still, split = [(0, 0, 100)], [(0, 0, 300), (10, 0, 100)]
    assert emd(still, split) == pytest.approx(5.0)
    assert emd(still, split, weights="duration") == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("path", "reason"),
    [([(1, 1)], "missing_duration"), ([(1, 1, np.nan)], "missing_duration"), ([(1, 1, 0)], "zero_duration")],
)
def test_mass_needs_durations(path, reason):
    with pytest.raises(UndefinedError) as raised:
        emd(path, [(1, 1, 200)], weights="duration")
    assert raised.value.reason == reason


@pytest.mark.parametrize("metric", [dtw, frechet, hausdorff, emd])
def test_an_empty_scanpath_has_no_distance(metric):
    with pytest.raises(UndefinedError) as raised:
        metric([], [(1, 1)])
    assert raised.value.reason == "empty"


def test_unknown_conventions_are_refused_with_the_near_ones():
    with pytest.raises(InputError, match="squared"):
        dtw([(0, 0)], [(1, 1)], convention="square")
    with pytest.raises(InputError, match="duration"):
        emd([(0, 0)], [(1, 1)], weights="durations")
