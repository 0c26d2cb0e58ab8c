"""The study of object searches, small."""

import numpy as np
import pandas as pd
import pytest

from scanpath import InputError
from scanpath.gaze import fixated_objects
from scanpath.metrics import object_negative_log_likelihood
from scanpath.stimuli import shelf
from scanpath.studies.object_baselines import baselines
from scanpath.studies.object_people import read_objarr, read_sti
from scanpath.studies.object_scores import PersonSearch, Trial, paired, score_trial, summary
from scanpath.studies.objects import run_objects
from scanpath.training.drawn_shoppers import Shopper


def _trial(rows=3, columns=4, people=((0, 1, 2), (5, 5))):
    display = shelf(rows, columns, seed=1)
    shopper = Shopper(display)
    searches = [PersonSearch(list(one), True) for one in people]
    return Trial(display, shopper.target, searches, shopper.likeness)


def test_the_study_scores_all_agents_on_fresh_shelves_and_goes_on(tmp_path):
    done = []
    study = run_objects(n_shelves=2, sets=("3x9",), out=tmp_path, progress=done.append)
    table = study.scores.set_index(["agent", "measure"])
    assert {"oat", "oat, greedy", "other searchers", "row scan", "straight to target"} <= set(study.scores["agent"])
    assert table.loc[("other searchers", "delta"), "mean"] == 0
    assert table.loc[("straight to target", "length"), "mean"] == 1
    assert (table["low"] <= table["mean"] + 1e-9).all()
    beyond = table.loc[("oat", "nll"), "mean"] - table.loc[("other searchers", "nll"), "mean"]
    assert table.loc[("oat", "nll beyond the rule"), "mean"] == pytest.approx(beyond)
    assert set(study.paired["baseline"]) >= {"center out"}
    assert done == [1, 1]
    again = run_objects(n_shelves=2, sets=("3x9",), out=tmp_path, progress=done.append)
    assert done == [1, 1, 2]
    pd.testing.assert_frame_equal(again.scores, study.scores)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "paired.csv"), study.paired)
    with pytest.raises(InputError, match="other settings"):
        run_objects(n_shelves=3, sets=("3x9",), out=tmp_path)
    with pytest.raises(InputError, match="n_shelves"):
        run_objects(n_shelves=1)


def test_baselines_look_at_each_object_once_and_end_on_the_target():
    trial = _trial(people=[(0, 1, 2)])
    found = baselines(trial, np.random.default_rng(0))
    assert len(found.pop("random object")) == 3
    for search in found.values():
        assert search[-1] == trial.target
        assert len(set(search)) == len(search)
    assert found["row scan"] == list(range(trial.target + 1))
    assert found["similarity ranked"] == [trial.target]


def test_nats_are_those_of_the_choices_that_people_made():
    trial = _trial()
    generator = np.random.default_rng(3)
    tables = [np.log(generator.dirichlet(np.ones(13), size=len(one.objects) + 1)) for one in trial.people]
    row = score_trial(trial, {"oat": [[1]]}, {"oat": tables}).set_index("agent").loc["oat"]
    all_rows, choices = np.concatenate(tables), [0, 1, 2, 12, 5, 5, 12]
    assert row["choices"] == 7
    assert row["nats"] / 7 == pytest.approx(object_negative_log_likelihood(all_rows, choices))
    chosen = np.exp(all_rows[range(7), choices])
    assert row["attention similarity"] == pytest.approx((chosen[:3].mean() + chosen[4:6].mean()) / 2)


def test_trainings_are_averaged_before_pictures_are_drawn():
    trial = _trial()
    generator = np.random.default_rng(0)
    rows = []
    for training in ("a", "b"):
        for number in range(6):
            oat = [generator.integers(12, size=3).tolist() for _ in range(2)]
            scored = score_trial(trial, {"oat": oat, "center out": [[trial.target]]}, {})
            rows.append(scored.assign(shelf=number, training=training))
    shelves = pd.concat(rows)
    shelves = shelves[(shelves["agent"] == "oat") | (shelves["training"] == "a")]
    mean = shelves.loc[shelves["agent"] == "oat", "sequence score"].mean()
    scores = summary(shelves, 0).set_index(["agent", "measure"])["mean"]
    assert scores["oat", "sequence score"] == pytest.approx(mean)
    other = shelves.loc[shelves["agent"] == "center out", "sequence score"].mean()
    assert paired(shelves, 0).set_index("baseline").loc["center out", "difference"] == pytest.approx(mean - other)


def test_people_on_object_arrays_look_at_the_slots_that_their_table_names(shared):
    data = read_objarr(shared / "data")
    assert len(data.stimuli) == 300
    assert sum(map(len, data.people.values())) == 4500
    truth = pd.read_parquet(next(shared.rglob("search_fixations.parquet")))
    truth = truth[(truth["agent"] == "human") & (truth["dataset"] == "ObjArr") & (truth["stimulus"] == 7)]
    mine = {path.info["subject"]: path for path in data.people["array-7"]}
    boxes = data.stimuli[6].objects
    for who, one in truth.groupby("subject"):
        slots = one.sort_values("fix")["slot"].tolist()[1:]
        assert [place + 1 for place in fixated_objects(mine[str(who)].xy[1:], boxes)] == slots
    looks = [one.image[:, int(y) + 10, int(x) + 10] for one in data.stimuli[:9] for x, y, _, _ in one.objects]
    assert len({tuple(color.tolist()) for color in looks}) == 6  # a symbol for each category


def test_collages_are_blank_and_hold_the_target_where_the_table_says(shared):
    data = read_sti(shared / "data")
    assert len(data.stimuli) == 100
    assert all(float(one.image.std()) == 0 for one in data.stimuli)
    assert len(data.stimuli[0].objects) == 84
    assert sum(map(len, data.people.values())) == 585  # of 600, those beyond three standard deviations are left out
