"""Recurrence quantification: how often, and in what lines, gaze comes back to where it or another's gaze has been."""

from typing import NamedTuple

import numpy as np

from scanpath._core.checks import check_count, check_positive
from scanpath.kernels import recurrence as kernel
from scanpath.metrics.metric import reason_code
from scanpath.metrics.pairs import PathPairs, Scores, scanpath_description, scanpath_metric


class Recurrence(NamedTuple):
    """Percentages of recurrence: how much, on diagonal lines, on straight lines, and how far apart in time."""

    recurrence: float
    determinism: float
    laminarity: float
    corm: float


@scanpath_description(
    parts=Recurrence,
    range=(0, 100),
    direction="description",
    unit="%",
    least=2,
    reference="Anderson et al. (2013), Behavior Research Methods 45",
    doi="10.3758/s13428-012-0299-5",
)
def recurrence(pairs: PathPairs, *, radius_px: float = 64.0, min_line: int = 2) -> Scores:
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
    fault = pairs.faults(least=2)
    counts = _count(pairs, fault, radius_px, min_line, True)
    n = np.where(fault == 0, pairs.lengths[0], 2)
    return _quantify(counts, fault, n * (n - 1) / 2, n)


@scanpath_metric(
    parts=Recurrence,
    range=(-100, 100),
    direction="similarity",
    unit="%",
    reference="Anderson et al. (2015), Behavior Research Methods 47",
    doi="10.3758/s13428-014-0550-3",
)
def cross_recurrence(pairs: PathPairs, *, radius_px: float = 64.0, min_line: int = 2) -> Scores:
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
    fault = pairs.faults()
    counts = _count(pairs, fault, radius_px, min_line, False)
    n = np.where(fault == 0, np.minimum(*pairs.lengths), 1)
    return _quantify(counts, fault, n * n, n)


def _count(pairs: PathPairs, fault: np.ndarray, radius_px: float, min_line: int, triangle: bool) -> np.ndarray:
    check_positive("radius_px", radius_px)
    check_count("min_line", min_line, least=2)
    counts = np.zeros((len(pairs), 5), dtype=np.int64)
    pairs.run(kernel.recurrence_pairs, (fault != 0, counts), float(radius_px), int(min_line), triangle)
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
