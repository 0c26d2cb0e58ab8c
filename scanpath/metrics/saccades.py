"""Distributions of saccade amplitude, direction, turning angle and fixation duration, and how far apart two are."""

from collections.abc import Iterable
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError
from scanpath.gaze.scanpath import ScanpathBatch, ScanpathLike
from scanpath.metrics.metric import plain_metric, undefined
from scanpath.metrics.pairs import pack_paths

#: What is measured on each saccade or fixation; directions and turns are angles on a circle.
QUANTITIES = ("amplitude", "direction", "turn", "duration")
#: How two distributions are compared.
DIVERGENCES = ("jensen_shannon", "kl", "wasserstein", "kolmogorov_smirnov")
_CIRCULAR = ("direction", "turn")
Scanpaths: TypeAlias = Iterable[ScanpathLike] | ScanpathBatch


class Histogram(NamedTuple):
    """Shares of the values in each bin, and the bins' edges."""

    share: np.ndarray
    edges: np.ndarray


def saccade_values(paths: Scanpaths, quantity: str, *, px_per_deg: float | None = None) -> np.ndarray:
    """Collect one quantity over all saccades (or fixations) of a set of scanpaths.

    Parameters
    ----------
    paths
        Scanpaths; missing durations are left out, scanpaths with NaN coordinates contribute nothing.
    quantity
        "amplitude" in px, or in deg with `px_per_deg`; "direction" in deg from rightward, positive downwards, in
        (-180, 180]; "turn", the change of direction from one saccade to the next, in deg in (-180, 180], 180 for a
        return; "duration" of fixations in ms. Saccades of length 0 have an amplitude but no direction.
    px_per_deg
        Pixels per degree of visual angle.

    Examples
    --------
    >>> saccade_values([[(0, 0), (10, 0), (10, 10)]], "turn")
    array([90.])
    """
    check_choice("quantity", quantity, QUANTITIES)
    packed = pack_paths(paths)
    if quantity == "duration":
        return packed.duration_ms[~np.isnan(packed.duration_ms)]
    vector = np.diff(packed.xy, axis=0)
    within = packed.owner[1:] == packed.owner[:-1]
    if quantity == "amplitude":
        scale = 1.0 if px_per_deg is None else check_positive("px_per_deg", px_per_deg)
        return np.hypot(*vector[within].T) / scale
    moved = within & vector.any(axis=1)
    direction = np.degrees(np.arctan2(vector[:, 1], vector[:, 0]))
    if quantity == "direction":
        return _wrap(direction[moved])
    return _wrap(np.diff(direction)[moved[1:] & moved[:-1]])


def saccade_histogram(
    paths: Scanpaths, quantity: str, edges: ArrayLike, *, px_per_deg: float | None = None
) -> Histogram:
    """Share of saccades (or fixations) in each bin of one quantity.

    Parameters
    ----------
    paths, quantity, px_per_deg
        As in `saccade_values`.
    edges
        Bin edges, rising; values outside are left out.

    Raises
    ------
    UndefinedError
        If no value lies within the edges ("empty").

    Examples
    --------
    >>> saccade_histogram([[(0, 0), (10, 0), (10, 30)]], "amplitude", [0, 20, 40]).share
    array([0.5, 0.5])
    """
    bounds = np.asarray(edges, dtype=np.float64)
    if bounds.ndim != 1 or len(bounds) < 2 or not (np.diff(bounds) > 0).all():
        raise InputError(f"edges must be at least two rising numbers, got {edges!r:.60}.")
    return _histogram(saccade_values(paths, quantity, px_per_deg=px_per_deg), bounds)


