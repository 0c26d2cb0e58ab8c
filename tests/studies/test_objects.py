"""The study of object searches, small."""

import numpy as np
import pytest

from scanpath import InputError
from scanpath.stimuli import shelf
from scanpath.studies.objects import Trial, baselines, run_objects
from scanpath.training.drawn_shoppers import Shopper


def test_the_study_scores_all_agents_on_fresh_shelves(tmp_path):
    study = run_objects(n_shelves=2, sets=("3 x 9",), out=tmp_path)
    table = study.scores.set_index(["agent", "measure"])
    assert {"oat", "oat, greedy", "other shoppers", "row scan", "straight to target"} <= set(study.scores["agent"])
    assert table.loc[("other shoppers", "delta"), "mean"] == 0
    assert table.loc[("straight to target", "length"), "mean"] == 1
    assert (table["low"] <= table["mean"] + 1e-9).all()
    assert (tmp_path / "scores.csv").is_file()
    assert set(study.paired["baseline"]) >= {"center out"}
    with pytest.raises(InputError, match="n_shelves"):
        run_objects(n_shelves=1)


def test_baselines_look_at_each_object_once_and_end_on_the_target():
    display = shelf(3, 4, seed=1)
    shopper = Shopper(display)
    found = baselines(Trial(display, shopper, [[0, 1, 2]]), np.random.default_rng(0))
    assert len(found.pop("random object")) == 3
    for search in found.values():
        assert search[-1] == shopper.target
        assert len(set(search)) == len(search)
    assert found["row scan"] == list(range(shopper.target + 1))
    assert found["similarity ranked"] == [shopper.target]
