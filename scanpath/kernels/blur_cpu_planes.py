"""Compiled loops over planes: halving, blurring at a level, mixing kept levels, or all in one pass."""

from typing import NamedTuple

import numpy as np

from scanpath.kernels.blur_cpu_rows import (
    F,
    U,
    fused,
    halve_row,
    level_row,
    mirror_ends,
    mix_coarse,
    mix_full,
    mix_full_coarse,
    slope_coarse,
    slope_full,
    split_row,
    stretch_row,
    weigh,
)

#: Rows blurred at a time, so that their levels stay in the cache.
BAND = 24
#: Log2 of the width of the columns that are either blurred to a level or not.
TILE = 5
#: Values that a compiled loop takes at a time at the least: a vector of 256 bits.
VECTORS = 8


class Tables(NamedTuple):
    """What the loops need to know about a plan and a picture's size, as arrays."""

    height: int
    width: int
    margin: int
    octaves: np.ndarray  # of each level: log2 of its step
    taps: np.ndarray
    taps_from: np.ndarray  # per level, where its taps begin; one more at the end
    heights: np.ndarray  # of the picture halved 0, 1, ... times
    widths: np.ndarray
    halved_from: np.ndarray  # where the planes of each halving begin
    rows: np.ndarray  # where mirrored rows are stored
    rows_from: np.ndarray
    first: np.ndarray  # (halvings, 2 margin) samples that stand in for mirrored columns
    second: np.ndarray
    share: np.ndarray
    level_rows: np.ndarray  # stored rows of each level
    level_from: np.ndarray  # where each level begins if all planes of all levels are kept


class FieldArrays(NamedTuple):
    """Where the level coordinate comes from: distance to fixations, or a value at each pixel; then a table.

    All have the type of the picture, float32 or float64.
    """

    fixations: np.ndarray  # (K, 2) px
    delays: np.ndarray  # (K,) px
    values: np.ndarray  # flat, or empty
    table: np.ndarray
    per_px: np.floating
    middle: int  # column at which the level is least in every row, or -1 where there is no such column


@fused
def halve_rows(source, halved, t, octave, unseen, first, last):
    """Halve rows first ... last - 1 of all planes, one after another, but for those that no level shows.

    `unseen` has, of each halving, the first such row and the one after the last.
    """
    row = np.empty(t.width + 2 * t.margin, dtype=t.taps.dtype)
    rows, width, m, narrow = t.heights[octave + 1], t.widths[octave], t.margin, t.widths[octave + 1]
    for index in range(first, last):
        plane, j = index // rows, index % rows
        if unseen[octave + 1, 0] <= j < unseen[octave + 1, 1]:
            continue
        at = _plane_from(t, octave, plane)
        _halving_sum(source, at, width, t.rows, t.rows_from[octave] + m + 2 * j, row, m)
        mirror_ends(row, m, width, octave, t.first, t.second, t.share, True, True)
        halve_row(row, m, halved, _plane_from(t, octave + 1, plane) + (m + j) * narrow, narrow)


@fused
def mirror_halved(halved, planes, t, octave):
    """Fill the stored margins above and below all planes of a halving."""
    for plane in range(planes):
        _mirror_rows(halved, _plane_from(t, octave, plane), t, octave)


@fused
def _plane_from(t, octave, plane):
    """Where a plane of a halving begins; the picture itself has no stored margin."""
    if octave == 0:
        return plane * t.height * t.width
    return t.halved_from[octave - 1] + plane * (t.heights[octave] + 2 * t.margin) * t.widths[octave]


@fused
def _halving_sum(source, plane, width, rows, row, out, to):
    a, b = U(plane + rows[row - 1] * width), U(plane + rows[row] * width)
    c, d, o = U(plane + rows[row + 1] * width), U(plane + rows[row + 2] * width), U(to)
    near, far = np.float32(0.375), np.float32(0.125)
    if source.itemsize == 1:  # sums of bytes would be integers of 64 bits
        for i in range(U(width)):
            outer, inner = F(source[a + i]) + F(source[d + i]), F(source[b + i]) + F(source[c + i])
            out[o + i] = near * inner + far * outer
        return
    for i in range(U(width)):
        out[o + i] = near * (source[b + i] + source[c + i]) + far * (source[a + i] + source[d + i])


