"""CapMIT1003 and MIT1003 on small files made here in their published forms."""

import sqlite3

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import scanpath as sp
from scanpath.datasets import load_dataset
from scanpath.datasets.capmit1003 import GIT_BLOB, captioned_stimuli, git_blob, read_database


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "mit1003" / "ALLSTIMULI"
    folder.mkdir(parents=True)
    for name in ("a.jpeg", "b.jpeg"):
        Image.fromarray(np.full((60, 80, 3), 128, dtype=np.uint8)).save(folder / name)
    return tmp_path


@pytest.fixture
def database(pictures):
    """A database in the published schema, with clicks stored out of order."""
    path = pictures / "capmit1003.db"
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE captions (obs_uid TEXT PRIMARY KEY, usr_uid TEXT, start_time, caption TEXT, img_uid TEXT)"
        )
        db.execute("CREATE TABLE images (img_uid TEXT PRIMARY KEY, img_path TEXT)")
        db.execute("CREATE TABLE clicks (click_id INTEGER PRIMARY KEY, obs_uid TEXT, x INTEGER, y INTEGER, click_time)")
        db.executemany("INSERT INTO images VALUES (?, ?)", [("i1", "a.jpeg"), ("i2", "b.jpeg")])
        start = "2022-01-01 10:00:00"
        db.executemany(
            "INSERT INTO captions VALUES (?, ?, ?, ?, ?)",
            [
                ("o1", "u1", start, "a gray wall", "i1"),
                ("o2", "u2", start, "une façade grise", "i1"),
                ("o3", "u1", start, "fog", "i2"),
                ("o4", "u3", start, "nothing", "lost"),
            ],
        )
        db.executemany(
            "INSERT INTO clicks VALUES (?, ?, ?, ?, ?)",
            [
                (7, "o1", 30, 40, "2022-01-01 10:00:05"),
                (3, "o1", 10, 20, "2022-01-01 10:00:02.500"),
                (5, "o2", 50, 50, "2022-01-01 10:00:01"),
                (9, "o3", 0, 59, "2022-01-01 10:00:09"),
                (10, "o4", 1, 1, "2022-01-01 10:00:09"),
            ],
        )
    db.close()
    return path


def load(root):
    with pytest.warns(UserWarning, match=GIT_BLOB):
        return load_dataset("capmit1003", root=root)


def test_clicks_come_in_the_order_of_their_numbers_without_durations(database):
    data = load(database.parent)
    path = next(p for p in sp.scanpaths_from_table(data.fixations) if p.info["trial"] == "o1")
    assert path.xy.tolist() == [[10, 20], [30, 40]]
    assert path.duration_ms is None
    assert path.onset_ms.tolist() == [2500, 5000]
    assert path.info["subject"] == "u1"
    assert len(data.stimuli) == 2
    # an observation that leads to no picture has a trial and no fixations
    assert set(data.trials["trial"]) == {"o1", "o2", "o3", "o4"}
    assert set(data.fixations["trial"]) == {"o1", "o2", "o3"}


@pytest.mark.parametrize("unit", [1, 1000])
def test_times_may_be_numbers_since_1970(database, unit):
    start = 1_650_000_000 * unit
    with sqlite3.connect(database) as db:
        db.execute("UPDATE captions SET start_time = ?", (start,))
        db.execute("UPDATE clicks SET click_time = ?", (start + 5 * unit,))
    db.close()
    _, clicks = read_database(database)
    assert clicks["onset_ms"].tolist() == [5000] * 5


def test_a_time_that_is_none_is_missing(database):
    with sqlite3.connect(database) as db:
        db.execute("UPDATE clicks SET click_time = 'noon' WHERE click_id = 7")
        db.execute("UPDATE clicks SET click_time = NULL WHERE click_id = 9")
    db.close()
    _, clicks = read_database(database)
    missing = clicks["onset_ms"].isna()
    assert clicks[missing]["trial"].tolist() == ["o1", "o3"]
    assert load(database.parent).fixations["onset_ms"].isna().sum() == 2


def test_a_caption_in_another_encoding_is_read(database):
    with sqlite3.connect(database) as db:
        db.execute(
            "UPDATE captions SET caption = CAST(? AS TEXT) WHERE obs_uid = 'o3'", ("brouillard épais".encode("cp1252"),)
        )
    db.close()
    observations, _ = read_database(database)
    assert set(observations["caption"]) == {"a gray wall", "une façade grise", "brouillard épais", "nothing"}


def test_a_folder_may_have_any_name(database):
    odd = database.parent / "what? 100 #1"
    odd.mkdir()
    database.rename(odd / database.name)
    assert len(read_database(odd / database.name)[0]) == 4


def test_captions_are_paired_with_other_peoples_and_other_pictures(database):
    stimuli = {one.name: one for one in captioned_stimuli(load(database.parent))}
    assert stimuli["a.jpeg#o2"].caption == "une façade grise"
    assert stimuli["a.jpeg#o1"].info["other_person_caption"] == "une façade grise"
    assert stimuli["a.jpeg#o1"].info["other_picture_caption"] == "fog"
    assert stimuli["b.jpeg#o3"].info["other_person_caption"] is None
    assert len(captioned_stimuli(load(database.parent), n_captions=1)) == 2


def test_missing_files_are_named_with_their_source_and_hash(pictures, tmp_path):
    with pytest.raises(sp.InputError, match=rf"github\.com/mad-lab-fau/CapMIT1003.*{GIT_BLOB}"):
        load_dataset("capmit1003", root=pictures)
    (tmp_path / "alone" / "deep").mkdir(parents=True)
    with pytest.raises(sp.InputError, match=r"ALLSTIMULI\.zip .MD5 0d7df8b954ecba69b6796e77b9afe4b6"):
        load_dataset("mit1003", root=tmp_path / "alone" / "deep")
    with pytest.raises(sp.InputError, match="get_mit1003"):
        load_dataset("mit1003", root=pictures)


def test_another_database_is_refused(tmp_path):
    path = tmp_path / "capmit1003.db"
    path.write_bytes(b"no database at all, but long enough to be read as one" * 30)
    with pytest.raises(sp.InputError, match="not a readable SQLite"):
        read_database(path)
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE captions (obs_uid TEXT)")
    db.close()
    with pytest.raises(sp.InputError, match="lacks caption, img_uid"):
        read_database(path)


def test_git_blob_is_gits_name(tmp_path):
    file = tmp_path / "text"
    file.write_bytes(b"hello\n")
    assert git_blob(file) == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_mit1003_takes_a_tidy_table(pictures):
    table = pd.DataFrame(
        {
            "stimulus": ["stimuli/a.jpeg", "stimuli/a.jpeg"],
            "subject": "p1",
            "fixation": [0, 1],
            "x_px": [1.0, 2.0],
            "y_px": [3.0, 4.0],
            "duration_ms": [200.0, 180.0],
        }
    )
    sp.write_table(table, pictures / "mit1003" / "fixations.csv")
    data = load_dataset("mit1003", root=pictures)
    assert [one.name for one in data.stimuli] == ["a.jpeg", "b.jpeg"]
    assert data.fixations["stimulus"].unique().tolist() == ["a.jpeg"]
    assert data.trials["n_fixations"].tolist() == [2]
    table["stimulus"] = "c.jpeg"
    sp.write_table(table, pictures / "mit1003" / "fixations.csv")
    with pytest.raises(sp.InputError, match=r"c\.jpeg"):
        load_dataset("mit1003", root=pictures)
