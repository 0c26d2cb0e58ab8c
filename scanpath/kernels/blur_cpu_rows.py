"""Compiled loops over one row: weighted sums, mirrored ends, level coordinates, runs of one level, mixing.

All rows live in flat arrays and are named by the offset of their first sample; unsigned offsets keep the compiler
from checking for negative indices, without which it would not vectorize.
"""

import numpy as np

from scanpath.kernels.compiled import compiled

U, F = np.uint64, np.float32
#: Sums may be regrouped and fused; NaN and infinity in a picture still pass through.
fused = compiled(fastmath={"contract", "reassoc", "nsz"})
#: The same for loops over few values.
fused_inline = compiled(fastmath={"contract", "reassoc", "nsz"}, inline=True)
#: For values known to be finite, so that minima vectorize too.
finite = compiled(fastmath=True)


@fused_inline
def _start_one(source, c, a0, b0, w, w0, out, to, n):
    c, a0, b0, o = U(c), U(a0), U(b0), U(to)
    for i in range(U(n)):
        out[o + i] = w * source[c + i] + w0 * (source[a0 + i] + source[b0 + i])


@fused_inline
def _start_two(source, c, a0, b0, a1, b1, w, w0, w1, out, to, n):
    c, a0, b0, a1, b1, o = U(c), U(a0), U(b0), U(a1), U(b1), U(to)
    for i in range(U(n)):
        inner = w * source[c + i] + w0 * (source[a0 + i] + source[b0 + i])
        out[o + i] = inner + w1 * (source[a1 + i] + source[b1 + i])


@fused_inline
def _add_one(source, a0, b0, w0, out, to, n):
    a0, b0, o = U(a0), U(b0), U(to)
    for i in range(U(n)):
        out[o + i] += w0 * (source[a0 + i] + source[b0 + i])


@fused_inline
def _add_two(source, a0, b0, a1, b1, w0, w1, out, to, n):
    a0, b0, a1, b1, o = U(a0), U(b0), U(a1), U(b1), U(to)
    for i in range(U(n)):
        out[o + i] += w0 * (source[a0 + i] + source[b0 + i]) + w1 * (source[a1 + i] + source[b1 + i])


@fused_inline
def _add_three(source, a0, b0, a1, b1, a2, b2, w0, w1, w2, out, to, n):
    a0, b0, a1, b1, a2, b2, o = U(a0), U(b0), U(a1), U(b1), U(a2), U(b2), U(to)
    for i in range(U(n)):
        outer = w1 * (source[a1 + i] + source[b1 + i]) + w2 * (source[a2 + i] + source[b2 + i])
        out[o + i] += w0 * (source[a0 + i] + source[b0 + i]) + outer


@fused
def weigh(source, base, pitch, places, place, taps, tap, count, n, out, to):
    """Write `n` sums of samples around `place` weighted by taps[tap : tap + count].

    The k-th sample away begins at base + pitch * places[place +- k]: rows of a plane, or a row shifted along itself.
    Slices of `taps` would cost more than a short row does. One pass adds up to three pairs of samples; with more, the
    compiler gives up telling that nothing overlaps.
    """
    at = base + pitch * places[place]
    a0, b0 = base + pitch * places[place - 1], base + pitch * places[place + 1]
    if count == 2:
        _start_one(source, at, a0, b0, taps[tap], taps[tap + 1], out, to, n)
        return
    a1, b1 = base + pitch * places[place - 2], base + pitch * places[place + 2]
    _start_two(source, at, a0, b0, a1, b1, taps[tap], taps[tap + 1], taps[tap + 2], out, to, n)
    k = 3
    while k < count:
        w0, a0, b0 = taps[tap + k], base + pitch * places[place - k], base + pitch * places[place + k]
        if count - k == 1:
            _add_one(source, a0, b0, w0, out, to, n)
            return
        w1, a1, b1 = taps[tap + k + 1], base + pitch * places[place - k - 1], base + pitch * places[place + k + 1]
        if count - k == 2 or count - k == 4:
            _add_two(source, a0, b0, a1, b1, w0, w1, out, to, n)
            k += 2
            continue
        w2, a2, b2 = taps[tap + k + 2], base + pitch * places[place - k - 2], base + pitch * places[place + k + 2]
        _add_three(source, a0, b0, a1, b1, a2, b2, w0, w1, w2, out, to, n)
        k += 3


