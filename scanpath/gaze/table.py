"""The tidy fixation table: one row a fixation, flat columns, units in the names."""

import json
import os
import warnings
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError, InputWarning
from scanpath._core.files import atomic_path, require_file
from scanpath.gaze.columns import holds_bytes, text_of_bytes, typed_column
from scanpath.gaze.csv_text import plain_extra, read_cells, write_cells
from scanpath.gaze.doubts import refuse_codes, sentence_about, table_doubts
from scanpath.gaze.frames import TableLike, arrow_to_pandas, as_pandas
from scanpath.gaze.scanpath import Scanpath

if TYPE_CHECKING:
    import pyarrow

#: Column -> kind. The first nine are always there; those below are optional.
BASE_COLUMNS = {
    "dataset": "text",
    "stimulus": "text",
    "subject": "text",
    "trial": "text",
    "fixation": "count",
    "x_px": "number",
    "y_px": "number",
    "onset_ms": "number",
    "duration_ms": "number",
}
OPTIONAL_COLUMNS = {
    "agent": "text",
    "seed": "count",
    "task": "text",
    "condition": "text",
    "target_found": "flag",
    "on_target": "flag",
    "object_index": "count",
    "object_label": "text",
}
#: Endings of the files that hold a table.
TABLE_ENDINGS = (".parquet", ".csv")
REQUIRED = ("stimulus", "fixation", "x_px", "y_px")
#: The columns whose values together name one scanpath.
SCANPATH_KEYS = ("dataset", "stimulus", "task", "condition", "agent", "seed", "subject", "trial")
FRAME = "image pixels: x right, y down, pixel centers at integers, (0, 0) is the center of the top-left pixel"
#: Most memory that the rows of one Parquet file may take unless the caller allows more.
MAX_TABLE_BYTES = 16 * 2**30
_BYTES_A_VALUE = 8
_METADATA_KEY = b"scanpath"


def check_table(table: TableLike, *, source: str = "The table") -> pd.DataFrame:
    """Return the table with the schema's columns, types and order, or say what is wrong with it.

    Columns that are absent and may be missing are added as null; extra columns are kept behind the known ones.
    Nothing is dropped, clipped or filled.

    Parameters
    ----------
    table
        One row a fixation; a frame of pandas, polars or Arrow.
    source
        What to call the table in messages, such as its file name.

    Raises
    ------
    InputError
        If a required column is absent, a value has the wrong type, a coordinate is missing or a code for missing gaze
        (1e8, -32768, -1 in both, more than 30,000 px from the origin), a duration is negative, or the same fixation
        of a scanpath appears twice.
    """
    table = as_pandas(table, source)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise InputError(f"{source} has the column {twice[0]!r} more than once; keep one of them.")
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise InputError(
            f"{source} has no column {_words(missing)}; a fixation table needs {_words(REQUIRED)} "
            f"and has {_words(table.columns)}; say which of them are what with read_fixations(path, "
            f"columns={{'their name': {missing[0]!r}}})."
        )
    if not {"subject", "agent"} & set(table.columns):
        raise InputError(f"{source} has neither a column 'subject' (people) nor 'agent' (models); say who looked.")
    known = BASE_COLUMNS | {name: kind for name, kind in OPTIONAL_COLUMNS.items() if name in table.columns}
    plain = table.reset_index(drop=True)
    for name, column in plain.items():
        if holds_bytes(column):
            plain[name] = text_of_bytes(column, source)
    columns = {
        name: typed_column(plain[name] if name in plain.columns else None, kind, name, source, len(plain))
        for name, kind in known.items()
    }
    columns |= {name: plain[name] for name in plain.columns if name not in known}
    checked = pd.DataFrame(columns, index=plain.index)
    _check_values(checked, source)
    checked.attrs = dict(table.attrs)
    return checked


def is_table_file(path: str | os.PathLike[str]) -> bool:
    """Whether a path has the ending of a table's file; where a run is written to, any other is a folder of shards."""
    return Path(path).suffix.lower() in TABLE_ENDINGS


