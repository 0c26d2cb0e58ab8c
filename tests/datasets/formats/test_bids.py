"""BIDS eye tracking: files made outside the writer under test, in the shapes of published data sets."""

import gzip
import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scanpath.datasets.formats import read_fixations, write_fixations

PRESENTATION = {
    "ScreenDistance": 0.6,
    "ScreenOrigin": ["top", "left"],
    "ScreenResolution": [1000, 800],
    "ScreenSize": [0.5, 0.4],
}


def bids(folder, *, origin=("top", "left"), unit="pixel", clock="ms", source="OnsetSource", eye="right", number=1):
    """A run of 4 s at 500 Hz whose device clock starts at 5000 ms; two pictures, three fixations."""
    run = folder / "sub-01" / "beh"
    run.mkdir(parents=True, exist_ok=True)
    stem = run / "sub-01_task-look_run-1"
    time = 5000.0 + np.arange(2000) * 2
    xy = np.full((2000, 2), np.nan)
    for begin, end, place in ((100, 300, (400, 300)), (350, 600, (500, 200)), (1100, 1400, (10, 790))):
        inside = (time - 5000 >= begin) & (time - 5000 < end)
        xy[inside] = np.array(place) + np.where(np.arange(inside.sum()) % 2, 1, -1)[:, None]  # symmetric jitter
    if "bottom" in origin:
        xy[:, 1] = 799 - xy[:, 1]
    if unit == "mm":
        xy = xy * 0.5
    factor = {"ms": 1.0, "s": 1e-3}[clock]
    rows = pd.DataFrame({"t": time * factor, "x": xy[:, 0], "y": xy[:, 1], "p": 1000})
    rec = f"{stem}_recording-eye{number}"
    with gzip.open(f"{rec}_physio.tsv.gz", "wt") as file:
        rows.to_csv(file, sep="\t", header=False, index=False, na_rep="n/a")
    facts = {
        "PhysioType": "eyetrack",
        "RecordedEye": eye,
        "SamplingFrequency": 500,
        "StartTime": 0.0,
        "Columns": ["timestamp", "x_coordinate", "y_coordinate", "pupil_size"],
        "SampleCoordinateSystem": "gaze-on-screen",
        "timestamp": {"Units": clock},
        "x_coordinate": {"Units": unit},
        "y_coordinate": {"Units": unit},
    }
    (folder / f"sub-01/beh/sub-01_task-look_run-1_recording-eye{number}_physio.json").write_text(json.dumps(facts))
    onset = np.array([100.0, 320.0, 350.0, 1100.0])
    if source in ("OnsetSource", "ForeignIndexColumn"):
        events = pd.DataFrame({"onset": (5000 + onset) * factor, "duration": np.array([200, 20, 250, 300]) * factor})
    else:
        events = pd.DataFrame({"onset": onset / 1000, "duration": np.array([0.2, 0.02, 0.25, 0.3])})
        if source == "rows":
            events["onset"] = (onset / 2).astype(int)
    events["trial_type"] = ["fixation", "saccade", "fixation", "fixation"]
    with gzip.open(f"{rec}_physioevents.tsv.gz", "wt") as file:
        events.to_csv(file, sep="\t", header=False, index=False)
    facts = {"Columns": ["onset", "duration", "trial_type"]}
    if source:
        facts |= {"OnsetSource": "n/a"} if source == "rows" else {source: "timestamp"}
    (folder / f"sub-01/beh/sub-01_task-look_run-1_recording-eye{number}_physioevents.json").write_text(
        json.dumps(facts)
    )
    (run / "sub-01_task-look_run-1_events.tsv").write_text(
        "onset\tduration\tstim_file\n0.05\t0.9\timages/a.png\n1.0\t0.9\timages/b.png\n"
    )
    # in the root, as BIDS' inheritance principle allows
    (folder / "task-look_events.json").write_text(
        json.dumps({"StimulusPresentation": {**PRESENTATION, "ScreenOrigin": list(origin)}})
    )
    (folder / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.11.0"}')
    return folder


@pytest.mark.parametrize("origin", [("top", "left"), ("bottom", "left")])
@pytest.mark.parametrize("unit", ["pixel", "mm"])
@pytest.mark.parametrize(
    ("clock", "source"),
    [("ms", "OnsetSource"), ("s", "OnsetSource"), ("ms", "ForeignIndexColumn"), ("ms", "rows"), ("ms", None)],
)
def test_bids_recordings_agree_whatever_their_units_and_origin(origin, unit, clock, source, tmp_path):
    table, changes = read_fixations(
        bids(tmp_path, origin=origin, unit=unit, clock=clock, source=source), picture_at=(100, 100)
    )
    assert table["stimulus"].tolist() == ["a.png", "a.png", "b.png"]
    np.testing.assert_allclose(table[["x_px", "y_px"]], [(300, 200), (400, 100), (-90, 690)], atol=0.03)
    np.testing.assert_allclose(table["onset_ms"], [50, 300, 100], atol=1e-6)
    np.testing.assert_allclose(table["duration_ms"], [200, 250, 300])
    assert table["trial"].tolist() == ["1-1", "1-1", "1-2"]
    assert any(change.kind == "flip" for change in changes) == ("bottom" in origin)


def test_bids_eyes_are_not_mixed(tmp_path):
    bids(tmp_path)
    bids(tmp_path, eye="left", number=2)
    with pytest.raises(ValueError, match="both eyes"):
        read_fixations(tmp_path, picture_at="screen")
    assert len(read_fixations(tmp_path, picture_at="screen", eye="left")[0]) == 3


def test_bids_without_detected_fixations_says_so(tmp_path):
    bids(tmp_path)
    next(tmp_path.rglob("*_physioevents.tsv.gz")).unlink()
    with pytest.raises(FileNotFoundError, match="detect fixations first"):
        read_fixations(tmp_path, picture_at="screen")


def test_a_gzip_bomb_is_stopped_at_the_limit(tmp_path):
    bids(tmp_path)
    next(tmp_path.rglob("*_physio.tsv.gz")).write_bytes(gzip.compress(b"0\t" * 20_000_000))
    with pytest.raises(ValueError, match=r"above the limit of 1000000.*raise max_bytes"):
        read_fixations(tmp_path, picture_at="screen", max_bytes=1_000_000)


def edit_json(path, **facts):
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_bids_clocks_without_units_are_told_by_the_sampling_rate(tmp_path):
    physio = next(bids(tmp_path).rglob("*_physio.json"))
    edit_json(physio, timestamp={"Description": "no unit"})
    table, _ = read_fixations(tmp_path, picture_at="screen")
    np.testing.assert_allclose(table["onset_ms"], [50, 300, 100], atol=1e-6)
    edit_json(physio, SamplingFrequency=333)
    with pytest.raises(ValueError, match="no Units in its"):
        read_fixations(tmp_path, picture_at="screen")


def test_bids_events_that_mark_moments_last_until_the_next_one(tmp_path):
    # as in published EEG recordings: rows of duration 0, a byte order mark, and the events for all runs in the root
    bids(tmp_path)
    next(tmp_path.rglob("*_events.tsv")).unlink()
    (tmp_path / "task-look_events.tsv").write_bytes(
        "\ufeffonset\tduration\ttrial_type\n0.05\t0.0\t12\n1.0\t0.0\t1\n".encode()
    )
    table, changes = read_fixations(tmp_path, picture_at="screen", stimulus_column="trial_type")
    assert table["stimulus"].tolist() == ["12", "12", "1"]
    assert any("until the next one" in change.text for change in changes)
    one = next(tmp_path.rglob("*_physio.tsv.gz"))  # a single file still inherits from the root of its data set
    pd.testing.assert_frame_equal(
        read_fixations(one, format="bids", picture_at="screen", stimulus_column="trial_type")[0], table
    )


def test_a_bids_fixation_belongs_to_the_picture_on_which_it_began(tmp_path):
    bids(tmp_path)
    (tmp_path / "sub-01/beh/sub-01_task-look_run-1_events.tsv").write_text(
        "onset\tduration\tstim_file\n0.05\t0.15\ta.png\n0.2\t1.0\tb.png\n"
    )
    table, changes = read_fixations(tmp_path, picture_at="screen")
    assert table["stimulus"].tolist() == ["a.png", "b.png", "b.png"]
    np.testing.assert_allclose(table["onset_ms"], [50, 150, 900])
    said = "assumed: fixations that lasted into the next picture belong to the one on which they began (1 row)"
    assert said in map(str, changes)


def test_bids_runs_without_a_fixation_are_left_out_and_named(tmp_path):
    bids(tmp_path)
    events = next(tmp_path.rglob("*_physioevents.tsv.gz"))
    for file in list((tmp_path / "sub-01/beh").iterdir()):
        (file.parent / file.name.replace("run-1", "run-2")).write_bytes(file.read_bytes())
    (events.parent / events.name.replace("run-1", "run-2")).write_bytes(gzip.compress(b""))
    table, changes = read_fixations(tmp_path, picture_at="screen")
    assert len(table) == 3
    assert any("run-2" in change.text for change in changes)
    events.write_bytes(gzip.compress(b""))
    with pytest.raises(ValueError, match="hold no fixation"):
        read_fixations(tmp_path, picture_at="screen")


def test_bids_onsets_are_written_as_the_standard_says(tmp_path):
    table, _ = read_fixations(bids(tmp_path / "in"), picture_at="screen")
    screen = {"width_px": 1000, "height_px": 800, "width_cm": 50, "height_cm": 40, "distance_cm": 60}
    write_fixations(table, tmp_path / "out", format="bids", screen=screen, picture_at="screen", eye="right")
    for sidecar in (tmp_path / "out").rglob("*_physioevents.json"):
        facts = json.loads(sidecar.read_text())
        columns = json.loads(sidecar.with_name(sidecar.name.replace("physioevents", "physio")).read_text())["Columns"]
        assert facts["OnsetSource"] in columns


SCREEN = {"width_px": 1000, "height_px": 800, "width_cm": 50, "height_cm": 40, "distance_cm": 60}


def write_with_pictures(table, folder, pictures):
    settings = {"screen": SCREEN, "picture_at": "screen", "eye": "right", "pictures": pictures}
    return write_fixations(table, folder, format="bids", **settings)


def test_bids_pictures_are_copied_to_where_the_standard_looks_for_them(tmp_path):
    table, _ = read_fixations(bids(tmp_path / "in"), picture_at="screen")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.png").write_bytes(b"a")
    with pytest.raises(ValueError, match=r"no picture 'b\.png' in"):
        write_with_pictures(table, tmp_path / "out", pictures)
    assert not (tmp_path / "out").exists()
    (pictures / "b.png").write_bytes(b"b")
    table["stimulus"] = "../../" + table["stimulus"]  # a path that leads out stays a name
    write_with_pictures(table, tmp_path / "out", pictures)
    assert sorted(path.name for path in (tmp_path / "out" / "stimuli").iterdir()) == ["a.png", "b.png"]
    for events in (tmp_path / "out").rglob("*_events.tsv"):
        assert (tmp_path / "out" / "stimuli" / pd.read_csv(events, sep="\t")["stim_file"][0]).is_file()


def test_bids_pictures_that_differ_by_their_folder_keep_it(tmp_path):
    events = next(bids(tmp_path).rglob("*_events.tsv"))
    events.write_text(events.read_text().replace("images/b.png", "other/a.png"))
    table, changes = read_fixations(tmp_path, picture_at="screen")
    assert table["stimulus"].tolist() == ["images/a.png", "images/a.png", "other/a.png"]
    assert any("keep their folders" in change.text for change in changes)


def test_bids_pictures_of_different_folders_do_not_become_one(tmp_path):
    table, _ = read_fixations(bids(tmp_path / "in"), picture_at="screen")
    table["stimulus"] = ["one/a.png", "two/a.png", "one/b.png"]
    with pytest.raises(ValueError, match=r"'two/a\.png' and 'one/a\.png' would be one file"):
        write_with_pictures(table, tmp_path / "out", None)


def test_the_bids_validator_finds_no_error(tmp_path):
    program = shutil.which("bids-validator-deno")
    if program is None:
        pytest.skip("bids-validator-deno is not installed")
    table, _ = read_fixations(bids(tmp_path / "in"), picture_at="screen")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (9, 9)).save(pictures / name)
    write_with_pictures(table, tmp_path / "out", pictures)
    done = subprocess.run([program, str(tmp_path / "out"), "--json"], capture_output=True, text=True, timeout=120)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue.get("severity") == "error"] == []
