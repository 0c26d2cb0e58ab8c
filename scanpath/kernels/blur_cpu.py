"""The blur on CPUs: tensors in, compiled loops on threads, tensors out."""

import threading
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import torch
from torch import Tensor

from scanpath.kernels.blur_cpu_bytes import blur_byte_rows
from scanpath.kernels.blur_cpu_planes import (
    FieldArrays,
    Tables,
    blend_rows,
    blur_rows,
    build_planes,
    halve_rows,
    mirror_halved,
    slope_rows,
)
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import BlurPlan, reflect_table
from scanpath.kernels.dispatch import run_bands

#: Each thread keeps at most this many bytes of scratch memory between calls.
MOST_SCRATCH = 1 << 26
_scratch = threading.local()
#: Fields, first plane, planes, flat result, first row, last row + 1.
Rows = Callable[[FieldArrays, int, int, np.ndarray, int, int], None]


def blur_cpu(image: Tensor, plan: BlurPlan, field: Field, target: Tensor) -> None:
    """Blur pictures (B, C, H, W) once into `target`, making only those parts of the levels that are shown.

    Both may be bytes, of which a few rows at a time become floats.
    """
    tables, pixels = _tables_of(image, plan), _flat(image)
    halved = _halvings(pixels, tables, _unseen_rows(field, tables))

    def work(arrays: FieldArrays, plane: int, planes: int, result: np.ndarray, y0: int, y1: int) -> None:
        if pixels.itemsize == 1:
            blur_byte_rows(pixels, halved, tables, plane, planes, arrays, y0, y1, result)
        else:
            area = tables.height * tables.width
            blur_rows(pixels, 0, area, halved, tables, plane, planes, arrays, y0, y1, result, 0, area)

    _on_threads(work, field, image, target)


def build_cpu(image: Tensor, plan: BlurPlan, into: Tensor | None = None) -> Tensor:
    """Blur pictures at every level of the plan, into one flat tensor."""
    tables, pixels = _tables_of(image, plan), _flat(image)
    planes = image.shape[0] * image.shape[1]
    levels = torch.from_numpy(np.empty(tables.level_from[-1], dtype=pixels.dtype)) if into is None else into
    halved, kept = _halvings(pixels, tables, np.zeros((tables.heights.size, 2), dtype=np.int64)), _flat(levels)
    run_bands(lambda a, b: build_planes(pixels, halved, tables, a, b, kept), planes, image.numel())
    return levels


def blend_cpu(image: Tensor, levels: Tensor, plan: BlurPlan, field: Field, target: Tensor) -> None:
    """Mix kept levels of pictures (B, C, H, W) into `target`."""
    tables, pixels, kept = _tables_of(image, plan), _flat(image), _flat(levels)

    def work(arrays: FieldArrays, plane: int, planes: int, result: np.ndarray, y0: int, y1: int) -> None:
        blend_rows(pixels, kept, tables, plane, planes, arrays, y0, y1, result)

    _on_threads(work, field, image, target)


def slope_cpu(image: Tensor, levels: Tensor, plan: BlurPlan, field: Field, slope: Tensor) -> Tensor:
    """Turn the derivative with respect to views (N, C, H, W) into that with respect to level coordinates (N, H, W)."""
    tables, pixels, kept = _tables_of(image, plan), _flat(image), _flat(levels)
    count, channels, height, width = slope.shape
    result = torch.zeros(count, height, width, dtype=slope.dtype)

    def rows(index: int, y0: int, y1: int) -> None:
        arrays = _field_arrays(field, index if len(field) > 1 else 0, width, slope.dtype)
        plane = index * channels if len(image) > 1 else 0
        part, out = _flat(slope[index]), _flat(result[index])
        slope_rows(pixels, kept, tables, plane, channels, arrays, part, y0, y1, out)

    for index in range(count):
        run_bands(partial(rows, index), height, slope[index].numel())
    return result


def _on_threads(work: Rows, field: Field, image: Tensor, target: Tensor) -> None:
    """Do the work for each field: by bands of rows, or by pictures where those are enough for all threads."""
    count, channels, height, width = target.shape
    dtype = _computed_in(target)
    if len(field) == 1:
        arrays, flat = _field_arrays(field, 0, width, dtype), _flat(target)
        run_bands(lambda y0, y1: work(arrays, 0, count * channels, flat, y0, y1), height, target.numel())
        return
    step = channels if len(image) > 1 else 0

    def rows(index: int, y0: int, y1: int) -> None:
        work(_field_arrays(field, index, width, dtype), index * step, channels, _flat(target[index]), y0, y1)

    def pictures(first: int, last: int) -> None:
        for index in range(first, last):
            rows(index, 0, height)

    if count >= torch.get_num_threads():
        run_bands(pictures, count, target.numel())
    else:
        for index in range(count):
            run_bands(partial(rows, index), height, target[index].numel())


def _computed_in(picture: Tensor) -> torch.dtype:
    return picture.dtype if picture.is_floating_point() else torch.float32


def _flat(tensor: Tensor) -> np.ndarray:
    return tensor.numpy().reshape(-1)


