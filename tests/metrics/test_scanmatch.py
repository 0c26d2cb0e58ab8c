import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import scanmatch

SCREEN = (120, 80)  # cells of 10 x 10 px in the default grid


def from_the_definition(a, b, threshold, gap, corner):
    """ScanMatch of two lists of cells by recursion."""

    @functools.cache
    def value(i, j):
        if i == 0 or j == 0:
            return corner + gap * (i + j)
        gain = threshold - np.hypot(a[i - 1][0] - b[j - 1][0], a[i - 1][1] - b[j - 1][1])
        return max(value(i - 1, j - 1) + gain, value(i - 1, j) + gap, value(i, j - 1) + gap)

    best = max(value(i, j) for i in range(len(a) + 1) for j in range(len(b) + 1))
    return best / (threshold * max(len(a), len(b)))


cells = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 7)), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(a=cells, b=cells, threshold=st.sampled_from([1.0, 3.5, 8.0]), gap=st.sampled_from([0.0, -0.3, -2.0]))
def test_it_is_the_best_value_of_the_alignment_matrix(a, b, threshold, gap):
    points_a, points_b = (np.array(cells) * 10.0 + 5 for cells in (a, b))
    for corner in ("gap", "zero"):
        score = scanmatch(points_a, points_b, SCREEN, threshold=threshold, gap=gap, corner=corner)
        expected = from_the_definition(a, b, threshold, gap, gap if corner == "gap" else 0.0)
        assert score == pytest.approx(expected, abs=1e-12)


def test_a_neighboring_cell_is_worth_less_by_its_distance():
    assert scanmatch([(5, 5)], [(15, 5)], SCREEN) == pytest.approx(2.5 / 3.5)
    assert scanmatch([(5, 5)], [(15, 15)], SCREEN, threshold=2.0) == pytest.approx((2 - np.sqrt(2)) / 2)


def test_each_half_bin_counts_and_ties_go_to_the_even_number():
    # 25 ms -> 0 (0.5 is even-rounded down), 75 ms -> 2 (1.5 up), 99.9 ms is 99 ms -> 2
    path = [(5, 5, 25), (45, 5, 75), (85, 5, 99.9)]
    same = [(45, 5, 100), (85, 5, 100)]
    assert scanmatch(path, same, SCREEN, bin_ms=50) == 1.0


def test_time_bins_let_durations_count():
    short, long = [(5, 5, 100), (95, 75, 100)], [(5, 5, 100), (95, 75, 400)]
    assert scanmatch(short, long, SCREEN) == 1.0
    assert scanmatch(short, long, SCREEN, bin_ms=50) == pytest.approx(4 / 10)


def test_a_border_that_starts_at_a_gap_costs_identical_scanpaths_one_gap():
    path = [(5, 5), (45, 5), (85, 5)]
    assert scanmatch(path, path, SCREEN, gap=-1.0) == pytest.approx(1 - 1 / (3 * 3.5))
    assert scanmatch(path, path, SCREEN, gap=-1.0, corner="zero") == 1.0


def test_cells_are_made_of_whole_pixels():
    # 1280 / 12 = 106.67: pixel 106 is in cell 0, and holds 105.5 to 106.5, or 106 to 107 where coordinates are cut
    for pixel, inside, beyond in (("nearest", 106.4, 106.5), ("floor", 106.9, 107.0)):
        assert scanmatch([(inside, 5)], [(0, 5)], (1280, 720), pixel=pixel) == 1.0
        assert scanmatch([(beyond, 5)], [(0, 5)], (1280, 720), pixel=pixel) < 1.0


@pytest.mark.parametrize("place", [(-1, 5), (5, -0.6), (120, 5), (119.5, 5), (5, 79.5)])
def test_a_fixation_off_the_screen_has_no_cell_unless_clamped(place):
    with pytest.raises(UndefinedError, match="off the screen") as raised:
        scanmatch([place, (5, 5)], [(5, 5)], SCREEN)
    assert raised.value.reason == "off_screen"
    on_border = np.clip(place, 0, np.array(SCREEN) - 1)
    assert scanmatch([place], [on_border], SCREEN, outside="clamp") == 1.0


def test_the_screen_reaches_as_far_as_its_pixels_do():
    assert scanmatch([(-0.5, -0.5), (119.4, 79.4)], [(0, 0), (119, 79)], SCREEN) == 1.0
    assert scanmatch([(0, 0), (119.9, 79.9)], [(0, 0), (119, 79)], SCREEN, pixel="floor") == 1.0
    with pytest.raises(UndefinedError):
        scanmatch([(0, 0), (120, 79.9)], [(0, 0)], SCREEN, pixel="floor")


@pytest.mark.parametrize(
    ("path", "reason"),
    [([], "empty"), ([(5, 5)], "missing_duration"), ([(5, 5, 20), (6, 6, 24)], "no_bins")],
)
def test_what_time_bins_cannot_represent_has_no_score(path, reason):
    with pytest.raises(UndefinedError) as raised:
        scanmatch(path, [(5, 5, 200)], SCREEN, bin_ms=50)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"gap": 0.5}, "gap must be 0 or less"),
        ({"gap": np.nan}, "gap must be 0 or less"),
        ({"threshold": 0}, "threshold"),
        ({"bins": (0, 4)}, "bins"),
        ({"bins": 5}, "bins"),
        ({"bin_ms": -1}, "bin_ms"),
        ({"bin_ms": 1e-9}, "longer bins"),
        ({"corner": "one"}, "corner"),
        ({"outside": "drop"}, "outside"),
    ],
)
def test_wrong_settings_get_a_sentence(given_settings, message):
    with pytest.raises(InputError, match=message):
        scanmatch([(5, 5, 200)], [(5, 5, 200)], SCREEN, **given_settings)
