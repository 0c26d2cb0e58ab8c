import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import describe, stationary_entropy, transition_entropy

words = st.text("abcd", min_size=2, max_size=30)


@settings(max_examples=60, deadline=None)
@given(word=words)
def test_stationary_entropy_lies_between_none_and_even_spread(word):
    value = stationary_entropy(word)
    assert -1e-12 <= value <= np.log2(len(set(word))) + 1e-12
    assert value == pytest.approx(stationary_entropy(word[::-1]))


@settings(max_examples=60, deadline=None)
@given(word=words)
def test_transition_entropy_is_the_weighted_entropy_of_the_rows(word):
    steps = list(itertools.pairwise(word))
    total = 0.0
    for source in set(word[:-1]):
        targets = [b for a, b in steps if a == source]
        shares = np.array([targets.count(b) for b in set(targets)]) / len(targets)
        total += len(targets) / len(steps) * -(shares * np.log2(shares)).sum()
    assert transition_entropy(word) == pytest.approx(total, abs=1e-9)


def test_a_coin_has_one_bit():
    assert stationary_entropy("abab") == 1
    assert transition_entropy("abacabaca") == pytest.approx(0.5)  # from a to b or c, from there always back


def test_staying_may_be_left_out():
    assert transition_entropy("aabaab", self_transitions=False) == 0
    assert transition_entropy("aabaab") > 0


def test_durations_may_weigh():
    path = [(10, 10, 300), (90, 90, 100)]
    assert stationary_entropy(path, (100, 100)) == 1
    expected = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert stationary_entropy(path, (100, 100), weights="duration") == pytest.approx(expected)


def test_cells_span_the_screen_and_not_the_data():
    near = [(10, 10), (11, 11), (12, 12)]
    assert stationary_entropy(near, (100, 100)) == 0
    assert stationary_entropy(near, (15, 15)) > 0


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: stationary_entropy(""), "empty"),
        (lambda: stationary_entropy([(200, 1)], (100, 100)), "off_screen"),
        (lambda: stationary_entropy([(1, 1)], (100, 100), weights="duration"), "missing_duration"),
        (lambda: stationary_entropy([(1, 1, 0)], (100, 100), weights="duration"), "zero_duration"),
        (lambda: transition_entropy("a"), "too_short"),
        (lambda: transition_entropy("aaa", self_transitions=False), "no_movement"),
    ],
)
def test_what_is_undefined_says_why(call, reason):
    with pytest.raises(UndefinedError) as raised:
        call()
    assert raised.value.reason == reason


def test_labels_have_no_durations():
    with pytest.raises(InputError, match="labels"):
        stationary_entropy("ab", weights="duration")


def test_sets_are_described_one_by_one():
    paths = [[(10, 10), (90, 90)], [(np.nan, 1), (2, 2)], [], [(500, 1), (1, 1)]]
    values, reasons = describe("stationary_entropy", paths, screen_px=(100, 100), return_reasons=True)
    assert values[0, 0] == 1
    assert reasons[:, 0].tolist() == ["", "nan", "empty", "off_screen"]
