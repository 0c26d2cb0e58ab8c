"""How many values lie below others: the counts behind every area under a ROC curve."""

import numpy as np

from scanpath.kernels.map_scores import count_below
from scanpath.metrics.maps import not_finite

#: Up to this many one pass over the values for each is cheaper than sorting them.
FEW = 8


def twice_below(values: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Twice the number of values below each positive plus the number equal to it; NaN among the values raises."""
    if len(positives) <= FEW:
        counts = np.array([count_below(values, positive) for positive in positives])
        if counts[:, 1].any():
            raise not_finite("map")
        return counts[:, 0]
    ordered = sorted_finite(values)
    return np.searchsorted(ordered, positives, "left") + np.searchsorted(ordered, positives, "right")


def below(values: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """How many values lie below each positive; NaN among the values raises."""
    return np.searchsorted(sorted_finite(values), positives, "left")


def sorted_finite(values: np.ndarray) -> np.ndarray:
    """Values in ascending order; NaN raises."""
    ordered = np.sort(values)
    if len(ordered) and np.isnan(ordered[-1]):  # NaN are sorted to the end
        raise not_finite("map")
    return ordered
