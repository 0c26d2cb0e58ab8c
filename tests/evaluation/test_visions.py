import json

import numpy as np
import pytest

from scanpath import InputError, Scanpath, UndefinedError
from scanpath.evaluation import collapse_fixations, performance_by_limit, visions_score
from scanpath.metrics import (
    cumulative_performance,
    cut_at_target,
    on_target,
    performance_auc,
)


@pytest.fixture(scope="module")
def visions(shared):
    """Outputs of the ViSioNS evaluation (NeuroLIAA/visions; transcribed by hand from its stored text)."""
    return json.loads((shared / "goldens/peers/visions/visions.json").read_text())


def xy_of(trial):
    return np.stack([trial["X"], trial["Y"]], axis=1)


def box_of(bbox):
    top, left, bottom, right = bbox
    return left, top, right - left, bottom - top


def visions_found(trial):
    return len(trial["X"]) - 1 if trial["target_found"] else None


def test_performance_of_models_and_people(visions):
    n, outputs = visions["inputs"]["max_scanpath_length"], visions["outputs"]
    curve = cumulative_performance([visions_found(t) for t in visions["inputs"]["model"].values()], n)
    assert curve == pytest.approx(outputs["model_curve_index0toN"][1:])
    assert performance_auc(curve) == pytest.approx(outputs["model_AUCperf"])
    people = [
        cumulative_performance([visions_found(t) for t in trials.values()], n)
        for trials in visions["inputs"]["humans"].values()
    ]
    assert np.array(people) == pytest.approx(np.array(outputs["human_curves"])[:, 1:])
    assert performance_auc(np.mean(people, axis=0)) == pytest.approx(outputs["human_mean_AUCperf"])


def test_performance_of_people_whose_trials_were_limited(visions):
    shares = []
    for trials in visions["inputs"]["humans"].values():
        limits, share = performance_by_limit(
            [visions_found(t) for t in trials.values()], [t["max_fixations"] for t in trials.values()]
        )
        assert limits.tolist() == [3, 5, 9, 13]
        shares.append(share)
    assert np.array(shares) == pytest.approx(np.array(visions["outputs"]["interiors_rule_human_curves"]))
    area = performance_auc(np.mean(shares, axis=0))
    assert area == pytest.approx(visions["outputs"]["interiors_rule_AUCperf"])


def test_window_test_collapse_and_cut(visions):
    for key, expected in visions["outputs"]["preprocessing"].items():
        subject, image = key.split("/")
        trial = visions["inputs"]["humans"][subject][image]
        window = (trial["receptive_width"], trial["receptive_height"])
        rule = {"rule": "window", "window_px": window}
        box, xy = box_of(trial["target_bbox"]), xy_of(trial)
        assert on_target(xy, box, **rule).tolist() == expected["window_test"]
        assert collapse_fixations(xy, window).xy == pytest.approx(np.array(expected["collapsed_XY"]).T)
        assert cut_at_target(xy, box, **rule).xy == pytest.approx(np.array(expected["cropped_XY"]).T)
        rows, columns = visions["inputs"]["model_grid_hw"]
        scale = np.array([columns / trial["image_width"], rows / trial["image_height"]])
        top, left, bottom, right = np.array(trial["target_bbox"]) * np.tile(scale[::-1], 2) // 1
        grid = collapse_fixations(xy * scale // 1, (1, 1))
        cut = cut_at_target(grid, box_of((top, left, bottom, right)), rule="window", window_px=(1, 1))
        assert cut.xy == pytest.approx(np.array(expected["rescaled_collapsed_cropped_grid_XY"]).T)


def test_collapse_adds_durations_and_keeps_the_first_onset():
    path = Scanpath(
        [(0, 0), (3, 0), (50, 50), (51, 51)], duration_ms=[100, 200, 300, np.nan], onset_ms=[0, 150, 400, 800]
    )
    merged = collapse_fixations(path, (10, 10))
    assert merged.xy.tolist() == [[1.5, 0], [50.5, 50.5]]
    assert merged.duration_ms[0] == 300
    assert np.isnan(merged.duration_ms[1])
    assert merged.onset_ms.tolist() == [0, 400]
    assert len(collapse_fixations([], (10, 10))) == 0


def test_the_score_is_that_of_the_program_and_the_table_lies_higher_by_its_two_terms(visions):
    inputs = visions["inputs"]["score_inputs"]
    people, gold = inputs["Humans"], inputs["gold_standard"]
    for model in "ABC":
        score = visions_score(inputs[model], people, gold, convention="code")
        assert score == pytest.approx(visions["outputs"]["score"][model], abs=0.0011)  # rounded there
        lifted = sum(name in inputs[model] for name in ("AUCperf", "Corr")) / len(inputs[model])
        assert visions_score(inputs[model], people, gold) == pytest.approx(score + lifted)


def test_the_published_table_is_consistent_with_its_own_rows():
    # averages over four data sets as printed in the benchmark's repository, two digits each
    people, gold = {"AUCperf": 0.56, "AvgMM": 0.87}, {"AUChsp": 0.90, "NSShsp": 2.65, "IGhsp": 1.93, "LLhsp": 1.95}
    names = ("AUCperf", "AvgMM", "Corr", "AUChsp", "NSShsp", "IGhsp", "LLhsp")
    rows = {
        -0.17: (0.55, 0.84, 0.15, 0.74, 1.27, 0.44, 0.35),
        -0.19: (0.51, 0.85, 0.17, 0.75, 1.26, 0.31, 0.23),
        -0.57: (0.52, 0.84, 0.19, 0.66, 1.03, -2.20, -2.01),
        -0.91: (0.67, 0.80, 0.09, 0.61, 1.07, -4.29, -4.18),
    }
    for published, row in rows.items():
        assert visions_score(dict(zip(names, row)), people, gold) == pytest.approx(published, abs=0.015)
    center = {"AUChsp": 0.72, "NSShsp": 0.89, "IGhsp": 0.00, "LLhsp": 0.07}
    assert visions_score(center, people, gold) == pytest.approx(-0.70, abs=0.015)


def test_a_score_without_terms_or_references_is_said():
    with pytest.raises(UndefinedError, match="AUCperf"):
        visions_score({}, {}, {})
    with pytest.raises(InputError, match="reference value"):
        visions_score({"AvgMM": 0.8}, {}, {})
