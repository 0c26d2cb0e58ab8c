"""Every writer's file, read back, is the table it was made from."""

import numpy as np
import pandas as pd
import pytest

from scanpath.datasets.formats import convert, read_fixations, table_from_frame, table_to_frame, write_fixations
from scanpath.gaze.table import check_table
from scanpath.geometry.screen import Screen

SCREEN = Screen(width_px=1920, height_px=1080, width_cm=53.0, height_cm=30.0, distance_cm=60.0)


@pytest.fixture
def table() -> pd.DataFrame:
    generator = np.random.default_rng(5)
    frames = []
    for subject in ("1", "2"):
        for stimulus, length in (("a.png", 4), ("b.png", 1), ("c.png", 7)):
            duration = generator.integers(80, 500, length).astype(float)
            frames.append(
                pd.DataFrame(
                    {
                        "dataset": "toy",
                        "stimulus": stimulus,
                        "subject": subject,
                        "trial": "1",
                        "task": "cup",
                        "fixation": np.arange(length),
                        "x_px": generator.uniform(-5, 800, length).round(2),
                        "y_px": generator.uniform(0, 600, length).round(2),
                        "onset_ms": np.concatenate([[0.0], np.cumsum(duration + 30)[:-1]]),
                        "duration_ms": duration,
                        "target_found": subject == "1",
                        "picture_width_px": 800,
                        "picture_height_px": 600,
                    }
                )
            )
    return check_table(pd.concat(frames, ignore_index=True))


CASES = {
    "parquet": ("t.parquet", {}, {}, []),
    "csv": ("t.csv", {}, {}, []),
    "coco_search18": ("t.json", {}, {}, ["onset_ms", "dataset", "trial"]),
    "visions": ("visions", {"receptive_px": (32, 32)}, {}, ["onset_ms", "trial"]),
    "pysaliency": ("t.hdf5", {}, {"time_unit": "s"}, ["dataset"]),
    "pymovements": ("t.feather", {}, {"picture_at": "screen"}, []),
    "multimatch_gaze": ("folder", {}, {}, ["onset_ms"]),
    "matlab": ("t.mat", {}, {"one_based": False, "time_unit": "ms"}, ["dataset"]),
    "bids": (
        "bids",
        {"screen": SCREEN, "picture_at": (560, 240), "eye": "right"},
        {"picture_at": (560, 240)},
        ["dataset", "trial"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reading_what_was_written_gives_the_table_back(name, table, tmp_path):
    for library in {"pysaliency": ["h5py"], "pymovements": ["polars"]}.get(name, []):
        pytest.importorskip(library)
    file, writing, reading, lost = CASES[name]
    write_fixations(table, tmp_path / file, format=name, **writing)
    if name == "pysaliency":
        reading = {**reading, "stimuli": tmp_path / "t.stimuli.txt"}
    back, changes = read_fixations(tmp_path / file, format=name, **reading)
    columns = ["dataset", "stimulus", "subject", "trial", "fixation", "x_px", "y_px", "onset_ms", "duration_ms"]
    order = ["subject", "stimulus", "fixation"]
    kept = [column for column in columns if column not in lost]
    expected = table.sort_values(order)[kept].reset_index(drop=True)
    got = back.sort_values(order)[kept].reset_index(drop=True)
    pd.testing.assert_frame_equal(got, expected, check_exact=False, rtol=1e-9, atol=1e-6)
    assert not any(change.kind == "dropped" for change in changes)


def test_search_formats_keep_the_task_and_whether_the_target_was_found(table, tmp_path):
    write_fixations(table, tmp_path / "v", format="visions", receptive_px=(32, 32))
    back, _ = read_fixations(tmp_path / "v")
    assert set(back["task"]) == {"cup"}
    assert back.groupby("subject")["target_found"].first().to_dict() == {"1": True, "2": False}


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_frames_of_other_libraries_come_in_and_go_out(kind, table):
    if kind == "polars":
        pytest.importorskip("polars")
    back = table_from_frame(table_to_frame(table, kind))
    pd.testing.assert_frame_equal(back, table)


def test_lazy_polars_frames_and_renamed_columns_are_taken(table):
    polars = pytest.importorskip("polars")
    lazy = polars.LazyFrame(
        {"img": ["a"], "who": ["s"], "fixation": [0], "gx": [1.5], "gy": [2.5], "duration_ms": [None]}
    )
    back = table_from_frame(lazy, columns={"stimulus": "img", "subject": "who", "x_px": "gx", "y_px": "gy"})
    assert back.loc[0, ["stimulus", "subject", "x_px"]].tolist() == ["a", "s", 1.5]
    assert back["duration_ms"].isna().all()


def test_a_conversion_says_what_it_did_and_stores_it_with_the_table(table, tmp_path):
    write_fixations(table, tmp_path / "folder", format="multimatch_gaze")
    report = convert(tmp_path / "folder", tmp_path / "out.parquet", from_="multimatch_gaze")
    assert (report.n_fixations, report.n_scanpaths) == (len(table), 6)
    assert "unit: durations from s to ms" in str(report)
    stored = read_fixations(tmp_path / "out.parquet")[0].attrs["scanpath"]["changes"]
    assert stored == ["unit: durations from s to ms"]


def test_unknown_settings_and_formats_are_named(table, tmp_path):
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(KeyError, match=r"'pictures_at'"):
        convert(tmp_path / "a.csv", tmp_path / "b.parquet", pictures_at="screen")
    with pytest.raises(KeyError, match="Did you mean coco_search18"):
        convert(tmp_path / "a.csv", tmp_path / "b.json", to="coco_search")
    with pytest.raises(ValueError, match="can be read but not written"):
        convert(tmp_path / "a.csv", tmp_path / "b.asc", to="eyelink_asc")
    with pytest.raises(ValueError, match=r"name it with to \(--to\)"):
        convert(tmp_path / "a.csv", tmp_path / "b.xyz")
    with pytest.raises(FileNotFoundError, match="nothing at"):
        convert(tmp_path / "none.csv", tmp_path / "b.csv")


@pytest.mark.parametrize("name", ["visions", "multimatch_gaze", "bids"])
def test_a_folder_is_whole_or_not_there_and_is_not_mixed_with_an_earlier_one(name, table, tmp_path):
    file, writing, _, _ = CASES[name]
    bad = table.copy()
    last = bad.index[-1]
    if name == "bids":
        bad.loc[bad["subject"] == bad["subject"][last], "subject"] = "--"  # no letter or digit for its label
    elif name == "visions":
        bad = pd.concat([bad, bad.assign(trial="2")], ignore_index=True)  # a second look at each picture
    else:
        bad.loc[last, "duration_ms"] = np.nan
    with pytest.raises(ValueError, match=r"BIDS label|has several|lacks some"):
        write_fixations(bad, tmp_path / file, format=name, **writing)
    assert list(tmp_path.iterdir()) == []
    write_fixations(table, tmp_path / file, format=name, **writing)
    with pytest.raises(ValueError, match="is there already and not empty"):
        write_fixations(table, tmp_path / file, format=name, **writing)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="is a file, and this format is a folder of its own"):
        write_fixations(table, tmp_path / "file", format=name, **writing)
