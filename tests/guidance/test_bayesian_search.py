"""Bayesian search against the published formulas written out, recorded runs, and what must hold for any evidence."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

import scanpath as sp
from scanpath.guidance import expected_information

RUNS = [f"{similarity}_{convention}_{size}" for similarity in ("geisler", "correlation") for convention in
        ("corrected", "cumulative") for size in ("190x250", "192x192")]  # fmt: skip
RUNS += ["ssim_corrected_192x192", "ssim_cumulative_192x192"]


@pytest.fixture(params=RUNS)
def run(request, shared):
    """Six fixations of a transcription of the published searchers."""
    return dict(np.load(shared / f"goldens/bayes/{request.param}.npz"))


def seen(run) -> np.ndarray:
    """d' (n, H, W) of each cell from each fixation that was made."""
    return np.stack([run["visibility"][:, :, row, column] for row, column in run["fixations"][:-1]])


def test_posteriors_are_those_of_the_published_programs(run):
    update = {"corrected": "correct", "cumulative": "cumulative"}[str(run["convention"])]
    posterior = sp.bayesian_posterior(run["prior"], run["response"], seen(run), update=update)
    np.testing.assert_allclose(posterior, run["posterior"], rtol=0, atol=1e-10)


def integral_between(p: np.ndarray, d: np.ndarray, low: float, high: float) -> float:
    """The integral of `scanpath.kernels.expected_maximum` from `low` to `high`, by Gauss's rule."""
    d, log_p = np.maximum(d, 1e-12), np.log(p)
    points, weights = np.polynomial.legendre.leggauss(200)
    z = low + (high - low) * (points + 1) / 2
    none_above = norm.logcdf((z[:, None] - log_p) / d + d / 2).sum(1)
    return float((high - low) / 2 * weights @ (np.exp(z) * -np.expm1(none_above)))


