"""Alignment of all equal-length prefixes of two sequences, from one matrix a pair."""

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.ragged import longest, nth


@compiled
def prefix_alignment_pairs(pairs, scores, first, first_start, second, second_start, substitution):
    """Needleman-Wunsch values of the first k cells of both sequences, for every k that both have, without gap cost.

    The matrix of a prefix is the corner of the whole matrix, and without gap cost values never fall along a row or
    column, so that the best value of prefix k stands at (k, k): one matrix gives all k. `scores` is (pairs, most
    cells) and is left as it is where a sequence is shorter. Sets and pairs are as in `sequences`.
    """
    row = np.empty(longest(second_start) + 1)
    for k in range(len(pairs)):
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        n = min(len(a), len(b))
        row[: n + 1] = 0.0
        for i in range(n):
            column, line = a[i, 0], a[i, 1]
            diagonal = row[0]
            for j in range(n):
                up = row[j + 1]
                gain = substitution[abs(column - b[j, 0]), abs(line - b[j, 1])]
                row[j + 1] = max(diagonal + gain, max(up, row[j]))
                diagonal = up
            scores[k, i] = row[i + 1]
