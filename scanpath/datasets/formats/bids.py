"""BIDS eye tracking (version 1.11): samples in physio files, fixations in physioevents, pictures in events.

References
----------
The BIDS contributors. The Brain Imaging Data Structure specification, version 1.11.0 (2026), physiological recordings:
eye tracking. https://bids-specification.readthedocs.io
"""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError, MissingFileError
from scanpath.datasets.formats.bids_writing import write
from scanpath.datasets.formats.changes import LASTED, Changes
from scanpath.datasets.formats.delimited import say_no_end
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes, read_gzip, read_json
from scanpath.datasets.formats.placement import PictureAt, PictureSizes, to_picture_px

_SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3,
            "milliseconds": 1e-3, "us": 1e-6, "microseconds": 1e-6, "ns": 1e-9, "nanoseconds": 1e-9}  # fmt: skip
_METERS = {"m": 1.0, "meter": 1.0, "meters": 1.0, "cm": 1e-2, "mm": 1e-3}
_PIXELS = ("pixel", "pixels", "px")
_TYPE = "fixation"


@dataclass
class _Recording:
    """One eye's files, with times in s from the start of the run."""

    physio: Path
    facts: dict[str, Any]
    screen: dict[str, Any]
    samples: pd.DataFrame
    events: pd.DataFrame
    trials: pd.DataFrame

    @property
    def eye(self) -> str:
        """Which eye was recorded, in small letters; empty where that is not said."""
        return str(self.facts.get("RecordedEye", "")).lower()


