"""Distances of two ordered or unordered sets of points, for many pairs at once (sets and pairs as in `alignment`)."""

import math

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.ragged import longest, nth

# What an alignment of two curves adds up: distances, their squares, or only the largest distance (Frechet)
SUM, SUM_OF_SQUARES, LARGEST = 0, 1, 2
# Columns of what `nearest_pairs` finds, for the points of the first and of the second set
SUM_A, SUM_B, SQUARES_A, SQUARES_B, LARGEST_A, LARGEST_B = range(6)


@compiled
def warping_pairs(pairs, skip, costs, first, first_start, second, second_start, rule):
    """Cost of the best monotone alignment of two curves in the plane, all points used, by one of three rules."""
    row = np.empty(longest(second_start))
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        m = len(b)
        for i in range(len(a)):
            x, y = a[i, 0], a[i, 1]
            diagonal, left = np.inf, np.inf
            for j in range(m):
                dx, dy = x - b[j, 0], y - b[j, 1]
                cost = dx * dx + dy * dy
                if rule == SUM:
                    cost = math.sqrt(cost)
                up = row[j] if i > 0 else np.inf
                before = min(diagonal, min(up, left)) if i > 0 or j > 0 else 0.0
                left = max(before, cost) if rule == LARGEST else before + cost
                diagonal = up
                row[j] = left
        costs[k] = math.sqrt(row[m - 1]) if rule == LARGEST else row[m - 1]


@compiled
def nearest_pairs(pairs, skip, found, first, first_start, second, second_start):
    """Distances from each point of one set to the nearest of the other: their sum, sum of squares and maximum."""
    nearest_b = np.empty(longest(second_start))
    dimensions = first.shape[1]
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        m = len(b)
        nearest_b[:m] = np.inf
        found[k] = 0.0
        for i in range(len(a)):
            nearest_a = np.inf
            for j in range(m):
                square = 0.0
                for d in range(dimensions):
                    square += (a[i, d] - b[j, d]) ** 2
                nearest_a = min(nearest_a, square)
                nearest_b[j] = min(nearest_b[j], square)
            found[k, SUM_A] += math.sqrt(nearest_a)
            found[k, SQUARES_A] += nearest_a
            found[k, LARGEST_A] = max(found[k, LARGEST_A], nearest_a)
        for j in range(m):
            found[k, SUM_B] += math.sqrt(nearest_b[j])
            found[k, SQUARES_B] += nearest_b[j]
            found[k, LARGEST_B] = max(found[k, LARGEST_B], nearest_b[j])
        found[k, LARGEST_A] = math.sqrt(found[k, LARGEST_A])
        found[k, LARGEST_B] = math.sqrt(found[k, LARGEST_B])
