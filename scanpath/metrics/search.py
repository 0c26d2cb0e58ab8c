"""Search: was the target found, by which fixation, and by how direct a way."""

from collections.abc import Iterable
from math import inf
from typing import TypedDict, Unpack

import numpy as np

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError, UndefinedError
from scanpath.gaze.pixels import first_edge
from scanpath.gaze.scanpath import Scanpath, ScanpathLike, as_scanpath
from scanpath.metrics.metric import ROUNDING, plain_metric

Box = tuple[float, float, float, float]


class Rule(TypedDict, total=False):
    """When a fixation finds the target; see `on_target`."""

    rule: str
    margin_px: float
    window_px: tuple[int, int]


FOUND_RULES = ("box", "strict", "window")
CENSORING = ("ignore", "allowed", "kaplan_meier")


def on_target(
    xy: ScanpathLike,
    target_box: Box,
    *,
    rule: str = "box",
    margin_px: float = 0.0,
    window_px: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """Whether each fixation finds the target.

    Published success rates differ by this rule, so it is named with every number.

    Parameters
    ----------
    xy
        (n, 2) fixations in px, or a scanpath.
    target_box
        (x, y, width, height) in px: left, top and size. It covers whole pixels, from x - 1/2 to x + width - 1/2.
    rule
        ``"box"``: on one of the box's pixels, left and top edge included, right and bottom not.
        ``"strict"``: x < fixation < x + width, the rule of the COCO-Search18 evaluations.
        ``"window"``: a window around the fixation touches x to x + width, edges included, the rule of ViSioNS [1]_: the
        box grown by half the window, rounded down.
    margin_px
        For ``"box"``: how far outside still counts, on each side.
    window_px
        For ``"window"``: (width, height) of the window, about what the fovea sees.

    Returns
    -------
    numpy.ndarray
        (n,) booleans.

    References
    ----------
    .. [1] Travi, F., Ruarte, G., Bujia, G. & Kamienkowski, J. E. (2022). ViSioNS: Visual search in natural scenes
       benchmark. NeurIPS 35, Datasets and Benchmarks Track.

    Examples
    --------
    >>> on_target([(5, 5), (20, 5), (24, 5)], (10, 0, 10, 10), margin_px=2)
    array([False,  True, False])
    """
    xy = as_scanpath(xy).xy
    check_choice("found rule", rule, FOUND_RULES)
    near, far = _edges(target_box, rule)
    _check_rule(rule, margin_px, window_px)
    if rule == "strict":
        inside = (near < xy) & (xy < far)
    elif rule == "window":
        half = np.floor_divide(window_px, 2)
        inside = (near - half <= xy) & (xy <= far + half)
    else:
        inside = (near - margin_px <= xy) & (xy < far + margin_px)
    return np.asarray(inside.all(axis=1))


def found_at(path: ScanpathLike, target_box: Box, **rule: Unpack[Rule]) -> int | None:
    """Index of the first fixation that finds the target, None if none does.

    The start fixation has index 0. Keywords are those of `on_target`.

    Examples
    --------
    >>> found_at([(50, 50), (5, 5), (5, 6)], (0, 0, 10, 10))
    1
    """
    hits = on_target(path, target_box, **rule)
    return int(hits.argmax()) if hits.any() else None


def cut_at_target(path: ScanpathLike, target_box: Box, **rule: Unpack[Rule]) -> Scanpath:
    """The scanpath up to and with the fixation that finds the target; whole if none does."""
    scanpath = as_scanpath(path)
    found = found_at(scanpath, target_box, **rule)
    return scanpath if found is None else scanpath[: found + 1]


@plain_metric(
    takes="search",
    range=(0, 1),
    direction="description",
    needs=("target_box",),
    reference="Travi, Ruarte, Bujia & Kamienkowski (2022), NeurIPS 35 Datasets and Benchmarks",
)
def cumulative_performance(
    found: Iterable[float | None],
    n_fixations: int,
    *,
    censoring: str = "ignore",
    allowed: Iterable[float | None] | None = None,
    observed: Iterable[float | None] | None = None,
    weights: Iterable[float] | None = None,
) -> np.ndarray:
    """Share of targets found within 1, 2, ..., `n_fixations` fixations.

    The start fixation counts as the first. Trials that were stopped early cannot show late successes: the share of
    all trials is then too low, and `censoring` says what to do about it.

    Parameters
    ----------
    found
        (trials,) index of the fixation that found the target, counted from 0; NaN or None where it was not found.
    n_fixations
        Length of the curve.
    censoring
        ``"ignore"``: the share of all trials; right if every trial could go on for `n_fixations`.
        ``"allowed"``: at n, the share among trials that were allowed n fixations. Unbiased if limits were assigned
        at random; each n has its own trials, so the curve may dip.
        ``"kaplan_meier"``: product-limit estimate [1]_ with trials leaving the risk set when they end unfound.
        Never dips, uses every trial as long as it lasts; assumes that a stopped trial would have gone on like
        others. NaN once no trial is left.
    allowed
        For ``"allowed"``: (trials,) most fixations the trial could have had, the start included.
    observed
        For ``"kaplan_meier"``: (trials,) fixations that the trial did have.
    weights
        (trials,) not negative, for bootstrap samples; all 1 by default.

    Returns
    -------
    numpy.ndarray
        (n_fixations,); NaN where no trial can tell.

    Raises
    ------
    UndefinedError
        If there is no trial.

    References
    ----------
    .. [1] Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. Journal of the
       American Statistical Association, 53(282), 457-481. https://doi.org/10.1080/01621459.1958.10501452

    Examples
    --------
    >>> cumulative_performance([0, 2, None, None], 3)
    array([0.25, 0.25, 0.5 ])
    >>> cumulative_performance([0, 2, None, None], 3, censoring="kaplan_meier", observed=[1, 3, 3, 1])
    array([0.25 , 0.25 , 0.625])
    """
    gained, able = success_counts(found, n_fixations, censoring=censoring, allowed=allowed, observed=observed)
    if len(gained) == 0:
        raise UndefinedError("Cumulative performance needs at least one trial, got none.", "empty")
    weights = np.ones(len(gained)) if weights is None else numbers("weights", weights)
    if weights.shape != (len(gained),) or not np.isfinite(weights).all():
        raise InputError(f"weights must have one finite number a trial ({len(gained)}), got {len(weights)}.")
    return success_curve(weights @ gained, weights @ able, censoring)


def success_counts(
    found: Iterable[float | None],
    n_fixations: int,
    *,
    censoring: str = "ignore",
    allowed: Iterable[float | None] | None = None,
    observed: Iterable[float | None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What each trial adds to the two sums that a curve is made of, each (trials, n_fixations).

    Sums over any trials, with any weights, go to `success_curve`; bootstrap samples so cost one product.
    """
    check_choice("way of censoring", censoring, CENSORING)
    number = numbers("found", found) + 1
    number = np.where(np.isnan(number), np.inf, number)[:, None]
    n = np.arange(1, check_count("n_fixations", n_fixations) + 1)
    if censoring == "ignore":
        return (number <= n).astype(float), np.ones((len(number), len(n)))
    if censoring == "allowed":
        able = _limits("allowed", allowed, number) >= n
        return ((number <= n) & able).astype(float), able.astype(float)
    at_risk = n <= np.minimum(number, np.maximum(_limits("observed", observed, number), _finite(number)))
    return (number == n).astype(float), at_risk.astype(float)


def success_curve(gained: np.ndarray, able: np.ndarray, censoring: str) -> np.ndarray:
    """The curve from sums of `success_counts` over trials, along the last axis; NaN where nobody can tell."""
    share = np.divide(gained, able, out=np.full(np.shape(gained), np.nan), where=np.asarray(able) > 0)
    if censoring != "kaplan_meier":
        return share
    surviving = np.cumprod(np.where(np.isnan(share), 1.0, 1 - share), axis=-1)
    # nobody left: still certain if all had found it, unknown otherwise
    return np.where(np.isnan(share) & (surviving > 0), np.nan, 1 - surviving)


@plain_metric(
    takes="search",
    range=(0, 1),
    direction="description",
    needs=("target_box",),
    reference="Travi, Ruarte, Bujia & Kamienkowski (2022), NeurIPS 35 Datasets and Benchmarks",
)
def performance_auc(curve: Iterable[float]) -> float:
    """Area under a cumulative performance curve, its n axis scaled to [0, 1] (trapezoids).

    Examples
    --------
    >>> performance_auc([0.0, 0.5, 1.0])
    0.5
    """
    values = _whole_curve("curve", curve)
    if len(values) == 1:
        return float(values[0])
    return float(np.trapezoid(values, dx=1 / (len(values) - 1)))


@plain_metric(
    takes="search",
    range=(0, inf),
    direction="description",
    needs=("target_box",),
    reference="Yang et al. (2020), CVPR",
    doi="10.1109/CVPR42600.2020.00027",
)
def tfp_auc(curve: Iterable[float]) -> float:
    """Sum of a target fixation probability curve: its area in the convention of COCO-Search18 (at most its length).

    Raises
    ------
    UndefinedError
        If the curve is empty or has gaps.

    Examples
    --------
    >>> tfp_auc([0.25, 0.5, 0.75])
    1.5
    """
    return float(_whole_curve("curve", curve).sum())


@plain_metric(
    takes="search",
    range=(0, inf),
    direction="distance",
    symmetric=True,
    needs=("target_box",),
    reference="Yang et al. (2020), CVPR",
    doi="10.1109/CVPR42600.2020.00027",
)
def probability_mismatch(curve: Iterable[float], human_curve: Iterable[float]) -> float:
    """Sum over steps of the absolute difference of two target fixation probabilities; 0 is like people.

    Raises
    ------
    UndefinedError
        If a curve is empty or has gaps.

    Examples
    --------
    >>> probability_mismatch([0.25, 0.5], [0.5, 0.25])
    0.5
    """
    first, second = _whole_curve("curve", curve), _whole_curve("human_curve", human_curve)
    if first.shape != second.shape:
        raise InputError(f"Both curves must have one length, got {len(first)} and {len(second)}.")
    return float(np.abs(first - second).sum())


@plain_metric(
    takes="search",
    range=(0, 1),
    direction="description",
    least=2,
    reference="Yang et al. (2020), CVPR",
    doi="10.1109/CVPR42600.2020.00027",
)
def scanpath_ratio(path: ScanpathLike, target_box: Box, **rule: Unpack[Rule]) -> float:
    """How direct the way to the target was: the straight distance over the length of the path, at most 1.

    The straight distance goes from the first fixation to the center of the box, (x + width / 2, y + height / 2), the
    path ends with the fixation that finds the target. Keywords are those of `on_target`; the published rule is
    ``"strict"``.

    Raises
    ------
    UndefinedError
        If the target is not found, or found without a saccade.

    References
    ----------
    .. [1] Yang, Z., Huang, L., Chen, Y., Wei, Z., Ahn, S., Zelinsky, G., Samaras, D. & Hoai, M. (2020). Predicting
       goal-directed human attention using inverse reinforcement learning. CVPR, 193-202.
       https://doi.org/10.1109/CVPR42600.2020.00027

    Examples
    --------
    >>> scanpath_ratio([(0, 0), (0, 30), (40, 30)], (35, 25, 10, 10))
    0.7142857142857143
    """
    scanpath = as_scanpath(path)
    found = found_at(scanpath, target_box, **rule)
    if found is None:
        raise UndefinedError("The scanpath ratio needs a scanpath that finds the target.", "not_found")
    length = scanpath[: found + 1].saccades.amplitude_px.sum()
    if length == 0:
        raise UndefinedError("The scanpath ratio needs a saccade before the target is found.", "found_at_start")
    near, far = _edges(target_box, "strict")
    return float(min(1.0, np.hypot(*((near + far) / 2 - scanpath.xy[0])) / length))


def _check_rule(rule: str, margin_px: float, window_px: tuple[int, int]) -> None:
    margin, window = np.asarray(margin_px), np.asarray(window_px)
    if margin.shape != () or not np.isfinite(margin):
        raise InputError(f"margin_px must be one finite number, got {margin_px!r}.")
    if window.shape != (2,) or not np.isfinite(window).all() or (window < 0).any():
        raise InputError(f"window_px must be (width, height), both at least 0, got {window_px!r}.")
    if margin and rule != "box":
        raise InputError(f"margin_px belongs to the rule 'box', not to {rule!r}; leave it out.")
    if window.any() and rule != "window":
        raise InputError(f"window_px belongs to the rule 'window', not to {rule!r}; leave it out.")


def _edges(target_box: Box, rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Left and top, right and bottom: of the box's pixels, or as the published rules have them."""
    box = np.asarray(target_box, dtype=np.float64)
    if box.shape != (4,) or not np.isfinite(box).all() or (box[2:] < 0).any():
        raise InputError(f"target_box must be (x, y, width, height) in px, got {target_box!r}.")
    near = box[:2] + (first_edge("nearest") if rule == "box" else 0)
    return near, near + box[2:]


def numbers(name: str, values: Iterable[float | None]) -> np.ndarray:
    """Return values as numbers that are not negative, None as NaN."""
    try:
        array = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a sequence of numbers, got {values!r:.60}.") from None
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, got shape {array.shape}.")
    if (array < 0).any():
        raise InputError(f"{name} must not be negative, got {np.nanmin(array):g}; use NaN or None for 'not found'.")
    return array


def _whole_curve(name: str, values: Iterable[float | None]) -> np.ndarray:
    curve = numbers(name, values)
    if (curve > 1 + ROUNDING).any():
        raise InputError(f"{name} must hold shares of trials, at most 1, got {np.nanmax(curve):g}.")
    if len(curve) == 0 or np.isnan(curve).any():
        raise UndefinedError(f"{name} must have no gaps; shorten it to where trials can tell.", "gap")
    return curve


def _limits(name: str, values: Iterable[float | None] | None, number: np.ndarray) -> np.ndarray:
    if values is None:
        raise InputError(f"This way of censoring needs {name}=..., the number of fixations for each trial.")
    limits = numbers(name, values)
    if limits.shape != number.shape[:1]:
        raise InputError(f"{name} must have one value a trial ({len(number)}), got {len(limits)}.")
    return limits[:, None]


def _finite(number: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(number), 0, number)
