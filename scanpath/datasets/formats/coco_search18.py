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

from scanpath._core.checks import check_size
from scanpath._core.errors import InputError, InputWarning
from scanpath._core.files import write_text
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, numbers, read_json
from scanpath.datasets.formats.placement import SizePx
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.table import scanpaths_from_table

#: Size of the display and of the distributed pictures, width and height.
PICTURE_PX = (1680, 1050)
#: Size to which models of this data set commonly scale pictures.
MODEL_PX = (512, 320)
_EXTRA = {"correct": "correct", "RT": "rt_ms", "split": "split"}


def read(
    path: Path,
    changes: Changes,
    *,
    agent: str | None = None,
    size_px: SizePx | None = None,
    picture_px: SizePx = PICTURE_PX,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read one of the JSON files, of target-present or target-absent trials, or a model's predictions in that form.

    Where a file gives more durations than positions (its test part was cut at the target without its durations), the
    surplus durations are left out. The columns ``correct``, ``rt_ms``, ``split`` and the target's box are kept.

    Parameters
    ----------
    agent
        Name of the model whose predictions these are, such as "HAT"; they need not name a subject.
    size_px
        (width, height) that pictures were scaled to for the model, such as (512, 320): positions and boxes of targets
        are scaled from it to `picture_px`.
    picture_px
        (width, height) of the pictures, as distributed.
    max_bytes
        Larger files are refused.
    """
    trials = read_json(path, max_bytes)
    if not isinstance(trials, list):
        raise InputError(f"{path} is not COCO-Search18 JSON: expected a list of trials, got {type(trials).__name__}.")
    seen: dict[tuple[Any, ...], int] = {}
    frames = [_trial(trial, index, path, changes, seen, agent) for index, trial in enumerate(trials)]
    if not frames:
        raise InputError(f"{path} holds no trial.")
    changes.add("renamed", "name to stimulus, X and Y to x_px and y_px, T to duration_ms")
    table = pd.concat(frames, ignore_index=True)
    if size_px is not None:
        return _scaled(table, size_px, picture_px, changes)
    small = (table["x_px"] <= MODEL_PX[0]).all() and (table["y_px"] <= MODEL_PX[1]).all()
    if agent is not None and small and len(frames) > 1:
        warnings.warn(
            f"{path}: all positions of {agent!r} lie within {MODEL_PX[0]} x {MODEL_PX[1]} px, to which many models' "
            f"pictures are scaled: if they are, give size_px={MODEL_PX}.",
            InputWarning,
            stacklevel=4,
        )
    return table


def _scaled(table: pd.DataFrame, size_px: SizePx, picture_px: SizePx, changes: Changes) -> pd.DataFrame:
    """Positions and boxes from pictures that were scaled; pixels reach half a pixel to all sides of their centers."""
    was, own = check_size("size_px", size_px), check_size("picture_px", picture_px)
    for axis, side, from_px, to_px in zip("xy", "wh", was, own):
        table[f"{axis}_px"] = (table[f"{axis}_px"] + 0.5) * to_px / from_px - 0.5
        table[f"target_{axis}_px"] = table[f"target_{axis}_px"] * to_px / from_px
        table[f"target_{side}_px"] = table[f"target_{side}_px"] * to_px / from_px
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
    x, y, duration = (numbers(trial.get(name, []), name, f"{path}: trial {index}") for name in "XYT")
    if x.shape != y.shape:
        raise InputError(f"{path}: trial {index} has {x.size} X and {y.size} Y.")
    if 0 < duration.size < x.size:
        raise InputError(f"{path}: trial {index} has {x.size} fixations but only {duration.size} durations (T).")
    changes.add("dropped", "durations beyond the last position", n=int(max(duration.size - x.size, 0)))
    frame = pd.DataFrame({"fixation": np.arange(x.size), "x_px": x, "y_px": y})
    frame["duration_ms"] = duration[: x.size] if duration.size else np.nan
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


def write(table: pd.DataFrame, path: Path, changes: Changes) -> None:
    """Write the JSON; every row needs a task (the category that was searched for)."""
    if "task" not in table or table["task"].isna().any():
        raise InputError("COCO-Search18 JSON names the target's category in every trial; fill the column 'task'.")
    facts = table.drop_duplicates([name for name in _KEYS if name in table]).set_index(
        [name for name in _KEYS if name in table]
    )
    trials = [_as_trial(scanpath, facts, changes) for scanpath in scanpaths_from_table(table)]
    write_text(path, json.dumps(trials, allow_nan=False))


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
    return int(name) if name and name.isdecimal() else name


COCO_SEARCH18 = Format("coco_search18", "COCO-Search18 fixation JSON", read, write)
