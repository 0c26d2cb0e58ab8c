"""The center bias alone: fixations drawn from one Gaussian in the middle of the picture."""

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_positive
from scanpath.agents.agent import PriorityAgent
from scanpath.agents.density import log_normalized
from scanpath.agents.history import History
from scanpath.agents.selection import ProportionalSampling
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.stimulus import Stimulus

#: Standard deviation as a share of the picture's sides: a round number, fitted to no data set.
SPREAD = 0.2


class CenterAgent(PriorityAgent):
    """Knows only that people look near the middle: samples a Gaussian there, whatever the picture shows.

    Parameters
    ----------
    spread
        Standard deviation of the Gaussian as a share of the picture's sides. The default is a round number and was
        fitted to no data set.
    found_rule
        When the search ends; default a fixation inside the target's box.
    """

    name = "center"

    def __init__(self, *, spread: float = SPREAD, found_rule: FoundRule | None = None) -> None:
        super().__init__(selection=ProportionalSampling(), found_rule=found_rule or InBox())
        self.spread = check_positive("spread", spread)

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the Gaussian, at most 1, once a picture."""
        return torch.exp(log_center(stimulus, self.spread))

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the Gaussian, at most 1."""
        attention: Tensor = self.prepared(stimulus)
        return attention

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the logarithm of the probability with which each pixel is drawn, (H, W), whatever the history."""
        return log_normalized(log_center(stimulus, self.spread))


def log_center(stimulus: Stimulus, spread: float = SPREAD) -> Tensor:
    """Return the logarithm of a Gaussian (H, W) in the middle of a picture, at most 0."""
    height, width = stimulus.size
    x0, y0 = stimulus.center_xy
    x = (torch.arange(width) - x0) / (spread * width)
    y = (torch.arange(height) - y0) / (spread * height)
    return -(x[None] ** 2 + y[:, None] ** 2) / 2
