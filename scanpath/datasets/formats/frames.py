"""Data frames of other libraries at the door: pandas, polars and Arrow in and out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, overload

import pandas as pd

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError, unknown_name
from scanpath.gaze.frames import TableLike
from scanpath.gaze.table import check_table, say_doubts, to_arrow

if TYPE_CHECKING:
    import polars
    import pyarrow


def table_from_frame(frame: TableLike, *, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Take a pandas, polars or Arrow frame of fixations as the tidy table.

    Parameters
    ----------
    frame
        Any frame that narwhals knows, eager or lazy.
    columns
        The schema's name of a column to the frame's own name of it, such as ``{"x_px": "gaze_x"}``. Columns that are
        not named keep their names.

    Raises
    ------
    InputError
        If it is no data frame, a column that is named is not there, or the result breaks the schema.

    Examples
    --------
    >>> import pyarrow
    >>> frame = pyarrow.table({"stimulus": ["a"], "subject": ["s"], "fixation": [0], "x": [1.0], "y_px": [2.0]})
    >>> table_from_frame(frame, columns={"x_px": "x"})[["x_px", "y_px"]].values.tolist()
    [[1.0, 2.0]]
    """
    import narwhals as nw

    try:
        native = nw.from_native(frame)
    except TypeError:
        raise InputError(f"A table must be a pandas, polars or Arrow data frame, got {type(frame).__name__}.") from None
    if isinstance(native, nw.LazyFrame):
        native = native.collect()
    mapping = dict(columns or {})
    for own in mapping.values():
        if own not in native.columns:
            other = next(name for name, theirs in mapping.items() if theirs == own)
            if other in native.columns:
                raise InputError(f"columns gives the table's names first: columns={{{own!r}: {other!r}}}.")
            raise unknown_name("column of the frame", own, native.columns)
    native = native.rename({own: name for name, own in mapping.items()})
    table = native.to_pandas()
    table.attrs = dict(getattr(frame, "attrs", {}))
    return say_doubts(check_table(table, source="The frame"), "The frame")


@overload
def table_to_frame(table: TableLike, kind: Literal["pandas"]) -> pd.DataFrame: ...
@overload
def table_to_frame(table: TableLike, kind: Literal["pyarrow"]) -> "pyarrow.Table": ...
@overload
def table_to_frame(table: TableLike, kind: Literal["polars"]) -> "polars.DataFrame": ...
def table_to_frame(table: TableLike, kind: str) -> "pd.DataFrame | pyarrow.Table | polars.DataFrame":
    """Give the tidy table as another library's frame.

    Parameters
    ----------
    table
        Tidy table.
    kind
        "pandas", "polars" or "pyarrow"; missing values are null in all of them.

    Examples
    --------
    >>> table = pd.DataFrame({"stimulus": ["a"], "subject": ["s"], "fixation": [0], "x_px": [1.0], "y_px": [2.0]})
    >>> table_to_frame(table, "pyarrow").column("onset_ms").null_count
    1
    """
    check_choice("kind", kind, ("pandas", "polars", "pyarrow"))
    checked = check_table(table)
    if kind == "pandas":
        return checked
    arrow = to_arrow(checked)
    if kind == "pyarrow":
        return arrow
    from scanpath._core.optional import require

    return require("polars", purpose="A polars frame").from_arrow(arrow)