def test_the_expected_maximum_is_the_recorded_one_with_the_rest_of_the_integral(run):
    # what is recorded ends 6.5 standard deviations above the mean that responses have where the target is not; at
    # d' = 3 that is 3.5 above the mean at the target, and up to 1e-4 lies beyond
    p, visibility = run["posterior"], run["visibility"].reshape(run["prior"].size, -1)
    for posterior, recorded in zip(p.reshape(len(p), -1), run["exact_objective"].reshape(len(p), -1), strict=True):
        expected = sp.expected_maximum(posterior.reshape(run["prior"].shape), visibility).ravel()
        posterior = np.maximum(posterior, 1e-300)
        for k in np.argsort(recorded)[[0, len(recorded) // 2, -2, -1]]:
            d = visibility[:, k]
            low, high = (np.max(np.log(posterior) + sign * d**2 / 2 + 6.5 * d) for sign in (-1, 1))
            rest = integral_between(posterior, d, low, high)
            assert expected[k] == pytest.approx(recorded[k] + rest, abs=2e-5)
        second, first = np.sort(recorded)[-2:]
        assert first - second < 1e-4 or expected.argmax() == recorded.argmax()


def test_the_expected_maximum_is_the_published_double_sum():
    generator = np.random.default_rng(3)
    p = generator.dirichlet(np.ones(6))
    d = generator.uniform(0.3, 3, (6, 6))
    w = np.linspace(-9, 9, 4001)
    right = np.zeros(6)
    for k in range(6):
        for i in range(6):
            others = [j for j in range(6) if j != i]
            above = (-2 * np.log(p[others] / p[i]) + d[others, k] ** 2 + d[i, k] ** 2)[:, None] + 2 * d[i, k] * w
            each = norm.cdf(above / (2 * d[others, k, None]))
            right[k] += p[i] * np.trapezoid(norm.pdf(w) * each.prod(0), w)
    np.testing.assert_allclose(sp.expected_maximum(p.reshape(2, 3), d).ravel(), right, rtol=1e-6)


@st.composite
def evidence(draw):
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    strength = draw(st.floats(0, 5))
    prior = generator.exponential(size=shape[1:]) + 1e-12
    return prior, generator.normal(size=shape), strength * generator.random(shape)


@given(evidence=evidence(), update=st.sampled_from(["correct", "cumulative"]))
def test_each_posterior_adds_up_to_one(evidence, update):
    posterior = sp.bayesian_posterior(*evidence, update=update)
    np.testing.assert_allclose(posterior.sum((1, 2)), 1, rtol=1e-12)
    assert (posterior >= 0).all()


@given(evidence=evidence(), seed=st.integers(0, 99))
def test_the_order_of_fixations_does_not_matter(evidence, seed):
    prior, responses, visibility = evidence
    order = np.random.default_rng(seed).permutation(len(responses))
    last = sp.bayesian_posterior(prior, responses, visibility)[-1]
    again = sp.bayesian_posterior(prior, responses[order], visibility[order])[-1]
    np.testing.assert_allclose(again, last, rtol=1e-9, atol=1e-12)


@given(evidence=evidence())
def test_a_posterior_is_the_prior_of_what_comes_next(evidence):
    prior, responses, visibility = evidence
    whole = sp.bayesian_posterior(prior, responses, visibility)
    first = sp.bayesian_posterior(prior, responses[:1], visibility[:1])[0]
    if len(responses) > 1:
        rest = sp.bayesian_posterior(first, responses[1:], visibility[1:])
        np.testing.assert_allclose(rest[-1], whole[-1], rtol=1e-6, atol=1e-9)


@settings(max_examples=20)
@given(rows=st.integers(1, 6), columns=st.integers(1, 6), peak=st.floats(0.1, 5))
def test_knowing_nothing_is_symmetric(rows, columns, peak):
    r, c = np.divmod(np.arange(rows * columns), columns)
    visibility = peak * np.exp(-(np.subtract.outer(r, r) ** 2 + np.subtract.outer(c, c) ** 2) / 4)
    for rule in (sp.expected_maximum, expected_information):
        drawn = rule(np.ones((rows, columns)), visibility)
        np.testing.assert_allclose(drawn, drawn[::-1], rtol=1e-6)
        np.testing.assert_allclose(drawn, drawn[:, ::-1], rtol=1e-6)


def test_the_entropy_limit_is_a_sum_over_cells():
    generator = np.random.default_rng(0)
    p, d = generator.dirichlet(np.ones(12)), generator.random((12, 12))
    right = [sum(p[i] * d[i, k] ** 2 / 2 for i in range(12)) for k in range(12)]
    np.testing.assert_allclose(expected_information(p.reshape(3, 4), d).ravel(), right, rtol=1e-12)


def test_tensors_come_back_as_tensors():
    assert isinstance(sp.expected_maximum(torch.ones(2, 2), torch.ones(4, 4)), torch.Tensor)
    assert isinstance(sp.bayesian_posterior(torch.ones(2, 2), torch.ones(3, 2, 2), torch.ones(3, 2, 2)), torch.Tensor)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sp.expected_maximum(np.ones((2, 3)), np.ones((6, 5))), r"shape \(6, 6\); got \(6, 5\)"),
        (lambda: sp.expected_maximum(np.zeros((2, 3)), np.ones((6, 6))), "above 0 somewhere"),
        (lambda: sp.expected_maximum(np.full((2, 3), np.nan), np.ones((6, 6))), "finite and not negative"),
        (lambda: sp.expected_maximum(np.ones(6), np.ones((6, 6))), r"shape \(H, W\)"),
        (lambda: sp.bayesian_posterior(np.ones((2, 2)), np.ones((1, 2, 3)), np.ones((1, 2, 3))), r"\(n, H, W\)"),
        (lambda: sp.bayesian_posterior(np.ones((2, 2)), np.ones((2, 2, 2)), np.ones((2, 2))), "shape of responses"),
        (lambda: sp.bayesian_posterior(-np.ones((2, 2)), np.ones((1, 2, 2)), np.ones((1, 2, 2))), "not negative"),
        (lambda: sp.bayesian_posterior(np.ones((2, 2)), np.ones((1, 2, 2)), np.ones((1, 2, 2)), "corect"), "correct"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(sp.InputError, match=message):
        call()
