import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from scanpath import UndefinedError
from scanpath.metrics import eyenalysis, mannan, mannan_distance, pairwise, score_pairs

points = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(a=points, b=points)
def test_both_follow_their_formulas(a, b):
    between = cdist(a, b)
    to_b, to_a, n, m = between.min(axis=1), between.min(axis=0), len(a), len(b)
    assert eyenalysis(a, b) == pytest.approx((to_b.sum() + to_a.sum()) / max(n, m))
    square = (n * (to_a**2).sum() + m * (to_b**2).sum()) / (2 * n * m * (300**2 + 400**2))
    assert mannan_distance(a, b, screen_px=(300, 400)) == pytest.approx(np.sqrt(square))


def test_durations_may_count_as_a_third_coordinate():
    assert eyenalysis([(0, 0, 100)], [(3, 0, 140)]) == 6.0
    assert eyenalysis([(0, 0, 100)], [(3, 0, 140)], px_per_ms=0.1) == pytest.approx(10.0)
    with pytest.raises(UndefinedError) as raised:
        eyenalysis([(0, 0)], [(3, 0, 140)], px_per_ms=0.1)
    assert raised.value.reason == "missing_duration"


def test_random_scanpaths_score_about_zero_and_identical_ones_a_hundred():
    generator = np.random.default_rng(3)
    paths = [generator.random((8, 2)) * (800, 600) for _ in range(2000)]
    assert pairwise("mannan", paths[:5], screen_px=(800, 600))[range(5), range(5), 0] == pytest.approx(
        np.full(5, 100.0)
    )
    couples = np.arange(2000).reshape(-1, 2)
    scores = score_pairs("mannan", paths, None, couples, screen_px=(800, 600), draws=5000)[:, 0]
    assert abs(scores.mean()) < 3 * scores.std() * np.sqrt(1 / 1000 + 1 / 5000)


def test_the_random_reference_depends_on_lengths_and_seed_alone():
    a, b = [(10, 10), (300, 200)], [(20, 10), (100, 500), (700, 30)]
    first = mannan(a, b, screen_px=(800, 600), seed=4)
    assert mannan(b, a, screen_px=(800, 600), seed=4) == first
    assert mannan(a, b, screen_px=(800, 600), seed=5) != first
    # scanpaths of other lengths in the same batch change nothing
    assert pairwise("mannan", [a, [(0, 0)]], [b], screen_px=(800, 600), seed=4)[0, 0, 0] == first


def test_the_reference_settles_as_the_documentation_says():
    a, b = np.zeros((10, 2)), np.full((10, 2), 100.0)
    references = [1 / (1 - mannan(a, b, screen_px=(800, 600), draws=100, seed=seed) / 100) for seed in range(60)]
    assert np.std(references) / np.mean(references) < 0.25 / np.sqrt(100)


def test_far_apart_is_worse_than_random():
    assert mannan([(0, 0)] * 9, [(799, 599)] * 9, screen_px=(800, 600)) < -100
