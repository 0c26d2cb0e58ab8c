import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import (
    cluster_labels,
    fixation_clusters,
    fixation_edit_distance,
    labels_at,
    labels_in_areas,
    levenshtein,
    pairwise,
    repeat_by_duration,
    sequence_score,
)

words = st.text("abc", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(a=words, b=words)
def test_without_gap_costs_it_is_the_longest_common_subsequence(a, b):
    @functools.cache
    def common(i, j):
        if i == len(a) or j == len(b):
            return 0
        if a[i] == b[j]:
            return 1 + common(i + 1, j + 1)
        return max(common(i + 1, j), common(i, j + 1))

    assert sequence_score(a, b) == pytest.approx(common(0, 0) / max(len(a), len(b)))


def test_gaps_may_cost():
    assert sequence_score("abc", "ac", gap=-0.5) == pytest.approx((2 - 0.5) / 3)
    with pytest.raises(InputError, match="gap"):
        sequence_score("a", "b", gap=0.5)


@settings(max_examples=30, deadline=None)
@given(a=words, b=words)
def test_the_fixation_edit_distance_is_levenshtein_on_labels(a, b):
    assert fixation_edit_distance(a, b) == levenshtein(a, b)


def test_labels_may_be_anything_hashable():
    assert sequence_score([(1, 2), "sky", None], [(1, 2), None]) == pytest.approx(2 / 3)
    assert pairwise("sequence_score", [np.array([1, 2]), [2]])[:, :, 0].tolist() == [[1, 0.5], [0.5, 1]]
    with pytest.raises(InputError, match="sequence of labels"):
        sequence_score(3, [1])


def test_an_empty_sequence_has_no_score():
    with pytest.raises(UndefinedError) as raised:
        sequence_score([], [1])
    assert raised.value.reason == "empty"


def test_mean_shift_finds_the_crowds_in_order_of_size():
    generator = np.random.default_rng(0)
    crowds = [((100, 100), 30), ((400, 120), 20), ((250, 400), 10)]
    paths = [generator.normal(center, 8, (count, 2)) for center, count in crowds]
    centers = fixation_clusters(paths, bandwidth_px=60)
    assert centers == pytest.approx(np.array([center for center, _ in crowds]), abs=8)
    assert cluster_labels(paths[1], centers) == [1] * 20


def test_clusters_do_not_depend_on_the_order_of_people():
    generator = np.random.default_rng(1)
    paths = [generator.random((6, 2)) * 500 for _ in range(8)]
    assert np.array_equal(fixation_clusters(paths, 80), fixation_clusters(paths[::-1], 80))


@pytest.mark.parametrize("bandwidth", [40.0, 90.0, 200.0])
def test_mean_shift_agrees_with_scikit_learn(bandwidth):
    cluster = pytest.importorskip("sklearn.cluster")
    points = np.random.default_rng(7).normal(0, 1, (120, 2)) * 40 + np.repeat([[0, 0], [300, 0], [0, 300]], 40, axis=0)
    theirs = cluster.MeanShift(bandwidth=bandwidth).fit(points).cluster_centers_
    assert fixation_clusters([points], bandwidth) == pytest.approx(theirs)


def test_labels_are_read_at_the_nearest_pixel_and_nowhere_else():
    regions = np.arange(12).reshape(3, 4)
    assert labels_at([(-0.5, 0), (3.4, 2.4), (1.5, 0.49)], regions) == [0, 11, 2]
    for outside in ((-0.6, 0), (3.5, 0), (0, 2.6)):
        with pytest.raises(UndefinedError) as raised:
            labels_at([outside], regions)
        assert raised.value.reason == "off_screen"
    with pytest.raises(InputError, match="integers"):
        labels_at([(0, 0)], regions / 2)


def test_labels_are_repeated_for_whole_bins():
    assert repeat_by_duration([7, 8, 9], [49, 50, 149]) == [8, 9, 9]
    for times in ([100], [100, np.nan, 100], [100, -1, 100]):
        with pytest.raises(InputError, match="duration_ms"):
            repeat_by_duration([7, 8, 9], times)


def test_clusters_need_fixations_and_centers():
    with pytest.raises(UndefinedError):
        fixation_clusters([[]], 50)
    with pytest.raises(InputError, match="centers"):
        cluster_labels([(0, 0)], np.zeros((0, 2)))


def test_fixations_too_far_for_numbers_are_said_and_not_wrapped():
    far = [(1e300, 0.0)]
    with pytest.raises(UndefinedError, match="off the"):
        labels_at(far, np.zeros((3, 3), dtype=int))
    with pytest.raises(UndefinedError, match="unit") as caught:
        fixation_clusters([far], bandwidth_px=10)
    assert caught.value.reason == "overflow"
    with pytest.raises(InputError, match="finite"):
        cluster_labels([(0, 0)], [(np.nan, 0)])
    with pytest.raises(InputError, match="longer bins"):
        repeat_by_duration("a", [1e300])


@pytest.mark.parametrize("gap", [0.1, np.nan, -np.inf, "a", None])
def test_a_gap_that_cannot_be_added_is_refused(gap):
    with pytest.raises(InputError, match="gap must be"):
        sequence_score("abc", "abd", gap=gap)


def test_areas_label_fixations_as_their_pixels_in_a_label_map_do():
    boxes = {"a": (3, 2, 4, 5), "b": (9, 0, 3, 9)}
    label_map = np.zeros((9, 12), int)
    for number, (x, y, width, height) in enumerate(boxes.values(), start=1):
        label_map[y : y + height, x : x + width] = number
    masks = {name: label_map == number for number, name in enumerate(boxes, start=1)}
    xy = np.random.default_rng(0).uniform(-0.5, (11.5, 8.5), (300, 2))
    xy[:4] = (2.5, 2), (6.49, 6.49), (6.5, 3), (3, 1.49)  # borders: pixel k holds k - 1/2 to k + 1/2
    expected = [["", "a", "b"][number] for number in labels_at(xy, label_map)]
    assert labels_in_areas(xy, boxes, elsewhere="") == expected
    assert labels_in_areas(xy, masks, elsewhere="") == expected


def test_the_smallest_of_overlapping_areas_wins_whatever_their_order():
    face, eye = (0, 0, 100, 100), np.zeros((60, 60), bool)
    eye[20:30, 20:30] = True
    for areas in ({"face": face, "eye": eye}, {"eye": eye, "face": face}):
        assert labels_in_areas([(25, 25), (40, 25), (80, 80), (100, 3)], areas) == ["eye", "face", "face", "elsewhere"]


@pytest.mark.parametrize(
    "area", [(1, 2, 3), (1, 2, 0, 4), np.zeros((3, 3), bool), [[0.5, 0.2]], "box", (1, 2, np.nan, 3)]
)
def test_what_is_no_area_is_refused_by_its_label(area):
    with pytest.raises(InputError, match="area 'lamp' must be a box"):
        labels_in_areas([(1, 1)], {"lamp": area})
