"""Tables that a study keeps beside what they depend on, so that a stopped one goes on and no other one's are taken."""

from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, require_file


def kept_table(file: Path, facts: str, what: str) -> pd.DataFrame | None:
    """Return the table that an earlier run has kept, None if there is none; `what` is in it, for messages.

    Raises
    ------
    InputError
        If it was kept with other facts, or the file is damaged.
    """
    import pyarrow.parquet

    if not file.exists():
        return None
    try:
        arrow = pyarrow.parquet.read_table(require_file(file, what))
    except pyarrow.ArrowException as error:
        raise InputError(f"{file} is not a readable Parquet file; delete it, and it is made again.") from error
    if (arrow.schema.metadata or {}).get(b"scanpath") != facts.encode():
        raise InputError(
            f"{file} holds {what} of other settings, pictures, models or another version; give a new folder."
        )
    return arrow.to_pandas()


def keep_table(table: pd.DataFrame, file: Path, facts: str) -> None:
    """Write a table with all that it depends on, whole or not at all."""
    import pyarrow
    import pyarrow.parquet

    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    with atomic_path(file) as temporary:
        pyarrow.parquet.write_table(arrow.replace_schema_metadata({b"scanpath": facts.encode()}), temporary)
