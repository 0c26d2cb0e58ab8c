"""Inhibition of return: what becomes of places that were looked at."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from scanpath._core.checks import check_positive, check_share
from scanpath._core.errors import InputError
from scanpath.agents.history import History
from scanpath.gaze.pixels import pixel_of
from scanpath.gaze.stimulus import Stimulus


class Inhibition(Protocol):
    """A rule that gives each place a weight from 0 (never again) to 1 (untouched)."""

    def weight(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return (H, W) weights, given all fixations so far."""
        ...


@dataclass(frozen=True)
class NoInhibition:
    """Every place may be looked at again."""

    def weight(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return ones."""
        return torch.ones(stimulus.size)


@dataclass(frozen=True)
class SquareInhibition:
    """A square around each fixation is closed for good.

    Parameters
    ----------
    size_px
        Side of the square; it covers rows y - size/2 to y + size/2 - 1, and columns likewise, clipped.
    shift_px
        How far to the right and down of that it lies; programs differ in where they put an even square.
    from_first
        Whether the first fixation, which the agent did not choose, closes its square too.
    """

    size_px: int
    shift_px: int = 0
    from_first: bool = True

    def __post_init__(self) -> None:
        check_positive("size_px", self.size_px)

    def weight(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return 0 inside the squares and 1 elsewhere."""
        weight = torch.ones(stimulus.size)
        for x, y in history if self.from_first else history[1:]:
            rows, columns = square_window(x + self.shift_px, y + self.shift_px, self.size_px, stimulus.size)
            weight[rows, columns] = 0
        return weight


@dataclass(frozen=True)
class CellInhibition:
    """The display's slot that holds a fixation is closed for good; outside all slots nothing may be looked at.

    Parameters
    ----------
    from_first
        Whether the first fixation closes its slot too; not where it is the center of the display by design.
    """

    from_first: bool = False

    def weight(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return 1 in the slots that are still open and 0 elsewhere."""
        if stimulus.cells is None:
            raise InputError(f"Inhibition by slot needs cells=<labels>, and {stimulus.name!r} has none.")
        visited = visited_cells(stimulus.cells, history if self.from_first else history[1:])
        return ((stimulus.cells > 0) & ~torch.isin(stimulus.cells, visited)).to(torch.float32)


@dataclass(frozen=True)
class CellOrSquareInhibition:
    """The slot that holds a fixation is closed where the display has slots, else a square around the fixation.

    Parameters
    ----------
    size_px, shift_px
        The square; see `SquareInhibition`. The first fixation closes its square.
    from_first
        Whether the first fixation closes its slot; see `CellInhibition`.
    """

    size_px: int
    shift_px: int = 0
    from_first: bool = False

    def __post_init__(self) -> None:
        check_positive("size_px", self.size_px)

    def weight(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return 0 where looking is closed and 1 elsewhere."""
        if stimulus.cells is None:
            return SquareInhibition(self.size_px, self.shift_px).weight(stimulus, history)
        return CellInhibition(self.from_first).weight(stimulus, history)


@dataclass(frozen=True)
class FadingDisc:
    """A soft disc around each fixation is inhibited, and recovers as further fixations are made.

    J_t = min(1, keep * J_{t-1} + exp(-d^2 / (2 r^2))), and a place's weight is 1 - J.

    Parameters
    ----------
    radius
        r as a share of the picture's smaller side; the 1998 paper's disc has one sixth.
    keep
        What is left of the inhibition one fixation later.
    """

    radius: float = 1 / 6
    keep: float = 0.9

    def __post_init__(self) -> None:
        check_positive("inhibition_radius", self.radius)
        check_share("inhibition_keep", self.keep)

    def weight(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return 1 minus the inhibition."""
        height, width = stimulus.size
        rows, columns = torch.arange(height)[:, None], torch.arange(width)[None]
        spread = 2 * (self.radius * min(height, width)) ** 2
        inhibited = torch.zeros(stimulus.size)
        for x, y in history:
            disc = torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / spread)
            inhibited = (self.keep * inhibited + disc).clamp_max(1)
        return 1 - inhibited


def square_window(x: float, y: float, size_px: float, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the half-open square of side `size_px` around a fixation, clipped to the picture."""
    half = size_px / 2
    return _clipped(y, half, size[0]), _clipped(x, half, size[1])


def visited_cells(cells: Tensor, history: History) -> Tensor:
    """Labels of the slots that fixations fell into."""
    height, width = cells.shape
    places = np.clip(pixel_of(np.reshape(history, (-1, 2))), 0, (width - 1, height - 1)).astype(int)
    labels = [int(cells[row, column]) for column, row in places]
    return torch.tensor([label for label in labels if label > 0], dtype=cells.dtype)


def _clipped(center: float, half: float, side: int) -> slice:
    start, stop = math.floor(center - half), math.floor(center + half)
    return slice(min(max(start, 0), side), min(max(stop, 0), side))
