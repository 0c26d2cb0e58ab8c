"""Free viewing and captioning, end to end on a few pictures, and the published anchors."""

import sqlite3

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import scanpath as sp
from scanpath.agents.agent import Agent
from scanpath.datasets import load_dataset
from scanpath.plotting import plot_plausibility
from scanpath.studies.captioning import CONDITIONS, compare_captions
from scanpath.studies.free_viewing import N_FIXATIONS, look, score


@pytest.fixture(scope="module")
def osie(shared):
    if not (shared / "data" / "osie").is_dir():
        pytest.skip("no copy of OSIE")
    data = load_dataset("osie", root=shared / "data")
    return data, data.fixations[data.fixations["fixation"] < N_FIXATIONS]


@pytest.mark.slow
def test_people_reproduce_the_anchors_on_osie(osie):
    """Mean and best similarity of people to other people, computed once by another program (0.01)."""
    data, people = osie
    table = score(look([sp.create_agent("random")], data.stimuli, N_FIXATIONS, seed=0), people, data.stimuli, seed=0)
    ceiling = table.scores.groupby(["measure", "pairing"])["ceiling"].first()
    expected = {"SBTDE 4x4": (0.476, 0.675), "SBTDE 5x5": (0.447, 0.640), "scaled TDE": (0.909, 0.941)}
    for measure, (mean, best) in expected.items():
        assert ceiling[measure, "mean similarity"] == pytest.approx(mean, abs=0.01)
        assert ceiling[measure, "plausibility"] == pytest.approx(best, abs=0.01)
    chance = table.scores[table.scores["agent"] == "random"].set_index(["measure", "pairing"])["value"]
    # one random scanpath a picture here, five there
    assert chance["SBTDE 5x5", "mean similarity"] == pytest.approx(0.120, abs=0.03)
    assert chance["SBTDE 5x5", "plausibility"] == pytest.approx(0.230, abs=0.03)
    shuffled = table.scores[table.scores["agent"] == "floor: shuffled"].set_index(["measure", "pairing"])["value"]
    assert shuffled["SBTDE 5x5", "plausibility"] == pytest.approx(0.313, abs=0.03)


class Line(Agent):
    """Looks from left to right, from a start that it did not choose."""

    def next_fixation(self, stimulus, history, generator):
        return 2.0 * len(history), 5.0


class Chooser(Line):
    chooses_first = True

    def first_fixation(self, stimulus, generator):
        return 0.0, 5.0


def test_starts_that_were_not_chosen_are_dropped():
    stimulus = sp.Stimulus(np.zeros((1, 20, 40), dtype=np.float32), name="a")
    table = look([Line(name="given"), Chooser(name="chosen")], [stimulus], 3, seed=0)
    xs = table.groupby("agent")["x_px"].apply(list)
    assert xs["given"] == [2, 4, 6]
    assert xs["chosen"] == [0, 2, 4]
    assert table.groupby("agent")["fixation"].apply(list)["given"] == [0, 1, 2]


@pytest.fixture
def captioned(tmp_path):
    (tmp_path / "ALLSTIMULI").mkdir()
    generator = np.random.default_rng(0)
    with sqlite3.connect(tmp_path / "capmit1003.db") as db:
        db.execute("CREATE TABLE captions (obs_uid, usr_uid, start_time, caption, img_uid)")
        db.execute("CREATE TABLE images (img_uid, img_path)")
        db.execute("CREATE TABLE clicks (click_id INTEGER, obs_uid, x, y, click_time)")
        for picture in range(3):
            pixels = generator.integers(0, 255, (72, 96, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "ALLSTIMULI" / f"p{picture}.jpeg")
            db.execute("INSERT INTO images VALUES (?, ?)", (picture, f"p{picture}.jpeg"))
            for person in range(3):
                trial, when = f"{picture}-{person}", "2022-01-01 10:00:00"
                caption = f"a {('red', 'blue', 'green', 'white')[int(person) % 4]} ring"
                db.execute("INSERT INTO captions VALUES (?, ?, ?, ?, ?)", (trial, f"u{person}", when, caption, picture))
                for click in range(5):
                    x, y = (int(value) for value in generator.integers(0, [96, 72]))
                    db.execute("INSERT INTO clicks VALUES (?, ?, ?, ?, ?)", (click, trial, x, y, when))
    db.close()
    with pytest.warns(UserWarning, match="not the published file"):
        return load_dataset("capmit1003", root=tmp_path)


def test_captioning_compares_all_conditions_with_people(captioned, tmp_path):
    agents = [sp.create_agent("nevaclip", label=label, condition=key) for label, key in CONDITIONS.items()]
    agents.append(sp.create_agent("random"))
    result = compare_captions(captioned, agents, n_captions=2, out=tmp_path / "out")
    assert set(result.scores["agent"]) >= {*CONDITIONS, "random", "floor: shuffled", "floor: center"}
    assert set(result.fixations["stimulus"]) == {"p0.jpeg", "p1.jpeg", "p2.jpeg"}
    assert result.scores["value"].between(0, 1).all()
    counts = result.fixations.groupby(["agent", "stimulus"])["trial"].nunique()
    assert (counts == 2).all()
    best = result.scores.pivot_table(index=["agent", "measure"], columns="pairing", values="value")
    assert (best["plausibility"] >= best["mean similarity"] - 1e-12).all()
    assert result.summary().index[0] == "people"
    assert pd.read_csv(tmp_path / "out" / "scores.csv").shape[0] == len(result.scores)
    again = compare_captions(captioned, agents, n_captions=2)
    pd.testing.assert_frame_equal(again.scores, result.scores)
    ax = plot_plausibility(result.scores)
    assert [label.get_text() for label in ax.get_yticklabels()][-1] in set(result.scores["agent"])
