"""Difference scaling: against statsmodels' probit regression, linear programming and observers whose scale is known."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import linprog

import scanpath as sp
from scanpath.metrics import given_scale, simulate_answers
from scanpath.stimuli import triads

LEVELS = np.linspace(0, 1, 13)
SCALES = {
    "line": LEVELS,
    "log": np.log(1 + 4 * LEVELS) / np.log(5),
    "square": LEVELS**2,
    "saturating": (1 - np.exp(-3 * LEVELS)) / (1 - np.exp(-3)),
}


def statsmodels_fit(stimuli, answers, signs, n_levels):
    """The scale, noise and log-likelihood of a probit GLM on a design made row by row."""
    design = np.zeros((len(stimuli), n_levels))
    for row, levels in enumerate(stimuli):
        for level, sign in zip(levels, signs):
            design[row, level] += sign
    family = sm.families.Binomial(sm.families.links.Probit())
    fit = sm.GLM(np.asarray(answers, float), design[:, 1:], family=family).fit(tol=1e-14, maxiter=300)
    return np.concatenate([[0], fit.params]) / fit.params[-1], 1 / fit.params[-1], fit.llf


def quadruples(n_levels, n, seed):
    generator = np.random.default_rng(seed)
    rows = [np.sort(generator.choice(n_levels, (2, 2), replace=True), axis=1).ravel() for _ in range(n)]
    return np.array([row for row in rows if row[0] < row[1] and row[2] < row[3] and tuple(row[:2]) != tuple(row[2:])])


@pytest.mark.parametrize(("name", "noise"), [("log", 0.1), ("square", 0.3)])
def test_triads_give_what_a_probit_regression_gives(name, noise):
    stimuli = np.repeat(triads(13), 5, axis=0)
    answers = simulate_answers(SCALES[name], stimuli, noise=noise, seed=3)
    ours = sp.difference_scale(stimuli, answers, n_levels=13)
    scale, sigma, likelihood = statsmodels_fit(stimuli, answers, (1, -2, 1), 13)
    assert np.abs(ours.scale - scale).max() < 1e-6
    assert ours.noise == pytest.approx(sigma, abs=1e-6)
    assert ours.log_likelihood == pytest.approx(likelihood, abs=1e-6)


def test_quadruples_give_what_a_probit_regression_gives():
    stimuli = quadruples(8, 900, 1)
    answers = simulate_answers(SCALES["log"][:8], stimuli, noise=0.2, kind="quadruples", seed=2)
    ours = sp.difference_scale(stimuli, answers, n_levels=8, kind="quadruples")
    scale, sigma, _ = statsmodels_fit(stimuli, answers, (1, -1, -1, 1), 8)
    assert np.abs(ours.scale - scale).max() < 1e-6
    assert ours.noise == pytest.approx(sigma, abs=1e-6)


@pytest.mark.parametrize(("repeats", "most"), [(5, 0.05), (25, 0.02)])
def test_the_scale_of_simulated_observers_comes_back(repeats, most):
    stimuli = np.repeat(triads(13), repeats, axis=0)
    errors = []
    for scale in SCALES.values():
        for seed in range(6):
            answers = simulate_answers(scale, stimuli, noise=0.2, seed=seed)
            found = sp.difference_scale(stimuli, answers, n_levels=13, monotone=True)
            errors.append(np.sqrt(np.mean((found.scale - scale) ** 2)))
    assert np.mean(errors) <= most


def test_a_monotone_scale_never_falls_and_is_the_free_one_where_that_rises():
    stimuli = np.repeat(triads(13), 5, axis=0)
    noisy = simulate_answers(SCALES["square"], stimuli, noise=0.5, seed=1)
    free, held = (sp.difference_scale(stimuli, noisy, n_levels=13, monotone=m) for m in (False, True))
    assert np.diff(free.scale).min() < 0 <= np.diff(held.scale).min()
    assert held.log_likelihood < free.log_likelihood
    sure = simulate_answers(LEVELS, stimuli, noise=0.1, seed=1)
    free, held = (sp.difference_scale(stimuli, sure, n_levels=13, monotone=m) for m in (False, True))
    np.testing.assert_allclose(free.scale, held.scale, atol=1e-8)


def test_no_monotone_scale_near_the_fitted_one_is_likelier():
    stimuli = np.repeat(triads(7), 4, axis=0)
    answers = simulate_answers(LEVELS[:7] ** 2, stimuli, noise=0.3, seed=5)
    held = sp.difference_scale(stimuli, answers, n_levels=7, monotone=True)
    generator = np.random.default_rng(0)
    steps = np.diff(held.scale)
    for size in (0.3, 0.03, 0.003):
        for _ in range(60):
            other = np.concatenate([[0], np.cumsum(np.maximum(steps + generator.normal(0, size, 6), 1e-6))])
            assert given_scale(other, stimuli, answers).log_likelihood <= held.log_likelihood + 1e-7


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    stimuli, inside = np.repeat(triads(7), 10, axis=0), []
    truth = (LEVELS[:7] / LEVELS[6]) ** 1.5
    for seed in range(30):
        answers = simulate_answers(truth, stimuli, noise=0.2, seed=seed)
        interval = sp.difference_scale(stimuli, answers, n_levels=7, draws=200, seed=seed).interval
        inside.append((interval[1:-1, 0] <= truth[1:-1]) & (truth[1:-1] <= interval[1:-1, 1]))
    assert 0.88 <= np.mean(inside) <= 0.99


def test_intervals_are_those_of_their_seed_and_end_at_the_anchors():
    stimuli = np.repeat(triads(6), 10, axis=0)
    answers = simulate_answers(LEVELS[:6], stimuli, noise=0.1, seed=1)
    first, again, other = (sp.difference_scale(stimuli, answers, draws=50, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.interval, again.interval)
    assert (first.interval != other.interval).any()
    np.testing.assert_array_equal(first.interval[[0, -1]], [[0, 0], [1, 1]])
    assert first.noise_interval[0] < first.noise < first.noise_interval[1]


def test_the_fitted_scale_is_the_likeliest_with_its_noise():
    stimuli = np.repeat(triads(6), 10, axis=0)
    answers = simulate_answers(LEVELS[:6] ** 2, stimuli, noise=0.1, seed=1)
    fit = sp.difference_scale(stimuli, answers)
    given = given_scale(fit.scale, stimuli, answers)
    assert given.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert given.noise == pytest.approx(fit.noise, rel=1e-4)
    assert given_scale(LEVELS[:6], stimuli, answers).log_likelihood < fit.log_likelihood


@pytest.mark.parametrize("seed", range(15))
def test_separable_answers_are_told_as_linear_programming_finds_them(seed):
    """Separable: a direction that contradicts no answer and agrees with some; then the likelihood has no maximum."""
    stimuli = np.repeat(triads(5), 2, axis=0)
    answers = simulate_answers(LEVELS[:5], stimuli, noise=0.06 + 0.01 * (seed % 5), seed=seed)
    design = np.zeros((len(stimuli), 5))
    for column, sign in enumerate((1, -2, 1)):
        design[np.arange(len(stimuli)), stimuli[:, column]] += sign
    agreed = design[:, 1:] * np.where(answers, 1, -1)[:, None]
    best = linprog(-agreed.sum(0), A_ub=-agreed, b_ub=np.zeros(len(agreed)), bounds=[(-1, 1)] * 4)
    separable = -best.fun > 1e-9
    if separable:
        with pytest.raises(sp.UndefinedError) as caught:
            sp.difference_scale(stimuli, answers)
        assert caught.value.reason in ("separable", "equal_answers")
    else:
        assert sp.difference_scale(stimuli, answers).noise > 0


GOOD = np.repeat(triads(4), 3, axis=0)


@pytest.mark.parametrize(
    ("stimuli", "answers", "settings", "words"),
    [
        ([(2, 1, 0)], [1], {}, "row 0, [2, 1, 0]"),
        ([(0, 1, 1)], [1], {}, "not in the order a < b < c"),
        ([(0, 1)], [1], {}, r"shape (n, 3)"),
        ([], [], {}, "shape (n, 3)"),
        ([(0, 0.5, 1)], [1], {}, "whole level indices"),
        ([(0, 1, np.nan)], [1], {}, "whole level indices"),
        ([("a", "b", "c")], [1], {}, "level indices"),
        ([(0, 1, 3)], [1], {}, "Level(s) 2 of 4"),
        ([(0, 1, 2)], [1], {"n_levels": 5}, "Level(s) 3, 4 of 5"),
        ([(1, 2, 3)], [1], {"n_levels": 3}, "name level 3"),
        (GOOD, [np.nan] * len(GOOD), {}, "got nan in row 0"),
        (GOOD, [2] * len(GOOD), {}, "got 2 in row 0"),
        (GOOD, [1, 0], {}, f"shape ({len(GOOD)},)"),
        (GOOD, ["yes"] * len(GOOD), {}, "0 or 1"),
        ([(0, 1, 0, 1)], [1], {"kind": "quadruples"}, "compares an interval with itself"),
        ([(1, 0, 2, 3)], [1], {"kind": "quadruples"}, "a < b and c < d"),
        (GOOD, [1] * len(GOOD), {"kind": "pairs"}, "pairs"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(stimuli, answers, settings, words):
    with pytest.raises(sp.InputError) as caught:
        sp.difference_scale(stimuli, answers, **settings)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("stimuli", "answers", "reason"),
    [
        (GOOD, [1] * len(GOOD), "equal_answers"),
        ([(0, 1, 2), (1, 2, 3)] * 4, [0, 1] * 4, "few_questions"),
        (GOOD, GOOD @ [1, -2, 1] > 0, "separable"),
        (np.repeat(triads(6), 20, axis=0), None, "falling"),
    ],
)
def test_where_there_is_no_scale_the_reason_is_told(stimuli, answers, reason):
    if answers is None:
        answers = 1 - simulate_answers(LEVELS[:6], stimuli, noise=0.3, seed=1)
    with pytest.raises(sp.UndefinedError) as caught:
        sp.difference_scale(stimuli, answers)
    assert caught.value.reason == reason


def test_without_draws_there_is_no_interval():
    stimuli = np.repeat(triads(6), 20, axis=0)
    fit = sp.difference_scale(stimuli, simulate_answers(LEVELS[:6], stimuli, noise=0.2), draws=0)
    with pytest.raises(sp.InputError, match="draws=1000"):
        _ = fit.interval
