"""Blur that varies over a picture, by the fastest kernel for the tensors at hand; all kernels give the same numbers."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from scanpath._core.errors import InputError
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import BlurPlan
from scanpath.kernels.blur_reference import blend_reference, build_reference
from scanpath.kernels.dispatch import choose_kernel

#: Types of pictures that are computed in single precision.
NARROW = (torch.uint8, torch.float16, torch.bfloat16)


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
    kernel = choose_kernel(kernel, image, double=True)
    if kernel != "cpu" or field.needs_grad or plan.make is not None:
        return KeptLevels(image, plan, kernel=kernel).blend(field, out=out)
    from scanpath.kernels.blur_cpu import blur_cpu

    shape = (_batch(len(image), len(field)), *image.shape[1:])
    if image.dtype == torch.uint8:  # the loops read and write bytes
        target = _empty(shape, image, torch.uint8) if out is None else _checked(out, shape, image)
        blur_cpu(image.contiguous(), plan, field, target)
        return target
    target = _target(out, shape, image, image.dtype)
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
        self.plan, self.dtype, self.loads = plan, image.dtype, 0
        self.kernel = choose_kernel(kernel, image, double=True)
        self.image = self._prepared(image)
        self._levels = self._build(image)

    def _prepared(self, image: Tensor) -> Tensor:
        if self.kernel != "reference":
            return _prepared(image)
        return image.to(_working(image.dtype))

    def _build(self, image: Tensor, into: Tensor | None = None) -> list[Tensor]:
        """Make the levels: one tensor each for the reference, else all that follow level 0 in one flat tensor."""
        if self.plan.make is not None:
            levels = [self._prepared(level) for level in self.plan.make(_of_floats(image))]
            return levels if self.kernel == "reference" else [torch.cat([level.flatten() for level in levels[1:]])]
        if self.kernel == "reference":
            return build_reference(self.image, self.plan)
        if self.kernel == "gpu":
            from scanpath.kernels.blur_gpu import build_gpu

            return [build_gpu(self.image, self.plan)]
        from scanpath.kernels.blur_cpu import build_cpu

        return [build_cpu(self.image, self.plan, into)]

    def reload(self, image: Tensor) -> None:
        """Replace the pictures by others of the same shape, as for the frames of a video, in the same memory."""
        if image.shape != self.image.shape or image.dtype != self.dtype:
            raise InputError(
                f"The new image must have shape {tuple(self.image.shape)} and dtype {self.dtype}, "
                f"got {tuple(image.shape)} and {image.dtype}; build a new pyramid for it."
            )
        self.image, self.loads = self._prepared(image), self.loads + 1
        self._levels = self._build(image, self._levels[0] if self.kernel == "cpu" else None)

    def blend(self, field: Field, *, out: Tensor | None = None) -> Tensor:
        """Mix (B, C, H, W) pictures: one per field entry, or one per picture where the field has a single entry."""
        count = _batch(len(self.image), len(field))
        if self.kernel != "reference" and not field.needs_grad:
            target = _target(out, (count, *self.image.shape[1:]), self.image, self.dtype)
            self._mix(field, target)
            return _delivered(target, out, self.dtype)
        coordinate = field.coordinate((self.image.shape[-2], self.image.shape[-1])).to(self.image.dtype)
        if self.kernel == "reference":
            result = blend_reference(self._levels, self.plan, coordinate)
        else:
            result = _Mixture.apply(coordinate.clamp(0, len(self.plan.levels) - 1), self)
        result = _in_type(result, self.dtype)
        return result if out is None else _checked(out, result.shape, result).copy_(result)

    def _mix(self, field: Field, target: Tensor) -> None:
        if self.kernel == "gpu":
            from scanpath.kernels.blur_gpu import blend_gpu as blend
        else:
            from scanpath.kernels.blur_cpu import blend_cpu as blend
        blend(self.image, self._levels[0], self.plan, field, target)

    def _slope(self, field: Field, slope: Tensor) -> Tensor:
        if self.kernel == "gpu":
            from scanpath.kernels.blur_gpu import slope_gpu as derivative
        else:
            from scanpath.kernels.blur_cpu import slope_cpu as derivative
        return derivative(self.image, self._levels[0], self.plan, field, slope)


class _Mixture(torch.autograd.Function):
    """Kept levels mixed at given level coordinates (B, H, W), with the derivative with respect to those."""

    @staticmethod
    def forward(ctx: Any, coordinate: Tensor, kept: KeptLevels) -> Tensor:
        ctx.kept, ctx.loads = kept, kept.loads
        ctx.save_for_backward(coordinate)
        shape = (_batch(len(kept.image), len(coordinate)), *kept.image.shape[1:])
        target = _target(None, shape, kept.image, kept.image.dtype)
        kept._mix(_as_values(coordinate, kept.plan), target)
        return target

    @staticmethod
    @once_differentiable  # whose own type hides the names of the parameters
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        if ctx.loads != ctx.kept.loads:
            raise InputError("The pyramid was reloaded between a view and its gradient; take the gradient first.")
        (coordinate,) = ctx.saved_tensors
        result = ctx.kept._slope(_as_values(coordinate, ctx.kept.plan), slopes[0].contiguous())
        return result.sum_to_size(coordinate.shape), None


def _as_values(coordinate: Tensor, plan: BlurPlan) -> Field:
    table = torch.arange(len(plan.levels) + 1, dtype=coordinate.dtype, device=coordinate.device)
    return Field(table, 1.0, values=coordinate)


def _batch(images: int, fields: int) -> int:
    if images != fields and 1 not in (images, fields):
        raise InputError(f"{images} images cannot be paired with {fields} fixations; give one of either, or as many.")
    return max(images, fields)


def _prepared(image: Tensor) -> Tensor:
    """Give compiled kernels what they take: contiguous single or, on CPUs, double precision."""
    return image.detach().to(_working(image.dtype)).contiguous()


def _working(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in NARROW else dtype


def _of_floats(image: Tensor) -> Tensor:
    return image if image.is_floating_point() else image.float()


def _in_type(result: Tensor, dtype: torch.dtype) -> Tensor:
    """Turn what was computed into the type of the picture; bytes are rounded to the nearest."""
    return result.to(dtype) if dtype.is_floating_point else result.round().clamp(0, 255).to(dtype)


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
    return _empty(shape, image, _working(dtype))


def _empty(shape: tuple[int, ...], image: Tensor, dtype: torch.dtype) -> Tensor:
    if image.device.type == "cpu":  # NumPy asks for huge pages, which makes the first writes faster
        return torch.from_numpy(np.empty(shape, dtype=str(dtype).removeprefix("torch.")))
    return torch.empty(shape, dtype=dtype, device=image.device)


def _delivered(target: Tensor, out: Tensor | None, dtype: torch.dtype) -> Tensor:
    if out is None:
        return _in_type(target, dtype)
    return out if target is out else out.copy_(_in_type(target, dtype))