def read(
    path: Path,
    changes: Changes,
    *,
    eye: str | None = None,
    stimulus_column: str = "stim_file",
    picture_at: PictureAt | None = None,
    picture_px: PictureSizes | None = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read the fixations of a BIDS data set, folder, or single ``*_physio.tsv.gz``.

    A fixation is a row of the physioevents whose ``trial_type`` is "fixation"; its position is the mean of the samples
    during it. It belongs to the picture (row of ``*_events.tsv``) that was shown when it began; onsets are ms from the
    picture's onset. Positions are turned to x right, y down by the screen's facts in ``*_events.json``. Onsets of
    physioevents count as their OnsetSource says: on the clock of a column of the samples, or in rows of samples.

    Parameters
    ----------
    eye
        "left", "right" or "cyclopean", where both eyes were recorded.
    stimulus_column
        Column of the events that names the picture.
    picture_at, picture_px
        Where the picture was on the screen; see `to_picture_px`. The screen's size comes from ScreenResolution.
    max_bytes
        Files that unpack to more are refused.
    """
    recordings = _recordings(path, eye, max_bytes, changes)
    frames = [_fixations(one, stimulus_column, changes).assign(eye=one.eye or None) for one in recordings]
    screens = [_resolution(one) for one in recordings]
    table = pd.concat(frames, ignore_index=True)
    short = table["stimulus"].map(lambda name: re.split(r"[/\\]", str(name))[-1])
    if short.nunique() == table["stimulus"].nunique():
        table["stimulus"] = short
    else:
        changes.add("assumed", "pictures keep their folders in their names, as some differ by these only")
    if eye is None and table.groupby(["subject", "trial"])["eye"].nunique().max() > 1:
        raise InputError(f"{path} holds recordings of both eyes; choose one with eye='left' or eye='right'.")
    if len(set(screens)) > 1:
        raise InputError(f"{path} has recordings on screens of different sizes; convert them one by one.")
    return to_picture_px(
        table,
        changes,
        what=f"{path.name}: x_coordinate and y_coordinate",
        picture_at=picture_at,
        picture_px=picture_px,
        screen_px=screens[0],
    )


def _recordings(path: Path, eye: str | None, max_bytes: int, changes: Changes) -> list[_Recording]:
    """Recordings of the eye that is asked for which hold fixations; at least one."""
    root = _root(path)
    found: list[_Recording] = []
    empty: list[str] = []
    for file in [path] if path.is_file() else sorted(path.rglob("*_physio.tsv.gz")):
        recording = _open(file, root, max_bytes, changes)
        if recording is None:
            continue
        if eye is not None and recording.eye != eye.lower():
            changes.add("dropped", f"recordings of the other eye (eye={eye!r})")
        elif recording.events.empty:
            empty.append(file.name)
        else:
            found.append(recording)
    if not found and empty:
        raise InputError(f"The physioevents of {', '.join(empty[:3])} hold no fixation.")
    if not found:
        raise MissingFileError(f"There is no eye-tracking recording (PhysioType 'eyetrack') in {path}.")
    for name in empty:
        changes.add("dropped", f"recording {name}, whose physioevents hold no fixation")
    return found


def _root(path: Path) -> Path:
    """Folder of the whole data set, from which sidecars are inherited even where a part of it is read."""
    start = path if path.is_dir() else path.parent
    for folder in [start, *start.resolve().parents]:
        if (folder / "dataset_description.json").is_file():
            return folder
    return start


def _open(physio: Path, root: Path, max_bytes: int, changes: Changes) -> _Recording | None:
    facts = _inherited(physio, "physio", root, max_bytes)
    if str(facts.get("PhysioType", "")).lower() != "eyetrack":
        return None
    stem = physio.name.removesuffix("_physio.tsv.gz")
    columns = facts.get("Columns")
    if not columns:
        raise InputError(f"{physio} has no Columns in its .json, so its columns have no names.")
    samples = _gz_table(physio, columns, max_bytes)
    events = physio.with_name(f"{stem}_physioevents.tsv.gz")
    if not events.is_file():
        raise MissingFileError(
            f"{physio} holds samples, and there is no {events.name} that says which of them are fixations; "
            "detect fixations first, for example with pymovements."
        )
    event_facts = _inherited(events, "physioevents", root, max_bytes)
    event_columns = event_facts.get("Columns") or ["onset", "duration", "trial_type"]
    rows = _gz_table(events, event_columns, max_bytes)
    run = physio.with_name(re.sub(r"_recording-[^_]+", "", stem) + "_events.tsv")
    trials = _nearest(run, root)
    return _Recording(
        physio,
        facts,
        _inherited(run, "events", root, max_bytes).get("StimulusPresentation", {}),
        _timed_samples(samples, facts, physio),
        _timed_events(_only_fixations(rows, physio, changes), event_facts, facts, samples, physio),
        _trials(trials, max_bytes, changes),
    )


def _trials(path: Path, max_bytes: int, changes: Changes) -> pd.DataFrame:
    check_bytes(path, "the events", path.stat().st_size, max_bytes)
    try:
        text = path.read_text(encoding="utf-8-sig")
        trials = pd.read_csv(io.StringIO(text), sep="\t", dtype=object, keep_default_na=False, na_values=["n/a"])
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a readable table ({str(error).splitlines()[0]}).") from error
    say_no_end(text, changes)
    for name in ("onset", "duration"):
        if name not in trials:
            raise InputError(f"{path} has no column {name!r}; it has {', '.join(map(str, trials.columns))}.")
        trials[name] = _as_numbers(trials[name], path)
    changes.add("dropped", "events without an onset", n=int(trials["onset"].isna().sum()))
    twice = trials.duplicated()
    changes.add("dropped", "events that are there twice", n=int(twice.sum()))
    return trials[trials["onset"].notna() & ~twice].reset_index(drop=True)


def _as_numbers(column: pd.Series, path: Path) -> pd.Series:
    try:
        return pd.to_numeric(column).astype(np.float64)
    except (ValueError, TypeError):
        wrong = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
        raise InputError(f"{path}: {column.name} must hold numbers, got {wrong.iloc[0]!r} (missing is n/a).") from None


def _nearest(file: Path, root: Path) -> Path:
    """Find the events of a run: its own file, or the nearest one above that applies to it."""
    own = _entities(file.name)
    for folder in _up_to(root, file):
        found = [one for one in folder.glob("*_events.tsv") if _entities(one.name) <= own]
        if found:
            return max(found, key=lambda one: len(_entities(one.name)))
    raise MissingFileError(f"{file.parent} needs {file.name}, which says which picture was shown when.")


def _up_to(root: Path, file: Path) -> list[Path]:
    folder, top = file.parent.resolve(), root.resolve()
    return [one for one in [folder, *folder.parents] if one == top or top in one.parents]


def _inherited(file: Path, suffix: str, root: Path, max_bytes: int) -> dict[str, Any]:
    """Facts from all sidecars that apply, the nearest winning (BIDS' inheritance principle)."""
    own = _entities(file.name)
    facts: dict[str, Any] = {}
    for folder in reversed(_up_to(root, file)):
        for sidecar in sorted(folder.glob(f"*{suffix}.json"), key=lambda one: len(_entities(one.name))):
            if sidecar.name.removesuffix(".json").split("_")[-1] == suffix and _entities(sidecar.name) <= own:
                facts |= read_json(sidecar, max_bytes)
    return facts


def _entities(name: str) -> set[str]:
    return {part for part in name.split(".")[0].split("_") if "-" in part}


def _entity(name: str, key: str) -> str | None:
    found = re.search(rf"(?:^|_){key}-([^_.]+)", name)
    return found[1] if found else None


def _gz_table(path: Path, columns: list[str], max_bytes: int) -> pd.DataFrame:
    content = read_gzip(path, max_bytes)
    check_bytes(path, "the table", len(content), max_bytes)
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if content and content.count(b"\t") != lines * (len(columns) - 1):
        line, n = next((line, n) for line in content.split(b"\n") if (n := line.count(b"\t") + 1) != len(columns))
        raise InputError(f"{path} has a line of {n} columns, {line[:40]!r}, and its .json names {len(columns)}.")
    try:
        table = pd.read_csv(
            io.BytesIO(content), sep="\t", header=None, keep_default_na=False, na_values=["n/a"], dtype=object
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=columns, dtype=object)
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a readable table ({str(error).splitlines()[0]}).") from error
    table.columns = pd.Index(columns)
    for name in {"timestamp", "x_coordinate", "y_coordinate", "onset", "duration"} & set(columns):
        table[name] = _as_numbers(table[name], path)
    return table


def _unit(facts: dict[str, Any], column: str, default: str) -> str:
    described = facts.get(column)
    return str(described.get("Units", default) if isinstance(described, dict) else default)


def _seconds(unit: str, what: str) -> float:
    if unit.lower() not in _SECONDS:
        raise InputError(f"{what} has the unit {unit!r}, which is no unit of time known here ({', '.join(_SECONDS)}).")
    return _SECONDS[unit.lower()]


def _clock(facts: dict[str, Any], samples: pd.DataFrame, physio: Path) -> tuple[str | None, float, float]:
    """Column, factor to s and zero of the samples' clock, so that t = (value - zero) * factor + StartTime."""
    column = next((name for name in ("timestamp", "time") if name in samples), None)
    if column is None or samples.empty:
        return None, 1.0, 0.0
    first = pd.to_numeric(samples[column]).to_numpy(dtype=np.float64)
    unit = _unit(facts, column, "")
    factor = _seconds(unit, f"{physio}: {column}") if unit else _step(first, facts, f"{physio}: {column}")
    return column, factor, float(first[0])


def _step(time: np.ndarray, facts: dict[str, Any], what: str) -> float:
    """Unit of a clock without Units, in s: the one in which its steps make the stated SamplingFrequency."""
    rate = facts.get("SamplingFrequency")
    if rate and len(time) > 1:
        step = float(np.median(np.diff(time))) * float(rate)
        for unit in (1.0, 1e-3, 1e-6, 1e-9):
            if abs(step * unit - 1) < 0.1:
                return unit
    raise InputError(f"{what} has no Units in its .json, and its steps do not fit SamplingFrequency; add Units.")


def _timed_samples(samples: pd.DataFrame, facts: dict[str, Any], physio: Path) -> pd.DataFrame:
    for name in ("x_coordinate", "y_coordinate"):
        if name not in samples:
            raise InputError(f"{physio} has no column {name}; its .json names {', '.join(samples.columns)}.")
    start = float(facts.get("StartTime", 0.0))
    column, factor, zero = _clock(facts, samples, physio)
    if column is None:
        rate = facts.get("SamplingFrequency")
        if not rate:
            raise InputError(f"{physio} has neither a column timestamp nor SamplingFrequency.")
        time = start + np.arange(len(samples)) / float(rate)
    else:
        time = start + (pd.to_numeric(samples[column]).to_numpy() - zero) * factor
    xy = samples[["x_coordinate", "y_coordinate"]].apply(pd.to_numeric).to_numpy(dtype=np.float64)
    return pd.DataFrame({"time": time, "x": xy[:, 0], "y": xy[:, 1]})


def _only_fixations(rows: pd.DataFrame, physio: Path, changes: Changes) -> pd.DataFrame:
    """Events that are fixations, with a word on what the others are called."""
    for name in ("onset", "duration", "trial_type"):
        if name not in rows:
            raise InputError(f"The physioevents of {physio.name} have no column {name}.")
    kinds = rows["trial_type"].astype(str)
    fixations = kinds.str.lower().str.startswith(_TYPE)
    for kind, n in kinds[~fixations].value_counts().items():
        changes.add("dropped", f"events of the trial_type {kind!r}", n=int(n))
    return rows[fixations].reset_index(drop=True)


def _timed_events(
    rows: pd.DataFrame, event_facts: dict[str, Any], facts: dict[str, Any], samples: pd.DataFrame, physio: Path
) -> pd.DataFrame:
    """Fixations' onset and duration in s of the run.

    Onsets that refer to a column of the samples (OnsetSource; ForeignIndexColumn in drafts of the standard) are on the
    tracker's clock and in its unit; with OnsetSource "n/a" they are rows of the samples.
    """
    onset, duration = (pd.to_numeric(rows[name]).to_numpy(dtype=np.float64) for name in ("onset", "duration"))
    source = event_facts.get("OnsetSource", event_facts.get("ForeignIndexColumn"))
    column, factor, zero = _clock(facts, samples, physio)
    start = float(facts.get("StartTime", 0.0))
    length = _unit(event_facts, "duration", "")
    if source == "n/a":
        rate = facts.get("SamplingFrequency")
        if not rate:
            raise InputError(f"The physioevents of {physio.name} count rows, and SamplingFrequency is not given.")
        onset = start + onset / float(rate)
    elif source is not None and column is not None:
        if source != column:
            raise InputError(f"The OnsetSource of {physio.name} is {source!r}, and its samples have {column!r}.")
        onset = start + (onset - zero) * factor
        duration = duration * (1.0 if length else factor)
    else:
        onset = onset * _seconds(_unit(event_facts, "onset", "s"), f"{physio}: onset")
    if length:
        duration = duration * _seconds(length, f"{physio}: duration")
    return pd.DataFrame({"onset": onset, "duration": duration}).sort_values("onset", kind="stable", ignore_index=True)


def _fixations(recording: _Recording, stimulus_column: str, changes: Changes) -> pd.DataFrame:
    physio, trials, events = recording.physio, recording.trials, recording.events
    if stimulus_column not in trials:
        raise InputError(
            f"The events of {physio.name} have no column {stimulus_column!r} that names the picture: give "
            f"stimulus_column, one of {', '.join(trials.columns)}."
        )
    trials = trials[trials[stimulus_column].notna()].sort_values("onset", kind="stable").reset_index(drop=True)
    place = np.searchsorted(trials["onset"].to_numpy(dtype=np.float64), events["onset"] + 1e-9, side="right") - 1
    # a duration of 0 marks a moment and n/a nothing; then the next row says how long the picture stayed
    end = (trials["onset"] + trials["duration"].replace(0, np.nan)).to_numpy(dtype=np.float64)
    shown = (place >= 0) & ~(events["onset"].to_numpy() >= np.nan_to_num(end, nan=np.inf)[place.clip(0)])
    changes.add("dropped", "fixations that began while no picture was shown", n=int((~shown).sum()))
    if np.isnan(end).any():
        changes.add("assumed", "a picture without a duration in events.tsv was shown until the next one")
    events, place = events[shown].reset_index(drop=True), place[shown]
    following = np.append(trials["onset"].to_numpy(dtype=np.float64), np.inf)[place + 1]
    changes.add("assumed", LASTED, n=int((events["onset"] + events["duration"] > following + 1e-9).sum()))
    xy = _mean_positions(recording.samples, events)
    bad = np.isnan(xy[:, 0]) | np.isnan(xy[:, 1])
    changes.add("dropped", "fixations without a valid sample", n=int(bad.sum()))
    xy = _to_screen_px(xy, recording, changes)
    rows = trials.iloc[place]
    parts = [_entity(physio.name, key) for key in ("ses", "run")]
    run = "-".join(part for part in parts if part)
    table = pd.DataFrame(
        {
            "stimulus": [str(name) for name in rows[stimulus_column]],
            "subject": _entity(physio.name, "sub"),
            "trial": [f"{run}-{number + 1}" if run else str(number + 1) for number in place],
            "task": _entity(physio.name, "task"),
            "x_px": xy[:, 0],
            "y_px": xy[:, 1],
            "onset_ms": (events["onset"].to_numpy() - rows["onset"].to_numpy(dtype=np.float64)) * 1000,
            "duration_ms": events["duration"].to_numpy() * 1000,
        }
    )[~bad]
    changes.add("unit", "times from s to ms; positions are means of the samples during the fixation")
    table["fixation"] = table.groupby("trial", sort=False).cumcount()
    return table.reset_index(drop=True)


def _mean_positions(samples: pd.DataFrame, events: pd.DataFrame) -> np.ndarray:
    time = samples["time"].to_numpy()
    first = np.searchsorted(time, events["onset"] - 1e-9, side="left")
    last = np.searchsorted(time, events["onset"] + events["duration"] - 1e-9, side="left")
    last = np.maximum(last, np.minimum(first + 1, len(time)))  # a fixation shorter than a sample has its first one
    xy = samples[["x", "y"]].to_numpy()
    valid = ~(np.isnan(xy[:, 0]) | np.isnan(xy[:, 1]))
    total = np.vstack([np.zeros(2), np.cumsum(np.where(valid[:, None], xy, 0.0), axis=0)])
    count = np.concatenate([[0], np.cumsum(valid)])
    n = (count[last] - count[first]).astype(np.float64)
    n[n == 0] = np.nan
    return (total[last] - total[first]) / n[:, None]


def _resolution(recording: _Recording) -> tuple[int, int]:
    resolution = recording.screen.get("ScreenResolution") or recording.facts.get("ScreenResolution")
    if not resolution:
        raise InputError(
            f"{recording.physio.name}: ScreenResolution is missing in StimulusPresentation of events.json."
        )
    return int(resolution[0]), int(resolution[1])


def _to_screen_px(xy: np.ndarray, recording: _Recording, changes: Changes) -> np.ndarray:
    width, height = _resolution(recording)
    unit = _unit(recording.facts, "x_coordinate", "").lower()
    name = recording.physio.name
    if unit in _METERS:
        size = recording.screen.get("ScreenSize")
        if not size:
            raise InputError(f"{name}: positions are in {unit}, and ScreenSize (in m) is missing in events.json.")
        xy = xy * _METERS[unit] * np.array([width / size[0], height / size[1]])
        changes.add("unit", f"positions from {unit} to px by ScreenSize and ScreenResolution")
    elif unit not in _PIXELS:
        raise InputError(
            f"{name}: positions have the unit {unit or 'not given'!r}; px or a length (m, cm, mm) is needed."
        )
    origin = [str(word).lower() for word in recording.screen.get("ScreenOrigin", ["top", "left"])]
    xy = xy.copy()
    if "bottom" in origin:
        xy[:, 1] = height - 1 - xy[:, 1]
        changes.add("flip", "y counted from the bottom, now from the top")
    if "right" in origin:
        xy[:, 0] = width - 1 - xy[:, 0]
        changes.add("flip", "x counted from the right, now from the left")
    for axis, (side, words) in enumerate(((width, ("left", "right")), (height, ("top", "bottom")))):
        if not set(words) & set(origin) and origin:
            xy[:, axis] += (side - 1) / 2
            changes.add("offset", f"{'xy'[axis]} counted from the center of the screen, now from its {words[0]}")
    return xy


BIDS = Format("bids", "BIDS 1.11 eye tracking (physio, physioevents, events)", read, write, reads_folder=True)
