"""pysaliency's HDF5: Scanpaths, ScanpathFixations and the older FixationTrains.

Coordinates are copied as they are. pysaliency looks densities up by truncation, so that its pixel 0 reaches from 0 to
1, while here it reaches from -0.5 to 0.5; recordings of data sets do not say which of the two they mean.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, first_repeated
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, require_file
from scanpath._core.optional import require
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes, check_hdf5
from scanpath.gaze.table import scanpaths_from_table

#: The file of stimuli or of their names, the names themselves, or "index".
Stimuli: TypeAlias = str | os.PathLike[str] | Sequence[str] | None
_MS = {"s": 1000.0, "ms": 1.0}


def read(
    path: Path,
    changes: Changes,
    *,
    stimuli: Stimuli = None,
    time_unit: str | None = None,
    subject: str | None = None,
    dataset: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read scanpaths; every attribute of a scanpath with one value becomes a column.

    Pictures keep their folders in their names where some differ by these only.

    Parameters
    ----------
    stimuli
        What the stimulus numbers mean: the stimuli's HDF5 file, a text file with one name a line, a list of names, or
        "index" to keep the numbers as names.
    time_unit
        "s" or "ms" of onsets and durations, which the files do not say; not needed where there are none.
    subject
        Who looked, where the file does not say so, such as "unknown": all scanpaths are then one person's trials.
    dataset
        Name of the data set for the table.
    max_bytes
        Files whose arrays would take more are refused.
    """
    h5py = require("h5py", purpose="Reading pysaliency's HDF5")
    require_file(path, "HDF5 file")
    kind = "files"
    try:
        with h5py.File(path, "r") as file:
            check_hdf5(file, path)
            group, kind = _group(file, path)
            arrays = _arrays(group, kind, path, max_bytes)
    except OSError as error:
        raise InputError(f"{path} is not a readable HDF5 file ({error}).") from error
    except KeyError as error:
        raise InputError(f"{path} lacks a part of pysaliency's {kind} ({error.args[0]}).") from error
    names = _stimulus_names(stimuli, path, changes, max_bytes)
    if "subject" not in arrays["scanpath"] and subject is not None:
        arrays["scanpath"]["subject"] = np.array([str(subject)] * len(arrays["lengths"]), dtype=object)
        changes.add("assumed", f"all scanpaths are of subject {subject!r}, each another trial")
    table = _table(arrays, names, path)
    _say_left_out(arrays, table, changes)
    for name in ("onset_ms", "duration_ms"):
        if name in table and table[name].notna().any():
            if time_unit is None:
                raise InputError(f"{path} has times and does not say their unit; give time_unit='s' or 'ms'.")
            factor = _MS[check_choice("time_unit", time_unit, tuple(_MS))]
            table[name] *= factor
            if factor != 1:
                changes.add("unit", f"{name.removesuffix('_ms')} from {time_unit} to ms")
    changes.add("assumed", "coordinates kept, although pysaliency's pixel 0 reaches from 0 to 1 and ours to 0.5")
    if dataset is not None:
        table["dataset"] = dataset
    return table


def _text(value: object) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _group(file: Any, path: Path) -> tuple[Any, str]:
    kind = _text(file.attrs.get("type", ""))
    if kind == "ScanpathFixations":
        return file["scanpaths"], "Scanpaths"
    if kind in ("Scanpaths", "FixationTrains"):
        return file, kind
    if kind == "Fixations":
        raise InputError(f"{path} holds single Fixations without their scanpaths; save the ScanpathFixations instead.")
    raise InputError(f"{path} is no pysaliency file of scanpaths: its type is {kind or 'not given'!r}.")


def _arrays(group: Any, kind: str, path: Path, max_bytes: int) -> dict[str, Any]:
    def whole(dataset: Any, name: str) -> np.ndarray:
        check_bytes(path, f"array {name!r} of shape {dataset.shape}", dataset.size * dataset.dtype.itemsize, max_bytes)
        return dataset[...]

    found: dict[str, Any] = {"scanpath": {}, "fixation": {}}
    if kind == "FixationTrains":
        padded = {name: whole(group[f"train_{name}"], name) for name in ("xs", "ys", "ts")}
        found["lengths"] = (~np.isnan(padded["xs"])).sum(axis=1)
        inside = np.arange(padded["xs"].shape[1]) < found["lengths"][:, None]
        found |= {name: padded[name][inside] for name in ("xs", "ys")}
        found["fixation"]["ts"] = padded["ts"][inside]
        found["n"] = whole(group["train_ns"], "train_ns")
        found["scanpath"]["subject"] = whole(group["train_subjects"], "train_subjects")
        for name, dataset in group.get("scanpath_fixation_attributes", {}).items():
            found["fixation"][name] = whole(dataset, name)[inside]
    else:
        # development versions differ in the name, and in whether rows are padded or one after the other
        found |= {name: whole(group[name], name) for name in ("xs", "ys", "n")}
        found["lengths"] = whole(group["length" if "length" in group else "lengths"], "length")
        found |= {name: _flat(found[name], found["lengths"]) for name in ("xs", "ys")}
        found["fixation"] |= {
            name: _flat(whole(one, name), found["lengths"]) for name, one in group["fixation_attributes"].items()
        }
    for name, dataset in group.get("scanpath_attributes", {}).items():
        found["scanpath"][name] = whole(dataset, name)
    return found


