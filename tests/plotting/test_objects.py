"""Figures of attention over objects."""

import numpy as np
import torch

from scanpath.plotting.objects import MOST_STEPS, plot_object_attention
from scanpath.stimuli import shelf


class Certain:
    """Is sure of the second object, and of the end after three fixations."""

    def object_log_probabilities(self, stimulus, history_xy):
        probability = torch.zeros(len(stimulus.objects) + 1)
        probability[-1 if len(history_xy) > 3 else 1] = 1
        return probability.log()


def test_each_step_shows_what_was_probable_before_it():
    display = shelf(2, 3)
    axes = plot_object_attention(Certain(), display, [(50, 40), (20, 20), (60, 20), (20, 60)], title="shelf")
    assert len(axes) == 5
    assert axes[0].get_title() == "shelf"
    assert [ax.get_title().rpartition(" ")[2] for ax in axes[1:]] == ["0%", "0%", "0%", "100%"]
    strength = [patch.get_alpha() for patch in axes[1].patches if patch.get_fill()]
    assert np.argmax(strength) == 1
    assert sum(value > 0 for value in strength) == 1


def test_long_scanpaths_are_cut():
    axes = plot_object_attention(Certain(), shelf(2, 3), [(50, 40)] * 40)
    assert len(axes) == MOST_STEPS + 1
