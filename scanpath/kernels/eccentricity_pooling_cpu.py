"""Average or maximum over one rectangle per output, compiled for CPUs: channels last.

Each output adds up its own window, vectorized over channels. Summed-area tables would need double precision, have no
maximum, and win only above about a hundred pixels a window, more than any published layer has.
"""

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.dispatch import run_bands


def pool_windows_cpu(x: np.ndarray, bounds: np.ndarray, kind: str) -> np.ndarray:
    """Pool a rectangle of `x` (B, H, W, C) per output; `bounds` (4, h, w) int32; returns (B, h, w, C)."""
    batch, height, width, channels = x.shape
    out = np.empty((batch, *bounds.shape[1:], channels), dtype=x.dtype)
    pool = _average_windows if kind == "avg" else _maximum_windows
    run_bands(lambda first, last: pool(x, bounds, out, first, last), bounds.shape[1], batch * height * width * channels)
    return out


@compiled
def _add(total, values):
    for c in range(len(total)):
        total[c] += values[c]


@compiled
def _raise(highest, values):
    for c in range(len(highest)):
        if values[c] > highest[c] or values[c] != values[c]:  # a NaN stays, as in torch
            highest[c] = values[c]


@compiled
def _divide(total, count):
    for c in range(len(total)):
        total[c] /= count


@compiled
def _average_windows(x, bounds, out, first, last):
    for b in range(out.shape[0]):
        for i in range(first, last):
            for j in range(out.shape[2]):
                pooled = out[b, i, j]
                pooled[:] = 0
                y0, y1, x0, x1 = bounds[0, i, j], bounds[1, i, j], bounds[2, i, j], bounds[3, i, j]
                for y in range(y0, y1):
                    for z in range(x0, x1):
                        _add(pooled, x[b, y, z])
                _divide(pooled, np.float32((y1 - y0) * (x1 - x0)))


@compiled
def _maximum_windows(x, bounds, out, first, last):
    for b in range(out.shape[0]):
        for i in range(first, last):
            for j in range(out.shape[2]):
                pooled = out[b, i, j]
                pooled[:] = -np.inf
                for y in range(bounds[0, i, j], bounds[1, i, j]):
                    for z in range(bounds[2, i, j], bounds[3, i, j]):
                        _raise(pooled, x[b, y, z])
