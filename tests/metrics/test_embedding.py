import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import UndefinedError
from scanpath.metrics import damerau, plausibility, sbtde, scaled_tde, tde

points = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=3, max_size=7)
words = st.text("abcd", min_size=1, max_size=7)


def windows(sequence, k):
    return [np.array(sequence[i : i + k], dtype=float) for i in range(len(sequence) - k + 1)]


def distances(simulated, human, k):
    return [min(np.linalg.norm(w - v) / k for v in windows(human, k)) for w in windows(simulated, k)]


@settings(max_examples=50, deadline=None)
@given(simulated=points, human=points, k=st.integers(1, 3))
def test_each_window_is_compared_with_the_nearest_human_window(simulated, human, k):
    expected = distances(simulated, human, k)
    assert tde(simulated, human, window=k) == pytest.approx(np.mean(expected))
    assert tde(simulated, human, window=k, reduce="max") == pytest.approx(max(expected))


@settings(max_examples=40, deadline=None)
@given(simulated=points, human=points)
def test_the_scaled_form_averages_over_all_window_lengths(simulated, human):
    lengths = range(1, min(len(simulated), len(human)) + 1)
    small = [[(x / 400, y / 400) for x, y in path] for path in (simulated, human)]
    expected = np.mean([np.exp(-np.mean(distances(*small, k))) for k in lengths])
    assert scaled_tde(simulated, human, screen_px=(400, 100)) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(simulated=words, human=words)
def test_strings_are_compared_window_by_window_with_swaps_as_one_edit(simulated, human):
    scores = []
    for k in range(1, min(len(simulated), len(human)) + 1):
        parts, others = ([text[i : i + k] for i in range(len(text) - k + 1)] for text in (simulated, human))
        scores.append(1 - np.mean([min(damerau(part, other) for other in others) / k for part in parts]))
    assert sbtde(simulated, human) == pytest.approx(np.mean(scores))
    assert sbtde(simulated, human, windows=len(scores)) == pytest.approx(scores[-1])
    assert sbtde(simulated, human, windows=[1, len(scores)]) == pytest.approx((scores[0] + scores[-1]) / 2)


def test_a_part_of_the_human_scanpath_is_found_in_it_but_not_the_reverse():
    human = [(0, 0), (50, 0), (50, 50), (0, 90)]
    assert tde(human[:3], human) == 0
    assert tde(human, human[:3]) > 0
    assert sbtde("abc", "xabcy") == 1 > sbtde("xabcy", "abc")


@pytest.mark.parametrize("metric", [tde, lambda a, b, window: sbtde(a, b, (100, 100), windows=window)])
def test_a_window_longer_than_a_scanpath_gives_no_perfect_distance(metric):
    with pytest.raises(UndefinedError) as raised:
        metric([(1, 1), (2, 2)], [(1, 1), (2, 2), (3, 3)], window=3)
    assert raised.value.reason == "too_short"


def test_the_grid_of_strings_is_an_argument():
    a, b = [(10, 10), (30, 10)], [(30, 10), (10, 10)]
    assert sbtde(a, b, (100, 100), bins=(2, 2)) == 1.0
    assert sbtde(a, b, (100, 100), bins=(5, 5)) < 1.0


def test_plausibility_keeps_best_and_mean_apart():
    best, mean, people = plausibility("tde", [(0, 0), (9, 0)], [[(0, 0), (9, 0)], [(0, 8), (9, 8)], []], window=2)
    assert (best, people) == (0.0, 2)
    assert mean == pytest.approx(np.sqrt(2) * 8 / 2 / 2)


def test_plausibility_without_anyone_to_compare_with_says_why():
    with pytest.raises(UndefinedError) as raised:
        plausibility("tde", [(0, 0)], [[(0, 0), (1, 1), (2, 2)]])
    assert raised.value.reason == "too_short"
    with pytest.raises(UndefinedError):
        plausibility("tde", [(0, 0)], [])
    with pytest.raises(ValueError, match="one part"):
        plausibility("multimatch", [(0, 0)], [[(0, 0)]], screen_px=(10, 10))
