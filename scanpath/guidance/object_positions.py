"""Where objects are, as vectors whose likeness falls with distance like a Gaussian."""

import math

import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError

#: Over how many rows or columns the likeness of two places falls by exp(-1/2).
SPREAD = 2.0
_LEARNING_RATE = 0.01


def position_code(places: Tensor, n_features: int, *, spread: float = SPREAD) -> Tensor:
    """Return vectors of places, such that the product of two is a Gaussian of their distance along each axis.

    Half of the features are for x and half for y: cosines and sines at frequencies that are quantiles of a normal
    distribution, so that the mean of cos(w d) over them is near exp(-d^2 / (2 spread^2)). The code is in closed form,
    holds for places of no grid, and all vectors have length 1.

    Parameters
    ----------
    places
        (..., 2) x and y, in units of the spacing of objects.
    n_features
        Length of the vectors, a multiple of 4.
    spread
        Standard deviation of the Gaussian in these units.

    Examples
    --------
    >>> code = position_code(torch.tensor([[0.0, 0.0], [0.0, 0.0], [2.0, 0.0]]), 64)
    >>> round(float(code[0] @ code[1]), 6), round(float(code[0] @ code[2]), 2)  # (1 + exp(-1/2)) / 2
    (1.0, 0.8)
    """
    if n_features < 4 or n_features % 4:
        raise InputError(f"n_features of a position code must be a multiple of 4, got {n_features}.")
    n_waves = n_features // 4
    quantiles = (torch.arange(n_waves, device=places.device, dtype=places.dtype) + 0.5) / (2 * n_waves) + 0.5
    angles = places[..., None] * torch.special.ndtri(quantiles) / spread
    return torch.cat([angles.cos(), angles.sin()], dim=-1).flatten(-2) / math.sqrt(2 * n_waves)


def spacing_of(places: Tensor) -> float:
    """Return the unit of places: the median distance (px) of an object's center from the nearest other one.

    Examples
    --------
    >>> spacing_of(torch.tensor([[0.0, 0.0], [30.0, 0.0], [60.0, 0.0], [60.0, 50.0]]))
    30.0
    """
    distance = torch.cdist(places.double(), places.double())
    distance.fill_diagonal_(math.inf)
    return float(distance.amin(dim=1).median())


def fit_position_table(start: Tensor, *, spread: float = SPREAD, n_steps: int = 10_000) -> tuple[Tensor, Tensor]:
    """Fit the table of position codes of the original OAT by gradient descent.

    The cosine of rows i and j is brought to exp(-(i - j)^2 / (2 spread^2)), and all rows to one length.

    Parameters
    ----------
    start
        (rows, columns) first values, normal random numbers in the original, whose seed it does not set.
    spread
        Standard deviation in rows.
    n_steps
        Steps of Adam, with a rate of 0.01.

    Returns
    -------
    table
        (rows, columns).
    losses
        (n_steps,) before each step.

    References
    ----------
    Fang et al. (2024), ECCV, doi:10.1007/978-3-031-73001-6_21

    Examples
    --------
    >>> start = torch.randn(5, 16, generator=torch.Generator().manual_seed(0))
    >>> table, losses = fit_position_table(start, n_steps=300)
    >>> bool(losses[-1] < 0.01 * losses[0])
    True
    """
    check_positive("spread", spread)
    n_rows = len(start)
    row = torch.arange(n_rows, dtype=torch.float64)
    wanted = torch.exp(-((row[:, None] - row[None]) ** 2) / (2 * spread**2))
    table = start.clone().float().requires_grad_(True)
    optimizer = torch.optim.Adam([table], lr=_LEARNING_RATE)
    losses = []
    for _ in range(check_count("n_steps", n_steps)):
        length = table.norm(dim=1)
        cosine = (table @ table.T) / (length[:, None] * length[None])
        misfit = ((cosine - wanted) ** 2).sum() + ((length - length.mean()) ** 2).mean()
        loss = misfit / (n_rows * (n_rows - 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return table.detach(), torch.stack(losses)


def table_code(table: Tensor, cells: Tensor, n_features: int) -> Tensor:
    """Return the original's code of cells: rows of the table for row, column and flag, one after the other, cut off.

    Parameters
    ----------
    table
        (R, columns); four rows of zeros follow it, as in the original.
    cells
        (..., 3) whole numbers: row, column, and whether it is the target. The flag reads the same table.
    n_features
        Length that the code is cut to.
    """
    padded = torch.cat([table, table.new_zeros(4, table.shape[1])])
    return padded[cells].flatten(-2)[..., :n_features]