def write_table(
    table: TableLike, path: str | os.PathLike[str], *, metadata: Mapping[str, object] | None = None
) -> None:
    """Write a fixation table atomically as Parquet or CSV, chosen by the ending.

    A Parquet file carries the frame, the units and `metadata` in its schema, and so explains itself; in CSV the
    column names carry the units.

    Raises
    ------
    InputError
        If the ending is neither ``.parquet`` nor ``.csv``, or the table breaks the schema.
    """
    if not is_table_file(path):
        raise InputError(f"Cannot write {path}: a table ends in .parquet or .csv.")
    checked = check_table(table)
    if any(name is None or name != name or name == "" for name in checked.columns):
        raise InputError(f"Cannot write {path}: the table has a column without a name; name it or drop it.")
    with atomic_path(path) as temporary:
        if Path(path).suffix.lower() == ".csv":
            write_cells(checked, temporary)
        else:
            import pyarrow.parquet

            pyarrow.parquet.write_table(to_arrow(checked, metadata), temporary)


def to_arrow(table: pd.DataFrame, metadata: Mapping[str, object] | None = None) -> "pyarrow.Table":
    """Return the table in Arrow form with frame, units and `metadata` in its schema."""
    import pyarrow

    facts = {**dict(table.attrs.get("scanpath", {})), **dict(metadata or {})}
    plain = table.copy(deep=False)
    plain.attrs = {}
    try:
        arrow = pyarrow.Table.from_pandas(plain, preserve_index=False)
    except (pyarrow.ArrowException, UnicodeEncodeError) as error:
        raise InputError(f"The table cannot be written as Parquet ({'; '.join(map(str, error.args))}).") from error
    return described(arrow, facts)


def described(arrow: "pyarrow.Table", facts: Mapping[str, object]) -> "pyarrow.Table":
    """Return a table in Arrow form with frame, units and facts in its schema, in place of what stood there."""
    facts = {
        "frame": FRAME,
        "units": {"x_px": "px", "y_px": "px", "onset_ms": "ms", "duration_ms": "ms"},
        "missing": "null",
        **facts,
    }
    return arrow.replace_schema_metadata({_METADATA_KEY: json.dumps(facts, sort_keys=True).encode()})


def read_table(path: str | os.PathLike[str], *, max_bytes: int = MAX_TABLE_BYTES) -> pd.DataFrame:
    """Read a fixation table from a Parquet or CSV file, or from a run's folder of Parquet shards.

    The facts stored with a Parquet file are in ``table.attrs["scanpath"]``.

    Parameters
    ----------
    path
        File or folder.
    max_bytes
        Parquet files whose rows would take more memory are refused, as a small one can hold any number of equal rows.

    Raises
    ------
    InputError
        If the file is missing, empty, of another kind, damaged, too large, or breaks the schema.
    """
    return say_doubts(load_table(path, max_bytes=max_bytes), str(path))


def load_table(path: str | os.PathLike[str], *, max_bytes: int = MAX_TABLE_BYTES) -> pd.DataFrame:
    """Read and check a table as `read_table` does, without warnings."""
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, max_bytes)
    require_file(path, "table")
    if path.suffix.lower() == ".parquet":
        table = _read_parquet(path, max_bytes)
    elif path.suffix.lower() == ".csv":
        table = _read_csv(path)
    else:
        raise InputError(
            f"{path} is not a table that can be read here; give a .parquet or .csv file or a run's folder."
        )
    return check_table(table, source=str(path))


