"""Laws of blur made ready for a picture: which levels it needs, and which of them is seen at what distance."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.errors import InputError, unknown_name
from scanpath.geometry.magnification import SIGMA_LAWS, svis_resolution
from scanpath.kernels.blur_plan import BlurPlan, level_table, plan_blur, plan_levels

#: Entries of a table per px of distance, and how few and how many one has.
ENTRIES_PER_PX = 4
ENTRIES = 8192, 32768


class Law(Protocol):
    """What the blur needs to know of a law."""

    def plan(self, size: tuple[int, int], distance_px: Tensor) -> BlurPlan:
        """Choose the levels for a picture of (height, width) seen at these distances."""

    def coordinate(self, plan: BlurPlan, distance_px: Tensor) -> Tensor:
        """Level coordinate at each distance: l + w for a share w of level l + 1 and 1 - w of level l."""

    def levels(self, image: Tensor) -> list[Tensor] | None:
        """Make the levels the law's own way, or return None to have them blurred as planned."""


@dataclass(frozen=True)
class SigmaLaw:
    """Gaussian blur whose standard deviation is a function of eccentricity."""

    sigma_deg: Callable[[Any], Any]
    px_per_deg: float
    strength: float
    quality: str

    def sigma_px(self, distance_px: Tensor) -> Tensor:
        """Standard deviation in px at each distance; checked, as the law may be the caller's own."""
        sigma = self.sigma_deg(distance_px / self.px_per_deg)
        try:
            sigma = torch.as_tensor(sigma, dtype=distance_px.dtype, device=distance_px.device)
        except (TypeError, ValueError, RuntimeError):
            raise InputError(f"A law must return sigma_deg as a tensor or a number, got {sigma!r:.80}.") from None
        if sigma.ndim and sigma.shape != distance_px.shape:
            raise InputError(
                f"A law must return one sigma_deg per eccentricity; it got shape {tuple(distance_px.shape)} "
                f"and returned {tuple(sigma.shape)}."
            )
        sigma = sigma.expand(distance_px.shape)
        least = float(sigma.detach().min())
        if not (least >= 0 and math.isfinite(float(sigma.detach().max()))):
            raise InputError(
                "A law must return finite sigma_deg of at least 0 at every eccentricity from 0 to "
                f"{float(distance_px.max()) / self.px_per_deg:.3g} deg, but its smallest value is {least:.3g}."
            )
        return sigma * (self.px_per_deg * self.strength)

    def plan(self, size: tuple[int, int], distance_px: Tensor) -> BlurPlan:
        """Choose the levels up to the largest blur at these distances."""
        return plan_blur(self.quality, float(self.sigma_px(distance_px).detach().max()), size)

    def coordinate(self, plan: BlurPlan, distance_px: Tensor) -> Tensor:
        """Level coordinate at each distance."""
        return coordinate_of_sigma(plan, self.sigma_px(distance_px))

    def levels(self, image: Tensor) -> None:
        """Have the levels blurred as planned."""
        return


@dataclass(frozen=True)
class SvisLaw:
    """Perry and Geisler's pyramid: the two levels around the wanted resolution, mixed to half the amplitude there.

    Level n has a Gaussian transfer function of 0.248 / 2^n cycles per px, the picture itself being level 0; so level
    n is the picture blurred with what separates the two, a Gaussian of 0.642 sqrt(4^n - 1) px.
    """

    px_per_deg: float
    strength: float
    frequency_sigma: float = 0.248

    def plan(self, size: tuple[int, int], distance_px: Tensor) -> BlurPlan:
        """Choose the levels up to the largest blur at these distances."""
        least = float(self._resolution(distance_px).detach().min())
        count = max(1, math.ceil(min(-math.log2(least), math.log2(max(size)) + 2)))
        spatial = 1 / (2 * math.pi * self.frequency_sigma)
        return plan_levels(tuple(spatial * math.sqrt(4**n - 1) for n in range(count + 1)), 1.6, 3.0)

    def coordinate(self, plan: BlurPlan, distance_px: Tensor) -> Tensor:
        """Level coordinate at each distance."""
        resolution = self._resolution(distance_px)
        level = torch.floor(-torch.log2(resolution.detach())).clamp(max=len(plan.levels) - 2)
        # in units of the half-amplitude frequency of `level`, T_n(w) = 2^-(w^2) and T_n+1(w) = 2^-(4 w^2)
        squared = (resolution * 2**level).square()
        finer, coarser = 2.0**-squared, 2.0 ** (-4 * squared)
        return level + 1 - ((0.5 - coarser) / (finer - coarser)).clamp(0, 1)

    def levels(self, image: Tensor) -> None:
        """Have the levels blurred as planned."""
        return

    def _resolution(self, distance_px: Tensor) -> Tensor:
        return (svis_resolution(distance_px / self.px_per_deg) / self.strength).clamp(max=1)


