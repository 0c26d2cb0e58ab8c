"""The floor of every comparison: fixations drawn uniformly over the picture."""

import torch

from scanpath.agents.agent import Agent, History
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.stimulus import Stimulus


class RandomAgent(Agent):
    """Each fixation after the first is an independent uniform draw over the picture's pixels."""

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Draw a pixel."""
        height, width = stimulus.size
        index = int(torch.randint(height * width, (), generator=generator))
        return float(index % width), float(index // width)


def random(*, found_rule: FoundRule | None = None) -> Agent:
    """Build the agent that looks anywhere with equal probability.

    Parameters
    ----------
    found_rule
        When the search ends; default a fixation inside the target's box.
    """
    return RandomAgent(name="random", found_rule=found_rule or InBox())
