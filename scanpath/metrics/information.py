"""Densities against fixations: log-likelihood in nats, information gain in bits."""

from math import inf
from typing import Literal, overload

import numpy as np

from scanpath._core.errors import InputError, UndefinedError
from scanpath.gaze.scanpath import ScanpathLike
from scanpath.metrics.maps import TOLERANCE_NATS, MapLike, as_density, as_map, not_finite, pixel_values, same_size
from scanpath.metrics.metric import plain_metric


def log_density(map: MapLike, *, minimum: float = 0.0) -> np.ndarray:
    """Turn a map into the log of a density over its pixels, in nats.

    A map is not a density: how its values become probabilities is part of the model. This takes them in proportion,
    the plainest reading, after lifting a negative map to a minimum of 0 and adding `minimum` to each pixel, so that
    no pixel is impossible.

    Parameters
    ----------
    map
        (H, W).
    minimum
        Added to each pixel before scaling.

    Raises
    ------
    UndefinedError
        If the map is 0 everywhere.

    Examples
    --------
    >>> np.exp(log_density([[1, 3]]))
    array([[0.25, 0.75]])
    """
    with np.errstate(divide="ignore"):
        return np.log(as_density(map, minimum=minimum))


@overload
def log_likelihood(
    log_density: MapLike, xy: ScanpathLike, *, pixel: str = ..., per_fixation: Literal[False] = ...
) -> float: ...
@overload
def log_likelihood(
    log_density: MapLike, xy: ScanpathLike, *, pixel: str = ..., per_fixation: Literal[True]
) -> np.ndarray: ...
@plain_metric(
    range=(-inf, 0),
    direction="similarity",
    unit="nat",
    reference="Kümmerer, Wallis & Bethge (2015), PNAS 112",
    doi="10.1073/pnas.1510393112",
)
def log_likelihood(
    log_density: MapLike, xy: ScanpathLike, *, pixel: str = "nearest", per_fixation: bool = False
) -> float | np.ndarray:
    """Mean log probability of the fixated pixels, in nats a fixation.

    Parameters
    ----------
    log_density
        (H, W) natural logs of a density that sums to 1 over the pixels; minus infinity where it is 0.
    xy
        (n, 2) fixations in px, or a scanpath.
    pixel
        See `scanpath.metrics.maps.pixel_index`.
    per_fixation
        Return one value a fixation instead of their mean.

    Returns
    -------
    float or numpy.ndarray
        Minus infinity if a fixated pixel is impossible under the density.

    Raises
    ------
    InputError
        If the exponentials do not sum to 1: the map is no log density.

    Examples
    --------
    >>> round(log_likelihood(np.log([[0.5, 0.25, 0.25]]), [(0, 0), (1, 0)]), 4)
    -1.0397
    """
    values = _as_log_density(log_density, "log_density")
    scores = pixel_values(values, xy, pixel).astype(np.float64)
    return scores if per_fixation else float(scores.mean())


@overload
def information_gain(
    log_density: MapLike,
    baseline_log_density: MapLike | None,
    xy: ScanpathLike,
    *,
    pixel: str = ...,
    per_fixation: Literal[False] = ...,
) -> float: ...
@overload
def information_gain(
    log_density: MapLike,
    baseline_log_density: MapLike | None,
    xy: ScanpathLike,
    *,
    pixel: str = ...,
    per_fixation: Literal[True],
) -> np.ndarray: ...
@plain_metric(
    range=(-inf, inf),
    direction="similarity",
    unit="bit",
    reference="Kümmerer, Wallis & Bethge (2015), PNAS 112",
    doi="10.1073/pnas.1510393112",
)
def information_gain(
    log_density: MapLike,
    baseline_log_density: MapLike | None,
    xy: ScanpathLike,
    *,
    pixel: str = "nearest",
    per_fixation: bool = False,
) -> float | np.ndarray:
    """How many bits a fixation a density knows more than a baseline [1]_.

    The difference of the log-likelihoods over ln 2. Against the uniform density it measures all that is known about
    fixations, against a center bias what the picture adds.

    Parameters
    ----------
    log_density
        (H, W) natural logs of a density.
    baseline_log_density
        The same for the baseline; None for the uniform density.
    xy, pixel, per_fixation
        See `log_likelihood`.

    Raises
    ------
    UndefinedError
        If a fixated pixel is impossible under both.

    References
    ----------
    .. [1] Kümmerer, M., Wallis, T. S. A. & Bethge, M. (2015). Information-theoretic model comparison unifies saliency
       metrics. PNAS, 112(52), 16054-16059. https://doi.org/10.1073/pnas.1510393112

    Examples
    --------
    >>> information_gain(np.log([[0.5, 0.25, 0.125, 0.125]]), None, [(0, 0)])
    1.0
    """
    values = _as_log_density(log_density, "log_density")
    reached = pixel_values(values, xy, pixel).astype(np.float64)
    if baseline_log_density is None:
        expected = -np.log(values.size)
    else:
        baseline = _as_log_density(baseline_log_density, "baseline_log_density")
        same_size(values, baseline, ("log_density", "baseline_log_density"))
        expected = pixel_values(baseline, xy, pixel).astype(np.float64)
    if (np.isneginf(reached) & np.isneginf(expected)).any():
        raise UndefinedError(
            "A fixated pixel has probability 0 under the density and under the baseline.", "zero_density"
        )
    scores = (reached - expected) / np.log(2)
    return scores if per_fixation else float(scores.mean())


def _as_log_density(values: MapLike, name: str) -> np.ndarray:
    array = as_map(values, name)
    top = array.max()
    if not np.isfinite(top):
        raise not_finite(name)
    with np.errstate(over="ignore"):
        # digits that single precision lacks do not tell a density from none, and it is three times as fast
        shares = np.exp(np.subtract(array, top, dtype=np.float32, casting="same_kind"))
        total = float(np.log(shares.sum(dtype=np.float64)) + top)
        if abs(total) > TOLERANCE_NATS:
            raise InputError(
                f"{name} must be the log of a density: its exponentials must sum to 1, they sum to "
                f"{np.exp(total):.4g}; scanpath.metrics.log_density turns a map into one."
            )
    return array
