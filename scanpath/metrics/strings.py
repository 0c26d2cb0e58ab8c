"""String edit distances: how many changes turn one sequence of grid cells or areas of interest into another."""

from math import inf

import numpy as np

from scanpath.kernels.sequences import edit_distance_pairs
from scanpath.metrics.grid import symbol_pairs
from scanpath.metrics.pairs import LabelPairs, PathPairs, Scores, scanpath_metric


@scanpath_metric(
    or_labels=True,
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="edits",
    reference="Privitera & Stark (2000), IEEE TPAMI 22",
    doi="10.1109/34.877520",
)
def levenshtein(
    pairs: PathPairs | LabelPairs,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    normalize: bool = False,
    outside: str = "undefined",
    pixel: str = "nearest",
) -> Scores:
    """Count the fewest insertions, deletions and substitutions that turn one sequence of cells into the other.

    Parameters
    ----------
    a, b
        Scanpaths, which are laid on a grid; or sequences of labels (areas of interest, clusters): a string or a
        one-dimensional sequence of hashable values.
    screen_px
        (width, height) of the screen or picture; needed for scanpaths, not for labels.
    bins
        (columns, rows) of the grid; a cell is floor(pixel * columns / width), also where the width is no multiple of
        the number of columns.
    normalize
        Divide by the longer sequence's length, for a distance in [0, 1].
    outside
        "undefined": a fixation off the screen makes the distance undefined. "clamp": it counts in the nearest cell.
    pixel
        Which pixel a fixation falls on: "nearest", or "floor" as in programs that cut coordinates.

    Raises
    ------
    UndefinedError
        If a sequence is empty ("empty") or a fixation lies off the screen ("off_screen").

    References
    ----------
    Privitera & Stark (2000), IEEE TPAMI 22, https://doi.org/10.1109/34.877520.

    Examples
    --------
    >>> levenshtein("abcd", "acbd")
    2.0
    >>> levenshtein([(10, 10), (90, 10)], [(10, 10), (10, 90)], screen_px=(100, 100), normalize=True)
    0.5
    """
    return edit_distances(symbol_pairs(pairs, screen_px, bins, outside, pixel), swaps=False, normalize=normalize)


@scanpath_metric(
    or_labels=True,
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="edits",
    reference="Damerau (1964), Communications of the ACM 7",
    doi="10.1145/363958.363994",
)
def damerau(
    pairs: PathPairs | LabelPairs,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    normalize: bool = False,
    outside: str = "undefined",
    pixel: str = "nearest",
) -> Scores:
    """Count edits as `levenshtein` does, with the swap of two neighbors as one edit.

    This is the optimal string alignment form: no part of a sequence is edited twice, so that "ca" and "abc" are 3
    apart.

    Parameters
    ----------
    a, b, screen_px, bins, normalize, outside, pixel
        As in `levenshtein`.

    Raises
    ------
    UndefinedError
        As in `levenshtein`.

    References
    ----------
    Damerau (1964), Communications of the ACM 7, https://doi.org/10.1145/363958.363994.

    Examples
    --------
    >>> damerau("abcd", "acbd")
    1.0
    """
    return edit_distances(symbol_pairs(pairs, screen_px, bins, outside, pixel), swaps=True, normalize=normalize)


def edit_distances(pairs: LabelPairs, *, swaps: bool, normalize: bool) -> Scores:
    """Fewest edits between sequences of symbols, a swap of two neighbors one of them or not."""
    distances, faults = pairs.score(edit_distance_pairs, swaps)
    if normalize:
        distances /= np.maximum(1, np.maximum(*pairs.lengths))[:, None]
    return Scores(distances, faults)
