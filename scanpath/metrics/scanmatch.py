"""ScanMatch: scanpaths as sequences of grid cells, aligned as biologists align proteins."""

import functools
from math import inf

import numpy as np

from scanpath._core.checks import check_choice, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath.kernels.sequences import global_alignment_pairs
from scanpath.metrics.grid import grid_cells
from scanpath.metrics.pairs import (
    MOST_BINS,
    Packed,
    PackedPaths,
    PathPairs,
    Scores,
    add_fault,
    check_gap,
    scanpath_metric,
)

#: Where the borders of the alignment matrix start: at one gap as published programs do, or at zero.
CORNERS = ("gap", "zero")


@scanpath_metric(
    range=(-inf, 1),  # at least 0 with gap 0
    direction="similarity",
    symmetric=True,
    reference="Cristino et al. (2010), Behavior Research Methods 42",
    doi="10.3758/BRM.42.3.692",
)
def scanmatch(
    pairs: PathPairs,
    screen_px: tuple[int, int],
    *,
    bins: tuple[int, int] = (12, 8),
    threshold: float = 3.5,
    gap: float = 0.0,
    bin_ms: float | None = None,
    corner: str = "gap",
    outside: str = "undefined",
    pixel: str = "nearest",
) -> Scores:
    """Compare two scanpaths as sequences of grid cells by a global alignment with graded substitution.

    Putting cell q for cell p gains `threshold` - distance(p, q), in cells, so that cells nearer than the threshold
    are worth aligning. The score is the best value in the Needleman-Wunsch matrix, divided by `threshold` times the
    longer sequence's length. It is at most 1 and, with `gap` 0, at least 0.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.
    screen_px
        (width, height) of the screen or picture.
    bins
        (columns, rows) of the grid; a cell is floor(pixel * columns / width).
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
    pixel
        Which pixel a fixation falls on: "nearest", or "floor" as in the published programs, which cut coordinates.

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
    columns, rows = check_size("bins", bins)
    check_positive("threshold", threshold)
    check_choice("corner", corner, CORNERS)
    check_gap(gap)
    apart = _apart(columns, rows)

    def cells(paths: PackedPaths) -> Packed:
        found = grid_cells(paths, screen_px, (columns, rows), outside=outside, pixel=pixel)
        return found if bin_ms is None else _repeat(found, paths, check_positive("bin_ms", bin_ms))

    sequences = pairs.each(cells)
    border = float(gap) if corner == "gap" else 0.0
    values, faults = sequences.score(global_alignment_pairs, threshold - apart, float(gap), border)
    longer = np.maximum(*sequences.lengths)[:, None]
    return Scores(np.divide(values, threshold * longer, out=values, where=faults == 0), faults)


@functools.lru_cache(maxsize=8)
def _apart(columns: int, rows: int) -> np.ndarray:
    """Distance of two cells by how many columns and rows they lie apart."""
    return np.hypot(np.arange(columns)[:, None], np.arange(rows))


def _repeat(cells: Packed, paths: PackedPaths, bin_ms: float) -> Packed:
    """Repeat each cell by its duration in time bins."""
    missing = np.isnan(paths.duration_ms)
    times = np.where(missing, 0, np.rint(np.trunc(paths.duration_ms) / bin_ms))
    if times.sum() > MOST_BINS:
        raise InputError(f"bin_ms={bin_ms:g} cuts the durations into {times.sum():.3g} bins; use longer bins, or ms.")
    times = times.astype(np.int64)
    total = np.bincount(paths.owner, weights=times, minlength=len(paths)).astype(np.int64)
    fault = add_fault(cells.fault, paths.untimed, "missing_duration")
    fault = add_fault(fault, (total == 0) & (paths.length > 0), "no_bins")
    start = np.concatenate([[0], np.cumsum(total)])
    return Packed(np.repeat(cells.values, times, axis=0), start, fault)
