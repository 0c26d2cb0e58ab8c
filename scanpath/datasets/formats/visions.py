"""ViSioNS JSON: scanpaths of visual search, people's in one file a subject, a model's in one file.

References
----------
Travi, F., Ruarte, G., Bujia, G., & Kamienkowski, J. E. (2022). ViSioNS: Visual search in natural scenes benchmark.
Advances in Neural Information Processing Systems, 35 (Datasets and Benchmarks).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.checks import check_size
from scanpath._core.errors import InputError
from scanpath._core.files import write_text
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.folders import whole_folder
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_names, numbers, read_json
from scanpath.datasets.formats.placement import PictureSizes, SizePx, picture_sizes
from scanpath.datasets.formats.table_columns import durations_to_ms
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.table import scanpaths_from_table

#: What the benchmark calls the one file of a model.
_MODEL = "Scanpaths.json"


def read(
    path: Path,
    changes: Changes,
    *,
    agent: str | None = None,
    picture_px: PictureSizes | None = None,
    time_unit: str = "ms",
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read people's scanpaths (a file or a folder of ``*_scanpaths.json``) or a model's (``Scanpaths.json``).

    A model's coordinates are places on its own grid; they become the centers of the grid's cells in the picture. In
    people's files T is not cut with X and Y; surplus durations are left out. The lists of trials that early versions
    of the benchmark had, with the picture's name in ``image``, are read, too.

    Parameters
    ----------
    agent
        Name of the model, for a model's file; by default its ``subject``.
    picture_px
        (width, height) of the pictures, a mapping or a folder, for a model's file; equal to the file's grid for models
        that work on the picture's own pixels.
    time_unit
        "s", "ms", "us" or "ns" of durations.
    max_bytes
        Larger files are refused.
    """
    files = sorted(path.glob("*_scanpaths.json")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"There is no *_scanpaths.json in {path}.")
    frames = [
        _trial(name, trial, file, agent, picture_px, changes)
        for file in files
        for name, trial in _trials(file, max_bytes)
    ]
    if not frames:
        raise InputError(f"{path} holds no trial.")
    changes.add("renamed", "X and Y to x_px and y_px, T to duration_ms, target_object to task")
    table = pd.concat(frames, ignore_index=True)
    durations_to_ms(table, time_unit, changes)
    without = int(table["task"].isna().sum())
    changes.add("assumed", "some trials have no target_object, and no task", n=without if without < len(table) else 0)
    return table


def _trials(file: Path, max_bytes: int) -> list[tuple[str, dict[str, Any]]]:
    content = read_json(file, max_bytes)
    if isinstance(content, dict):
        trials = list(content.items())
    elif isinstance(content, list) and all(isinstance(trial, dict) and "image" in trial for trial in content):
        trials = [(trial["image"], trial) for trial in content]
    else:
        raise InputError(f"{file} is not ViSioNS JSON: expected a mapping of pictures, got {type(content).__name__}.")
    for name, trial in trials:
        if not isinstance(name, str):
            raise InputError(f"{file}: the image of a trial must be a picture's name, got {str(name)[:60]!r}.")
        if not isinstance(trial, dict):
            raise InputError(f"{file}: the trial of {name} must be a mapping, got {type(trial).__name__}.")
    return trials


