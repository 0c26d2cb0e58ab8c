import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpath import InputError, UndefinedError
from scanpath.metrics import (
    cumulative_performance,
    cut_at_target,
    found_at,
    on_target,
    performance_auc,
    probability_mismatch,
    scanpath_ratio,
    tfp_auc,
)

BOX = (10.0, 20.0, 30.0, 40.0)
RULE = {"rule": "strict"}


@pytest.fixture(scope="module")
def stonybrook(shared):
    """Outputs of the COCO-Search18 evaluations (Scanpath_Prediction 36efbcc, HAT 557205d), run with int64 steps."""
    return json.loads((shared / "goldens/peers/search_metrics/search_metrics.json").read_text())


def xy_of(trial):
    return np.stack([trial["X"], trial["Y"]], axis=1)


# the COCO-Search18 conventions


@pytest.mark.parametrize("who", ["model", "human"])
def test_steps_to_target(stonybrook, who):
    inputs = stonybrook["inputs"]
    steps = []
    for trial in inputs[who]:
        found = found_at(xy_of(trial), inputs["bbox_xywh"][f"{trial['task']}_{trial['name']}"], **RULE)
        steps.append(1000 if found is None else found + 1)
    assert steps == stonybrook["outputs"][f"num_steps_to_target_{who}"]


def task_curves(stonybrook, who):
    inputs = stonybrook["inputs"]
    curves = {}
    for task in inputs["tasks"]:
        trials = [trial for trial in inputs[who] if trial["task"] == task]
        found = [found_at(xy_of(t), inputs["bbox_xywh"][f"{task}_{t['name']}"], **RULE) for t in trials]
        curves[task] = cumulative_performance(found, inputs["max_step"] + 1)
    return curves


@pytest.mark.parametrize("who", ["model", "human"])
def test_target_fixation_probability_and_its_area(stonybrook, who):
    outputs, curves = stonybrook["outputs"], task_curves(stonybrook, who)
    mean, spread = outputs[f"tfp_cdf_mean_std_{who}"]
    assert np.mean(list(curves.values()), axis=0) == pytest.approx(mean)
    assert np.std(list(curves.values()), axis=0) == pytest.approx(spread)
    assert tfp_auc(np.mean(list(curves.values()), axis=0)) == pytest.approx(outputs[f"tfp_auc_{who}"])
    if who == "model":
        for task, curve in curves.items():
            assert tfp_auc(curve) == pytest.approx(outputs["tfp_auc_by_task_model"][task])


def test_probability_mismatch_of_tasks(stonybrook):
    model, human = task_curves(stonybrook, "model"), task_curves(stonybrook, "human")
    means = [np.mean(list(curves.values()), axis=0) for curves in (model, human)]
    for task, expected in stonybrook["outputs"]["probability_mismatch_by_task"].items():
        assert probability_mismatch(model[task], means[1]) == pytest.approx(expected)
    assert probability_mismatch(*means) == pytest.approx(stonybrook["outputs"]["probability_mismatch"])


def test_scanpath_ratio_of_found_trials(stonybrook):
    inputs, ratios = stonybrook["inputs"], []
    for trial in inputs["model"]:
        try:
            box = inputs["bbox_xywh"][f"{trial['task']}_{trial['name']}"]
            ratios.append(scanpath_ratio(xy_of(trial), box, **RULE))
        except UndefinedError:
            ratios.append(None)
    assert ratios == pytest.approx(stonybrook["outputs"]["scanpath_ratio_per_model_scanpath"])
    known = [ratio for ratio in ratios if ratio is not None]
    assert np.mean(known) == pytest.approx(stonybrook["outputs"]["scanpath_ratio_model_mean"])


def test_scanpaths_are_cut_at_the_target(stonybrook):
    inputs = stonybrook["inputs"]
    lengths = [
        len(cut_at_target(xy_of(t), inputs["bbox_xywh"][f"{t['task']}_{t['name']}"], **RULE)) for t in inputs["model"]
    ]
    assert lengths == stonybrook["outputs"]["cut_on_target_lengths"]


# definitions


def test_found_rules_differ_at_the_edges():
    edges = [(10, 20), (40, 30), (39.9, 59.9), (25, 60)]
    assert on_target(edges, BOX).tolist() == [True, False, False, False]
    assert on_target(edges, BOX, rule="strict").tolist() == [False, False, True, False]
    assert on_target(edges, BOX, rule="window", window_px=(0, 0)).tolist() == [True] * 4
    box_edges = [(9.5, 19.5), (9.4, 20), (39.4, 59.4), (39.5, 59), (39, 59.5)]  # pixels 10 to 39 and 20 to 59
    assert on_target(box_edges, BOX).tolist() == [True, False, True, False, False]
    outside = [(7, 30), (44, 30), (25, 64)]
    assert on_target(outside, BOX, margin_px=4).tolist() == [True, False, False]
    assert on_target(outside, BOX, rule="window", window_px=(9, 9)).tolist() == [True, True, True]
    assert on_target(outside, BOX, rule="window", window_px=(6, 9)).tolist() == [True, False, True]


@given(st.integers(0, 2**31), st.floats(0, 50), st.floats(0, 50))
def test_a_larger_margin_finds_no_later(seed, first, second):
    xy = np.random.default_rng(seed).random((8, 2)) * 100
    small, large = sorted((first, second))
    found = [found_at(xy, BOX, margin_px=margin) for margin in (small, large)]
    if found[0] is not None:
        assert found[1] <= found[0]


