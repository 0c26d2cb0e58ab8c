"""How the next fixation is picked from a priority map."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from scanpath._core.checks import check_positive


class Selection(Protocol):
    """A rule that turns an (H, W) map into one place."""

    def select(self, priority: Tensor, generator: torch.Generator) -> tuple[float, float]:
        """Return (x, y) in px."""
        ...


@dataclass(frozen=True)
class WinnerTakeAll:
    """The highest value wins; among equals, the first in reading order.

    Examples
    --------
    >>> WinnerTakeAll().select(torch.tensor([[0.0, 2.0], [2.0, 1.0]]), torch.Generator())
    (1.0, 0.0)
    """

    def select(self, priority: Tensor, generator: torch.Generator) -> tuple[float, float]:
        """Return the first maximum."""
        # NumPy's argmax promises the first maximum, torch's does not
        flat = priority.detach().flatten()
        if flat.device.type == "cpu":
            return _xy(int(flat.numpy().argmax()), priority.shape[-1])
        # on a device the place alone goes to the host, and only once
        place = torch.arange(len(flat), device=flat.device)
        first = torch.where((flat == flat.max()) | flat.isnan(), place, len(flat)).min()
        return _xy(int(first), priority.shape[-1])


@dataclass(frozen=True)
class ProportionalSampling:
    """A place is drawn with probability proportional to its value to the power `exponent`.

    Parameters
    ----------
    exponent
        1 matches the map; larger values approach winner-take-all.
    """

    exponent: float = 1.0

    def __post_init__(self) -> None:
        check_positive("exponent", self.exponent)

    def select(self, priority: Tensor, generator: torch.Generator) -> tuple[float, float]:
        """Draw one place; a map without any positive value is drawn from uniformly."""
        weight = priority.detach().to("cpu", torch.float64).clamp_min(0).flatten()
        top = weight.max()
        weight = (weight / top) ** self.exponent if top > 0 else torch.ones_like(weight)
        total = weight.cumsum(0)
        # inverse cdf instead of torch.multinomial, which is limited to 2^24 places
        draw = torch.rand((), generator=generator, dtype=torch.float64) * total[-1]
        index = int(torch.searchsorted(total, draw, right=True).clamp_max(len(total) - 1))
        return _xy(index, priority.shape[-1])


def _xy(index: int, width: int) -> tuple[float, float]:
    return float(index % width), float(index // width)