def _trial(
    name: str, trial: dict[str, Any], file: Path, agent: str | None, picture_px: PictureSizes | None, changes: Changes
) -> pd.DataFrame:
    missing = [key for key in ("subject", "image_height", "image_width", "target_found", "X", "Y") if key not in trial]
    if missing:
        raise InputError(f"{file}: the trial of {name} has no {', '.join(missing)}.")
    check_names(trial, ("subject", "target_object", "dataset"), f"{file}: the trial of {name}")
    x, y, duration = (
        numbers(trial.get(axis, []), axis, f"{file}: the trial of {name}", gaps=axis == "T") for axis in "XYT"
    )
    if x.size != y.size:
        raise InputError(f"{file}: the trial of {name} has {x.size} X and {y.size} Y.")
    xy = np.column_stack([x, y])
    if 0 < duration.size < len(xy):
        raise InputError(f"{file}: the trial of {name} has {len(xy)} fixations but only {duration.size} durations (T).")
    changes.add("dropped", "durations beyond the last position", n=int(max(duration.size - len(xy), 0)))
    box = _box(trial.get("target_bbox"))
    person = "screen_height" in trial or "T" in trial
    size = trial["image_width"], trial["image_height"]
    if not person:
        xy, box, size = _from_grid(xy, box, name, trial, picture_px, changes, file)
    frame = pd.DataFrame({"fixation": np.arange(len(xy)), "x_px": xy[:, 0], "y_px": xy[:, 1]})
    frame["duration_ms"] = duration[: len(xy)] if duration.size else np.nan
    frame["target_found"] = _flag(trial["target_found"], name, file)
    who = {"subject": str(trial["subject"])} if person else {"agent": agent or str(trial["subject"])}
    frame = frame.assign(dataset=trial.get("dataset"), stimulus=name, task=trial.get("target_object"), **who)
    for side, value in zip("xywh", box):
        frame[f"target_{side}_px"] = value
    frame["picture_width_px"], frame["picture_height_px"] = size
    return frame


def _from_grid(
    xy: np.ndarray,
    box: list[float],
    name: str,
    trial: dict[str, Any],
    picture_px: PictureSizes | None,
    changes: Changes,
    file: Path,
) -> tuple[np.ndarray, list[float], tuple[float, float]]:
    grid = np.array([trial["image_width"], trial["image_height"]], dtype=np.float64)
    if picture_px is None:
        raise InputError(
            f"{file} is a model's output on a grid of {grid[0]:g} x {grid[1]:g}, and the pictures' size is not stored; "
            "give picture_px=(width, height), a mapping or the folder of pictures."
        )
    width, height = map(float, picture_sizes(pd.Series([name]), picture_px)[0])
    scale = np.array([width, height]) / grid
    if (scale != 1).any():
        changes.add("scale", f"cells of the model's grid to px of the picture, times {scale[0]:g} and {scale[1]:g}")
        xy = (xy + 0.5) * scale - 0.5
        box = [side * factor for side, factor in zip(box, [*scale, *scale])]
    return xy, box, (width, height)


def _flag(value: object, name: str, file: Path) -> bool:
    # early versions of the benchmark wrote the words
    known = {"true": True, "false": False, "1": True, "0": False}
    if str(value).lower() not in known:
        raise InputError(f"{file}: target_found of {name} must be true or false, got {value!r}.")
    return known[str(value).lower()]


def _box(box: object) -> list[float]:
    """Turn (top, left, bottom, right) into (x, y, width, height)."""
    if not isinstance(box, list) or len(box) != 4:
        return [np.nan] * 4
    top, left, bottom, right = (float(side) for side in box)
    return [left, top, right - left, bottom - top]


def write(
    table: pd.DataFrame,
    path: Path,
    changes: Changes,
    *,
    picture_px: PictureSizes | None = None,
    receptive_px: SizePx | None = None,
    max_fixations: int | None = None,
    screen_px: SizePx | None = None,
) -> None:
    """Write one JSON file a subject into a folder, or one file for an agent.

    Parameters
    ----------
    picture_px
        (width, height) of the pictures, a mapping or a folder; not needed where the table has the columns
        ``picture_width_px`` and ``picture_height_px``.
    receptive_px
        (height, width) of the window that counts as fixated, as the benchmark defines it; needed for people.
    max_fixations
        The most fixations a trial allowed; the longest scanpath's by default.
    screen_px
        (width, height) of the screen people looked at; by default the picture's, and the report says so.
    """
    if "target_found" not in table or table["target_found"].isna().any():
        raise InputError("ViSioNS JSON says of every scanpath whether the target was found: fill 'target_found'.")
    if table["subject"].isna().any() and (("agent" not in table) or table["agent"].isna().any()):
        raise InputError("ViSioNS JSON says who looked: fill the column 'subject' or 'agent'.")
    table = table if "picture_width_px" in table else _with_sizes(table, picture_px)
    people = table["subject"].notna()
    facts = table.drop_duplicates("stimulus").set_index("stimulus")
    longest = max_fixations or int(table["fixation"].max()) + 1
    if people.any() and receptive_px is None:
        raise InputError("ViSioNS JSON of people needs the fixated window: give receptive_px=(height, width).")
    if people.any() and screen_px is None:
        changes.add("assumed", "the screen was as large as the picture, as screen_px was not given")
    changes.leave_out(table, _HELD)
    texts: dict[str, str] = {}
    for target, group in _files(table, people):
        trials: dict[str, Any] = {}
        for scanpath in scanpaths_from_table(group):
            name = scanpath.info["stimulus"]
            if name in trials:
                raise InputError(f"ViSioNS JSON holds one scanpath a picture and subject, and {name!r} has several.")
            trials[name] = _as_trial(scanpath, facts.loc[name], receptive_px, longest, screen_px)
        texts[target] = json.dumps(trials, indent=4, allow_nan=False)
    if not people.any():
        write_text(path, texts[_MODEL])
        return
    with whole_folder(path) as folder:
        for target, text in texts.items():
            write_text(folder / target, text)


