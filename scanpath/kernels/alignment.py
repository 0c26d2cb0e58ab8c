"""Alignments of two sequences by dynamic programming, for many pairs at once.

Sets of sequences are ragged: all their elements in one flat array, and `start` with one more entry than there are
sequences, so that sequence i is ``elements[start[i]:start[i + 1]]``. `pairs` (K, 2) names which sequence of the first
set meets which of the second. Results go into arrays that the caller made. Scratch memory is that of one pair.
"""

import math

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.ragged import comes_first, longest, nth

# Columns of a saccade set
X, Y, DX, DY, AMPLITUDE, ANGLE, DURATION = range(7)
# Why MultiMatch's duration part has no value
MISSING, BOTH_ZERO = 1, 2


@compiled
def _median(values, n):
    """Median of the first n values, which are re-ordered (Hoare's selection)."""
    middle = n // 2
    low, high = 0, n - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            break
    upper = values[middle]
    if n % 2:
        return upper
    lower = values[0]
    for i in range(1, middle):
        lower = max(lower, values[i])
    return (lower + upper) / 2.0


@compiled
def _align_saccades(a, b, steps, before, now):
    """Fill `steps` with the last move of the cheapest way to each cell: 0 both, 1 along `a`, 2 along `b`.

    Ties go to the move along one sequence; between two of these to the one that starts nearer to the diagonal, then
    to the one along `a`. Identical sequences are so aligned element by element.
    """
    n, m = len(a), len(b)
    for i in range(n):
        for j in range(m):
            ex, ey = a[i, DX] - b[j, DX], a[i, DY] - b[j, DY]
            cost = math.sqrt(ex * ex + ey * ey)
            if i == 0 and j == 0:
                now[j] = 0.0  # the cell where the way starts is not charged
            elif i == 0:
                now[j] = now[j - 1] + cost
                steps[i * m + j] = 2
            elif j == 0:
                now[j] = before[j] + cost
                steps[i * m + j] = 1
            else:
                best, step = before[j - 1], 0
                if before[j] < best or (before[j] == best and steps[(i - 1) * m + j] != 2):
                    best, step = before[j], 1
                # a neighbor that itself came from the diagonal cell at no cost does not stand before it
                after_diagonal = now[j - 1] == before[j - 1] and steps[i * m + j - 1] == 1
                if now[j - 1] < best or (now[j - 1] == best and (step == 0 or j > i) and not after_diagonal):
                    best, step = now[j - 1], 2
                now[j] = best + cost
                steps[i * m + j] = step
        before, now = now, before


@compiled
def _compare_along(a, b, steps, gaps):
    """Collect the five differences of the aligned saccades; return their number and why duration has no value."""
    m = len(b)
    i, j, n, fault = len(a) - 1, m - 1, 0, 0
    while True:
        ex, ey = a[i, DX] - b[j, DX], a[i, DY] - b[j, DY]
        gaps[0, n] = math.sqrt(ex * ex + ey * ey)
        turn = abs(a[i, ANGLE] - b[j, ANGLE])
        gaps[1, n] = min(turn, 2 * math.pi - turn)
        gaps[2, n] = abs(a[i, AMPLITUDE] - b[j, AMPLITUDE])
        ex, ey = a[i, X] - b[j, X], a[i, Y] - b[j, Y]
        gaps[3, n] = math.sqrt(ex * ex + ey * ey)
        longer = max(a[i, DURATION], b[j, DURATION])
        gaps[4, n] = abs(a[i, DURATION] - b[j, DURATION]) / longer
        if math.isnan(a[i, DURATION]) or math.isnan(b[j, DURATION]):
            fault = MISSING
        elif longer == 0.0 and fault == 0:
            fault = BOTH_ZERO
        n += 1
        if i == 0 and j == 0:
            return n, fault
        step = steps[i * m + j]
        if step != 2:
            i -= 1
        if step != 1:
            j -= 1


@compiled
def multimatch_pairs(pairs, skip, differences, duration_fault, first, first_start, second, second_start):
    """Medians of the five MultiMatch differences along the cheapest alignment of two saccade sequences.

    `differences` (K, 5) holds vector, direction (radians), length, position (px) and duration (share of the longer).
    The two sequences of a pair are first put in a fixed order, so that swapping them changes nothing.
    """
    height, width = longest(first_start), longest(second_start)
    steps = np.empty(height * width, dtype=np.int8)
    before, now = np.empty(max(height, width)), np.empty(max(height, width))
    gaps = np.empty((5, height + width))
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        if not comes_first(a[:, DX:AMPLITUDE], b[:, DX:AMPLITUDE]):
            a, b = b, a
        _align_saccades(a, b, steps, before, now)
        n, duration_fault[k] = _compare_along(a, b, steps, gaps)
        for part in range(5):
            differences[k, part] = _median(gaps[part], n)
        if duration_fault[k]:
            differences[k, 4] = np.nan