def say_doubts(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return a checked table as it is, and warn of what in it is probably not meant."""
    for sentence in table_doubts(table, scanpath_keys(table)):
        warnings.warn(sentence_about(source, sentence), InputWarning, stacklevel=3)
    return table


def scanpath_keys(table: pd.DataFrame) -> list[str]:
    """Those columns of a table whose values together name a scanpath."""
    return [name for name in SCANPATH_KEYS if name in table.columns]


def scanpaths_from_table(table: TableLike) -> list[Scanpath]:
    """Cut a table into scanpaths, in the order of their first rows, each with its keys in ``info``.

    Fixations are put in the order of the column ``fixation``. Times that are missing throughout become None.
    """
    return cut_table(check_table(table))


def cut_table(checked: pd.DataFrame) -> list[Scanpath]:
    """Cut a table as `scanpaths_from_table` does that `check_table` has returned."""
    keys = scanpath_keys(checked)
    if checked.empty:
        return []
    path_of_row = checked.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    order = np.lexsort((checked["fixation"].to_numpy(dtype=np.int64), path_of_row))
    starts = np.flatnonzero(np.diff(path_of_row[order], prepend=-1))
    columns = {name: checked[name].to_numpy()[order] for name in ("x_px", "y_px", "duration_ms", "onset_ms")}
    paths = []
    for info, first, end in zip(_path_facts(checked, keys, order, starts), starts, [*starts[1:], len(order)]):
        x, y, *times = (values[first:end] for values in columns.values())
        duration_ms, onset_ms = (None if np.isnan(values).all() else values for values in times)
        paths.append(Scanpath(np.stack([x, y], axis=1), duration_ms, onset_ms, info=info))
    return paths


def _path_facts(
    checked: pd.DataFrame, keys: list[str], order: np.ndarray, starts: np.ndarray
) -> Iterator[dict[str, Any]]:
    """Keys of each scanpath, and whether its target was found where the table tells."""
    facts = checked[keys].iloc[order[starts]].astype(object)
    facts = facts.where(facts.notna(), None)
    if "target_found" in checked.columns:
        found = checked["target_found"].iloc[order]
        told = np.logical_or.reduceat(found.notna().to_numpy(), starts)
        any_found = np.logical_or.reduceat(found.fillna(False).to_numpy(dtype=bool), starts)
        facts["target_found"] = [found if known else None for found, known in zip(any_found.tolist(), told)]
    for values in facts.to_dict("records"):
        yield {str(key): value for key, value in values.items() if value is not None}


def table_from_scanpaths(paths: Iterable[Scanpath], **columns: object) -> pd.DataFrame:
    """Put scanpaths into one tidy table; keys come from each path's ``info``, then from `columns`.

    Examples
    --------
    >>> path = Scanpath([(1, 2), (3, 4)], info={"stimulus": "a.png", "subject": "s1"})
    >>> table_from_scanpaths([path])[["stimulus", "subject", "fixation", "x_px"]].values.tolist()
    [['a.png', 's1', 0, 1.0], ['a.png', 's1', 1, 3.0]]
    """
    paths = list(paths)
    about = [{key: value for key, value in {**columns, **path.info}.items() if value is not None} for path in paths]
    names = dict.fromkeys(key for facts in about for key in facts) or ("stimulus", "subject")
    return check_table(fixation_rows(paths, about, names, of_fixations=names))


def fixation_rows(
    paths: Sequence[Scanpath],
    about: Sequence[Mapping[str, object]],
    names: Iterable[str],
    *,
    of_fixations: Container[str] = (),
) -> pd.DataFrame:
    """Return the columns of `fixation_cells` as a frame, for `check_table` to complete."""
    return pd.DataFrame(fixation_cells(paths, about, names, of_fixations=of_fixations))


def fixation_cells(
    paths: Sequence[Scanpath],
    about: Sequence[Mapping[str, object]],
    names: Iterable[str],
    *,
    of_fixations: Container[str] = (),
) -> dict[str, np.ndarray | list[object]]:
    """Columns with one row a fixation of scanpaths, beside what is known about each of these, not checked.

    Parameters
    ----------
    paths, about
        The scanpaths, and for each of them what is known by name.
    names
        What of that becomes a column, empty where it is not known of a scanpath.
    of_fixations
        Those names of which a list or an array is one cell a fixation; elsewhere it is one value like any other.
    """
    lengths = [len(path) for path in paths]
    xy = np.concatenate([np.zeros((0, 2)), *(path.xy for path in paths)])
    cells: dict[str, np.ndarray | list[object]] = {"x_px": xy[:, 0], "y_px": xy[:, 1]}
    cells["fixation"] = np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(n) for n in lengths)])
    for name in ("onset_ms", "duration_ms"):
        times = [getattr(path, name) for path in paths]
        known = [np.full(n, np.nan) if one is None else one for one, n in zip(times, lengths)]
        cells[name] = np.concatenate([np.zeros(0), *known])
    for name in names:
        column: list[object] = []
        for facts, n in zip(about, lengths):
            value = facts.get(name)
            if name in of_fixations and isinstance(value, list | tuple | np.ndarray):
                column.extend(value)
            else:
                column += [value] * n
        cells[name] = column
    return cells


def _check_values(table: pd.DataFrame, source: str) -> None:
    for name in REQUIRED:
        gaps = table[name].isna()
        if gaps.any():
            raise InputError(
                f"{source}: {name} is missing in {int(gaps.sum())} row(s), first in row {gaps.idxmax()}; drop them, or "
                "read a text with read_fixations(path, format='table'), which leaves them out and says so."
            )
    for name, kind in BASE_COLUMNS.items():
        infinite = np.isinf(table[name].to_numpy()) if kind == "number" else np.zeros(0, dtype=bool)
        if infinite.any():
            raise InputError(f"{source}: {name} is infinite in row {int(infinite.argmax())}; use null for missing.")
    if (table["duration_ms"] < 0).any():
        row = int((table["duration_ms"] < 0).to_numpy().argmax())
        raise InputError(
            f"{source}: duration_ms is negative in row {row}; use null for missing, or read a text with "
            f"read_fixations(path, missing=[{table['duration_ms'].iloc[row]:g}])."
        )
    refuse_codes(table, source)
    if (table["fixation"] < 0).any():
        raise InputError(f"{source}: fixation counts from 0, got {table['fixation'].min()}.")
    keys = scanpath_keys(table)
    twice = table.duplicated([*keys, "fixation"])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        same = table.duplicated().iloc[row]
        cure = (
            "the whole row is there twice: remove one"
            if same
            else "if people looked twice, number the looks in the column 'trial'"
        )
        raise InputError(
            f"{source}: row {row} repeats fixation {table['fixation'].iloc[row]} of {table['stimulus'].iloc[row]!r}"
            f"{_whose(table, keys, row)}; {cure}."
        )


def _whose(table: pd.DataFrame, keys: list[str], row: int) -> str:
    """Name whom a row belongs to."""
    values = {name: table[name].iloc[row] for name in keys if name != "stimulus"}
    known = [f"{name} {value!r}" for name, value in values.items() if pd.notna(value)]
    return f" ({', '.join(known)})" if known else ""


def _read_parquet(path: Path, max_bytes: int) -> pd.DataFrame:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        n_bytes = file.metadata.num_rows * file.metadata.num_columns * _BYTES_A_VALUE
        if n_bytes > max_bytes:
            raise InputError(
                f"{path} holds {file.metadata.num_rows} rows, which would take {n_bytes} bytes, above the limit of "
                f"{max_bytes}; if the file can be trusted, raise max_bytes."
            )
        arrow = file.read()
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({str(error).splitlines()[0]}).") from error
    facts = (arrow.schema.metadata or {}).get(_METADATA_KEY)
    table = arrow_to_pandas(arrow)
    if facts:
        try:
            table.attrs["scanpath"] = dict(json.loads(facts))
        except (ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{path}: what is stored beside its rows is not readable ({error}).") from error
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    cells = read_cells(path)
    schema = BASE_COLUMNS | OPTIONAL_COLUMNS
    return pd.DataFrame({name: cells[name] if name in schema else plain_extra(cells[name]) for name in cells.columns})


def _read_folder(folder: Path, max_bytes: int) -> pd.DataFrame:
    shards = sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))
    if not shards:
        raise InputError(f"There is no .parquet file in {folder}; give a run's folder or a table.")
    tables = [_read_parquet(shard, max_bytes) for shard in shards]
    facts: dict[str, Any] = {}
    for shard in tables:
        for name, value in shard.attrs.pop("scanpath", {}).items():
            # what shards say of their own pictures adds up; the rest is the same in all
            facts[name] = facts.get(name, {}) | value if isinstance(value, dict) else facts.get(name, value)
    rows = [shard for shard in tables if len(shard)] or tables[:1]
    table = pd.concat(rows, ignore_index=True)
    if facts:
        table.attrs["scanpath"] = facts
    return check_table(table, source=str(folder))


def _words(names: Iterable[str]) -> str:
    return ", ".join(repr(str(name)) for name in names)
