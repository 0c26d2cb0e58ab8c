"""Sums over overlapping windows that are kept as a few taps a pixel.

A window set is two tables: ``index`` (P, T), the cells that each of P pixels belongs to, and ``weight`` (P, T), how
much. Pooling scatters pixels to cells; spreading, its transpose, gathers cells to pixels. On a CPU the tables are
read as a compressed sparse matrix as they stand, so that nothing is sorted or compiled; the plain torch reference
runs on any device and also gives gradients with respect to the weights.
"""

from functools import reduce
from typing import Any

import torch
from scipy import sparse
from torch import Tensor

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
    """

    def __init__(self, index: Tensor, weight: Tensor, n_cells: int) -> None:
        self.index = index
        self.weight = weight
        self.n_cells = n_cells
        self._matrices: dict[torch.dtype, Any] = {}
        self._copies: dict[torch.device, WindowTaps] = {}

    def to(self, device: torch.device) -> "WindowTaps":
        """Copy the tables to a device, once."""
        if self.index.device == device:
            return self
        if device not in self._copies:
            self._copies[device] = WindowTaps(self.index.to(device), self.weight.to(device), self.n_cells)
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


def sum_to_cells(maps: Tensor, taps: WindowTaps) -> Tensor:
    """Sum maps (K, P) over the windows: (K, n_cells)."""
    if _has_sparse_path(maps, taps):
        return _SparseProduct.apply(maps, taps, True)
    return sum_to_cells_reference(maps, taps)


def spread_to_pixels(values: Tensor, taps: WindowTaps) -> Tensor:
    """Sum at each pixel the values (K, n_cells) of its windows: (K, P); the transpose of `sum_to_cells`."""
    if _has_sparse_path(values, taps):
        return _SparseProduct.apply(values, taps, False)
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


def _has_sparse_path(values: Tensor, taps: WindowTaps) -> bool:
    return (
        values.device.type == "cpu"
        and values.dtype in (torch.float32, torch.float64)
        and not (taps.weight.requires_grad and torch.is_grad_enabled())
    )


class _SparseProduct(torch.autograd.Function):
    """Product with the sparse matrix or its transpose; the backward pass is the other of the two."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, taps: WindowTaps, to_cells: bool) -> Tensor:
        ctx.taps, ctx.to_cells = taps, to_cells
        matrix = taps.matrix(values.dtype)
        matrix, n_out = (matrix.T, taps.n_cells) if to_cells else (matrix, len(taps.index))
        maps = values.detach().contiguous()
        if len(maps) < FEW_MAPS:
            rows = [torch.from_numpy(matrix @ single.numpy()) for single in maps]
            return torch.stack(rows) if rows else maps.new_empty(0, n_out)
        result = maps.new_empty(len(maps), n_out)
        # one pass over the taps serves several maps, channels last; a buffer costs less than fresh memory each time
        buffer = maps.new_empty(maps.shape[1] * MAPS_PER_PASS)
        for first in range(0, len(maps), MAPS_PER_PASS):
            part = maps[first : first + MAPS_PER_PASS]
            columns = buffer[: part.numel()].view(part.shape[1], len(part)).copy_(part.t())
            result[first : first + len(part)] = torch.from_numpy(matrix @ columns.numpy()).t()
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _SparseProduct.apply(gradients[0], ctx.taps, not ctx.to_cells), None, None
