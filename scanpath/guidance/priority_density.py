"""From a priority map to a probability: the same few numbers for every agent's map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter
from torch import Tensor

from scanpath._core.checks import check_number, check_share
from scanpath._core.errors import InputError

#: Cells along a picture's longer side; finer than people's scatter around one place.
CELLS_ALONG = 64
#: What a cell counts at least, as a share of the map's maximum, before its logarithm is taken.
FLOOR = 1e-6


@dataclass(frozen=True)
class PriorityDensity:
    """Makes a density of a map: p = (1 - u) softmax(a log blurred(map) + w log center) + u / pixels.

    It is worked out on cells, 64 along the longer side, and spread over the pixels in logarithms. A power of 0 and a
    center weight of 1 leave the center bias alone, whatever the map.

    Parameters
    ----------
    power
        a, how sharply the density follows the map; 1 is in proportion.
    blur_deg
        Standard deviation of the Gaussian that the map is blurred with first, in degrees of visual angle.
    center_weight
        w, how strongly it follows the center bias.
    uniform_share
        u, the probability that is spread evenly over the picture, at least: what a place costs that the map
        excludes.
    center
        Probabilities of a center bias on any grid that covers the picture, (rows, columns), all positive.
    inhibition
        i, how much of an agent's inhibition of places that were looked at is kept, for those whose maps are attention
        times a weight of places: attention (1 - i (1 - weight)). The agent as published has 1, without it 0. It is
        applied where the map is drawn, not here.

    Examples
    --------
    >>> density = PriorityDensity(1.0, 0.0, 0.0, 0.0, ((1.0,),))
    >>> peak = torch.tensor([[1.0, 3.0]])
    >>> density.log_density(peak, (1, 2), px_per_deg=30).exp().numpy().round(6).tolist()
    [[0.25, 0.75]]
    """

    power: float
    blur_deg: float
    center_weight: float
    uniform_share: float
    center: Sequence[Sequence[float]]
    inhibition: float = 1.0

    def __post_init__(self) -> None:
        for name in ("power", "blur_deg", "center_weight"):
            if check_number(name, getattr(self, name)) < 0:
                raise InputError(f"{name} must not be negative, got {getattr(self, name)!r}.")
        for name in ("uniform_share", "inhibition"):
            check_share(name, getattr(self, name))
        grid = np.asarray(self.center, dtype=np.float64)
        if grid.ndim != 2 or grid.size == 0 or not (np.isfinite(grid).all() and (grid > 0).all()):
            raise InputError("center must be a grid (rows, columns) of positive probabilities.")

    def log_density(self, priority: Tensor, size: tuple[int, int], *, px_per_deg: float) -> Tensor:
        """Return the natural logarithm of the probability of each pixel, (H, W) in double precision.

        Parameters
        ----------
        priority
            Map (h, w) that covers the picture, not negative; the picture's size or coarser.
        size
            (H, W) of the picture.
        px_per_deg
            Pixels of the picture per degree of visual angle.
        """
        cells = to_cells(priority, size)
        logs = log_blurred(cells, self.blur_deg * px_per_deg / cell_px(size))
        center = center_cells(np.asarray(self.center), cells.shape)
        weight = self.power * torch.from_numpy(logs) + self.center_weight * torch.from_numpy(center)
        spread = F.interpolate(weight[None, None], size, mode="bilinear", align_corners=False)[0, 0]
        density = torch.softmax(spread.flatten(), 0).reshape(size)
        return torch.log((1 - self.uniform_share) * density + self.uniform_share / density.numel())


def cell_px(size: tuple[int, int], along: int = CELLS_ALONG) -> float:
    """Return how many px of a picture (height, width) one cell measures; at least 1."""
    return max(max(size) / along, 1.0)


def cell_grid(size: tuple[int, int], along: int = CELLS_ALONG) -> tuple[int, int]:
    """Return the rows and columns of cells of a picture (height, width)."""
    step = cell_px(size, along)
    return max(round(size[0] / step), 1), max(round(size[1] / step), 1)


def to_cells(priority: Tensor, size: tuple[int, int], along: int = CELLS_ALONG) -> np.ndarray:
    """Average a map over the cells of a picture (height, width), and scale it to a maximum of 1."""
    return scaled(averaged(priority, size, along))


def scaled(cells: np.ndarray) -> np.ndarray:
    """Scale maps of cells (..., h, w) to a maximum of 1 each; a map of nothing is the same everywhere."""
    top = cells.max(axis=(-2, -1), keepdims=True)
    return np.where(top > 0, cells, 1.0) / np.where(top > 0, top, 1.0)


def averaged(priority: Tensor, size: tuple[int, int], along: int = CELLS_ALONG) -> np.ndarray:
    """Average a map over the cells of a picture (height, width)."""
    values = torch.as_tensor(priority).detach().to("cpu", torch.float64)
    if values.ndim != 2 or not torch.isfinite(values).all() or (values < 0).any():
        raise InputError(
            f"A priority map must be (height, width), finite and not negative, got {tuple(values.shape)} from "
            f"{float(values.min()):.4g} to {float(values.max()):.4g}."
        )
    grid = cell_grid(size, along)
    if values.shape[0] >= grid[0] and values.shape[1] >= grid[1]:
        values = F.adaptive_avg_pool2d(values[None, None], grid)[0, 0]
    else:  # a map coarser than the cells
        values = F.interpolate(values[None, None], grid, mode="bilinear", align_corners=False)[0, 0]
    return values.numpy()


def log_blurred(cells: np.ndarray, sigma_cells: float) -> np.ndarray:
    """Blur a map of cells (..., h, w) and take its logarithm, with a floor under its lowest values."""
    return np.log(blurred(cells, sigma_cells) + FLOOR)


def blurred(cells: np.ndarray, sigma_cells: float) -> np.ndarray:
    """Blur a map of cells (..., h, w) with a Gaussian."""
    return cells if sigma_cells == 0 else gaussian_filter(cells, (sigma_cells, sigma_cells), axes=(-2, -1))


def center_cells(center: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Return the logarithm of a center bias on another grid (h, w)."""
    logs = torch.from_numpy(np.log(center))[None, None]
    return F.interpolate(logs, grid, mode="bilinear", align_corners=False)[0, 0].numpy()
