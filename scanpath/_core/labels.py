"""Data with column names where plain numbers would do: read by name, never by position.

Frames of pandas, polars and Arrow, record arrays, mappings of columns and rows with named fields all come in here.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scanpath._core.errors import InputError, InputWarning
from scanpath._core.events import eye_column, eye_of, other_events
from scanpath._core.times import as_ms, as_real, time_meant

if TYPE_CHECKING:
    import narwhals

#: What names the scanpath that a row belongs to; more than one value means more than one scanpath.
_WHOSE = ("dataset", "stimulus", "task", "condition", "agent", "seed", "subject", "trial")
#: What data frames of other libraries than pandas have.
_FRAME_MARKS = ("collect_schema", "columns", "column_names", "__arrow_c_stream__")
_UNNAMED = ("numpy", "torch", "builtins", "scanpath")


def labeled_columns(value: object) -> dict[str, np.ndarray] | None:
    """Return the columns of labeled data by name, or None for data without labels.

    Examples
    --------
    >>> labeled_columns([{"y_px": 2, "x_px": 1}])
    {'y_px': array([2]), 'x_px': array([1])}
    >>> labeled_columns([(1, 2)]) is None
    True
    """
    if isinstance(value, np.ndarray):
        if np.ma.is_masked(value):
            raise InputError("Some values of a masked array are masked, so they are no places; drop those rows first.")
        return None if value.dtype.names is None else {name: np.atleast_1d(value[name]) for name in value.dtype.names}
    if isinstance(value, Mapping):
        return _same_length({str(name): np.atleast_1d(np.asarray(column)) for name, column in value.items()})
    if isinstance(value, list | tuple):
        return _named_rows([value] if hasattr(value, "_fields") else value)
    if type(value).__module__.partition(".")[0] in _UNNAMED:
        return None
    return _frame_columns(value)


def xy_by_name(columns: Mapping[str, np.ndarray], what: str) -> np.ndarray:
    """Return (n, 2) x and y in px from labeled columns; all rows must be of one picture."""
    if not {"x_px", "y_px"} <= set(columns):
        raise InputError(
            f"{what} must have the columns 'x_px' and 'y_px', got {', '.join(map(repr, columns)) or 'none'}; rename "
            "those of x and y in px, or give them as an array."
        )
    if "stimulus" in columns and len(set(columns["stimulus"].tolist())) > 1:
        raise InputError(f"{what} is a table with fixations on several pictures; give those on one.")
    events = other_events(columns)
    if events is not None:
        warnings.warn(f"{what}: {events}.", InputWarning, stacklevel=4)
    return np.column_stack([as_real(columns[name], f"{what}: {name}") for name in ("x_px", "y_px")])


def path_by_name(
    columns: Mapping[str, np.ndarray], what: str
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Return xy (n, 2), durations and onsets in ms of one labeled scanpath, in the order of its column ``fixation``."""
    xy = xy_by_name(columns, what)
    several = [name for name in _WHOSE if name in columns and len(set(columns[name].tolist())) > 1]
    if several:
        raise InputError(
            f"{what} is a table of several scanpaths, as {several[0]!r} differs between its rows; cut it with "
            "scanpath.scanpaths_from_table."
        )
    eye = eye_column(columns)
    if eye is not None and len({eye_of(value) for value in columns[eye].tolist()} - {""}) > 1:
        raise InputError(
            f"{what} is a table of more than one eye, as {eye!r} differs between its rows; give one eye's."
        )
    unread = [name for name in columns if time_meant(name) == "duration_ms"]
    if unread and "duration_ms" not in columns:
        warnings.warn(
            f"{what}: the column {unread[0]!r} is not read; name it 'duration_ms', in ms, if durations count.",
            InputWarning,
            stacklevel=3,
        )
    times = [
        as_ms(columns[name], f"{what}: {name}") if name in columns else None for name in ("duration_ms", "onset_ms")
    ]
    if "fixation" not in columns:
        if times[1] is not None and (np.diff(times[1]) < 0).any():
            raise InputError(f"{what} is a table whose rows are not in the order of onset_ms; sort it by that.")
        return xy, times[0], times[1]
    number = as_real(columns["fixation"], f"{what}: fixation")
    if len(np.unique(number)) < len(number):
        raise InputError(f"{what} is a table in which a number of the column 'fixation' is there twice.")
    order = np.argsort(number, kind="stable")
    duration_ms, onset_ms = (None if part is None else part[order] for part in times)
    return xy[order], duration_ms, onset_ms


def _named_rows(rows: Sequence[Any]) -> dict[str, np.ndarray] | None:
    if not rows:
        return None
    if all(hasattr(row, "iloc") and hasattr(row, "index") for row in rows):  # rows of a pandas frame
        rows = [dict(row.items()) for row in rows]
    if all(isinstance(row, np.void) and row.dtype.names for row in rows):  # rows of a record array
        return labeled_columns(np.array(rows))
    if all(isinstance(row, Mapping) for row in rows):
        return {str(name): np.asarray([row.get(name) for row in rows]) for name in rows[0]}
    names = getattr(rows[0], "_fields", None)
    if names is None or not all(getattr(row, "_fields", None) == names for row in rows):
        return None
    return {name: np.asarray([getattr(row, name) for row in rows]) for name in names}


def _frame_columns(value: Any) -> dict[str, np.ndarray] | None:
    if hasattr(value, "iloc"):  # pandas, whose labels may be numbers
        if not hasattr(value, "columns"):
            labels = [label for label in value.index if isinstance(label, str)]
            return {label: np.atleast_1d(value[label]) for label in labels} if labels else None
        names = [str(name) for name in value.columns]
        if len(set(names)) < len(names):
            raise InputError(f"A table must have each column once, got {', '.join(map(repr, names))}.")
        return {name: value.iloc[:, place].to_numpy() for place, name in enumerate(names)}
    if not any(hasattr(value, name) for name in _FRAME_MARKS):
        return None
    frame = native_frame(value)
    if frame is None:
        raise InputError(
            f"A {type(value).__name__} is no table that can be read; give a frame of pandas, polars or Arrow."
        )
    return {name: frame[name].to_numpy() for name in frame.columns}


def native_frame(value: object) -> "narwhals.DataFrame[Any] | None":
    """Return a frame of polars, Arrow or another library under one interface, or None if it is none."""
    import narwhals

    if hasattr(value, "__arrow_c_stream__") and not hasattr(value, "lazy"):  # record batches, query results
        import pyarrow

        value = pyarrow.table(value)
    frame = narwhals.from_native(value, pass_through=True)
    if isinstance(frame, narwhals.LazyFrame):
        frame = frame.collect()
    return frame if isinstance(frame, narwhals.DataFrame) else None


def _same_length(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    if len({len(column) for column in columns.values()}) > 1:
        raise InputError(
            f"Columns must be equally long, got { ({name: len(part) for name, part in columns.items()}) }."
        )
    return columns
