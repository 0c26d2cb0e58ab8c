"""Alignments of two sequences of symbols, for many pairs at once (sets and pairs as in `alignment`)."""

import math

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.ragged import longest, nth


@compiled
def fill_cells(xy, edge, size, count, cells, off):
    """Find the cell of a grid that each place falls in, the nearest where it is off the screen, which is noted.

    The first pixel begins at `edge`; `size` and `count` are the screen's pixels and the grid's cells along x and y.
    """
    for i in range(xy.shape[0]):
        for axis in range(2):
            pixel = np.floor(xy[i, axis] - edge)
            cell = np.floor(pixel * count[axis] / size[axis])
            cells[i, axis] = np.int64(min(max(cell, 0.0), count[axis] - 1.0))
            if not 0.0 <= pixel < size[axis]:
                off[i] = True


@compiled
def global_alignment_pairs(pairs, skip, scores, first, first_start, second, second_start, substitution, gap, corner):
    """Best value in the Needleman-Wunsch matrix of two sequences of grid cells (column, row).

    `substitution[dc, dr]` is the gain for two cells that lie dc columns and dr rows apart; `gap` is added for each
    cell left out; `corner` is the value at the matrix's corner, from which the borders go on in steps of `gap`.
    """
    row = np.empty(longest(second_start) + 1)
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        m = len(b)
        for j in range(m + 1):
            row[j] = corner + gap * j
        best = corner  # the borders only fall from here, as gap <= 0
        for i in range(len(a)):
            column, line = a[i, 0], a[i, 1]
            diagonal = row[0]
            left = corner + gap * (i + 1)
            row[0] = left
            for j in range(m):
                up = row[j + 1]
                value = diagonal + substitution[abs(column - b[j, 0]), abs(line - b[j, 1])]
                value = max(value, max(up, left) + gap)
                diagonal = up
                row[j + 1] = value
                left = value
                best = max(best, value)
        scores[k] = best


@compiled
def edit_distance_pairs(pairs, skip, distances, first, first_start, second, second_start, transpositions):
    """Fewest insertions, deletions, substitutions (and swaps of neighbors) that turn one sequence into the other."""
    width = longest(second_start) + 1
    older, before, now = np.empty(width), np.empty(width), np.empty(width)
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        m = len(b)
        for j in range(m + 1):
            before[j] = j
        for i in range(len(a)):
            now[0] = i + 1
            for j in range(m):
                value = before[j] + (0.0 if a[i] == b[j] else 1.0)
                value = min(value, min(before[j + 1], now[j]) + 1.0)
                if transpositions and i > 0 and j > 0 and a[i] == b[j - 1] and a[i - 1] == b[j]:
                    value = min(value, older[j - 1] + 1.0)
                now[j + 1] = value
            older, before, now = before, now, older
        distances[k] = before[m]


@compiled
def matching_pairs(pairs, skip, scores, first, first_start, second, second_start, gap):
    """Needleman-Wunsch score of two sequences of symbols: 1 for a match, 0 for a mismatch, `gap` for each gap."""
    row = np.empty(longest(second_start) + 1)
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        m = len(b)
        for j in range(m + 1):
            row[j] = gap * j
        for i in range(len(a)):
            diagonal = row[0]
            row[0] = gap * (i + 1)
            for j in range(m):
                up = row[j + 1]
                value = diagonal + (1.0 if a[i] == b[j] else 0.0)
                row[j + 1] = max(value, max(up, row[j]) + gap)
                diagonal = up
        scores[k] = row[m]


@compiled
def timed_edit_pairs(pairs, skip, distances, first, first_start, second, second_start, modulator):
    """Cheapest edit of one sequence of lines of sight into another; elements are unit vectors and durations.

    Inserting or deleting an element costs its duration. Substituting costs the difference of the durations for equal
    directions and rises to their sum with the angle: the share that is kept falls as modulator ** degrees.
    """
    row = np.empty(longest(second_start) + 1)
    rate = math.log(modulator)
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        m = len(b)
        row[0] = 0.0
        for j in range(m):
            row[j + 1] = row[j] + b[j, 3]
        for i in range(len(a)):
            diagonal = row[0]
            row[0] += a[i, 3]
            for j in range(m):
                up = row[j + 1]
                # the chord of two unit vectors gives their angle accurately, however small it is
                chord = math.sqrt((a[i, 0] - b[j, 0]) ** 2 + (a[i, 1] - b[j, 1]) ** 2 + (a[i, 2] - b[j, 2]) ** 2)
                kept = math.exp(rate * math.degrees(2 * math.asin(min(1.0, chord / 2))))
                swap = abs(a[i, 3] - b[j, 3]) * kept + (a[i, 3] + b[j, 3]) * (1 - kept)
                row[j + 1] = min(diagonal + swap, min(up + a[i, 3], row[j] + b[j, 3]))
                diagonal = up
        distances[k] = row[m]
