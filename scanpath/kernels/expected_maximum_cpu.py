"""The expected greatest posterior by adaptive panels, compiled for CPUs.

Each cell's response takes a place z on the axis of log probability, spread over REACH standard deviations. No greatest
value lies below `low`, the highest of all lower ends. Cells that matter reach beyond it, and their lower ends lie below
it; so a cell that still varies at low + t has a spread of about t / 12 or more: all steps, also those of cells that are
hardly seen, lie at `low`. The panels grow with the distance from it, and a cell is left out above its upper end.
"""

import math

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.special import ndtr

from scanpath.kernels.compiled import compiled

#: Standard deviations beyond which a response is not expected: less than 1e-9 of a cell's probability lies there.
REACH = 6.0
#: Detectability above which two places are told apart for certain: Phi(-6).
CERTAIN = 12.0
#: Most difference between the two rules in a panel, and most that the first panel can miss, as a share of the largest
#: probability, above which the result lies.
TOLERANCE, FIRST_TOLERANCE = 1e-5, 1e-6
#: A panel is at most so much longer than the one before and than its distance from `low`.
GROWTH = 4.0

# Table of the upper tail of the normal distribution, a cubic for each 1/128 of a standard deviation. Its relative error
# grows as the fourth power of the distance, and the response to a place that is seen for certain lies `CERTAIN` out.
_FROM, _TO, _PER_SD = -7.0, 19.0, 128
_LAST = (_TO - _FROM) * _PER_SD - 1e-9
_HALF = np.array([0.991455371120812639, 0.949107912342758525, 0.864864423359769073, 0.741531185599394440,
                  0.586087235467691130, 0.405845151377397167, 0.207784955007898468])  # fmt: skip
_KRONROD = np.array([0.022935322010529225, 0.063092092629978553, 0.104790010322250184, 0.140653259715525919,
                     0.169004726639267903, 0.190350578064785410, 0.204432940075298892])  # fmt: skip
_GAUSS = np.array([0, 0.129484966168869693, 0, 0.279705391489276668, 0, 0.381830050505118945, 0])
#: Nodes from 0 to 1, their weights in Kronrod's rule of 15 points, and in the rule of Gauss of 7 of them.
NODES = (1 + np.concatenate([-_HALF, [0.0], _HALF[::-1]])) / 2
WEIGHTS = np.concatenate([_KRONROD, [0.209482141084727828], _KRONROD[::-1]]) / 2
FEWER = np.concatenate([_GAUSS, [0.417959183673469388], _GAUSS[::-1]]) / 2


def _tail_table() -> np.ndarray:
    """Coefficients (pieces, 4), lowest power first; the relative error is below 2e-7 up to 12 standard deviations."""
    x = np.linspace(_FROM, _TO, int((_TO - _FROM) * _PER_SD) + 1)
    tail, slope = ndtr(-x), -np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    tail[0], slope[0], tail[-1], slope[-1] = 1.0, 0.0, 0.0, 0.0
    return np.ascontiguousarray(CubicHermiteSpline(x * _PER_SD, tail, slope / _PER_SD).c[::-1].T)


_TAIL = _tail_table()


def expected_maximum_rows(
    log_posterior: np.ndarray, detectability: np.ndarray, out: np.ndarray, first: int, last: int
) -> None:
    """Fill `out` (K,) from fixation `first` to `last`; arguments as in `expected_maximum_from`."""
    _rows(log_posterior, detectability, out, first, last, _TAIL, NODES, WEIGHTS, FEWER)


@compiled(fastmath={"contract"})
def _tail_at(table, place):
    """Probability above a place, which is given in steps of the table."""
    place = min(max(place, 0.0), _LAST)
    piece = int(place)
    rest = place - piece
    return table[piece, 0] + rest * (table[piece, 1] + rest * (table[piece, 2] + rest * table[piece, 3]))


@compiled
def _cells_above(log_posterior, d, cells):
    """List cells that may lie above `low`: per cell upper end, slope and offset of the tail's place. Also the range."""
    low, high = -np.inf, -np.inf
    for j in range(len(d)):
        spread = min(d[j], CERTAIN)
        low = max(low, log_posterior[j] - spread * (spread / 2 + REACH))
        high = max(high, log_posterior[j] + spread * (spread / 2 + REACH))
    n = 0
    for j in range(len(d)):
        spread = min(d[j], CERTAIN)
        end = log_posterior[j] + spread * (spread / 2 + REACH)
        if end > low and spread > 1e-9:  # of the others the response does not vary, so that they lie at or below low
            cells[0, n], cells[1, n] = end, _PER_SD / spread
            cells[2, n] = (spread / 2 - log_posterior[j] / spread - _FROM) * _PER_SD
            n += 1
    return n, low, high


@compiled(fastmath={"contract"})
def _none_above(z, cells, n, table, none, expected):
    """Probability at each node that no cell lies above it, and how many are expected to."""
    none[:], expected[:] = 1.0, 0.0
    for j in range(n):
        if j % 8 == 0 and none[-1] < 1e-12:  # and so at all nodes below
            break
        for m in range(len(z)):
            above = _tail_at(table, cells[2, j] + cells[1, j] * z[m])
            none[m] *= 1.0 - above
            expected[m] += above


@compiled
def _first_panel(low, longest, most, cells, n, table):
    """Length of a panel in which the integral varies by less than `most` whatever falls there, and how."""
    length = longest
    while length > 1e-9:
        none = 1.0
        for j in range(n):
            none *= 1.0 - _tail_at(table, cells[2, j] + cells[1, j] * (low + length))
            if none * length < most:
                return length
        length /= 4.0
    return length


@compiled
def _still_above(z, cells, n):
    """Keep the cells that reach beyond `z`; return how many."""
    kept = 0
    for j in range(n):
        if cells[0, j] > z:
            for row in range(3):
                cells[row, kept] = cells[row, j]
            kept += 1
    return kept


@compiled
def _rows(log_posterior, detectability, out, first, last, table, nodes, weights, fewer):
    cells = np.empty((3, len(log_posterior)))
    z, none, expected = np.empty(len(nodes)), np.empty(len(nodes)), np.empty(len(nodes))
    for k in range(first, last):
        n, low, high = _cells_above(log_posterior, detectability[k], cells)
        total, unit = 1.0, math.exp(low)  # in units of exp(low)
        largest = math.exp(np.max(log_posterior) - low)
        length = _first_panel(low, min(0.5, high - low), FIRST_TOLERANCE * largest, cells, n, table)
        start, is_first = low, True
        while n > 0 and start < high:
            length = min(length, high - start)
            for m in range(len(nodes)):
                z[m] = start + length * nodes[m]
            _none_above(z, cells, n, table, none, expected)
            by_all, by_fewer = 0.0, 0.0
            for m in range(len(nodes)):
                # of few in the tail, 1 - none would keep no digits, and exp(z) is large
                value = math.exp(z[m] - low) * (expected[m] if expected[m] < 1e-7 else 1.0 - none[m])
                by_all += weights[m] * value
                by_fewer += fewer[m] * value
            if abs(by_all - by_fewer) * length > TOLERANCE * largest and not is_first:
                length /= 2.0
                continue
            total += by_all * length
            start += length
            length, is_first = min(GROWTH * length, GROWTH * (start - low)), False
            n = _still_above(start, cells, n)
        out[k] = total * unit
