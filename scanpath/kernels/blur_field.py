"""Which blur each pixel gets: a table over the distance to the fixations, or over a value given per pixel."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


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

    def __len__(self) -> int:
        return len(self.fixations if self.values is None else self.values)  # type: ignore[arg-type]

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
        fixations = self.fixations.to(self.table)  # type: ignore[union-attr]
        result = None
        for k in range(fixations.shape[1]):
            distance = distance_map(size, fixations[:, k])
            if self.delays_px is not None:
                distance = distance + self.delays_px[k].to(self.table)
            result = distance if result is None else torch.minimum(result, distance)
        return result  # type: ignore[return-value]


def distance_map(size: tuple[int, int], points: Tensor) -> Tensor:
    """Distance in px of every pixel of (height, width) from points (B, 2): (B, H, W), with a gradient of 0 at 0."""
    kind = {"dtype": points.dtype, "device": points.device}
    dx = torch.arange(size[1], **kind) - points[:, 0, None]
    dy = torch.arange(size[0], **kind) - points[:, 1, None]
    squared = dx.square()[:, None, :] + dy.square()[:, :, None]
    here = squared == 0
    return torch.where(here, 0.0, torch.where(here, 1.0, squared).sqrt())
