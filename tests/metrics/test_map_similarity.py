import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath._core.errors import InputWarning
from scanpath.metrics import correlation, kl_divergence, map_emd, similarity
from scanpath.metrics.maps import as_density


def pair(seed, size=(6, 8)):
    return np.random.default_rng(seed).random((2, *size))


def test_map_pairs_score_as_in_pysaliency(pysaliency_case):
    case = pysaliency_case
    pairs = [(np.array(m), np.array(g)) for m, g in zip(case["maps"], case["gold_maps"])]
    expected = case["expected"]
    close = {"rel": 1e-9, "abs": 1e-12}
    assert [similarity(*each) for each in pairs] == pytest.approx(expected["SIM"], **close)
    assert [kl_divergence(*each, convention="mit") for each in pairs] == pytest.approx(expected["MIT_KLDiv"], **close)
    default = expected["image_based_kl_divergence_default"]
    assert [kl_divergence(*each) for each in pairs] == pytest.approx(default, **close)
    if case["map_kind"] == "constant":
        with pytest.raises(UndefinedError, match="constant"):  # 0 there
            correlation(*pairs[0])
    else:
        assert [correlation(*each) for each in pairs] == pytest.approx(expected["CC"], **close)


@given(st.integers(0, 2**31))
def test_equal_maps_are_alike(seed):
    values, _ = pair(seed)
    assert correlation(values, 3 * values + 2) == pytest.approx(1)
    assert similarity(values, 5 * values) == pytest.approx(1)
    assert kl_divergence(values, 5 * values) == pytest.approx(0, abs=1e-12)
    assert map_emd(values, 5 * values, cells=(4, 3)) == pytest.approx(0, abs=1e-9)


@given(st.integers(0, 2**31))
def test_symmetric_measures_do_not_care_which_map_comes_first_and_stay_in_range(seed):
    first, second = pair(seed)
    for measure in (correlation, similarity):
        assert measure(first, second) == pytest.approx(measure(second, first))
    assert map_emd(first, second, cells=(4, 3)) == pytest.approx(map_emd(second, first, cells=(4, 3)))
    assert -1 <= correlation(first, second) <= 1
    assert 0 <= similarity(first, second) <= 1
    assert kl_divergence(first, second) >= 0


def test_kl_is_the_entropy_of_scipy():
    first, second = pair(4)
    expected = scipy.stats.entropy(second.ravel(), first.ravel())
    assert kl_divergence(first, second) == pytest.approx(expected, rel=1e-12)
    assert kl_divergence(first, second, epsilon=0) == pytest.approx(expected, rel=1e-12)


def test_an_impossible_pixel_costs_what_epsilon_says():
    model, gold = [[1.0, 0.0]], [[1.0, 1.0]]
    assert kl_divergence(model, gold, epsilon=0) == np.inf
    costs = [kl_divergence(model, gold, epsilon=epsilon) for epsilon in (1e-20, 1e-10)]
    assert costs[0] - costs[1] == pytest.approx(0.5 * np.log(1e10), rel=1e-6)


def test_similarity_of_the_mit_code_discards_the_floor():
    first, second = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 1.0, 2.0]])
    # stretched: 0 .5 1 and 0 0 1, so 0 1/3 2/3 and 0 0 1
    assert similarity(first, second, convention="mit") == pytest.approx(2 / 3)
    assert similarity(first, second) == pytest.approx(1 / 6 + 1 / 4 + 1 / 2)


def test_correlation_is_that_of_numpy_whatever_the_offset():
    first, second = pair(5)
    assert correlation(first, second) == pytest.approx(np.corrcoef(first.ravel(), second.ravel())[0, 1])
    assert correlation(first + 1e7, second) == pytest.approx(correlation(first, second), rel=1e-6)


def test_emd_moves_a_point_by_its_distance():
    first, second = np.zeros((10, 12)), np.zeros((10, 12))
    first[1, 2] = second[7, 10] = 1
    assert map_emd(first, second, cells=(12, 10)) == pytest.approx(10)
    assert map_emd(first, second, cells=(4, 5)) == pytest.approx(np.hypot(9, 6))  # centers of 3 x 2 px cells


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**31))
def test_emd_solves_the_transport_problem(seed):
    from scipy.optimize import linprog

    first, second = (values / values.sum() for values in pair(seed, (3, 4)))
    rows, columns = np.indices(first.shape)
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)
    cost = np.linalg.norm(points[:, None] - points, axis=-1)
    n = len(points)
    leaving, arriving = np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))
    best = linprog(
        cost.ravel(), A_eq=np.vstack([leaving, arriving]), b_eq=np.concatenate([first.ravel(), second.ravel()])
    )
    assert map_emd(first, second, cells=(4, 3)) == pytest.approx(best.fun, rel=1e-7, abs=1e-9)


def test_emd_refuses_a_grid_finer_than_the_map():
    with pytest.raises(InputError, match="at most"):
        map_emd(np.ones((2, 2)), np.ones((2, 2)), cells=(3, 2))