@fused
def mirror_ends(row, margin, width, octave, first, second, share, left, right):
    """Fill the margins of a row whose samples begin at `margin`; the tables list left then right margin by octave."""
    m = U(margin)
    if left:
        for i in range(margin):
            a, b = row[m + U(first[octave, i])], row[m + U(second[octave, i])]
            row[U(i)] = a + share[octave, i] * (b - a)
    if right:
        for i in range(margin, 2 * margin):
            a, b = row[m + U(first[octave, i])], row[m + U(second[octave, i])]
            row[U(width + i)] = a + share[octave, i] * (b - a)


@fused
def halve_row(row, margin, out, to, n):
    """Write every second binomial sum (1 3 3 1) / 8 of a row whose samples begin at `margin`."""
    m, o = U(margin), U(to)
    for i in range(U(n)):
        k = m + i + i
        pair = row[k - U(1)] + row[k + U(2)]
        out[o + i] = F(0.125) * pair + F(0.375) * (row[k] + row[k + U(1)])


@fused
def stretch_row(coarse, step, first, last, out, to):
    """Interpolate columns first ... last - 1 between coarse samples, the first of which lies before the picture."""
    x, half = first, step // 2
    while x < last and (x < half or (x - half) % step != 0):
        out[U(to + x)] = _between(coarse, step, x)
        x += 1
    cell, cells = (x + half) // step, max(0, (last - x) // step)
    _stretch_cells(coarse, cell, cells, step, out, to + x)
    x += cells * step
    while x < last:
        out[U(to + x)] = _between(coarse, step, x)
        x += 1


@fused
def _between(coarse, step, x):
    position = (F(x) + F(0.5)) / F(step) + F(0.5)
    cell = U(position)
    return coarse[cell] + (position - F(cell)) * (coarse[cell + U(1)] - coarse[cell])


@fused
def _stretch_cells(coarse, cell, cells, step, out, to):
    c, o = U(cell), U(to)
    if step == 2:
        for i in range(U(cells)):
            a, b = coarse[c + i], coarse[c + i + U(1)]
            out[o + i + i] = F(0.75) * a + F(0.25) * b
            out[o + i + i + U(1)] = F(0.25) * a + F(0.75) * b
        return
    if step == 4:
        for i in range(U(cells)):
            _four_between(coarse[c + i], (coarse[c + i + U(1)] - coarse[c + i]) * F(0.25), out, o + U(4) * i)
        return
    if step == 8:
        for i in range(U(cells)):
            a, slope = coarse[c + i], (coarse[c + i + U(1)] - coarse[c + i]) * F(0.125)
            _four_between(a, slope, out, o + U(8) * i)
            _four_between(a + F(4) * slope, slope, out, o + U(8) * i + U(4))
        return
    for i in range(U(cells)):
        a = coarse[c + i]
        slope = (coarse[c + i + U(1)] - a) / F(step)
        start = a + F(0.5) * slope
        p = o + i * U(step)
        for k in range(U(step)):
            out[p + k] = start + F(k) * slope


@fused
def _four_between(a, slope, out, to):
    """Write four samples from half a step behind `a`; written out, because short loops are not vectorized."""
    out[to] = a + F(0.5) * slope
    out[to + U(1)] = a + F(1.5) * slope
    out[to + U(2)] = a + F(2.5) * slope
    out[to + U(3)] = a + F(3.5) * slope


@finite
def level_row(y, field, cells, level):
    """Write the level coordinate of every pixel of row y.

    The coordinate is looked up in the field's table at the distance in px to the nearest of the fixations, each made
    larger by its delay, or at the pixel's own value where `values` is not empty. Counters become 32 bits wide before
    they become floating, which the compiler vectorizes; the loop that reads the table, which it does not, is short.
    """
    fixations, delays, values, table, per_px, _ = field
    n, top = level.size, F(table.size) - F(1.01)
    if values.size:
        o = U(y * n)
        for i in range(U(n)):
            level[i] = min(values[o + i] * per_px, top)
    for k in range(fixations.shape[0]):
        x, delay = fixations[k, 0], delays[k]
        dy2 = (F(y) - fixations[k, 1]) ** 2
        if k == 0:
            for i in range(U(n)):
                level[i] = min((np.sqrt((F(np.int32(i)) - x) ** 2 + dy2) + delay) * per_px, top)
        else:
            for i in range(U(n)):
                level[i] = min((np.sqrt((F(np.int32(i)) - x) ** 2 + dy2) + delay) * per_px, level[i])
    for i in range(U(n)):
        cells[i] = np.int32(level[i])
        level[i] -= F(np.int32(level[i]))
    for i in range(U(n)):
        cell = U(np.uint32(cells[i]))
        low = table[cell]
        level[i] = low + level[i] * (table[cell + U(1)] - low)


