"""pymovements' event frames: rows named fixation, saccade and so on, in ms, with positions as two-element lists."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, require_file
from scanpath._core.optional import require
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.delimited import read_text, split_cells
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.placement import PictureAt, PictureSizes, SizePx, to_picture_px
from scanpath.datasets.formats.plain_table import TableSettings
from scanpath.datasets.formats.table_columns import UNITS_MS, numbers
from scanpath.gaze.csv_text import TEXT

#: Columns of the schema that are taken along where an event frame has them.
_KEPT = ("dataset", "agent", "task", "condition", "eye")
#: Names of events that are no fixations.
_OTHERS = r"(micro)?saccade|blink|(smooth_?)?pursuit|pso|glissade|unclassified|noise|out_of|dwell|gaze|nan|none"
#: Columns that hold the position, in px, in the order of preference.
_LOCATIONS = ("location", "pixel", "location_pixel", "location_pixel_mean")


def read(
    path: Path,
    changes: Changes,
    *,
    location: str | None = None,
    name: str | None = None,
    eye: str | None = None,
    stimulus_column: str | None = None,
    subject_column: str | None = None,
    trial_column: str | None = None,
    time_unit: str = "ms",
    missing: Sequence[float | str] | float | str = (),
    picture_at: PictureAt | None = None,
    picture_px: PictureSizes | None = None,
    screen_px: SizePx | None = None,
) -> pd.DataFrame:
    """Read an event frame that was saved as .feather, .csv, .tsv or .parquet.

    Parameters
    ----------
    location
        Column with the mean position in px, a list of x and y or, in CSV, two columns with the endings _x and _y; by
        default "location" or "pixel". (``gaze.compute_event_properties(("location", ...))`` adds it.)
    name
        Which events are meant, such as "fixation_ivt", where fixations were detected in several ways.
    eye
        "left" or "right", where the frame holds both.
    stimulus_column, subject_column, trial_column
        Trial columns of the frame; those named stimulus, subject and trial need not be given.
    time_unit
        "ms", as pymovements writes, or "s", "us" or "ns" of onset and offset.
    missing
        Numbers and words that stand for a missing value.
    picture_at, picture_px, screen_px
        Where the picture was on the screen; see `to_picture_px`.
    """
    require_file(path, "event frame")
    factor = UNITS_MS[check_choice("time_unit", time_unit, tuple(UNITS_MS))]
    frame = _load(path, TableSettings(missing=missing), changes)
    if factor != 1:
        frame = frame.assign(onset=frame["onset"] * factor, offset=frame["offset"] * factor)
        changes.add("unit", f"onset and offset from {time_unit} to ms")
    return _table(
        frame,
        changes,
        str(path),
        {"stimulus": stimulus_column, "subject": subject_column, "trial": trial_column},
        location,
        {"picture_at": picture_at, "picture_px": picture_px, "screen_px": screen_px},
        {"name": name, "eye": eye},
    )


def table_from_events(
    events: Any, *, location: str | None = None, changes: Changes | None = None, **settings: Any
) -> pd.DataFrame:
    """Take pymovements' events, as its `Events` object or as its frame, as the tidy table.

    Parameters
    ----------
    events
        `pymovements.Events`, or a polars or pandas frame with its columns.
    location
        Column with the mean position in px.
    changes
        Receives what was changed.
    settings
        ``name``, ``eye``, ``stimulus_column``, ``subject_column``, ``trial_column``, ``picture_at``, ``picture_px``,
        ``screen_px`` as for reading a file.

    Examples
    --------
    >>> frame = pd.DataFrame({"name": ["fixation"], "onset": [0], "offset": [200], "location": [[10.0, 20.0]],
    ...                       "stimulus": ["a.png"], "subject": ["s1"]})
    >>> table_from_events(frame, picture_at="screen")[["x_px", "duration_ms"]].values.tolist()
    [[10.0, 200.0]]
    """
    import narwhals as nw

    from scanpath.gaze.table import check_table

    frame = nw.from_native(getattr(events, "frame", events)).to_pandas()
    columns = {name: settings.pop(f"{name}_column", None) for name in ("stimulus", "subject", "trial")}
    place = {name: settings.pop(name, None) for name in ("picture_at", "picture_px", "screen_px")}
    chosen = {name: settings.pop(name, None) for name in ("name", "eye")}
    if settings:
        raise InputError(f"table_from_events has no setting {next(iter(settings))!r}.")
    table = _table(frame, changes if changes is not None else Changes(), "The events", columns, location, place, chosen)
    return check_table(table, source="The events")


def _load(path: Path, given: TableSettings, changes: Changes) -> pd.DataFrame:
    suffix = path.suffix.lower()
    try:
        if suffix == ".feather":
            # pymovements writes polars' IPC files, whose text type older Feather readers do not know
            import pyarrow.ipc

            with pyarrow.ipc.open_file(path) as content:
                table = content.read_all()
            table.validate(full=True)  # a damaged file would end the process where its values are taken out
            return table.to_pandas()
        if suffix == ".parquet":
            return pd.read_parquet(path)
        if suffix in (".csv", ".tsv"):
            return _typed(_text_cells(path, changes), given, path)
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is not a readable event frame ({str(error).splitlines()[0]}).") from error
    raise InputError(f"{path} is no event frame that can be read here; it ends in .feather, .csv, .tsv or .parquet.")


def _text_cells(path: Path, changes: Changes) -> pd.DataFrame:
    lines = list(enumerate(read_text(path, None, changes).split("\n"), start=1))
    return split_cells(lines, None, path, changes)[0]


def _typed(cells: pd.DataFrame, given: TableSettings, path: Path) -> pd.DataFrame:
    """Numbers of a text's columns of times and places; what else it says stays text."""
    for name in cells.columns:
        if cells[name].str.match(r"\s*\[").any():
            pairs = cells[name].str.strip().str.extract(r"^\[\s*([^\s,]+)[\s,]+([^\s,]+)\s*\]$").fillna("").astype(TEXT)
            wrong = (pairs[0] == "") & (cells[name].str.strip() != "")
            if wrong.any():
                raise InputError(f"{path}: column {name!r} holds both eyes or no pairs; give the frame of one eye.")
            cells = cells.assign(**{f"{name}_{axis}": pairs[side] for side, axis in enumerate("xy")}).drop(columns=name)
    measured = [name for name in cells.columns if name in ("onset", "offset") or name.endswith(("_x", "_y"))]
    cells = cells.assign(**{name: numbers(cells[name], given, path) for name in measured})
    words = [name for name in cells.columns if name not in measured]
    return cells.assign(**{name: cells[name].where(cells[name] != "") for name in words})


