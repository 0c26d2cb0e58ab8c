"""Pooling whose window grows continuously with eccentricity, around any fixation: our own form, without rings."""

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_choice, check_fixation_tensor, check_image
from scanpath._core.errors import InputError
from scanpath.kernels.eccentricity_pooling import pool_windows
from scanpath.recognition.eccentricity_pooling import EccentricityPool2d, Point, RingLaw, plain_pool


def smooth_eccentricity_pool(
    x: Array, law: RingLaw | None = None, *, kind: str = "avg", fixation: Point | None = None
) -> Array:
    """Pool maps with a window that grows continuously with distance from the fixation.

    The window of an output at distance r px is ``min_window + slope max(0, r - fovea)`` px wide and always centered
    on the same place: between two neighboring sizes of that parity, the two poolings are mixed. The published rings
    instead step from size to size, shift by half a px where the size is odd, count the ring's outer radius, and need
    the fixation in the middle of a square map. The result is differentiable in `x` and in the fixation.

    Parameters
    ----------
    x
        (B, C, H, W) or (C, H, W) maps of any size.
    law
        Growth of the window; ring widths are not used.
    kind
        "avg" or "max".
    fixation
        x and y in px of `x`, also between pixels or outside; default the middle.

    Returns
    -------
    Tensor
        (B, C, ceil(H / stride), ceil(W / stride)), or without batch as it came.

    Examples
    --------
    >>> smooth_eccentricity_pool(torch.ones(1, 10, 16), fixation=(2.5, 20.0)).shape
    torch.Size([1, 5, 8])
    """
    law = law or RingLaw()
    check_choice("kind", kind, ("avg", "max"))
    maps = check_image(x, name="x")
    if maps.ndim == 3:
        return as_given(x, smooth_eccentricity_pool(maps[None], law, kind=kind, fixation=fixation)[0])
    size = (int(maps.shape[-2]), int(maps.shape[-1]))
    middle = [(size[1] - 1) / 2, (size[0] - 1) / 2]
    point = check_fixation_tensor("fixation", middle if fixation is None else fixation).to(maps.device, maps.dtype)
    if point.shape != (2,):
        raise InputError(f"fixation must be one pair of x and y in px, got shape {tuple(point.shape)}.")
    if law.slope == 0 and law.min_window == law.stride == 2:
        return as_given(x, plain_pool(maps, kind))
    steps = window_steps(law, size, point)
    below = torch.floor(steps.detach()).to(torch.int64)
    share = (steps - below).to(maps.dtype)
    sides = law.min_window + 2 * below.cpu().numpy()
    pooled = pool_windows(maps, centered_bounds(law, size, sides), kind)
    if not bool((steps.detach() > below).any()):
        return as_given(x, pooled)
    wider = pool_windows(maps, centered_bounds(law, size, sides + 2), kind)
    return as_given(x, pooled + share * (wider - pooled))


def window_steps(law: RingLaw, size: tuple[int, int], fixation: Tensor) -> Tensor:
    """How often each output's window has grown by 2 px: (h, w), not whole numbers."""
    rows, columns = (torch.arange(-(-side // law.stride)).to(fixation) * law.stride for side in size)
    middle = (law.stride - 1) / 2
    dx, dy = columns + middle - fixation[0], rows + middle - fixation[1]
    # a tiny constant keeps the gradient finite where the fixation is at a window's center
    distance = torch.sqrt(dx[None] ** 2 + dy[:, None] ** 2 + 1e-12)
    return law.slope * (distance - law.fovea_deg * law.px_per_deg).clamp_min(0) / 2


def centered_bounds(law: RingLaw, size: tuple[int, int], sides: np.ndarray) -> np.ndarray:
    """Rows and columns of windows that grow evenly on both sides: int32 (4, h, w), cut off at the map's border."""
    bounds = np.empty((4, *sides.shape), dtype=np.int32)
    before = (sides - law.min_window) // 2 + (law.min_window - law.stride) // 2
    for axis, length in enumerate(size):
        index = np.arange(sides.shape[axis]) * law.stride
        start = (index[:, None] if axis == 0 else index[None]) - before
        bounds[2 * axis] = np.clip(start, 0, length - 1)
        bounds[2 * axis + 1] = np.clip(start + sides, 1, length)
    return bounds


class SmoothEccentricityPool2d(EccentricityPool2d):
    """Pooling with windows that grow continuously with eccentricity; see `smooth_eccentricity_pool`.

    Parameters
    ----------
    kind
        "avg" or "max".
    min_window, stride, slope, px_per_deg, fovea_deg, ring_deg
        See `RingLaw`. Without rings their width has no effect; it is taken so that either pool can stand for the other.

    Examples
    --------
    >>> SmoothEccentricityPool2d()(torch.zeros(1, 4, 40, 60)).shape
    torch.Size([1, 4, 20, 30])
    """

    def forward(self, x: Tensor, fixation: Point | None = None, field_px: int | None = None) -> Tensor:
        """Pool (B, C, H, W) or (C, H, W) maps around a fixation.

        Windows grow without end, so that `field_px`, which the base class needs to lay rings, has no effect.
        """
        return smooth_eccentricity_pool(x, self.law, kind=self.kind, fixation=fixation)
