"""`scanpath fit`: a fit from files, what is said of it, and what is said of files that cannot be used."""

import json

import numpy as np
import pytest
import skimage.io

import scanpath as sp


@pytest.fixture
def recordings(tmp_path):
    """Two pictures, and four people who looked at them as SceneWalk does."""
    draw = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for name in ("a.png", "b.png"):
        skimage.io.imsave(tmp_path / "pictures" / name, draw.integers(0, 255, (64, 80, 3), dtype=np.uint8))
    stimuli = [sp.Stimulus(path, px_per_deg=4.0) for path in sorted((tmp_path / "pictures").iterdir())]
    agent = sp.create_agent("scenewalk", density="center", parameters={"uniform_share": 0.2})
    people = sp.simulate(agent, stimuli, n_fixations=8, seed=range(4))
    people["subject"] = "s" + people["seed"].astype(str)
    sp.write_table(people.drop(columns=["agent", "seed"]), tmp_path / "people.parquet")
    return tmp_path


def fit(scanpath, folder, *more, people="people.parquet"):
    files = ["--people", people, "--pictures", "pictures", "--out", "fit.json"]
    return scanpath("fit", "scenewalk", *files, "--px-per-deg", 4, "--density", "center", *more, cwd=folder)


def test_a_fit_is_written_shown_and_looked_with(scanpath, recordings):
    ran = fit(scanpath, recordings, "--fitted", "uniform_share,attention_sd_deg", "--set", "gamma=1.5")
    assert ran.returncode == 0, ran.stderr
    assert "bits a fixation beyond uniform" in ran.stdout
    assert "uniform_share" in ran.stdout
    written = json.loads((recordings / "fit.json").read_text())
    assert written["data"] == {"origin": "people.parquet", "people": 4, "pictures": 2, "scanpaths": 8, "fixations": 56}
    assert written["parameters"]["inhibition_exponent"] == 1.5
    assert not (recordings / "fit.json.unfinished").exists()
    look = ["simulate", "--agent", "scenewalk", "--weights", "fit.json", "--px-per-deg", 4, "--fixations", 3]
    looked = scanpath(*look, "pictures/a.png", cwd=recordings)
    assert looked.returncode == 0, looked.stderr
    assert len(looked.stdout.splitlines()) == 4


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--fitted", "speed"), "No parameter of 'subtractive' is named 'speed'"),
        (("--set", "gamma=high"), "--set takes name=value with a number"),
        (("--configuration", "substractive"), "Did you mean subtractive"),
        (("--starts", "0"), "starts must be a whole number of at least 1"),
    ],
)
def test_wrong_use_is_one_sentence(scanpath, recordings, more, sentence):
    ran = fit(scanpath, recordings, *more)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert sentence in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_people_without_durations_are_one_sentence(scanpath, recordings):
    people = sp.read_table(recordings / "people.parquet")
    people["duration_ms"] = np.nan
    sp.write_table(people, recordings / "bare.parquet")
    ran = fit(scanpath, recordings, people="bare.parquet")
    assert ran.returncode == 2
    assert "has no duration; SceneWalk needs" in ran.stderr
    assert not (recordings / "fit.json").exists()
