"""Where items go: random cells of a grid, with a jitter that keeps each item inside its cell."""

from dataclasses import dataclass

import numpy as np

from scanpath._core.errors import InputError

#: Side of the largest display; its labels alone take 2 GB.
MOST_SIDE_PX = 16384


def check_side(side_px: int, what: str) -> int:
    """Return a display's side if it is not too large to be drawn."""
    if side_px > MOST_SIDE_PX:
        raise InputError(
            f"{what} would be {side_px} px wide or high, and the limit is {MOST_SIDE_PX}; lower px_per_deg."
        )
    return side_px


@dataclass(frozen=True)
class Grid:
    """Cells of equal size that fill a display from its top-left corner.

    Attributes
    ----------
    rows, columns
        How many cells.
    cell_px
        Side of a cell.
    size
        (height, width) of the display in px; a strip that no cell covers may remain at the right and bottom.
    """

    rows: int
    columns: int
    cell_px: int
    size: tuple[int, int]

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.rows * self.columns

    def labels(self) -> np.ndarray:
        """(H, W) int64: i + 1 in cell i (counted by rows), 0 in the strip outside all cells."""
        labels = np.zeros(self.size, dtype=np.int64)
        numbers = np.arange(1, self.n_cells + 1).reshape(self.rows, self.columns)
        cells = numbers.repeat(self.cell_px, axis=0).repeat(self.cell_px, axis=1)
        labels[: self.rows * self.cell_px, : self.columns * self.cell_px] = cells
        return labels

    def corner(self, cell: int) -> tuple[int, int]:
        """Left and top of a cell in px."""
        row, column = divmod(cell, self.columns)
        return column * self.cell_px, row * self.cell_px


@dataclass(frozen=True)
class Placement:
    """Cells of the items in the order they were placed, and the top-left corners of their canvases."""

    cells: tuple[int, ...]
    corners: tuple[tuple[int, int], ...]


def place(grid: Grid, n_items: int, jitter: tuple[int, int], generator: np.random.Generator) -> Placement:
    """Put items into different random cells.

    Offsets are drawn as shares of the room there is, so that one seed gives the same display at any scale.

    Parameters
    ----------
    jitter
        How many offsets along x and y: each is one of 0 to jitter - 1 px from the cell's corner.

    Raises
    ------
    InputError
        If there are more items than cells.
    """
    if not 1 <= n_items <= grid.n_cells:
        raise InputError(
            f"{n_items} items do not fit in a grid of {grid.rows} x {grid.columns} cells; "
            f"set_size must be 1 to {grid.n_cells}."
        )
    cells = generator.permutation(grid.n_cells)[:n_items]
    shares = generator.random((n_items, 2))
    corners = []
    for cell, (share_x, share_y) in zip(cells, shares):
        left, top = grid.corner(int(cell))
        corners.append((left + int(share_x * jitter[0]), top + int(share_y * jitter[1])))
    return Placement(tuple(int(cell) for cell in cells), tuple(corners))
