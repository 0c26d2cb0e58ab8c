"""A map of likeness to a target, told alike whatever drew it: standardized, and by its rank, at several widths.

Maps of agents that search differ in what their numbers mean. What they have in common is an order of places; so each
place is told by how far its likeness stands out, and by how few places are as like the target as it is.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.guidance.fixation_readout import CUE_DEG, blur_each
from scanpath.recognition.feature_cells import FeatureGrid

#: Standard deviations beyond which a place stands out no more.
_FARTHEST = 8.0
#: Least standard deviation, in shares of the largest value, of a map that says anything.
_LEAST_SPREAD = 1e-6


def likeness_channels(likeness: Tensor, px_per_deg: float, grid: FeatureGrid) -> Tensor:
    """Return what a map of likeness to the target says of each cell, (channels, rows, columns).

    Parameters
    ----------
    likeness
        (H, W) over the picture's pixels, in any unit; the more, the more like the target.
    px_per_deg
        Of the picture.
    grid
        The cells, in degrees.

    Returns
    -------
    Tensor
        For each width of `CUE_DEG`, in degrees: the blurred map in standard deviations from its mean, and minus half
        the logarithm of the share of cells that are at least as like the target. A map that is the same everywhere is
        0 throughout.

    Raises
    ------
    InputError
        If the map is not finite.

    Examples
    --------
    >>> from scanpath.recognition.feature_cells import cell_grid
    >>> likeness = torch.zeros(60, 80)
    >>> likeness[20:30, 40:50] = 1
    >>> channels = likeness_channels(likeness, 10, cell_grid((6, 8), 1 / 3))
    >>> channels.shape, round(float(channels[1].max()), 2)
    (torch.Size([6, 18, 24]), 3.03)
    """
    if likeness.ndim != 2 or not bool(torch.isfinite(likeness).all()):
        raise InputError(f"A map of likeness must be (H, W) and finite, got shape {tuple(likeness.shape)}.")
    cells = _on_cells(likeness.float(), px_per_deg, grid)
    widths = cells.new_tensor(CUE_DEG) / grid.side
    return torch.cat([_told(one) for one in blur_each(cells.expand(len(widths), -1, -1), widths)])


def _on_cells(likeness: Tensor, px_per_deg: float, grid: FeatureGrid) -> Tensor:
    """Average the map over about a cell, and interpolate it at the cells' centers, (1, rows, columns)."""
    step = max(1, int(grid.side * px_per_deg))
    pooled = F.avg_pool2d(likeness[None, None], step, ceil_mode=True, count_include_pad=False)[0]
    pools = FeatureGrid(pooled.shape[1], pooled.shape[2], step / px_per_deg)
    return pools.at(pooled, grid.places()).permute(2, 0, 1)


def _told(cells: Tensor) -> Tensor:
    """Return one map standardized and by rank, (2, rows, columns)."""
    spread = float(cells.std(correction=0))
    if spread <= _LEAST_SPREAD * float(cells.abs().max()):
        return cells.new_zeros(2, *cells.shape)
    ordered, _ = cells.flatten().sort()
    as_like = len(ordered) - torch.searchsorted(ordered, cells.flatten())
    rank = -torch.log(as_like / len(ordered)) / 2
    standard = ((cells - cells.mean()) / spread).clamp(-_FARTHEST, _FARTHEST)
    return torch.stack([standard, rank.reshape(cells.shape)])
