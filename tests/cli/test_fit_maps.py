"""`scanpath fit` for maps and factors, on a few small pictures."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scanpath import InputError
from scanpath.cli.fit_pictures import named_pictures


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


def test_a_table_may_name_pictures_without_their_endings(scanpath, tmp_path, lab):
    whole, stems = tmp_path / "whole.json", tmp_path / "stems.json"
    assert scanpath("fit", "calibration", "--agent", "center", *lab, "--out", whole).returncode == 0
    people = pd.read_csv(tmp_path / "people.csv")
    people.assign(stimulus=people["stimulus"].str.removesuffix(".png")).to_csv(tmp_path / "people.csv", index=False)
    done = scanpath("fit", "calibration", "--agent", "center", *lab, "--out", stems)
    assert done.returncode == 0, done.stderr
    texts = [json.loads(path.read_text()) for path in (whole, stems)]
    assert texts[1]["people"]["pictures"] == ["p0", "p1", "p2", "p3"]
    assert texts[0]["numbers"].keys() == texts[1]["numbers"].keys()


def test_names_that_no_picture_has_are_told_with_a_near_one(tmp_path):
    for name in ("a.png", "b.png", "c.png", "c.bmp"):
        Image.new("L", (4, 4)).save(tmp_path / name)
    assert named_pictures(tmp_path, ["a", "b.png"]) == {"a": tmp_path / "a.png", "b.png": tmp_path / "b.png"}
    with pytest.raises(InputError, match=r"lacks 2 of the 3 pictures .* 'B\.jpg' \(it has 'b\.png'\)"):
        named_pictures(tmp_path, ["a", "B.jpg", "d"])
    with pytest.raises(InputError, match=r"two pictures named 'c', c\.bmp and c\.png"):
        named_pictures(tmp_path, ["c"])
    assert list(named_pictures(tmp_path, ["c.png", "c.bmp"])) == ["c.bmp", "c.png"]


@pytest.mark.filterwarnings("always::scanpath.InputWarning")
def test_fixations_that_are_no_picture_pixels_are_told_of(scanpath, tmp_path, lab):
    people = pd.read_csv(tmp_path / "people.csv")
    far = people.assign(x_px=people["x_px"].where(people["fixation"] != 2, 900))
    far.to_csv(tmp_path / "people.csv", index=False)
    done = scanpath("fit", "calibration", "--agent", "center", *lab, "--out", tmp_path / "a.json")
    assert done.returncode == 0, done.stderr
    assert "people: 12 of 60 fixations are far beside their pictures, the first at (900, " in done.stderr
    people.assign(x_px=people["x_px"] + 900).to_csv(tmp_path / "people.csv", index=False)
    out = ("--out", tmp_path / "b")
    for fit in (
        ("calibration", "--agent", "center", "--out", tmp_path / "b.json"),
        ("channels", "--channels", "center", *out),
        ("viewer", "--backbone", "steerable", *out),
    ):
        done = scanpath("fit", *fit, *lab)
        assert done.returncode == 2, done.stderr
        assert "people: no fixation lies on its picture" in done.stderr


def test_a_calibration_that_is_not_there_is_said_once(scanpath, tmp_path, lab):
    done = scanpath("simulate", "--agent", tmp_path / "none.json", tmp_path / "p0.png")
    assert done.returncode == 2
    assert done.stderr == f"scanpath: There is no calibration at {tmp_path / 'none.json'}; check the path.\n"


def test_a_searcher_is_asked_for_in_words_of_the_command_line(scanpath, tmp_path, lab):
    done = scanpath("simulate", "--agent", "searcher", tmp_path / "p0.png")
    assert done.returncode == 2
    assert "--agent searcher --weights FILE" in done.stderr
    assert "create_agent" not in done.stderr


def test_wrong_use_is_one_sentence(scanpath, tmp_path, lab):
    (tmp_path / "some").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "some" / "p1.png")
    out, eccnet = ("--out", tmp_path / "a.json"), ("eccnet", "--backbone", "steerable", "--targets")
    for arguments, message in (
        (("channels", "--channels", "centre"), "No channel is named 'centre'"),
        (("channels", "--channels", *eccnet, tmp_path / "none"), f"There is no folder {tmp_path / 'none'}"),
        (("channels", "--channels", *eccnet, tmp_path / "some"), "no picture of what was looked for in p0.png"),
        (("channels", "--channels", "center", "--backbone", "steerable"), "center has none"),
        (("calibration", "--agent", "random", *out), "'random' draws no map"),
        (("calibration", "--agent", "center", "--backbone", "steerable", *out), "for agents that have one, and center"),
        (
            ("calibration", "--agent", "center", "--pictures", tmp_path / "none", *out),
            "the one that holds the pictures",
        ),
        (("calibration", "--agent", "center", "--pictures", tmp_path / "some", *out), "lacks 3 of the 4 pictures"),
        (("calibration", "--agent", "center", "--out", tmp_path / "a.txt"), "must end in .json"),
    ):
        done = scanpath("fit", arguments[0], *lab, *arguments[1:])
        assert done.returncode == 2, done.stdout + done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr
