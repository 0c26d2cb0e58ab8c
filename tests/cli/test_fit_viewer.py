"""`scanpath fit viewer`."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

import scanpath as sp
from scanpath.cli.app import app


@pytest.fixture
def study(tmp_path):
    """Four pictures and two people."""
    (tmp_path / "pictures").mkdir()
    rows = []
    for k in range(4):
        rng = np.random.default_rng(k)
        Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(tmp_path / f"pictures/p{k}.png")
        for subject in "ab":
            rows += [
                {"stimulus": f"p{k}", "subject": subject, "fixation": n, "x_px": x, "y_px": y}
                for n, (x, y) in enumerate(rng.uniform(5, 55, (4, 2)))
            ]
    pd.DataFrame(rows).to_csv(tmp_path / "people.csv", index=False)
    return tmp_path


def _fit(study, *more):
    arguments = ["fit", "viewer", "--people", study / "people.csv", "--pictures", study / "pictures"]
    arguments += ["--px-per-deg", 10, "--out", study / "v.safetensors", "--backbone", "steerable", "--epochs", 1]
    return CliRunner().invoke(app, [str(part) for part in (*arguments, *more)], catch_exceptions=True)


@pytest.mark.filterwarnings("ignore:On pictures that were left out")  # these people looked anywhere
def test_people_and_pictures_become_a_viewer(study, monkeypatch):
    monkeypatch.setattr("scanpath.training.readout_training.LEAST_VISITS", 1)
    result = _fit(study, "--folds", 2, "--origin", "recordings=made up")
    assert result.exit_code == 0, result.output
    assert "bits a fixation beyond the center bias" in result.stdout
    viewer = sp.create_agent("viewer", weights=study / "v.safetensors")
    assert viewer.card["origin"] == {"recordings": "made up"}
    table = sp.simulate(viewer, sp.Stimulus(study / "pictures/p0.png"), n_fixations=3)
    assert len(table) == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--folds", 1), "folds must be"),
        (("--origin", "nobody"), "--origin"),
        (("--backbone", "squeeze", "--folds", 2), "squeezenet"),
    ],
)
def test_wrong_use_is_one_sentence(study, more, message):
    result = _fit(study, *more)
    assert isinstance(result.exception, sp.InputError)
    assert message in str(result.exception)


def test_a_fit_that_is_stopped_says_that_it_goes_on(study, monkeypatch):
    def stop(fit, advance):
        raise KeyboardInterrupt

    monkeypatch.setattr("scanpath.training.viewer.ViewerFit.run", stop)
    result = _fit(study, "--folds", 2)
    assert result.exit_code == 130
    assert "the same command goes on" in result.stderr
