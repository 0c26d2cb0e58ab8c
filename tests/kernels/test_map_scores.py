import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath.kernels.map_scores import count_below, count_between, mean_and_squares, take_pixels

SIZES = [1, 2, 100, 8191, 8192, 8193, 50_000]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_and_moments_are_those_of_numpy_at_every_block_length(n, dtype):
    values = np.random.default_rng(n).integers(0, 50, n).astype(dtype)
    value = values[n // 2]
    assert count_below(values, value) == (2 * (values < value).sum() + (values == value).sum(), 0)
    mean, squares = mean_and_squares(values)
    assert mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-12)
    assert squares == pytest.approx(values.var(dtype=np.float64) * n, rel=1e-11, abs=1e-12)


def test_nan_is_counted_apart():
    values = np.array([1.0, np.nan, 3.0, np.nan])
    assert count_below(values, 2.0) == (2, 2)
    assert np.isnan(mean_and_squares(values)[1])


@given(st.floats(-1e300, 1e300), st.integers(1, 20_000))
def test_a_constant_map_has_no_spread_at_all(value, n):
    assert mean_and_squares(np.full(n, value)) == (value, 0.0)


def test_one_bright_pixel_first_does_not_cost_the_digits_of_the_rest():
    values = 1e-6 * np.random.default_rng(0).random(100_000)
    values[0] = 1.0
    mean, squares = mean_and_squares(values)
    exact = np.var(values.astype(np.longdouble)) * len(values)
    assert squares == pytest.approx(float(exact), rel=1e-11)
    assert mean == pytest.approx(values.mean(), rel=1e-11)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(["even", "decades", "signed decades", "zeros", "ties", "constant", "endless"]),
    st.integers(1, 4000),
)
def test_pixels_between_levels_are_those_of_a_sort(seed, dtype, kind, buckets):
    rng = np.random.default_rng(seed)
    values = rng.random(500).astype(dtype)
    if kind == "decades":
        values = np.exp(12 * rng.standard_normal(500)).astype(dtype)
    elif kind == "signed decades":
        values = (np.sinh(9 * rng.standard_normal(500))).astype(dtype)
    elif kind == "zeros":  # the two that there are, and their neighbors
        values = rng.choice([0.0, -0.0, 1e-30, -1e-30, 1.0], 500).astype(dtype)
    elif kind != "even":
        values = {"ties": (4 * values).round(), "constant": 0 * values, "endless": values}[kind].astype(dtype)
    levels = np.unique(rng.choice(values, 9).astype(np.float64))
    if kind == "endless":
        values[:4] = [np.inf, -np.inf, np.nan, 3e38]
    counts = np.zeros(2 * len(levels) + 1, dtype=np.int64)
    assert count_between(values, levels, buckets, counts) == np.isnan(values).sum()
    known = np.sort(values[~np.isnan(values)].astype(np.float64))
    lower, upper = (np.searchsorted(known, levels, side) for side in ("left", "right"))
    np.testing.assert_array_equal(np.cumsum(counts), [*np.stack([lower, upper], axis=1).ravel(), len(known)])


@pytest.mark.parametrize("n", [1, 8192, 20_000])
@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_values_at_points_are_those_of_indexing(n, kind):
    rng = np.random.default_rng(n)
    values = rng.random((30, 50))
    points = rng.uniform([-0.5, -0.5], [49.5, 29.5], (n, 2)).round(2).clip(-0.5, [49.49, 29.49]).astype(kind)
    taken = np.full(n, np.nan)
    assert take_pixels(points.ravel(), -0.5, 30, 50, values.ravel(), taken) == 0
    columns, rows = np.floor(points + 0.5).astype(int).T
    np.testing.assert_array_equal(taken, values[rows, columns])


def test_points_off_the_map_are_counted_and_left_alone():
    points = np.array([[0, 0], [-0.51, 0], [2.5, 0], [0, 1.5], [np.nan, 0], [0, np.inf], [2.49, 1.49]])
    taken = np.full(len(points), -1.0)
    assert take_pixels(points.ravel(), -0.5, 2, 3, np.arange(6.0), taken) == 5
    assert taken.tolist() == [0, -1, -1, -1, -1, -1, 5]
