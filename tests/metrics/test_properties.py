"""What every metric of two scanpaths must keep, whatever the scanpaths: identity, symmetry, bounds, batches, inputs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import Scanpath, ScanpathBatch, Screen, UndefinedError
from scanpath.metrics import METRICS, count_reasons, pairwise, score_pairs

SCREEN = (800, 600)
DISPLAY = Screen.from_px_per_deg(25.0, width_px=800, height_px=600)
# metric -> settings that stress it; several rows of one metric differ in their settings
CASES = [
    ("multimatch", {"screen_px": SCREEN}),
    ("scanmatch", {"screen_px": SCREEN}),
    ("scanmatch", {"screen_px": SCREEN, "bin_ms": 50, "gap": -0.5, "corner": "zero", "threshold": 2.0}),
    ("levenshtein", {"screen_px": SCREEN, "bins": (7, 3)}),
    ("levenshtein", {"screen_px": SCREEN, "normalize": True}),
    ("damerau", {"screen_px": SCREEN}),
    ("dtw", {}),
    ("dtw", {"convention": "squared", "normalize": True}),
    ("dtw", {"convention": "root"}),
    ("frechet", {}),
    ("hausdorff", {}),
    ("emd", {}),
    ("emd", {"weights": "duration"}),
    ("tde", {"window": 2}),
    ("tde", {"window": 3, "reduce": "max"}),
    ("scaled_tde", {"screen_px": SCREEN}),
    ("sbtde", {"screen_px": SCREEN}),
    ("sbtde", {"screen_px": SCREEN, "windows": (1, 2)}),
    ("eyenalysis", {}),
    ("eyenalysis", {"px_per_ms": 0.2}),
    ("mannan", {"screen_px": SCREEN, "draws": 20}),
    ("mannan_distance", {"screen_px": SCREEN}),
    ("cross_recurrence", {}),
    ("scasim", {"screen": DISPLAY}),
    ("scasim", {"screen": DISPLAY, "normalize": True}),
]
SYMMETRIC = [case for case in CASES if METRICS[case[0]].symmetric]
# the others are tied to a display, to ms, to a radius or to whole pixels: 800 px are no multiple of 12 or 7 columns
FREE_OF_UNITS = [
    (name, given_settings)
    for name, given_settings in CASES
    if not {"screen", "px_per_ms", "bins"} & set(given_settings) and name not in ("cross_recurrence", "scanmatch")
]


def over(cases):
    return pytest.mark.parametrize(("name", "given_settings"), cases, ids=lambda value: str(value)[:40])


EACH = over(CASES)
FEW = settings(max_examples=25, deadline=None)


@st.composite
def scanpaths(draw, least=1, most=9):
    """Scanpaths on the screen with durations, on a coarse grid (many ties) or anywhere."""
    n = draw(st.integers(least, most))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        xy = generator.integers(0, (5, 4), (n, 2)) * 150.0
    else:
        xy = generator.random((n, 2)) * (np.array(SCREEN) - 1)
    return Scanpath(xy, generator.integers(30, 600, n).astype(float))


def call(name, a, b, given_settings):
    """Values of one call, or the reason why there is none."""
    try:
        return np.atleast_1d(np.array(METRICS[name].function(a, b, **given_settings), dtype=float))
    except UndefinedError as error:
        return error.reason


@EACH
@FEW
@given(path=scanpaths(least=3))
def test_a_scanpath_is_identical_to_itself(name, given_settings, path):
    metric = METRICS[name]
    values = call(name, path, path, given_settings)
    if name == "cross_recurrence":
        assert values[0] >= 100.0 / len(path) - 1e-9  # at least the main diagonal recurs
        assert values[1] == pytest.approx(100.0) or values[0] > 100.0 / len(path)
    else:
        best = metric.range[1] if metric.direction == "similarity" else 0.0
        assert values == pytest.approx(np.full(len(metric.parts), best), abs=1e-9)


@over(SYMMETRIC)
@FEW
@given(a=scanpaths(), b=scanpaths())
def test_swapping_changes_nothing_where_the_spec_says_so(name, given_settings, a, b):
    assert np.array_equal(call(name, a, b, given_settings), call(name, b, a, given_settings))


@EACH
@FEW
@given(a=scanpaths(), b=scanpaths())
def test_values_stay_in_the_range_of_the_spec(name, given_settings, a, b):
    values = call(name, a, b, given_settings)
    if not isinstance(values, str) and not given_settings.get("gap"):
        low, high = METRICS[name].range
        defined = values[~np.isnan(values)]
        assert ((defined >= low - 1e-9) & (defined <= high + 1e-9)).all()


@EACH
@settings(max_examples=10, deadline=None)
@given(paths=st.lists(scanpaths(least=0), min_size=1, max_size=5), others=st.lists(scanpaths(), min_size=1, max_size=4))
def test_batches_give_exactly_what_single_calls_give(name, given_settings, paths, others):
    paths = [*paths, Scanpath(paths[0].xy)]  # one without durations
    for first, second, B in ((paths, paths, None), (paths, others, others)):
        values, reasons = pairwise(name, first, B, return_reasons=True, **given_settings)
        threaded = pairwise(name, first, B, jobs=3, **given_settings)
        assert np.array_equal(values, threaded, equal_nan=True)
        assert ((reasons != "") == np.isnan(values)).all()
        for i, a in enumerate(first):
            for j, b in enumerate(second):
                single = call(name, a, b, given_settings)
                if isinstance(single, str):
                    assert (reasons[i, j] == single).all()
                else:
                    assert np.array_equal(values[i, j], single, equal_nan=True)


@EACH
@settings(max_examples=10, deadline=None)
@given(paths=st.lists(scanpaths(least=0), min_size=1, max_size=4), extra=st.integers(0, 5))
def test_padding_changes_nothing(name, given_settings, paths, extra):
    batch = ScanpathBatch.pack([*paths, np.zeros((9 + extra, 2))])
    padded = ScanpathBatch(batch.xy[:-1], batch.duration_ms[:-1], batch.length[:-1])
    expected = pairwise(name, paths, **given_settings)
    assert np.array_equal(pairwise(name, padded, **given_settings), expected, equal_nan=True)


@EACH
def test_inputs_are_left_as_they_were_and_may_be_read_only(name, given_settings):
    generator = np.random.default_rng(5)
    a, b = (np.column_stack([generator.random((n, 2)) * 500, generator.random(n) * 400]) for n in (6, 8))
    before = a.copy(), b.copy()
    writeable = call(name, a, b, given_settings)
    pairwise(name, [a, b], **given_settings)
    assert np.array_equal(a, before[0])
    assert np.array_equal(b, before[1])
    a.flags.writeable = b.flags.writeable = False
    assert np.array_equal(call(name, a, b, given_settings), writeable, equal_nan=True)


@EACH
def test_what_has_no_value_is_nan_with_a_reason_and_never_a_score(name, given_settings):
    good = np.column_stack([np.linspace(10, 500, 6), np.linspace(20, 400, 6), np.full(6, 200.0)])
    broken = good.copy()
    broken[2, 0] = np.nan
    endless = good.copy()
    endless[0, 1] = np.inf
    paths = [good, broken, endless, np.zeros((0, 2)), good[:1]]
    values, reasons = pairwise(name, paths, return_reasons=True, **given_settings)
    assert np.isfinite(values[0, 0]).all()
    for index, reason in ((1, "nan"), (2, "nan"), (3, "empty")):
        assert np.isnan(values[index, 0]).all()
        assert np.isnan(values[0, index]).all()
        assert (reasons[index, 0] == reason).all()
        assert (reasons[0, index] == reason).all()
        assert count_reasons(reasons)[reason] > 0
    assert ((reasons != "") == np.isnan(values)).all()


@EACH
def test_numbers_beyond_floating_point_give_no_score(name, given_settings):
    huge = np.array([[1e300, 0, 200], [-1e300, 1e300, 200], [0, -1e300, 200], [1e300, 1e300, 100]])
    good = np.column_stack([np.linspace(10, 500, 6), np.linspace(20, 400, 6), np.full(6, 200.0)])
    values, reasons = pairwise(name, [huge], [good], return_reasons=True, **given_settings)
    defined = reasons == ""
    assert (np.isnan(values) == ~defined).all()
    metric = METRICS[name]
    if metric.direction == "similarity" and name != "cross_recurrence" and defined.any():
        # direction, duration and similarities that fall to 0 with distance may have a value; none is a good one
        assert values[defined & (np.array(metric.parts) != "duration")[None, None]].max(initial=0) < 0.9


@over(FREE_OF_UNITS)
@FEW
@given(a=scanpaths(least=3), b=scanpaths(least=3))
def test_measuring_in_other_pixels_scales_distances_and_keeps_similarities(name, given_settings, a, b):
    doubled = dict(given_settings)
    if "screen_px" in doubled:
        doubled["screen_px"] = (2 * SCREEN[0], 2 * SCREEN[1])
    larger = [Scanpath(2 * path.xy + 0.5, path.duration_ms) for path in (a, b)]  # the borders stay at -1/2
    factor = {"px": 4.0 if given_settings.get("convention") == "squared" else 2.0}.get(METRICS[name].unit, 1.0)
    assert call(name, *larger, doubled) == pytest.approx(factor * call(name, a, b, given_settings), rel=1e-9, abs=1e-9)


def test_every_metric_of_two_scanpaths_is_covered_here():
    takers = {name for name in METRICS if METRICS[name].takes == "scanpaths"}
    assert takers == {name for name, _ in CASES}


def test_named_pairs_are_those_of_the_matrix():
    generator = np.random.default_rng(2)
    paths = [generator.random((n, 2)) * 500 for n in (3, 5, 1, 7)]
    matrix = pairwise("tde", paths, window=2)
    pairs = [(0, 1), (3, 2), (1, 0), (3, 3)]
    chosen, reasons = score_pairs("tde", paths, None, pairs, window=2, return_reasons=True)
    assert np.array_equal(chosen, matrix[tuple(np.transpose(pairs))], equal_nan=True)
    assert reasons[:, 0].tolist() == ["", "too_short", "", ""]
