"""The calls that other people's scripts are written against; a change here breaks them."""

import inspect

import numpy as np
import pytest
import torch

import scanpath as sp


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (sp.Scanpath, ["xy", "duration_ms"]),
        (
            sp.Stimulus,
            ["image", "name", "target", "target_box", "target_mask", "cells", "background", "caption", "px_per_deg"],
        ),
        (sp.Screen, ["width_px", "height_px", "width_cm", "height_cm", "distance_cm"]),
        (sp.simulate, ["agent", "stimuli", "n_fixations", "seed", "jobs", "out"]),
        (sp.load_dataset, ["name", "root"]),
        (sp.evaluate, ["simulated", "human", "metrics", "pairing", "screen_px"]),
        (sp.metrics.multimatch, ["a", "b", "screen_px", "simplify"]),
        (sp.metrics.scanmatch, ["a", "b", "screen_px", "bins", "threshold", "gap", "bin_ms"]),
        (sp.metrics.levenshtein, ["a", "b", "screen_px", "bins", "normalize"]),
        (sp.metrics.pairwise, ["A", "B", "jobs"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_signatures_keep_their_names(function, parameters):
    known = inspect.signature(function).parameters
    assert [name for name in parameters if name not in known] == []


def test_agents_take_the_documented_settings():
    agent = sp.create_agent(
        "eccnet",
        backbone="steerable",
        level_weighting="maximum",
        sharpening=((3, 0.0), (5, 1.0)),
        margin_px=64,
        recognition_px=10,
    )
    image = torch.zeros(1, 64, 64)
    image[:, 40:48, 40:48] = 1
    stimulus = sp.Stimulus(image, target_box=(40, 40, 8, 8))
    assert agent.priority(stimulus, [(32, 32)]).shape == (64, 64)


def test_scanpaths_come_in_every_documented_form():
    xy = np.array([[10.0, 20.0], [200.0, 90.0], [50.0, 300.0]])
    timed = np.column_stack([xy, [200, 250, 300]])
    forms = [timed, timed.tolist(), torch.from_numpy(timed), sp.Scanpath(xy, duration_ms=timed[:, 2])]
    vectors = {sp.metrics.multimatch(form, timed, screen_px=(400, 400)).vector for form in forms}
    assert vectors == {1.0}


def test_names_are_one_level_deep():
    for name in sp.__all__:
        assert not name.startswith("_")
