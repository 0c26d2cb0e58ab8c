import json

import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
from safetensors.torch import save_file

from scanpath import InputError
from scanpath.agents import WindowOverlap
from scanpath.agents.agent import Agent
from scanpath.agents.catalog import AGENTS
from scanpath.stimuli import ASYMMETRY_TASKS
from scanpath.studies.asymmetry import SHARPENING, run_asymmetry, study_agents
from scanpath.studies.asymmetry_index import MS_PER_SACCADE

QUICK = {"backbone": "steerable", "tasks": ["lighting_direction"], "n_trials": 1, "n_bootstrap": 20}


class SerialSearch(Agent):
    """Looks at one item after the other in random order, until it comes upon the target."""

    def item_centers(self, stimulus):
        drawn = (stimulus.image[0] * 255 - stimulus.background).abs() > 40
        centers = []
        for cell in range(1, int(stimulus.cells.max()) + 1):
            rows, columns = torch.nonzero(drawn & (stimulus.cells == cell), as_tuple=True)
            if len(rows):
                centers.append((float(columns.float().mean().round()), float(rows.float().mean().round())))
        return centers

    def next_fixation(self, stimulus, history, generator):
        left = [place for place in self.item_centers(stimulus) if place not in history[1:]]
        return left[int(torch.randint(len(left), (1,), generator=generator))]


class KnowsWhere(SerialSearch):
    """Looks at the target at once."""

    chooses_first = True

    def first_fixation(self, stimulus, generator):
        return stimulus.target_center


@pytest.fixture(autouse=True)
def registered_agents(monkeypatch):
    monkeypatch.setattr(AGENTS, "_entries", {**AGENTS._entries, **AGENT_KINDS})


AGENT_KINDS = {"serial": SerialSearch, "knowing": KnowsWhere}


def test_serial_search_costs_half_a_saccade_an_item():
    """Theory of self-terminating serial search: (n + 1) / 2 of n items are looked at on average."""
    result = run_asymmetry(agents=["serial"], backbone="steerable", tasks=["orientation_homo"], n_bootstrap=500)
    (row,) = result.index.to_dict("records")
    for role in ("hard", "easy"):
        assert row[f"slope_{role}_low"] < MS_PER_SACCADE / 2 < row[f"slope_{role}_high"]
        assert row[f"slope_{role}"] == pytest.approx(MS_PER_SACCADE / 2, rel=0.25)
    single = result.trials[result.trials["set_size"] == 1]
    assert (single["n_saccades"] == 1).all()
    assert result.trials["n_saccades"].max() <= 12
    assert len(result.trials) == 2 * 4 * 30


def test_a_first_fixation_that_the_agent_chose_is_a_saccade():
    result = run_asymmetry(agents=["knowing"], backbone="steerable", tasks=["orientation_homo"], n_trials=2)
    assert (result.trials["n_saccades"] == 1).all()


def test_reaction_times_slopes_and_index_belong_together():
    result = run_asymmetry(agents=["serial"], backbone="steerable", tasks=["curvature"], n_trials=5)
    slopes = result.slopes().set_index("condition")
    for condition, rows in result.reaction_times.groupby("condition"):
        fitted = np.polyfit(rows["set_size"], rows["rt_ms"], 1)[0]
        assert slopes.loc[condition, "slope"] == pytest.approx(fitted)
        human = np.polyfit(rows["set_size"], rows["human_rt_ms"], 1)[0]
        assert slopes.loc[condition, "human_slope"] == pytest.approx(human)
    assert slopes.loc["line_in_curves", "people_find_it"] == "hard"


def test_a_stopped_study_goes_on_and_ends_where_an_uninterrupted_one_does(tmp_path):
    agents = ["eccnet", "eccnet.no_eccentricity"]
    whole = run_asymmetry(agents=agents, **QUICK)

    class Stop(Exception):
        pass

    def stop(done):
        raise Stop

    with pytest.raises(Stop):
        run_asymmetry(agents=agents, out=tmp_path, progress=stop, **QUICK)
    finished = []
    resumed = run_asymmetry(agents=agents, out=tmp_path, progress=finished.append, **QUICK)
    assert sum(finished) == len(whole.trials) == 12
    pd.testing.assert_frame_equal(resumed.trials, whole.trials, check_dtype=False)
    pd.testing.assert_frame_equal(resumed.index, whole.index)
    assert {path.name for path in tmp_path.iterdir()} >= {"fixations.parquet", "trials.csv", "slopes.csv", "index.csv"}
    read = pd.read_csv(tmp_path / "reaction_times.csv")
    np.testing.assert_allclose(read["rt_ms"], whole.reaction_times["rt_ms"])


