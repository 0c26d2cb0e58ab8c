import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from scanpath import InputError, UndefinedError
from scanpath.metrics import saccade_divergence, saccade_histogram, saccade_values

seeds = st.integers(0, 2**32 - 1)


def walks(seed, people=4, spread=100.0):
    generator = np.random.default_rng(seed)
    return [
        np.column_stack([np.cumsum(generator.normal(0, spread, (n, 2)), axis=0), generator.gamma(4, 60, n)])
        for n in generator.integers(3, 9, people)
    ]


def test_each_quantity_by_hand():
    square = [(0, 0, 100), (30, 0, 200), (30, 40, np.nan), (0, 40, 50), (0, 0, 80)]
    assert saccade_values([square], "amplitude").tolist() == [30, 40, 30, 40]
    assert saccade_values([square], "amplitude", px_per_deg=10).tolist() == [3, 4, 3, 4]
    assert saccade_values([square], "direction").tolist() == [0, 90, 180, -90]
    assert saccade_values([square], "turn").tolist() == [90, 90, 90]
    assert saccade_values([square], "duration").tolist() == [100, 200, 50, 80]


def test_nothing_is_measured_between_people_or_on_a_standing_eye():
    assert len(saccade_values([[(0, 0), (5, 0)], [(900, 900), (901, 900)]], "amplitude")) == 2
    standing = [(0, 0), (5, 0), (5, 0), (9, 0)]
    assert saccade_values([standing], "amplitude").tolist() == [5, 0, 4]
    assert saccade_values([standing], "direction").tolist() == [0, 0]
    assert saccade_values([standing], "turn").tolist() == []
    assert saccade_values([[(0, 0), (9, 0), (0, 0)]], "turn").tolist() == [180]


def test_histograms_leave_out_what_lies_outside_their_edges():
    share, edges = saccade_histogram([[(0, 0), (10, 0), (10, 30), (10, 930)]], "amplitude", [0, 20, 40])
    assert share.tolist() == [0.5, 0.5]
    assert edges.tolist() == [0, 20, 40]
    with pytest.raises(UndefinedError):
        saccade_histogram([[(0, 0), (10, 0)]], "amplitude", [20, 40])
    with pytest.raises(InputError, match="edges"):
        saccade_histogram([[(0, 0), (10, 0)]], "amplitude", [40, 20])


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_linear_quantities_agree_with_scipy(seed):
    A, B = walks(seed), walks(seed + 1, spread=60.0)
    for quantity in ("amplitude", "duration"):
        a, b = saccade_values(A, quantity), saccade_values(B, quantity)
        distance = saccade_divergence(A, B, quantity=quantity, divergence="wasserstein")
        assert distance == pytest.approx(stats.wasserstein_distance(a, b))
        gap = saccade_divergence(A, B, quantity=quantity, divergence="kolmogorov_smirnov")
        assert gap == pytest.approx(stats.ks_2samp(a, b).statistic)
        edges = np.linspace(0, max(a.max(), b.max()), 31)
        expected = jensenshannon(np.histogram(a, edges)[0], np.histogram(b, edges)[0], base=2) ** 2
        assert saccade_divergence(A, B, quantity=quantity) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, turn=st.floats(-180, 180))
def test_directions_live_on_a_circle(seed, turn):
    A, B = walks(seed), walks(seed + 1)

    def turned(paths):
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        return [path[:, :2] @ np.array([[c, s], [-s, c]]) for path in paths]

    for divergence in ("wasserstein", "kolmogorov_smirnov"):
        kept = {"quantity": "direction", "divergence": divergence}
        expected = saccade_divergence(A, B, **kept)
        assert saccade_divergence(turned(A), turned(B), **kept) == pytest.approx(expected, abs=1e-6)
        assert saccade_divergence(A, A, **kept) == 0


def test_turning_everything_by_an_angle_moves_directions_by_it():
    A = [[(0, 0), (100, 0)], [(0, 0), (100, 5)], [(0, 0), (100, -5)]]
    B = [[(0, 0), (0, 100)], [(0, 0), (-5, 100)], [(0, 0), (5, 100)]]
    assert saccade_divergence(A, B, quantity="direction", divergence="wasserstein") == pytest.approx(90)
    C = [[(0, 0), (-100, 1)], [(0, 0), (-100, -1)]]
    D = [[(0, 0), (-100, 2)], [(0, 0), (-100, -2)]]  # all near the cut at 180 deg
    assert saccade_divergence(C, D, quantity="direction", divergence="wasserstein") < 1


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_histogram_divergences_are_bounded_and_zero_for_equal_sets(seed):
    A, B = walks(seed), walks(seed + 1)
    for quantity in ("amplitude", "direction", "turn", "duration"):
        assert 0 <= saccade_divergence(A, B, quantity=quantity) <= 1
        assert saccade_divergence(A, A, quantity=quantity) == 0
        assert np.isfinite(saccade_divergence(A, B, quantity=quantity, divergence="kl"))
        assert saccade_divergence(A, A, quantity=quantity, divergence="kl") == 0


def test_relative_entropy_by_hand():
    A, B = [[(0, 0), (1, 0), (2, 0), (12, 0)]], [[(0, 0), (10, 0), (20, 0), (21, 0)]]  # counts 2, 1 and 1, 2
    p, q = np.array([1.5, 2.5]) / 4, np.array([2.5, 1.5]) / 4
    expected = (p * np.log2(p / q)).sum()
    assert saccade_divergence(A, B, divergence="kl", bins=2) == pytest.approx(expected)


def test_a_set_without_saccades_has_no_distribution():
    with pytest.raises(UndefinedError, match="amplitude") as raised:
        saccade_divergence([[(0, 0)]], [[(0, 0), (1, 1)]])
    assert raised.value.reason == "empty"
    with pytest.raises(InputError, match="turn"):
        saccade_values([[(0, 0)]], "turns")


@pytest.mark.parametrize("quantity", ["amplitude", "direction"])
@pytest.mark.parametrize("bins", [0, -1, 2.5])
def test_bins_are_counted_for_every_quantity(quantity, bins):
    with pytest.raises(InputError, match="bins"):
        saccade_divergence([[(0, 0), (1, 0)]], [[(0, 0), (2, 0)]], quantity=quantity, bins=bins)
