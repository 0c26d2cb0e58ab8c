"""Next-fixation prediction, end to end on small pictures, and the published anchors of the center bias."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import scanpath as sp
from scanpath.cli.study import study
from scanpath.evaluation import predict_fixations, summarize_predictions
from scanpath.evaluation.prediction import MARKS
from scanpath.gaze.table import check_table
from scanpath.studies import next_fixation
from scanpath.studies.next_fixation import Task, n_steps, run_next_fixation, score_tasks, study_tasks
from scanpath.training import cross_calibrate

N = 4
QUICK = ["center", "spectral_residual"]


@pytest.fixture(scope="module")
def small():
    """Six noisy pictures with one bright spot each, and five people who look at it or near the middle."""
    generator = np.random.default_rng(0)
    stimuli, rows = [], []
    for picture in range(N):
        spot = generator.integers((8, 8), (56, 40))
        image = torch.from_numpy(generator.random((1, 48, 64)) * 0.3).float()
        image[0, spot[1] - 2 : spot[1] + 3, spot[0] - 2 : spot[0] + 3] = 1
        stimuli.append(sp.Stimulus(image, name=f"p{picture}", px_per_deg=8))
        for person in "abcde":
            for number in range(5):
                x, y = spot if generator.random() < 0.5 else (32, 24)
                x, y = np.clip(generator.normal((x, y), 3), 0, (63, 47))
                rows.append((f"p{picture}", person, number, x, y))
    people = pd.DataFrame(rows, columns=["stimulus", "subject", "fixation", "x_px", "y_px"])
    return stimuli, check_table(people)


@pytest.fixture
def data_sets(monkeypatch, small):
    """Put the small pictures in the place of both data sets."""

    def load(name, *, root, px_per_deg):
        return SimpleNamespace(stimuli=small[0], fixations=small[1].assign(after_target=small[1]["fixation"] == 4))

    monkeypatch.setattr(next_fixation, "load_dataset", load)


class Mean(torch.nn.Module):
    def forward(self, images):
        return images.mean(1, keepdim=True)


def tasks(small, seed=0):
    stimuli, people = small
    return [Task("mine", one, stimuli, people, seed) for one in (None, *map(sp.create_agent, QUICK))]


@pytest.fixture(scope="module")
def scored(small):
    """What the study says of the small pictures, and what it told of its progress."""
    steps = []
    return score_tasks(tasks(small), progress=steps.append), steps


def test_marks_are_where_they_belong_and_progress_adds_up(small, scored):
    result, steps = scored
    bits = result.scores.set_index(["agent", "metric"])["value"]
    assert bits["center bias", "information_gain"] == pytest.approx(0, abs=1e-9)
    kernel, mixture = (bits[f"gold {kind}", "gain_over_uniform"] for kind in ("standard", "mixture"))
    assert mixture > kernel - 0.002 > 0.5
    assert bits["uniform", "gain_over_uniform"] == pytest.approx(0, abs=1e-9)
    assert sum(steps) == n_steps(tasks(small)) == N + 2 * 2 * N
    assert list(result.summary("mine").index) == list(
        result.scores[result.scores["metric"] == "information_gain"].sort_values("value", ascending=False)["agent"]
    )


def test_an_agent_is_scored_by_numbers_fitted_to_other_pictures(small, scored):
    result, _ = scored
    stimuli, people = small
    cross = cross_calibrate(sp.create_agent("spectral_residual"), stimuli, people, folds=N, fixations_per_picture=20)
    expected = predict_fixations(cross, stimuli, people)
    mine = result.predictions[result.predictions["agent"] == "spectral_residual"]
    np.testing.assert_allclose(mine["information_gain"], expected["information_gain"])
    power = result.calibrations.query("agent == 'spectral_residual' and number == 'power'")["value"].item()
    assert power == cross.calibration.density.power


def test_scores_by_number_and_differences_are_those_of_the_predictions(scored):
    result, _ = scored
    rows = result.predictions.query("agent == 'center' and fixation == 2")
    one = result.by_number.query("agent == 'center' and fixation == 2 and metric == 'auc'")
    assert one["value"].item() == pytest.approx(rows.groupby("stimulus")["auc"].mean().mean())
    assert (result.comparisons["p_holm"] >= result.comparisons["p"]).all()
    assert set(result.by_number["fixation"]) == {1, 2, 3, 4}  # the first is given
    bits = result.scores.query("metric == 'information_gain'").set_index("agent")["value"]
    for row in result.comparisons.itertuples():
        assert row.difference == pytest.approx(bits[row.agent] - bits[row.other])
    assert len(result.comparisons) == 6 * 5 / 2  # four marks and two agents


def test_a_stopped_study_goes_on_after_the_last_agent(small, scored, tmp_path, monkeypatch):
    whole, _ = scored
    score_tasks(tasks(small), out=tmp_path)
    done, predict = [], next_fixation.predict
    monkeypatch.setattr(next_fixation, "predict", lambda task, *_: done.append(task.name) or predict(task))
    (tmp_path / "predictions" / "mine" / "spectral_residual.parquet").unlink()
    again = score_tasks(tasks(small), out=tmp_path)
    assert done == ["spectral_residual"]
    for name in ("scores", "by_number", "comparisons", "calibrations"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(whole, name))
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == len(getattr(whole, name))
    with pytest.raises(sp.InputError, match=r"holds predictions of other settings.*new folder"):
        score_tasks(tasks(small, seed=1), out=tmp_path)
    (tmp_path / "predictions" / "mine" / "center.parquet").write_bytes(b"half a file")
    with pytest.raises(sp.InputError, match=r"center\.parquet is not a readable Parquet file; delete it"):
        score_tasks(tasks(small), out=tmp_path)


def test_names_that_no_file_can_have_keep_their_predictions_apart(small, tmp_path):
    stimuli, people = small
    agents = [sp.as_agent(Mean(), name=name) for name in ("map/mine", "map-mine")]
    score_tasks([Task("mine", one, stimuli, people, 0) for one in agents], out=tmp_path)
    assert len(list((tmp_path / "predictions" / "mine").glob("map*.parquet"))) == 2


@pytest.mark.parametrize("changed", ["people", "scale", "pixels"])
def test_predictions_of_other_people_scales_or_pixels_are_not_taken(small, tmp_path, changed):
    stimuli, people = small
    score_tasks(tasks(small)[:2], out=tmp_path)
    first, px_per_deg, image = stimuli[0], 8, stimuli[0].image
    if changed == "people":
        people = people.assign(x_px=people["x_px"].where(people.index > 0, 1.0))
    elif changed == "scale":
        px_per_deg = 9
    else:
        image = 1 - image
    other = [sp.Stimulus(image, name=first.name, px_per_deg=px_per_deg), *stimuli[1:]]
    with pytest.raises(sp.InputError, match="holds predictions of other settings"):
        score_tasks(tasks((other, people))[:2], out=tmp_path)


def test_two_data_sets_of_one_name_are_refused(small):
    with pytest.raises(sp.InputError, match=r"Two data sets are called 'mine'.*rename one"):
        score_tasks([*tasks(small), *tasks(small)])


def test_a_calibration_that_the_study_kept_is_an_agent_that_is_scored_as_it_is(small, tmp_path, data_sets):
    run_next_fixation(data=["osie"], agents=["spectral_residual"], out=tmp_path)
    kept = tmp_path / "predictions" / "osie" / "spectral_residual.json"
    facts = json.loads(kept.read_text())
    assert facts["people"]["pictures"] == [f"p{n}" for n in range(N)]
    with pytest.warns(sp.InputWarning, match="fitted to 4 of these 4 pictures"):
        again = run_next_fixation(data=["osie"], agents=[str(kept)])
    assert again.calibrations.empty
    assert set(again.scores["agent"]) == {*MARKS, "spectral_residual"}


def test_densities_of_people_are_scored_as_they_are_and_others_calibrated():
    made = {name: sp.create_agent(name) for name in ("viewer", "scenewalk", "center")}
    assert {name for name, agent in made.items() if next_fixation.is_trained(agent)} == {"viewer"}
    made["scenewalk"].settings["weights"] = "ours.json"
    assert next_fixation.is_trained(made["scenewalk"])


def test_what_came_after_the_target_is_left_out(small, data_sets):
    (marks, *_) = study_tasks("interiors", agents=QUICK)
    assert marks.people["fixation"].max() == 3
    assert len(study_tasks("osie", agents=QUICK, n_pictures=2)[0].stimuli) == 2


def test_some_people_are_predicted_and_all_tell_the_center_bias_and_the_gold_standard(small, scored, data_sets):
    """Their scores are those that they have where all are predicted."""
    whole, people = scored[0].predictions, small[1]
    (marks, agent) = study_tasks("osie", agents=["spectral_residual"], n_people=2)
    assert (marks.scored.groupby("stimulus")["subject"].nunique() == 2).all()
    few = score_tasks([one._replace(people=people, data="mine") for one in (marks, agent)]).predictions
    keys = ["agent", "stimulus", "subject", "fixation"]
    both = few.merge(whole, on=keys, suffixes=("", "_all"))
    assert len(both) == len(few) == 5 * N * 2 * 3  # the last are after the target
    for metric in ("information_gain", "auc"):
        np.testing.assert_allclose(both[metric], both[f"{metric}_all"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"data": ["oise"]}, "osie"),
        ({"data": ["osie"], "agents": ["centre"]}, "center"),
        ({"data": ["osie"], "agents": ["random"]}, "'random' draws no map"),
        ({"data": ["osie"], "agents": QUICK, "n_pictures": 1}, "needs two pictures.*leaves 1"),
        ({"data": ["osie"], "agents": QUICK, "n_pictures": -1}, "n_pictures must be"),
        ({"data": []}, "name a data set"),
    ],
)
def test_what_cannot_be_run_is_said(data_sets, call, message):
    with pytest.raises(sp.InputError, match=message):
        run_next_fixation(**call)


@pytest.fixture(scope="module")
def osie(shared):
    if not (shared / "data" / "osie").is_dir():
        pytest.skip("no copy of OSIE")
    return sp.load_dataset("osie", root=shared / "data")


def center_bias(data, n):
    """Score it as the published figures do: from the first recorded fixation on, which came after the start marker."""
    stimuli = data.stimuli[:n]
    people = data.fixations[data.fixations["stimulus"].isin([one.name for one in stimuli])]
    paths = [
        sp.Scanpath(np.concatenate([[(399.5, 299.5)], path.xy]), info=path.info)
        for path in sp.scanpaths_from_table(people)
    ]
    summary = summarize_predictions(predict_fixations(None, stimuli, paths, marks=("center bias",)))
    return summary.set_index("metric")["value"]


def test_the_center_bias_of_a_few_photographs_is_near_the_anchor(osie):
    """Published for all 700 pictures: AUC .723, NSS .78."""
    scores = center_bias(osie, 6)
    assert scores["auc"] == pytest.approx(0.723, abs=0.05)
    assert scores["nss"] == pytest.approx(0.78, abs=0.2)


@pytest.mark.slow
def test_the_command_writes_tables_and_figures(small, data_sets, tmp_path):
    done = CliRunner().invoke(study, ["next-fixation", "--agents", ",".join(QUICK), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "gold mixture" in done.output
    for name in ("osie", "interiors"):
        assert (tmp_path / "out" / f"next_fixation_{name}.png").stat().st_size > 0
    again = score_tasks(tasks(small), jobs=2)
    pd.testing.assert_frame_equal(again.scores, score_tasks(tasks(small)).scores)


@pytest.mark.slow
def test_the_center_bias_of_photographs_is_near_the_anchor(osie):
    scores = center_bias(osie, 60)
    assert scores["auc"] == pytest.approx(0.723, abs=0.02)
    assert scores["nss"] == pytest.approx(0.78, abs=0.05)
