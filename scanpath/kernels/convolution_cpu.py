"""3 x 3 convolution in tiles of 2 x 2 outputs, for CPUs: channels last.

Tiles of 4 x 4 inputs are turned into sixteen sums, each channel by itself; over all tiles each of the sixteen is a
product of matrices, which torch's library does; the results are turned back. Tiles go through some at a time, so that
what lies between stays small.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath.kernels.compiled import compiled
from scanpath.kernels.dispatch import run_bands

#: Tiles that go through at once, enough for the matrix product to run at full speed.
TILES = 256


def convolve_tiles(x: Tensor, tiled: Tensor, bias: Tensor) -> Tensor:
    """Convolve (B, C, h, w), float32, with `tiled` (16, C, K) kernels and add `bias` (K,): (B, K, h - 2, w - 2)."""
    rows, columns = x.shape[-2] - 2, x.shape[-1] - 2
    # an odd last row or column is filled up to a tile
    x = F.pad(x.detach(), (0, columns % 2, 0, rows % 2)).permute(0, 2, 3, 1).contiguous()
    channels, kernels = tiled.shape[1:]
    across = x.shape[2] // 2 - 1
    n = across * (x.shape[1] // 2 - 1)
    size = -(-n // -(-n // TILES))  # parts of one size: a short last one would be multiplied at half the speed
    sums, products = torch.empty(16, size, channels), torch.empty(16, size, kernels)
    out = torch.empty(len(x), rows, columns, kernels)
    added = bias.detach().numpy()
    for maps, found in zip(x.numpy(), out.numpy()):
        for start in range(0, n, size):
            count = min(size, n - start)
            _spread(maps, sums.numpy(), start, count, across)
            torch.bmm(sums[:, :count], tiled, out=products[:, :count])
            _gather(products.numpy(), added, found, start, count, across)
    return out.permute(0, 3, 1, 2)


def _spread(maps: np.ndarray, sums: np.ndarray, start: int, count: int, across: int) -> None:
    run_bands(lambda first, last: _to_sums(maps, sums, start, first, last, across), count, sums.size)


def _gather(products: np.ndarray, bias: np.ndarray, found: np.ndarray, start: int, count: int, across: int) -> None:
    run_bands(lambda first, last: _to_outputs(products, bias, found, start, first, last, across), count, products.size)


@compiled
def _four_sums(a, b, c, d, first, second, third, fourth):
    for k in range(len(a)):
        first[k] = a[k] - c[k]
        second[k] = b[k] + c[k]
        third[k] = c[k] - b[k]
        fourth[k] = b[k] - d[k]


@compiled
def _two_outputs(a, b, c, d, first, second):
    for k in range(len(a)):
        first[k] = a[k] + b[k] + c[k]
        second[k] = b[k] - c[k] - d[k]


@compiled
def _to_sums(maps, sums, start, first, last, across):
    down = np.empty((4, 4, maps.shape[2]), dtype=np.float32)
    for tile in range(first, last):
        i, j = 2 * ((start + tile) // across), 2 * ((start + tile) % across)
        for z in range(4):
            _four_sums(
                maps[i, j + z], maps[i + 1, j + z], maps[i + 2, j + z], maps[i + 3, j + z],
                down[0, z], down[1, z], down[2, z], down[3, z],
            )  # fmt: skip
        for y in range(4):
            _four_sums(
                down[y, 0], down[y, 1], down[y, 2], down[y, 3],
                sums[4 * y, tile], sums[4 * y + 1, tile], sums[4 * y + 2, tile], sums[4 * y + 3, tile],
            )  # fmt: skip


@compiled
def _to_outputs(products, bias, out, start, first, last, across):
    kernels = products.shape[2]
    down = np.empty((2, 4, kernels), dtype=np.float32)
    pair = np.empty((2, kernels), dtype=np.float32)
    for tile in range(first, last):
        i, j = 2 * ((start + tile) // across), 2 * ((start + tile) % across)
        for z in range(4):
            _two_outputs(
                products[z, tile], products[4 + z, tile], products[8 + z, tile], products[12 + z, tile],
                down[0, z], down[1, z],
            )  # fmt: skip
        for y in range(min(2, out.shape[0] - i)):
            _two_outputs(down[y, 0], down[y, 1], down[y, 2], down[y, 3], pair[0], pair[1])
            for x in range(min(2, out.shape[1] - j)):
                for k in range(kernels):
                    out[i + y, j + x, k] = pair[x, k] + bias[k]