@fused
def _mirror_rows(out, to, t, octave):
    """Fill the stored margins above and below a halved plane."""
    height, width, m = t.heights[octave], t.widths[octave], t.margin
    length = t.height / 2.0**octave
    for i in range(2 * m):
        position = i - m if i < m else height + i - m
        mirrored = (position + 0.5) % (2 * length)
        if mirrored > length:
            mirrored = 2 * length - mirrored
        mirrored = min(max(mirrored - 0.5, 0.0), height - 1.0)
        first = int(mirrored)
        a, share = U(to + (m + first) * width), np.float32(mirrored - first)
        b, o = U(to + (m + min(first + 1, height - 1)) * width), U(to + (m + position) * width)
        for x in range(U(width)):
            out[o + x] = out[a + x] + share * (out[b + x] - out[a + x])


@fused
def _blur_rows(source, plane, t, level, first, count, x0, x1, scratch, out, to):
    """Write `count` stored rows of a level from row `first`, columns x0 ... x1 - 1, rows one picture width apart."""
    row, coarse, near = scratch
    octave, m = t.octaves[level], t.margin
    width, step = t.widths[octave], 1 << octave
    tap, taps = t.taps_from[level], t.taps_from[level + 1] - t.taps_from[level]
    from_, to_, shift = x0, x1, 0
    if step > 1:  # coarse columns, counted from one before the picture
        from_, to_, shift = (2 * x0 + 1 + step) // (2 * step), (2 * x1 - 1 + step) // (2 * step) + 2, 1
    c0, c1 = from_ - shift - taps, to_ - shift + taps
    left, right = c0 < 0, c1 > width
    c0, c1 = max(c0, 0), min(c1, width)
    if left:
        c1 = max(c1, min(width, m + 1))
    if right:
        c0 = min(c0, max(0, width - m - 1))
    at = t.rows_from[octave] + m + first - shift
    for i in range(count):
        weigh(source, plane + c0, width, t.rows, at + i, t.taps, tap, taps, c1 - c0, row, m + c0)
        if left or right:
            mirror_ends(row, m, width, octave, t.first, t.second, t.share, left, right)
        if step == 1:
            weigh(row, x0, 1, near, m, t.taps, tap, taps, x1 - x0, out, to + i * t.width + x0)
        else:
            weigh(row, from_ - 1, 1, near, m, t.taps, tap, taps, to_ - from_, coarse, from_)
            stretch_row(coarse, step, x0, x1, out, to + i * t.width)


@fused
def _blur_scratch(t):
    """Memory for two rows with margins, and the samples of a row in their order."""
    n = t.width + 2 * t.margin
    near = np.arange(2 * t.margin + 1)
    return np.empty(n, dtype=t.taps.dtype), np.empty(n, dtype=t.taps.dtype), near


@fused
def build_planes(image, halved, t, first_plane, last_plane, levels):
    """Blur some of the pictures at every level of the plan into one flat array."""
    scratch = _blur_scratch(t)
    for plane in range(first_plane, last_plane):
        for level in range(1, t.octaves.size):
            octave, rows = t.octaves[level], t.level_rows[level]
            source = image if octave == 0 else halved
            to = t.level_from[level] + plane * rows * t.width
            _blur_rows(source, _plane_from(t, octave, plane), t, level, 0, rows, 0, t.width, scratch, levels, to)


@fused
def _find_rows(y, t, row0, level_from, row_from, share):
    """For one row of the picture, say where each level's row is stored and how far to the next; -1 if it is exact."""
    for level in range(t.octaves.size):
        step = 1 << t.octaves[level]
        if step == 1:
            row_from[level] = level_from[level] + (y - row0[level]) * t.width
            share[level] = np.float32(-1)
        else:
            position = (y + 0.5) / step + 0.5
            row_from[level] = level_from[level] + (int(position) - row0[level]) * t.width
            share[level] = np.float32(position - int(position))


