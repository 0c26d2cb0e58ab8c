import numpy as np
import pytest

from scanpath.kernels.map_pairs import centered_products, common_mass, divergence, sum_and_negatives

PIXELS = 5000  # more than two blocks, and no multiple of one


@pytest.fixture(params=[np.float32, np.float64])
def maps(request):
    return np.random.default_rng(0).random((2, PIXELS)).astype(request.param)


def test_products_are_those_of_centered_maps(maps):
    first, second = maps.astype(np.float64) - maps.mean(axis=1, dtype=np.float64, keepdims=True)
    expected = [(first**2).sum(), (second**2).sum(), (first * second).sum()]
    np.testing.assert_allclose(centered_products(*maps), expected, rtol=1e-11)


def test_a_large_mean_costs_no_digits(maps):
    whole = np.round(maps.astype(np.float64) * 1024)  # so that the mean can be added without rounding
    np.testing.assert_allclose(centered_products(*(whole + 2.0**20)), centered_products(*whole), rtol=1e-9)


def test_a_constant_map_has_no_squares_at_all(maps):
    squares = centered_products(np.full_like(maps[0], 0.1), maps[1])
    assert (squares[0], squares[2]) == (0, 0)


def test_common_mass_is_the_sum_of_the_smaller(maps):
    assert common_mass(maps[0], 0.5, maps[1], 2.0) == pytest.approx(np.minimum(maps[0] * 0.5, maps[1] * 2.0).sum())


@pytest.mark.parametrize("spread", [0.1, 1, 40, 200])
def test_the_divergence_is_that_of_scipy_whatever_the_range(spread):
    scipy_stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(1)
    model, gold = (each / each.sum() for each in 10 ** generator.uniform(-spread, 0, (2, PIXELS)))
    expected = scipy_stats.entropy(gold, model)
    for added in (0.0, 1e-290):  # one by one, and several at a time
        assert divergence(model, 1.0, gold, 1.0, added, 0.0, 0.0) == pytest.approx(expected, rel=1e-12)


def test_both_constants_of_the_divergence_are_where_the_mit_code_has_them(maps):
    model, gold = maps.astype(np.float64) / maps.sum(axis=1, dtype=np.float64, keepdims=True)
    gold[:99] = 0
    expected = (gold * np.log(1e-3 + gold / (model + 1e-5))).sum()
    assert divergence(model, 1.0, gold, 1.0, 0.0, 1e-5, 1e-3) == pytest.approx(expected, rel=1e-12)


def test_equal_maps_do_not_diverge_at_all(maps):
    assert divergence(maps[0], 0.3, maps[0], 0.3, 1e-20, 0.0, 0.0) == 0


@pytest.mark.parametrize("at", [0, PIXELS // 2, PIXELS - 1])
def test_a_negative_value_is_found_wherever_it_is(maps, at):
    assert sum_and_negatives(maps[0]) == (pytest.approx(maps[0].sum(dtype=np.float64)), False)
    maps[0, at] = -1e-30
    assert sum_and_negatives(maps[0])[1]
    maps[0, at] = np.nan
    assert np.isnan(sum_and_negatives(maps[0])[0])
