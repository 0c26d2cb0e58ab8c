"""multimatch-gaze's scanpaths: arrays with start_x, start_y in px and duration in s, one file a scanpath."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError, MissingFileError
from scanpath._core.files import require_file, write_text
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.folders import whole_folder
from scanpath.datasets.formats.format import Format, NoSubjectError
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes
from scanpath.datasets.formats.remodnav import FIXATION, check_labels
from scanpath.gaze.scanpath import Scanpath, ScanpathLike, as_scanpath
from scanpath.gaze.table import SCANPATH_KEYS, scanpaths_from_table, table_from_scanpaths

_FIELDS = ("start_x", "start_y", "duration")
_INDEX = "index.csv"


def to_multimatch(path: ScanpathLike) -> np.recarray:
    """Give a scanpath as the record array that multimatch-gaze's ``docomparison`` takes.

    Parameters
    ----------
    path
        Scanpath with durations, in any form that `as_scanpath` takes.

    Returns
    -------
    numpy.recarray
        start_x, start_y in px and duration in s.

    Raises
    ------
    InputError
        If a duration is missing, as multimatch-gaze cannot do without.

    Examples
    --------
    >>> to_multimatch([(10, 20, 250)]).duration
    array([0.25])
    """
    scanpath = as_scanpath(path)
    if scanpath.duration_ms is None or np.isnan(scanpath.duration_ms).any():
        raise InputError("multimatch-gaze needs a duration for every fixation, and this scanpath lacks some.")
    array = np.recarray(len(scanpath), dtype=[(name, np.float64) for name in _FIELDS])
    array["start_x"], array["start_y"] = scanpath.xy.T
    array["duration"] = scanpath.duration_ms / 1000
    return array


def from_multimatch(array: np.ndarray) -> Scanpath:
    """Take multimatch-gaze's record array, or one with the same fields, as a `Scanpath` (durations from s to ms).

    Raises
    ------
    InputError
        If fields are missing, or it holds events with a label of which some are no fixations.

    Examples
    --------
    >>> from_multimatch(to_multimatch([(10, 20, 250)])).duration_ms
    array([250.])
    """
    names = getattr(getattr(array, "dtype", None), "names", None) or ()
    if not set(_FIELDS) <= set(names):
        raise InputError(
            f"A multimatch-gaze array has the fields {', '.join(_FIELDS)}, got {', '.join(names) or 'none'}."
        )
    others = sorted(set(map(str, array["label"])) - {FIXATION}) if "label" in names else []
    if others:
        raise InputError(
            f"The array holds other events than fixations ({', '.join(others)}); take array[array['label'] == "
            f"{FIXATION!r}]."
        )
    onset_ms = np.asarray(array["onset"], dtype=np.float64) * 1000 if "onset" in names else None
    xy = np.column_stack([np.asarray(array[name], dtype=np.float64) for name in _FIELDS[:2]])
    return Scanpath(xy, np.asarray(array["duration"], dtype=np.float64) * 1000, onset_ms)


def read(
    path: Path,
    changes: Changes,
    *,
    stimulus: str | None = None,
    subject: str | None = None,
    pattern: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read one scanpath (.tsv, .csv or .npy), or a folder of them.

    Parameters
    ----------
    stimulus, subject
        What the file is about, as it does not say so itself.
    pattern
        For a folder without our index: how file names are made, such as ``"{stimulus}_sub-{subject}.tsv"``.
    max_bytes
        Larger files are refused.
    """
    if path.is_dir():
        scanpaths = _folder(path, pattern, changes, max_bytes)
    else:
        if stimulus is None:
            raise InputError(f"{path} does not say who looked at what: give stimulus and subject.")
        if subject is None:
            raise NoSubjectError(f"{path} does not say who looked: give subject.")
        scanpaths = [_one(path, {"stimulus": stimulus, "subject": subject}, changes, max_bytes)]
    changes.add("unit", "durations from s to ms")
    return table_from_scanpaths(scanpaths)


def _folder(path: Path, pattern: str | None, changes: Changes, max_bytes: int) -> list[Scanpath]:
    if (path / _INDEX).is_file() and pattern is None:
        index = pd.read_csv(path / _INDEX, dtype=str, keep_default_na=False, na_values=[""])
        return [
            _one(
                _inside(path, row["file"]),
                {str(key): value for key, value in row.items() if key != "file" and not pd.isna(value)},
                changes,
                max_bytes,
            )
            for row in index.to_dict("records")
        ]
    if pattern is None:
        raise InputError(f"{path} has no {_INDEX}: give pattern, such as '{{stimulus}}_sub-{{subject}}.tsv'.")
    expression = _expression(pattern)
    found = [(file, expression.fullmatch(file.name)) for file in sorted(path.iterdir())]
    scanpaths = [_one(file, match.groupdict(), changes, max_bytes) for file, match in found if match]
    if not scanpaths:
        raise MissingFileError(f"No file in {path} has a name like {pattern}.")
    return scanpaths


def _inside(folder: Path, name: str) -> Path:
    if Path(name).name != name:
        raise InputError(f"{folder / _INDEX} names the file {name!r}, which is not in that folder.")
    return folder / name


def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", pattern)
    if not {"stimulus", "subject"} <= set(parts[1::2]):
        raise InputError(f"pattern must have {{stimulus}} and {{subject}} in it, got {pattern!r}.")
    text = "".join(f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return re.compile(text)


def _one(path: Path, info: dict[str, str], changes: Changes, max_bytes: int) -> Scanpath:
    require_file(path, "scanpath")
    check_bytes(path, "the scanpath", path.stat().st_size, max_bytes)
    if path.suffix.lower() == ".npy":
        try:
            array = np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError, MemoryError) as error:
            raise InputError(f"{path} is not a plain NumPy file ({error}).") from error
    else:
        text = path.read_text(encoding="utf-8-sig")
        separator = "\t" if "\t" in text.split("\n", 1)[0] else ","
        array = pd.read_csv(io.StringIO(text), sep=separator).to_records(index=False)
    if "label" in (array.dtype.names or ()):
        check_labels(array["label"], str(path))
        for label in sorted(set(array["label"]) - {FIXATION}):
            changes.add("dropped", f"events with label {label!r}", n=int((array["label"] == label).sum()))
        array = array[array["label"] == FIXATION]
    scanpath = from_multimatch(array)
    return Scanpath(scanpath.xy, scanpath.duration_ms, scanpath.onset_ms, info=info)


def write(table: pd.DataFrame, path: Path, changes: Changes) -> None:
    """Write a folder: one .tsv a scanpath, and an index that says whose it is."""
    rows, keys = [], [name for name in SCANPATH_KEYS if name in table]
    with whole_folder(path) as folder:
        for number, scanpath in enumerate(scanpaths_from_table(table)):
            name = f"{number:06d}.tsv"
            array = pd.DataFrame.from_records(to_multimatch(scanpath))
            array.to_csv(folder / name, sep="\t", index=False, lineterminator="\n")
            rows.append({"file": name, **{key: scanpath.info.get(key) for key in keys}})
        write_text(folder / _INDEX, pd.DataFrame(rows).dropna(axis=1, how="all").to_csv(index=False))
    changes.add("unit", "durations from ms to s")
    if table["onset_ms"].notna().any():
        changes.add("dropped", "onsets, which the format does not have", n=int(table["onset_ms"].notna().sum()))


MULTIMATCH_GAZE = Format(
    "multimatch_gaze", "multimatch-gaze arrays, one file a scanpath", read, write, reads_folder=True
)
