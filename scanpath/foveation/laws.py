"""Laws of blur, and what they mean for pictures: which levels of blur are needed, and which of them each pixel gets."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import to_tensor
from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError, unknown_name
from scanpath._core.kept import kept
from scanpath.geometry.eccentricity import pixel_offsets
from scanpath.geometry.magnification import SIGMA_LAWS, svis_resolution
from scanpath.kernels.blur_field import Field, coordinate_of_sigma, corner_distances, distance_map
from scanpath.kernels.blur_plan import LADDERS, BlurPlan, plan_blur, plan_levels

#: Blur in degrees by eccentricity in degrees: a name, a function, or a map around the fixation.
AnyLaw = str | Callable[[Tensor], Tensor | float] | Tensor | np.ndarray
#: Entries of a table per px of distance, and how few and how many one has.
ENTRIES_PER_PX = 4
ENTRIES = 8192, 32768
#: Tables reach to a multiple of this many px, so that moving the eye seldom makes a new one.
EXTENT_STEP_PX = 64
#: How several fixations count; `scanpath.foveated_blur` says what each means.
COMBINATIONS = ("min", "softmin", "last", "decay")


@dataclass(frozen=True)
class BlurLaw(ABC):
    """How a picture blurs with the distance from where the eye looks."""

    px_per_deg: float
    strength: float

    @abstractmethod
    def plan(self, size: tuple[int, int], distance_px: Tensor) -> BlurPlan:
        """Choose the levels for a picture of (height, width) seen at these distances."""

    @abstractmethod
    def coordinate(self, plan: BlurPlan, distance_px: Tensor) -> Tensor:
        """Level coordinate at each distance: l + w for a share w of level l + 1 and 1 - w of level l."""

    @property
    def is_named(self) -> bool:
        """Whether the law has a name, and so cannot change."""
        return True

    def prepare(
        self,
        fixations: Tensor,
        size: tuple[int, int],
        *,
        combine: str = "min",
        softness_deg: float = 1.0,
        decay_deg: float = 1.0,
        least_extent_px: float = 0.0,
    ) -> tuple[BlurPlan, Field]:
        """Choose the levels for pictures of (height, width) fixated at (N, K, 2), and say which each pixel gets."""
        check_choice("combine", combine, COMBINATIONS)
        softness_px = check_positive("softness_deg", softness_deg) * self.px_per_deg
        decay_px = check_positive("decay_deg", decay_deg) * self.px_per_deg
        if combine == "last":
            fixations = fixations[:, -1:]
        count, farthest, delays = fixations.shape[1], corner_distances(fixations.detach().double(), size), None
        if combine == "decay":
            delays = torch.arange(count - 1, -1, -1, dtype=torch.float64, device=fixations.device) * decay_px
            farthest = farthest + delays
        bound = farthest.amax(dim=1) if combine == "softmin" else farthest.amin(dim=1)
        plan, field = self._tabulated(size, max(float(bound.max()), least_extent_px), fixations.device)
        if combine == "softmin" and count > 1:
            points = fixations.to(field.table.dtype)
            distances = torch.stack([distance_map(size, points[:, k]) for k in range(count)], dim=1)
            weights = torch.softmax(-distances / softness_px, dim=1)
            return plan, replace(field, values=(weights * distances).sum(dim=1))
        return plan, replace(field, fixations=fixations, delays_px=delays)

    def _tabulated(self, size: tuple[int, int], extent_px: float, device: torch.device) -> tuple[BlurPlan, Field]:
        extent_px = EXTENT_STEP_PX * (extent_px // EXTENT_STEP_PX + 1)
        return (_remembered if self.is_named else _tabulate)(self, size, extent_px, device)


def _tabulate(law: BlurLaw, size: tuple[int, int], extent_px: float, device: torch.device) -> tuple[BlurPlan, Field]:
    """Choose the levels, and tabulate which is seen at distances from 0 to `extent_px`; fixations come later."""
    entries = min(max(math.ceil(extent_px * ENTRIES_PER_PX), ENTRIES[0]), ENTRIES[1])
    step = extent_px / entries
    distance = torch.arange(entries + 2, dtype=torch.float64, device=device) * step
    plan = law.plan(size, distance)
    return plan, Field(law.coordinate(plan, distance), step, exact=partial(law.coordinate, plan))


_remembered = kept(maxsize=64)(_tabulate)


@dataclass(frozen=True)
class SigmaLaw(BlurLaw):
    """Gaussian blur whose standard deviation is a function of eccentricity."""

    sigma_deg: Callable[[Tensor], Tensor | float]
    quality: str

    @property
    def is_named(self) -> bool:
        """Whether the function is one of ours; another may hold parameters that are learned."""
        return any(self.sigma_deg is known for known in SIGMA_LAWS.values())

    def sigma_px(self, distance_px: Tensor) -> Tensor:
        """Standard deviation in px at each distance; checked, as the law may be the caller's own."""
        returned = self.sigma_deg(distance_px / self.px_per_deg)
        try:
            sigma = torch.as_tensor(returned, dtype=distance_px.dtype, device=distance_px.device)
        except (TypeError, ValueError, RuntimeError):
            raise InputError(f"A law must return sigma_deg as a tensor or a number, got {returned!r:.80}.") from None
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


