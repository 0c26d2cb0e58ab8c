"""Target maps of boxes that peak in their middle, as people and clicks aim at the middle of what they want."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from scanpath._core.checks import check_positive, check_size
from scanpath._core.errors import InputError
from scanpath.gaze.boxes import Box, check_box

#: Standard deviation along a side as a share of that side; 0.961 of the mass lies within the side.
SIGMA_SHARE = 1 / 4.1325


def center_peaked_map(
    boxes: Iterable[Box],
    size: Sequence[int],
    *,
    sigma_share: float = SIGMA_SHARE,
    weights: Sequence[float] | None = None,
) -> Tensor:
    """Spread one unit of attention over boxes, each with a Gaussian around its middle and nothing outside.

    A pixel has the exact integral of the Gaussian over the part of the pixel that lies in the box. Unlike a box
    filled evenly, the map tells the middle of a target from its border, and leaves neighbors of small targets out
    [1]_. With the boxes of all elements of a page it is a map of what can be looked at; with that of one it is the
    map to compare a model's attention with: `scanpath.metrics.kl_divergence` and `background_share`.

    Parameters
    ----------
    boxes
        (x, y, width, height) in px, one or more; the first pixel is (x, y).
    size
        (height, width) of the picture.
    sigma_share
        Standard deviation along each side as a share of the side. The published code has 1 / 4.1325 as its default,
        while its training script passes 1, which is nearly flat in the box.
    weights
        Share of each box, at least 0; equal by default.

    Returns
    -------
    Tensor
        (H, W) float64 that sums to 1.

    Raises
    ------
    InputError
        If there is no box, one leaves the picture, or weights do not fit.

    References
    ----------
    .. [1] Chen, J., Chen, L., Wang, D. et al. (2025). V2P: From background suppression to center peaking for robust GUI
       grounding task.
       https://doi.org/10.48550/arXiv.2508.13634

    Examples
    --------
    >>> map_ = center_peaked_map([(1, 0, 3, 1)], (1, 5))
    >>> map_.numpy().round(3)
    array([[0.   , 0.235, 0.53 , 0.235, 0.   ]])
    """
    height, width = check_size("size", size)
    share = check_positive("sigma_share", sigma_share)
    known = [check_box(f"boxes[{number}]", box, (height, width), "size") for number, box in enumerate(boxes)]
    if not known:
        raise InputError("center_peaked_map needs at least one box (x, y, width, height) in px; got none.")
    amounts = _amounts(weights, len(known))
    total = torch.zeros(height, width, dtype=torch.float64)
    for (x, y, across, along), amount in zip(known, amounts):
        total += amount * torch.outer(_masses(y, along, height, share), _masses(x, across, width, share))
    return total / total.sum()


def _masses(start: float, length: float, count: int, sigma_share: float) -> Tensor:
    """Share of a Gaussian, cut off at the ends of a side, that each of `count` pixels along the side holds."""
    edges = torch.arange(count + 1, dtype=torch.float64).clamp(start, start + length)
    from_middle = (edges - (start + length / 2)) / (length * sigma_share)
    mass = torch.erf(from_middle / math.sqrt(2)).diff() / 2
    return mass / mass.sum()


def _amounts(weights: Sequence[float] | None, count: int) -> list[float]:
    try:
        amounts = [1.0] * count if weights is None else [float(one) for one in weights]
    except (TypeError, ValueError):
        amounts = []
    if len(amounts) != count or not all(0 <= one < math.inf for one in amounts) or not sum(amounts) > 0:
        raise InputError(
            f"weights must be {count} numbers of at least 0, one for each box and not all 0; got {weights}."
        )
    return amounts
