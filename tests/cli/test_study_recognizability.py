"""`scanpath study recognizability` from an empty folder."""

import pandas as pd
import pytest


def test_the_study_writes_its_tables_and_figure(scanpath, tmp_path):
    settings = ("--quick", "--items", 8, "--training-items", 64, "--size-deg", 2)
    places = ("--eccentricity-deg", 0, "--eccentricity-deg", 16)
    done = scanpath("study", "recognizability", *settings, *places, "--out", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "blur x 8" in done.stdout
    assert len(pd.read_csv(tmp_path / "study" / "items.csv")) == 8 * 3 * 2
    assert (tmp_path / "study" / "recognizability.png").stat().st_size > 10_000


@pytest.mark.parametrize(("option", "value"), [("--size-deg", 0), ("--training-items", 7)])
def test_wrong_numbers_are_one_sentence(scanpath, tmp_path, option, value):
    done = scanpath("study", "recognizability", option, value, "--out", tmp_path / "study")
    assert done.returncode == 2
    assert f"{option} must be" in done.stderr
    assert "Traceback" not in done.stderr
