"""Pictures and where the eye looks in them: shapes that fit each other, and memory that a result can go into."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_fixation_tensor, check_image, check_size
from scanpath._core.errors import InputError

#: How far beyond 0 and 1 a picture may reach where only [0, 1] makes sense: resampling overshoots at edges.
OVERSHOOT = 0.1


@dataclass(frozen=True)
class FixatedImages:
    """Images (B, C, H, W) and fixations (N, K, 2), and whether the caller expects a batch back."""

    images: Tensor
    fixations: Tensor
    single: bool

    @classmethod
    def of(cls, image: Tensor, fixation: ArrayLike, *, several: bool) -> "FixatedImages":
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
    def of_single(cls, image: Tensor, fixation: ArrayLike) -> "FixatedImages":
        """Read one fixation for all images, (2,), or one for each, (B, 2)."""
        points = check_fixation_tensor("fixation", fixation)
        n_images = len(image) if image.ndim == 4 else 1
        if points.ndim > 2 or 0 in points.shape or (points.ndim == 2 and 1 not in {n_images, n_images // len(points)}):
            raise InputError(
                f"fixation must be (x, y) or one for each image, shape (2,) or (B, 2), got {(*points.shape,)} for "
                f"{n_images} image{'s' * (n_images > 1)}."
            )
        return cls.of(image, points, several=False)

    @classmethod
    def to_draw(cls, samples: Tensor, fixation: ArrayLike, size: Sequence[int]) -> "FixatedImages":
        """Stand for the pictures of (height, width), without memory, that samples taken around fixations came from."""
        size = check_size("size", size)
        blank = check_image(samples, name="samples").new_empty((*samples.shape[:-2], 1, 1))
        return cls.of_single(blank.expand(*samples.shape[:-2], *size), fixation)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the images."""
        return size_of(self.images)

    @property
    def points(self) -> Tensor:
        """The first fixation of each view, (N, 2), in the type of the images."""
        return self.fixations[:, 0].to(self.images.dtype)

    def out(self, out: Tensor | np.ndarray | None) -> Tensor | None:
        """Return memory, with the batch dimension, that the images seen so can be written into."""
        shape = tuple(self.images.shape[1:])
        if self.single:
            target = check_out(out, shape, self.images)
            return None if target is None else target[None]
        return check_out(out, (max(len(self.images), len(self.fixations)), *shape), self.images)

    def unbatched(self, result: Tensor) -> Tensor:
        """Take the batch dimension away where none is expected."""
        return result[0] if self.single else result


def size_of(image: Tensor) -> tuple[int, int]:
    """(height, width) of an image."""
    return image.shape[-2], image.shape[-1]


def fixation_of_each(images: Tensor, fixation: ArrayLike) -> Tensor:
    """Return the one fixation of each of B images, (B, 2), without gradients."""
    points = check_fixation_tensor("fixation", fixation).detach()
    if points.shape not in ((2,), (len(images), 2)):
        raise InputError(f"fixation must be (x, y) or one per picture, got shape {tuple(points.shape)}.")
    return points.expand(len(images), 2)


def check_out(out: Tensor | np.ndarray | None, shape: tuple[int, ...], image: Tensor) -> Tensor | None:
    """Return memory that a picture of this shape, of the image's kind, can be written into."""
    if isinstance(out, np.ndarray):
        if not out.flags.writeable or any(stride < 0 for stride in out.strides):
            raise InputError("out must be a writable array with positive strides; make one with numpy.empty.")
        out = torch.from_numpy(out)
    if out is None:
        return None
    if not isinstance(out, Tensor):
        raise InputError(f"out must be a tensor or an array, got {type(out).__name__}.")
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
