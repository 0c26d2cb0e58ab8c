"""CapMIT1003: people uncover blurred pictures of MIT1003 click by click and then write a caption (Zanca et al. 2023).

Click paths have an order and no durations. One observation, a person's clicks and caption for a picture, is one trial.
"""

import hashlib
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError, MissingFileError
from scanpath.datasets.dataset import Dataset, DatasetFolder
from scanpath.datasets.mit1003 import find_picture_folder
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import check_table

DATABASE = "capmit1003.db"
LINK = "https://github.com/mad-lab-fau/CapMIT1003"
#: Git's name for the published file, the SHA-1 of "blob", its length and its bytes, at commit 69df5c9e.
GIT_BLOB = "5c092d0b53258449c7ee4c1c019506d892c46bad"
_TASK = "captioning"
_TABLES = {
    "captions": {"obs_uid", "usr_uid", "start_time", "caption", "img_uid"},
    "images": {"img_uid", "img_path"},
    "clicks": {"click_id", "obs_uid", "x", "y", "click_time"},
}


def load(folder: DatasetFolder, px_per_deg: float | None) -> Dataset:
    """Read the set; each trial has its caption, and `captioned_stimuli` pairs pictures with captions."""
    database = _find(folder.path)
    if git_blob(database) != GIT_BLOB:
        warnings.warn(
            f"{database} is not the published file (its Git blob is not {GIT_BLOB}); numbers may differ.", stacklevel=3
        )
    observations, clicks = read_database(database)
    pictures = find_picture_folder(database.parent)
    info = {"dataset": "capmit1003", "task": _TASK}
    scale = px_per_deg or folder.card.px_per_deg
    names = sorted(observations["stimulus"].dropna().unique())
    missing = [name for name in names if not (pictures / name).is_file()]
    if missing:
        raise MissingFileError(f"{pictures} lacks {len(missing)} picture(s) of CapMIT1003, such as {missing[0]}.")
    stimuli = [Stimulus(pictures / name, px_per_deg=scale, info=dict(info)) for name in names]
    return Dataset(folder.card, database.parent, stimuli, _fixations(observations, clicks), observations)


def read_database(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read observations (one row a person and picture) and clicks, in the order in which they were made.

    The published reader leaves the order of clicks to the database; here they are ordered by their number.

    Returns
    -------
    tuple
        Observations with ``stimulus, subject, trial, caption, start_time``, and clicks with ``trial, fixation, x_px,
        y_px, onset_ms`` from the time at which the picture was shown.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.text_factory = _text
            _check_schema(database, path)
            observations = pd.read_sql_query(
                "SELECT img_path AS stimulus, usr_uid AS subject, obs_uid AS trial, caption, start_time "
                "FROM captions LEFT JOIN images USING (img_uid) ORDER BY img_path, obs_uid",
                database,
            )
            clicks = pd.read_sql_query(
                "SELECT obs_uid AS trial, x AS x_px, y AS y_px, click_time FROM clicks ORDER BY obs_uid, click_id",
                database,
            )
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path} is not a readable SQLite database ({error}).") from error
    clicks["fixation"] = clicks.groupby("trial").cumcount()
    started = clicks["trial"].map(observations.drop_duplicates("trial").set_index("trial")["start_time"])
    clicks["onset_ms"] = (_time(clicks.pop("click_time")) - _time(started)).dt.total_seconds() * 1000
    return observations, clicks


def captioned_stimuli(data: Dataset, *, n_captions: int | None = None) -> list[Stimulus]:
    """Pair each picture with its captions, one stimulus each, named ``picture#trial``.

    ``info`` has the ``picture``, the ``subject`` who wrote the caption, and two captions to compare with:
    ``other_person_caption``, the next person's on the same picture (None if nobody else wrote one), and
    ``other_picture_caption``, one of the next picture.

    Parameters
    ----------
    n_captions
        At most so many captions a picture.
    """
    trials = data.trials.dropna(subset=["stimulus", "caption"])
    trials = trials[trials["caption"].str.strip() != ""]
    by_picture = {str(name): rows.to_dict("records") for name, rows in trials.groupby("stimulus", sort=True)}
    names, pictures = list(by_picture), find_picture_folder(data.root)
    stimuli = []
    for number, name in enumerate(names):
        own, next_name = by_picture[name], names[(number + 1) % len(names)]
        following = by_picture[next_name]
        for index, row in enumerate(own[: n_captions or None]):
            other = own[(index + 1) % len(own)]["caption"] if len(own) > 1 else None
            foreign = following[index % len(following)]["caption"]
            info = {
                "dataset": "capmit1003",
                "task": _TASK,
                "picture": name,
                "subject": row["subject"],
                "other_person_caption": other,
                "other_picture_caption": foreign if next_name != name else None,
            }
            stimuli.append(Stimulus(pictures / name, name=f"{name}#{row['trial']}", caption=row["caption"], info=info))
    return stimuli


def git_blob(path: Path) -> str:
    """Return the name Git gives a file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _find(folder: Path) -> Path:
    for candidate in (folder / DATABASE, folder.parent / DATABASE):
        if candidate.is_file():
            return candidate
    raise MissingFileError(
        f"There is no {DATABASE} in {folder}; get it from {LINK} (Git blob {GIT_BLOB}) and put it there."
    )


def _text(raw: bytes) -> str:
    """Decode a text that people typed; one in another encoding does not make the database unreadable."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _time(values: pd.Series) -> pd.Series:
    """Read points in time, written out or as seconds or milliseconds since 1970; what is neither is missing."""
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().sum() < max(values.notna().sum(), 1):
        return pd.to_datetime(values, format="mixed", errors="coerce", utc=True)
    milliseconds = numbers if numbers.abs().median() > 1e11 else numbers * 1000
    return pd.to_datetime(milliseconds, unit="ms", utc=True)


def _check_schema(database: sqlite3.Connection, path: Path) -> None:
    for table, columns in _TABLES.items():
        found = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
        if not columns <= found:
            lacking = ", ".join(sorted(columns - found))
            raise InputError(f"{path} is not a database of CapMIT1003: its table {table!r} lacks {lacking}.")


def _fixations(observations: pd.DataFrame, clicks: pd.DataFrame) -> pd.DataFrame:
    table = clicks.merge(observations[["trial", "stimulus", "subject"]], on="trial", validate="m:1")
    table = table[table["stimulus"].notna()]
    return check_table(table.assign(dataset="capmit1003", task=_TASK))
