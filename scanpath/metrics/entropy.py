"""Entropy of gaze: how evenly it is spread over cells or areas, and how unpredictable its next step is."""

from math import inf
from typing import TypeAlias

import numpy as np

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.gaze.scanpath import Scanpath, ScanpathLike
from scanpath.metrics.grid import symbol_pairs
from scanpath.metrics.metric import plain_metric, undefined
from scanpath.metrics.pairs import Labels, path_or_label_pairs, path_or_labels

#: What counts in the shares of cells: fixations, or their time.
WEIGHTS = ("uniform", "duration")
_ScanpathOrLabels: TypeAlias = ScanpathLike | Labels


@plain_metric(
    range=(0, inf),
    direction="description",
    unit="bit",
    reference="Krejtz et al. (2015), ACM Trans. Applied Perception 13",
    doi="10.1145/2834121",
)
def stationary_entropy(
    a: _ScanpathOrLabels,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    weights: str = "uniform",
    outside: str = "undefined",
    pixel: str = "nearest",
) -> float:
    """Measure in bits how evenly gaze is spread over grid cells or areas of interest.

    -sum p log2 p over the cells' shares p of the fixations; 0 for one cell, log2(number of cells) at most. Short
    scanpaths bound it by log2(number of fixations) too, so compare scanpaths of similar length.

    Parameters
    ----------
    a
        A scanpath, or a sequence of labels as in `levenshtein`.
    screen_px
        (width, height) of the screen or picture; needed for scanpaths. The cells span the screen, not the data.
    bins
        (columns, rows) of the grid.
    weights
        "uniform": fixations count alike. "duration": each counts with its duration (scanpaths only).
    outside
        "undefined" or "clamp", for fixations off the screen.
    pixel
        As in `levenshtein`.

    Raises
    ------
    UndefinedError
        If the scanpath is empty ("empty"), leaves the screen ("off_screen"), lacks durations that are needed
        ("missing_duration") or has only durations of 0 ("zero_duration").

    References
    ----------
    Krejtz et al. (2015), ACM Transactions on Applied Perception 13, https://doi.org/10.1145/2834121.
    Shiferaw, Downey & Crewther (2019), Neuroscience & Biobehavioral Reviews 96,
    https://doi.org/10.1016/j.neubiorev.2018.12.007.

    Examples
    --------
    >>> stationary_entropy("aabb")
    1.0
    """
    symbols = _symbols("stationary_entropy", a, screen_px, bins, outside, pixel)
    check_choice("weights", weights, WEIGHTS)
    mass = np.ones(len(symbols)) if weights == "uniform" else _durations(a)
    share = np.bincount(np.unique(symbols, return_inverse=True)[1], weights=mass) / mass.sum()
    return _entropy(share)


@plain_metric(
    range=(0, inf),
    direction="description",
    unit="bit",
    least=2,
    reference="Krejtz et al. (2015), ACM Trans. Applied Perception 13",
    doi="10.1145/2834121",
)
def transition_entropy(
    a: _ScanpathOrLabels,
    screen_px: tuple[int, int] | None = None,
    *,
    bins: tuple[int, int] = (5, 5),
    self_transitions: bool = True,
    outside: str = "undefined",
    pixel: str = "nearest",
) -> float:
    """Measure in bits how unpredictable the next cell or area is, given the present one.

    -sum_i p_i sum_j p_ij log2 p_ij, with p_ij the share of the steps out of cell i that lead to j, and p_i the share of
    all steps that start in i. 0 where each cell always leads to the same next one.

    Parameters
    ----------
    a
        A scanpath, or a sequence of labels as in `levenshtein`.
    screen_px, bins, outside, pixel
        As in `stationary_entropy`.
    self_transitions
        Count steps that stay in a cell; else they are left out.

    Raises
    ------
    UndefinedError
        If there is no step ("too_short", "empty"), or none between cells ("no_movement"), or a fixation lies off the
        screen ("off_screen").

    References
    ----------
    Krejtz et al. (2015), ACM Transactions on Applied Perception 13, https://doi.org/10.1145/2834121.

    Examples
    --------
    >>> transition_entropy("abababab")
    0.0
    >>> round(transition_entropy("abacabac"), 4)
    0.5714
    """
    symbols = _symbols("transition_entropy", a, screen_px, bins, outside, pixel)
    if len(symbols) < 2:
        raise undefined("transition_entropy", "too_short", " (got 1, two are needed)")
    _, codes = np.unique(symbols, return_inverse=True)
    steps = np.stack([codes[:-1], codes[1:]])
    if not self_transitions:
        steps = steps[:, steps[0] != steps[1]]
    if not steps.shape[1]:
        raise undefined("transition_entropy", "no_movement")
    counts = np.unique(steps, axis=1, return_counts=True)[1] / steps.shape[1]
    leaving = np.bincount(steps[0]) / steps.shape[1]
    # H(next | present) = H(present, next) - H(present)
    return max(0.0, _entropy(counts) - _entropy(leaving))


def _entropy(share: np.ndarray) -> float:
    share = share[share > 0]
    return float(max(0.0, -(share * np.log2(share)).sum()))


def _symbols(
    metric: str,
    a: _ScanpathOrLabels,
    screen_px: tuple[int, int] | None,
    bins: tuple[int, int],
    outside: str,
    pixel: str,
) -> np.ndarray:
    alone = [path_or_labels(a)]
    pairs = path_or_label_pairs(alone, alone, np.zeros((1, 2), dtype=np.int64))
    symbols = symbol_pairs(pairs, screen_px, bins, outside, pixel)
    if symbols.a.fault[0] or not len(symbols.a.values):
        raise undefined(metric, int(symbols.a.fault[0]) or "empty")
    return symbols.a.values


def _durations(a: _ScanpathOrLabels) -> np.ndarray:
    path = path_or_labels(a)
    if not isinstance(path, Scanpath):
        raise InputError("weights='duration' needs a scanpath with durations, got a sequence of labels.")
    duration_ms = path.duration_ms
    if duration_ms is None or np.isnan(duration_ms).any():
        raise undefined("stationary_entropy", "missing_duration")
    if not duration_ms.any():
        raise undefined("stationary_entropy", "zero_duration")
    return duration_ms
