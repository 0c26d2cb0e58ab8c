"""What is seen from where: shapes of images and fixations, and the settings of a blur, checked and worked out."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import to_tensor
from scanpath._core.checks import check_choice, check_fixation_tensor, check_positive
from scanpath._core.errors import InputError
from scanpath.foveation.laws import Tabulated, coordinate_of_sigma, resolve_law, tabulate, tabulate_named
from scanpath.foveation.memory import Combination
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import LADDERS, BlurPlan, plan_blur

#: Blur in degrees by eccentricity in degrees: a name, a function, or a map around the fixation.
AnyLaw = str | Callable[[Any], Any] | Tensor | np.ndarray
#: Tables reach to a multiple of this many px, so that moving the eye seldom makes a new one.
EXTENT_STEP_PX = 64
#: How far beyond 0 and 1 a picture may reach where only [0, 1] makes sense: resampling overshoots at edges.
OVERSHOOT = 0.1


@dataclass(frozen=True)
class View:
    """Images (B, C, H, W) and fixations (N, K, 2), and whether the caller expects a batch back."""

    images: Tensor
    fixations: Tensor
    single: bool

    @classmethod
    def of(cls, image: Tensor, fixation: Any, *, several: bool) -> "View":
        """Read the fixation's shape: (2,), (B, 2), (K, 2) with `several`, or (B, K, 2)."""
        points = check_fixation_tensor("fixation", fixation).to(image.device)
        if points.ndim > 3 or 0 in points.shape or (several and points.ndim == 1):
            raise InputError(
                "fixation must have shape (2,), (B, 2), (K, 2) with several=True, or (B, K, 2), with at least one "
                f"fixation, got {(*points.shape,)} with several={several}."
            )
        batched = points.ndim == 3 or (points.ndim == 2 and not several)
        if points.ndim == 1:
            points = points[None, None]
        elif points.ndim == 2:
            points = points[None] if several else points[:, None]
        images = image if image.ndim == 4 else image[None]
        if len(images) != len(points) and 1 not in (len(images), len(points)):
            raise InputError(
                f"{len(images)} images need one fixation each or one for all, got {len(points)}; "
                "for several fixations on one image give several=True."
            )
        return cls(images, points, single=image.ndim == 3 and not batched)

    @classmethod
    def of_single(cls, image: Tensor, fixation: Any) -> "View":
        """Read one fixation for all images, (2,), or one for each, (B, 2)."""
        points = check_fixation_tensor("fixation", fixation)
        n_images = len(image) if image.ndim == 4 else 1
        if points.ndim > 2 or 0 in points.shape or (points.ndim == 2 and 1 not in {n_images, n_images // len(points)}):
            raise InputError(
                f"fixation must be (x, y) or one for each image, shape (2,) or (B, 2), got {(*points.shape,)} for "
                f"{n_images} image{'s' * (n_images > 1)}."
            )
        return cls.of(image, points, several=False)

    @property
    def result_shape(self) -> tuple[int, ...]:
        """Shape of a picture seen so."""
        channels_and_size = tuple(self.images.shape[1:])
        return channels_and_size if self.single else (max(len(self.images), len(self.fixations)), *channels_and_size)

    def batched(self, out: Tensor) -> Tensor:
        """Give `out` the batch dimension of the result."""
        return out[None] if self.single else out

    def unbatched(self, result: Tensor) -> Tensor:
        """Take the batch dimension away again."""
        return result[0] if self.single else result


@dataclass(frozen=True)
class Setup:
    """The settings of a foveated blur, checked, and what they mean for given pictures."""

    px_per_deg: float
    law: AnyLaw
    quality: str
    strength: float
    combine: str = "min"
    softness_deg: float = 1.0
    decay_deg: float = 1.0

    def __post_init__(self) -> None:
        check_positive("px_per_deg", self.px_per_deg)
        check_positive("strength", self.strength)
        check_choice("quality", self.quality, tuple(LADDERS))
        if self.has_map:
            check_choice("combine", self.combine, ("min", "last"))
        else:
            resolve_law(self.law, self.px_per_deg, self.strength, self.quality)  # type: ignore[arg-type]

    @property
    def has_map(self) -> bool:
        """Whether the law is a map around the fixation."""
        return isinstance(self.law, Tensor | np.ndarray)

    @property
    def combination(self) -> Combination:
        """How several fixations count."""
        return Combination(self.combine, float(self.px_per_deg), self.softness_deg, self.decay_deg)

    def combining(self, combine: str, softness_deg: float, decay_deg: float) -> "Setup":
        """Return the same setup for another way to combine fixations."""
        return replace(self, combine=combine, softness_deg=softness_deg, decay_deg=decay_deg)

    def prepare(
        self, fixations: Tensor, size: tuple[int, int], *, least_extent_px: float = 0
    ) -> tuple[BlurPlan, Field]:
        """Choose the levels that pictures of (height, width) need, and say which each pixel gets."""
        if self.has_map:
            return self._prepare_map(fixations, size)
        extent = max(self.combination.extent_px(fixations, size), least_extent_px)
        law = self._tabulated(size, extent, fixations.device)
        return law.plan, self.combination.field(law, fixations, size)

    def ready_levels(self, images: Tensor) -> list[Tensor] | None:
        """Make the levels if the law has its own way to make them."""
        if self.has_map:
            return None
        law = resolve_law(self.law, self.px_per_deg, self.strength, self.quality)  # type: ignore[arg-type]
        return law.levels(images)

    def _tabulated(self, size: tuple[int, int], extent_px: float, device: torch.device) -> Tabulated:
        extent_px = EXTENT_STEP_PX * (extent_px // EXTENT_STEP_PX + 1)
        settings = float(self.px_per_deg), float(self.strength), self.quality
        if isinstance(self.law, str):
            return tabulate_named(self.law, *settings, size, extent_px, str(device))
        return tabulate(resolve_law(self.law, *settings), size, extent_px, device)  # type: ignore[arg-type]

    def _prepare_map(self, fixations: Tensor, size: tuple[int, int]) -> tuple[BlurPlan, Field]:
        """Shift the map to the fixations and keep the smallest blur at each pixel."""
        sigma = check_sigma(self.law).to(fixations.device) * (self.px_per_deg * self.strength)
        plan = plan_blur(self.quality, float(sigma.detach().max()), size)
        if self.combine == "last":
            fixations = fixations[:, -1:]
        shifted = torch.stack([_around(sigma, fixations[:, k], size) for k in range(fixations.shape[1])])
        return plan, sigma_field(plan, shifted.amin(dim=0))


def check_sigma(sigma: Any, size: tuple[int, int] | None = None) -> Tensor:
    """Check a map of standard deviations: (h, w) around a fixation, or (H, W) or (B, H, W) on pictures of `size`."""
    try:
        sigma = torch.as_tensor(sigma)
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


def sigma_field(plan: BlurPlan, sigma_px: Tensor, entries: int = 8192) -> Field:
    """Say which of a plan's levels each pixel gets, by its standard deviation."""
    grid = torch.arange(entries + 2, dtype=torch.float64, device=sigma_px.device) * (plan.top_px / entries)
    exact = partial(coordinate_of_sigma, plan)
    return Field(exact(grid), float(grid[1]), values=sigma_px, exact=exact)


def size_of(image: Tensor) -> tuple[int, int]:
    """(height, width) of an image."""
    return image.shape[-2], image.shape[-1]


def shared_tensor(image: Any) -> Any:
    """View an array as a tensor without copying it where torch can; it is only read."""
    if not isinstance(image, np.ndarray):
        return image
    if image.flags.writeable and image.dtype.isnative and all(stride >= 0 for stride in image.strides):
        with suppress(TypeError):  # of a kind that torch does not have; to_tensor says so
            return torch.from_numpy(image)
    return to_tensor(image)


def writable_tensor(out: Any) -> Tensor | None:
    """View what a caller wants to be written into as a tensor."""
    if isinstance(out, np.ndarray):
        if not out.flags.writeable or any(stride < 0 for stride in out.strides):
            raise InputError("out must be a writable array with positive strides; make one with numpy.empty.")
        return torch.from_numpy(out)
    if out is not None and not isinstance(out, Tensor):
        raise InputError(f"out must be a tensor or an array, got {type(out).__name__}.")
    return out


def check_out(out: Tensor, shape: tuple[int, ...], image: Tensor) -> Tensor:
    """Return memory that a picture of this shape, of the image's kind, can be written into."""
    wanted, came = (shape, image.dtype, str(image.device)), (tuple(out.shape), out.dtype, str(out.device))
    if wanted != came:
        raise InputError(
            f"out must have shape {wanted[0]}, {wanted[1]} on {wanted[2]}, as the result has, "
            f"got {came[0]}, {came[1]} on {came[2]}."
        )
    if not out.is_contiguous():
        raise InputError("out must be contiguous in memory; make one with torch.empty or numpy.empty.")
    if out.requires_grad:
        raise InputError("out must not require gradients, as it is overwritten; give out.detach().")
    if _extent(out)[0] < _extent(image)[1] and _extent(image)[0] < _extent(out)[1]:
        raise InputError("out must not share memory with the image, which is still read while out is written.")
    return out


def check_unit_range(image: Tensor, name: str = "image") -> Tensor:
    """Return an image in [0, 1], but for what interpolation may overshoot, for what is clipped to that range."""
    low, high = float(image.detach().min()), float(image.detach().max())
    if not (low >= -OVERSHOOT and high <= 1 + OVERSHOOT):
        raise InputError(
            f"{name} must lie in [0, 1] without NaN, but its values go from {low:.3g} to {high:.3g}; "
            "rescale them first."
        )
    return image


def _extent(tensor: Tensor) -> tuple[int, int]:
    """First address of a tensor's values, and the one after the last."""
    last = sum((side - 1) * stride for side, stride in zip(tensor.shape, tensor.stride()))
    return tensor.data_ptr(), tensor.data_ptr() + (last + 1) * tensor.element_size()


def _around(sigma: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
    """Sample a map, whose middle lies at the points (B, 2), at every pixel of (height, width)."""
    kind = {"dtype": torch.promote_types(sigma.dtype, points.dtype), "device": sigma.device}
    points = points.to(**kind)
    height, width = sigma.shape
    # in grid_sample's frame the map spans -1 to 1, so a pixel is 2 / n wide
    x = (torch.arange(size[1], **kind) - points[:, 0, None]) * (2 / width)
    y = (torch.arange(size[0], **kind) - points[:, 1, None]) * (2 / height)
    grid = torch.stack(torch.broadcast_tensors(x[:, None, :], y[:, :, None]), dim=-1)
    maps = sigma.to(**kind).expand(len(points), 1, height, width)
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)[:, 0]
