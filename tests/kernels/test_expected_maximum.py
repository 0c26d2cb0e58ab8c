"""The expected greatest posterior against the task itself, drawn at random, and against fine quadrature."""

import math
import time

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanpath.kernels.expected_maximum import expected_maximum_from


def seen_from_all(rows: int, columns: int) -> torch.Tensor:
    """(K, N) detectabilities that fall off as a Gaussian of two cells across and 1.6 down, at most 3."""
    r, c = np.divmod(np.arange(rows * columns), columns)
    square = (np.subtract.outer(r, r) / 1.6) ** 2 + (np.subtract.outer(c, c) / 2) ** 2
    return torch.from_numpy(3 * np.exp(-square / 2))


def peaked(cells: int, concentration: float, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.log_softmax(concentration * torch.randn(cells, generator=generator, dtype=torch.float64), 0)


def in_few(cells: int, few: int, seed: int) -> torch.Tensor:
    probability = np.full(cells, 1e-12)
    probability[np.random.default_rng(seed).choice(cells, few, replace=False)] = 1
    return torch.from_numpy(np.log(probability / probability.sum()))


def sampled(log_p: torch.Tensor, d: torch.Tensor, n: int, seed: int) -> tuple[float, float]:
    """Mean and standard error of the greatest posterior over draws of the target and of all responses."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.multinomial(log_p.exp(), n, replacement=True, generator=generator)
    evidence = d * torch.randn(n, len(d), generator=generator, dtype=torch.float64) - d**2 / 2
    evidence[torch.arange(n), target] += d[target] ** 2
    greatest = torch.softmax(log_p + evidence, 1).amax(1)
    return float(greatest.mean()), float(greatest.std()) / math.sqrt(n)


GRID = (24, 32)
POSTERIORS = {
    **{f"exp({c} x normal)": peaked(768, c, seed=20 + c) for c in (0, 1, 3, 5)},
    **{f"{few} cells": in_few(768, few, seed=few) for few in (1, 2, 3)},
}


@pytest.mark.parametrize("log_p", POSTERIORS.values(), ids=POSTERIORS.keys())
def test_it_is_what_the_task_gives_on_average(log_p, share_of_trials):
    d = seen_from_all(*GRID)
    for k in (int(expected_maximum_from(log_p, d).argmax()), 400):
        mean, error = sampled(log_p, d[k], int(40_000 * share_of_trials), seed=k)
        assert float(expected_maximum_from(log_p, d[k : k + 1])) == pytest.approx(mean, abs=3 * error + 1e-9)


@pytest.mark.parametrize("log_p", POSTERIORS.values(), ids=POSTERIORS.keys())
def test_adaptive_panels_have_converged(log_p):
    d = seen_from_all(*GRID)[::31]
    fine = expected_maximum_from(log_p, d, kernel="reference")
    np.testing.assert_allclose(expected_maximum_from(log_p, d), fine, rtol=1e-6)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), log_scale=st.floats(-9, 2.5), concentration=st.floats(0, 8))
@example(seed=550380, log_scale=0.0, concentration=7.75)
def test_it_has_converged_whatever_the_detectabilities(seed, log_scale, concentration):
    generator = np.random.default_rng(seed)
    d = np.exp(log_scale) * np.exp(2 * generator.standard_normal((2, 40))) * generator.integers(0, 2, (2, 40))
    log_p, d = peaked(40, concentration, seed), torch.from_numpy(d)
    # what is told apart for certain has narrow steps far from each other, which the reference does not resolve
    fine = expected_maximum_from(log_p, d.clamp_max(12.0), kernel="reference")
    np.testing.assert_allclose(expected_maximum_from(log_p, d), fine, rtol=2e-6)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), concentration=st.floats(0, 8))
def test_a_look_never_lowers_the_greatest_posterior_and_never_makes_it_more_than_certain(seed, concentration):
    log_p = peaked(30, concentration, seed)
    d = torch.from_numpy(np.random.default_rng(seed).exponential(2, (5, 30)))
    expected = expected_maximum_from(log_p, d)
    assert torch.all(expected >= log_p.exp().max() * (1 - 1e-6))
    assert torch.all(expected <= 1 + 1e-6)


def test_two_cells_have_a_closed_form():
    # of two equally probable cells the better is told with the probability Phi(sqrt(d1^2 + d2^2) / 2)
    d = torch.tensor([[1.0, 2.0], [0.0, 1.5], [0.0, 0.0]], dtype=torch.float64)
    log_p = torch.full((2,), math.log(0.5), dtype=torch.float64)
    correct = torch.special.ndtr(torch.linalg.vector_norm(d, dim=1) / 2)
    np.testing.assert_allclose(expected_maximum_from(log_p, d), correct, rtol=1e-6)


def test_impossible_cells_change_nothing():
    log_p = torch.tensor([math.log(0.4), -math.inf, math.log(0.6), -math.inf], dtype=torch.float64)
    d = torch.tensor([[1.0, 2.0, 0.5, 9.0]], dtype=torch.float64)
    for kernel in ("cpu", "reference"):
        without = expected_maximum_from(log_p[::2], d[:, ::2], kernel=kernel)
        torch.testing.assert_close(expected_maximum_from(log_p, d, kernel=kernel), without)


def test_gradients_are_those_of_differences():
    log_p, d = peaked(6, 1.0, seed=0), torch.rand(1, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.autograd.gradcheck(lambda d: expected_maximum_from(log_p, d), (d.requires_grad_(),), atol=1e-6)


@pytest.mark.slow
def test_a_saccade_takes_less_than_50_ms_on_one_thread():
    d, before = seen_from_all(*GRID), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for log_p in POSTERIORS.values():
            times = []
            for _ in range(5):
                start = time.process_time()
                expected_maximum_from(log_p, d)
                times.append(time.process_time() - start)
            assert min(times) < 0.05
    finally:
        torch.set_num_threads(before)
