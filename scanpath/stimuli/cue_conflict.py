"""Pictures whose center shows one scene and whose surround another, as a test of where a network looks for evidence."""

import math

import numpy as np

from scanpath._core.checks import check_share
from scanpath._core.errors import InputError

#: Width of the window's soft border, as a share of its radius.
_BORDER = 0.2


def window_mask(size_px: int, share: float) -> np.ndarray:
    """Weight of the center, (size_px, size_px) in [0, 1]: a disk with a soft border, cut off by the picture's edges.

    Its radius is the one at which the weights add up to the share of the picture's area.

    Examples
    --------
    >>> [round(float(window_mask(64, share).mean()), 2) for share in (0.1, 0.5, 0.9)]
    [0.1, 0.5, 0.9]
    """
    check_share("share", share)
    places = np.arange(size_px) - (size_px - 1) / 2
    distance = np.hypot(places, places[:, None])

    def disk(radius: float) -> np.ndarray:
        passed = (distance / radius - 1) / _BORDER + 0.5
        return np.cos(math.pi / 2 * passed.clip(0, 1)) ** 2

    low, high = 1e-6 * size_px, 2.0 * size_px
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if disk(middle).mean() < share else (low, middle)
    return disk(high)


def window_conflict(inside: np.ndarray, outside: np.ndarray, share: float) -> np.ndarray:
    """Show one set of square pictures through a round window in the middle of another.

    Parameters
    ----------
    inside, outside
        (..., H, W) uint8, of one shape.
    share
        Part of the picture's area that the window takes.

    References
    ----------
    Deza, A., & Konkle, T. (2021). Emergent properties of foveated perceptual systems.
    https://arxiv.org/abs/2006.07991

    Examples
    --------
    >>> both = window_conflict(np.full((1, 9, 9), 200, np.uint8), np.zeros((1, 9, 9), np.uint8), 0.2)
    >>> both[0, 4, 4].item(), both[0, 0, 0].item()
    (200, 0)
    """
    if inside.shape != outside.shape or inside.shape[-1] != inside.shape[-2]:
        raise InputError(f"Two sets of square pictures of one shape are needed, got {inside.shape}, {outside.shape}.")
    weight = window_mask(inside.shape[-1], share).astype(np.float32)
    return (inside * weight + outside * (1 - weight)).round().astype(np.uint8)


def decoys(labels: np.ndarray) -> np.ndarray:
    """Number of each picture's partner, (n,): the picture of the same rank in the next class, for the last the first.

    A class without pictures is passed over; where the next class has fewer pictures, its ranks begin again.

    Examples
    --------
    >>> decoys(np.array([0, 0, 1, 1, 2])).tolist()
    [2, 3, 4, 4, 0]
    """
    classes, number = np.unique(labels, return_inverse=True)
    members = [np.flatnonzero(labels == label) for label in classes]
    rank = np.empty(len(labels), dtype=int)
    for group in members:
        rank[group] = np.arange(len(group))
    following = [members[(one + 1) % len(members)] for one in number]
    return np.array([group[place % len(group)] for group, place in zip(following, rank)])
