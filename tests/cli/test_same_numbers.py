"""The command line and Python give the same numbers, in any order and with any number of workers."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from skimage import data

import scanpath as sp

AGENTS = ("random", "center", "itti_koch")


@pytest.fixture
def pictures(tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for n, path in enumerate(paths):
        Image.fromarray(np.rot90(data.astronaut(), n)).resize((96, 64)).save(path)
    return paths


@pytest.fixture
def table(pictures):
    agents = [sp.create_agent(name) for name in AGENTS]
    return sp.simulate(agents, [sp.Stimulus(path) for path in pictures], n_fixations=5, seed=3)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("step", [1, -1], ids=["in order", "backwards"])
def test_simulated_fixations(scanpath, tmp_path, pictures, table, step, jobs):
    words = [word for name in AGENTS for word in ("--agent", name)]
    words += ["--fixations", 5, "--seed", 3, "--jobs", jobs, "--out", tmp_path / "run.parquet"]
    done = scanpath("simulate", *words, *pictures[::step])
    assert done.returncode == 0, done.stderr
    keys = ["agent", "stimulus", "fixation"]
    expected, got = (
        one[[*keys, "x_px", "y_px"]].sort_values(keys, ignore_index=True)
        for one in (table, sp.read_table(tmp_path / "run.parquet"))
    )
    pd.testing.assert_frame_equal(got, expected, check_exact=True)


def test_scores(scanpath, tmp_path, table):
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        [
            (f"{n}.png", who, i, *rng.uniform((0, 0), (95, 63)).round(1))
            for n in range(3)
            for who in "pqr"
            for i in range(5)
        ],
        columns=["stimulus", "subject", "fixation", "x_px", "y_px"],
    )
    sp.write_table(table, tmp_path / "run.parquet")
    people.to_csv(tmp_path / "people.csv", index=False)
    words = ("--metrics", "scanmatch,dtw", "--screen-px", "96x64", "--json")
    done = scanpath("score", tmp_path / "run.parquet", tmp_path / "people.csv", *words)
    assert done.returncode == 0, done.stderr
    said = {(row["agent"], row["metric"]): row["value"] for row in json.loads(done.stdout)["scores"]}
    scores = sp.evaluate(table, people, ["scanmatch", "dtw"], screen_px=(96, 64))
    assert said == {(row.agent, row.metric): row.value for row in scores.itertuples()}


@pytest.mark.parametrize("kind", ["blur", "texture"])
def test_seen_pictures(scanpath, tmp_path, pictures, kind):
    settings = ("--at", "30,20", "--px-per-deg", 5, "--kind", kind)
    done = scanpath("foveate", pictures[0], tmp_path / "seen.png", *settings)
    assert done.returncode == 0, done.stderr
    image = sp.read_image(pictures[0])
    see = {"blur": sp.foveated_blur, "texture": sp.foveated_texture}[kind]
    expected = (255 * see(image, (30, 20), px_per_deg=5)).round().to(torch.uint8).permute(1, 2, 0)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "seen.png")), expected)
