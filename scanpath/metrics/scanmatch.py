"""ScanMatch: scanpaths as sequences of grid cells, aligned as biologists align proteins."""

from typing import Any

import numpy as np

from scanpath._core.checks import check_choice, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath.kernels.sequences import global_alignment_pairs
from scanpath.metrics.grid import grid_labels
from scanpath.metrics.packing import (
    MOST_BINS,
    PackedLabels,
    PackedPaths,
    Scores,
    check_gap,
    pack_both,
    pair_faults,
    run_over_pairs,
    score_one,
)
from scanpath.metrics.spec import MetricSpec
from scanpath.metrics.undefined import reason_code

#: Where the borders of the alignment matrix start: at one gap as published programs do, or at zero.
CORNERS = ("gap", "zero")


def scanmatch(
    a: Any,
    b: Any,
    screen_px: tuple[int, int],
    *,
    bins: tuple[int, int] = (12, 8),
    threshold: float = 3.5,
    gap: float = 0.0,
    bin_ms: float | None = None,
    corner: str = "gap",
    outside: str = "undefined",
) -> float:
    """Compare two scanpaths as sequences of grid cells by a global alignment with graded substitution.

    Putting cell q for cell p gains `threshold` - distance(p, q), in cells, so that cells nearer than the threshold
    are worth aligning. The score is the best value in the Needleman-Wunsch matrix, divided by `threshold` times the
    longer sequence's length. It is at most 1 and, with `gap` 0, at least 0.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.
    screen_px
        (width, height) of the screen or picture. Coordinates are cut to whole pixels before they are binned.
    bins
        (columns, rows) of the grid.
    threshold
        Distance in cells at which substitution gains nothing. The toolbox's rule of thumb is twice the standard
        deviation of saccade amplitude, in cells.
    gap
        Added for each cell left out, 0 or less.
    bin_ms
        Repeat each cell round(duration / bin_ms) times, so that durations count; None compares order alone.
        Durations are cut to whole ms first and halves go to the even number, as in the published program. Fixations
        shorter than half a bin vanish.
    corner
        "gap" starts the borders of the matrix at one gap, as the published programs do: with a negative gap even
        identical scanpaths then score a little below 1. "zero" is the textbook's border. No difference for gap 0.
    outside
        "undefined": a fixation off the screen makes the score undefined. "clamp": it counts in the nearest cell.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty"), leaves the screen ("off_screen"), lacks durations for `bin_ms`
        ("missing_duration"), or is left with nothing by it ("no_bins").

    References
    ----------
    Cristino, Mathôt, Theeuwes & Gilchrist (2010), Behavior Research Methods 42,
    https://doi.org/10.3758/BRM.42.3.692.

    Examples
    --------
    >>> path = [(100, 100), (400, 120), (300, 500), (700, 300)]
    >>> scanmatch(path, path, screen_px=(1280, 720))
    1.0
    >>> round(scanmatch(path, path[::-1], screen_px=(1280, 720)), 4)
    0.25
    """
    settings = {
        "bins": bins,
        "threshold": threshold,
        "gap": gap,
        "bin_ms": bin_ms,
        "corner": corner,
        "outside": outside,
    }
    return float(score_one("scanmatch", _batch, a, b, screen_px=screen_px, **settings)[0])


def _batch(
    first: Any,
    second: Any,
    pairs: np.ndarray,
    *,
    jobs: int = 1,
    screen_px: tuple[int, int],
    bins: tuple[int, int] = (12, 8),
    threshold: float = 3.5,
    gap: float = 0.0,
    bin_ms: float | None = None,
    corner: str = "gap",
    outside: str = "undefined",
) -> Scores:
    columns, rows = check_size("bins", bins)
    check_positive("threshold", threshold)
    check_choice("corner", corner, CORNERS)
    check_gap(gap)
    apart = np.hypot(np.arange(columns)[:, None], np.arange(rows))

    def cells(paths: PackedPaths) -> PackedLabels:
        labels = grid_labels(paths, screen_px, (columns, rows), outside=outside, whole_pixels=True)
        return labels if bin_ms is None else _repeat(labels, paths, check_positive("bin_ms", bin_ms))

    packed_a, packed_b = pack_both(first, second)
    cells_a = cells(packed_a)
    cells_b = cells_a if packed_b is packed_a else cells(packed_b)
    fault = pair_faults(cells_a, cells_b, pairs)
    scores = np.full(len(pairs), np.nan)
    run_over_pairs(
        global_alignment_pairs,
        jobs,
        pairs,
        (fault != 0, scores),
        *(cells_a.symbols, cells_a.start, cells_b.symbols, cells_b.start),
        *(threshold - apart, float(gap), float(gap) if corner == "gap" else 0.0),
    )
    longer = np.maximum(cells_a.length[pairs[:, 0]], cells_b.length[pairs[:, 1]])
    values = np.divide(scores, threshold * longer, out=scores, where=fault == 0)
    return Scores(values[:, None], fault[:, None])


def _repeat(cells: PackedLabels, paths: PackedPaths, bin_ms: float) -> PackedLabels:
    """Repeat each cell by its duration in time bins."""
    missing = np.isnan(paths.duration_ms)
    times = np.where(missing, 0, np.rint(np.trunc(paths.duration_ms) / bin_ms))
    if times.sum() > MOST_BINS:
        raise InputError(f"bin_ms={bin_ms:g} cuts the durations into {times.sum():.3g} bins; use longer bins, or ms.")
    times = times.astype(np.int64)
    total = np.bincount(paths.owner, weights=times, minlength=len(paths)).astype(np.int64)
    without = np.bincount(paths.owner[missing], minlength=len(paths)) > 0
    fault = np.where((cells.fault == 0) & without, reason_code("missing_duration"), cells.fault)
    fault = np.where((fault == 0) & (total == 0) & (paths.length > 0), reason_code("no_bins"), fault)
    start = np.concatenate([[0], np.cumsum(total)])
    return PackedLabels(np.repeat(cells.symbols, times, axis=0), start, fault.astype(np.int8))


SPEC = MetricSpec(
    name="scanmatch",
    function=scanmatch,
    summary="Global alignment of grid-cell sequences with graded substitution",
    range=(0.0, 1.0),
    direction="similarity",
    symmetric=True,
    needs=("screen_px",),
    reference="Cristino et al. (2010), Behavior Research Methods 42",
    doi="10.3758/BRM.42.3.692",
    batch=_batch,
)
