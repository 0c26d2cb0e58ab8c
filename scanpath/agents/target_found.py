"""When a search ends: rules that say whether a fixation finds the target."""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath.agents.inhibition import square_window
from scanpath.gaze.pixels import box_window
from scanpath.gaze.stimulus import Stimulus
from scanpath.metrics.search import on_target


class FoundRule(Protocol):
    """A rule that recognizes the target for the agent: an oracle, not a recognition model."""

    def found(self, stimulus: Stimulus, xy: tuple[float, float], fixation: int) -> bool | None:
        """Say whether fixation number `fixation`, at `xy` px, finds the target; None if there is no target."""
        ...


@dataclass(frozen=True)
class Never:
    """Nothing is looked for."""

    def found(self, stimulus: Stimulus, xy: tuple[float, float], fixation: int) -> None:
        """Return None."""


@dataclass(frozen=True)
class InBox:
    """The target is found when a fixation falls on a pixel of its box, grown by a margin.

    The box (x, y, width, height) covers whole pixels: from x - 1/2 to x + width - 1/2.

    Parameters
    ----------
    margin_px
        How far outside the box still counts, on each side.
    test_first
        Whether the first fixation, which the agent did not choose, can find the target.
    """

    margin_px: float = 0.0
    test_first: bool = True

    def found(self, stimulus: Stimulus, xy: tuple[float, float], fixation: int) -> bool | None:
        """Say whether `xy` lies in the box; None for a picture without one."""
        if stimulus.target_box is None:
            return None
        inside = bool(on_target([xy], stimulus.target_box, margin_px=self.margin_px)[0])
        return inside and (fixation > 0 or self.test_first)


@dataclass(frozen=True)
class WindowOverlap:
    """The target is found when a square window around the fixation touches its mask or box.

    Parameters
    ----------
    size_px
        Side of the window: rows y - size/2 to y + size/2 - 1, columns likewise.
    size_with_cells_px
        Side on displays with slots, where it differs.
    shift_px
        How far to the right and down of that it lies; programs differ in where they put an even square.
    test_first
        Whether the first fixation can find the target; None means only on pictures without slots, as in the
        eccNET study.
    """

    size_px: int
    size_with_cells_px: int | None = None
    shift_px: int = 0
    test_first: bool | None = None

    def __post_init__(self) -> None:
        check_positive("size_px", self.size_px)
        if self.size_with_cells_px is not None:
            check_positive("size_with_cells_px", self.size_with_cells_px)

    def found(self, stimulus: Stimulus, xy: tuple[float, float], fixation: int) -> bool | None:
        """Say whether the window overlaps the target; None for a picture without one."""
        mask = target_area(stimulus)
        if mask is None:
            return None
        test_first = stimulus.cells is None if self.test_first is None else self.test_first
        if fixation == 0 and not test_first:
            return False
        size_px = self.size_px if stimulus.cells is None else self.size_with_cells_px or self.size_px
        rows, columns = square_window(xy[0] + self.shift_px, xy[1] + self.shift_px, size_px, stimulus.size)
        return bool(mask[rows, columns].any())


def study_window(recognition_px: int | None, *, without_cells_px: int = 64, **settings: Any) -> WindowOverlap:
    """Return the window of the eccNET study: 10 px on displays with slots and 64 on other pictures, or a given size."""
    if recognition_px is None:
        return WindowOverlap(without_cells_px, size_with_cells_px=10, **settings)
    size = check_count("recognition_px", recognition_px)
    return WindowOverlap(size, size_with_cells_px=size, **settings)


def target_area(stimulus: Stimulus) -> Tensor | None:
    """Return the target's mask (H, W), made from the box where there is no mask; None without a target."""
    if stimulus.target_mask is not None:
        return stimulus.target_mask
    if stimulus.target_box is None:
        return None
    mask = torch.zeros(stimulus.size, dtype=torch.bool)
    mask[box_window(stimulus.target_box)] = True
    return mask