@finite
def split_row(level, last, middle, ends):
    """Cut a row into runs whose pixels mix the same two levels; write where they end and return their number.

    `middle` is where the level stops falling and begins to rise, or -1 where it may do so many times.
    """
    n, x, runs = level.size, 0, 0
    while x < n:
        below = min(int(level[U(x)]), last - 1)
        low, high = F(below), F(below + 1)
        if below == last - 1:
            high = F(last + 1)
        if middle < 0:
            x = _end_of_run(level, x + 1, low, high)
        elif x < middle and level[U(middle)] < low:
            x = _first_beyond(level, x + 1, middle, low, True)
        else:
            x = _first_beyond(level, max(x + 1, middle), n, high, False)
        ends[runs] = x
        runs += 1
    return runs


@finite
def _end_of_run(level, x, low, high):
    """Find the next pixel outside low ... high, many at a time while there is none."""
    n = level.size
    while x + 32 <= n:
        least, most = level[U(x)], level[U(x)]
        for i in range(U(x), U(x + 32)):
            least, most = min(least, level[i]), max(most, level[i])
        if least < low or most >= high:
            break
        x += 32
    while x < n and low <= level[U(x)] < high:
        x += 1
    return x


@finite
def _first_beyond(level, start, stop, bound, falls):
    """Find the first of start ... stop - 1 below (if the level falls) or else not below a bound, or `stop`."""
    while start < stop:
        half = (start + stop) // 2
        if (level[U(half)] < bound) == falls:
            stop = half
        else:
            start = half + 1
    return start


@fused_inline
def mix_full(a, at_a, b, at_b, level, x, below, out, to, n):
    """Mix two levels that have every row."""
    i0, j0, l0, o0 = U(at_a), U(at_b), U(x), U(to)
    for i in range(U(n)):
        sharp = a[i0 + i]
        out[o0 + i] = sharp + (level[l0 + i] - below) * (b[j0 + i] - sharp)


@fused_inline
def mix_full_coarse(a, at_a, b, at_b, next_b, share_b, level, x, below, out, to, n):
    """Mix a level that has every row with one whose row lies between two stored ones."""
    i0, j0, j1, l0, o0 = U(at_a), U(at_b), U(at_b + next_b), U(x), U(to)
    for i in range(U(n)):
        sharp = a[i0 + i]
        soft = b[j0 + i] + share_b * (b[j1 + i] - b[j0 + i])
        out[o0 + i] = sharp + (level[l0 + i] - below) * (soft - sharp)


@fused_inline
def mix_coarse(b, at_a, share_a, at_b, share_b, pitch, level, x, below, out, to, n):
    """Mix two levels whose rows lie between stored ones."""
    i0, i1, j0, j1, l0, o0 = U(at_a), U(at_a + pitch), U(at_b), U(at_b + pitch), U(x), U(to)
    for i in range(U(n)):
        sharp = b[i0 + i] + share_a * (b[i1 + i] - b[i0 + i])
        soft = b[j0 + i] + share_b * (b[j1 + i] - b[j0 + i])
        out[o0 + i] = sharp + (level[l0 + i] - below) * (soft - sharp)


@fused
def slope_full(a, at_a, b, at_b, slope, at_slope, out, to, n):
    """Add a slope times the difference of two levels that have every row."""
    i0, j0, s0, o0 = U(at_a), U(at_b), U(at_slope), U(to)
    for i in range(U(n)):
        out[o0 + i] += slope[s0 + i] * (b[j0 + i] - a[i0 + i])


@fused
def slope_coarse(a, at_a, share_a, next_a, b, at_b, share_b, pitch, slope, at_slope, out, to, n):
    """Add a slope times the difference of two levels, the second or both between stored rows."""
    i0, i1, j0, j1, s0, o0 = U(at_a), U(at_a + next_a), U(at_b), U(at_b + pitch), U(at_slope), U(to)
    for i in range(U(n)):
        sharp = a[i0 + i] + share_a * (a[i1 + i] - a[i0 + i])
        soft = b[j0 + i] + share_b * (b[j1 + i] - b[j0 + i])
        out[o0 + i] += slope[s0 + i] * (soft - sharp)
