import numpy as np
import pandas as pd
from PIL import Image


def test_the_study_writes_tables_and_the_figure(scanpath, tmp_path):
    quick = ("--task", "lighting_direction", "--trials", 1, "--backbone", "steerable", "--out", tmp_path)
    done = scanpath("study", "asymmetry", "--agents", "eccnet,ivsn.gupta2021", "--agents", "random", *quick)
    assert done.returncode == 0, done.stderr
    index = pd.read_csv(tmp_path / "index.csv")
    assert index["agent"].tolist() == ["eccnet", "ivsn.gupta2021", "random"]
    assert len(pd.read_csv(tmp_path / "trials.csv")) == 3 * 6
    assert (tmp_path / "asymmetry.png").stat().st_size > 10_000
    assert "lighting_direction" in done.stdout


def test_wrong_use_is_one_sentence(scanpath, tmp_path):
    for arguments in (("--task", "lightning"), ("--retrained", "rot90"), ("--backbone", "vgg61")):
        done = scanpath("study", "asymmetry", *arguments, "--out", tmp_path / "new")
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_network_is_trained_and_the_study_takes_it(scanpath, tmp_path):
    for name, gray in (("dark", 40), ("bright", 220)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(2):
            values = np.full((60, 80, 3), gray + number, dtype=np.uint8)
            Image.fromarray(values).save(tmp_path / "pictures" / name / f"{number}.png")
    quick = ("--backbone", "squeezenet1_1", "--scratch", "--epochs", 1, "--batch-size", 2)
    out = tmp_path / "trained"
    done = scanpath("study", "asymmetry-training", tmp_path / "pictures", "--regime", "lines", *quick, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "weights.safetensors" in done.stdout
    study = ("--task", "lighting_direction", "--trials", 1, "--agents", "random", "--backbone", "squeezenet1_1")
    retrained = ("--retrained", f"lines={out / 'weights.safetensors'}")
    done = scanpath("study", "asymmetry", *study, *retrained, "--out", tmp_path / "study")
    assert done.returncode == 0, done.stderr
    assert set(pd.read_csv(tmp_path / "study" / "index.csv")["agent"]) == {"random", "lines"}
