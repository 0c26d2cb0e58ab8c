"""Pooling over windows by compiled loops: each tile of the map times the dense weights of the cells it touches.

Neighboring pixels share their cells. Scattered one by one, each has to wait for its neighbor's sum to be stored,
which takes longer than reading the taps does; a dot product over a tile keeps its sums in vector registers.
"""

from typing import NamedTuple

import numpy as np

from scanpath.kernels.compiled import compiled

#: Side of a tile: small ones touch fewer cells that cover little of them, large ones make fewer, longer sums.
TILE = 8
PIXELS = TILE * TILE
#: With more weights than this per tap, cells are so small that most weights of a tile are zero.
MOST_WEIGHTS_PER_TAP = 6
#: Maps whose tiles lie in the cache together.
MAPS_PER_PASS = 8
U = np.uint64


class Tiles(NamedTuple):
    """Dense weights of the cells that each tile touches.

    Parameters
    ----------
    size
        (height, width) of the map.
    start
        (tiles + 1,) first block of each tile, row by row of tiles.
    cell
        (blocks,) the cell that a block belongs to.
    weight
        (blocks * PIXELS,) its weight at the tile's pixels, zero outside the map.
    """

    size: tuple[int, int]
    start: np.ndarray
    cell: np.ndarray
    weight: np.ndarray


def make_tiles(index: np.ndarray, weight: np.ndarray, size: tuple[int, int], n_cells: int) -> Tiles | None:
    """Sort taps (P, T) into tiles; None where the cells are too small for them."""
    rows, columns = (-(-side // TILE) for side in size)
    start = np.zeros(rows * columns + 1, np.int64)
    _count_blocks(index, weight, *size, np.full(n_cells, -1, np.int64), start)
    np.cumsum(start, out=start)
    if start[-1] * PIXELS > MOST_WEIGHTS_PER_TAP * np.count_nonzero(weight):
        return None
    cell, dense = np.zeros(start[-1], np.int32), np.zeros(start[-1] * PIXELS, weight.dtype)
    _fill_blocks(index, weight, *size, np.full(n_cells, -1, np.int64), start, cell, dense)
    return Tiles(size, start, cell, dense)


def sum_tiles(maps: np.ndarray, tiles: Tiles, n_cells: int) -> np.ndarray:
    """Sum maps (K, P) over the cells: (K, n_cells)."""
    out = np.zeros((len(maps), n_cells), maps.dtype)
    for first in range(0, len(maps), MAPS_PER_PASS):
        part = slice(first, first + MAPS_PER_PASS)
        _sum(maps[part], *tiles.size, tiles.start, tiles.cell, tiles.weight, out[part])
    return out


def spread_tiles(values: np.ndarray, tiles: Tiles) -> np.ndarray:
    """Sum at each pixel the values (K, n_cells) of its cells: (K, P)."""
    out = np.empty((len(values), tiles.size[0] * tiles.size[1]), values.dtype)
    _spread(values, *tiles.size, tiles.start, tiles.cell, tiles.weight, out)
    return out


@compiled
def _count_blocks(index, weight, height, width, seen, start):
    columns = (width + TILE - 1) // TILE
    for tile in range(len(start) - 1):
        top, left = tile // columns * TILE, tile % columns * TILE
        for y in range(top, min(top + TILE, height)):
            for x in range(left, min(left + TILE, width)):
                for tap in range(index.shape[1]):
                    cell = index[y * width + x, tap]
                    if weight[y * width + x, tap] != 0 and seen[cell] != tile:
                        seen[cell] = tile
                        start[tile + 1] += 1


@compiled
def _fill_blocks(index, weight, height, width, block_of, start, cell, dense):
    columns = (width + TILE - 1) // TILE
    for tile in range(len(start) - 1):
        top, left, used = tile // columns * TILE, tile % columns * TILE, start[tile]
        for y in range(top, min(top + TILE, height)):
            for x in range(left, min(left + TILE, width)):
                for tap in range(index.shape[1]):
                    here, share = index[y * width + x, tap], weight[y * width + x, tap]
                    if share == 0:
                        continue
                    if block_of[here] < start[tile]:
                        block_of[here] = used
                        cell[used] = here
                        used += 1
                    dense[block_of[here] * PIXELS + (y - top) * TILE + x - left] += share


@compiled(fastmath={"contract", "reassoc", "nsz"})
def _dot(tile, a, weight, b):
    total = weight.dtype.type(0)
    for i in range(U(PIXELS)):
        total += tile[a + i] * weight[b + i]
    return total


@compiled
def _load(source, begin, width, rows, columns, tile, to):
    """Copy a tile's rows; what lies outside the map gets zero."""
    if rows < TILE or columns < TILE:
        tile[to : to + PIXELS] = 0
    for y in range(rows):
        a, b = U(begin + y * width), U(to + y * TILE)
        for x in range(U(columns)):
            tile[b + x] = source[a + x]


@compiled
def _sum(maps, height, width, start, cell, weight, out):
    columns = (width + TILE - 1) // TILE
    tile = np.empty(len(maps) * PIXELS, maps.dtype)
    for number in range(len(start) - 1):
        top, left = number // columns * TILE, number % columns * TILE
        for k in range(len(maps)):
            begin = top * width + left
            _load(maps[k], begin, width, min(TILE, height - top), min(TILE, width - left), tile, k * PIXELS)
        for block in range(start[number], start[number + 1]):
            for k in range(len(maps)):
                out[k, cell[block]] += _dot(tile, U(k * PIXELS), weight, U(block * PIXELS))


@compiled(fastmath={"contract"})
def _add_scaled(tile, value, weight, b):
    for i in range(U(PIXELS)):
        tile[i] += value * weight[b + i]


@compiled
def _spread(values, height, width, start, cell, weight, out):
    columns = (width + TILE - 1) // TILE
    tile = np.empty(PIXELS, values.dtype)
    for number in range(len(start) - 1):
        top, left = number // columns * TILE, number % columns * TILE
        for k in range(len(values)):
            tile[:] = 0
            for block in range(start[number], start[number + 1]):
                _add_scaled(tile, values[k, cell[block]], weight, U(block * PIXELS))
            for y in range(min(TILE, height - top)):
                for x in range(min(TILE, width - left)):
                    out[k, (top + y) * width + left + x] = tile[y * TILE + x]
