"""Sums over overlapping windows that are kept as a few taps a pixel.

A window set is two tables: ``index`` (P, T), the cells that each of P pixels belongs to, and ``weight`` (P, T), how
much. Pooling scatters pixels to cells; spreading, its transpose, gathers cells to pixels. On a CPU the taps of a map
whose cells are larger than a few pixels are sorted into tiles (`window_pooling_cpu`); others are read as a compressed
sparse matrix. The plain torch reference runs on any device and also gives gradients with respect to the weights.
"""

from functools import reduce
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from scanpath._core.kept import outside_inference
from scanpath.kernels.window_pooling_cpu import Tiles, make_tiles, spread_tiles, sum_tiles

#: More maps in one pass over the taps fall out of the cache.
MAPS_PER_PASS = 8
#: Fewer maps than this are quicker one at a time.
FEW_MAPS = 4


class WindowTaps:
    """Cells and weights of every pixel.

    Parameters
    ----------
    index
        (P, T) int32, cells 0 to `n_cells` - 1.
    weight
        (P, T) weight of each tap; zero where a tap is not used.
    n_cells
        Number of cells.
    size
        (height, width) of the map that the pixels are, row by row; None if they are none, and so have no neighbors.
    """

    def __init__(self, index: Tensor, weight: Tensor, n_cells: int, size: tuple[int, int] | None = None) -> None:
        self.index = index
        self.weight = weight
        self.n_cells = n_cells
        self.size = size
        self._matrices: dict[torch.dtype, Any] = {}
        self._tiles: dict[torch.dtype, Tiles | None] = {}
        self._copies: dict[torch.device, WindowTaps] = {}

    @outside_inference
    def to(self, device: torch.device) -> "WindowTaps":
        """Copy the tables to a device, once."""
        if self.index.device == device:
            return self
        if device not in self._copies:
            self._copies[device] = WindowTaps(self.index.to(device), self.weight.to(device), self.n_cells, self.size)
        return self._copies[device]

    def matrix(self, dtype: torch.dtype) -> sparse.csr_array:
        """(P, n_cells) sparse matrix of the taps that count, on the CPU, one per floating type."""
        if dtype not in self._matrices:
            weight = self.weight.detach()
            used = weight != 0
            start = torch.zeros(len(weight) + 1, dtype=torch.int32)
            torch.cumsum(used.sum(1), 0, out=start[1:])
            parts = (weight[used].to(dtype), self.index[used], start)
            self._matrices[dtype] = sparse.csr_array(
                tuple(part.numpy() for part in parts), shape=(len(weight), self.n_cells)
            )
        return self._matrices[dtype]

    def tiles(self, dtype: torch.dtype) -> Tiles | None:
        """Sort the taps into tiles, one set per floating type; None if that does not pay."""
        if dtype not in self._tiles:
            weight = self.weight.detach().to(dtype).numpy()
            self._tiles[dtype] = self.size and make_tiles(self.index.numpy(), weight, self.size, self.n_cells)
        return self._tiles[dtype]


def sum_to_cells(maps: Tensor, taps: WindowTaps) -> Tensor:
    """Sum maps (K, P) over the windows: (K, n_cells)."""
    if _is_plain(maps, taps):
        return _Product.apply(maps, taps, True)
    return sum_to_cells_reference(maps, taps)


def spread_to_pixels(values: Tensor, taps: WindowTaps) -> Tensor:
    """Sum at each pixel the values (K, n_cells) of its windows: (K, P); the transpose of `sum_to_cells`."""
    if _is_plain(values, taps):
        return _Product.apply(values, taps, False)
    return spread_to_pixels_reference(values, taps)


def sum_to_cells_reference(maps: Tensor, taps: WindowTaps) -> Tensor:
    """`sum_to_cells` in plain torch: any device, gradients with respect to maps and weights."""
    taps = taps.to(maps.device)
    total = maps.new_zeros(maps.shape[0], taps.n_cells)
    for tap in range(taps.index.shape[1]):
        total = total.index_add(1, taps.index[:, tap], maps * taps.weight[:, tap].to(maps.dtype))
    return total


def spread_to_pixels_reference(values: Tensor, taps: WindowTaps) -> Tensor:
    """`spread_to_pixels` in plain torch: any device, gradients with respect to values and weights."""
    taps = taps.to(values.device)
    columns = (
        values.index_select(1, taps.index[:, tap]) * taps.weight[:, tap].to(values.dtype)
        for tap in range(taps.index.shape[1])
    )
    return reduce(torch.add, columns)


def _is_plain(values: Tensor, taps: WindowTaps) -> bool:
    return (
        values.device.type == "cpu"
        and values.dtype in (torch.float32, torch.float64)
        and not (taps.weight.requires_grad and torch.is_grad_enabled())
    )


class _Product(torch.autograd.Function):
    """Product with the window matrix or its transpose; the backward pass is the other of the two."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, taps: WindowTaps, to_cells: bool) -> Tensor:
        ctx.taps, ctx.to_cells = taps, to_cells
        given = values.detach().contiguous()
        result = _by_tiles(given, taps, to_cells)
        return _by_matrix(given, taps, to_cells) if result is None else result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _Product.apply(gradients[0], ctx.taps, not ctx.to_cells), None, None


def _by_tiles(values: Tensor, taps: WindowTaps, to_cells: bool) -> Tensor | None:
    """Product by tiles; None if there are none, or a number is not finite, which would fill all cells of its tile."""
    tiles = taps.tiles(values.dtype)
    if tiles is None:
        return None
    if to_cells:
        sums = sum_tiles(values.numpy(), tiles, taps.n_cells)
        return torch.from_numpy(sums) if np.isfinite(sums).all() else None
    given = values.numpy()
    return torch.from_numpy(spread_tiles(given, tiles)) if np.isfinite(given).all() else None


def _by_matrix(values: Tensor, taps: WindowTaps, to_cells: bool) -> Tensor:
    """Product with the sparse matrix of the taps."""
    matrix = taps.matrix(values.dtype)
    matrix, n_out = (matrix.T, taps.n_cells) if to_cells else (matrix, len(taps.index))
    if len(values) < FEW_MAPS:
        rows = [torch.from_numpy(matrix @ single.numpy()) for single in values]
        return torch.stack(rows) if rows else values.new_empty(0, n_out)
    result = values.new_empty(len(values), n_out)
    # one pass over the taps serves several maps, channels last; a buffer costs less than fresh memory each time
    buffer = values.new_empty(values.shape[1] * MAPS_PER_PASS)
    for first in range(0, len(values), MAPS_PER_PASS):
        part = values[first : first + MAPS_PER_PASS]
        columns = buffer[: part.numel()].view(part.shape[1], len(part)).copy_(part.t())
        result[first : first + len(part)] = torch.from_numpy(matrix @ columns.numpy()).t()
    return result
