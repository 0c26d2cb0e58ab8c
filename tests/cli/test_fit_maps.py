"""`scanpath fit` for maps and factors, on a few small pictures."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image


@pytest.fixture
def lab(tmp_path):
    """Four pictures in a folder, and three people's table."""
    generator = np.random.default_rng(0)
    rows = []
    for n in range(4):
        Image.fromarray(generator.integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(tmp_path / f"p{n}.png")
        for person in "abc":
            for k in range(5):
                x, y = np.clip(generator.normal((32, 24), (10, 8)), 0, (63, 47)).round(1)
                rows.append((f"p{n}.png", person, k, x, y))
    people = pd.DataFrame(rows, columns=["stimulus", "subject", "fixation", "x_px", "y_px"])
    people.to_csv(tmp_path / "people.csv", index=False)
    return ("--people", tmp_path / "people.csv", "--pictures", tmp_path, "--px-per-deg", 8, "--folds", 2)


def test_channels_leave_tables_and_a_figure(scanpath, tmp_path, lab):
    done = scanpath("fit", "channels", "--channels", "center,history,spectral_residual", *lab, "--out", tmp_path / "w")
    assert done.returncode == 0, done.stderr
    assert "bits lost without it" in done.stdout
    assert "All together: " in done.stdout
    assert pd.read_csv(tmp_path / "w" / "bits.csv")["channel"].tolist() == ["center", "history", "spectral_residual"]
    assert json.loads((tmp_path / "w" / "channels.json").read_text())["people"]["n_subjects"] == 3
    assert (tmp_path / "w" / "channels.png").stat().st_size > 0


def test_a_calibration_is_an_agent(scanpath, tmp_path, lab):
    out = tmp_path / "mine.json"
    done = scanpath("fit", "calibration", "--agent", "spectral_residual", *lab, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "bits a fixation beyond the center bias" in done.stdout
    looked = scanpath("simulate", "--agent", out, "--px-per-deg", 8, "--fixations", 3, tmp_path / "p0.png")
    assert looked.returncode == 0, looked.stderr
    assert len(looked.stdout.splitlines()) == 4


def test_wrong_use_is_one_sentence(scanpath, tmp_path, lab):
    for arguments, message in (
        (("channels", "--channels", "centre"), "No channel is named 'centre'"),
        (("channels", "--channels", "eccnet", "--targets", tmp_path / "none", "--backbone", "steerable"), "no target"),
        (("calibration", "--agent", "random", "--out", tmp_path / "a.json"), "'random' draws no map"),
        (("calibration", "--agent", "center", "--out", tmp_path / "a.txt"), "must end in .json"),
    ):
        done = scanpath("fit", *arguments, *lab)
        assert done.returncode == 2, done.stdout + done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr
