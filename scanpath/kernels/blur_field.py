"""Which blur each pixel gets: a table over the distance to the fixations, or over a value given per pixel."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import arange_like
from scanpath.kernels.blur_plan import BlurPlan, level_table


@dataclass(frozen=True)
class Field:
    """Level coordinates of B pictures.

    Parameters
    ----------
    table
        (n,) level coordinates at the values 0, step, 2 step, ...; linear in between, constant beyond.
    step
        Distance of the table's entries, in px or in the unit of `values`.
    fixations
        (B, K, 2) xy in px; what is looked up is the smallest distance, or None where `values` are given.
    delays_px
        (K,) added to the distances from each fixation, for those that count as if they lay farther away.
    values
        (B, H, W) what is looked up at each pixel instead of a distance.
    exact
        The function that the table samples. The reference evaluates it, so that its gradients have no kinks where
        two entries of the table meet.
    """

    table: Tensor
    step: float
    fixations: Tensor | None = None
    delays_px: Tensor | None = None
    values: Tensor | None = None
    exact: Callable[[Tensor], Tensor] | None = None

    @classmethod
    def of_sigma(cls, plan: BlurPlan, sigma_px: Tensor, entries: int = 8192) -> "Field":
        """Say which of a plan's levels each pixel gets, by its standard deviation (B, H, W)."""
        grid = torch.arange(entries + 2, dtype=torch.float64, device=sigma_px.device) * (plan.top_px / entries)
        exact = partial(coordinate_of_sigma, plan)
        return cls(exact(grid), float(grid[1]), values=sigma_px, exact=exact)

    def __len__(self) -> int:
        return len(self.places if self.values is None else self.values)

    @property
    def places(self) -> Tensor:
        """The fixations, of a field that has no values."""
        assert self.fixations is not None
        return self.fixations

    @property
    def needs_grad(self) -> bool:
        """Whether gradients are wanted for anything that the level coordinates depend on."""
        parts = (self.table, self.fixations, self.delays_px, self.values)
        return torch.is_grad_enabled() and any(part.requires_grad for part in parts if part is not None)

    def coordinate(self, size: tuple[int, int]) -> Tensor:
        """Return the level coordinates (B, H, W), differentiable in everything."""
        looked_up = self._looked_up(size)
        if self.exact is not None:
            return self.exact(looked_up)
        position = looked_up / self.step
        position = position.clamp(max=self.table.numel() - 1)
        cell = position.detach().long().clamp(max=self.table.numel() - 2)
        low, high = self.table[cell], self.table[cell + 1]
        return low + (position - cell) * (high - low)

    def _looked_up(self, size: tuple[int, int]) -> Tensor:
        if self.values is not None:
            return self.values.to(self.table.dtype)
        points = self.places.to(self.table)
        distances = (distance_map(size, points[:, k]) for k in range(points.shape[1]))
        if self.delays_px is not None:
            distances = (distance + delay for distance, delay in zip(distances, self.delays_px.to(self.table)))
        return reduce(torch.minimum, distances)


def coordinate_of_sigma(plan: BlurPlan, sigma_px: Tensor) -> Tensor:
    """Interpolate the plan's table of level coordinates, with a gradient where one is wanted."""
    if sigma_px.is_cpu and not sigma_px.requires_grad:  # torch would wake its threads even for a short table
        return torch.from_numpy(np.interp(sigma_px.numpy(), *level_table(plan.sigmas_px))).to(sigma_px.dtype)
    sigmas, coordinates = (torch.from_numpy(part).to(sigma_px) for part in level_table(plan.sigmas_px))
    sigma_px = sigma_px.clamp(max=plan.top_px)
    after = torch.searchsorted(sigmas, sigma_px.detach().contiguous(), right=True).clamp(1, len(sigmas) - 1)
    low, high = sigmas[after - 1], sigmas[after]
    share = (sigma_px - low) / (high - low)
    return coordinates[after - 1] + share * (coordinates[after] - coordinates[after - 1])


def distance_map(size: tuple[int, int], points: Tensor) -> Tensor:
    """Distance in px of every pixel of (height, width) from points (B, 2): (B, H, W), with a gradient of 0 at 0."""
    dx = arange_like(size[1], points) - points[:, 0, None]
    dy = arange_like(size[0], points) - points[:, 1, None]
    squared = dx.square()[:, None, :] + dy.square()[:, :, None]
    here = squared == 0
    return torch.where(here, 0.0, torch.where(here, 1.0, squared).sqrt())


def corner_distances(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Distance in px (...) of points (..., 2) from the farthest corner of pictures of (height, width)."""
    sides = points.new_tensor([size[1] - 1, size[0] - 1])
    return torch.maximum(points.abs(), (points - sides).abs()).norm(dim=-1)
