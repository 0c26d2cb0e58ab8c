"""The blur in plain torch: what the compiled kernels must equal, differentiable, any floating type and device."""

from functools import reduce

import torch
from torch import Tensor

from scanpath.kernels.blur_plan import BlurPlan, Level, reflect_table

#: Binomial kernel of each halving.
HALVING = (0.125, 0.375, 0.375, 0.125)


def build_reference(image: Tensor, plan: BlurPlan) -> list[Tensor]:
    """Blur an image (..., H, W) evenly at every level of the plan.

    Returns
    -------
    list
        One tensor (..., rows, W) a level. At step 1, rows are the picture's. At larger steps, row 1 + j lies at
        (j + 1/2) step - 1/2 px, one row beyond the picture at either end; columns are always at full resolution.
    """
    size = (image.shape[-2], image.shape[-1])
    halved = {1: image}
    levels = [image]
    for level in plan.levels[1:]:
        levels.append(_blur(_halved(halved, level.step, size), level, size))
    return levels


def blend_reference(levels: list[Tensor], plan: BlurPlan, coordinate: Tensor) -> Tensor:
    """Mix levels (B, C, rows, W) at level coordinates (B, H, W) into (B, C, H, W)."""
    height = coordinate.shape[-2]
    coordinate = coordinate.clamp(0, len(levels) - 1)[..., None, :, :]
    first, last = int(coordinate.min()), min(int(coordinate.max()) + 1, len(levels) - 1)
    result = torch.zeros((), dtype=levels[0].dtype, device=levels[0].device)
    for index in range(first, last + 1):
        share = (1 - (coordinate - index).abs()).clamp(min=0)
        result = result + share * _all_rows(levels[index], plan.steps[index], height)
    return result


def _halved(halved: dict[int, Tensor], step: int, size: tuple[int, int]) -> Tensor:
    """Return the image halved to `step`, making and keeping the halvings on the way."""
    if step not in halved:
        image = _halved(halved, step // 2, size)
        for axis in (-2, -1):
            image = _halve(image, axis, 2 * size[axis] / step)
        halved[step] = image
    return halved[step]


def _halve(image: Tensor, axis: int, length: float) -> Tensor:
    padded = _mirror(image, axis, 2, length)
    count = -(-image.shape[axis] // 2)
    parts = [padded.narrow(axis, 1 + k, 2 * count - 1) for k in range(4)]
    whole = reduce(torch.add, (weight * part for weight, part in zip(HALVING, parts)))
    return whole.index_select(axis, torch.arange(0, 2 * count - 1, 2, device=image.device))


def _blur(image: Tensor, level: Level, size: tuple[int, int]) -> Tensor:
    beyond = 0 if level.step == 1 else 1
    for axis in (-2, -1):
        radius = len(level.taps) - 1
        padded = _mirror(image, axis, radius + beyond, size[axis] / level.step)
        count = image.shape[axis] + 2 * beyond
        image = level.taps[0] * padded.narrow(axis, radius, count)
        for offset, weight in enumerate(level.taps[1:], start=1):
            left, right = (padded.narrow(axis, radius + side * offset, count) for side in (-1, 1))
            image = image + weight * (left + right)
    return image if level.step == 1 else _interpolate(image, -1, level.step, size[1])


def _all_rows(level: Tensor, step: int, height: int) -> Tensor:
    return level if step == 1 else _interpolate(level, -2, step, height)


def _interpolate(level: Tensor, axis: int, step: int, count: int) -> Tensor:
    """Sample at every pixel between coarse samples, of which the first lies one step before the picture."""
    position = (torch.arange(count, device=level.device, dtype=torch.float64) + 0.5) / step + 0.5
    index = position.long()
    shape = (-1, 1) if axis == -2 else (-1,)
    share = (position - index).to(level.dtype).reshape(shape)
    first, second = level.index_select(axis, index), level.index_select(axis, index + 1)
    return first + share * (second - first)


def _mirror(image: Tensor, axis: int, margin: int, length: float) -> Tensor:
    """Extend by `margin` samples on both sides as if the picture were mirrored at its edges."""
    first, second, share = reflect_table(image.shape[axis], length, margin)
    result = image.index_select(axis, torch.from_numpy(first).to(image.device))
    if share.any():
        shape = (-1, 1) if axis == -2 else (-1,)
        other = image.index_select(axis, torch.from_numpy(second).to(image.device))
        weight = torch.from_numpy(share).to(image.device, image.dtype).reshape(shape)
        result = result + weight * (other - result)
    return result
