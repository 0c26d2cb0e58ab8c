"""How many values lie below others, and the areas under ROC curves that these counts give."""

import numpy as np

from scanpath._core.errors import InputError
from scanpath.kernels.map_scores import MOST_LEVELS, count_below, count_between
from scanpath.metrics.maps import not_finite

#: Up to this many one pass over the values for each is cheaper than one in which all are looked for.
FEW = 8
#: Intervals in which the levels are looked for: many for each level, and as many as pay for their table.
BUCKETS_PER_LEVEL, VALUES_PER_BUCKET = 16, 8
LEAST_BUCKETS, MOST_BUCKETS = 64, 16_384
#: Where an ROC curve is measured: at every value, or at the fixated ones and straight lines between.
THRESHOLDS = ("all", "fixations")


def twice_below(values: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Twice the number of values below each positive plus the number equal to it; NaN among the values raises."""
    if len(positives) <= FEW:
        counts = np.array([count_below(values, positive) for positive in positives])
        if counts[:, 1].any():
            raise not_finite("map")
        return counts[:, 0]
    lower, equal = _counted(values, positives)
    return 2 * lower + equal


def below(values: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """How many values lie below each positive; NaN among the values raises."""
    return _counted(values, positives)[0]


def _counted(values: np.ndarray, positives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many values lie below each positive, and how many are equal to it."""
    levels, number = np.unique(positives.astype(np.float64), return_inverse=True)
    if len(levels) > MOST_LEVELS or not np.isfinite(levels).all():  # these cannot be laid out in intervals
        ordered = _sorted_finite(values)
        lower, upper = (np.searchsorted(ordered, positives, side) for side in ("left", "right"))
        return lower, upper - lower
    counts = np.zeros(2 * len(levels) + 1, dtype=np.int64)
    buckets = max(BUCKETS_PER_LEVEL * len(levels), len(values) // VALUES_PER_BUCKET, LEAST_BUCKETS)
    if count_between(values, levels, min(buckets, MOST_BUCKETS), counts):
        raise not_finite("map")
    lower = np.cumsum(counts)[0::2][: len(levels)]
    return lower[number], counts[1::2][number]


def _sorted_finite(values: np.ndarray) -> np.ndarray:
    """Values in ascending order; NaN raises."""
    ordered = np.sort(values)
    if len(ordered) and np.isnan(ordered[-1]):  # NaN are sorted to the end
        raise not_finite("map")
    return ordered


def ranked_area(
    positives: np.ndarray, values: np.ndarray, left_out: np.ndarray, thresholds: str, per_fixation: bool
) -> float | np.ndarray:
    """Area under the ROC curve of fixated values against `values` without those in `left_out`."""
    if np.isnan(positives).any():  # no value lies below NaN, nor above it
        raise not_finite("map")
    if thresholds == "all":
        return _exact_area(positives, values, left_out, per_fixation)
    if per_fixation:
        raise InputError("per_fixation needs thresholds='all': a curve through the fixations is one number.")
    return _area_through_fixations(positives, values, left_out)


def _exact_area(
    positives: np.ndarray, values: np.ndarray, left_out: np.ndarray, per_fixation: bool
) -> float | np.ndarray:
    """Share of values below each positive, ties half; the values in `left_out` do not count."""
    ranks = twice_below(values, positives)
    if len(left_out):
        ranks = ranks - twice_below(left_out, positives)
    scores = ranks / (2.0 * (len(values) - len(left_out)))
    return scores if per_fixation else float(scores.mean())


def _area_through_fixations(positives: np.ndarray, values: np.ndarray, left_out: np.ndarray) -> float:
    levels = np.unique(positives)[::-1]
    hits = 1 - np.searchsorted(np.sort(positives), levels) / len(positives)
    ranks = below(values, levels) - below(left_out, levels)
    return float(roc_area(hits, 1 - ranks / (len(values) - len(left_out))))


def roc_area(hits: np.ndarray, false_alarms: np.ndarray) -> np.ndarray:
    """Trapezoids under curves that rise along the last axis, from (0, 0) to (1, 1)."""
    ends = [(0, 0)] * (hits.ndim - 1) + [(1, 1)]
    y, x = (np.pad(rates, ends, constant_values=(0, 1)) for rates in np.broadcast_arrays(hits, false_alarms))
    return np.trapezoid(y, x, axis=-1)
