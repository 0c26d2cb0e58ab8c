"""One pass over a map: how many pixels lie below a value, and the map's mean and spread; and where fixations fall."""

import math

import numpy as np

from scanpath.kernels.compiled import compiled

_BLOCK = 8192  # at most 2 * 8192 fits the lower 16 bits of a counter


@compiled
def count_below(flat, value):
    """Twice the number of pixels below `value` plus the number equal to it, and the number of pixels that are NaN.

    Both counts of a block share one 32-bit counter, so that many pixels are compared with one instruction.
    """
    twice_below, known = 0, 0
    for start in range(0, flat.shape[0], _BLOCK):
        block = flat[start : start + _BLOCK]
        count = np.int32(0)
        for i in range(block.shape[0]):
            pixel = block[i]
            rank = np.int32(pixel < value) + np.int32(pixel <= value)
            count = np.int32(count + rank + np.int32(pixel == pixel) * np.int32(65536))
        twice_below += int(count & 65535)
        known += int(count >> 16)
    return twice_below, flat.shape[0] - known


@compiled(fastmath={"reassoc", "contract"})
def mean_and_squares(flat):
    """Mean and sum of squared deviations in one pass over memory; exactly 0 squares for a constant map.

    Each block is centered on its first pixel, and blocks are joined by the parallel update of Chan, Golub and LeVeque
    (1979), so that a large mean costs no digits. NaN or infinity anywhere makes the squares NaN.
    """
    mean, squares = 0.0, 0.0
    for start in range(0, flat.shape[0], _BLOCK):
        block = flat[start : start + _BLOCK]
        n = block.shape[0]
        center = np.float64(block[0])
        total, total_squared = 0.0, 0.0
        for i in range(n):
            offset = np.float64(block[i]) - center
            total += offset
            total_squared += offset * offset
        squares += total_squared - total * total / n
        block_mean = center + total / n
        if start == 0:
            mean = block_mean
        else:
            apart = block_mean - mean
            squares += apart * apart * start * n / (start + n)
            mean += apart * n / (start + n)
    if squares < 0.0:
        squares = 0.0
    return mean, squares


@compiled
def count_below_each(maps, values, twice_below, missing):
    """`count_below` for each row of `maps` (n, pixels) against the row's own value."""
    for k in range(maps.shape[0]):
        twice_below[k], missing[k] = count_below(maps[k], values[k])


@compiled
def mean_and_squares_each(maps, means, squares):
    """`mean_and_squares` for each row of `maps` (n, pixels)."""
    for k in range(maps.shape[0]):
        means[k], squares[k] = mean_and_squares(maps[k])


@compiled
def _find_buckets(values, low, scale, last, found):
    """Number of the equal interval that each value falls in: never less for a larger value, whatever is rounded."""
    for i in range(len(values)):
        place = (np.float64(values[i]) - low) * scale
        place = place if place > 0.0 else 0.0  # what is not a number goes to the first
        found[i] = np.int32(place if place < last else last)


@compiled
def _first_levels(levels, low, scale, last):
    """Of each bucket, and of an end behind them, the first level that it or a later one holds."""
    m = len(levels)
    found, first = np.empty(m, dtype=np.int32), np.full(last + 2, m, dtype=np.int32)
    _find_buckets(levels, low, scale, last, found)
    for k in range(m - 1, -1, -1):
        first[found[k]] = k
    for b in range(last, -1, -1):
        first[b] = min(first[b], first[b + 1])
    return first


@compiled
def count_between(flat, levels, buckets, counts):
    """Count the pixels below, between, at and above finite, ascending, different `levels`; return how many are NaN.

    Parameters
    ----------
    flat
        (pixels,) values.
    levels
        (m,) float64.
    buckets
        Number of equal intervals, from the lowest level to the highest, in which levels are looked for. Most pixels
        fall in one without a level, which says at once between which two they lie.
    counts
        (2 m + 1,) zeros; entry 2 k becomes the pixels above level k - 1 and below level k, 2 k + 1 those at level k.
    """
    m = len(levels)
    low, last = levels[0], buckets - 1
    extent = levels[m - 1] - low
    scale = last / extent if 0.0 < extent < np.inf else 0.0
    first, found = _first_levels(levels, low, scale, last), np.empty(_BLOCK, dtype=np.int32)
    four = np.zeros(
        (4, 2 * m + 1), dtype=np.int64
    )  # neighbors are alike, and one counter would have to wait for itself
    missing = 0
    for start in range(0, flat.shape[0], _BLOCK):
        block = flat[start : start + _BLOCK]
        _find_buckets(block, low, scale, last, found)
        for i in range(len(block)):
            k, end = first[found[i]], first[found[i] + 1]
            if k == end:
                four[i & 3, 2 * k] += 1
                continue
            value = np.float64(block[i])
            if value != value:  # the first bucket has the lowest level, so that these come here
                missing += 1
                continue
            while k < end:  # the first level of the bucket that is not below the value
                middle = (k + end) >> 1
                if levels[middle] < value:
                    k = middle + 1
                else:
                    end = middle
            four[i & 3, 2 * k + 1 if k < m and levels[k] == value else 2 * k] += 1
    for part in range(4):
        for slot in range(2 * m + 1):
            counts[slot] += four[part, slot]
    return missing


@compiled
def fill_pixels(points, edge, height, width, rows, columns):
    """Find the pixels of points (n, 2), the first of which begins at `edge`; return how many are off and not finite.

    Rows and columns are left as they are where a point is off the map, or has no finite coordinates.
    """
    off, broken = 0, 0
    for i in range(points.shape[0]):
        x, y = np.floor(points[i, 0] - edge), np.floor(points[i, 1] - edge)
        if 0.0 <= x < width and 0.0 <= y < height:
            rows[i], columns[i] = np.intp(y), np.intp(x)
        else:
            off += 1
            broken += not (math.isfinite(points[i, 0]) and math.isfinite(points[i, 1]))
    return off, broken
