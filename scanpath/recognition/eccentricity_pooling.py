"""Pooling whose window grows with eccentricity, as receptive fields do, on a grid that stays uniform."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_choice, check_count, check_image, check_positive, check_xy
from scanpath._core.errors import InputError
from scanpath.kernels.eccentricity_pooling import pool_windows

#: x and y in px.
Point = Sequence[float] | np.ndarray | Tensor


@dataclass(frozen=True)
class RingLaw:
    """How the pooling window grows from ring to ring around the fovea.

    Inside the fovea the window is `min_window`. Ring k ends R_k = R_0 + k dR output px from the fixation and its
    window is ``min_window + round(slope (stride R_k - fovea))`` input px, with the fovea's radius in input px too: the
    ring's outer radius counts. The last ring holds everything beyond half the field.

    Parameters
    ----------
    min_window
        Side of the foveal window in input px.
    stride
        Distance of neighboring windows in input px, the same everywhere.
    slope
        Growth of the window's side per px of eccentricity, both in input px; 0 for ordinary pooling.
    px_per_deg
        Input px per degree of visual angle.
    fovea_deg
        Radius within which the window does not grow.
    ring_deg
        Width of a ring.
    """

    min_window: int = 2
    stride: int = 2
    slope: float = 0.07
    px_per_deg: float = 8
    fovea_deg: float = 4
    ring_deg: float = 1

    def __post_init__(self) -> None:
        check_count("min_window", self.min_window)
        check_count("stride", self.stride)
        for name in ("px_per_deg", "fovea_deg", "ring_deg"):
            check_positive(name, getattr(self, name))
        if not (isinstance(self.slope, Real) and np.isfinite(self.slope) and self.slope >= 0):
            raise InputError(f"slope must be a number of at least 0, got {self.slope!r}.")

    def rings(self, n_out: int) -> list[tuple[int, int]]:
        """Outer radius (output px) and window side (input px) of each ring on a field of `n_out` output px.

        Examples
        --------
        >>> RingLaw(slope=16 * 0.02, px_per_deg=2).rings(26)[-3:]
        [(11, 6), (12, 7), (13, 8)]
        """
        fovea_px = self.fovea_deg * self.px_per_deg
        radius = round(fovea_px / self.stride)
        width = max(1, round(self.ring_deg * self.px_per_deg / self.stride))
        found = [(radius, self.min_window)]
        while radius < n_out / 2 or (len(found) == 1 and radius == n_out / 2):
            radius += width
            found.append((radius, self.min_window + round(self.slope * (self.stride * radius - fovea_px))))
        return found


def ring_index(law: RingLaw, size: tuple[int, int], *, center: tuple[int, int], n_out: int) -> np.ndarray:
    """Ring of each output px, 0 for the fovea: int (h, w) of `size`, for a fixation at `center` (row, column).

    A ring holds the px whose center is nearer than its outer radius.
    """
    rows, columns = np.arange(size[0])[:, None] - center[0], np.arange(size[1])[None] - center[1]
    radii = np.array([radius for radius, _ in law.rings(n_out)][:-1])
    return np.searchsorted(radii**2, rows**2 + columns**2, side="right")


@functools.lru_cache(maxsize=128)
def ring_bounds(law: RingLaw, size: tuple[int, int], center: tuple[int, int], n_out: int) -> np.ndarray:
    """Rows and columns of every output's window: int32 (4, h, w), y0, y1, x0, x1, for a map of `size`.

    The map is padded as if every window side had its own layer with 'same' borders, and the padding counts neither
    in averages nor in maxima.
    """
    h, w = (-(-side // law.stride) for side in size)
    sides = np.array([side for _, side in law.rings(n_out)])[ring_index(law, (h, w), center=center, n_out=n_out)]
    bounds = np.empty((4, h, w), dtype=np.int32)
    bounds[0], bounds[1] = window_span(np.arange(h)[:, None], sides, law.stride, size[0])
    bounds[2], bounds[3] = window_span(np.arange(w)[None], sides, law.stride, size[1])
    return bounds


def window_span(index: np.ndarray, side: np.ndarray, stride: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """First px and last px + 1 of windows of `side` px at output places `index` of a line of `length` px.

    What the windows lack at the two ends is padded half before (rounded down) and half after.
    """
    n_out = -(-length // stride)
    before = np.maximum((n_out - 1) * stride + side - length, 0) // 2
    start = index * stride - before
    return np.clip(start, 0, length - 1), np.clip(start + side, 1, length)


def eccentricity_pool(
    x: Array,
    law: RingLaw | None = None,
    *,
    kind: str = "avg",
    fixation: Point | None = None,
    field_px: int | None = None,
) -> Array:
    """Pool maps with a window that grows in rings around the fixation.

    Without `fixation` this is the published layer: the fixation is the middle of the map, and a map that is not
    square is first filled up with zeros to a square. With it, the map keeps its shape and the rings move.

    Parameters
    ----------
    x
        (B, C, H, W) or (C, H, W) maps.
    law
        How windows grow; the published third layer's by default.
    kind
        "avg" or "max".
    fixation
        x and y in px of `x`; may lie outside.
    field_px
        Side of the square field around the fixation that rings are made for, in px of `x`; beyond it the window
        stays as it is. Default the larger side of the map.

    Returns
    -------
    Tensor
        (B, C, ceil(H / stride), ceil(W / stride)), or without batch as it came.

    References
    ----------
    Gupta, Zhang, Wu, Wolfe & Kreiman (2021). Visual search asymmetry: deep nets and humans share similar inherent
    biases. NeurIPS 34. arXiv:2106.02953.

    Examples
    --------
    >>> import torch
    >>> eccentricity_pool(torch.ones(1, 16, 16), RingLaw(px_per_deg=2)).shape
    torch.Size([1, 8, 8])
    """
    law = law or RingLaw()
    check_choice("kind", kind, ("avg", "max"))
    maps = check_image(x, name="x")
    if maps.ndim == 3:
        return as_given(x, eccentricity_pool(maps[None], law, kind=kind, fixation=fixation, field_px=field_px)[0])
    if fixation is None:
        maps = fill_to_square(maps)
    field_px = max(maps.shape[-2:]) if field_px is None else check_count("field_px", field_px)
    n_out = -(-field_px // law.stride)
    if fixation is None:
        center = (n_out // 2, n_out // 2)
    else:
        points = check_xy("fixation", fixation)
        if len(points) != 1:
            raise InputError(f"fixation must be one pair of x and y in px, got {len(points)} pairs.")
        column, row = points[0]
        center = (int(row // law.stride), int(column // law.stride))
    size = (int(maps.shape[-2]), int(maps.shape[-1]))
    if all(side == law.stride for _, side in law.rings(n_out)) and law.stride <= 2:
        return as_given(x, plain_pool(maps, kind) if law.stride == 2 else maps)
    return as_given(x, pool_windows(maps, ring_bounds(law, size, center, n_out), kind))


def plain_pool(x: Tensor, kind: str) -> Tensor:
    """Halve maps with 2 x 2 windows; the odd last row and column are pooled alone, so that sizes are rounded up."""
    if kind == "avg":
        return F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
    return F.max_pool2d(x, 2, ceil_mode=True)


def fill_to_square(x: Tensor) -> Tensor:
    """Fill maps up with zeros to a square, the odd row or column at the bottom or right."""
    height, width = x.shape[-2:]
    if height == width:
        return x
    rows, columns = max(0, width - height), max(0, height - width)
    return F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))


class EccentricityPool2d(nn.Module):
    """The pooling layer of eccNET: a uniform grid of windows that grow with distance from the middle of the map.

    Parameters
    ----------
    kind
        "avg" (eccNET's) or "max".
    min_window, stride, slope, px_per_deg, fovea_deg, ring_deg
        See `RingLaw`; the defaults are those of eccNET's third layer, `px_per_deg` being that of its input.

    Examples
    --------
    >>> import torch
    >>> EccentricityPool2d()(torch.zeros(1, 4, 202, 202)).shape
    torch.Size([1, 4, 101, 101])
    """

    def __init__(
        self,
        kind: str = "avg",
        min_window: int = 2,
        stride: int = 2,
        slope: float = 0.07,
        px_per_deg: float = 8,
        fovea_deg: float = 4,
        ring_deg: float = 1,
    ) -> None:
        super().__init__()
        self.kind = check_choice("kind", kind, ("avg", "max"))
        self.law = RingLaw(min_window, stride, slope, px_per_deg, fovea_deg, ring_deg)

    def extra_repr(self) -> str:
        """Show the parameters."""
        return f"{self.kind!r}, {self.law}"

    def forward(self, x: Tensor, fixation: Point | None = None, field_px: int | None = None) -> Tensor:
        """Pool (B, C, H, W) or (C, H, W) maps; see `eccentricity_pool`."""
        return eccentricity_pool(x, self.law, kind=self.kind, fixation=fixation, field_px=field_px)