@dataclass(frozen=True)
class SvisLaw(BlurLaw):
    """Perry and Geisler's pyramid: the two levels around the wanted resolution, mixed to half the amplitude there.

    Level n has a Gaussian transfer function of 0.248 / 2^n cycles per px, the picture itself being level 0; so level
    n is the picture blurred with what separates the two, a Gaussian of 0.642 sqrt(4^n - 1) px.
    """

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

    def _resolution(self, distance_px: Tensor) -> Tensor:
        return (svis_resolution(distance_px / self.px_per_deg) / self.strength).clamp(max=1)


@dataclass(frozen=True)
class ImageFoveationLaw(BlurLaw):
    """Six levels halved and doubled bilinearly, and blending as in the program Image_Foveation_Python.

    Resolution is alpha / (theta + alpha) with alpha = 2.5 deg, k = 3 and sigma = 0.248 cycles per px; the disc of
    2.74 deg around a fixation stays as it is.
    """

    alpha_deg: float = 2.5
    k: float = 3.0
    frequency_sigma: float = 0.248
    count: int = 6

    def plan(self, size: tuple[int, int], distance_px: Tensor) -> BlurPlan:
        """Plan the program's six levels."""
        return BlurPlan.made_by(self.levels, self.count)

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


@dataclass(frozen=True, eq=False)
class MapLaw:
    """Gaussian blur by a map of standard deviations in degrees whose middle lies at the fixation."""

    px_per_deg: float
    strength: float
    sigma_deg: Tensor | np.ndarray
    quality: str

    def prepare(
        self, fixations: Tensor, size: tuple[int, int], *, combine: str = "min", **unused: float
    ) -> tuple[BlurPlan, Field]:
        """Do as `BlurLaw.prepare`, with the map shifted to the fixations; the smallest blur at each pixel counts."""
        if check_choice("combine", combine, ("min", "last")) == "last":
            fixations = fixations[:, -1:]
        sigma = check_sigma(self.sigma_deg).to(fixations.device) * (self.px_per_deg * self.strength)
        plan = plan_blur(self.quality, float(sigma.detach().max()), size)
        shifted = torch.stack([_around(sigma, fixations[:, k], size) for k in range(fixations.shape[1])])
        return plan, Field.of_sigma(plan, shifted.amin(dim=0))


def find_law(law: AnyLaw, px_per_deg: float, strength: float, quality: str) -> BlurLaw | MapLaw:
    """Find a law by name, or wrap a function of eccentricity in degrees or a map around the fixation."""
    px_per_deg, strength = check_positive("px_per_deg", px_per_deg), check_positive("strength", strength)
    check_choice("quality", quality, tuple(LADDERS))
    if isinstance(law, Tensor | np.ndarray):
        return MapLaw(px_per_deg, strength, law, quality)
    if callable(law):
        return SigmaLaw(px_per_deg, strength, law, quality)
    if law == "svis":
        return SvisLaw(px_per_deg, strength)
    if law == "image_foveation":
        return ImageFoveationLaw(px_per_deg, strength)
    if law not in SIGMA_LAWS:
        raise unknown_name("blur law", law, (*SIGMA_LAWS, "svis", "image_foveation"))
    return SigmaLaw(px_per_deg, strength, SIGMA_LAWS[law], quality)


def check_sigma(sigma: Tensor | np.ndarray, size: tuple[int, int] | None = None) -> Tensor:
    """Check a map of standard deviations: (h, w) around a fixation, or (H, W) or (B, H, W) on pictures of `size`."""
    try:
        sigma = torch.as_tensor(to_tensor(sigma))
    except (TypeError, ValueError, RuntimeError):
        raise InputError(f"A map of standard deviations must hold numbers, got {sigma!r:.80}.") from None
    if not sigma.is_floating_point():
        sigma = sigma.to(torch.float32)
    if size is None:
        if sigma.ndim != 2 or 0 in sigma.shape:
            raise InputError(f"A law that is a map must have shape (h, w), got {(*sigma.shape,)}.")
    elif sigma.ndim not in (2, 3) or sigma.shape[-2:] != size:
        raise InputError(f"sigma_px must have shape {size} or (B, *{size}), got {(*sigma.shape,)}.")
    if not bool(torch.isfinite(sigma).all()) or bool((sigma < 0).any()):
        raise InputError("A map of standard deviations must be finite and at least 0 everywhere; fill NaN first.")
    return sigma


def _around(sigma: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
    """Sample a map, whose middle lies at the points (B, 2), at every pixel of (height, width)."""
    dtype = torch.promote_types(sigma.dtype, points.dtype)
    height, width = sigma.shape
    # in grid_sample's frame the map spans -1 to 1, so a pixel is 2 / n wide
    dx, dy = pixel_offsets(size, points.to(sigma.device, dtype))
    grid = torch.stack(torch.broadcast_tensors(dx * (2 / width), dy * (2 / height)), dim=-1)
    maps = sigma.to(dtype).expand(len(points), 1, height, width)
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)[:, 0]
