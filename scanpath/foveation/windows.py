"""Pooling windows that grow with eccentricity, kept as a few taps a pixel."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.checks import check_choice, check_fixation_tensor, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath._core.kept import outside_inference
from scanpath.foveation.window_tables import WindowGeometry, cached_tables, make_tables, profile
from scanpath.kernels.window_pooling import spread_to_pixels, sum_to_cells

SHAPES = ("cosine", "gaussian")
#: Windows with less weight than this, in pixels, are empty: their means are 0.
LEAST_WEIGHT = 1e-3


class PoolingWindows:
    """Overlapping windows around a fixation whose size is proportional to eccentricity.

    The windows are products of rings that are evenly spaced in the logarithm of eccentricity and of wedges in polar
    angle. A window's radial width at half height is `scaling` times the eccentricity of its center, and twice its
    tangential width. A scaling of 0.25 is near that of receptive fields in V1, 0.5 in V2 [1]_. The windows add up
    to one at every pixel beyond the innermost ring; what is missing inside is the fovea.

    A pixel lies in at most four cosine windows. Gaussian windows overlap far more; they are expanded in cubic
    B-splines on a polar grid of eight cells a window, of which a pixel touches sixteen. Either way the cost of
    pooling does not depend on the number of windows. Objects of equal geometry share their tables.

    Parameters
    ----------
    size
        (height, width) of the maps that will be pooled.
    fixation
        x and y in px, shape (2,); anywhere, also outside the picture. If it requires a gradient, pooled values are
        differentiable with respect to it.
    px_per_deg
        Pixels per degree of visual angle.
    scaling
        Radial width over eccentricity.
    window
        "cosine": compact, flat in the middle, raised-cosine flanks over half a window [1]_. "gaussian": no flat
        part and one standard deviation apart, which rings less when combined with oriented filters [2]_.
    min_eccentricity_deg
        Where the rings begin: ring 0 is centered one ring spacing farther out, in ln(eccentricity).
    step_px, origin_px
        For maps coarser than the picture: distance in px between neighboring samples, and (x, y) of the first.

    Attributes
    ----------
    angle, eccentricity
        The two separable factors, (n_angle, H, W) and (n_eccentricity, H, W), computed when asked for.
    fovea
        (H, W) weight that belongs to no window.
    weight_sum
        (n_windows,) sum of each window over the map.
    n_angle, n_eccentricity, n_windows
        Counts. Windows are ordered ring by ring: window ``ring * n_angle + angle``.
    center_deg
        (n_eccentricity,) eccentricity of the rings' centers.
    radius_deg
        (n_windows,) radius of the disk with the area that a window has at half height.

    Raises
    ------
    InputError
        If an argument is not positive or finite, the name of the window is unknown, or no ring fits in the map.

    References
    ----------
    .. [1] Freeman, J. & Simoncelli, E. P. (2011). Metamers of the ventral stream. Nature Neuroscience 14,
       1195-1201. https://doi.org/10.1038/nn.2889
    .. [2] Broderick, W. F., Rufo, G., Winawer, J. & Simoncelli, E. P. (2025). Foveated metamers of the early
       visual system. eLife.

    Examples
    --------
    >>> windows = PoolingWindows((64, 96), (47.5, 31.5), px_per_deg=8)
    >>> windows.n_eccentricity, windows.n_angle
    (6, 25)
    >>> windows.pool(torch.ones(3, 64, 96)).shape
    torch.Size([3, 150])
    """

    def __init__(
        self,
        size: Sequence[int],
        fixation: ArrayLike,
        *,
        px_per_deg: float,
        scaling: float = 0.5,
        window: str = "cosine",
        min_eccentricity_deg: float = 0.5,
        step_px: float = 1.0,
        origin_px: Sequence[float] = (0.0, 0.0),
    ) -> None:
        point = check_one_fixation(fixation)
        self.geometry = WindowGeometry(
            size=check_size("size", size),
            x=float(point.detach()[0]),
            y=float(point.detach()[1]),
            px_per_deg=check_positive("px_per_deg", px_per_deg),
            scaling=check_positive("scaling", scaling),
            window=check_choice("window", window, SHAPES),
            min_eccentricity_deg=check_positive("min_eccentricity_deg", min_eccentricity_deg),
            step_px=check_positive("step_px", step_px),
            origin_px=_check_origin(origin_px),
        )
        if self.geometry.n_angle < 3:
            raise InputError(f"scaling must leave three windows or more around the fixation, got {scaling:g}.")
        self._point = point if point.requires_grad else self.geometry.fixation
        self._tables = make_tables(self.geometry, point) if point.requires_grad else cached_tables(self.geometry)
        self.size = self.geometry.size
        self.n_eccentricity = self._tables.n_rings
        self.n_angle = self.geometry.n_angle
        self.n_windows = self.n_eccentricity * self.n_angle

    @classmethod
    def of(cls, geometry: WindowGeometry) -> "PoolingWindows":
        """Make the windows of a geometry."""
        g = geometry
        return cls(
            g.size,
            (g.x, g.y),
            px_per_deg=g.px_per_deg,
            scaling=g.scaling,
            window=g.window,
            min_eccentricity_deg=g.min_eccentricity_deg,
            step_px=g.step_px,
            origin_px=g.origin_px,
        )

    @cached_property
    @outside_inference
    def eccentricity(self) -> Tensor:
        """Rings (n_eccentricity, H, W)."""
        ring, _ = self.geometry.coordinates(self._point)
        offset = ring - _column(torch.arange(self.n_eccentricity, device=ring.device))
        return profile(offset, self.geometry.window).to(self._tables.dtype)

    @cached_property
    @outside_inference
    def angle(self) -> Tensor:
        """Wedges (n_angle, H, W); wedge 0 is centered on the direction of x, and they follow clockwise."""
        _, wedge = self.geometry.coordinates(self._point)
        offset = wedge - _column(torch.arange(self.n_angle, device=wedge.device))
        wrapped = torch.remainder(offset + self.n_angle / 2, self.n_angle) - self.n_angle / 2
        return profile(wrapped, self.geometry.window).to(self._tables.dtype)

    @cached_property
    @outside_inference
    def fovea(self) -> Tensor:
        """Weight (H, W) that belongs to no window: one at the fixation, zero in the periphery."""
        outside = self.spread(torch.ones(self.n_windows, dtype=self._tables.dtype))
        return (1 - outside).clamp(0, 1)

    @cached_property
    @outside_inference
    def weight_sum(self) -> Tensor:
        """Sum (n_windows,) of each window over the map."""
        return self.pool(torch.ones(self.size, dtype=self._tables.dtype), normalize=False)

    @cached_property
    @outside_inference
    def center_deg(self) -> Tensor:
        """Eccentricity (n_eccentricity,) of the rings' centers."""
        n = torch.arange(1, self.n_eccentricity + 1, dtype=torch.float64)
        return self.geometry.min_eccentricity_deg * torch.exp(self.geometry.ring_spacing * n)

    @cached_property
    @outside_inference
    def radius_deg(self) -> Tensor:
        """Radius (n_windows,) of the disk with a window's area at half height, borders of the picture ignored."""
        half_height = 1.0 if self.geometry.window == "cosine" else 2 * math.sqrt(2 * math.log(2))
        width = half_height * self.geometry.ring_spacing
        area = half_height * 2 * math.pi / self.n_angle * math.sinh(width) * self.center_deg**2
        return torch.sqrt(area / math.pi).to(torch.float32).repeat_interleave(self.n_angle)

    def pool(self, maps: Array, *, normalize: bool = True) -> Array:
        """Mean of maps (..., H, W) in each window: (..., n_windows).

        Parameters
        ----------
        maps
            Tensor or array; gradients flow to it.
        normalize
            False gives the sum with the windows as weights instead of the mean.

        Returns
        -------
        Tensor
            Windows that do not touch the map get 0.
        """
        given = _floating("maps", maps)
        if tuple(given.shape[-2:]) != self.size:
            raise InputError(f"maps must end in the windows' size {self.size}, got shape {tuple(given.shape)}.")
        tables = self._tables
        cells = sum_to_cells(given.reshape(-1, given.shape[-2] * given.shape[-1]), tables.taps)
        if tables.mix is not None:
            ring_mix, wedge_mix = (matrix.to(cells) for matrix in tables.mix)
            cells = ring_mix @ cells.reshape(-1, ring_mix.shape[1], wedge_mix.shape[1]) @ wedge_mix.T
        total = cells.reshape(*given.shape[:-2], self.n_windows)
        if normalize:
            weight = self.weight_sum.to(total)
            total = torch.where(weight < LEAST_WEIGHT, 0.0, total / weight.clamp_min(LEAST_WEIGHT))
        return as_given(maps, total)

    def spread(self, values: Array) -> Array:
        """Blend one value per window (..., n_windows) into maps (..., H, W), each pixel by its windows' weights."""
        given = _floating("values", values)
        if given.shape[-1:] != (self.n_windows,):
            raise InputError(
                f"values must have shape (..., {self.n_windows}), one per window, got {tuple(given.shape)}."
            )
        tables = self._tables
        cells = given.reshape(-1, self.n_windows)
        if tables.mix is not None:
            ring_mix, wedge_mix = (matrix.to(cells) for matrix in tables.mix)
            cells = (ring_mix.T @ cells.reshape(-1, ring_mix.shape[0], wedge_mix.shape[0]) @ wedge_mix).flatten(1)
        maps = spread_to_pixels(cells.contiguous(), tables.taps)
        return as_given(values, maps.reshape(*given.shape[:-1], *self.size))

    def dense(self) -> Tensor:
        """Every window as a map (n_windows, H, W): for looking at them, not for work on large pictures."""
        return (self.eccentricity[:, None] * self.angle[None]).flatten(0, 1)

    def __repr__(self) -> str:
        g = self.geometry
        return (
            f"PoolingWindows({g.size}, ({g.x:g}, {g.y:g}), px_per_deg={g.px_per_deg:g}, scaling={g.scaling:g}, "
            f"window={g.window!r}: {self.n_eccentricity} rings of {self.n_angle})"
        )