@pytest.mark.parametrize("measure", [correlation, similarity, kl_divergence, map_emd])
def test_maps_of_two_sizes_or_without_values_are_refused(measure):
    with pytest.raises(InputError, match="one size"):
        measure(np.eye(30), np.eye(31))
    with pytest.raises(UndefinedError) as caught:
        measure(np.full((30, 30), np.nan), np.eye(30))
    assert caught.value.reason == "nan"


@pytest.mark.parametrize("measure", [similarity, kl_divergence, map_emd])
@pytest.mark.parametrize("side", [0, 1])
def test_a_map_of_zeros_is_no_density(measure, side):
    maps = [np.ones((30, 30)), np.ones((30, 30))]
    maps[side] = np.zeros((30, 30))
    with pytest.raises(UndefinedError) as caught:
        measure(*maps)
    assert caught.value.reason == "zero_density"


@pytest.mark.parametrize("scale", [1e-200, 1e300])
def test_the_correlation_does_not_see_how_small_or_large_values_are(scale):
    generator = np.random.default_rng(0)
    first, second = generator.random((2, 6, 7))
    expected = correlation(first, second)
    assert correlation(first * scale, second) == pytest.approx(expected, rel=1e-9)
    assert correlation(first * scale, second * scale) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("measure", [similarity, kl_divergence, map_emd])
def test_values_near_the_largest_number_are_scaled_before_they_are_summed(measure):
    values = np.random.default_rng(0).random((24, 24)) - 0.5
    values /= np.abs(values).max()
    settings = {"cells": (3, 3)} if measure is map_emd else {}
    expected = measure(values, np.ones((24, 24)), **settings)
    assert measure(values * 1.7e308, np.ones((24, 24)), **settings) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("convention", ["pysaliency", "mit"])
def test_divergence_without_epsilon_is_exact_and_perhaps_infinite(convention):
    gold, model = np.array([[0.0, 1.0, 1.0]]), np.array([[2.0, 1.0, 1.0]])
    assert kl_divergence(model, gold, convention=convention, epsilon=0) == pytest.approx(np.log(2))
    assert kl_divergence(gold, model, convention=convention, epsilon=0) == np.inf
    with pytest.raises(InputError, match="epsilon"):
        kl_divergence(model, gold, convention=convention, epsilon=-1e-9)


LOGS = np.log(as_density(np.random.default_rng(3).random((6, 9)) + 0.01))


@pytest.mark.parametrize("metric", [kl_divergence, similarity, map_emd, correlation])
@pytest.mark.parametrize(
    ("logs", "undone"),
    [
        (LOGS, r"np\.exp\("),
        (LOGS.astype(np.float32), r"np\.exp\("),
        (LOGS / np.log(2), r"np\.exp2\("),
        (LOGS / np.log(10), r"10\.0 \*\* "),
    ],
)
def test_the_log_of_a_density_is_no_density(metric, logs, undone):
    settings = {"cells": (9, 6)} if metric is map_emd else {}
    for name, pair in (("map", (logs, np.exp(LOGS))), ("gold", (np.exp(LOGS), logs))):
        with pytest.raises(InputError, match=rf"^{name} is the log of a density.* give {undone}?{name}"):
            metric(*pair, **settings)
    best = 1.0 if metric.metric.direction == "similarity" else 0.0
    assert metric(np.exp(LOGS), np.exp(LOGS), **settings) == pytest.approx(best)


@pytest.mark.parametrize("metric", [kl_divergence, similarity, map_emd])
@pytest.mark.parametrize("logs", [LOGS - LOGS.max(), LOGS - 3, np.log10(np.exp(LOGS - LOGS.max()))])
def test_logs_that_sum_to_nothing_known_are_no_density_either(metric, logs):
    settings = {"cells": (9, 6)} if metric is map_emd else {}
    for name, pair in (("map", (logs, np.exp(LOGS))), ("gold", (np.exp(LOGS), logs))):
        with pytest.raises(InputError, match=rf"^{name} is nowhere positive.*np\.exp\({name}\).*{name}\.min\(\)"):
            metric(*pair, **settings)


def test_the_correlation_says_of_one_map_of_logs_that_it_may_be_one():
    logs = LOGS - LOGS.max()
    with pytest.warns(InputWarning, match=r"gold is nowhere positive.*np\.exp\(gold\)") as caught:
        correlation(np.exp(LOGS), logs)
    assert caught[0].filename == __file__
    assert correlation(logs, LOGS / np.log(10)) == pytest.approx(1)  # of two logs it is meant


def test_an_impossible_pixel_does_not_hide_a_log_density():
    logs = LOGS.copy()
    logs[0] = -np.inf
    logs -= np.log(np.exp(logs).sum())
    with pytest.raises(InputError, match="log of a density"):
        kl_divergence(logs, np.exp(LOGS))


def test_other_negative_maps_are_lifted_as_before():
    assert similarity([[-3.0, 1.0]], [[0.0, 2.0]]) == 1.0
    assert correlation(LOGS, LOGS) == pytest.approx(1)
    with pytest.raises(UndefinedError):
        similarity([[0.0]], [[1.0]])
