"""Shoppers by a rule: searchers of drawn shelves whose every choice has a known probability."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from scanpath._core.random import numpy_generator
from scanpath.gaze.objects import best_match, object_places
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import table_from_scanpaths
from scanpath.guidance.object_positions import spacing_of


@dataclass(frozen=True)
class ShopperRule:
    """How a shopper chooses the next product; distances are in units of the products' spacing.

    A product's weight is ``exp(guidance * likeness * exp(-distance / view) - distance / stride + row * same_row)``,
    times ``memory`` if it is among the last `n_remembered` ones. The shopper stays with the probability `stay`; on the
    target it stops with the probability `stop`.

    Parameters
    ----------
    guidance, view
        How much likeness to the target draws the eye, and how fast that falls with distance.
    stride
        How fast nearness does.
    row
        Preference for the same row.
    memory, n_remembered
        What is left of the weight of products that were just looked at, and for how many fixations.
    stay, stop
        Probabilities.
    longest
        Most fixations.
    """

    guidance: float = 4.0
    view: float = 4.0
    stride: float = 2.0
    row: float = 0.5
    memory: float = 0.05
    n_remembered: int = 8
    stay: float = 0.12
    stop: float = 0.92
    longest: int = 40


class Shopper:
    """One shopper before one shelf.

    Parameters
    ----------
    stimulus
        A `scanpath.stimuli.shelf`, whose labels tell how products are alike.
    rule
        How products are chosen.
    """

    def __init__(self, stimulus: Stimulus, rule: ShopperRule | None = None) -> None:
        self.rule, self.stimulus = rule or ShopperRule(), stimulus
        boxes = stimulus.require_objects("A shopper")
        assert stimulus.target_box is not None  # shelves have one
        assert stimulus.object_labels is not None
        found = best_match(stimulus.target_box, boxes)
        assert found is not None
        self.target = found
        places = object_places(boxes)
        self.unit = spacing_of(torch.from_numpy(places))
        self.places = places / self.unit
        kinds = [label.replace(" on ", " ").split() for label in stimulus.object_labels]
        self.likeness = np.array([sum(map(str.__eq__, kind, kinds[found])) / 3 for kind in kinds])

    def probabilities(self, sequence: list[int]) -> np.ndarray:
        """Return the probability of each product, and of the end, after some have been looked at, (N + 1,)."""
        rule, n = self.rule, len(self.places)
        here = np.asarray(self.stimulus.center_xy) / self.unit if not sequence else self.places[sequence[-1]]
        offset = self.places - here
        distance = np.hypot(*offset.T)
        log_weight = rule.guidance * self.likeness * np.exp(-distance / rule.view) - distance / rule.stride
        log_weight += rule.row * (np.abs(offset[:, 1]) < 0.5)
        weight = np.exp(log_weight - log_weight.max())
        weight[list(set(sequence[-rule.n_remembered :]))] *= rule.memory
        if not sequence:
            return np.append(weight / weight.sum(), 0.0)
        weight[sequence[-1]] = 0.0
        probability = np.append((1 - rule.stay) * weight / weight.sum(), 0.0)
        probability[sequence[-1]] = rule.stay
        if sequence[-1] == self.target:
            probability *= 1 - rule.stop
            probability[n] = rule.stop
        return probability

    def draw(self, generator: np.random.Generator) -> list[int]:
        """Draw the products of one search."""
        sequence: list[int] = []
        while len(sequence) < self.rule.longest:
            choice = int(generator.choice(len(self.places) + 1, p=self.probabilities(sequence)))
            if choice == len(self.places):
                break
            sequence.append(choice)
        return sequence


def shoppers_table(stimuli: list[Stimulus], n_shoppers: int = 1, *, seed: int = 0) -> pd.DataFrame:
    """Let shoppers search shelves; the tidy table is one as of people, the first fixation at the center included.

    Examples
    --------
    >>> from scanpath.stimuli import shelf
    >>> shoppers_table([shelf(2, 3)])["subject"].unique().tolist()
    ['shopper 0']
    """
    paths = []
    for stimulus in stimuli:
        shopper = Shopper(stimulus)
        places = object_places(stimulus.require_objects("A shopper"))
        for number in range(n_shoppers):
            sequence = shopper.draw(numpy_generator(seed, "shopper", stimulus.name, number))
            xy = np.concatenate([[stimulus.center_xy], places[sequence]])
            paths.append(Scanpath(xy, info={"stimulus": stimulus.name, "subject": f"shopper {number}"}))
    return table_from_scanpaths(paths)
