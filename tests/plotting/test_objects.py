"""Figures of attention over objects."""

import numpy as np
import torch

import scanpath as sp
from scanpath.gaze import fixated_objects, object_places
from scanpath.plotting.objects import MOST_STEPS, plot_object_attention, plot_object_scanpath, plot_objects
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
    strength = [[patch.get_alpha() for patch in ax.patches if patch.get_fill()] for ax in axes[1:]]
    assert np.argmax(strength[0]) == 1
    assert sum(value > 0 for value in strength[0]) == 1
    assert max(strength[3]) == 0  # the end takes it all
    assert [text.get_text() for text in axes[1].texts] == ["100%"]


def test_long_scanpaths_are_cut():
    axes = plot_object_attention(Certain(), shelf(2, 3), [(50, 40)] * 40)
    assert len(axes) == MOST_STEPS + 1


def test_returns_to_an_object_are_drawn_side_by_side_within_it():
    display = shelf(2, 3)
    sequence = [4, 4, 1, 4, 1, 1, 4]
    path = np.concatenate([[display.center_xy], object_places(display.objects)[sequence]])
    texts = plot_object_scanpath(path, display).texts
    places = np.array([text.xy for text in texts])
    assert [text.get_text() for text in texts] == [str(number) for number in range(1, 9)]
    assert len(np.unique(places, axis=0)) == 8
    assert fixated_objects(places[1:], display.objects) == sequence


def test_labels_are_written_where_they_fit_and_numbers_elsewhere():
    image = np.zeros((1, 60, 200), dtype=np.float32)
    boxes, labels = [(0, 0, 120, 50), (130, 0, 12, 50)], ["tea", "a very long name of a thing"]
    ax = plot_objects(sp.Stimulus(image, objects=boxes, object_labels=labels))
    assert [text.get_text() for text in ax.texts] == ["tea", "2"]