@dataclass(frozen=True)
class ImageFoveationLaw:
    """Six levels halved and doubled bilinearly, and blending as in the program Image_Foveation_Python.

    Resolution is alpha / (theta + alpha) with alpha = 2.5 deg, k = 3 and sigma = 0.248 cycles per px; the disc of
    2.74 deg around a fixation stays as it is.
    """

    px_per_deg: float
    strength: float
    alpha_deg: float = 2.5
    k: float = 3.0
    frequency_sigma: float = 0.248
    count: int = 6

    def plan(self, size: tuple[int, int], distance_px: Tensor) -> BlurPlan:
        """Stand for the program's six levels."""
        return BlurPlan.of_ready_levels(self.count)

    def coordinate(self, plan: BlurPlan, distance_px: Tensor) -> Tensor:
        """Level coordinate at each distance."""
        resolution = self.alpha_deg / (distance_px / self.px_per_deg + self.alpha_deg) / self.strength
        half = math.sqrt(math.log(2) / self.k) * self.frequency_sigma  # of level 0, in units of 4 cycles per px
        level = torch.floor(torch.log2(4 * half / resolution.detach())).clamp(-1, self.count - 2)
        finer = self._transfer(level, resolution)
        coarser = torch.where(level == self.count - 2, 0.0, self._transfer(level + 1, resolution))
        mixed = level + 1 - (0.5 - coarser) / (finer - coarser + 1e-5)
        return torch.where(level < 0, 0.0, mixed)

    def _transfer(self, level: Tensor, resolution: Tensor) -> Tensor:
        return torch.exp(-self.k * (2 ** (level - 2) * resolution / self.frequency_sigma).square())

    def levels(self, image: Tensor) -> list[Tensor]:
        """Halve and double the images bilinearly, with the program's rule for odd sizes."""
        small, levels = image, [image]
        for index in range(1, self.count):
            height, width = (max(1, side // 2) for side in small.shape[-2:])
            small = _resized(self._sharp(small), (height, width))
            large = small
            for _ in range(index - 1):
                large = self._sharp(_resized(large, (2 * large.shape[-2], 2 * large.shape[-1])))
            levels.append(self._sharp(_resized(large, tuple(image.shape[-2:]))))
        return levels

    def _sharp(self, image: Tensor) -> Tensor:
        """Apply the program's kernel, which is nearly the identity: its sigma in cycles served as one in px."""
        side = math.exp(-0.5 / self.frequency_sigma**2)
        for axis in (-2, -1):
            n = image.shape[axis]
            index = torch.arange(n, device=image.device)
            before = image.index_select(axis, (index - 1).abs().clamp(max=n - 1))
            after = image.index_select(axis, (n - 1 - (n - 2 - index).abs()).clamp(min=0))
            image = (image + side * (before + after)) / (1 + 2 * side)
        return image


def _resized(image: Tensor, size: tuple[int, ...]) -> Tensor:
    return F.interpolate(image, size=size, mode="bilinear", align_corners=False)


def resolve_law(law: str | Callable[[Any], Any], px_per_deg: float, strength: float, quality: str) -> Law:
    """Find a law by name, or wrap a function of eccentricity in degrees."""
    if callable(law):
        return SigmaLaw(law, px_per_deg, strength, quality)
    if law == "svis":
        return SvisLaw(px_per_deg, strength)
    if law == "image_foveation":
        return ImageFoveationLaw(px_per_deg, strength)
    if law not in SIGMA_LAWS:
        raise unknown_name("blur law", law, (*SIGMA_LAWS, "svis", "image_foveation"))
    return SigmaLaw(SIGMA_LAWS[law], px_per_deg, strength, quality)


def coordinate_of_sigma(plan: BlurPlan, sigma_px: Tensor) -> Tensor:
    """Interpolate the plan's table of level coordinates, with a gradient."""
    sigmas, coordinates = (torch.from_numpy(part).to(sigma_px) for part in level_table(plan.sigmas_px))
    sigma_px = sigma_px.clamp(max=plan.top_px)
    after = torch.searchsorted(sigmas, sigma_px.detach().contiguous(), right=True).clamp(1, len(sigmas) - 1)
    low, high = sigmas[after - 1], sigmas[after]
    share = (sigma_px - low) / (high - low)
    return coordinates[after - 1] + share * (coordinates[after] - coordinates[after - 1])


@dataclass(frozen=True)
class Tabulated:
    """A law worked out for pictures of one size and distances up to some extent."""

    plan: BlurPlan
    table: Tensor
    step: float
    law: Law

    @property
    def exact(self) -> Callable[[Tensor], Tensor]:
        """The function that the table samples."""
        return partial(self.law.coordinate, self.plan)


def tabulate(law: Law, size: tuple[int, int], extent_px: float, device: torch.device) -> Tabulated:
    """Choose the levels, and tabulate which is seen at distances from 0 to `extent_px`."""
    entries = min(max(math.ceil(extent_px * ENTRIES_PER_PX), ENTRIES[0]), ENTRIES[1])
    step = extent_px / entries
    distance = torch.arange(entries + 2, dtype=torch.float64, device=device) * step
    plan = law.plan(size, distance)
    return Tabulated(plan, law.coordinate(plan, distance), step, law)


@lru_cache(maxsize=64)
def tabulate_named(
    law: str, px_per_deg: float, strength: float, quality: str, size: tuple[int, int], extent_px: float, device: str
) -> Tabulated:
    """Remember the tables of laws that have names and so cannot change."""
    resolved = resolve_law(law, px_per_deg, strength, quality)
    return tabulate(resolved, size, extent_px, torch.device(device))