@fused
def _mix_row(image, at_image, levels, plane, rows, row_from, share, width, level, ends, runs, out, to):
    """Mix one row of a plane run by run; `rows` is how many rows a plane of each level has.

    A run is mixed in whole vectors, beyond its end if need be: the next run writes there again. What is left over at
    the end of a loop is done value by value and would cost more than the vectors.
    """
    x = 0
    for run in range(runs):
        n = min((ends[run] - x + VECTORS - 1) // VECTORS * VECTORS, width - x)
        below = min(int(level[U(x)]), row_from.size - 2)
        s, r, w = share[below], share[below + 1], np.float32(below)
        a = row_from[below] + plane * rows[below] * width + x
        b = row_from[below + 1] + plane * rows[below + 1] * width + x
        if below == 0 and r < 0:
            mix_full(image, at_image + x, levels, b, level, x, w, out, to + x, n)
        elif below == 0:
            mix_full_coarse(image, at_image + x, levels, b, width, r, level, x, w, out, to + x, n)
        elif r < 0:
            mix_full(levels, a, levels, b, level, x, w, out, to + x, n)
        elif s < 0:
            mix_full_coarse(levels, a, levels, b, width, r, level, x, w, out, to + x, n)
        else:
            mix_coarse(levels, a, s, b, r, width, level, x, w, out, to + x, n)
        x = ends[run]


@fused
def _slope_row(image, at_image, levels, plane, rows, row_from, share, width, level, ends, runs, slope, at, out, to):
    """Add, run by run, a plane's share of the derivative with respect to one row of level coordinates."""
    x, still = 0, np.float32(0)
    for run in range(runs):
        n = ends[run] - x
        below = min(int(level[U(x)]), row_from.size - 2)
        s, r = share[below], share[below + 1]
        a = row_from[below] + plane * rows[below] * width + x
        b = row_from[below + 1] + plane * rows[below + 1] * width + x
        if below == 0:
            a = at_image + x
            if r < 0:
                slope_full(image, a, levels, b, slope, at + x, out, to + x, n)
            else:
                slope_coarse(image, a, still, 0, levels, b, r, width, slope, at + x, out, to + x, n)
        elif r < 0:
            slope_full(levels, a, levels, b, slope, at + x, out, to + x, n)
        elif s < 0:
            slope_coarse(levels, a, still, 0, levels, b, r, width, slope, at + x, out, to + x, n)
        else:
            slope_coarse(levels, a, s, width, levels, b, r, width, slope, at + x, out, to + x, n)
        x = ends[run]


@fused
def slope_rows(image, levels, t, first_plane, planes, field, slope, y0, y1, out):
    """Add to rows of `out` (H, W) the derivative, with respect to level coordinates, of what `blend_rows` mixes.

    `slope` (planes, H, W) is the derivative with respect to the mixture.
    """
    count, width, area = t.octaves.size, t.width, t.height * t.width
    row_from, share = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.float32)
    row0 = np.zeros(count, dtype=np.int64)
    cells, level = np.empty(width, dtype=np.int32), np.empty(width, dtype=t.taps.dtype)
    ends = np.empty(width, dtype=np.int64)
    for y in range(y0, y1):
        level_row(y, field, cells, level)
        runs = split_row(level, count - 1, field.middle, ends)
        _find_rows(y, t, row0, t.level_from, row_from, share)
        for plane in range(planes):
            p, at = first_plane + plane, plane * area + y * width
            at_image = p * area + y * width
            _slope_row(
                image, at_image, levels, p, t.level_rows, row_from, share, width, level, ends, runs, slope, at, out,
                y * width,
            )  # fmt: skip


@fused
def blend_rows(image, levels, t, first_plane, planes, field, y0, y1, out):
    """Mix kept levels of `planes` planes into rows y0 ... y1 - 1 of `out`."""
    count, width, area = t.octaves.size, t.width, t.height * t.width
    row_from, share = np.empty((BAND, count), dtype=np.int64), np.empty((BAND, count), dtype=np.float32)
    row0 = np.zeros(count, dtype=np.int64)
    cells, level = np.empty(width, dtype=np.int32), np.empty((BAND, width), dtype=t.taps.dtype)
    ends, runs = np.empty((BAND, width), dtype=np.int64), np.empty(BAND, dtype=np.int64)
    for top in range(y0, y1, BAND):
        bottom = min(top + BAND, y1)
        for y in range(top, bottom):
            i = y - top
            level_row(y, field, cells, level[i])
            runs[i] = split_row(level[i], count - 1, field.middle, ends[i])
            _find_rows(y, t, row0, t.level_from, row_from[i], share[i])
        for plane in range(planes):
            p = first_plane + plane
            for y in range(top, bottom):
                i, at, to = y - top, p * area + y * width, plane * area + y * width
                _mix_row(
                    image, at, levels, p, t.level_rows, row_from[i], share[i], width,
                    level[i], ends[i], runs[i], out, to,
                )  # fmt: skip


