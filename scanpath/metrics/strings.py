"""String edit distances: how many changes turn one sequence of grid cells or areas of interest into another."""

from typing import Any

import numpy as np

from scanpath.kernels.sequences import edit_distance_pairs
from scanpath.metrics.grid import pack_symbols
from scanpath.metrics.packing import PackedLabels, Scores, pair_faults, run_over_pairs, score_one
from scanpath.metrics.spec import MetricSpec


def levenshtein(
    a: Any,
    b: Any,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    normalize: bool = False,
    outside: str = "undefined",
) -> float:
    """Count the fewest insertions, deletions and substitutions that turn one sequence of cells into the other.

    Parameters
    ----------
    a, b
        Scanpaths, which are laid on a grid; or sequences of labels (areas of interest, clusters): a string or a
        one-dimensional sequence of hashable values.
    screen_px
        (width, height) of the screen or picture; needed for scanpaths, not for labels.
    bins
        (columns, rows) of the grid; a cell is floor(x * columns / width), also where the width is no multiple of the
        number of columns.
    normalize
        Divide by the longer sequence's length, for a distance in [0, 1].
    outside
        "undefined": a fixation off the screen makes the distance undefined. "clamp": it counts in the nearest cell.

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
    settings = {"screen_px": screen_px, "bins": bins, "normalize": normalize, "outside": outside}
    return float(score_one("levenshtein", _levenshtein_batch, a, b, **settings)[0])


def damerau(
    a: Any,
    b: Any,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    normalize: bool = False,
    outside: str = "undefined",
) -> float:
    """Count edits as `levenshtein` does, with the swap of two neighbors as one edit.

    This is the optimal string alignment form: no part of a sequence is edited twice, so that "ca" and "abc" are 3
    apart.

    Parameters
    ----------
    a, b, screen_px, bins, normalize, outside
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
    settings = {"screen_px": screen_px, "bins": bins, "normalize": normalize, "outside": outside}
    return float(score_one("damerau", _damerau_batch, a, b, **settings)[0])


def _levenshtein_batch(first: Any, second: Any, pairs: np.ndarray, **settings: Any) -> Scores:
    return _edit_batch(first, second, pairs, transpositions=False, **settings)


def _damerau_batch(first: Any, second: Any, pairs: np.ndarray, **settings: Any) -> Scores:
    return _edit_batch(first, second, pairs, transpositions=True, **settings)


def _edit_batch(
    first: Any,
    second: Any,
    pairs: np.ndarray,
    *,
    transpositions: bool,
    jobs: int = 1,
    screen_px: tuple[int, int] | None = None,
    bins: tuple[int, int] = (5, 5),
    normalize: bool = False,
    outside: str = "undefined",
) -> Scores:
    symbols_a, symbols_b = pack_symbols(first, second, screen_px, bins, outside)
    return label_edits(symbols_a, symbols_b, pairs, jobs=jobs, transpositions=transpositions, normalize=normalize)


def label_edits(
    first: PackedLabels, second: PackedLabels, pairs: np.ndarray, *, jobs: int, transpositions: bool, normalize: bool
) -> Scores:
    """Edit distances of packed label sequences."""
    fault = pair_faults(first, second, pairs)
    distances = np.full(len(pairs), np.nan)
    sets = (first.symbols, first.start, second.symbols, second.start)
    run_over_pairs(edit_distance_pairs, jobs, pairs, (fault != 0, distances), *sets, transpositions)
    if normalize:
        distances /= np.maximum(1, np.maximum(first.length[pairs[:, 0]], second.length[pairs[:, 1]]))
    return Scores(distances[:, None], fault[:, None])


LEVENSHTEIN = MetricSpec(
    name="levenshtein",
    function=levenshtein,
    summary="Fewest edits between sequences of grid cells or labels",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="edits",
    needs=("screen_px",),
    reference="Privitera & Stark (2000), IEEE TPAMI 22",
    doi="10.1109/34.877520",
    batch=_levenshtein_batch,
)
DAMERAU = MetricSpec(
    name="damerau",
    function=damerau,
    summary="Fewest edits, swaps of neighbors included",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="edits",
    needs=("screen_px",),
    reference="Damerau (1964), Communications of the ACM 7",
    doi="10.1145/363958.363994",
    batch=_damerau_batch,
)
