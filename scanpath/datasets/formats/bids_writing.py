"""Writing BIDS eye tracking: one run a trial, with samples made from the fixations."""

import gzip
import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath import __version__
from scanpath._core.checks import check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, write_text
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.folders import whole_folder
from scanpath.datasets.formats.placement import PictureAt
from scanpath.gaze.pictures import find_pictures
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.table import scanpaths_from_table
from scanpath.geometry.screen import Screen

_COLUMNS = ("timestamp", "x_coordinate", "y_coordinate")
_EVENT_COLUMNS = ("onset", "duration", "trial_type")


def write(
    table: pd.DataFrame,
    path: Path,
    changes: Changes,
    *,
    screen: Screen | dict[str, float] | None = None,
    picture_at: PictureAt | None = None,
    eye: str | None = None,
    sampling_hz: float = 1000.0,
    pictures: str | os.PathLike[str] | None = None,
) -> None:
    """Write a BIDS folder in which each scanpath is one run that starts with its picture.

    A fixation table has no samples; the physio files hold constant positions during each fixation and none between,
    and say so in their description.

    Parameters
    ----------
    screen
        The display, as a `Screen` or its five numbers; BIDS requires its size, resolution and distance.
    picture_at
        "screen" if the picture's pixels are the screen's, or (left, top) of the picture on the screen in px.
    eye
        "left", "right" or "cyclopean": which eye was recorded.
    sampling_hz
        Rate of the samples.
    pictures
        Folder of the pictures, which are copied to ``stimuli``; the BIDS validator asks for them there.
    """
    screen = _screen(screen)
    left, top = _corner(picture_at)
    if eye is None:
        raise InputError("BIDS requires RecordedEye: give eye='left', 'right' or 'cyclopean'.")
    check_positive("sampling_hz", sampling_hz)
    if table[["onset_ms", "duration_ms", "subject"]].isna().any(axis=None):
        raise InputError("BIDS needs subject, onset_ms and duration_ms of every fixation; some are missing.")
    names = sorted(table["stimulus"].unique())
    twice = {_file_name(name): name for name in reversed(names)}
    if len(twice) < len(names):
        first = next(name for name in names if twice[_file_name(name)] != name)
        raise InputError(f"{first!r} and {twice[_file_name(first)]!r} would be one file in BIDS' stimuli; rename one.")
    subjects: dict[str, str] = {}
    runs: dict[str, int] = {}
    with whole_folder(path) as folder:
        write_text(folder / "dataset_description.json", _json(_description(table, path)))
        if pictures is not None:
            _copy_pictures(table["stimulus"].unique(), Path(pictures), folder / "stimuli")
        for scanpath in scanpaths_from_table(table):
            label = _label(str(scanpath.info["subject"]), subjects)
            task = re.sub(r"[^0-9a-zA-Z]", "", str(scanpath.info.get("task") or "view")) or "view"
            runs[label] = runs.get(label, 0) + 1
            stem = folder / f"sub-{label}" / "beh" / f"sub-{label}_task-{task}_run-{runs[label]:04d}"
            _write_run(stem, scanpath, screen, (left, top), eye, sampling_hz)
    if pictures is None:
        changes.add("assumed", "pictures are added by hand to the folder stimuli, as their folder was not given")
    changes.add("renamed", "scanpaths to runs that start with their picture; trial names are not kept")
    changes.add("unit", "times from ms to s")
    changes.add("assumed", f"samples at {sampling_hz:g} Hz were made from the fixations, constant during each")


def _write_run(
    stem: Path, scanpath: Scanpath, screen: Screen, corner: tuple[float, float], eye: str, rate: float
) -> None:
    onset, duration = (np.asarray(times) / 1000 for times in (scanpath.onset_ms, scanpath.duration_ms))
    xy = scanpath.xy + np.array(corner)
    samples = _samples(onset, duration, xy, rate)
    facts = {
        "Description": "Samples made from fixations: constant during each, n/a between.",
        "SamplingFrequency": rate,
        "StartTime": float(samples[0, 0]),
        "Columns": list(_COLUMNS),
        "PhysioType": "eyetrack",
        "RecordedEye": eye,
        "SampleCoordinateSystem": "gaze-on-screen",
        "timestamp": {"Description": "Time from the onset of the picture.", "Units": "s"},
        "x_coordinate": {"LongName": "Gaze position (x)", "Units": "pixel"},
        "y_coordinate": {"LongName": "Gaze position (y)", "Units": "pixel"},
    }
    events = {
        "Columns": list(_EVENT_COLUMNS),
        "Description": "Fixations.",
        "OnsetSource": "timestamp",
        "onset": {"Units": "s"},
        "duration": {"Units": "s"},
    }
    # mind the order of suffixes: BIDS' recording entity stands after run
    record = stem.with_name(f"{stem.name}_recording-eye1")
    _gz(record.with_name(f"{record.name}_physio.tsv.gz"), pd.DataFrame(samples))
    write_text(record.with_name(f"{record.name}_physio.json"), _json(facts))
    rows = pd.DataFrame({"onset": onset, "duration": duration, "trial_type": "fixation"})
    _gz(record.with_name(f"{record.name}_physioevents.tsv.gz"), rows)
    write_text(record.with_name(f"{record.name}_physioevents.json"), _json(events))
    end = float((onset + duration).max(initial=0.0))
    shown = pd.DataFrame({"onset": [0.0], "duration": [end], "stim_file": [_file_name(scanpath.info["stimulus"])]})
    write_text(stem.with_name(f"{stem.name}_events.tsv"), shown.to_csv(sep="\t", index=False, lineterminator="\n"))
    write_text(stem.with_name(f"{stem.name}_events.json"), _json({"StimulusPresentation": _presentation(screen)}))


