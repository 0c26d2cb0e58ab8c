"""Perceptual scales predicted from information: how far apart levels of a stimulus should look."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.errors import InputError


def scale_from_information(
    information: ArrayLike | Callable[[np.ndarray], np.ndarray], levels: ArrayLike
) -> np.ndarray:
    """Integrate the root of Fisher information along the levels, from 0 to 1.

    Parameters
    ----------
    information
        (n,) Fisher information of the parameter at each level, or a function of the parameter. A function is
        integrated with 256 intervals between neighbors, values by the trapezoidal rule.
    levels
        (n,) values of the parameter, rising or falling throughout.

    Returns
    -------
    ndarray
        (n,) scale.

    References
    ----------
    Vacher, J. & Mamassian, P. (2024). Perceptual scales predicted by Fisher information metrics. ICLR.
    https://doi.org/10.48550/arXiv.2310.11759

    Examples
    --------
    >>> scale_from_information(lambda z: 1 / z**2, [1, 2, 4]).round(4)
    array([0. , 0.5, 1. ])
    """
    places = np.asarray(levels, dtype=np.float64)
    steps = np.diff(places)
    if places.ndim != 1 or len(places) < 2 or not ((steps > 0).all() or (steps < 0).all()):
        raise InputError("levels must be two or more values that rise, or fall, throughout.")
    share = np.linspace(0, 1, 257 if callable(information) else 2)
    fine = places[:-1, None] + share * steps[:, None]
    values = information(fine) if callable(information) else _pairs(np.asarray(information, dtype=np.float64), places)
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise InputError("information must be finite and at least 0 at every level.")
    return scale_from_steps(np.trapezoid(np.sqrt(values), share, axis=1) * np.abs(steps))


def scale_from_steps(steps: ArrayLike) -> np.ndarray:
    """Add up distances between neighboring levels, from 0 to 1.

    Examples
    --------
    >>> scale_from_steps([1, 1, 2])
    array([0.  , 0.25, 0.5 , 1.  ])
    """
    lengths = np.asarray(steps, dtype=np.float64)
    if lengths.ndim != 1 or not len(lengths) or not (np.isfinite(lengths).all() and (lengths >= 0).all()):
        raise InputError("steps must be finite distances of at least 0 between neighboring levels.")
    if not lengths.sum() > 0:
        raise InputError("All levels are the same to this measure, so that they have no scale.")
    return np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()


def density_distances(densities: ArrayLike) -> np.ndarray:
    """Fisher-Rao distances between neighboring densities, 2 arccos of the sum of sqrt(p q).

    Parameters
    ----------
    densities
        (n, ...) weights of at least 0, one density a row; each is divided by its sum.

    Returns
    -------
    ndarray
        (n - 1,) distances: the integral of the root of Fisher information along the shortest path.

    References
    ----------
    Rao, C. R. (1945). Information and the accuracy attainable in the estimation of statistical parameters. Bulletin of
    the Calcutta Mathematical Society 37, 81-91. https://doi.org/10.1007/978-1-4612-0919-5_16

    Examples
    --------
    >>> (density_distances([[1, 0], [1, 1], [0, 1]]) / np.pi).round(4)
    array([0.5, 0.5])
    """
    rows = np.asarray(densities, dtype=np.float64)
    rows = rows.reshape(len(rows), -1)
    if not (np.isfinite(rows).all() and (rows >= 0).all() and (rows.sum(axis=1) > 0).all()):
        raise InputError("densities must be finite, at least 0, and not 0 everywhere.")
    roots = np.sqrt(rows / rows.sum(axis=1, keepdims=True))
    # of two unit vectors, by the chord: the arc cosine has no digits near 1
    chord = np.linalg.norm(np.diff(roots, axis=0), axis=1)
    return 4 * np.arcsin(np.clip(chord / 2, 0, 1))


def gaussian_distances(means: ArrayLike, deviations: ArrayLike) -> np.ndarray:
    """Fisher-Rao distances between neighboring sets of independent Gaussians.

    Parameters
    ----------
    means, deviations
        (n, channels); deviations above 0.

    Returns
    -------
    ndarray
        (n - 1,) distances: roots of the sum over channels of squared distances of single Gaussians.

    References
    ----------
    Costa, S. I. R., Santos, S. A. & Strapasson, J. E. (2015). Fisher information distance: a geometrical reading.
    Discrete Applied Mathematics 197, 59-69. https://doi.org/10.1016/j.dam.2014.10.004

    Examples
    --------
    >>> gaussian_distances([[0.0], [0.0]], [[1.0], [np.e]]).round(4)
    array([1.4142])
    """
    mu, sigma = np.asarray(means, dtype=np.float64), np.asarray(deviations, dtype=np.float64)
    if mu.shape != sigma.shape or mu.ndim != 2 or not (np.isfinite(mu).all() and (sigma > 0).all()):
        raise InputError("means and deviations must be finite, of one shape (n, channels), deviations above 0.")
    first, last = sigma[:-1], sigma[1:]
    apart = np.diff(mu, axis=0) ** 2 / 2 + (last - first) ** 2
    each = math.sqrt(2) * np.arccosh(1 + apart / (2 * first * last))
    return np.sqrt((each**2).sum(axis=1))


def area_score(prediction: ArrayLike, scale: ArrayLike) -> float:
    """Score a prediction as published: by the area between it and the straight line that the measured scale fills.

    Sum of sign(scale - line) (prediction - line) over the sum of |scale - line|. It is 0 for the line and 1 for a
    perfect prediction, but a prediction that overshoots has more than 1, and where the scale is near the line it grows
    without bound. The likelihood of the answers, as `given_scale` has it, has neither fault.

    References
    ----------
    Vacher, J. & Mamassian, P. (2024). Perceptual scales predicted by Fisher information metrics. ICLR.
    https://doi.org/10.48550/arXiv.2310.11759

    Examples
    --------
    >>> area_score([0, 0.8, 1], [0, 0.7, 1]) > 1
    True
    """
    wanted, found = np.asarray(prediction, dtype=np.float64), np.asarray(scale, dtype=np.float64)
    if wanted.shape != found.shape or wanted.ndim != 1:
        raise InputError(f"A prediction needs a value for each level, got {wanted.shape} for {found.shape}.")
    line = np.linspace(0, 1, len(found))
    area = np.abs(found - line).sum()
    if not area > 0:
        raise InputError("The scale is the straight line itself, against which the area score is not defined.")
    return float((np.sign(found - line) * (wanted - line)).sum() / area)


def _pairs(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    if values.shape != places.shape:
        raise InputError(f"information must have a value for each of {len(places)} levels, got shape {values.shape}.")
    return np.stack([values[:-1], values[1:]], axis=1)