def _table(
    frame: pd.DataFrame,
    changes: Changes,
    source: str,
    columns: dict[str, str | None],
    location: str | None,
    place: dict[str, Any],
    chosen: dict[str, str | None],
) -> pd.DataFrame:
    for name in ("name", "onset", "offset"):
        if name not in frame:
            raise InputError(f"{source}: pymovements events have a column {name!r}, and this frame has not.")
    frame = _one_kind(frame, "name", chosen["name"], changes, source)
    if "eye" in frame:
        frame = _one_kind(frame, "eye", chosen["eye"], changes, source)
    wanted = columns | dict.fromkeys(_KEPT)
    present = {name: own for name, own in wanted.items() if own or name in frame}
    table = pd.DataFrame({name: frame[_column(frame, own, name, source)] for name, own in present.items()})
    for name in ("stimulus", "subject"):
        if name not in table:
            raise InputError(
                f"{source} does not say the {name}: give {name}_column, one of {', '.join(frame.columns)}."
            )
    xy = _positions(frame, location, source)
    table["x_px"], table["y_px"] = xy[:, 0], xy[:, 1]
    table["onset_ms"] = frame["onset"].astype(np.float64)
    table["duration_ms"] = (frame["offset"] - frame["onset"]).astype(np.float64)
    bad = np.isnan(xy[:, 0]) | np.isnan(xy[:, 1])
    changes.add("dropped", "fixations without a position", n=int(bad.sum()))
    table = table[~bad].reset_index(drop=True)
    keys = [name for name in ("stimulus", "subject", "trial") if name in table]
    table = table.sort_values("onset_ms", kind="stable")
    table["fixation"] = table.groupby(keys, dropna=False, sort=False).cumcount()
    table = table.sort_index()
    return to_picture_px(table, changes, what=f"{source}: positions", **place)


