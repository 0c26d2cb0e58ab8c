"""Structural similarity of a small picture with the part of a large one around every place."""

import numpy as np

from scanpath.kernels.compiled import compiled

#: Side of the window within which means and variances are taken.
WINDOW = 7


@compiled
def _window_moments(values, moments):
    """Mean and variance (with n - 1) of all windows: `moments` (2, h - 6, w - 6)."""
    n = WINDOW * WINDOW
    for r in range(moments.shape[1]):
        for c in range(moments.shape[2]):
            total, squares = 0.0, 0.0
            for i in range(WINDOW):
                for j in range(WINDOW):
                    value = values[r + i, c + j]
                    total += value
                    squares += value * value
            moments[0, r, c] = total / n
            moments[1, r, c] = (squares - total * total / n) / (n - 1)


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _row_likeness(columns, mean, other_mean, variance, other_variance):
    """Add up the likeness of one row of windows; `columns` are sums of products over the windows' rows."""
    n = WINDOW * WINDOW
    c1, c2 = 0.01**2, 0.03**2
    total = 0.0
    for c in range(len(mean)):
        products = columns[c] + columns[c + 1] + columns[c + 2] + columns[c + 3]
        products += columns[c + 4] + columns[c + 5] + columns[c + 6]
        both = mean[c] * other_mean[c]
        covariance = (products - n * both) / (n - 1)
        means = mean[c] * mean[c] + other_mean[c] * other_mean[c] + c1
        total += (2 * both + c1) * (2 * covariance + c2) / (means * (variance[c] + other_variance[c] + c2))
    return total


@compiled(fastmath={"contract"})
def _likeness(picture, target, moments, target_moments, top, left, rows, columns, height, width):
    """Average over the windows of the part that is in the picture: `top`, `left` in it, `rows`, `columns` in target."""
    sums = np.zeros(width)
    total = 0.0
    for r in range(height):
        for c in range(width):
            sums[c] += picture[top + r, left + c] * target[rows + r, columns + c]
        if r >= WINDOW:
            before = r - WINDOW
            for c in range(width):
                sums[c] -= picture[top + before, left + c] * target[rows + before, columns + c]
        if r >= WINDOW - 1:
            at = r - WINDOW + 1
            seen, known = slice(left, left + width - WINDOW + 1), slice(columns, columns + width - WINDOW + 1)
            total += _row_likeness(
                sums,
                moments[0, top + at, seen],
                target_moments[0, rows + at, known],
                moments[1, top + at, seen],
                target_moments[1, rows + at, known],
            )
    return total / ((height - WINDOW + 1) * (width - WINDOW + 1))


@compiled
def _maps(picture, target, moments, target_moments, step, likeness):
    height, width = picture.shape
    for i in range(likeness.shape[0]):
        for j in range(likeness.shape[1]):
            top, left = i * step - target.shape[0] // 2, j * step - target.shape[1] // 2
            first, start = max(top, 0), max(left, 0)
            last, end = min(top + target.shape[0], height), min(left + target.shape[1], width)
            likeness[i, j] = 0.0
            if last - first >= WINDOW and end - start >= WINDOW:
                likeness[i, j] = _likeness(
                    picture, target, moments, target_moments,
                    first, start, first - top, start - left, last - first, end - start,
                )  # fmt: skip


def patch_similarity(picture: np.ndarray, target: np.ndarray, step_px: int) -> np.ndarray:
    """Compare at every `step_px`-th pixel, from the first on.

    Parameters
    ----------
    picture, target
        (H, W) and (h, w) float64 in [0, 1], with at least 7 px a side.
    step_px
        Distance of the places.

    Returns
    -------
    numpy.ndarray
        (ceil(H / step), ceil(W / step)): mean structural similarity of the target and the part that has its pixel
        (h // 2, w // 2) at the place; at borders, of what is left of both, and 0 where that is less than a window.
    """
    moments = []
    for values in (picture, target):
        height, width = values.shape
        moments.append(np.empty((2, height - WINDOW + 1, width - WINDOW + 1)))
        _window_moments(values, moments[-1])
    likeness = np.empty([-(-side // step_px) for side in picture.shape])
    _maps(picture, target, *moments, step_px, likeness)
    return likeness
