"""The project's own table, as Parquet or CSV; told more about it, the reader takes any table."""

from pathlib import Path
from typing import Any

import pandas as pd

from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.delimited import say_no_end
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.plain_table import ANY_TABLE, SETTINGS, SETTINGS_DOC, read_table_as
from scanpath.gaze.table import MAX_TABLE_BYTES, load_table, write_table


def read(path: Path, changes: Changes, *, max_bytes: int = MAX_TABLE_BYTES, **settings: Any) -> pd.DataFrame:
    """Read the tidy table; a CSV or Parquet file, or a run's folder of Parquet shards.

    Parameters
    ----------
    max_bytes
        Parquet files whose rows would take more memory are refused.
    settings
        What else is to be known of a table of one's own: its columns, separator, units; see `TableSettings`.
    """
    if settings:
        return read_table_as(ANY_TABLE, path, changes, max_bytes=max_bytes, **settings)
    table = load_table(path, max_bytes=max_bytes)
    if path.suffix.lower() == ".csv":
        say_no_end(path.read_bytes()[-4:].decode("latin-1").rstrip("\0"), changes)
    return table


def write(table: pd.DataFrame, path: Path, changes: Changes) -> None:
    """Write the tidy table; what was changed on the way is stored in a Parquet file's schema."""
    write_table(table, path, metadata={"changes": [str(change) for change in changes]} if len(changes) else None)


PARQUET = Format(
    "parquet",
    "the tidy fixation table, or a run's folder of shards",
    read,
    write,
    SETTINGS,
    SETTINGS_DOC,
    reads_folder=True,
)
CSV = Format("csv", "the tidy fixation table as text", read, write, SETTINGS, SETTINGS_DOC)
