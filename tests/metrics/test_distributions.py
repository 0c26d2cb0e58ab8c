"""Scores of distributions: the closed form, who wins, and what has no score."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

import scanpath as sp
from scanpath.metrics import crps, diversity, pairwise

numbers = st.lists(st.floats(0, 100), min_size=2, max_size=12)


def points(values):
    return [[(float(value), 0.0)] for value in values]


@given(numbers, st.floats(0, 100))
def test_single_numbers_get_the_integral_of_the_squared_difference_of_distributions(draws, seen):
    edges = np.sort([*draws, seen])
    below = np.searchsorted(np.sort(draws), edges[:-1], side="right") / len(draws)
    integral = ((below - (edges[:-1] >= seen)) ** 2 * np.diff(edges)).sum()
    assert crps("hausdorff", points(draws), points([seen])) == pytest.approx(integral, abs=1e-9)


def test_the_quantiles_of_a_normal_have_its_closed_form():
    draws = 50 + 10 * ndtri((np.arange(1000) + 0.5) / 1000)
    for z in (-1.0, 0.0, 2.0):
        density, below = math.exp(-z * z / 2) / math.sqrt(2 * math.pi), (1 + math.erf(z / math.sqrt(2))) / 2
        closed = 10 * (z * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))
        assert crps("hausdorff", points(draws), points([50 + 10 * z])) == pytest.approx(closed, abs=0.01)


@pytest.mark.parametrize("metric", ["hausdorff", "dtw"])
def test_the_sampler_that_people_are_drawn_from_wins_200_of_200(metric):
    generator, wins = np.random.default_rng(7), 0
    for _ in range(200):
        peaks = generator.uniform(100, 900, size=(4, 2))

        def draw(n, spread, peaks=peaks):
            visits = peaks[generator.integers(4, size=(n, 5))]
            return list(visits + spread * generator.standard_normal((n, 5, 2)))

        people, ideal, wide = draw(40, 20), draw(40, 20), draw(40, 250)
        mode = [people[int(pairwise(metric, people).mean(axis=(1, 2)).argmin())]] * 40  # the most typical person
        scores = [crps(metric, draws, people) for draws in (ideal, wide, mode)]
        wins += scores[0] < min(scores[1:])
    assert wins == 200


@given(st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99)), min_size=2, max_size=6), st.randoms())
def test_order_makes_no_difference_and_fair_scores_differ_by_the_diversity(places, random):
    draws, people = [[place] for place in places], [[(3.0, 4.0)], [(50.0, 60.0)]]
    turned = list(draws)
    random.shuffle(turned)
    score = crps("hausdorff", draws, people)
    assert crps("hausdorff", turned, people[::-1]) == pytest.approx(score)
    less = diversity("hausdorff", draws) / (2 * len(draws))
    assert crps("hausdorff", draws, people, fair=True) == pytest.approx(score - less)


def test_a_similarity_counts_as_what_is_missing_to_its_most_and_parts_are_scored_apart():
    draws = [[(0, 0), (50, 0), (50, 50)], [(0, 0), (50, 0), (50, 90)]]
    similar = pairwise("multimatch", draws, screen_px=(100, 100))
    score = crps("multimatch", draws, draws[:1], screen_px=(100, 100))
    expected = (1 - similar[:, 0]).mean(0) - (1 - similar[0, 1]) / 4
    np.testing.assert_allclose(score, expected)
    assert np.isnan(score[4])
    assert np.isfinite(score[:4]).all()


def test_what_has_no_distribution_is_refused():
    with pytest.raises(sp.InputError, match="two or more draws of the model, got 1; simulate more seeds"):
        crps("dtw", [[(0, 0)]], [[(0, 0)]])
    with pytest.raises(sp.UndefinedError, match="multimatch is undefined for some pairs"):
        crps("multimatch", [[(0, 0)], [(1, 1)]], [[(0, 0)]], screen_px=(10, 10))
    with pytest.raises(sp.InputError, match="correlation takes a map"):
        crps("correlation", [[(0, 0)], [(1, 1)]], [[(0, 0)]])
