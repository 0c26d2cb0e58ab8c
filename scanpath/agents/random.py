"""The floor of every comparison: fixations drawn uniformly over the picture."""

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath.agents.agent import Agent
from scanpath.agents.density import log_normalized
from scanpath.agents.history import History
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.stimulus import Stimulus


class RandomAgent(Agent):
    """Looks anywhere with equal probability: each fixation after the first is a uniform draw over the pixels.

    Parameters
    ----------
    found_rule
        When the search ends; default a fixation inside the target's box.
    """

    name = "random"

    def __init__(self, *, found_rule: FoundRule | None = None) -> None:
        super().__init__(found_rule=found_rule or InBox())

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Draw a pixel."""
        height, width = stimulus.size
        index = int(torch.randint(height * width, (), generator=generator))
        return float(index % width), float(index // width)

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the logarithm of one probability for all pixels, (H, W), whatever the history."""
        return log_normalized(torch.zeros(stimulus.size))
