import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import damerau, levenshtein, pairwise

words = st.text("abc", min_size=1, max_size=7)


def from_the_definition(a, b, swaps):
    @functools.cache
    def edits(i, j):
        if i == 0 or j == 0:
            return i + j
        best = min(edits(i - 1, j) + 1, edits(i, j - 1) + 1, edits(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if swaps and i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            best = min(best, edits(i - 2, j - 2) + 1)
        return best

    return edits(len(a), len(b))


@settings(max_examples=80, deadline=None)
@given(a=words, b=words)
def test_both_follow_their_recursions(a, b):
    assert levenshtein(a, b) == from_the_definition(a, b, swaps=False)
    assert damerau(a, b) == from_the_definition(a, b, swaps=True) <= levenshtein(a, b)


@settings(max_examples=60, deadline=None)
@given(a=words, b=words, c=words)
def test_levenshtein_keeps_the_triangle_inequality(a, b, c):
    assert levenshtein(a, c) <= levenshtein(a, b) + levenshtein(b, c)


def test_no_part_is_edited_twice():
    assert damerau("ca", "abc") == 3


def test_normalizing_divides_by_the_longer_sequence():
    assert levenshtein("abcd", "ab", normalize=True) == 0.5
    assert damerau("ba", "abcd", normalize=True) == 0.75


def test_cells_tile_the_screen_where_its_width_is_no_multiple_of_the_columns():
    # with cells of 1023 // 4 = 255 px the pixels from 1020 on would fall into a fifth column, the next row's first
    assert levenshtein([(1022, 0)], [(900, 0)], screen_px=(1023, 767), bins=(4, 4)) == 0
    assert levenshtein([(1022, 0)], [(0, 200)], screen_px=(1023, 767), bins=(4, 4)) == 1


def test_columns_and_rows_are_told_apart():
    left, right, below = [(10, 10)], [(90, 10)], [(10, 90)]
    assert levenshtein(left, right, screen_px=(100, 100), bins=(2, 1)) == 1
    assert levenshtein(left, below, screen_px=(100, 100), bins=(2, 1)) == 0


def test_labels_may_be_words_numbers_or_mixed():
    assert levenshtein(["face", "sky"], ["face", "tree", "sky"]) == 1
    assert levenshtein(np.array([1, 2, 3]), [1, 3]) == 1
    assert pairwise("levenshtein", ["ab", "abc"], ["abc"])[:, 0, 0].tolist() == [1, 0]


def test_scanpaths_need_a_screen_and_labels_do_not():
    with pytest.raises(InputError, match="screen_px"):
        levenshtein([(1, 1)], [(2, 2)])


@pytest.mark.parametrize(("a", "b"), [("", "abc"), ("", ""), ([], [])])
def test_an_empty_sequence_has_no_distance(a, b):
    with pytest.raises(UndefinedError) as raised:
        levenshtein(a, b)
    assert raised.value.reason == "empty"


def test_a_fixation_off_the_screen_has_no_label_unless_clamped():
    with pytest.raises(UndefinedError, match="clamp"):
        levenshtein([(200, 1)], [(1, 1)], screen_px=(100, 100))
    assert levenshtein([(200, 1)], [(99, 1)], screen_px=(100, 100), outside="clamp") == 0