@plain_metric(
    range=(0, inf),
    direction="distance",
    unit="bit",
    least=2,
    reference="Lin (1991), IEEE Trans. Information Theory 37",
    doi="10.1109/18.61115",
)
def saccade_divergence(
    A: Scanpaths,
    B: Scanpaths,
    *,
    quantity: str = "amplitude",
    divergence: str = "jensen_shannon",
    bins: int = 30,
    pseudocount: float = 0.5,
    px_per_deg: float | None = None,
) -> float:
    """Measure how far apart two sets of scanpaths are in the distribution of one saccade quantity.

    Parameters
    ----------
    A, B
        Sets of scanpaths, for example all of a model's and all of people's.
    quantity, px_per_deg
        As in `saccade_values`.
    divergence
        "jensen_shannon" (in bits, 0 to 1) and "kl" (in bits, the sum of b log2(b / a)) compare histograms.
        "wasserstein" (in the quantity's unit) and "kolmogorov_smirnov" (0 to 1) compare the values without bins; for
        angles they are taken round the circle, the latter as Kuiper's statistic.
    bins
        Equal bins of the histograms, from -180 to 180 deg for angles, else from 0 to the largest value of both sets.
    pseudocount
        Added to each bin's count for "kl", which bins empty in A would else make infinite.
    px_per_deg
        Pixels per degree of visual angle, for amplitudes in deg.

    Raises
    ------
    UndefinedError
        If a set has no value of the quantity ("empty").

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37, https://doi.org/10.1109/18.61115.

    Examples
    --------
    >>> near, far = [[(0, 0), (10, 0), (20, 0)]], [[(0, 0), (90, 0), (0, 0)]]
    >>> saccade_divergence(near, far), saccade_divergence(near, far, divergence="wasserstein")
    (1.0, 80.0)
    """
    check_choice("divergence", divergence, DIVERGENCES)
    a, b = (saccade_values(paths, quantity, px_per_deg=px_per_deg) for paths in (A, B))
    if not (len(a) and len(b)):
        raise undefined("saccade_divergence", "empty", f" with a {quantity} (got {len(a)} and {len(b)})")
    circular = quantity in _CIRCULAR
    if divergence in ("wasserstein", "kolmogorov_smirnov"):
        return _transport(a, b, circular) if divergence == "wasserstein" else _largest_gap(a, b, circular)
    low, high = (-180.0, 180.0) if circular else (0.0, max(a.max(), b.max()) or 1.0)
    edges = np.linspace(low, high, check_count("bins", bins) + 1)
    count_a, count_b = np.histogram(a, edges)[0], np.histogram(b, edges)[0]
    if divergence == "kl":
        p, q = ((count + check_positive("pseudocount", pseudocount)) for count in (count_b, count_a))
        return _kl(p / p.sum(), q / q.sum())
    p, q = count_a / count_a.sum(), count_b / count_b.sum()
    return min(1.0, (_kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)) / 2)


def _wrap(degrees: np.ndarray) -> np.ndarray:
    """Angles in (-180, 180]."""
    return 180.0 - (180.0 - degrees) % 360.0


def _histogram(values: np.ndarray, edges: np.ndarray) -> Histogram:
    counts = np.histogram(values, edges)[0]
    if not counts.sum():
        raise undefined("saccade_histogram", "empty", " with a value within the edges")
    return Histogram(counts / counts.sum(), edges)


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    some = p > 0
    return float(max(0.0, (p[some] * np.log2(p[some] / q[some])).sum()))


def _cumulative_difference(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All values in order and, from each to the next, the difference of the two distribution functions."""
    places = np.sort(np.concatenate([a, b]))
    of_a = np.searchsorted(np.sort(a), places, side="right") / len(a)
    of_b = np.searchsorted(np.sort(b), places, side="right") / len(b)
    return places, of_a - of_b


def _transport(a: np.ndarray, b: np.ndarray, circular: bool) -> float:
    places, gap = _cumulative_difference(a, b)
    width = np.diff(places)
    if not circular:
        return float((np.abs(gap[:-1]) * width).sum())
    # on a circle mass may cross the cut: the best constant flow across it is the weighted median of the gaps
    width = np.append(width, 360.0 - (places[-1] - places[0]))
    order = np.argsort(gap, kind="stable")
    half = np.searchsorted(np.cumsum(width[order]), width.sum() / 2)
    return float((np.abs(gap - gap[order[min(half, len(gap) - 1)]]) * width).sum())


def _largest_gap(a: np.ndarray, b: np.ndarray, circular: bool) -> float:
    _, gap = _cumulative_difference(a, b)
    above, below = max(0.0, gap.max()), max(0.0, -gap.min())
    return float(above + below if circular else max(above, below))
