"""Where the samples of a map lie among rings and wedges, and which of them each sample touches."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import arange_like
from scanpath._core.errors import InputError
from scanpath._core.kept import kept
from scanpath.kernels.window_pooling import WindowTaps

#: A Gaussian ring this far (in standard deviations) from a pixel does not count it.
GAUSSIAN_REACH = 5
#: Cells of the fine polar grid per Gaussian window, in each direction.
CELLS_PER_WINDOW = 8
#: More cells than this take gigabytes for a few maps.
MOST_CELLS = 100_000_000


@dataclass(frozen=True)
class WindowGeometry:
    """What the windows depend on; equal geometries share their tables."""

    size: tuple[int, int]
    x: float
    y: float
    px_per_deg: float
    scaling: float
    window: str
    min_eccentricity_deg: float
    step_px: float = 1.0
    origin_px: tuple[float, float] = (0.0, 0.0)

    @property
    def fixation(self) -> Tensor:
        """x and y in double precision."""
        return torch.tensor([self.x, self.y], dtype=torch.float64)

    @property
    def ring_spacing(self) -> float:
        """Distance of neighboring rings in ln(eccentricity)."""
        full_width = 2 * math.asinh(self.scaling / 2)  # ln of outer over inner half-height eccentricity
        return full_width if self.window == "cosine" else full_width / (2 * math.sqrt(2 * math.log(2)))

    @property
    def n_angle(self) -> int:
        """Windows in a ring: twice as long radially as tangentially."""
        return round(4 * math.pi / self.ring_spacing)

    def coordinates(self, fixation: Tensor) -> tuple[Tensor, Tensor]:
        """Ring and angle coordinate of every sample, (H, W): ring n and angle n are centered at n."""
        height, width = self.size
        dx = arange_like(width, fixation) * self.step_px + self.origin_px[0] - fixation[0]
        dy = (arange_like(height, fixation) * self.step_px + self.origin_px[1] - fixation[1])[:, None]
        nearest = self.min_eccentricity_deg * math.exp(-2 * GAUSSIAN_REACH * self.ring_spacing) * self.px_per_deg
        at_fixation = (dx**2 + dy**2) < nearest**2  # kept out of the logarithm, where the gradient is not finite
        squared = torch.where(at_fixation, nearest**2, dx**2 + dy**2)
        log_eccentricity = torch.log(squared) / 2 - math.log(self.min_eccentricity_deg * self.px_per_deg)
        angle = torch.atan2(torch.where(at_fixation, 0.0, dy), torch.where(at_fixation, 1.0, dx))
        return log_eccentricity / self.ring_spacing - 1, angle * (self.n_angle / (2 * math.pi))

    def n_rings(self, ring: Tensor) -> int:
        """Rings that reach into the picture."""
        farthest = float(ring.detach().max()) + 1
        return math.floor(farthest + 0.75) if self.window == "cosine" else math.ceil(farthest) + GAUSSIAN_REACH


@dataclass
class WindowTables:
    """Taps on the cells, and how rings and wedges of cells make up those of windows (None: a cell is a window)."""

    taps: WindowTaps
    n_rings: int
    mix: tuple[Tensor, Tensor] | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of the weights."""
        return self.taps.weight.dtype


@kept(maxsize=16)
def cached_tables(geometry: WindowGeometry) -> WindowTables:
    """Tables of a fixed fixation, computed in double precision and kept in single."""
    tables = make_tables(geometry, geometry.fixation)
    taps = tables.taps
    tables.taps = WindowTaps(taps.index, taps.weight.to(torch.float32), taps.n_cells, taps.size)
    return tables


def make_tables(geometry: WindowGeometry, fixation: Tensor) -> WindowTables:
    """Tables for a fixation, through whose weights gradients flow to it."""
    ring, wedge = geometry.coordinates(fixation)
    n_rings = geometry.n_rings(ring)
    if n_rings < 1:
        raise InputError(
            "No pooling window fits: the whole picture is nearer to the fixation than the innermost window, "
            f"{geometry.min_eccentricity_deg:.3g} deg; give a larger picture or a smaller px_per_deg or fovea."
        )
    n_cells = n_rings * geometry.n_angle * (1 if geometry.window == "cosine" else CELLS_PER_WINDOW**2)
    if n_cells > MOST_CELLS:
        raise InputError(
            f"A scaling of {geometry.scaling:g} makes {n_rings} rings of {geometry.n_angle} windows, more than memory "
            f"holds for window={geometry.window!r}; give a larger scaling or min_eccentricity_deg."
        )
    make = _cosine_tables if geometry.window == "cosine" else _gaussian_tables
    return make(ring, wedge, n_rings, geometry.n_angle)