def _flat(rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return rows if rows.ndim == 1 else rows[np.arange(rows.shape[1]) < lengths[:, None]]


def _padded(rows: list[np.ndarray]) -> np.ndarray:
    padded = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = row
    return padded


def _counts(values: np.ndarray, name: str, path: Path) -> np.ndarray:
    """Whole numbers from 0 on, in whatever type they were stored."""
    whole = values.dtype.kind in "iuf" and values.ndim == 1 and bool((np.isfinite(values) & (values >= 0)).all())
    if not whole or (values % 1 != 0).any():
        raise InputError(f"{path} is damaged: {name} must hold whole numbers from 0 on.")
    return values.astype(np.int64)


def _table(arrays: dict[str, Any], names: Sequence[str] | None, path: Path) -> pd.DataFrame:
    lengths, numbers = (_counts(arrays[name], name, path) for name in ("lengths", "n"))
    if len(numbers) != len(lengths):
        raise InputError(f"{path} is damaged: {len(numbers)} stimulus numbers for {len(lengths)} scanpaths.")
    if len(arrays["xs"]) != lengths.sum() or len(arrays["ys"]) != lengths.sum():
        raise InputError(f"{path} is damaged: {len(arrays['xs'])} positions for {lengths.sum()} fixations.")
    if names is not None and len(numbers) and numbers.max() >= len(names):
        raise InputError(f"{path} refers to stimulus {numbers.max()}, and stimuli names only {len(names)}.")
    row = np.repeat(np.arange(len(lengths)), lengths)
    table = pd.DataFrame(
        {
            "stimulus": [str(number) if names is None else names[number] for number in numbers[row]],
            "fixation": np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths),
            "x_px": arrays["xs"].astype(np.float64),
            "y_px": arrays["ys"].astype(np.float64),
        }
    )
    for name, values in arrays["scanpath"].items():
        if values.ndim == 1 and len(values) == len(lengths):
            table[name] = [_text(value) if isinstance(value, bytes) else value for value in values[row]]
    if "subject" not in table:
        raise InputError(
            f"{path} has no scanpath attribute 'subject', so it does not say who looked; give subject='unknown' to "
            "take all scanpaths as one person's."
        )
    for own, name in (("ts", "onset_ms"), ("durations", "duration_ms"), ("duration", "duration_ms")):
        if own in arrays["fixation"]:
            values = arrays["fixation"][own]
            if len(values) != len(table):
                raise InputError(f"{path} is damaged: {len(values)} values of {own} for {len(table)} fixations.")
            table[name] = values.astype(np.float64)
    table["subject"] = table["subject"].map(_text)
    return _number_repeats(table, row)


def _number_repeats(table: pd.DataFrame, row: np.ndarray) -> pd.DataFrame:
    """Number the looks of a person at the same picture in the column trial, where there are several."""
    firsts = table.drop_duplicates() if row.size == 0 else table[table["fixation"] == 0]
    keys = [name for name in ("stimulus", "subject", "task", "condition") if name in table]
    if "trial" not in table and firsts.duplicated(keys).any():
        count = firsts.groupby(keys, dropna=False).cumcount()
        table["trial"] = pd.Series(row).map(dict(zip(row[firsts.index], count))).astype(str)
    return table


def _say_left_out(arrays: dict[str, Any], table: pd.DataFrame, changes: Changes) -> None:
    """Name the attributes that are no columns of the table."""
    taken = {"ts", "durations", "duration", *table.columns}
    left = sorted({*arrays["scanpath"], *arrays["fixation"]} - taken)
    if left:
        changes.add("dropped", f"attributes {', '.join(left)}, which the table has no column for")


