"""`scanpath objects`, and what other commands make of its boxes."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from scanpath.stimuli import shelf

DETECTOR = "ssdlite320_mobilenet_v3_large"


@pytest.fixture
def folder(tmp_path):
    """Pictures of two shelves, whose ground has the gray level 115."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(2):
        pixels = shelf(2, 3, trial=number, seed=1).image.numpy() * 255
        Image.fromarray(pixels.round().astype(np.uint8).transpose(1, 2, 0)).save(pictures / f"{number}.png")
    return tmp_path


def test_things_on_a_plain_ground_become_boxes_that_oat_looks_at(scanpath, folder):
    done = scanpath("objects", "pictures", "--background", 115, "--out", "boxes.csv", "--figures", "shown", cwd=folder)
    assert done.returncode == 0, done.stderr
    boxes = pd.read_csv(folder / "boxes.csv")
    for number, mine in boxes.groupby("stimulus"):
        expected = shelf(2, 3, trial=int(number[0]), seed=1).objects
        assert sorted(map(tuple, mine[["x", "y", "width", "height"]].to_numpy().tolist())) == sorted(expected)
    assert len(list((folder / "shown").iterdir())) == 2
    arguments = ("--agent", "oat", "--objects", "boxes.csv", "--target-box", "8,16,24,24", "--fixations", 5)
    done = scanpath("simulate", "pictures", *arguments, "--out", "looked.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(folder / "looked.csv")["object_index"].max() <= 5


def test_a_detector_of_a_file_finds_labeled_boxes(scanpath, folder):
    from safetensors.torch import save_file
    from torchvision import models

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = models.get_model(DETECTOR, weights=None, weights_backbone=None)
    save_file(network.state_dict(), folder / "random.safetensors")
    arguments = ("--detector", DETECTOR, "--weights", "random.safetensors", "--least-score", 0, "--out", "boxes.csv")
    done = scanpath("objects", "pictures/0.png", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    boxes = pd.read_csv(folder / "boxes.csv")
    assert boxes["label"].notna().all()
    assert (boxes[["width", "height"]] >= 1).all().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pictures", "--out", "b.csv"], "one of the two"),
        (["pictures", "--background", "9", "--detector", "x", "--out", "b.csv"], "one of the two"),
        (["pictures", "--detector", DETECTOR, "--out", "b.csv"], "needs --weights"),
        (["pictures", "--background", "9", "--out", "b.parquet"], ".csv"),
        (["pictures", "--background", "300", "--out", "b.csv"], "300"),
        (["pictures", "--background", "115", "--least-px", "9999999", "--out", "b.csv"], "No picture has an object"),
        (["nothing.png", "--background", "9", "--out", "b.csv"], "nothing.png"),
        (["pictures", "--detector", "yolo", "--weights", "w.pt", "--out", "b.csv"], "yolo"),
        (["pictures", "--detector", DETECTOR, "--weights", "w.pt", "--out", "b.csv"], "w.pt"),
    ],
)
def test_wrong_use_ends_in_one_sentence(scanpath, folder, arguments, message):
    done = scanpath("objects", *arguments, cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0,0,500,5\n9,9,5,5", "does not lie inside"),
        ("0,0,5,0\n9,9,5,5", "empty"),
        ("0,0,5,5\n0,0,5,5", "the same box"),
        ("0,0,5,5", "at least two"),
        ("", "no boxes"),
        ("0,0,5,five", "number in px"),
    ],
)
def test_bad_boxes_get_one_sentence(scanpath, folder, rows, message):
    (folder / "boxes.csv").write_text(f"x,y,width,height\n{rows}\n")
    arguments = ("--agent", "oat", "--objects", "boxes.csv", "--target-box", "1,1,9,9", "--out", "looked.csv")
    done = scanpath("simulate", "pictures/0.png", *arguments, cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
