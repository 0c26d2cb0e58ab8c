"""Lines of recurrent points in the matrix of two sequences of fixations, for many pairs at once."""

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.ragged import longest, nth

# Columns of what is counted
POINTS, ON_DIAGONALS, ON_ROWS, ON_COLUMNS, LAG = range(5)


@compiled
def _counted(run, least):
    """Points that a run which has just reached this length adds: all of it when it becomes a line, then one each."""
    if run < least:
        return 0
    return least if run == least else 1


@compiled
def _on_lines(near, n, triangle, least, counts):
    """Count the points on unbroken runs of at least `least` recurrent points; `triangle` looks above the diagonal."""
    for shift in range(1 if triangle else 1 - n, n):  # the diagonals j - i = shift
        run = 0
        for i in range(max(0, -shift), min(n, n - shift)):
            run = run + 1 if near[i, i + shift] else 0
            counts[ON_DIAGONALS] += _counted(run, least)
    for i in range(n):
        run = 0
        for j in range(i + 1 if triangle else 0, n):
            run = run + 1 if near[i, j] else 0
            counts[ON_ROWS] += _counted(run, least)
    for j in range(n):
        run = 0
        for i in range(j if triangle else n):
            run = run + 1 if near[i, j] else 0
            counts[ON_COLUMNS] += _counted(run, least)


@compiled
def recurrence_pairs(pairs, skip, counts, first, first_start, second, second_start, radius, least, triangle):
    """Count recurrent points, those on lines of at least `least` points, and the sum of their lags j - i.

    Both sequences are cut to the shorter one's length. With `triangle` a sequence is compared with itself, above the
    diagonal only.
    """
    side = min(longest(first_start), longest(second_start))
    near = np.empty((side, side), dtype=np.bool_)
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        n = min(len(a), len(b))
        counts[k] = 0
        for i in range(n):
            for j in range(n):
                dx, dy = a[i, 0] - b[j, 0], a[i, 1] - b[j, 1]
                near[i, j] = dx * dx + dy * dy <= radius * radius
                if near[i, j] and (j > i or not triangle):
                    counts[k, POINTS] += 1
                    counts[k, LAG] += j - i
        _on_lines(near, n, triangle, least, counts[k])
