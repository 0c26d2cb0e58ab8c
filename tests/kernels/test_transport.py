import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist

from scanpath.kernels.transport import transport_pairs


def work(a, b):
    out, pair = np.full(1, np.nan), np.zeros((1, 2), dtype=np.int64)
    transport_pairs(pair, np.zeros(1, dtype=bool), out, a, np.array([0, len(a)]), b, np.array([0, len(b)]))
    return out[0]


def cloud(generator, n, coarse):
    xy = generator.integers(0, 4, (n, 2)) * 1.0 if coarse else generator.random((n, 2))
    mass = generator.integers(0, 5, n) + 1e-3 if coarse else generator.random(n) + 1e-9
    return np.column_stack([xy, mass / mass.sum()])


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 8), m=st.integers(1, 8), seed=st.integers(0, 2**32 - 1), coarse=st.booleans())
def test_it_solves_the_linear_program(n, m, seed, coarse):
    generator = np.random.default_rng(seed)
    a, b = cloud(generator, n, coarse), cloud(generator, m, coarse)
    rows = np.concatenate([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    masses = np.concatenate([a[:, 2], b[:, 2]])
    solved = linprog(cdist(a[:, :2], b[:, :2]).ravel(), A_eq=rows[:-1], b_eq=masses[:-1], method="highs")
    assert work(a, b) == pytest.approx(solved.fun, abs=1e-7)
    assert work(a, b) == work(b, a)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_equal_masses_make_an_assignment(n, seed):
    generator = np.random.default_rng(seed)
    a, b = (np.column_stack([generator.random((n, 2)), np.full(n, 1 / n)]) for _ in range(2))
    cost = cdist(a[:, :2], b[:, :2])
    assert work(a, b) == pytest.approx(cost[linear_sum_assignment(cost)].mean(), rel=1e-9)


def test_hundreds_of_points_move_exactly():
    generator = np.random.default_rng(0)
    a = np.column_stack([generator.random((300, 2)), np.full(300, 1 / 300)])
    moved = a[generator.permutation(300)] + np.array([3.0, 4.0, 0.0])
    assert work(a, moved) == pytest.approx(5.0, rel=1e-9)
