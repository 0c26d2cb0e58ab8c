"""Ragged sets of sequences: all elements in one flat array, `start` says where each sequence begins."""

from scanpath.kernels.compiled import compiled


@compiled
def nth(flat, start, index):
    """One sequence of a set."""
    return flat[start[index] : start[index + 1]]


@compiled
def longest(start):
    """Length of the longest sequence of a set, at least 1."""
    most = 1
    for i in range(len(start) - 1):
        most = max(most, start[i + 1] - start[i])
    return most


@compiled
def comes_first(a, b):
    """Whether rows `a` stand before rows `b`: shorter first, then by their first difference.

    An order that does not depend on how the two were passed makes a result exactly symmetric.
    """
    if len(a) != len(b):
        return len(a) < len(b)
    for i in range(len(a)):
        for column in range(a.shape[1]):
            if a[i, column] != b[i, column]:
                return a[i, column] < b[i, column]
    return True
