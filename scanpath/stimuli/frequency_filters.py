"""Pictures with their high or their low spatial frequencies alone, as a test of what a network lives on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter

from scanpath._core.checks import check_positive


def low_pass(levels: np.ndarray, sigma_px: float) -> np.ndarray:
    """Blur pictures (..., H, W) of 8-bit levels by a Gaussian of standard deviation `sigma_px`; edges are continued.

    Examples
    --------
    >>> low_pass(np.full((3, 8, 8), 77, np.uint8), 2.0).max().item()
    77
    """
    return _levels(_blurred(levels, sigma_px))


def high_pass(levels: np.ndarray, sigma_px: float, color: ArrayLike) -> np.ndarray:
    """Take from pictures what a Gaussian blur leaves of them, and give every picture one mean color.

    Parameters
    ----------
    levels
        (..., 3, H, W) uint8.
    sigma_px
        Standard deviation of the blur; smaller ones leave higher frequencies.
    color
        (3,) mean of the result in levels, before what lies beyond 0 and 255 is clipped.

    References
    ----------
    Deza, A., & Konkle, T. (2021). Emergent properties of foveated perceptual systems.
    https://arxiv.org/abs/2006.07991

    Examples
    --------
    >>> high_pass(np.full((3, 8, 8), 77, np.uint8), 2.0, (100, 110, 120))[:, 0, 0].tolist()
    [100, 110, 120]
    """
    rest = levels.astype(np.float32) - _blurred(levels, sigma_px)
    mean = np.asarray(color, dtype=np.float32)[:, None, None]
    return _levels(rest - rest.mean(axis=(-2, -1), keepdims=True) + mean)


def mean_color(levels: Sequence[np.ndarray]) -> np.ndarray:
    """Mean color of pictures (n, 3, H, W) that come in several arrays, (3,) in levels."""
    total = sum(one.astype(np.float64).mean(axis=(2, 3)).sum(axis=0) for one in levels)
    return np.asarray(total / sum(len(one) for one in levels))


def _blurred(levels: np.ndarray, sigma_px: float) -> np.ndarray:
    sigma = check_positive("sigma_px", sigma_px)
    return gaussian_filter(levels.astype(np.float32), sigma, mode="nearest", axes=(-2, -1))


def _levels(values: np.ndarray) -> np.ndarray:
    return values.round().clip(0, 255).astype(np.uint8)
