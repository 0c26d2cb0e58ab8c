"""COCO-Search18's JSON: a list of trials, each with the fixations of one person who looks for one object.

Coordinates are px of the pictures as the data set distributes them, 1680 x 1050 with black margins; those of the
COCO originals differ in scale and offset.

References
----------
Chen, Y., Yang, Z., Ahn, S., Samaras, D., Hoai, M., & Zelinsky, G. (2021). COCO-Search18 fixation dataset for
predicting goal-directed attention control. Scientific Reports, 11, 8776. https://doi.org/10.1038/s41598-021-87715-9
"""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError, InputWarning
from scanpath._core.files import write_text
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_names, numbers, read_json
from scanpath.datasets.formats.placement import SizePx
from scanpath.datasets.formats.reference_frame import to_px
from scanpath.datasets.formats.table_columns import durations_to_ms
from scanpath.gaze.doubts import refuse_codes
from scanpath.gaze.pixels import resized
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.table import scanpaths_from_table

#: Size of the display and of the distributed pictures, width and height.
PICTURE_PX = (1680, 1050)
#: Sizes to which models of this data set commonly scale pictures, cells of a grid and px, the smallest first.
MODEL_PX = ((32, 20), (512, 320))
#: How far beyond 0 to 1 parts of a picture may lie.
_BEYOND = 0.5
_EXTRA = {"correct": "correct", "RT": "rt_ms", "split": "split"}


