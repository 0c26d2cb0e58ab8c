"""One pass over a map: how many pixels lie below a value, and the map's mean and spread; and where fixations fall."""

import numpy as np

from scanpath.kernels.compiled import compiled

#: How many levels `count_between` can tell apart: twice as many fit what a bucket's slot is kept in.
MOST_LEVELS = 32_000
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
def _buckets_by_value(values, low, scale, last, found):
    """Number of the equal interval that each value falls in: never less for a larger value, whatever is rounded."""
    for i in range(len(values)):
        place = (np.float64(values[i]) - low) * scale
        place = place if place > 0.0 else 0.0  # what is not a number goes to the first
        found[i] = np.uint16(np.int32(place if place < last else last))


@compiled
def _keys(values, scratch):
    """Numbers that grow with the values as their logarithms do: their sign, exponent and first binary digits."""
    for i in range(len(values)):
        scratch[i] = np.float64(values[i]) + 0.0  # there is one zero
    bits = scratch.view(np.int64)
    for i in range(len(values)):
        key = np.int32(bits[i] >> 32)
        scratch[i] = np.float64(key ^ ((key >> np.int32(31)) & np.int32(0x7FFFFFFF)))


@compiled
def _buckets_by_key(values, low, scale, last, found, scratch):
    """Number of the interval that each value falls in, with intervals that are equal in the values' keys."""
    keys = scratch[: len(values)]
    _keys(values, keys)
    for i in range(len(values)):
        place = (keys[i] - low) * scale
        place = place if place > 0.0 and values[i] == values[i] else 0.0
        found[i] = np.uint16(np.int32(place if place < last else last))


@compiled
def _scale(low, high, last):
    extent = high - low
    return last / extent if 0.0 < extent < np.inf else 0.0


@compiled
def _occupied(found):
    """How many different ones there are of ascending numbers."""
    count = 1
    for k in range(1, len(found)):
        count += found[k] != found[k - 1]
    return count


@compiled
def _first_levels(found, buckets):
    """Of each bucket, and of an end behind them, the first level that it or a later one holds."""
    m = len(found)
    first = np.full(buckets + 1, m, dtype=np.int32)
    for k in range(m - 1, -1, -1):
        first[found[k]] = k
    for b in range(buckets - 1, -1, -1):
        first[b] = min(first[b], first[b + 1])
    return first


@compiled
def _tally(found, slots, unsure, four, waiting):
    """Count the slots of a block's buckets, and list the pixels whose bucket alone does not say which slot it is."""
    n = np.uint64(0)
    for i in range(len(found)):
        slot = slots[np.uint64(found[i])]
        four[np.uint64(i & 3), np.uint64(slot)] += 1
        waiting[n] = i  # without a branch, which nobody could predict: what does not wait is written over
        n += np.uint64(slot == unsure)
    return np.int64(n)


@compiled
def _slot(value, levels, k, end):
    """Slot of a value that lies at or above level k - 1 and below level `end`."""
    while k < end:
        middle = (k + end) >> 1
        if levels[middle] < value:
            k = middle + 1
        else:
            end = middle
    return 2 * k + 1 if k < len(levels) and levels[k] == value else 2 * k


@compiled
def _plan(levels, buckets):
    """Whether intervals are of keys, where they begin, their scale, each one's first level, and each one's slot."""
    m, last = len(levels), np.float64(buckets - 1)
    keys, scratch = np.empty(m), np.empty(m)
    _keys(levels, keys)
    low, scale = levels[0], _scale(levels[0], levels[m - 1], last)
    low_key, scale_key = keys[0], _scale(keys[0], keys[m - 1], last)
    by_value, by_key = np.empty(m, dtype=np.uint16), np.empty(m, dtype=np.uint16)
    _buckets_by_value(levels, low, scale, last, by_value)
    _buckets_by_key(levels, low_key, scale_key, last, by_key, scratch)
    in_keys = _occupied(by_key) > _occupied(by_value)
    if in_keys:
        low, scale = low_key, scale_key
    first = _first_levels(by_key if in_keys else by_value, buckets)
    slots = np.empty(buckets, dtype=np.uint16)
    for b in range(buckets):
        slots[b] = 2 * first[b] if first[b] == first[b + 1] else 2 * m + 1
    return in_keys, low, scale, first, slots


@compiled
def count_between(flat, levels, buckets, counts):
    """Count the pixels below, between, at and above finite, ascending, different `levels`; return how many are NaN.

    Parameters
    ----------
    flat
        (pixels,) values.
    levels
        (m,) float64, at most `MOST_LEVELS`.
    buckets
        Number of intervals, at most 65,536, from the lowest level to the highest, in which levels are looked for. Most
        pixels fall in one without a level, which says at once between which two they lie. The intervals are equal or
        grow with the values, whichever tells more of the levels apart.
    counts
        (2 m + 1,) zeros; entry 2 k becomes the pixels above level k - 1 and below level k, 2 k + 1 those at level k.
    """
    m, last = len(levels), np.float64(buckets - 1)
    in_keys, low, scale, first, slots = _plan(levels, buckets)
    # neighbors are alike, and one counter would have to wait for itself
    four = np.zeros((4, 2 * m + 2), dtype=np.int64)
    found, waiting, scratch = np.empty(_BLOCK, np.uint16), np.empty(_BLOCK, np.int32), np.empty(_BLOCK)
    missing = 0
    for start in range(0, flat.shape[0], _BLOCK):
        block = flat[start : start + _BLOCK]
        here = found[: len(block)]
        if in_keys:
            _buckets_by_key(block, low, scale, last, here, scratch)
        else:
            _buckets_by_value(block, low, scale, last, here)
        for j in range(_tally(here, slots, np.uint16(2 * m + 1), four, waiting)):
            i = waiting[j]
            value = np.float64(block[i])
            if value == value:
                counts[_slot(value, levels, first[here[i]], first[here[i] + 1])] += 1
            else:  # the first bucket has the lowest level, so that these come here
                missing += 1
    for part in range(4):
        for slot in range(2 * m + 1):
            counts[slot] += four[part, slot]
    return missing


@compiled
def fill_pixels(points, edge, height, width, rows, columns):
    """Find the pixels of points (n, 2), the first of which begins at `edge`; return how many are off the map.

    Rows and columns are left as they are where a point is off, or has no finite coordinates.
    """
    off = 0
    for i in range(points.shape[0]):
        x, y = np.floor(points[i, 0] - edge), np.floor(points[i, 1] - edge)
        if 0.0 <= x < width and 0.0 <= y < height:
            rows[i], columns[i] = np.intp(y), np.intp(x)
        else:
            off += 1
    return off


@compiled
def _places(coordinates, edge, height, width, places):
    for i in range(len(places)):
        x, y = np.floor(coordinates[2 * i] - edge), np.floor(coordinates[2 * i + 1] - edge)
        inside = (x >= 0.0) & (x < width) & (y >= 0.0) & (y < height)
        places[i] = y * width + x if inside else -1.0


@compiled
def take_pixels(coordinates, edge, height, width, flat, values):
    """Take the values of a flat map at points x, y, x, y, ..., and leave those off it as they are; return how many."""
    off, places = 0, np.empty(_BLOCK)
    for start in range(0, len(values), _BLOCK):
        here, taken = places[: len(values) - start], values[start : start + _BLOCK]
        _places(coordinates[2 * start :], edge, height, width, here)
        for i in range(len(taken)):
            if here[i] >= 0.0:
                taken[i] = flat[np.uint64(np.int64(here[i]))]
            else:
                off += 1
    return off
