"""Recurrence from Anderson's definitions, computed by hand; letters are places 1000 px apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import cross_recurrence, describe, pairwise, recurrence


def places(word):
    return [(1000.0 * (ord(letter) - 65), 0.0) for letter in word]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # R = 2 of 6 pairs, (0,2) and (1,3): one diagonal line, no straight one; lags 2 + 2
        ("ABAB", (100 * 2 / 6, 100.0, 0.0, 100 * 4 / (3 * 2))),
        # R = 3, (0,1) (0,2) (1,2): diagonal (0,1)-(1,2), row (0,1)-(0,2), column (0,2)-(1,2); lags 1 + 2 + 1
        ("AAAB", (50.0, 100 * 2 / 3, 100 * (2 + 2) / (2 * 3), 100 * 4 / (3 * 3))),
        # (0,2) and (2,4) lie on one diagonal but (1,3) is missing: no line; (0,4) and (0,2) on one row, (0,3) missing
        ("ABACA", (100 * 3 / 10, 0.0, 0.0, 100 * 8 / (4 * 3))),
        # a row of one: (0,3) and (1,3) make a column
        ("AACA", (50.0, 0.0, 100 * (0 + 2) / (2 * 3), 100 * (1 + 3 + 2) / (3 * 3))),
        ("AA", (100.0, 0.0, 0.0, 100.0)),
    ],
)
def test_one_scanpath_by_hand(word, expected):
    assert recurrence(places(word)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # points (0,0) (1,1) (2,2); the fourth fixation is cut off
        ("ABC", "ABCD", (100 / 3, 100.0, 0.0, 0.0)),
        # the second looks one fixation later: (0,1) (1,2)
        ("ABC", "XAB", (100 * 2 / 9, 100.0, 0.0, 50.0)),
        ("XAB", "ABC", (100 * 2 / 9, 100.0, 0.0, -50.0)),
        # the first stays: a column (0,1) (1,1) (2,1)
        ("AAA", "BAC", (100 * 3 / 9, 0.0, 50.0, 100 * (1 + 0 - 1) / (2 * 3))),
        # reversed: points on the antidiagonal make no line
        ("ABC", "CBA", (100 / 3, 0.0, 0.0, 0.0)),
    ],
)
def test_two_scanpaths_by_hand(first, second, expected):
    assert cross_recurrence(places(first), places(second)) == pytest.approx(expected, abs=1e-12)


def test_the_radius_counts_and_its_rim_is_inside():
    path = [(0, 0), (64, 0)]
    assert recurrence(path).recurrence == 100
    assert recurrence(path, radius_px=63.9).recurrence == 0
    assert cross_recurrence([(0, 0)], [(3, 4)], radius_px=5).recurrence == 100


def test_the_shortest_line_counts():
    assert recurrence(places("ABCABC"), min_line=3).determinism == 100
    assert recurrence(places("ABCABC"), min_line=4).determinism == 0


def test_without_recurrence_the_shares_have_no_value():
    result = recurrence(places("ABC"))
    assert result.recurrence == 0
    assert np.isnan(result[1:]).all()
    values, reasons = pairwise("cross_recurrence", [places("AB")], [places("CD")], return_reasons=True)
    assert values[0, 0, 0] == 0
    assert reasons[0, 0].tolist() == ["", "no_recurrence", "no_recurrence", "no_recurrence"]


def test_one_fixation_has_no_lag():
    with pytest.raises(UndefinedError) as raised:
        recurrence(places("A"))
    assert raised.value.reason == "too_short"
    single = cross_recurrence(places("A"), places("A"))
    assert single.recurrence == 100
    assert np.isnan(single.corm)


def test_sets_are_described_one_by_one():
    values, reasons = describe("recurrence", [places("ABAB"), [], places("A")], return_reasons=True)
    assert values[0] == pytest.approx(recurrence(places("ABAB")))
    assert reasons[1:].tolist() == [["empty"] * 4, ["too_short"] * 4]


@settings(max_examples=60, deadline=None)
@given(first=st.text("ABC", min_size=1, max_size=8), second=st.text("ABC", min_size=1, max_size=8))
def test_swapping_mirrors_time_and_nothing_else(first, second):
    forth, back = cross_recurrence(places(first), places(second)), cross_recurrence(places(second), places(first))
    assert forth[:3] == pytest.approx(back[:3], nan_ok=True)
    assert forth.corm == pytest.approx(-back.corm, nan_ok=True)
    defined = [value for value in forth[:3] if not np.isnan(value)]
    assert all(0 <= value <= 100 for value in defined)


def test_wrong_settings_get_a_sentence():
    with pytest.raises(InputError, match="radius_px"):
        recurrence(places("AB"), radius_px=0)
    with pytest.raises(InputError, match="min_line"):
        recurrence(places("AB"), min_line=1)