def read(
    path: Path,
    changes: Changes,
    *,
    agent: str | None = None,
    size_px: SizePx | None = None,
    frame: str = "px",
    picture_px: SizePx = PICTURE_PX,
    time_unit: str = "ms",
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read one of the JSON files, of target-present or target-absent trials, or a model's predictions in that form.

    Where a file gives more durations than positions (its test part was cut at the target without its durations), the
    surplus durations are left out. What fills up a model's scanpaths to one length (null, -1, or what repeats beyond
    the trial's ``length``) is left out, too. The columns ``correct``, ``rt_ms``, ``split`` and the box of the target
    are kept.

    Parameters
    ----------
    agent
        Name of the model whose predictions these are, such as "HAT"; they need not name a subject.
    size_px
        (width, height) that pictures were scaled to for the model, such as (512, 320): positions and boxes of targets
        are scaled from it to `picture_px`.
    frame
        "px", or "normalized" where positions are parts of the picture, 0 to 1.
    picture_px
        (width, height) of the pictures, as distributed.
    time_unit
        "s", "ms", "us" or "ns" of durations.
    max_bytes
        Larger files are refused.
    """
    check_choice("frame", frame, ("px", "normalized"))
    if frame == "normalized" and size_px is not None:
        raise InputError("frame='normalized' needs no size_px, which is for positions in px.")
    trials = read_json(path, max_bytes)
    if not isinstance(trials, list):
        raise InputError(f"{path} is not COCO-Search18 JSON: expected a list of trials, got {type(trials).__name__}.")
    seen: dict[tuple[Any, ...], int] = {}
    frames = [_trial(trial, index, path, changes, seen, agent) for index, trial in enumerate(trials)]
    if not frames:
        raise InputError(f"{path} holds no trial.")
    changes.add("renamed", "name to stimulus, X and Y to x_px and y_px, T to duration_ms")
    table = pd.concat(frames, ignore_index=True)
    durations_to_ms(table, time_unit, changes)
    refuse_codes(table, str(path))
    xy = table[["x_px", "y_px"]].to_numpy(dtype=np.float64)
    parts = bool((xy % 1 != 0).any() and (np.abs(xy - 0.5) <= 0.5 + _BEYOND).all())
    if parts and frame == "px" and (agent is not None or size_px is not None):
        raise InputError(
            f"{path}: all positions lie within 0 to 1, so they are parts of the picture and no px: give "
            "frame='normalized'."
        )
    if frame == "normalized":
        return _from_parts(table, picture_px, changes)
    if size_px is not None:
        return _scaled(table, size_px, picture_px, changes)
    if agent is not None:
        for doubt in _model_doubts(table, agent, len(frames)):
            warnings.warn(f"{path}: {doubt}.", InputWarning, stacklevel=4)
    return table


def _model_doubts(table: pd.DataFrame, agent: str, n: int) -> list[str]:
    """What in a model's predictions is probably not meant: another size than the pictures', zeros at the end."""
    found = []
    size = next((one for one in MODEL_PX if (table["x_px"] <= one[0]).all() and (table["y_px"] <= one[1]).all()), None)
    if size is not None and n > 1:
        found.append(
            f"all positions of {agent!r} lie within {size[0]} x {size[1]} px, to which many models' pictures are "
            f"scaled: if they are, give size_px={size}"
        )
    last = table[~table.duplicated([name for name in _KEYS if name in table], keep="last")]
    zeros = int(((last["x_px"] == 0) & (last["y_px"] == 0)).sum())
    if zeros:
        found.append(
            f"{zeros} scanpath{'s' if zeros > 1 else ''} of {agent!r} end at exactly (0, 0): if zeros fill up "
            "scanpaths to one length, leave them out, or give each trial its 'length'"
        )
    return found


def _from_parts(table: pd.DataFrame, picture_px: SizePx, changes: Changes) -> pd.DataFrame:
    """Positions, and boxes that are such, from parts of the picture."""
    xy = table[["x_px", "y_px"]].to_numpy(dtype=np.float64)
    width, height = check_size("picture_px", picture_px)
    table["x_px"], table["y_px"] = to_px(xy[:, 0], xy[:, 1], "normalized", size_px=(width, height))
    boxes = [f"target_{side}_px" for side in "xywh"]
    boxes_too = bool((table[boxes].max() <= 1).all())
    if boxes_too:
        table[boxes] *= [width, height, width, height]
    changes.add("scale", f"positions{' and boxes' if boxes_too else ''} from 0 to 1 to {width} x {height} px")
    return table


def _scaled(table: pd.DataFrame, size_px: SizePx, picture_px: SizePx, changes: Changes) -> pd.DataFrame:
    """Positions and boxes from pictures that were scaled; pixels reach half a pixel to all sides of their centers."""
    was, own = check_size("size_px", size_px), check_size("picture_px", picture_px)
    for axis, side, scaled_px, own_px in zip("xy", "wh", was, own):
        table[f"{axis}_px"] = resized(table[f"{axis}_px"].to_numpy(), scaled_px, own_px)
        table[f"target_{axis}_px"] = table[f"target_{axis}_px"] * own_px / scaled_px
        table[f"target_{side}_px"] = table[f"target_{side}_px"] * own_px / scaled_px
    changes.add("scale", f"positions and boxes from {was[0]} x {was[1]} to {own[0]} x {own[1]} px")
    return table


def _trial(
    trial: Any,
    index: int,
    path: Path,
    changes: Changes,
    seen: dict[tuple[Any, ...], int],
    agent: str | None,
) -> pd.DataFrame:
    if not isinstance(trial, dict):
        raise InputError(f"{path}: trial {index} must be a mapping, got {type(trial).__name__}.")
    needed = ("name", "subject", "task", "X", "Y") if agent is None else ("name", "task", "X", "Y")
    missing = [name for name in needed if name not in trial]
    if missing:
        model = "; if these are a model's predictions, give agent='its name'" if missing == ["subject"] else ""
        raise InputError(f"{path}: trial {index} has no {', '.join(missing)}{model}.")
    check_names(trial, ("name", "subject", "task", "condition"), f"{path}: trial {index}")
    frame = _fixations(trial, f"{path}: trial {index}", changes, predicted=agent is not None)
    subject = trial.get("subject")
    key = (trial["name"], subject, trial["task"], trial.get("condition"))
    seen[key] = seen.get(key, -1) + 1
    frame = frame.assign(
        dataset="coco_search18",
        stimulus=trial["name"],
        subject=None if subject is None else str(subject),
        trial=str(seen[key]),
        task=trial["task"],
        condition=trial.get("condition"),
    )
    if agent is not None:
        frame["agent"] = str(agent)
    for own, name in _EXTRA.items():
        if own in trial:
            frame[name] = trial[own]
    box = trial.get("bbox")
    known = isinstance(box, list) and len(box) == 4
    sides = numbers(box, "bbox", f"{path}: trial {index}") if known else [np.nan] * 4
    for side, value in zip("xywh", sides):
        frame[f"target_{side}_px"] = value
    return frame


def _fixations(trial: dict[str, Any], what: str, changes: Changes, *, predicted: bool) -> pd.DataFrame:
    """Places and durations of one trial, without what fills up its lists."""
    x, y, duration = (numbers(trial.get(name, []), name, what, gaps=name == "T" or predicted) for name in "XYT")
    if x.shape != y.shape:
        raise InputError(f"{what} has {x.size} X and {y.size} Y.")
    if 0 < duration.size < x.size:
        raise InputError(f"{what} has {x.size} fixations but only {duration.size} durations (T).")
    changes.add("dropped", "durations beyond the last position", n=int(max(duration.size - x.size, 0)))
    filling = _filling(x, y, duration) if predicted else np.zeros(x.size, dtype=bool)
    n = _n_fixations(x, y, filling, trial.get("length"), what)
    changes.add("dropped", "positions that fill up a scanpath (null, -1, 0, or repeated)", n=x.size - n)
    x, y = (numbers(list(values[:n]), name, what) for name, values in (("X", x), ("Y", y)))
    frame = pd.DataFrame({"fixation": np.arange(x.size), "x_px": x, "y_px": y})
    frame["duration_ms"] = duration[: x.size] if duration.size else np.nan
    return frame


def _filling(x: np.ndarray, y: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Which positions of a prediction are no place, or the corner for no time."""
    timeless = duration[: x.size] == 0 if duration.size else np.zeros(x.size, dtype=bool)
    return (np.isnan(x) & np.isnan(y)) | ((x == -1) & (y == -1)) | ((x == 0) & (y == 0) & timeless)


def _n_fixations(x: np.ndarray, y: np.ndarray, filling: np.ndarray, length: object, what: str) -> int:
    """How many positions come before those that only fill up the lists of all trials to one length."""
    if isinstance(length, int) and 0 <= length < x.size:
        beyond = slice(length, None)
        alike = np.ptp(x[beyond]) == 0 and np.ptp(y[beyond]) == 0
        if alike and (x.size - length > 1 or (x[-1] == 0 and y[-1] == 0)):
            filling = filling | (np.arange(x.size) >= length)
        elif not filling[beyond].all():
            warnings.warn(
                f"{what} gives its length as {length} and has {x.size} positions, which are all taken.",
                InputWarning,
                stacklevel=7,
            )
    fixations = np.flatnonzero(~filling)
    return int(fixations[-1]) + 1 if fixations.size else 0


def write(table: pd.DataFrame, path: Path, changes: Changes) -> None:
    """Write the JSON; every row needs a task (the category that was searched for)."""
    if "task" not in table or table["task"].isna().any():
        raise InputError("COCO-Search18 JSON names the target's category in every trial; fill the column 'task'.")
    facts = table.drop_duplicates([name for name in _KEYS if name in table]).set_index(
        [name for name in _KEYS if name in table]
    )
    trials = [_as_trial(scanpath, facts, changes) for scanpath in scanpaths_from_table(table)]
    write_text(path, json.dumps(trials, allow_nan=False))
    first = table["trial"].isna() | (table["trial"] == "0")  # as the reader numbers a person's looks at a picture
    own = table["dataset"].isna() | (table["dataset"] == "coco_search18")
    alike = [name for name, same in (("trial", first), ("dataset", own)) if same.all()]
    changes.leave_out(table, {*_HELD, *alike})


_HELD = (
    *("stimulus", "subject", "agent", "task", "condition", "x_px", "y_px", "duration_ms", *_EXTRA.values()),
    *(f"target_{side}_px" for side in "xywh"),
)
_KEYS = ("stimulus", "subject", "trial", "task", "condition")


def _as_trial(scanpath: Scanpath, facts: pd.DataFrame, changes: Changes) -> dict[str, Any]:
    info = scanpath.info
    row = facts.loc[[tuple(info.get(str(name), np.nan) for name in facts.index.names)]].iloc[0]
    trial: dict[str, Any] = {
        "name": info["stimulus"],
        "subject": _as_number(info.get("subject") or info.get("agent")),
        "task": info["task"],
        "condition": info.get("condition"),
        "X": scanpath.xy[:, 0].tolist(),
        "Y": scanpath.xy[:, 1].tolist(),
        "length": len(scanpath),
    }
    if scanpath.duration_ms is not None and not np.isnan(scanpath.duration_ms).any():
        trial["T"] = scanpath.duration_ms.tolist()
    else:
        changes.add("dropped", "durations of scanpaths in which one is missing (T)", n=len(scanpath))
    box = [row.get(f"target_{side}_px", np.nan) for side in "xywh"]
    if not any(pd.isna(side) for side in box):
        trial["bbox"] = [float(side) for side in box]
    for own, name in _EXTRA.items():
        if name in row and not pd.isna(row[name]):
            trial[own] = row[name].item() if hasattr(row[name], "item") else row[name]
    return trial


def _as_number(name: str | None) -> int | str | None:
    """The number that the data set has for a name, where it is written as the name is: never 1 for "001"."""
    return int(name) if name and name.isdecimal() and str(int(name)) == name else name


COCO_SEARCH18 = Format("coco_search18", "COCO-Search18 fixation JSON", read, write)
