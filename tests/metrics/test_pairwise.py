import sys
import tracemalloc

import numpy as np
import pytest

from scanpath import InputError, Scanpath, UndefinedError
from scanpath.metrics import Metric, count_reasons, describe, pairwise, score_pairs

PEOPLE = [np.random.default_rng(seed).random((4 + seed, 2)) * 500 for seed in range(5)]


def first_fixations_apart(a, b, *, at_most=1e9):
    """A metric of a user's own."""
    if not (len(a) and len(b)):
        raise UndefinedError("A first fixation is needed.", "empty")
    return min(at_most, float(np.hypot(*(np.asarray(a)[0] - np.asarray(b)[0]))))


OWN = Metric(
    name="first_fixations_apart",
    function=first_fixations_apart,
    summary="Distance of the first fixations",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="none",
)


def test_a_metric_of_ones_own_runs_over_sets_too():
    values, reasons = pairwise(OWN, [*PEOPLE, []], return_reasons=True, at_most=100.0)
    assert values[0, 1, 0] == first_fixations_apart(PEOPLE[0], PEOPLE[1], at_most=100.0)
    assert np.array_equal(values, values.swapaxes(0, 1), equal_nan=True)
    assert reasons[5, 0, 0] == "empty"


def test_shapes_follow_sets_and_parts():
    assert pairwise("multimatch", PEOPLE, PEOPLE[:2], screen_px=(500, 500)).shape == (5, 2, 5)
    assert pairwise("dtw", PEOPLE).shape == (5, 5, 1)
    assert pairwise("dtw", [], PEOPLE).shape == (0, 5, 1)
    assert pairwise("dtw", []).shape == (0, 0, 1)
    assert score_pairs("dtw", PEOPLE, None, []).shape == (0, 1)
    assert describe("recurrence", []).shape == (0, 4)


def test_stacked_arrays_are_sets():
    stack = np.random.default_rng(0).random((3, 6, 2)) * 100
    assert np.array_equal(pairwise("frechet", stack), pairwise("frechet", list(stack)))


def test_directed_metrics_are_not_mirrored():
    matrix = pairwise("tde", PEOPLE, window=2)[:, :, 0]
    assert not np.allclose(matrix, matrix.T)


def test_reasons_are_counted_the_most_frequent_first():
    values, reasons = pairwise("tde", [*PEOPLE, [(1, 1)], []], return_reasons=True)
    counts = count_reasons(reasons)
    assert counts == {"empty": 13, "too_short": 11}
    assert list(counts) == ["empty", "too_short"]
    assert sum(counts.values()) == np.isnan(values).sum()
    assert count_reasons(reasons[:5, :5]) == {}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pairwise("dtw", Scanpath([(0, 0)])), "put it in a list"),
        (lambda: pairwise("dtw", [np.zeros((3, 4))]), "Scanpath 0"),
        (lambda: pairwise("dtw", [[(0, 0)], "abc"]), "Scanpath 1"),
        (lambda: pairwise("dtw", PEOPLE, jobs=0), "jobs"),
        (lambda: pairwise("recurrence", PEOPLE), "takes a scanpath"),
        (lambda: pairwise("saccade_divergence", PEOPLE), "sets of scanpaths"),
        (lambda: describe("dtw", PEOPLE), "not one scanpath"),
        (lambda: score_pairs("dtw", PEOPLE, None, [(0, 5)]), "outside"),
        (lambda: score_pairs("dtw", PEOPLE, None, [(-1, 0)]), "outside"),
        (lambda: score_pairs("dtw", PEOPLE, None, [0, 1]), "shape"),
        (lambda: score_pairs("dtw", PEOPLE, None, [(0.5, 1)]), "whole numbers"),
        (lambda: pairwise("dtw", None), "NoneType"),
        (lambda: pairwise("sbtde", ["ab"], windows=[]), "at least one window"),
    ],
)
def test_wrong_use_gets_a_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_wrong_shape_is_an_error_and_not_a_reason():
    with pytest.raises(InputError, match=r"\(n, 2\)"):
        pairwise("dtw", [np.full((3, 5), np.nan)])


@pytest.mark.skipif(sys.gettrace() is not None, reason="tracing tools allocate too")
def test_memory_grows_with_the_result_alone():
    def peak(people):
        paths = [np.random.default_rng(seed).random((10, 2)) * 500 for seed in range(people)]
        pairwise("multimatch", paths[:2], screen_px=(500, 500))
        tracemalloc.start()
        result = pairwise("multimatch", paths, screen_px=(500, 500))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most / result.nbytes

    assert peak(400) < 8
    assert peak(400) < 2 * peak(100)


def test_reasons_of_a_metric_of_your_own_are_counted_together():
    def never(a, b):
        raise UndefinedError("The tides were wrong.", "tides")

    metric = Metric(
        name="never",
        function=never,
        summary="",
        range=(0.0, 1.0),
        direction="distance",
        symmetric=True,
        reference="",
    )
    assert count_reasons(pairwise(metric, [[(0, 0)]] * 2, return_reasons=True)[1]) == {"other": 4}
