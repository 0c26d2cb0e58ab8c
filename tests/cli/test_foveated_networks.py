"""`scanpath study foveated-networks`, from an empty folder and on a folder of pictures."""

import numpy as np
import pandas as pd
from PIL import Image

QUICK = ("--quick", "--network", "small-resnet", "--size-px", 32)


def test_a_quick_look_writes_tables_and_figures(scanpath, tmp_path):
    done = scanpath("study", "foveated-networks", *QUICK, "--out", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("What the paper says", "What must hold", "crossover", "undecided", "high pass"):
        assert words in done.stdout
    tables = {file.stem: pd.read_csv(file) for file in (tmp_path / "study").glob("*.csv")}
    assert set(tables) == {"scores", "paired", "curves", "representations", "matching", "claims", "gates"}
    assert {file.stem for file in (tmp_path / "study").glob("*.png")} == {
        "conditions",
        "representations",
        "small-resnet",
    }


def test_what_cannot_be_is_one_sentence(scanpath, tmp_path):
    for arguments, words in [
        (("--network", "vgg16"), "small-resnet"),
        (("--epochs", "alexnet"), "NETWORK=NUMBER"),
        (("--pictures", tmp_path / "nowhere"), "nowhere"),
        (("--runs", 1), "runs"),
    ]:
        done = scanpath("study", "foveated-networks", *arguments, "--out", tmp_path / "study")
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "study").exists()


def test_a_class_without_pictures_is_named(scanpath, tmp_path):
    for name in ("bridge", "campus"):
        (tmp_path / "places" / name).mkdir(parents=True)
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "places" / "bridge" / "a.png")
    done = scanpath("study", "foveated-networks", "--pictures", tmp_path / "places", "--out", tmp_path / "study")
    assert done.returncode == 2
    assert "campus" in done.stderr