def _one_kind(frame: pd.DataFrame, column: str, given: str | None, changes: Changes, source: str) -> pd.DataFrame:
    """Fixations of one detection, or of one eye; several would make one scanpath of two recordings of it."""
    values = frame[column].astype(str)
    if column == "name":
        fixations = values.str.startswith("fixation")
        if not fixations.any():
            raise InputError(f"{source} has no fixation among its events ({', '.join(values.unique())}).")
        for kind, n in values[~fixations].value_counts().items():
            if given is None and not re.match(_OTHERS, str(kind), re.IGNORECASE):
                raise InputError(
                    f"{source} has events named {kind!r}, which may or may not be fixations; choose with name=."
                )
            changes.add("dropped", f"events that are not fixations ({kind})", n=int(n))
        frame, values = frame[fixations], values[fixations]
    kinds = sorted(values[frame[column].notna()].unique())
    if given is None and len(kinds) > 1:
        raise InputError(f"{source} has fixations with {column} {' and '.join(kinds)}; choose one with {column}=.")
    if given is not None:
        if given not in kinds:
            raise InputError(f"{source} has no fixation with {column} {given!r}, only {', '.join(kinds)}.")
        changes.add("dropped", f"fixations with another {column} than {given}", n=int((values != given).sum()))
        frame = frame[values == given]
    return frame.reset_index(drop=True)


def _column(frame: pd.DataFrame, own: str | None, name: str, source: str) -> str:
    if (own or name) not in frame:
        raise InputError(f"{source} has no column {own!r}; its columns are {', '.join(frame.columns)}.")
    return own or name


def _positions(frame: pd.DataFrame, location: str | None, source: str) -> np.ndarray:
    for name in [location] if location else _LOCATIONS:
        if f"{name}_x" in frame and f"{name}_y" in frame:
            return frame[[f"{name}_x", f"{name}_y"]].to_numpy(dtype=np.float64)
        if name in frame:
            pairs = [(np.nan, np.nan) if value is None else tuple(value) for value in frame[name]]
            if any(len(pair) != 2 for pair in pairs):
                raise InputError(f"{source}: column {name!r} holds both eyes; give the frame of one eye.")
            return np.array(pairs, dtype=np.float64).reshape(-1, 2)
    raise InputError(
        f"{source} has no positions; compute them in pymovements with the event property 'location' "
        "(position_column='pixel') and name their column with location."
    )


def table_to_events(table: pd.DataFrame) -> Any:
    """Give the tidy table as pymovements `Events`, with the trial columns stimulus, subject and trial.

    Raises
    ------
    InputError
        If an onset or a duration is missing; pymovements' events cannot do without.
    """
    pymovements = require("pymovements", purpose="pymovements events")
    return pymovements.Events(data=_frame(table), trial_columns=_trial_columns(table))


def _trial_columns(table: pd.DataFrame) -> list[str]:
    names = ("dataset", "stimulus", "subject", "trial", "agent", "task", "condition")
    return [name for name in names if name in table and table[name].notna().any()]


def _frame(table: pd.DataFrame) -> Any:
    polars = require("polars", purpose="pymovements events")
    times = table[["onset_ms", "duration_ms"]]
    if times.isna().any(axis=None):
        n = int(times.isna().any(axis=1).sum())
        raise InputError(f"pymovements events need onset_ms and duration_ms, missing in {n} row(s); drop those rows.")
    trials = {
        name: table[name].astype(object).where(table[name].notna(), None).tolist() for name in _trial_columns(table)
    }
    return polars.DataFrame(
        {
            **trials,
            "name": ["fixation"] * len(table),
            "onset": table["onset_ms"].to_numpy(),
            "offset": (table["onset_ms"] + table["duration_ms"]).to_numpy(),
            "duration": table["duration_ms"].to_numpy(),
            "location": table[["x_px", "y_px"]].to_numpy().tolist(),
        }
    )


def write(table: pd.DataFrame, path: Path, changes: Changes) -> None:
    """Write the event frame as .feather (positions as lists) or .csv (positions as two columns)."""
    frame = _frame(table)
    changes.add("renamed", "x_px and y_px to location, onset_ms to onset; offset is onset plus duration")
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".csv":
            x, y = (frame["location"].list.get(axis) for axis in (0, 1))
            frame.drop("location").with_columns(location_x=x, location_y=y).write_csv(temporary)
        elif path.suffix.lower() == ".feather":
            frame.write_ipc(temporary)
        else:
            raise InputError(f"Cannot write {path}: an event frame ends in .feather or .csv.")


PYMOVEMENTS = Format("pymovements", "pymovements event frame", read, write)