@compiled
def _merge_by_direction(path, n, direction_rad, duration_ms):
    """Join saccades that go on in nearly the same direction after a short fixation; return how many are left."""
    i, j = 0, 0
    while i < n:
        path[j] = path[i]
        if i < n - 1 and path[i + 1, DURATION] < duration_ms:
            u, v = path[i], path[i + 1]
            norm = math.sqrt(u[DX] ** 2 + u[DY] ** 2) * math.sqrt(v[DX] ** 2 + v[DY] ** 2)
            if norm > 0:  # a saccade of length zero has no direction to go on in
                cosine = (u[DX] * v[DX] + u[DY] * v[DY]) / norm
                if math.acos(min(1.0, max(-1.0, cosine))) < direction_rad:
                    path[j, DX] = u[DX] + v[DX]
                    path[j, DY] = u[DY] + v[DY]
                    i += 1
        i += 1
        j += 1
    return j


@compiled
def _merge_by_amplitude(path, n, last_ms, amplitude_px, duration_ms):
    """Join short saccades beside a short fixation with the next one, a short last one with the one before it."""
    i, j = 0, 0
    before_x, before_y = 0.0, 0.0  # the saccade before the current one as it was when the pass began
    merged_last = False
    while i < n:
        dx, dy, here_ms = path[i, DX], path[i, DY], path[i, DURATION]
        next_ms = path[i + 1, DURATION] if i < n - 1 else last_ms
        short = math.sqrt(dx * dx + dy * dy) < amplitude_px and (here_ms < duration_ms or next_ms < duration_ms)
        if short and i == n - 1 and n > 1:
            path[j - 1, DX] = before_x + dx
            path[j - 1, DY] = before_y + dy
            merged_last = True
            break
        before_x, before_y = dx, dy
        path[j] = path[i]
        if short and i < n - 1:
            before_x, before_y = path[i + 1, DX], path[i + 1, DY]
            path[j, DX] = dx + before_x
            path[j, DY] = dy + before_y
            i += 1
        i += 1
        j += 1
    return j, merged_last


@compiled
def simplify_saccades(table, start, last_ms, direction_rad, duration_ms, amplitude_px):
    """Simplify each saccade sequence in place until it stops getting shorter; return how many rows are left in all.

    One round is a pass by direction and a pass by amplitude. A short last saccade joins the one before it as that
    one was when the pass began, and a round in which nothing but this happened is the last: both as in the
    published toolbox. The duration of a fixation that disappears is dropped. What is left is moved to the front of
    `table`, and `start` is changed to match.
    """
    rows, begin = 0, 0
    for k in range(len(last_ms)):
        path = table[begin : start[k + 1]]
        begin = start[k + 1]
        n = len(path)
        length = n + 1
        while n > 0:
            n = _merge_by_direction(path, n, direction_rad, duration_ms)
            n, merged_last = _merge_by_amplitude(path, n, last_ms[k], amplitude_px, duration_ms)
            previous, length = length, n + 2 if merged_last else n + 1
            if length == previous:
                break
        for i in range(n):
            table[rows + i] = path[i]
        rows += n
        start[k + 1] = rows
    return rows


@compiled
def fill_saccades(table, saccade_start, xy, duration_ms, start):
    """Write the displacement of each saccade and the place and duration of the fixation it leaves; return the rows."""
    row = 0
    for k in range(len(start) - 1):
        saccade_start[k] = row
        for i in range(start[k], start[k + 1] - 1):
            table[row, X], table[row, Y] = xy[i, 0], xy[i, 1]
            table[row, DX], table[row, DY] = xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
            table[row, DURATION] = duration_ms[i]
            row += 1
    saccade_start[len(start) - 1] = row
    return row


@compiled
def fill_polar(table):
    """Write the amplitude and the angle of each saccade from its displacement."""
    for i in range(len(table)):
        table[i, AMPLITUDE] = math.sqrt(table[i, DX] ** 2 + table[i, DY] ** 2)
        table[i, ANGLE] = math.atan2(table[i, DY], table[i, DX])
