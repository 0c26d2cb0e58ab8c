"""One pass over a map: how many pixels lie below a value, and the map's mean and spread."""

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