_HELD = (
    *("dataset", "stimulus", "subject", "agent", "task", "target_found", "x_px", "y_px", "duration_ms"),
    *("picture_width_px", "picture_height_px", *(f"target_{side}_px" for side in "xywh")),
)


def _files(table: pd.DataFrame, people: pd.Series) -> list[tuple[str, pd.DataFrame]]:
    if not people.any():
        if table["agent"].nunique() > 1:
            raise InputError("ViSioNS JSON holds one model a file; write the agents one by one.")
        return [(_MODEL, table)]
    if not people.all():
        raise InputError("ViSioNS JSON keeps people and models apart; write them one by one.")
    return [
        (f"subj{index:02d}_scanpaths.json", group)
        for index, (_, group) in enumerate(table.groupby("subject", sort=True), start=1)
    ]


def _with_sizes(table: pd.DataFrame, picture_px: PictureSizes | None) -> pd.DataFrame:
    if picture_px is None:
        raise InputError("ViSioNS JSON stores the pictures' size: give picture_px=(width, height) or their folder.")
    sizes = picture_sizes(table["stimulus"], picture_px)
    return table.assign(picture_width_px=sizes[:, 0], picture_height_px=sizes[:, 1])


def _as_trial(
    scanpath: Scanpath, row: pd.Series, receptive_px: SizePx | None, longest: int, screen_px: SizePx | None
) -> dict[str, Any]:
    person = "subject" in scanpath.info
    height, width = check_size("receptive_px", receptive_px) if receptive_px else (1, 1)
    trial: dict[str, Any] = {
        "subject": scanpath.info["subject" if person else "agent"],
        "dataset": scanpath.info.get("dataset"),
        "image_height": int(row["picture_height_px"]),
        "image_width": int(row["picture_width_px"]),
    }
    if person:
        screen = screen_px or (trial["image_width"], trial["image_height"])
        trial |= {"screen_height": int(screen[1]), "screen_width": int(screen[0])}
    trial |= {
        "receptive_height": height,
        "receptive_width": width,
        "target_found": bool(scanpath.info["target_found"]),
        "target_bbox": _as_box([row.get(f"target_{side}_px", np.nan) for side in "xywh"]),
        "X": scanpath.xy[:, 0].tolist(),
        "Y": scanpath.xy[:, 1].tolist(),
        "target_object": scanpath.info.get("task"),
        "max_fixations": longest,
    }
    if scanpath.duration_ms is not None and not np.isnan(scanpath.duration_ms).any():
        trial["T"] = scanpath.duration_ms.tolist()
    return trial


def _as_box(box: list[float]) -> list[float] | None:
    if any(pd.isna(side) for side in box):
        return None
    x, y, width, height = (float(side) for side in box)
    return [y, x, y + height, x + width]


VISIONS = Format("visions", "ViSioNS benchmark JSON, of people or of a model", read, write, reads_folder=True)