def _file_name(stimulus: str) -> str:
    """Name of the picture inside the folder stimuli; a path on somebody's machine is none."""
    return re.split(r"[/\\]", stimulus)[-1]


def _copy_pictures(names: Iterable[str], source: Path, folder: Path) -> None:
    found = {one.name: one for one in find_pictures(source)}
    folder.mkdir()
    for name in map(_file_name, names):
        if name not in found:
            raise InputError(f"There is no picture {name!r} in {source}; give the folder that has all of them.")
        shutil.copyfile(found[name], folder / name)


def _description(table: pd.DataFrame, path: Path) -> dict[str, Any]:
    made = {"Name": "scanpath", "Version": __version__}
    return {"Name": _name(table, path), "BIDSVersion": "1.11.0", "DatasetType": "raw", "GeneratedBy": [made]}


def _samples(onset: np.ndarray, duration: np.ndarray, xy: np.ndarray, rate: float) -> np.ndarray:
    # the first sample lies at the first onset, so that short fixations between samples do not lose their place
    start = float(onset.min(initial=0.0)) if len(onset) else 0.0
    count = max(1, int(np.ceil((float((onset + duration).max(initial=start)) - start) * rate)) + 1)
    samples = np.full((count, 3), np.nan)
    samples[:, 0] = start + np.arange(count) / rate
    for begin, length, place in zip(onset, duration, xy):
        first = round((begin - start) * rate)
        last = max(first + 1, int(np.ceil((begin + length - start) * rate)))
        samples[first:last, 1:] = place
    return samples


def _gz(path: Path, table: pd.DataFrame) -> None:
    text = table.to_csv(sep="\t", header=False, index=False, na_rep="n/a", lineterminator="\n")
    with atomic_path(path) as temporary:
        temporary.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))  # equal data give equal bytes


def _presentation(screen: Screen) -> dict[str, Any]:
    return {
        "ScreenDistance": screen.distance_cm / 100,
        "ScreenOrigin": ["top", "left"],
        "ScreenResolution": [int(screen.width_px), int(screen.height_px)],
        "ScreenSize": [screen.width_cm / 100, screen.height_cm / 100],
    }


def _screen(screen: Screen | dict[str, float] | None) -> Screen:
    if screen is None:
        raise InputError(
            "BIDS requires the screen: give screen=Screen(width_px, height_px, width_cm, height_cm, distance_cm)."
        )
    return screen if isinstance(screen, Screen) else Screen(**screen)  # type: ignore[arg-type]  # its pixels are whole numbers, which Screen checks


def _corner(picture_at: PictureAt | None) -> tuple[float, float]:
    if isinstance(picture_at, str) and picture_at == "screen":
        return 0.0, 0.0
    try:
        left, top = (float(side) for side in picture_at or ())
    except (TypeError, ValueError):
        raise InputError(
            "BIDS stores screen pixels: give picture_at='screen' or (left, top) of the picture on the screen in px."
        ) from None
    return left, top


def _label(subject: str, known: dict[str, str]) -> str:
    """BIDS labels have letters and digits only; two people must not become one by that."""
    label = re.sub(r"[^0-9a-zA-Z]", "", subject)
    if not label or known.setdefault(label, subject) != subject:
        raise InputError(f"The subject {subject!r} has no BIDS label of its own (letters and digits); rename it.")
    return label


def _name(table: pd.DataFrame, path: Path) -> str:
    names = table["dataset"].dropna().unique()
    return str(names[0]) if len(names) == 1 else path.name


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, indent=2, allow_nan=False) + "\n"