def _field_arrays(field: Field, index: int, width: int, dtype: torch.dtype) -> FieldArrays:
    def array(part: Tensor) -> np.ndarray:
        return part.detach().to(dtype).contiguous().numpy()

    table = array(field.table)
    none, per_px = np.empty(0, dtype=table.dtype), table.dtype.type(1 / field.step)
    if field.values is not None:
        return FieldArrays(none.reshape(0, 2), none, array(field.values[index]).reshape(-1), table, per_px, -1)
    fixations = array(field.places[index])
    delays = np.zeros(len(fixations), table.dtype) if field.delays_px is None else array(field.delays_px)
    middle = -1
    if len(fixations) == 1 and bool((table[1:] >= table[:-1]).all()):
        middle = int(np.clip(round(float(fixations[0, 0])), 0, width - 1))
    return FieldArrays(fixations, delays, none, table, per_px, middle)


def _halvings(image: np.ndarray, tables: Tables, unseen: np.ndarray) -> np.ndarray:
    """Halve all planes (flat) as often as the levels need, but for the rows that are not seen."""
    dtype = tables.taps.dtype
    result = _scratch_of(int(tables.halved_from[-1]) * dtype.itemsize).view(dtype)
    planes, source = image.size // (tables.height * tables.width), image
    for octave, rows in enumerate(tables.heights[1:].tolist()):
        if unseen[octave + 1, 1] - unseen[octave + 1, 0] == rows:
            break  # nor is any row of those that follow
        work = partial(halve_rows, source, result, tables, octave, unseen)
        run_bands(work, planes * rows, planes * rows * int(tables.widths[octave]))
        mirror_halved(result, planes, tables, octave + 1)
        source = result
    return result


def _unseen_rows(field: Field, tables: Tables) -> np.ndarray:
    """Of each halving, the first row that no view of the field shows, and the one after the last such row.

    They are known where each view has one fixation and blurs more the farther a pixel is from it: then a level is shown
    in the rows whose farther end is far enough, and not in those around the fixation.
    """
    rows, table = tables.heights, field.table.detach().double().numpy()
    unseen = np.zeros((rows.size, 2), dtype=np.int64)
    if field.values is not None or field.places.shape[1] != 1 or not (table[1:] >= table[:-1]).all():
        return unseen
    x, y = field.places.detach().double().numpy()[:, 0].T
    delay = 0.0 if field.delays_px is None else float(field.delays_px[0])
    across = np.maximum(np.abs(x), np.abs(x - (tables.width - 1)))
    for octave in range(rows.size - 1, 0, -1):
        level = int(np.searchsorted(tables.octaves, octave))
        # a level is mixed in from one level before it on; what single precision rounds is left room
        entry = int(np.searchsorted(table, level - 1 - 1e-4))
        least = (entry - 2) * field.step - delay if entry < table.size else np.inf
        reach = np.sqrt(np.maximum(max(least, 0) ** 2 - across**2, 0))
        first = float((y - reach).max()) / 2**octave + tables.margin + 1
        last = float((y + reach).min()) / 2**octave - tables.margin
        if octave + 1 < rows.size:  # the next halving reads its rows from this one
            above, below = unseen[octave + 1]
            first = max(first, 2 * above + 2 if above > 0 else 0)
            last = min(last, 2 * below - 2 if below < rows[octave + 1] else np.inf)
        unseen[octave] = np.clip([first, max(first, last)], 0, rows[octave]).astype(np.int64)
    return unseen


def _scratch_of(n: int) -> np.ndarray:
    """Return `n` bytes that are used again in the next call: fresh pages cost more than the halving."""
    if n > MOST_SCRATCH:
        return np.empty(n, dtype=np.uint8)
    kept = getattr(_scratch, "memory", None)
    if kept is None or kept.size < n:
        kept = _scratch.memory = np.empty(n, dtype=np.uint8)
    return kept[:n]


def _tables_of(image: Tensor, plan: BlurPlan) -> Tables:
    size, planes = (image.shape[-2], image.shape[-1]), image.shape[0] * image.shape[1]
    return _tables(plan, size, planes, str(_computed_in(image)).removeprefix("torch."))


@lru_cache(maxsize=32)
def _tables(plan: BlurPlan, size: tuple[int, int], planes: int, dtype: str) -> Tables:
    """Lay out the halvings and levels of `planes` pictures of one size."""
    margin = max(len(level.taps) for level in plan.levels) + 1
    octaves = np.array([step.bit_length() - 1 for step in plan.steps])
    count = int(octaves.max()) + 1
    heights, widths = (np.array([-(-side // 2**k) for k in range(count)]) for side in size)
    rows = [reflect_table(size[0], size[0], margin)[0], *(np.arange(h + 2 * margin) for h in heights[1:])]
    ends = [reflect_table(w, size[1] / 2**k, margin) for k, w in enumerate(widths)]
    first, second, share = (np.stack([np.r_[part[:margin], part[-margin:]] for part in kind]) for kind in zip(*ends))
    level_rows = np.array([0] + [heights[k] + 2 * (k > 0) for k in octaves[1:]])
    return Tables(
        height=size[0],
        width=size[1],
        margin=margin,
        octaves=octaves,
        taps=np.concatenate([level.taps for level in plan.levels]).astype(dtype),
        taps_from=np.cumsum([0] + [len(level.taps) for level in plan.levels]),
        heights=heights,
        widths=widths,
        halved_from=np.cumsum(np.r_[0, (heights + 2 * margin)[1:] * widths[1:] * planes]),
        rows=np.concatenate(rows),
        rows_from=np.cumsum([0] + [len(part) for part in rows]),
        first=first,
        second=second,
        share=share.astype(dtype),
        level_rows=level_rows,
        level_from=np.cumsum(np.r_[0, level_rows]) * planes * size[1],
    )
