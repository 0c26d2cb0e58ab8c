"""Sequences compared window by window, for many pairs at once (sets and pairs as in `alignment`)."""

import math

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.ragged import longest, nth


@compiled
def _squared_distances(a, b, squares):
    m = len(b)
    for i in range(len(a)):
        for j in range(m):
            dx, dy = a[i, 0] - b[j, 0], a[i, 1] - b[j, 1]
            squares[i * m + j] = dx * dx + dy * dy


@compiled
def _lengthen(squares, sums, n, m, window):
    """Turn window sums of length `window` - 1 into those of length `window`: one more element along the diagonal."""
    for i in range(n - window + 1):
        for j in range(m - window + 1):
            sums[i * m + j] += squares[(i + window - 1) * m + j + window - 1]


@compiled
def _mean_nearest(sums, n, m, window):
    """Mean distance from each window of the first sequence to the nearest of the second, over the window's length."""
    total = 0.0
    for i in range(n - window + 1):
        nearest = np.inf
        for j in range(m - window + 1):
            nearest = min(nearest, sums[i * m + j])
        total += math.sqrt(nearest)
    return total / (window * (n - window + 1))


@compiled
def embedding_pairs(pairs, skip, distances, first, first_start, second, second_start, window, largest):
    """Time-delay embedding distance from the first sequence of points to the second, for one window length."""
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        total, worst = 0.0, 0.0
        for i in range(len(a) - window + 1):
            nearest = np.inf
            for j in range(len(b) - window + 1):
                square = 0.0
                for t in range(window):
                    dx, dy = a[i + t, 0] - b[j + t, 0], a[i + t, 1] - b[j + t, 1]
                    square += dx * dx + dy * dy
                nearest = min(nearest, square)
            distance = math.sqrt(nearest) / window
            total += distance
            worst = max(worst, distance)
        distances[k] = worst if largest else total / (len(a) - window + 1)


@compiled
def scaled_embedding_pairs(pairs, skip, similarities, first, first_start, second, second_start):
    """Mean over all window lengths of exp(-distance), the distance being that of `embedding_pairs`."""
    scratch = np.empty((2, longest(first_start) * longest(second_start)))
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        n, m = len(a), len(b)
        squares, sums = scratch[0], scratch[1]
        _squared_distances(a, b, squares)
        sums[: n * m] = 0.0
        total = 0.0
        for length in range(1, min(n, m) + 1):
            _lengthen(squares, sums, n, m, length)
            total += math.exp(-_mean_nearest(sums, n, m, length))
        similarities[k] = total / min(n, m)


@compiled
def _window_edits(a, b, window, rows):
    """Edit distance of two windows of equal length, swaps of neighbors counting as one."""
    older, before, now = 0, 1, 2
    for j in range(window + 1):
        rows[before, j] = j
    for i in range(window):
        rows[now, 0] = i + 1
        for j in range(window):
            value = rows[before, j] + (0 if a[i] == b[j] else 1)
            value = min(value, min(rows[before, j + 1], rows[now, j]) + 1)
            if i > 0 and j > 0 and a[i] == b[j - 1] and a[i - 1] == b[j]:
                value = min(value, rows[older, j - 1] + 1)
            rows[now, j + 1] = value
        older, before, now = before, now, older
    return rows[before, window]


@compiled
def string_embedding_pairs(pairs, skip, distances, first, first_start, second, second_start, windows):
    """Mean over window lengths of the edit distance from each window of the first string to the nearest of the second.

    `windows` lists the lengths; an empty list means all up to the shorter string's length.
    """
    rows = np.empty((3, longest(first_start) + 1), dtype=np.int64)
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        lengths = windows if len(windows) else np.arange(1, min(len(a), len(b)) + 1)
        total = 0.0
        for window in lengths:
            edits = 0
            for i in range(len(a) - window + 1):
                fewest = window
                for j in range(len(b) - window + 1):
                    fewest = min(fewest, _window_edits(a[i : i + window], b[j : j + window], window, rows))
                    if fewest == 0:
                        break
                edits += int(fewest)
            total += edits / (window * (len(a) - window + 1))
        distances[k] = total / len(lengths)
