"""Cells of a picture, and how well a target in one of them is seen while another is fixated: d' maps."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from scanpath._core.checks import check_choice, check_count, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath.gaze.pixels import pixel_of

#: Standard deviations of d' across and down, in cells: 63.2 and 51.0 px where cells have 32 (Sclar et al. 2020).
SD_CELLS = (math.sqrt(4000) / 32, math.sqrt(2600) / 32)
#: "centers": seen from the fixated cell's center. "published": as the programs have it, see `gaussian_detectability`.
ALIGNMENTS = ("centers", "published")
#: Most cells of a grid: the table of d' of each from each then takes 134 MB.
MOST_CELLS = 4096


@dataclass(frozen=True)
class CellGrid:
    """Square cells that cover a picture from its upper left corner; those at the right and bottom may be cut.

    Parameters
    ----------
    size
        (height, width) of the picture.
    cell_px
        Side of a cell.

    Examples
    --------
    >>> grid = CellGrid((768, 1024), 32)
    >>> grid.shape, grid.place(33)
    ((24, 32), (48.0, 48.0))
    >>> grid.cells_of(np.array([(0, 0), (40, 40), (5000, 0)])).tolist()
    [0, 33, 31]
    """

    size: tuple[int, int]
    cell_px: int

    def __post_init__(self) -> None:
        check_size("size", self.size)
        check_count("cell_px", self.cell_px)
        rows, columns = self.shape
        if rows * columns > MOST_CELLS:
            least = math.ceil(math.sqrt(self.size[0] * self.size[1] / MOST_CELLS))
            raise InputError(
                f"A picture of {self.size[1]} x {self.size[0]} px has {rows * columns} cells of {self.cell_px} px, and "
                f"Bayesian search takes at most {MOST_CELLS}; give cell_px={least + 1} or more, or a smaller picture."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return -(-self.size[0] // self.cell_px), -(-self.size[1] // self.cell_px)

    @cached_property
    def _edges(self) -> list[np.ndarray]:
        return [np.append(np.arange(0, side, self.cell_px), side) for side in self.size]

    def middles(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the middle pixel of each row and of each column of cells; of an even number, the latter."""
        rows, columns = (edges[:-1] + np.diff(edges) // 2 for edges in self._edges)
        return rows, columns

    def cells_of(self, xy: np.ndarray) -> np.ndarray:
        """Cells that places (n, 2) in px fall on, in reading order; beside the picture, the nearest cell."""
        columns, rows = (pixel_of(np.asarray(xy, dtype=np.float64)).T // self.cell_px).astype(np.int64)
        height, width = self.shape
        return rows.clip(0, height - 1) * width + columns.clip(0, width - 1)

    def place(self, cell: int) -> tuple[float, float]:
        """Middle of a cell, (x, y) in px."""
        rows, columns = self.middles()
        row, column = divmod(cell, self.shape[1])
        return float(columns[column]), float(rows[row])

    def means(self, values: Tensor) -> Tensor:
        """Average a map (H, W) within each cell: float64."""
        counts = np.outer(*(np.diff(edges) for edges in self._edges))
        return self._reduced(values, np.add) / torch.from_numpy(counts)

    def maxima(self, values: Tensor) -> Tensor:
        """Take the maximum of a map (H, W) in each cell: float64."""
        return self._reduced(values, np.maximum)

    def spread(self, values: Tensor) -> Tensor:
        """Give all pixels (H, W) of a cell its value."""
        rows, columns = (torch.from_numpy(np.diff(edges)) for edges in self._edges)
        return values.repeat_interleave(rows, 0).repeat_interleave(columns, 1)

    def share(self, values: Tensor) -> Tensor:
        """Share the value of each cell equally among its pixels (H, W)."""
        counts = np.outer(*(np.diff(edges) for edges in self._edges))
        return self.spread(values / torch.from_numpy(counts))

    def _reduced(self, values: Tensor, how: np.ufunc) -> Tensor:
        if tuple(values.shape) != self.size:
            raise InputError(f"A map of the picture must have its shape {self.size}, got {tuple(values.shape)}.")
        known = values.detach().to("cpu", torch.float64).numpy()
        rows, columns = (edges[:-1] for edges in self._edges)
        return torch.from_numpy(how.reduceat(how.reduceat(known, rows, axis=0), columns, axis=1))


def gaussian_detectability(
    grid: CellGrid,
    *,
    sd_cells: tuple[float, float] = SD_CELLS,
    peak: float = 3.0,
    alignment: str = "centers",
) -> Tensor:
    """Return d' of each cell from each cell: a Gaussian around the fixation, wider than high.

    Parameters
    ----------
    grid
        The cells.
    sd_cells
        Standard deviations across and down, in cells.
    peak
        d' at the fixation. Neither was fitted to detection: both are the published searchers'.
    alignment
        "centers": the fixation is in the middle of its cell. "published": fixations lie at equal steps from border to
        border of the picture, up to half a cell from the middle of their cells, a cut cell is seen at its last pixel,
        and d' is moved to start at 0.

    Returns
    -------
    Tensor
        (N, N) float64, cells in reading order: [j, k] is d' of cell j when fixating cell k. Its transpose is
        contiguous, which is what `expected_maximum` reads fastest.

    References
    ----------
    Sclar, Bujia, Vita, Solovey, Kamienkowski (2020), Modeling human visual search: a combined Bayesian searcher and
    saliency map approach for eye movement guidance in natural scenes, arXiv:2009.08373.

    Examples
    --------
    >>> visibility = gaussian_detectability(CellGrid((96, 96), 32))
    >>> visibility[:, 4].reshape(3, 3).numpy().round(2)
    array([[2.17, 2.46, 2.17],
           [2.64, 3.  , 2.64],
           [2.17, 2.46, 2.17]])
    """
    check_choice("alignment", alignment, ALIGNMENTS)
    across, down = (check_positive("sd_cells", sd) * grid.cell_px for sd in sd_cells)
    falls = [
        _fall(middles, size, sd, alignment)
        for middles, size, sd in zip(grid.middles(), grid.size, (down, across), strict=True)
    ]
    seen = torch.einsum("kj,li->klji", *falls).reshape((falls[0].shape[0] * falls[1].shape[0],) * 2)
    if alignment == "published":
        seen = seen - seen.min()
    return (check_positive("peak", peak) * seen / seen.max()).T


def _fall(middles: np.ndarray, size: int, sd: float, alignment: str) -> Tensor:
    """How a Gaussian of one side falls off, [fixated, seen]."""
    fixated, seen = middles.astype(np.float64), middles.astype(np.float64)
    if alignment == "published":
        fixated = np.linspace(0, size, len(middles))
        if len(middles) > 1 and size % (middles[1] - middles[0]):
            seen[-1] = size - 1
    return torch.from_numpy(np.exp(-(np.subtract.outer(fixated, seen) ** 2) / (2 * sd**2)))


def relative_visibility(visibility: Tensor) -> Tensor:
    """Scale d' (N, N) of all cells from each fixation to at most 1.

    Examples
    --------
    >>> relative_visibility(torch.tensor([[2.0, 0.0], [1.0, 4.0]]))
    tensor([[1.0000, 0.0000],
            [0.5000, 1.0000]])
    """
    return visibility / visibility.amax(0)


def published_noise(relative: Tensor, *, slope: float = 3.0, offset: float = 4.0) -> Tensor:
    """Return the standard deviation of template responses in the published searchers: 1 / (3 v + 4).

    It is at most 1/4, and not the 1 / d' of the ideal observer: far from the fixation, responses are clearer than their
    weight d'^2 says.

    Examples
    --------
    >>> published_noise(torch.tensor([0.0, 1.0]))
    tensor([0.2500, 0.1429])
    """
    return 1 / (slope * relative + offset)