def _cosine_tables(ring: Tensor, wedge: Tensor, n_rings: int, n_angle: int) -> WindowTables:
    ring_index, ring_weight = _two_taps(ring)
    wedge_index, wedge_weight = _two_taps(wedge)
    return WindowTables(_product_taps(ring_index, ring_weight, wedge_index, wedge_weight, (n_rings, n_angle)), n_rings)


def _gaussian_tables(ring: Tensor, wedge: Tensor, n_rings: int, n_angle: int) -> WindowTables:
    first = -GAUSSIAN_REACH * CELLS_PER_WINDOW  # the innermost cell that any ring needs
    cells = ((n_rings + 2 * GAUSSIAN_REACH) * CELLS_PER_WINDOW, n_angle * CELLS_PER_WINDOW)
    ring_index, ring_weight = _four_taps(ring * CELLS_PER_WINDOW - first)
    wedge_index, wedge_weight = _four_taps(wedge * CELLS_PER_WINDOW)
    coefficients = _spline_coefficients()
    ring_mix = torch.zeros(n_rings, cells[0], dtype=torch.float64)
    wedge_mix = torch.zeros(n_angle, cells[1], dtype=torch.float64)
    for offset, value in coefficients.items():
        n = torch.arange(n_rings)
        at = n * CELLS_PER_WINDOW + offset - first
        inside = (at >= 0) & (at < cells[0])
        ring_mix[n[inside], at[inside]] = value
        n = torch.arange(n_angle)
        wedge_mix[n, (n * CELLS_PER_WINDOW + offset) % cells[1]] += value
    taps = _product_taps(ring_index, ring_weight, wedge_index, wedge_weight, cells)
    return WindowTables(taps, n_rings, (ring_mix, wedge_mix))


def _two_taps(coordinate: Tensor) -> tuple[Tensor, Tensor]:
    """The two neighboring cosine windows of a coordinate and their weights, which add up to one."""
    below = torch.floor(coordinate.detach())
    upper = _flank(coordinate - below)
    return torch.stack([below, below + 1], -1).to(torch.int64), torch.stack([1 - upper, upper], -1)


def _four_taps(coordinate: Tensor) -> tuple[Tensor, Tensor]:
    """The four cubic B-splines that a coordinate touches and their weights, which add up to one."""
    below = torch.floor(coordinate.detach())
    t = coordinate - below
    weights = ((1 - t) ** 3, 4 - 6 * t**2 + 3 * t**3, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3)
    index = below[..., None] + torch.arange(-1, 3, device=below.device)
    return index.to(torch.int64), torch.stack(weights, -1) / 6


def _flank(t: Tensor) -> Tensor:
    """Rise from 0 to 1 as a squared sine over the middle half of [0, 1]."""
    return torch.sin(math.pi / 2 * ((t - 0.25) / 0.5).clamp(0, 1)) ** 2


def _product_taps(
    ring_index: Tensor, ring_weight: Tensor, wedge_index: Tensor, wedge_weight: Tensor, cells: Sequence[int]
) -> WindowTaps:
    """Combine taps along rings and wedges; taps outside the rings get weight 0."""
    inside = (ring_index >= 0) & (ring_index < cells[0])
    ring_weight = torch.where(inside, ring_weight, 0.0)
    ring_index = torch.where(inside, ring_index, 0)
    index = ring_index[..., :, None] * cells[1] + wedge_index.remainder(cells[1])[..., None, :]
    weight = ring_weight[..., :, None] * wedge_weight[..., None, :]
    n_taps = ring_index.shape[-1] * wedge_index.shape[-1]
    height, width = ring_index.shape[:2]
    return WindowTaps(
        index.reshape(-1, n_taps).to(torch.int32), weight.reshape(-1, n_taps), cells[0] * cells[1], (height, width)
    )


def profile(offset: Tensor, window: str) -> Tensor:
    """Height of a window at an offset from its center, in window spacings."""
    if window == "cosine":
        return 1 - _flank(offset.abs())
    return torch.exp(-(offset**2) / 2) / math.sqrt(2 * math.pi)


@lru_cache(maxsize=1)
def _spline_coefficients() -> dict[int, float]:
    """Weights of the cubic B-splines, by cell from the center, that interpolate the unit Gaussian at the cells."""
    reach = (GAUSSIAN_REACH + 1) * CELLS_PER_WINDOW
    cells = np.arange(-2 * reach, 2 * reach)
    samples = np.exp(-((cells / CELLS_PER_WINDOW) ** 2) / 2) / math.sqrt(2 * math.pi)
    filter_gain = (2 + np.cos(2 * np.pi * np.fft.fftfreq(len(cells)))) / 3  # of the sampled B-spline (1, 4, 1) / 6
    values = np.fft.ifft(np.fft.fft(samples) / filter_gain).real
    return {int(cell): float(value) for cell, value in zip(cells, values) if abs(cell) <= reach}
