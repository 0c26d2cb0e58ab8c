"""Maps that change with the history: one map for each fixation, scored at the fixation that came next.

These are the scores of next-fixation prediction. Three conventions are in print and are not interchangeable; they have
names here, and so have their chance levels.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from math import inf
from typing import Any, Literal, TypeAlias, overload

import numpy as np

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError, UndefinedError
from scanpath.gaze.pixels import first_edge, on_picture, pixel_of
from scanpath.gaze.scanpath import ScanpathLike
from scanpath.kernels.map_pairs import sum_and_negatives
from scanpath.kernels.map_scores import count_below_each, mean_and_squares_each
from scanpath.metrics.maps import MapLike, as_map, as_numbers, fixation_points, refuse_logs
from scanpath.metrics.metric import plain_metric, reason_code, reason_names
from scanpath.metrics.ranks import below, twice_below

AUC_CONVENTIONS = ("rank", "stonybrook")
#: Expected value of `conditional_auc` for a map that knows nothing.
AUC_CHANCE = {"rank": 0.5, "stonybrook": 0.75}
NSS_CONVENTIONS = ("pysaliency", "stonybrook", "visions")
#: Added to probabilities by the published programs, so that a 0 costs 52 bits and not infinitely many.
MACHINE_EPSILON = 2.2204e-16

#: A stack (n, H, W), or n maps one after the other.
Maps: TypeAlias = MapLike | Iterable[MapLike]
Scorer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@overload
def conditional_nss(
    maps: Maps, xy: ScanpathLike, *, convention: str = ..., pixel: str = ..., return_reasons: Literal[False] = ...
) -> np.ndarray: ...
@overload
def conditional_nss(
    maps: Maps, xy: ScanpathLike, *, convention: str = ..., pixel: str = ..., return_reasons: Literal[True]
) -> tuple[np.ndarray, np.ndarray]: ...
@plain_metric(
    range=(-inf, inf),
    direction="similarity",
    unit="sd",
    reference="Travi, Ruarte, Bujia & Kamienkowski (2022), NeurIPS 35 Datasets and Benchmarks",
)
def conditional_nss(
    maps: Maps,
    xy: ScanpathLike,
    *,
    convention: str = "pysaliency",
    pixel: str = "nearest",
    return_reasons: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Value of each map at the next fixation, in standard deviations above that map's mean (cNSS).

    Parameters
    ----------
    maps
        (n, H, W), or any iterable of n maps (H, W), which may differ in size and are taken one at a time, so that
        memory does not grow with n. A map that comes several times in a row (one object in a list, or a broadcast
        array) is measured once.
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

    Raises
    ------
    InputError
        If a map is the log of a density.

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
        spread = np.sqrt(squares / max(pixels - (convention == "stonybrook"), 1))
        reached = _at(stack, index)
        for number in np.unique(np.flatnonzero(reached <= 0) % n):  # maps with a positive value are no logs
            refuse_logs(stack[number][None], "each map")
        with np.errstate(invalid="ignore", divide="ignore"):
            values = (reached - means) / spread
        return np.maximum(values, 0) if convention == "visions" else values

    return _handed_out(*_scored(maps, xy, score, pixel), return_reasons)


@overload
def conditional_auc(
    maps: Maps, xy: ScanpathLike, *, convention: str = ..., pixel: str = ..., return_reasons: Literal[False] = ...
) -> np.ndarray: ...
@overload
def conditional_auc(
    maps: Maps, xy: ScanpathLike, *, convention: str = ..., pixel: str = ..., return_reasons: Literal[True]
) -> tuple[np.ndarray, np.ndarray]: ...
@plain_metric(
    range=(0, 1),
    direction="similarity",
    reference="Travi, Ruarte, Bujia & Kamienkowski (2022), NeurIPS 35 Datasets and Benchmarks",
)
def conditional_auc(
    maps: Maps, xy: ScanpathLike, *, convention: str = "rank", pixel: str = "nearest", return_reasons: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
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
        positives, pixels = _at(stack, index), stack.shape[1]
        if len(stack) < len(index):
            return _areas_of_one_map(stack[0], positives, convention, reasons)
        ranks, missing = np.zeros((2, len(index)), dtype=np.int64)
        count_below_each(stack, positives, ranks, missing)
        _mark(reasons, missing > 0, "nan")
        if convention == "rank":
            return ranks / (2.0 * pixels)
        return _stonybrook(np.count_nonzero(stack < positives[:, None], axis=1), pixels)

    return _handed_out(*_scored(maps, xy, score, pixel), return_reasons)


@overload
def conditional_information_gain(
    maps: Maps,
    baseline: MapLike | Maps | None,
    xy: ScanpathLike,
    *,
    epsilon: float = ...,
    pixel: str = ...,
    return_reasons: Literal[False] = ...,
) -> np.ndarray: ...
@overload
def conditional_information_gain(
    maps: Maps,
    baseline: MapLike | Maps | None,
    xy: ScanpathLike,
    *,
    epsilon: float = ...,
    pixel: str = ...,
    return_reasons: Literal[True],
) -> tuple[np.ndarray, np.ndarray]: ...
@plain_metric(
    range=(-inf, inf),
    direction="similarity",
    unit="bit",
    reference="Travi, Ruarte, Bujia & Kamienkowski (2022), NeurIPS 35 Datasets and Benchmarks",
)
def conditional_information_gain(
    maps: Maps,
    baseline: MapLike | Maps | None,
    xy: ScanpathLike,
    *,
    epsilon: float = MACHINE_EPSILON,
    pixel: str = "nearest",
    return_reasons: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
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
        sums = np.array([sum_and_negatives(each) for each in stack])
        total, negative = sums[:, 0], sums[:, 1] > 0
        _mark(reasons, ~np.isfinite(total), "nan")
        _mark(reasons, negative, "negative")
        _mark(reasons, total == 0, "zero_density")
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log2(epsilon + _at(stack, index) / total)

    maps, sizes = _sized(maps)
    gained, reasons = _scored(maps, xy, surprise, pixel)
    expected, why = _baseline_bits(baseline, sizes, xy, surprise, pixel, epsilon, len(gained))
    reasons = np.where(reasons == 0, why, reasons)
    _mark(reasons, np.isneginf(gained) & np.isneginf(expected), "zero_density")
    defined = reasons == 0
    values = np.subtract(gained, expected, out=np.full(len(gained), np.nan), where=defined)
    return _handed_out(values, reasons, return_reasons)


def _handed_out(
    values: np.ndarray, reasons: np.ndarray, return_reasons: bool
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    return (values, reason_names(reasons)) if return_reasons else values


def _areas_of_one_map(values: np.ndarray, positives: np.ndarray, convention: str, reasons: np.ndarray) -> np.ndarray:
    try:
        if convention == "rank":
            return twice_below(values, positives) / (2.0 * len(values))
        return _stonybrook(below(values, positives), len(values))
    except UndefinedError as error:
        _mark(reasons, np.True_, error.reason)
        return np.full(len(positives), np.nan)


def _stonybrook(n_below: np.ndarray, pixels: int) -> np.ndarray:
    """1 - fp / 2, with fp the share of the other pixels at or above."""
    return 1 - (pixels - n_below - 1) / max(pixels - 1, 1) / 2


def _baseline_bits(
    baseline: Any, sizes: list[int], xy: ScanpathLike, surprise: Scorer, pixel: str, epsilon: float, n: int
) -> tuple[np.ndarray, np.ndarray]:
    if baseline is None:
        return np.log2(epsilon + 1.0 / np.array(sizes, dtype=np.float64)), np.zeros(n, dtype=np.int8)
    if getattr(baseline, "ndim", 0) == 2:
        baseline = [baseline] * n
    return _scored(baseline, xy, surprise, pixel)


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


def _scored(maps: Maps, xy: ScanpathLike, score: Scorer, pixel: str) -> tuple[np.ndarray, np.ndarray]:
    first_edge(pixel)  # a rule of that name?
    points = fixation_points(xy, "xy")
    values, reasons = np.full(len(points), np.nan), np.zeros(len(points), dtype=np.int8)
    done = 0
    for stack, n in _runs(maps):
        here = slice(done, done + n)
        done += n
        if done > len(points):
            break
        index = _flat_index(points[here], stack.shape[1:], pixel, reasons[here])
        values[here] = score(stack.reshape(len(stack), -1), index, reasons[here])
    if done != len(points):
        raise InputError(f"Each map needs its next fixation: got {len(points)} fixations and another number of maps.")
    values[reasons != 0] = np.nan
    return values, reasons


def _runs(maps: Any) -> Iterator[tuple[np.ndarray, int]]:
    """Stacks of maps (m, H, W) with the number n of their fixations: m is n, or 1 for a map that comes n times."""
    if getattr(maps, "ndim", 0) == 3:
        whole = maps.detach().cpu().numpy() if hasattr(maps, "detach") else np.asarray(maps)
        if whole.size == 0 and len(whole):
            raise InputError(f"maps must have at least one pixel, got shape {whole.shape}.")
        if len(whole) > 1 and whole.strides[0] == 0:  # one map, broadcast
            yield as_map(whole[0], "each map")[None], len(whole)
        elif len(whole):
            yield np.ascontiguousarray(as_numbers(whole, "maps")), len(whole)
        return
    if not isinstance(maps, Iterable):
        raise InputError(f"maps must have shape (n, height, width) or be several maps, got {type(maps).__name__}.")
    if not isinstance(maps, list | tuple):  # a stream may fill one array again and again
        yield from ((as_map(each, "each map")[None], 1) for each in maps)
        return
    for _, same in groupby(maps, key=id):
        same_maps = list(same)
        yield as_map(same_maps[0], "each map")[None], len(same_maps)


def _at(stack: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Value of each fixation's pixel, in its own map or in the only one."""
    return stack[np.arange(len(index)) if len(stack) == len(index) else 0, index]


def _flat_index(points: np.ndarray, size: tuple[int, int], pixel: str, reasons: np.ndarray) -> np.ndarray:
    """Pixel number of each point; 0 where it has none, which the reasons say."""
    known = np.asarray(np.isfinite(points).all(axis=1))
    cell = pixel_of(np.where(known[:, None], points, 0), pixel)
    inside = on_picture(points, size[::-1], pixel)
    _mark(reasons, ~known, "nan")
    _mark(reasons, ~inside, "off_map")
    cell[~inside] = 0
    return (cell[:, 1] * size[1] + cell[:, 0]).astype(np.int64)


def _mark(reasons: np.ndarray, where: np.ndarray | np.bool_, reason: str) -> None:
    """Note a reason where there is none yet."""
    if np.any(where):
        reasons[where & (reasons == 0)] = reason_code(reason)
