"""`scanpath study perceptual-scales` and `scanpath stimuli texture-path`, from an empty folder."""

import pandas as pd


def test_the_study_writes_its_tables_and_figure(scanpath, tmp_path):
    done = scanpath("study", "perceptual-scales", "--quick", "--out", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "straight line" in done.stdout
    assert "--human" in done.stdout
    paths = set(pd.read_csv(tmp_path / "study" / "predictions.csv")["path"])
    assert paths == {"frequency", "frequency-bandwidth", "orientation-bandwidth"}
    assert (tmp_path / "study" / "perceptual_scales.png").stat().st_size > 10_000


def test_a_wrong_folder_of_people_is_one_sentence(scanpath, tmp_path):
    done = scanpath("study", "perceptual-scales", "--human", tmp_path, "--out", tmp_path / "study")
    assert done.returncode == 2
    assert "perceptual_metric" in done.stderr
    assert not (tmp_path / "study").exists()


def test_stimuli_are_written_once(scanpath, tmp_path):
    arguments = ("stimuli", "texture-path", "--levels", 5, "--size-px", 64, "--out", tmp_path / "s")
    assert scanpath(*arguments).returncode == 0
    assert len(list((tmp_path / "s").glob("level_*.png"))) == 5
    again = scanpath(*arguments)
    assert again.returncode == 2
    assert "new folder" in again.stderr