@fused
def blur_rows(image, image_from, image_apart, halved, t, first_plane, planes, field, y0, y1, out, out_from, out_apart):
    """Blur rows y0 ... y1 - 1 in one go, making only those parts of the levels that are shown.

    Row 0 of the first plane of `image` is at `image_from` and that of the next plane `image_apart` farther, so too for
    `out`, whose first plane is `first_plane`: rows that are not at hand may lie before the first sample.
    """
    count, width = t.octaves.size, t.width
    scratch = _blur_scratch(t)
    cells, level = np.empty(width, dtype=np.int32), np.empty((BAND, width), dtype=t.taps.dtype)
    ends, runs = np.empty((BAND, width), dtype=np.int64), np.empty(BAND, dtype=np.int64)
    row_from, share = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.float32)
    row0, rows = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    shown = np.empty((count, (width >> TILE) + 2), dtype=np.bool_)
    levels = np.empty(count * (BAND + 2) * width, dtype=t.taps.dtype)
    level_from = np.arange(count) * (BAND + 2) * width
    for top in range(y0, y1, BAND):
        bottom = min(top + BAND, y1)
        shown[:] = False
        for y in range(top, bottom):
            i = y - top
            level_row(y, field, cells, level[i])
            runs[i] = split_row(level[i], count - 1, field.middle, ends[i])
            _mark_shown(level[i], ends[i], runs[i], shown)
        _rows_needed(t, top, bottom, row0, rows)
        for plane in range(first_plane, first_plane + planes):
            at_plane, to_plane = image_from + plane * image_apart, out_from + (plane - first_plane) * out_apart
            for k in range(1, count):
                octave = t.octaves[k]
                source, at = (image, at_plane) if octave == 0 else (halved, _plane_from(t, octave, plane))
                _blur_shown(source, at, t, k, row0[k], rows[k], shown, scratch, levels, level_from[k])
            for y in range(top, bottom):
                i, at, to = y - top, at_plane + y * width, to_plane + y * width
                _find_rows(y, t, row0, level_from, row_from, share)
                _mix_row(image, at, levels, 0, rows, row_from, share, width, level[i], ends[i], runs[i], out, to)


@fused
def _mark_shown(level, ends, runs, shown):
    """Mark the column tiles at which one row shows each level."""
    x, last = 0, shown.shape[0] - 2
    for run in range(runs):
        below = min(int(level[U(x)]), last)
        for tile in range(x >> TILE, ((ends[run] - 1) >> TILE) + 1):
            shown[below, tile] = shown[below + 1, tile] = True
        x = ends[run]


@fused
def _blur_shown(source, at, t, level, row0, rows, shown, scratch, levels, to):
    """Blur the marked column tiles of a band to a level, neighbors together."""
    tile, tiles = 0, (t.width >> TILE) + 1
    while tile < tiles:
        start = tile
        while shown[level, tile]:
            tile += 1
        if tile > start:
            x1 = min(tile << TILE, t.width)
            _blur_rows(source, at, t, level, row0, rows, start << TILE, x1, scratch, levels, to)
        tile += 1


@fused
def _rows_needed(t, top, bottom, row0, rows):
    """Say which stored rows of each level a band of the picture reads."""
    for k in range(row0.size):
        step = 1 << t.octaves[k]
        if step == 1:
            row0[k], rows[k] = top, bottom - top
        else:
            row0[k] = int((top + 0.5) / step + 0.5)
            rows[k] = int((bottom - 0.5) / step + 0.5) + 2 - row0[k]
