"""Blur that varies over a picture, by the fastest kernel for the tensors at hand; all kernels give the same numbers."""

import numpy as np
import torch
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import BlurPlan
from scanpath.kernels.blur_reference import blend_reference, build_reference
from scanpath.kernels.dispatch import choose_kernel

HALF = (torch.float16, torch.bfloat16)


def variable_blur(
    image: Tensor, plan: BlurPlan, field: Field, *, kernel: str = "auto", out: Tensor | None = None
) -> Tensor:
    """Blur pictures once; on a CPU only the parts of the levels that are shown are made, a few rows at a time.

    Parameters
    ----------
    image
        (B, C, H, W); a batch of one serves a field of any length, and the other way around.
    plan
        Levels that reach the largest blur of the field.
    field
        What each pixel gets.
    kernel
        "auto", "reference", "cpu" or "gpu".
    out
        Tensor of the result's shape, dtype and device to write into, contiguous.
    """
    kernel = choose_kernel(kernel, image, *field.tensors, double=True)
    if kernel != "cpu":
        return KeptLevels(image, plan, kernel=kernel).blend(field, out=out)
    from scanpath.kernels.blur_cpu import blur_cpu

    target = _target(out, (_batch(len(image), len(field)), *image.shape[1:]), image, image.dtype)
    blur_cpu(_prepared(image), plan, field, target)
    return _delivered(target, out, image.dtype)


class KeptLevels:
    """Pictures blurred at every level of a plan, from which any field is mixed in one cheap pass.

    Parameters
    ----------
    image
        (B, C, H, W).
    plan
        Levels to keep.
    kernel
        "auto", "reference", "cpu" or "gpu"; it also does the mixing.
    """

    def __init__(self, image: Tensor, plan: BlurPlan, *, kernel: str = "auto") -> None:
        self.plan, self.dtype = plan, image.dtype
        self.kernel = choose_kernel(kernel, image, double=True)
        self.image = self._prepared(image)
        self._levels: list[Tensor] | Tensor = self._build()

    @classmethod
    def from_levels(cls, levels: list[Tensor], *, kernel: str = "auto") -> "KeptLevels":
        """Keep ready pictures (B, C, H, W) of one size, sharp to blurred, as levels 0, 1, ..."""
        self = cls.__new__(cls)
        self.plan = BlurPlan.of_ready_levels(len(levels))
        self.dtype, self.kernel = levels[0].dtype, choose_kernel(kernel, *levels, double=True)
        prepared = [self._prepared(level) for level in levels]
        self.image = prepared[0]
        flat = self.kernel != "reference"
        self._levels = torch.cat([level.flatten() for level in prepared[1:]]) if flat else prepared
        return self

    def _prepared(self, image: Tensor) -> Tensor:
        if self.kernel != "reference":
            return _prepared(image)
        return image.float() if image.dtype in HALF else image

    def _build(self, into: Tensor | None = None) -> list[Tensor] | Tensor:
        if self.kernel == "reference":
            return build_reference(self.image, self.plan)
        if self.kernel == "gpu":
            from scanpath.kernels.blur_gpu import build_gpu

            return build_gpu(self.image, self.plan)
        from scanpath.kernels.blur_cpu import build_cpu

        return build_cpu(self.image, self.plan, into)

    def reload(self, image: Tensor) -> None:
        """Replace the pictures by others of the same shape, as for the frames of a video, in the same memory."""
        if image.shape != self.image.shape or image.dtype != self.dtype:
            raise InputError(
                f"The new image must have shape {tuple(self.image.shape)} and dtype {self.dtype}, "
                f"got {tuple(image.shape)} and {image.dtype}; build a new pyramid for it."
            )
        self.image = self._prepared(image)
        self._levels = self._build(self._levels if self.kernel == "cpu" else None)  # type: ignore[arg-type]

    def blend(self, field: Field, *, out: Tensor | None = None) -> Tensor:
        """Mix (B, C, H, W) pictures: one per field entry, or one per picture where the field has a single entry."""
        count = _batch(len(self.image), len(field))
        if self.kernel == "reference":
            coordinate = field.coordinate((self.image.shape[-2], self.image.shape[-1])).to(self.image.dtype)
            result = blend_reference(self._levels, self.plan, coordinate).to(self.dtype)  # type: ignore[arg-type]
            return result if out is None else _checked(out, result.shape, result).copy_(result)
        target = _target(out, (count, *self.image.shape[1:]), self.image, self.dtype)
        if self.kernel == "gpu":
            from scanpath.kernels.blur_gpu import blend_gpu as blend
        else:
            from scanpath.kernels.blur_cpu import blend_cpu as blend
        blend(self.image, self._levels, self.plan, field, target)  # type: ignore[arg-type]
        return _delivered(target, out, self.dtype)


def _batch(images: int, fields: int) -> int:
    if images != fields and 1 not in (images, fields):
        raise InputError(f"{images} images cannot be paired with {fields} fixations; give one of either, or as many.")
    return max(images, fields)


def _prepared(image: Tensor) -> Tensor:
    """Give compiled kernels what they take: contiguous single or, on CPUs, double precision."""
    return image.detach().to(_working(image.dtype)).contiguous()


def _working(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in HALF else dtype


def _checked(out: Tensor, shape: tuple[int, ...], like: Tensor) -> Tensor:
    good = out.shape == tuple(shape) and out.dtype == like.dtype and out.device == like.device
    if not (good and out.is_contiguous()):
        raise InputError(
            f"out must be contiguous with shape {tuple(shape)}, {like.dtype} on {like.device}, "
            f"got {tuple(out.shape)}, {out.dtype} on {out.device}."
        )
    return out


def _target(out: Tensor | None, shape: tuple[int, ...], image: Tensor, dtype: torch.dtype) -> Tensor:
    """Return memory to write into: `out` itself where that is possible."""
    if out is not None and _checked(out, shape, image.new_empty(0, dtype=dtype)).dtype == _working(dtype):
        return out
    if image.device.type == "cpu":  # NumPy asks for huge pages, which makes the first writes faster
        return torch.from_numpy(np.empty(shape, dtype=str(_working(dtype)).removeprefix("torch.")))
    return torch.empty(shape, dtype=_working(dtype), device=image.device)


def _delivered(target: Tensor, out: Tensor | None, dtype: torch.dtype) -> Tensor:
    if out is None:
        return target.to(dtype)
    return out if target is out else out.copy_(target)
