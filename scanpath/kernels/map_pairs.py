"""Two maps of one size pixel by pixel: their moments, their common mass, their divergence; and the sum of one."""

import math

import numpy as np

from scanpath.kernels.compiled import compiled

_BLOCK = 2048  # what is made of a block stays in the nearest caches
_LEAST = 1e-300
# 2^51, the exponent's first bit, a shift that makes exponents positive, the bits of 2^52, and 2^52 with that shift
_HALF, _POINT, _SHIFT, _AS_FLOAT, _SHIFTED = 1 << 51, 52, 2048, 0x4330000000000000, 2.0**52 + 2048


@compiled(fastmath={"reassoc"})
def sum_and_negatives(flat):
    """Sum of the values, NaN or infinite if one of them is, and whether any lies below 0."""
    total, negative = 0.0, 0.0
    for i in range(flat.shape[0]):
        total += flat[i]
        negative += 1.0 if flat[i] < 0.0 else 0.0
    return total, negative > 0.0


@compiled(fastmath={"reassoc", "contract"})
def _offsets(first, second):
    """Sums of two blocks' differences from their first pixels, of their squares, and of their products."""
    x, y = np.float64(first[0]), np.float64(second[0])
    a, b, aa, bb, ab = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(first.shape[0]):
        p, q = np.float64(first[i]) - x, np.float64(second[i]) - y
        a += p
        b += q
        aa += p * p
        bb += q * q
        ab += p * q
    return a, b, aa, bb, ab


@compiled
def centered_products(first, second):
    """Sums of squared deviations of two maps from their means, and of the products of both.

    In one pass over blocks, each centered on its first pixel and joined as in `map_scores.mean_and_squares`, so that
    a large mean costs no digits. A constant map has exactly 0 squares; NaN or infinity makes them NaN or infinite.
    """
    squares_a, squares_b, products, mean_a, mean_b = 0.0, 0.0, 0.0, 0.0, 0.0
    for start in range(0, first.shape[0], _BLOCK):
        p, q = first[start : start + _BLOCK], second[start : start + _BLOCK]
        n = p.shape[0]
        a, b, aa, bb, ab = _offsets(p, q)
        apart_a, apart_b = np.float64(p[0]) + a / n - mean_a, np.float64(q[0]) + b / n - mean_b
        between = start * n / (start + n)  # 0 for the first block, before which there is no mean
        squares_a += aa - a * a / n + apart_a * apart_a * between
        squares_b += bb - b * b / n + apart_b * apart_b * between
        products += ab - a * b / n + apart_a * apart_b * between
        mean_a += apart_a * n / (start + n)
        mean_b += apart_b * n / (start + n)
    return squares_a, squares_b, products


@compiled(fastmath={"nnan", "nsz", "reassoc"})
def common_mass(first, share_first, second, share_second):
    """Sum of the smaller of two densities, value * share of each map, all finite."""
    total = 0.0
    for i in range(first.shape[0]):
        a, b = first[i] * share_first, second[i] * share_second
        total += a if a < b else b
    return total


@compiled(fastmath={"contract"})
def _quotients(first, share_first, second, share_second, added, inside, outside, weights, above, below):
    """Numerators and denominators of outside + q / (p + inside), as one division fewer is a third of the time."""
    for i in range(first.shape[0]):
        weights[i] = (second[i] + added) * share_second
        below[i] = (first[i] + added) * share_first + inside
        above[i] = outside * below[i] + weights[i]


@compiled(fastmath={"contract"})
def _log_quotients(above, below, scratch, logs):
    """Logarithms of quotients of positive numbers; `below` is changed.

    The difference of two numbers' bits is nearly that of their binary logarithms. So it says by which power of two
    they differ; what is left, from 2/3 to 3/2, has a short series in (a - b) / (a + b).
    """
    powers, bits_above, bits_below = scratch.view(np.float64), above.view(np.uint64), below.view(np.uint64)
    for i in range(above.shape[0]):
        apart = bits_above[i] - bits_below[i] + np.uint64(_HALF) + (np.uint64(_SHIFT) << np.uint64(_POINT))
        power = apart >> np.uint64(_POINT)
        bits_below[i] += (power - np.uint64(_SHIFT)) << np.uint64(_POINT)
        scratch[i] = power | np.uint64(_AS_FLOAT)
    for i in range(above.shape[0]):
        s = (above[i] - below[i]) / (above[i] + below[i])
        z = s * s
        late = 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
        series = 1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * late))))
        logs[i] = (powers[i] - _SHIFTED) * math.log(2.0) + 2.0 * s * (1.0 + z * series)


@compiled(fastmath={"reassoc", "contract"})
def _weighted(weights, values):
    total = 0.0
    for i in range(values.shape[0]):
        total += weights[i] * values[i]
    return total


@compiled
def _careful_logs(weights, below, outside):
    """Sum of weight * log(outside + weight / below) where one of them may be 0."""
    total = 0.0
    for i in range(weights.shape[0]):
        if weights[i] > 0.0 and outside > 0.0:
            total += weights[i] * math.log(outside + weights[i] / below[i])
        elif weights[i] > 0.0:
            total += weights[i] * (math.log(weights[i]) - math.log(below[i]))
    return total


@compiled
def divergence(first, share_first, second, share_second, added, inside, outside):
    """Sum of q log(outside + q / (p + inside)) over pixels where q is not 0, for densities (value + added) * share.

    The logarithm is computed for several pixels at a time, to the last digits of double precision.
    """
    weights, logs, scratch = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK, dtype=np.uint64)
    above, below = np.empty(_BLOCK), np.empty(_BLOCK)
    # densities are 1 at most, so that only what is 0, or as good as that, could not be divided
    fast = min(added * share_first + inside, added * share_second + outside * inside) > _LEAST
    total = 0.0
    for start in range(0, first.shape[0], _BLOCK):
        p, q = first[start : start + _BLOCK], second[start : start + _BLOCK]
        n = p.shape[0]
        w, a, b = weights[:n], above[:n], below[:n]
        _quotients(p, share_first, q, share_second, added, inside, outside, w, a, b)
        if fast:
            _log_quotients(a, b, scratch, logs[:n])
            total += _weighted(w, logs[:n])
        else:
            total += _careful_logs(w, b, outside)
    return total
