"""Activation maps in compiled loops, float64."""

import math

import numpy as np

from scanpath.kernels.compiled import compiled

_TINY = 2.2250738585072014e-308
_ROOT_HALF_BITS = 4604544271217802189  # of sqrt(1/2): exponents are cut there, so that mantissas lie around 1
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding and taking it away rounds to a whole number
_LOG2_E, _LN_2 = 1 / math.log(2), math.log(2)


@compiled(fastmath={"contract"})
def power(value, exponent):
    """`value` ** `exponent` for finite values >= 0, to about 1e-13 of itself; results stay above 2^-1000.

    A compiler calls the C library for a power, one number at a time; this is plain arithmetic and so runs on whole
    vectors: log2 by the series of atanh, 2^y by the series of exp.
    """
    bits = np.float64(max(value, _TINY)).view(np.int64)
    exponent_of_two = (bits - _ROOT_HALF_BITS) >> 52
    mantissa = np.int64(bits - (exponent_of_two << 52)).view(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    q = s * s
    log = 2 / 11 + q * (2 / 13 + q * (2 / 15))
    log = 2.0 + q * (2 / 3 + q * (2 / 5 + q * (2 / 7 + q * (2 / 9 + q * log))))
    y = max(exponent * (float(exponent_of_two) + s * log * _LOG2_E), -1000.0)
    whole = (y + _ROUND) - _ROUND
    r = (y - whole) * _LN_2
    exp = 1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800))))
    exp = 1.0 + r * (1.0 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * exp))))))
    return np.int64(np.float64(exp).view(np.int64) + (np.int64(whole) << 52)).view(np.float64)


@compiled(fastmath={"contract", "reassoc"})
def _approach(attention, inhibition, density, row, column, back_row, keep, inhibited_row, inhibited_column, fade):
    """Let one phase pass; `keep` has the share that is kept elsewhere and, per column, near the place before."""
    for i in range(attention.shape[0]):
        a, f, s = attention[i], inhibition[i], density[i]
        kept = keep[1] if back_row[i] > 0 else keep[0]
        for j in range(a.shape[0]):
            a[j] = kept[j] * a[j] + (1.0 - kept[j]) * (row[i] * column[j] * s[j])
            f[j] = fade * f[j] + (1.0 - fade) * inhibited_row[i] * inhibited_column[j]


@compiled(fastmath={"contract", "reassoc"})
def _raise(maps, exponent, result):
    """Raise a map to a power and return the sum."""
    total = 0.0
    for i in range(maps.shape[0]):
        result[i] = power(maps[i], exponent)
        total += result[i]
    return total


@compiled(fastmath={"contract", "reassoc"})
def _sum(maps):
    total = 0.0
    for i in range(maps.shape[0]):
        total += maps[i]
    return total


@compiled(fastmath={"contract", "reassoc"})
def _blend(a, f, blend, a_scale, f_scale, offset, potential, potential_column, result):
    """Put a row of the raised maps together and return the sum of what is above zero."""
    if blend.divisive:
        for j in range(a.shape[0]):
            result[j] = a[j] / (offset + f[j])
    else:
        for j in range(a.shape[0]):
            result[j] = a[j] * a_scale - f[j] * f_scale
    if blend.oculomotor == 1:
        for j in range(a.shape[0]):
            result[j] += blend.oculomotor_weight * (potential[0] - potential[1] * potential_column[j])
    elif blend.oculomotor == 2:
        for j in range(a.shape[0]):
            result[j] *= blend.oculomotor_weight * (potential[0] - potential[1] * potential_column[j])
    total = 0.0
    for j in range(a.shape[0]):
        result[j] = max(result[j], 0.0)
        total += result[j]
    return total


@compiled
def _read(attention, inhibition, walk, blend, b, k, work):
    """Log2 of how likely the next place is, from the maps as they are now."""
    cells = attention.size
    a = _raise(attention.ravel(), blend.attention_exponent, work[0].ravel())
    if blend.inhibition_exponent == 1.0:
        lowered, f = inhibition, _sum(inhibition.ravel())
    else:
        lowered, f = work[1], _raise(inhibition.ravel(), blend.inhibition_exponent, work[1].ravel())
    offset = (blend.strength / cells) ** blend.inhibition_exponent
    row, column = walk.oculomotor_row[b, k], walk.oculomotor_column[b, k]
    scale = 1.0 / (cells - row.sum() * column.sum()) if blend.oculomotor == 1 else 1.0
    target_row, target_column = walk.target[b, k]
    here = np.empty(column.shape[0])
    value, total = 0.0, 0.0
    for i in range(row.shape[0]):
        potential = (scale, scale * row[i])
        total += _blend(work[0, i], lowered[i], blend, 1.0 / a, blend.strength / f, offset, potential, column, here)
        if i == target_row:
            value = here[target_column]
    share = value / total if total > 0 else 1.0 / cells
    return np.log2((1.0 - blend.uniform_share) * share + blend.uniform_share / cells)


@compiled
def walk_bits_cpu(first, last, density, walk, blend, bits):
    """Fill in the bits of walks `first` to `last`; see `walk_bits` for the rest."""
    size = density.shape[1:]
    attention, inhibition = np.empty(size), np.empty(size)
    work = np.empty((2, *size))
    keep = np.empty((2, size[1]))
    for b in range(first, last):
        seen = density[b] if density.shape[0] > 1 else density[0]
        attention[:] = walk.start
        inhibition[:] = walk.start_inhibition.item()
        for k in range(walk.target.shape[1]):
            if walk.target[b, k, 0] < 0:
                break
            for p in range(walk.attention_keep.shape[0]):
                elsewhere, near = walk.attention_keep[p, b, k], walk.attention_keep_back[p, b, k]
                keep[0] = elsewhere
                keep[1] = elsewhere + (near - elsewhere) * walk.back_column[b, k]
                row, column = walk.attention_row[p, b, k], walk.attention_column[p, b, k]
                inhibited = walk.inhibition_row[b, k], walk.inhibition_column[b, k]
                fade = walk.inhibition_keep[p, b, k]
                if elsewhere < 1.0 or fade < 1.0:  # a phase of no length changes nothing
                    _approach(attention, inhibition, seen, row, column, walk.back_row[b, k], keep, *inhibited, fade)
                if p == walk.read.item():
                    bits[b, k] = _read(attention, inhibition, walk, blend, b, k, work)
