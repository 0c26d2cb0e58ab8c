"""Recurrence quantification: how often, and in what lines, gaze comes back to where it or another's gaze has been."""

from typing import Any, NamedTuple

import numpy as np

from scanpath._core.checks import check_count, check_positive
from scanpath.gaze.scanpath import as_scanpath
from scanpath.kernels import recurrence as kernel
from scanpath.metrics.packing import Scores, pack_both, pack_paths, pair_faults, run_over_pairs, score_one
from scanpath.metrics.spec import MetricSpec
from scanpath.metrics.undefined import reason_code, undefined


class Recurrence(NamedTuple):
    """Percentages of recurrence: how much, on diagonal lines, on straight lines, and how far apart in time."""

    recurrence: float
    determinism: float
    laminarity: float
    corm: float


def recurrence(a: Any, *, radius_px: float = 64.0, min_line: int = 2) -> Recurrence:
    """Quantify how one scanpath returns to its own places.

    Fixations i < j recur if they are at most `radius_px` apart. Of all pairs, `recurrence` gives the share that
    recurs; of the recurrent ones, `determinism` gives the share on diagonal lines (a sequence of places is repeated),
    `laminarity` that on horizontal and vertical lines (a place is inspected at length later or earlier; the mean of
    both), and `corm`, the center of recurrence mass, how far apart in time returns are: small for returns at once. A
    line is an unbroken run of at least `min_line` recurrent points. All in percent.

    Parameters
    ----------
    a
        A scanpath of at least two fixations.
    radius_px
        Largest distance at which two fixations are in the same place; 1 to 2 deg of visual angle are usual.
    min_line
        Fewest points of a line.

    Returns
    -------
    Recurrence
        recurrence, determinism, laminarity, corm; the last three are NaN where nothing recurs.

    Raises
    ------
    UndefinedError
        If the scanpath has fewer than two fixations ("too_short", "empty").

    References
    ----------
    Anderson, Bischof, Laidlaw, Risko & Kingstone (2013), Behavior Research Methods 45,
    https://doi.org/10.3758/s13428-012-0299-5.

    Examples
    --------
    >>> there_and_back = [(0, 0), (200, 0), (0, 0), (200, 0)]
    >>> result = recurrence(there_and_back)
    >>> round(result.recurrence, 2), result.determinism, round(result.corm, 2)
    (33.33, 100.0, 66.67)
    """
    path = as_scanpath(a)
    values, faults = _recurrence_batch([path], radius_px=radius_px, min_line=min_line)
    if faults.all():
        raise undefined("recurrence", faults[0, 0], f" (got {len(path)}, two are needed)")
    return Recurrence(*values[0].tolist())


def cross_recurrence(a: Any, b: Any, *, radius_px: float = 64.0, min_line: int = 2) -> Recurrence:
    """Quantify how one scanpath visits the places of another, and in what order.

    As `recurrence`, over all pairs of a fixation of `a` with one of `b`; the longer scanpath is first cut to the
    shorter one's length. `corm` is signed: positive where `b` visits a place later than `a`. Swapping the scanpaths
    changes its sign.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.
    radius_px, min_line
        As in `recurrence`.

    Returns
    -------
    Recurrence
        recurrence, determinism, laminarity, corm; the last three are NaN where nothing recurs, and corm for a single
        fixation.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty").

    References
    ----------
    Anderson, Anderson, Kingstone & Bischof (2015), Behavior Research Methods 47,
    https://doi.org/10.3758/s13428-014-0550-3.

    Examples
    --------
    >>> path = [(0, 0), (200, 0), (400, 0)]
    >>> cross_recurrence(path, path).determinism
    100.0
    """
    settings = {"radius_px": radius_px, "min_line": min_line}
    return Recurrence(*score_one("cross_recurrence", _cross_batch, a, b, **settings).tolist())


def _recurrence_batch(paths: Any, *, jobs: int = 1, radius_px: float = 64.0, min_line: int = 2) -> Scores:
    packed = pack_paths(paths)
    alone = np.arange(len(packed))
    pairs = np.stack([alone, alone], axis=1)
    fault = pair_faults(packed, packed, pairs, least=2)
    counts = _count(packed, packed, pairs, fault, jobs, radius_px, min_line, True)
    n = np.where(fault == 0, packed.length, 2)
    return _quantify(counts, fault, n * (n - 1) / 2, n)


def _cross_batch(
    first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1, radius_px: float = 64.0, min_line: int = 2
) -> Scores:
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs)
    counts = _count(paths_a, paths_b, pairs, fault, jobs, radius_px, min_line, False)
    n = np.minimum(paths_a.length[pairs[:, 0]], paths_b.length[pairs[:, 1]])
    n = np.where(fault == 0, n, 1)
    return _quantify(counts, fault, n * n, n)


def _count(
    paths_a: Any,
    paths_b: Any,
    pairs: np.ndarray,
    fault: np.ndarray,
    jobs: int,
    radius_px: float,
    min_line: int,
    triangle: bool,
) -> np.ndarray:
    check_positive("radius_px", radius_px)
    check_count("min_line", min_line, least=2)
    counts = np.zeros((len(pairs), 5), dtype=np.int64)
    sets = (paths_a.xy, paths_a.start, paths_b.xy, paths_b.start)
    limits = (float(radius_px), int(min_line), triangle)
    run_over_pairs(kernel.recurrence_pairs, jobs, pairs, (fault != 0, counts), *sets, *limits)
    return counts


def _quantify(counts: np.ndarray, fault: np.ndarray, possible: np.ndarray, n: np.ndarray) -> Scores:
    """Anderson's four percentages from the counts."""
    points = counts[:, kernel.POINTS]
    some = np.maximum(points, 1)
    on_straight = counts[:, kernel.ON_ROWS] + counts[:, kernel.ON_COLUMNS]
    values = 100.0 * np.stack(
        [
            points / possible,
            counts[:, kernel.ON_DIAGONALS] / some,
            on_straight / (2 * some),
            counts[:, kernel.LAG] / (np.maximum(n - 1, 1) * some),
        ],
        axis=1,
    )
    faults = np.repeat(fault[:, None], 4, axis=1)
    faults[(fault == 0) & (points == 0), 1:] = reason_code("no_recurrence")
    faults[(faults[:, 3] == 0) & (n < 2), 3] = reason_code("too_short")
    values[faults != 0] = np.nan
    return Scores(values, faults)


RECURRENCE = MetricSpec(
    name="recurrence",
    function=recurrence,
    summary="How often and in what lines one scanpath returns to its own places",
    parts=Recurrence._fields,
    range=(0.0, 100.0),
    direction="description",
    symmetric=False,
    unit="%",
    takes="scanpath",
    least=2,
    reference="Anderson et al. (2013), Behavior Research Methods 45",
    doi="10.3758/s13428-012-0299-5",
    batch=_recurrence_batch,
)
CROSS_RECURRENCE = MetricSpec(
    name="cross_recurrence",
    function=cross_recurrence,
    summary="How often and in what lines one scanpath visits another's places",
    parts=Recurrence._fields,
    range=(-100.0, 100.0),
    direction="similarity",
    symmetric=False,
    unit="%",
    reference="Anderson et al. (2015), Behavior Research Methods 47",
    doi="10.3758/s13428-014-0550-3",
    batch=_cross_batch,
)