def test_found_indices_and_empty_paths():
    assert found_at([(0, 0), (15, 25)], BOX) == 1
    assert found_at([(0, 0)], BOX) is None
    assert found_at([], BOX) is None
    assert len(cut_at_target([], BOX)) == 0
    assert len(cut_at_target([(0, 0), (1, 1)], BOX)) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"rule": "boxx"}, "box"),
        ({"rule": "strict", "margin_px": 3}, "margin_px"),
        ({"rule": "box", "window_px": (3, 3)}, "window_px"),
        ({"margin_px": np.nan}, "margin_px must"),
        ({"rule": "window", "window_px": (np.nan, 3)}, "window_px must"),
        ({"rule": "window", "window_px": (-3, 3)}, "window_px must"),
        ({"target_box": (1, 2, 3)}, "target_box"),
        ({"target_box": (1, 2, -3, 4)}, "target_box"),
        ({"target_box": (1, 2, np.nan, 4)}, "target_box"),
    ],
)
def test_unusable_rules_and_boxes_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        on_target([(0, 0)], **{"target_box": BOX, **call})


@given(st.lists(st.none() | st.integers(0, 12), min_size=1, max_size=30), st.integers(1, 15))
def test_the_curve_rises_to_the_share_found(found, n):
    curve = cumulative_performance(found, n)
    assert (np.diff(curve) >= 0).all()
    assert curve[-1] == pytest.approx(np.mean([f is not None and f < n for f in found]))


@given(st.lists(st.tuples(st.none() | st.integers(0, 9), st.integers(1, 10)), min_size=1, max_size=25))
def test_kaplan_meier_without_censoring_is_the_plain_share(trials):
    found = [index for index, _ in trials]
    everyone = cumulative_performance(found, 10, censoring="kaplan_meier", observed=[10] * len(found))
    assert everyone == pytest.approx(cumulative_performance(found, 10))
    assert cumulative_performance(found, 10, censoring="allowed", allowed=[10] * len(found)) == pytest.approx(everyone)


def test_kaplan_meier_by_hand():
    # found at 1; lost after 2; found at 3; lost after 4: S = 3/4, 3/4, 3/4 * 1/2, then nobody is left
    found, observed = [0, None, 2, None], [1, 2, 3, 4]
    curve = cumulative_performance(found, 5, censoring="kaplan_meier", observed=observed)
    assert curve == pytest.approx([0.25, 0.25, 0.625, 0.625, np.nan], nan_ok=True)
    certain = cumulative_performance([0, 1], 4, censoring="kaplan_meier", observed=[1, 2])
    assert certain == pytest.approx([0.5, 1, 1, 1])


def test_allowed_asks_only_trials_that_could_tell():
    curve = cumulative_performance([0, None, 2, None], 4, censoring="allowed", allowed=[2, 2, 3, 3])
    assert curve == pytest.approx([0.25, 0.25, 0.5, np.nan], nan_ok=True)
    late = cumulative_performance([3], 4, censoring="allowed", allowed=[2])  # found after its own limit
    assert late == pytest.approx([0, 0, np.nan, np.nan], nan_ok=True)


def test_weights_stand_for_copies_of_trials():
    found, observed = [0, None, 2, 1], [1, 2, 3, 4]
    for how in ({}, {"censoring": "kaplan_meier", "observed": observed}):
        weighted = cumulative_performance(found, 4, weights=[2, 1, 0, 1], **how)
        copies = [0, 0, 1, 3]
        if how:
            how = {**how, "observed": [observed[i] for i in copies]}
        assert weighted == pytest.approx(cumulative_performance([found[i] for i in copies], 4, **how), nan_ok=True)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"found": []}, "at least one trial"),
        ({"found": [-1]}, "not be negative"),
        ({"censoring": "allowed"}, "needs allowed"),
        ({"censoring": "kaplan_meier"}, "needs observed"),
        ({"censoring": "kaplan_meier", "observed": [1, 2]}, "one value a trial"),
        ({"censoring": "kaplanmeier"}, "kaplan_meier"),
        ({"n_fixations": 0}, "n_fixations"),
    ],
)
def test_unusable_trials_are_said(keywords, message):
    with pytest.raises(InputError, match=message):
        cumulative_performance(**{"found": [1], "n_fixations": 3, **keywords})


def test_areas_of_curves():
    assert performance_auc([0.0, 1.0, 1.0]) == pytest.approx(0.75)
    assert performance_auc([0.3]) == 0.3
    assert tfp_auc([0.3, 0.4]) == pytest.approx(0.7)
    for gap in ([0.1, np.nan], []):
        for area in (performance_auc, tfp_auc, lambda curve: probability_mismatch(curve, curve)):
            with pytest.raises(UndefinedError, match="gaps"):
                area(gap)
    for curve in ([0.1, np.inf], "ab", 3.0):
        with pytest.raises(InputError, match="curve must"):
            tfp_auc(curve)
    with pytest.raises(InputError, match="one length"):
        probability_mismatch([0.1], [0.1, 0.2])


def test_scanpath_ratio_is_one_for_a_straight_way_and_undefined_without_a_way():
    assert scanpath_ratio([(0, 40), (25, 40)], BOX) == 1.0
    assert scanpath_ratio([(0, 40), (10, 40)], BOX) == 1.0  # shorter than to the center: capped
    for path, reason in (([(0, 0), (1, 1)], "not_found"), ([(20, 30), (1, 1)], "found_at_start"), ([], "not_found")):
        with pytest.raises(UndefinedError) as caught:
            scanpath_ratio(path, BOX)
        assert caught.value.reason == reason
