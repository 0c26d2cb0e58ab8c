import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import information_gain, log_density, log_likelihood


def test_likelihood_and_gain_are_those_of_pysaliency(pysaliency_case):
    # densities are maps plus 1e-6, the baseline a plain map
    case = pysaliency_case
    pairs = [(log_density(m, minimum=1e-6), np.array(xy)) for m, xy in zip(case["maps"], case["fixations_xy"])]
    baseline = log_density(case["baseline_map"])
    expected = case["expected"]
    close, how = {"rel": 1e-9, "abs": 1e-12}, {"per_fixation": True, "pixel": "floor"}
    likelihoods = np.concatenate([log_likelihood(*each, **how) for each in pairs])
    assert likelihoods == pytest.approx(expected["log_likelihoods"], **close)
    uniform = np.concatenate([information_gain(density, None, xy, **how) for density, xy in pairs])
    assert uniform == pytest.approx(expected["information_gains_vs_uniform"], **close)
    gains = np.concatenate([information_gain(density, baseline, xy, **how) for density, xy in pairs])
    assert gains.mean() == pytest.approx(expected["information_gain_vs_baseline"], **close)


@given(st.integers(0, 2**31))
def test_gains_add_up_and_no_density_gains_on_itself(seed):
    generator = np.random.default_rng(seed)
    first, second = (log_density(values) for values in generator.random((2, 5, 7)) + 0.01)
    xy = np.stack([generator.integers(0, 7, 9), generator.integers(0, 5, 9)], axis=1)
    assert information_gain(first, first, xy) == 0
    there_and_back = information_gain(first, second, xy) + information_gain(second, None, xy)
    assert there_and_back == pytest.approx(information_gain(first, None, xy), abs=1e-9)
    bits = (log_likelihood(first, xy) - log_likelihood(second, xy)) / np.log(2)
    assert information_gain(first, second, xy) == pytest.approx(bits, abs=1e-9)


def test_the_true_density_gains_most_on_average():
    generator = np.random.default_rng(3)
    truth = generator.random((6, 8)) ** 3
    drawn = generator.choice(48, size=20000, p=truth.ravel() / truth.sum())
    xy = np.stack([drawn % 8, drawn // 8], axis=1)
    entropy = -np.sum(truth / truth.sum() * np.log2(truth / truth.sum()))
    gain = information_gain(log_density(truth), None, xy)
    assert gain == pytest.approx(np.log2(48) - entropy, abs=0.03)
    assert information_gain(log_density(truth**2), None, xy) < gain
    assert information_gain(log_density(truth**0.5), None, xy) < gain


def test_an_impossible_fixation_is_infinitely_surprising_and_said_if_both_rule_it_out():
    density, baseline = log_density([[1, 0]]), log_density([[1, 1]])
    assert log_likelihood(density, [(1, 0)]) == -np.inf
    assert information_gain(density, baseline, [(1, 0)]) == -np.inf
    assert information_gain(baseline, density, [(1, 0)]) == np.inf
    with pytest.raises(UndefinedError) as caught:
        information_gain(density, density, [(1, 0)])
    assert caught.value.reason == "zero_density"


@pytest.mark.parametrize("values", [np.zeros((3, 3)), np.ones((3, 3)), np.log(np.full((3, 3), 1 / 8))])
def test_a_map_that_is_no_log_density_is_refused(values):
    with pytest.raises(InputError, match="sum to 1"):
        log_likelihood(values, [(0, 0)])
    with pytest.raises(InputError, match="baseline_log_density must"):
        information_gain(log_density(np.ones((3, 3))), values, [(0, 0)])


def test_single_precision_is_good_enough_for_a_density():
    density = log_density(np.random.default_rng(0).random((300, 400)))
    xy = [(10, 20), (300, 200)]
    assert log_likelihood(density.astype(np.float32), xy) == pytest.approx(log_likelihood(density, xy), rel=1e-6)


def test_what_cannot_be_a_density_is_undefined():
    for values, reason in ((np.zeros((2, 2)), "zero_density"), (np.full((2, 2), np.nan), "nan")):
        with pytest.raises(UndefinedError) as caught:
            log_density(values)
        assert caught.value.reason == reason
    with pytest.raises(UndefinedError):
        log_likelihood(np.full((2, 2), -np.inf), [(0, 0)])


def test_a_minimum_makes_every_pixel_possible():
    assert np.exp(log_density([[0, 1]], minimum=1.0)) == pytest.approx(np.array([[1 / 3, 2 / 3]]))
    assert np.exp(log_density([[-1, 1]])) == pytest.approx(np.array([[0, 1]]))


def test_a_map_that_is_no_log_density_is_named_without_a_warning():
    with pytest.raises(InputError, match="sum to inf"):
        log_likelihood(np.full((3, 3), 1e5), [(0, 0)])
    with pytest.raises(InputError, match="at least 0"):
        log_density(np.ones((3, 3)), minimum=-1.0)