def _stimulus_names(stimuli: Stimuli, path: Path, changes: Changes, max_bytes: int) -> list[str] | None:
    if stimuli is None:
        raise InputError(
            f"{path} numbers the stimuli and does not name them; give stimuli: pysaliency's stimuli HDF5, a text file "
            "or a list of names, or 'index' to keep the numbers."
        )
    if isinstance(stimuli, str) and stimuli == "index":
        return None
    if isinstance(stimuli, str | os.PathLike):
        file = require_file(stimuli, "list of stimuli")
        if file.suffix.lower() not in (".hdf5", ".h5"):
            return _distinct(file.read_text(encoding="utf-8").splitlines(), str(file))
        h5py = require("h5py", purpose="Reading pysaliency's HDF5")
        with h5py.File(file, "r") as content:
            check_hdf5(content, file)
            if "filenames" not in content:
                raise InputError(f"{file} holds no names of picture files (pysaliency's FileStimuli); give a list.")
            names = content["filenames"]
            check_bytes(file, "the names", names.size * 64, max_bytes)
            return _short([_text(name) for name in names[...]], changes)
    return _distinct([str(name) for name in stimuli], "The list of stimuli")


def _distinct(names: list[str], source: str) -> list[str]:
    twice = first_repeated(names)
    if twice is not None:
        raise InputError(f"{source} names {twice!r} more than once; two pictures would become one.")
    return names


def _short(paths: list[str], changes: Changes) -> list[str]:
    """Names of files without their folders, or with them if some differ by these only."""
    names = [re.split(r"[/\\]", path)[-1] for path in paths]
    if len(set(names)) == len(names):
        return names
    changes.add("assumed", "pictures keep their folders in their names, as some differ by these only")
    return paths


def write(table: pd.DataFrame, path: Path, changes: Changes, *, time_unit: str = "s") -> None:
    """Write ScanpathFixations, version 1.0, and beside it the names of the stimuli, one a line.

    Parameters
    ----------
    time_unit
        Unit of onsets and durations in the file; pysaliency's own data sets use s.
    """
    h5py = require("h5py", purpose="Writing pysaliency's HDF5")
    factor = _MS[check_choice("time_unit", time_unit, tuple(_MS))]
    paths = scanpaths_from_table(table)
    names = sorted({scanpath.info["stimulus"] for scanpath in paths})
    number = {name: index for index, name in enumerate(names)}
    who = [scanpath.info.get("subject", scanpath.info.get("agent")) for scanpath in paths]
    subject = np.array([int(one) for one in who]) if all(str(one).isdecimal() for one in who) else _strings(who)
    scanpath_attributes = {"subject": subject}
    for key in ("task", "condition", "trial"):
        told = [scanpath.info.get(key) for scanpath in paths]
        if any(value is not None for value in told):
            scanpath_attributes[key] = _strings([value or "" for value in told])
    fixation_attributes = {}
    for own, name in (("ts", "onset_ms"), ("durations", "duration_ms")):
        parts = [getattr(one, name) if getattr(one, name) is not None else np.full(len(one), np.nan) for one in paths]
        fixation_attributes[own] = _padded(parts) / factor
    if factor != 1:
        changes.add("unit", f"times from ms to {time_unit}")
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        _attributes(file, type="ScanpathFixations", version="1.0")
        group = file.create_group("scanpaths")
        _attributes(group, type="Scanpaths", version="1.0")
        group["xs"], group["ys"] = (_padded([one.xy[:, axis] for one in paths]) for axis in (0, 1))
        group["n"] = np.array([number[scanpath.info["stimulus"]] for scanpath in paths])
        group["length"] = np.array([len(scanpath) for scanpath in paths])
        for title, content in (("scanpath", scanpath_attributes), ("fixation", fixation_attributes)):
            part = group.create_group(f"{title}_attributes")
            for name, values in content.items():
                text = values.dtype.kind == "O"
                part.create_dataset(name, data=values, dtype=h5py.string_dtype() if text else None)
            _attributes(part, __attributes__=json.dumps(sorted(content)))
        _attributes(group, attribute_mapping=json.dumps({"durations": "duration", "ts": "t"}))
    with atomic_path(path.with_suffix(".stimuli.txt")) as temporary:
        temporary.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    changes.add("renamed", f"stimuli to numbers; their names are in {path.with_suffix('.stimuli.txt').name}")


def _strings(values: Sequence[object]) -> np.ndarray:
    return np.array([str(value) for value in values], dtype=object)


def _attributes(group: Any, **facts: str) -> None:
    for name, value in facts.items():
        group.attrs[name] = np.bytes_(value)


PYSALIENCY = Format("pysaliency", "pysaliency scanpaths (HDF5)", read, write)
