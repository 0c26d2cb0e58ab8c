"""The rows of a shard, in Arrow form: quickly where all is as agents give it, else by way of the table's checks.

Checking a small table in pandas costs as much as many episodes. What agents of ours return needs no conversion, and
what could be wrong with it shows in a few comparisons of arrays; everything else goes the long way, which converts it
or says what is wrong. Both give the same rows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from scanpath.gaze.columns import holds_bytes
from scanpath.gaze.doubts import is_code
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.table import BASE_COLUMNS, OPTIONAL_COLUMNS, SCANPATH_KEYS, to_arrow
from scanpath.simulation.look import cells_of, tabulate

_ARROW = {"text": pa.string(), "count": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}
#: What a value of a kind is where nothing has to be converted.
_PLAIN: dict[str, type] = {"text": str, "count": int, "flag": bool}
_KINDS = BASE_COLUMNS | OPTIONAL_COLUMNS
_MEASURED = ("fixation", "x_px", "y_px", "onset_ms", "duration_ms")


def checked_rows(paths: Sequence[tuple[int, Scanpath]], facts: Mapping[str, object]) -> pa.Table:
    """Return the checked table of scanpaths, each with its seed, and `facts` in its schema.

    Known columns have their types also where there are only nulls, or no row at all.
    """
    table = to_arrow(tabulate(paths), facts)
    fields = [
        pa.field(name, _ARROW[_KINDS[name]]) if name in _KINDS else table.schema.field(name)
        for name in table.column_names
    ]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))


def plain_rows(paths: Sequence[tuple[int, Scanpath]]) -> pa.Table | None:
    """Return the rows of `checked_rows` for less work; None where something is to be converted or refused."""
    cells = cells_of(paths)
    if not _sound(paths, cells):
        return None
    n = len(cells["x_px"])
    columns = {}
    for name, kind in _KINDS.items():
        if name in cells:
            columns[name] = _column(cells[name], kind)
        elif name in BASE_COLUMNS:
            columns[name] = pa.nulls(n, _ARROW[kind])
    extra = pd.DataFrame({name: values for name, values in cells.items() if name not in _KINDS})
    if any(column is None for column in columns.values()) or any(holds_bytes(extra[name]) for name in extra):
        return None
    if len(extra.columns):
        columns |= dict(zip(extra.columns, to_arrow(extra).columns, strict=True))
    return pa.table(columns)


def _sound(paths: Sequence[tuple[int, Scanpath]], cells: Mapping[str, np.ndarray | list[object]]) -> bool:
    """Whether rows are certain to be places, each of another fixation, as far as values of plain types go."""
    x, y = cells["x_px"], cells["y_px"]
    if not all(isinstance(cells[name], np.ndarray) for name in _MEASURED):  # a fact of a picture has such a name
        return False
    if not len(x) or any(len(values) != len(x) for values in cells.values()):
        return False
    if not all(cells["stimulus"]) or is_code(np.asarray(x), np.asarray(y)).any():
        return False
    facts = [{**path.info, "seed": seed} for seed, path in paths]
    names = {tuple(str(one.get(name) or "") for name in SCANPATH_KEYS) for one in facts}
    return len(names) == len(paths)


def _column(values: np.ndarray | list[object], kind: str) -> pa.Array | None:
    """Return a column in the type of its kind; None where a value is of another type."""
    if isinstance(values, np.ndarray):
        return pa.array(values, _ARROW[kind], from_pandas=True)  # NaN is missing
    if not set(map(type, values)) <= {_PLAIN.get(kind), type(None)}:
        return None
    try:
        return pa.array([None if value == "" else value for value in values], _ARROW[kind])
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return None
