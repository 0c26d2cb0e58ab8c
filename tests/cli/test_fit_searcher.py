"""`scanpath fit searcher`."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

import scanpath as sp
from scanpath.cli.app import app


@pytest.fixture
def study(tmp_path):
    """Four pictures, a target in each, and two people, one of whom looks on when it is found."""
    rows = []
    for folder in ("pictures", "targets"):
        (tmp_path / folder).mkdir()
    for k in range(4):
        rng = np.random.default_rng(k)
        picture = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / f"pictures/p{k}.png")
        Image.fromarray(picture[20:36, 30:46]).save(tmp_path / f"targets/p{k}.png")
        for subject in "ab":
            rows += [
                {"stimulus": f"p{k}", "subject": subject, "fixation": n, "x_px": x, "y_px": y, "after_target": n > 4}
                for n, (x, y) in enumerate(rng.uniform(5, 55, (6 if subject == "a" else 4, 2)))
            ]
    pd.DataFrame(rows).to_csv(tmp_path / "people.csv", index=False)
    return tmp_path


def _fit(study, *more):
    arguments = ["fit", "searcher", "--people", study / "people.csv", "--pictures", study / "pictures"]
    arguments += ["--px-per-deg", 10, "--out", study / "s.safetensors", "--cue", "pixel_match", "--epochs", 1]
    return CliRunner().invoke(app, [str(part) for part in (*arguments, *more)], catch_exceptions=True)


@pytest.mark.filterwarnings("ignore:On pictures that were left out")  # so few steps teach nothing
def test_people_pictures_and_targets_become_a_searcher(study, monkeypatch):
    monkeypatch.setattr("scanpath.training.readout_training.LEAST_VISITS", 1)
    more = ("--targets", study / "targets", "--folds", 2, "--members", 1, "--origin", "recordings=made up")
    result = _fit(study, *more)
    assert result.exit_code == 0, result.output
    assert "bits a fixation beyond the center bias" in result.stdout
    searcher = sp.create_agent("searcher", weights=study / "s.safetensors")
    assert searcher.card["origin"] == {"recordings": "made up"}
    assert searcher.card["fixations"] == 4 * (4 + 3)  # without first ones, and without those after the target
    simulate = ["simulate", study / "pictures/p0.png", "--agent", "searcher", "--weights", study / "s.safetensors"]
    simulate += ["--target", study / "targets/p0.png", "--fixations", 3, "--out", study / "paths.csv"]
    assert CliRunner().invoke(app, [str(part) for part in simulate]).exit_code == 0
    assert len(sp.read_table(study / "paths.csv")) == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ((), "--targets"),
        (("--dataset", "interiors"), "of its own"),
        (("--targets", "pictures", "--cue", "ivs"), "ivsn"),
        (("--targets", "empty"), "p0.png"),
    ],
)
def test_wrong_use_is_one_sentence(study, monkeypatch, more, message):
    monkeypatch.chdir(study)
    (study / "empty").mkdir()
    Image.new("L", (8, 8)).save(study / "empty/other.png")
    result = _fit(study, *more)
    assert isinstance(result.exception, sp.InputError)
    assert message in str(result.exception)
