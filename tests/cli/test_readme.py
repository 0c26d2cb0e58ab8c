"""What the README tells people to type, typed: every line of the sections about their own files."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
WIDTH, HEIGHT = 800, 460  # the box that the README names lies in it
SMALL = 420, 320  # and its fixation in this
DATA_VIEWER = (
    "RECORDING_SESSION_LABEL\tTRIAL_INDEX\tEYE_USED\tCURRENT_FIX_INDEX\tCURRENT_FIX_X\tCURRENT_FIX_Y\t"
    "CURRENT_FIX_START\tCURRENT_FIX_DURATION\timage\n"
    "s01\t1\tRIGHT\t1\t512.0\t384.5\t12\t200\ta.jpg\n"
    "s01\t1\tRIGHT\t2\t600.25\t300.0\t400\t310\ta.jpg\n"
)
TOBII = (
    "ParticipantName\tRecordingName\tMediaName\tRecordingTimestamp\tFixationIndex\tGazeEventType\t"
    "GazeEventDuration\tFixationPointX (MCSpx)\tFixationPointY (MCSpx)\n"
    "P1\tR1\ta.jpg\t100\t1\tFixation\t200\t50\t60\nP1\tR1\ta.jpg\t300\t2\tFixation\t200\t90\t60\n"
)
COCO_SEARCH = [{"name": "a.jpg", "subject": 2, "task": "bottle", "X": [84.2, 107.9], "Y": [51.2, 34.7], "T": [73, 190]}]


def blocks(heading, language):
    """Fenced code of one language below a heading, up to the next heading of its level."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def commands(heading):
    """Command lines below a heading, as words."""
    lines = "".join(blocks(heading, "bash")).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.strip()]


def photograph(path, size_px=(WIDTH, HEIGHT), turned=0):
    Image.fromarray(np.rot90(data.astronaut(), turned)).resize(size_px).save(path)


def recorded(path, pictures, size_px=(WIDTH, HEIGHT)):
    """Three people's fixations on pictures."""
    rng = np.random.default_rng(0)
    rows = [
        (picture, f"s{person}", n, *rng.uniform((0, 0), size_px).round(1), 250)
        for picture in pictures
        for person in (1, 2, 3)
        for n in range(4)
    ]
    names = ["stimulus", "subject", "fixation", "x_px", "y_px", "duration_ms"]
    pd.DataFrame(rows, columns=names).to_csv(path, index=False)


def run_all(scanpath, lines):
    """Run command lines where one is; each must end well and write what it names."""
    for program, *words in lines:
        assert program == "scanpath"
        done = scanpath(*words)
        assert done.returncode == 0, f"{shlex.join(words)}: {done.stderr}"
        for option in ("--out", "--figures"):
            if option in words:
                assert Path(words[words.index(option) + 1]).exists(), words
        if words[0] in ("convert", "foveate"):
            assert Path(words[2]).exists(), words


def test_commands_for_your_own_pictures(scanpath, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "desk.jpg"):
        photograph(name, SMALL)
    Path("photos").mkdir()
    photograph("photos/photo.jpg", turned=1)
    Image.fromarray(data.astronaut()[:60, :60]).save("keys.png")
    recorded("people.csv", ["photo.jpg"], SMALL)
    pd.DataFrame({"stimulus": ["photo.jpg"], "x_px": [400], "y_px": [300]}).to_csv("places.csv", index=False)
    Path("fixations.json").write_text(json.dumps(COCO_SEARCH))
    lines = commands("Your own pictures")
    served = [line for line in lines if line[1] == "explore"]
    told = []
    monkeypatch.setattr("scanpath.explore.server.explore", lambda *files, **settings: told.append((files, settings)))
    run_all(scanpath, lines)
    assert len(told) == len(served) == 1
    ((picture,), settings) = told[0]
    assert (picture, settings["people"]) == ("photo.jpg", "people.csv")
    assert {line[1] for line in lines} >= {"simulate", "score", "foveate", "convert", "report", "agents", "doctor"}


def test_commands_for_your_own_data(scanpath, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("report.txt").write_text(DATA_VIEWER)
    Path("Data export.tsv").write_text(TOBII)
    Path("own.csv").write_text("Image,Who,X,Y,Dur\na.jpg,p,10.5,20,0.25\na.jpg,p,30,20.5,0.31\n")
    Path("exports").mkdir()
    for person in ("P1", "P2"):
        Path("exports", f"{person}.tsv").write_text(TOBII.replace("P1", person))
    lines = commands("Your own data")
    lines += [shlex.split(words) for words in re.findall(r"`(scanpath convert exports/[^`]*)`", README)]
    assert len(lines) == 4
    run_all(scanpath, lines)
    assert pd.read_csv("people.csv")["subject"].unique().tolist() == ["P1", "P2"]


def test_python_for_your_own_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photograph("desk.jpg")
    Image.fromarray(data.astronaut()[:60, :60]).save("keys.png")
    recorded("people.csv", ["desk.jpg"])
    (program,) = blocks("Your own data", "python")
    known = {"desk_mask": np.ones((HEIGHT, WIDTH), dtype=bool)}
    exec(compile(program, "README.md", "exec"), known)
    assert len(known["table"]) == 12 or known["table"]["target_found"].iloc[-1]
    assert 1 <= len(known["a"]) <= 4


def test_commands_for_your_own_model(scanpath, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (module,) = blocks("Your own model", "python")
    Path("ours.py").write_text(module)
    Path("photos").mkdir()
    names = [f"{n}.png" for n in range(5)]
    for n, name in enumerate(names):
        photograph(f"photos/{name}", (60, 40), turned=n)
    recorded("people.csv", names, (60, 40))
    run_all(scanpath, commands("Your own model"))
    assert set(pd.read_parquet("run.parquet")["agent"]) == {"contrast", "viewer"}


@pytest.mark.parametrize("heading", ["Your own pictures", "Your own data", "Your own model"])
def test_each_section_has_commands(heading):
    assert commands(heading)
