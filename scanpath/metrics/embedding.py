"""Time-delay embedding: scanpaths compared as sets of short windows, from the simulated to the human one."""

from collections.abc import Iterable
from math import inf

import numpy as np

from scanpath._core.checks import check_choice, check_count, check_size
from scanpath._core.errors import InputError
from scanpath.kernels import windows as kernel
from scanpath.metrics.grid import symbol_pairs
from scanpath.metrics.pairs import LabelPairs, PathPairs, Scores, scanpath_metric

#: How the windows' distances become one number.
REDUCTIONS = ("mean", "max")


@scanpath_metric(
    inputs=("simulated", "human"),
    range=(0, inf),
    direction="distance",
    unit="px",
    least=3,
    reference="Wang et al. (2011), CVPR",
    doi="10.1109/CVPR.2011.5995423",
)
def tde(pairs: PathPairs, *, window: int = 3, reduce: str = "mean") -> Scores:
    """Measure how far each window of a simulated scanpath lies from the nearest window of a human one, in px.

    A window is `window` successive fixations; its distance to another is the Euclidean norm over all their
    coordinates, divided by `window`. The distance is directed: swapping the scanpaths changes it.

    Parameters
    ----------
    simulated, human
        Scanpaths, as `scanpath.as_scanpath` takes them.
    window
        Fixations in a window.
    reduce
        "mean" over the simulated windows, or "max" (a directed Hausdorff distance of windows).

    Raises
    ------
    UndefinedError
        If a scanpath is shorter than the window ("too_short", "empty").

    References
    ----------
    Wang, Chen, Wang, Jiang, Fang & Yao (2011), CVPR, https://doi.org/10.1109/CVPR.2011.5995423.

    Examples
    --------
    >>> tde([(0, 0), (10, 0), (10, 6)], [(0, 0), (10, 0), (16, 0)], window=1)
    2.0
    """
    check_count("window", window)
    check_choice("reduce", reduce, REDUCTIONS)
    return pairs.score(kernel.embedding_pairs, int(window), reduce == "max", least=window)


@scanpath_metric(
    inputs=("simulated", "human"),
    range=(0, 1),
    direction="similarity",
    reference="Wang et al. (2011), CVPR; Zanca et al. (2018), arXiv:1802.02534",
    doi="10.1109/CVPR.2011.5995423",
)
def scaled_tde(pairs: PathPairs, screen_px: tuple[int, int]) -> Scores:
    """Average exp(-time-delay embedding distance) over all window lengths: a similarity in (0, 1].

    Coordinates are divided by the longer side of the screen and windows run from 1 to the shorter scanpath's length.
    1 means that each window of the simulated scanpath is found in the human one. The useful range is narrow: unrelated
    scanpaths on one picture reach about 0.85. Directed, as `tde`.

    Parameters
    ----------
    simulated, human
        Scanpaths, as `scanpath.as_scanpath` takes them.
    screen_px
        (width, height) of the screen or picture.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty").

    References
    ----------
    Wang, Chen, Wang, Jiang, Fang & Yao (2011), CVPR, https://doi.org/10.1109/CVPR.2011.5995423.
    Zanca, Serchi, Piu, Rosini & Rufa (2018), https://arxiv.org/abs/1802.02534.

    Examples
    --------
    >>> path = [(0, 0), (10, 0), (10, 10)]
    >>> scaled_tde(path, path, screen_px=(100, 100))
    1.0
    """
    side = max(check_size("screen_px", screen_px))
    return pairs.each(lambda paths: paths.holding(paths.xy / side)).score(kernel.scaled_embedding_pairs)


@scanpath_metric(
    inputs=("simulated", "human"),
    or_labels=True,
    range=(0, 1),
    direction="similarity",
    reference="Schwinn et al. (2022), Transactions on Machine Learning Research, arXiv:2204.09093",
)
def sbtde(
    pairs: PathPairs | LabelPairs,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    windows: int | Iterable[int] | None = None,
    outside: str = "undefined",
    pixel: str = "nearest",
) -> Scores:
    """Measure how well windows of a simulated scanpath, as strings of grid cells, are found in a human one.

    For each window length k, each window of the simulated string has a distance to the nearest window of the human
    one: their edit distance (insertions, deletions, substitutions and swaps of neighbors), divided by k. The result is
    1 - the mean distance, averaged over the window lengths: a similarity in [0, 1]. Directed, as `tde`. Grid and
    windows change the value; state both with it.

    Parameters
    ----------
    simulated, human
        Scanpaths, or sequences of labels as in `levenshtein`.
    screen_px
        (width, height) of the screen or picture; needed for scanpaths.
    bins
        (columns, rows) of the grid.
    windows
        Window lengths: one, several, or None for all from 1 to the shorter scanpath's length.
    outside
        "undefined": a fixation off the screen makes the value undefined. "clamp": it counts in the nearest cell.
    pixel
        As in `levenshtein`.

    Raises
    ------
    UndefinedError
        If a scanpath is shorter than a window ("too_short", "empty"), or leaves the screen ("off_screen").

    References
    ----------
    Schwinn, Precup, Eskofier & Zanca (2022), Transactions on Machine Learning Research,
    https://arxiv.org/abs/2204.09093.

    Examples
    --------
    >>> sbtde("abcd", "abdc", windows=2)
    0.6666666666666667
    """
    lengths = _window_lengths(windows)
    symbols = symbol_pairs(pairs, screen_px, bins, outside, pixel)
    values, faults = symbols.score(kernel.string_embedding_pairs, lengths, least=int(lengths.max(initial=1)))
    return Scores(1.0 - values, faults)


def _window_lengths(windows: int | Iterable[int] | None) -> np.ndarray:
    """Lengths as the kernel takes them: an empty array stands for all."""
    if windows is None:
        return np.zeros(0, dtype=np.int64)
    given = list(windows) if isinstance(windows, Iterable) else [windows]
    if not given:
        raise InputError("windows must name at least one window length, or be None for all.")
    return np.array([check_count("windows", window) for window in given], dtype=np.int64)
