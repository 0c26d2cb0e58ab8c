"""Time-delay embedding: scanpaths compared as sets of short windows, from the simulated to the human one."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from scanpath._core.checks import check_choice, check_count, check_size
from scanpath._core.errors import InputError
from scanpath.kernels import windows as kernel
from scanpath.metrics.grid import pack_symbols
from scanpath.metrics.packing import Scores, pack_both, pair_faults, run_over_pairs, score_one
from scanpath.metrics.spec import MetricSpec

#: How the windows' distances become one number.
REDUCTIONS = ("mean", "max")


def tde(simulated: Any, human: Any, *, window: int = 3, reduce: str = "mean") -> float:
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
    return float(score_one("tde", _tde_batch, simulated, human, window=window, reduce=reduce)[0])


def scaled_tde(simulated: Any, human: Any, screen_px: tuple[int, int]) -> float:
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
    return float(score_one("scaled_tde", _scaled_tde_batch, simulated, human, screen_px=screen_px)[0])


def sbtde(
    simulated: Any,
    human: Any,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    windows: int | Iterable[int] | None = None,
    outside: str = "undefined",
) -> float:
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
    settings = {"screen_px": screen_px, "bins": bins, "windows": windows, "outside": outside}
    return float(score_one("sbtde", _sbtde_batch, simulated, human, **settings)[0])


def _tde_batch(
    first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1, window: int = 3, reduce: str = "mean"
) -> Scores:
    check_count("window", window)
    check_choice("reduce", reduce, REDUCTIONS)
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs, least=window)
    distances = np.full(len(pairs), np.nan)
    sets = (paths_a.xy, paths_a.start, paths_b.xy, paths_b.start)
    run_over_pairs(kernel.embedding_pairs, jobs, pairs, (fault != 0, distances), *sets, int(window), reduce == "max")
    return Scores(distances[:, None], fault[:, None])


def _scaled_tde_batch(
    first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1, screen_px: tuple[int, int]
) -> Scores:
    side = max(check_size("screen_px", screen_px))
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs)
    similarities = np.full(len(pairs), np.nan)
    sets = (paths_a.xy / side, paths_a.start, paths_b.xy / side, paths_b.start)
    run_over_pairs(kernel.scaled_embedding_pairs, jobs, pairs, (fault != 0, similarities), *sets)
    return Scores(similarities[:, None], fault[:, None])


def _sbtde_batch(
    first: Any,
    second: Any,
    pairs: np.ndarray,
    *,
    jobs: int = 1,
    screen_px: tuple[int, int] | None = None,
    bins: tuple[int, int] = (5, 5),
    windows: int | Iterable[int] | None = None,
    outside: str = "undefined",
) -> Scores:
    lengths = _window_lengths(windows)
    symbols_a, symbols_b = pack_symbols(first, second, screen_px, bins, outside)
    fault = pair_faults(symbols_a, symbols_b, pairs, least=int(lengths.max(initial=1)))
    distances = np.full(len(pairs), np.nan)
    sets = (symbols_a.symbols, symbols_a.start, symbols_b.symbols, symbols_b.start)
    run_over_pairs(kernel.string_embedding_pairs, jobs, pairs, (fault != 0, distances), *sets, lengths)
    return Scores(1.0 - distances[:, None], fault[:, None])


def _window_lengths(windows: int | Iterable[int] | None) -> np.ndarray:
    """Lengths as the kernel takes them: an empty array stands for all."""
    if windows is None:
        return np.zeros(0, dtype=np.int64)
    given = list(windows) if isinstance(windows, Iterable) else [windows]
    if not given:
        raise InputError("windows must name at least one window length, or be None for all.")
    return np.array([check_count("windows", window) for window in given], dtype=np.int64)


TDE = MetricSpec(
    name="tde",
    function=tde,
    summary="Distance from windows of the simulated to the nearest of the human scanpath",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=False,
    unit="px",
    least=3,
    reference="Wang et al. (2011), CVPR",
    doi="10.1109/CVPR.2011.5995423",
    batch=_tde_batch,
)
SCALED_TDE = MetricSpec(
    name="scaled_tde",
    function=scaled_tde,
    summary="exp(-embedding distance), averaged over all window lengths",
    range=(0.0, 1.0),
    direction="similarity",
    symmetric=False,
    needs=("screen_px",),
    reference="Wang et al. (2011), CVPR; Zanca et al. (2018), arXiv:1802.02534",
    doi="10.1109/CVPR.2011.5995423",
    batch=_scaled_tde_batch,
)
SBTDE = MetricSpec(
    name="sbtde",
    function=sbtde,
    summary="Embedding similarity of strings of grid cells, averaged over window lengths",
    range=(0.0, 1.0),
    direction="similarity",
    symmetric=False,
    needs=("screen_px",),
    reference="Schwinn et al. (2022), Transactions on Machine Learning Research, arXiv:2204.09093",
    batch=_sbtde_batch,
)