def windows_beyond_fovea(
    size: tuple[int, int], fixation: Tensor, *, px_per_deg: float, scaling: float, window: str, fovea_deg: float
) -> WindowGeometry:
    """Place windows so that the innermost ring reaches half height at the border of a fovea, which stays free."""
    scaling = check_positive("scaling", scaling)
    return WindowGeometry(
        size=size,
        x=float(fixation[0]),
        y=float(fixation[1]),
        px_per_deg=check_positive("px_per_deg", px_per_deg),
        scaling=scaling,
        window=check_choice("window", window, SHAPES),
        min_eccentricity_deg=check_positive("fovea_deg", fovea_deg) * math.exp(-math.asinh(scaling / 2)),
    )


def _floating(name: str, values: Tensor | np.ndarray) -> Tensor:
    given = to_tensor(values)
    if not isinstance(given, Tensor) or not given.is_floating_point():
        came = getattr(given, "dtype", type(given).__name__)
        raise InputError(f"{name} must be a floating tensor or array, got {came}.")
    return given


def check_one_fixation(fixation: ArrayLike) -> Tensor:
    """Return one finite fixation (2,), with its gradient."""
    point = check_fixation_tensor("fixation", fixation)
    if point.shape != (2,):
        raise InputError(f"fixation must be one point (x, y) in px, got shape {tuple(point.shape)}.")
    return point


def _check_origin(origin_px: Sequence[float]) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in origin_px)
    except (TypeError, ValueError):
        raise InputError(f"origin_px must be two numbers (x, y) in px, got {origin_px!r}.") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InputError(f"origin_px must be finite, got {(x, y)}.")
    return x, y


def _column(values: Tensor) -> Tensor:
    return values[:, None, None]
