"""Maps that change with the history: one map for each fixation, scored at the fixation that came next.

These are the scores of next-fixation prediction. Three conventions are in print and are not interchangeable; they have
names here, and so have their chance levels.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.kernels.map_scores import count_below_each, mean_and_squares_each
from scanpath.metrics.maps import PIXEL_RULES, as_map

AUC_CONVENTIONS = ("rank", "stonybrook")
#: Expected value of `conditional_auc` for a map that knows nothing.
AUC_CHANCE = {"rank": 0.5, "stonybrook": 0.75}
NSS_CONVENTIONS = ("pysaliency", "stonybrook", "visions")
#: Added to probabilities by the published programs, so that a 0 costs 52 bits and not infinitely many.
MACHINE_EPSILON = 2.2204e-16

Scorer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def conditional_nss(
    maps: Any, xy: Any, *, convention: str = "pysaliency", pixel: str = "floor", return_reasons: bool = False
) -> Any:
    """Value of each map at the next fixation, in standard deviations above that map's mean (cNSS).

    Parameters
    ----------
    maps
        (n, H, W), or any iterable of n maps (H, W), which may differ in size and are taken one at a time, so that
        memory does not grow with n.
    xy
        (n, 2) px: the fixation that followed the history of each map.
    convention
        ``"pysaliency"``: population standard deviation. ``"stonybrook"``: the unbiased one (cNSS of the
        COCO-Search18 evaluations). ``"visions"``: values at or below the mean count 0, which lifts chance above 0.
    pixel
        See `scanpath.metrics.maps.pixel_index`.
    return_reasons
        Also return why values are NaN.

    Returns
    -------
    numpy.ndarray or tuple
        (n,) scores, NaN where undefined (``"constant"``, ``"nan"``, ``"off_map"``); with `return_reasons` also the
        reasons, "" where defined.

    Examples
    --------
    >>> conditional_nss([[[0, 0], [0, 4]], [[1, 1], [1, 1]]], [(1, 1), (0, 0)]).round(4)
    array([1.7321,    nan])
    """
    check_choice("convention", convention, NSS_CONVENTIONS)

    def score(stack: np.ndarray, index: np.ndarray, reasons: np.ndarray) -> np.ndarray:
        n, pixels = stack.shape
        means, squares = np.empty(n), np.empty(n)
        mean_and_squares_each(stack, means, squares)
        _mark(reasons, ~np.isfinite(squares), "nan")
        _mark(reasons, squares == 0, "constant")
        spread = np.sqrt(squares / (pixels - (convention == "stonybrook")))
        with np.errstate(invalid="ignore", divide="ignore"):
            values = (stack[np.arange(n), index] - means) / spread
        return np.maximum(values, 0) if convention == "visions" else values

    return _scored(maps, xy, score, pixel, return_reasons)


def conditional_auc(
    maps: Any, xy: Any, *, convention: str = "rank", pixel: str = "floor", return_reasons: bool = False
) -> Any:
    """How many pixels of each map the next fixation beats (AUC of one fixation).

    Parameters
    ----------
    maps, xy, pixel, return_reasons
        See `conditional_nss`.
    convention
        ``"rank"``: the share of pixels below, ties half, as in `auc`; chance is 0.5. ``"stonybrook"``: cAUC of the
        COCO-Search18 evaluations, the area under a ROC curve with one positive joined by straight lines, which is
        1 minus half the share of the other pixels at or above; chance is 0.75, and ties count against. The two are
        related by AUC = 2 cAUC - 1, but for ties. `AUC_CHANCE` holds both chance levels.

    Returns
    -------
    numpy.ndarray or tuple
        As `conditional_nss`; a constant map has a value here, that of a guess.

    Examples
    --------
    >>> maps, xy = [[[0, 1], [2, 3]]], [(1, 1)]
    >>> conditional_auc(maps, xy), conditional_auc(maps, xy, convention="stonybrook")
    (array([0.875]), array([1.]))
    """
    check_choice("convention", convention, AUC_CONVENTIONS)

    def score(stack: np.ndarray, index: np.ndarray, reasons: np.ndarray) -> np.ndarray:
        n, pixels = stack.shape
        twice_below, missing = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        count_below_each(stack, index, twice_below, missing)
        _mark(reasons, missing > 0, "nan")
        if convention == "rank":
            return twice_below / (2.0 * pixels)
        at_or_above = (stack >= stack[np.arange(n), index][:, None]).sum(axis=1)
        return 1 - (at_or_above - 1) / max(pixels - 1, 1) / 2

    return _scored(maps, xy, score, pixel, return_reasons)


def conditional_information_gain(
    maps: Any,
    baseline: Any,
    xy: Any,
    *,
    epsilon: float = MACHINE_EPSILON,
    pixel: str = "floor",
    return_reasons: bool = False,
) -> Any:
    """How many bits each map knows about the next fixation beyond a baseline (cIG).

    Maps are taken in proportion: scaled to sum 1. A model whose maps are not meant as probabilities can get very
    negative values here, and a single confident mistake weighs up to 52 bits.

    Parameters
    ----------
    maps, xy, pixel, return_reasons
        See `conditional_nss`; values must not be negative.
    baseline
        One map (H, W) for all, such as a center bias, a stack or iterable of n maps, or None for the uniform
        density.
    epsilon
        Added to the probabilities, as in the published programs; 0 gives the exact value and perhaps minus
        infinity.

    Returns
    -------
    numpy.ndarray or tuple
        (n,) bits, NaN where undefined (``"zero_density"``, ``"negative"``, ``"nan"``, ``"off_map"``); with
        `return_reasons` also the reasons.

    Examples
    --------
    >>> conditional_information_gain([[[2, 1], [1, 0]]], None, [(0, 0)], epsilon=0)
    array([1.])
    """
    if not 0 <= epsilon < 1:
        raise InputError(f"epsilon must lie in [0, 1), got {epsilon}.")

    def surprise(stack: np.ndarray, index: np.ndarray, reasons: np.ndarray) -> np.ndarray:
        total = stack.sum(axis=1, dtype=np.float64)
        _mark(reasons, ~np.isfinite(total), "nan")
        _mark(reasons, stack.min(axis=1) < 0, "negative")
        _mark(reasons, total == 0, "zero_density")
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log2(epsilon + stack[np.arange(len(stack)), index] / total)

    maps, sizes = _sized(maps)
    gained, reasons = _scored(maps, xy, surprise, pixel, True)
    expected, why = _baseline_bits(baseline, sizes, xy, surprise, pixel, epsilon, len(gained))
    reasons = np.where(reasons == "", why, reasons)
    both_impossible = np.isneginf(gained) & np.isneginf(expected)
    _mark(reasons, both_impossible, "zero_density")
    gained[both_impossible] = np.nan
    values = np.where(reasons == "", gained, np.nan) - np.where(reasons == "", expected, 0.0)
    return (values, reasons) if return_reasons else values


def _baseline_bits(
    baseline: Any, sizes: list[int], xy: Any, surprise: Scorer, pixel: str, epsilon: float, n: int
) -> tuple[np.ndarray, np.ndarray]:
    if baseline is None:
        return np.log2(epsilon + 1.0 / np.array(sizes, dtype=np.float64)), np.full(n, "", dtype=object)
    if hasattr(baseline, "ndim") and baseline.ndim == 2:
        one = as_map(baseline, "baseline")
        baseline = (one for _ in range(n))
    return _scored(baseline, xy, surprise, pixel, True)


def _sized(maps: Any) -> tuple[Any, list[int]]:
    """The maps, and a list that holds the number of pixels of each once it has been taken."""
    if getattr(maps, "ndim", 0) == 3:
        return maps, [int(np.prod(maps.shape[1:]))] * len(maps)
    sizes: list[int] = []

    def taken() -> Iterator[Any]:
        for each in maps:
            sizes.append(int(np.prod(np.shape(each))))
            yield each

    return taken(), sizes


def _scored(maps: Any, xy: Any, score: Scorer, pixel: str, return_reasons: bool) -> Any:
    check_choice("pixel rule", pixel, PIXEL_RULES)
    points = np.asarray(xy.detach().cpu().numpy() if hasattr(xy, "detach") else xy, dtype=np.float64).reshape(-1, 2)
    values, reasons = np.full(len(points), np.nan), np.full(len(points), "", dtype=object)
    done = 0
    for stack in _stacks(maps):
        here = slice(done, done + len(stack))
        done += len(stack)
        if done > len(points):
            break
        index = _flat_index(points[here], stack.shape[1:], pixel, reasons[here])
        values[here] = score(stack.reshape(len(stack), -1), index, reasons[here])
    if done != len(points):
        raise InputError(f"Each map needs its next fixation: got {len(points)} fixations and another number of maps.")
    values[reasons != ""] = np.nan
    return (values, reasons) if return_reasons else values


def _stacks(maps: Any) -> Iterator[np.ndarray]:
    if getattr(maps, "ndim", 0) == 3:
        whole = np.asarray(maps.detach().cpu().numpy() if hasattr(maps, "detach") else maps)
        if whole.dtype not in (np.float32, np.float64):
            whole = whole.astype(np.float64)
        if whole.size == 0 and len(whole):
            raise InputError(f"maps must have at least one pixel, got shape {whole.shape}.")
        if len(whole):
            yield np.ascontiguousarray(whole)
        return
    if not isinstance(maps, Iterable):
        raise InputError(f"maps must have shape (n, height, width) or be several maps, got {type(maps).__name__}.")
    for each in maps:
        yield as_map(each, "each map")[None]


def _flat_index(points: np.ndarray, size: tuple[int, int], pixel: str, reasons: np.ndarray) -> np.ndarray:
    """Pixel number of each point; 0 where it has none, which the reasons say."""
    known = np.isfinite(points).all(axis=1)
    cell = np.floor(np.where(known[:, None], points, 0) + (0.5 if pixel == "nearest" else 0))
    inside = ((cell >= 0) & (cell < (size[1], size[0]))).all(axis=1)
    _mark(reasons, ~known, "nan")
    _mark(reasons, ~inside, "off_map")
    cell[~inside] = 0
    return (cell[:, 1] * size[1] + cell[:, 0]).astype(np.int64)


def _mark(reasons: np.ndarray, where: np.ndarray, reason: str) -> None:
    """Note a reason where there is none yet."""
    reasons[where & (reasons == "")] = reason
