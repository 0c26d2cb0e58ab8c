"""The alignment behind MultiMatch against a search of all alignments, and the selection of medians."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath.kernels import alignment
from scanpath.kernels.ragged import comes_first, longest


def saccades(generator, n, coarse):
    table = np.zeros((n, 7))
    if coarse:
        table[:, [alignment.DX, alignment.DY]] = generator.integers(-2, 3, (n, 2)) * 64.0
    else:
        table[:, [alignment.DX, alignment.DY]] = generator.normal(0, 100, (n, 2))
    table[:, [alignment.X, alignment.Y, alignment.DURATION]] = generator.random((n, 3)) * 100 + 1
    table[:, alignment.AMPLITUDE] = np.hypot(table[:, alignment.DX], table[:, alignment.DY])
    table[:, alignment.ANGLE] = np.arctan2(table[:, alignment.DY], table[:, alignment.DX])
    return table


def all_ways(n, m):
    """Every path from (0, 0) to (n - 1, m - 1) by steps right, down and diagonal."""
    ways, done = [[(0, 0)]], []
    while ways:
        way = ways.pop()
        i, j = way[-1]
        if (i, j) == (n - 1, m - 1):
            done.append(way)
        ways += [[*way, (u, v)] for u, v in ((i + 1, j), (i, j + 1), (i + 1, j + 1)) if u < n and v < m]
    return done


def cost(way, a, b):
    return sum(np.hypot(*(a[i, 2:4] - b[j, 2:4])) for i, j in way[1:])


def run(a, b):
    out, fault = np.full((1, 5), np.nan), np.zeros(1, dtype=np.int8)
    pair, fine = np.zeros((1, 2), dtype=np.int64), np.zeros(1, dtype=bool)
    starts = (np.array([0, len(a)]), np.array([0, len(b)]))
    alignment.multimatch_pairs(pair, fine, out, fault, a, starts[0], b, starts[1])
    return out[0]


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 5), m=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), coarse=st.booleans())
def test_differences_are_medians_along_a_cheapest_way(n, m, seed, coarse):
    generator = np.random.default_rng(seed)
    a, b = saccades(generator, n, coarse), saccades(generator, m, coarse)
    costs = {tuple(way): cost(way, a, b) for way in all_ways(n, m)}
    least = min(costs.values())
    candidates = []
    for way, total in costs.items():
        if total <= least + 1e-9:
            vector = [np.hypot(*(a[i, 2:4] - b[j, 2:4])) for i, j in way]
            position = [np.hypot(*(a[i, :2] - b[j, :2])) for i, j in way]
            candidates.append((np.median(vector), np.median(position)))
    found = run(a, b)
    assert any((found[0], found[3]) == pytest.approx(candidate) for candidate in candidates)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 8), m=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_swapping_two_sequences_with_ties_changes_nothing(n, m, seed):
    generator = np.random.default_rng(seed)
    a, b = saccades(generator, n, True), saccades(generator, m, True)
    assert np.array_equal(run(a, b), run(b, a))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 9), seed=st.integers(0, 2**32 - 1), still=st.booleans())
def test_a_sequence_is_aligned_with_itself_element_by_element(n, seed, still):
    a = saccades(np.random.default_rng(seed), n, True)
    if still:  # all saccades alike: every way costs nothing
        a[:, 2:6] = a[0, 2:6]
    assert (run(a, a) == 0).all()


@settings(max_examples=80, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_the_median_is_numpys(values):
    assert alignment._median(np.array(values), len(values)) == np.median(values)


def test_median_of_ties_and_orders():
    for values in itertools.product([0.0, 1.0, 2.0], repeat=5):
        assert alignment._median(np.array(values), 5) == np.median(values)
        assert alignment._median(np.array(values), 4) == np.median(values[:4])


def test_the_fixed_order_is_an_order():
    rows = [np.array(part, dtype=float) for part in ([[0, 1]], [[0, 2]], [[0, 1], [5, 5]], [[0, 1], [5, 6]])]
    for i, j in itertools.combinations(range(4), 2):
        assert comes_first(rows[i], rows[j])
        assert not comes_first(rows[j], rows[i])
    assert comes_first(rows[0], rows[0])


def test_the_longest_sequence_of_a_set():
    assert longest(np.array([0, 3, 3, 10, 12])) == 7
    assert longest(np.array([0])) == 1
