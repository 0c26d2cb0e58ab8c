"""The blur in Triton for CUDA devices: the same levels in the same layout as on CPUs, and one pass to mix them.

With ``TRITON_INTERPRET=1`` in the environment the kernels run, slowly, on CPU tensors.
"""

# pyright: reportArgumentType=false
# Triton takes plain values where its kernels say constexpr.

import os
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.kept import kept
from scanpath._core.optional import require
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import BlurPlan, Level, reflect_table
from scanpath.kernels.blur_reference import HALVING

if TYPE_CHECKING:
    import triton
    from triton import language as tl
else:
    triton = require("triton", purpose="Running kernels on a GPU")
    tl = require("triton.language", package="triton", purpose="Running kernels on a GPU")

#: Pixels per program.
BLOCK = 1024


class Layout(NamedTuple):
    """Where the levels are stored in one flat tensor."""

    level_from: Tensor  # (levels,) int64
    rows: Tensor  # (levels,) int64
    steps: Tensor  # (levels,) int64
    total: int


def build_gpu(image: Tensor, plan: BlurPlan) -> Tensor:
    """Blur pictures (B, C, H, W) at every level of the plan, into one flat tensor."""
    _check_device(image)
    size = (image.shape[-2], image.shape[-1])
    layout = _layout(plan, size, image.shape[0] * image.shape[1], str(image.device))
    levels = torch.empty(layout.total, dtype=torch.float32, device=image.device)
    halved, step = image, 1
    starts = layout.level_from.tolist()
    for index, level in enumerate(plan.levels[1:], start=1):
        while step < level.step:
            for axis in (0, 1):
                halved = _weighed(halved, axis, HALVING, 2, 1, -(-halved.shape[axis - 2] // 2), size[axis] / step)
            step *= 2
        _blur_level(halved, level, size, levels[starts[index] :])
    return levels


def blend_gpu(image: Tensor, levels: Tensor, plan: BlurPlan, field: Field, target: Tensor) -> None:
    """Mix kept levels of pictures (B, C, H, W) into `target`."""
    _launch_blend(image, levels, plan, field, target, len(target))


def slope_gpu(image: Tensor, levels: Tensor, plan: BlurPlan, field: Field, slope: Tensor) -> Tensor:
    """Turn the derivative with respect to views (N, C, H, W) into that with respect to level coordinates (N, H, W)."""
    result = slope.new_empty(len(slope), *slope.shape[-2:])
    _launch_blend(image, levels, plan, field, result, len(slope), slope=slope)
    return result


def _launch_blend(
    image: Tensor, levels: Tensor, plan: BlurPlan, field: Field, target: Tensor, count: int, slope: Tensor | None = None
) -> None:
    _check_device(image)
    batch, channels, height, width = image.shape
    layout = _layout(plan, (height, width), batch * channels, str(image.device))
    table = _single(field.table, image.device)
    values = fixations = delays = table  # placeholders for what is not read
    places = 0
    if field.values is not None:
        values = _single(field.values, image.device)
    else:
        fixations = _single(field.places, image.device)
        places = fixations.shape[1]
        delays = table.new_zeros(places) if field.delays_px is None else _single(field.delays_px, image.device)
    grid = (triton.cdiv(height * width, BLOCK), count)
    _blend[grid](
        image, levels, target, target if slope is None else slope, values, fixations, delays, table,
        layout.level_from, layout.rows, layout.steps, 1 / field.step, table.numel(), len(plan.levels), places,
        channels, height, width, 0 if batch == 1 else channels, 0 if len(field) == 1 else 1,
        HAS_VALUES=field.values is not None, SLOPE=slope is not None, BLOCK=BLOCK,
    )  # fmt: skip


def _single(part: Tensor, device: torch.device) -> Tensor:
    """Give the kernels a part of a field as they take it."""
    return part.detach().to(device, torch.float32).contiguous()


def _blur_level(image: Tensor, level: Level, size: tuple[int, int], out: Tensor) -> None:
    """Blur the halved picture with the level's kernel, and interpolate its columns, into the start of `out`."""
    beyond = 0 if level.step == 1 else 1
    taps = (*level.taps[:0:-1], *level.taps)
    radius = len(level.taps) - 1
    for axis in (0, 1):
        count, length = image.shape[axis - 2] + 2 * beyond, size[axis] / level.step
        last = axis == 1 and level.step == 1
        image = _weighed(image, axis, taps, 1, radius + beyond, count, length, out if last else None)
    if level.step > 1:
        n = image.shape[0] * image.shape[1] * image.shape[2] * size[1]
        _stretch[(triton.cdiv(n, BLOCK),)](image, out, level.step, image.shape[-1], size[1], n, BLOCK=BLOCK)


def _weighed(
    image: Tensor, axis: int, taps: tuple[float, ...], step: int, before: int, count: int, length: float,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Weigh neighbors along rows (axis 0) or columns (axis 1): sample j uses j step - before, and those after it."""
    batch, channels, *size = image.shape
    n_in = size[axis]
    margin = max(before, (count - 1) * step - before + len(taps) - n_in, 0)
    first, second, share = _mirrored(n_in, length, margin, str(image.device))
    weights = _on_device(taps, str(image.device))
    size[axis] = count
    if out is None:
        out = torch.empty((batch, channels, *size), dtype=torch.float32, device=image.device)
    inner = size[1] if axis == 0 else 1
    n = batch * channels * size[0] * size[1]
    _weigh[(triton.cdiv(n, BLOCK),)](
        image, out, first, second, share, weights, len(taps), step, margin - before, n_in, count, inner, n, BLOCK=BLOCK
    )
    return out


@triton.jit
def _weigh(source, out, first, second, share, taps, n_taps, step, start, n_in, n_out, inner, n, BLOCK: tl.constexpr):
    index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    along = (index // inner) % n_out
    base = (index // (inner * n_out)) * n_in * inner + index % inner
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for k in range(n_taps):
        position = along * step + start + k
        a = tl.load(first + position, mask=mask, other=0)
        b = tl.load(second + position, mask=mask, other=0)
        s = tl.load(share + position, mask=mask, other=0.0)
        low = tl.load(source + base + a * inner, mask=mask, other=0.0)
        high = tl.load(source + base + b * inner, mask=mask & (s > 0), other=0.0)
        total += tl.load(taps + k) * tl.where(s > 0, low + s * (high - low), low)
    tl.store(out + index, total, mask=mask)


@triton.jit
def _stretch(source, out, step, n_in, n_out, n, BLOCK: tl.constexpr):
    index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = index < n
    position = ((index % n_out).to(tl.float32) + 0.5) / step + 0.5
    cell = position.to(tl.int64)
    at = source + (index // n_out) * n_in + cell
    low = tl.load(at, mask=mask, other=0.0)
    high = tl.load(at + 1, mask=mask, other=0.0)
    tl.store(out + index, low + (position - cell.to(tl.float32)) * (high - low), mask=mask)


@triton.jit
def _blend(
    image, levels, out, slope, values, fixations, delays, table, level_from, level_rows, level_steps,
    per_px, n_table, n_levels, n_fixations, channels, height, width, planes_apart, fields_apart,
    HAS_VALUES: tl.constexpr, SLOPE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Write mixtures; or, with SLOPE, the sum over channels of a slope times the difference of the two levels mixed."""
    result = tl.program_id(1)
    pixel = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    area = height * width
    mask = pixel < area
    y, x = pixel // width, pixel % width
    fx, fy = x.to(tl.float32), y.to(tl.float32)
    field = result * fields_apart
    if HAS_VALUES:
        looked_up = tl.load(values + field.to(tl.int64) * area + pixel, mask=mask, other=0.0)
    else:
        looked_up = tl.full([BLOCK], float("inf"), dtype=tl.float32)
        for k in range(n_fixations):
            at = fixations + (field * n_fixations + k) * 2
            dx, dy = fx - tl.load(at), fy - tl.load(at + 1)
            looked_up = tl.minimum(looked_up, tl.sqrt(dx * dx + dy * dy) + tl.load(delays + k))
    position = tl.minimum(looked_up * per_px, n_table - 1.01)
    entry = position.to(tl.int32)
    low = tl.load(table + entry, mask=mask, other=0.0)
    high = tl.load(table + entry + 1, mask=mask, other=0.0)
    level = low + (position - entry.to(tl.float32)) * (high - low)
    below = tl.minimum(level.to(tl.int32), n_levels - 2)
    share = level - below.to(tl.float32)
    a_from, a_next, a_share, a_plane = _row(level_from, level_rows, level_steps, below, y, x, width, mask)
    b_from, b_next, b_share, b_plane = _row(level_from, level_rows, level_steps, below + 1, y, x, width, mask)
    sharpest = mask & (below == 0)
    other = mask & (below > 0)
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for channel in range(channels):
        plane = (result * planes_apart + channel).to(tl.int64)
        sharp = tl.load(image + plane * area + pixel, mask=sharpest, other=0.0)
        a = tl.load(levels + a_from + plane * a_plane, mask=other, other=0.0)
        a += a_share * (tl.load(levels + a_from + plane * a_plane + a_next, mask=other, other=0.0) - a)
        b = tl.load(levels + b_from + plane * b_plane, mask=mask, other=0.0)
        b += b_share * (tl.load(levels + b_from + plane * b_plane + b_next, mask=mask, other=0.0) - b)
        sharp = tl.where(sharpest, sharp, a)
        to = (result.to(tl.int64) * channels + channel) * area + pixel
        if SLOPE:
            total += tl.load(slope + to, mask=mask, other=0.0) * (b - sharp)
        else:
            tl.store(out + to, sharp + share * (b - sharp), mask=mask)
    if SLOPE:
        tl.store(out + result.to(tl.int64) * area + pixel, total, mask=mask)


@triton.jit
def _row(level_from, level_rows, level_steps, level, y, x, width, mask):
    """Where a level's row for y is stored, how far the next one is, its share, and the distance of planes."""
    step = tl.load(level_steps + level, mask=mask, other=1)
    every = step == 1
    position = (y.to(tl.float32) + 0.5) / step.to(tl.float32) + 0.5
    row = tl.where(every, y, position.to(tl.int64))
    share = tl.where(every, 0.0, position - position.to(tl.int64).to(tl.float32))
    at = tl.load(level_from + level, mask=mask, other=0) + row * width + x
    plane = tl.load(level_rows + level, mask=mask, other=0) * width
    return at, tl.where(every, 0, width), share, plane


@kept(maxsize=32)
def _layout(plan: BlurPlan, size: tuple[int, int], planes: int, device: str) -> Layout:
    height, width = size
    rows = [0] + [height if step == 1 else -(-height // step) + 2 for step in plan.steps[1:]]
    starts = [sum(rows[:index]) * planes * width for index in range(len(rows))]
    level_from, level_rows, steps = (torch.tensor(part, device=device) for part in (starts, rows, plan.steps))
    return Layout(level_from, level_rows, steps, total=sum(rows) * planes * width)


@kept(maxsize=64)
def _mirrored(n: int, length: float, margin: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
    first, second, share = (torch.from_numpy(part).to(device) for part in reflect_table(n, length, margin))
    return first, second, share.to(torch.float32)


@kept(maxsize=64)
def _on_device(values: tuple[float, ...], device: str) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=device)


def _check_device(image: Tensor) -> None:
    if image.dtype != torch.float32:
        raise InputError("The gpu kernel computes in single precision; use kernel='reference' for float64 images.")
    if image.device.type != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        raise InputError(f"The gpu kernel needs tensors on a CUDA device, got {image.device}; use kernel='auto'.")
