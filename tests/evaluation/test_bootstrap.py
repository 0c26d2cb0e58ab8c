import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError
from scanpath.evaluation import bootstrap_mean
from scanpath.evaluation.bootstrap import bootstrap_weights


def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says():
    generator = np.random.default_rng(1)
    covered = 0
    for trial in range(300):
        sample = generator.normal(3.0, 1.0, size=40)
        _, low, high = bootstrap_mean(sample, draws=400, confidence=0.9, seed=trial)
        covered += low <= 3.0 <= high
    assert 0.84 <= covered / 300 <= 0.95  # 0.9 less the known small-sample loss, three standard errors


def test_the_width_is_that_of_the_standard_error():
    sample = np.random.default_rng(2).normal(size=500)
    _, low, high = bootstrap_mean(sample, draws=4000, seed=3)
    assert high - low == pytest.approx(2 * 1.96 * sample.std() / np.sqrt(500), rel=0.05)


@given(st.integers(2, 30), st.integers(0, 2**31))
def test_the_mean_lies_in_its_interval_and_both_within_the_data(n, seed):
    sample = np.random.default_rng(seed).random(n)
    mean, low, high = bootstrap_mean(sample, draws=200, seed=seed)
    assert low - 1e-12 <= mean <= high + 1e-12
    assert low >= sample.min() - 1e-12
    assert high <= sample.max() + 1e-12


def test_nan_counts_as_not_observed():
    sample = np.array([1.0, np.nan, 3.0, np.nan])
    mean, low, high = bootstrap_mean(sample)
    assert mean == 2.0
    assert low == 1.0
    assert high == 3.0


def test_one_picture_has_a_mean_and_no_interval_and_none_has_neither():
    mean, low, high = bootstrap_mean(np.array([[0.5, np.nan]]))
    assert mean[0] == 0.5
    assert np.isnan([low[0], high[0], mean[1], low[1], high[1]]).all()


def test_equal_seeds_give_equal_samples_and_other_seeds_others():
    assert np.array_equal(bootstrap_weights(9, 50, 4, "pictures"), bootstrap_weights(9, 50, 4, "pictures"))
    assert not np.array_equal(bootstrap_weights(9, 50, 4, "pictures"), bootstrap_weights(9, 50, 5, "pictures"))
    assert (bootstrap_weights(9, 50, 4, "pictures").sum(axis=1) == 9).all()


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_a_confidence_outside_0_to_1_is_refused(confidence):
    with pytest.raises(InputError, match="confidence"):
        bootstrap_mean(np.arange(4.0), confidence=confidence)