def test_a_folder_keeps_to_its_displays_and_weights(tmp_path):
    settings = {**QUICK, "agents": ["serial"], "out": tmp_path}
    run_asymmetry(**settings)
    with pytest.raises(InputError, match="seed 0, not 1"):
        run_asymmetry(**settings, seed=1)
    with pytest.raises(InputError, match="n_trials"):
        run_asymmetry(**(settings | {"n_trials": 2}))
    facts = json.loads((tmp_path / "study.json").read_text())
    facts["weights"] = {"new": {"file": "a.pth", "sha256": "0"}}
    (tmp_path / "study.json").write_text(json.dumps(facts))
    weights = tmp_path / "b.pth"
    weights.write_bytes(b"other")
    with pytest.raises(InputError, match=r"other weights than b\.pth"):
        run_asymmetry(**settings, retrained={"new": weights})


def test_each_experiment_has_its_published_sharpening(tmp_path):
    """Kernels (taps, sigma) of center and surround, read in the study's repository."""
    assert SHARPENING.keys() == ASYMMETRY_TASKS.keys()
    result = run_asymmetry(agents=["eccnet", "serial"], out=tmp_path, **QUICK)
    settings = json.loads((tmp_path / "study.json").read_text())["settings"]
    assert settings["eccnet"]["lighting_direction"]["sharpening"] == [[3, 0.0], [5, 1.0]]
    assert settings["eccnet"]["lighting_direction"]["margin_px"] == 64
    assert SHARPENING["orientation_homo"] == SHARPENING["orientation_hetero"] == SHARPENING["curvature"]
    assert SHARPENING["curvature"] == ((3, 1.0), (5, 3.0))
    assert SHARPENING["intersection_LT"] == SHARPENING["intersection_cross"] == ((5, 3.0), (7, 5.0))
    assert set(result.index["agent"]) == {"eccnet", "serial"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tasks": ["lighting"]}, "lighting_direction"),
        ({"agents": ["ecnet"]}, "eccnet"),
        ({"agents": []}, "at least one"),
        ({"backbone": "stearable"}, "steerable"),
        ({"agents": ["eccnet"], "retrained": {"eccnet": "a.pth"}}, "must differ"),
        ({"retrained": {"../up": "a.pth"}}, "label"),
        ({"tasks": []}, "no task"),
        ({"jobs": 0}, "jobs"),
        ({"n_trials": 0}, "n_trials"),
        ({"n_bootstrap": -1}, "n_bootstrap"),
        ({"device": "abacus"}, "abacus"),
        ({"agents": [], "backbone": "mobilenet_v2", "retrained": {"new": "nowhere.safetensors"}}, "nowhere"),
    ],
)
def test_wrong_use_is_said_in_one_sentence_and_leaves_nothing(change, message, tmp_path):
    with pytest.raises(InputError, match=message):
        run_asymmetry(**(QUICK | change), out=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_without_bootstrap_there_are_slopes_without_intervals(tmp_path):
    result = run_asymmetry(**(QUICK | {"n_bootstrap": 0}), agents=["serial"], out=tmp_path)
    slopes = pd.read_csv(tmp_path / "slopes.csv")
    np.testing.assert_allclose(slopes["slope"], result.slopes()["slope"])
    assert slopes[["slope_low", "slope_high"]].isna().all(axis=None)


def test_a_file_s_preprocessing_goes_to_the_agents_that_read_the_file(tmp_path):
    file = tmp_path / "weights.safetensors"
    model = torchvision.models.get_model("squeezenet1_1", weights=None)
    save_file(model.state_dict(), file, metadata={"preprocessing": "caffe_red_first"})
    net, pixels = study_agents(["eccnet", "pixel_match"], file, {}, {"backbone": "squeezenet1_1"})
    assert net.settings["preprocessing"] == "caffe_red_first"
    assert pixels.settings["preprocessing"] == "caffe"


def test_agents_of_other_studies_end_their_searches_by_this_ones_rule():
    walker, chooser = study_agents(["random", "itti_koch"], None, {}, {})
    assert walker.found_rule == WindowOverlap(10, test_first=False)
    assert chooser.found_rule == WindowOverlap(10, test_first=True)
    assert "test_first=True" in chooser.settings["found_rule"]
