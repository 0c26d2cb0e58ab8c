"""Frames of pandas, polars and Arrow as pandas, with whole numbers exact and missing values missing."""

from typing import TYPE_CHECKING, TypeAlias, TypeGuard, Union

import pandas as pd

from scanpath._core.errors import InputError
from scanpath._core.labels import native_frame

if TYPE_CHECKING:
    import pyarrow
    from narwhals.typing import IntoFrame

#: A table of fixations: a frame of pandas, polars, Arrow or another library that narwhals knows, eager or lazy.
TableLike: TypeAlias = Union[pd.DataFrame, "IntoFrame"]


def as_pandas(frame: TableLike, source: str) -> pd.DataFrame:
    """Return a frame of any library that narwhals knows, eager or lazy, as pandas.

    Raises
    ------
    InputError
        If it is no data frame.
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    native = native_frame(frame)
    if native is None:
        raise InputError(
            f"{source} must be a pandas DataFrame, got {type(frame).__name__}; polars and Arrow serve, too."
        )
    return arrow_to_pandas(native.to_arrow())


def is_frame(value: object) -> TypeGuard[TableLike]:
    """Whether a value is a data frame of some library, eager or lazy."""
    return any(hasattr(value, name) for name in ("collect_schema", "column_names", "iloc")) and not hasattr(value, "xy")


def arrow_to_pandas(arrow: "pyarrow.Table") -> pd.DataFrame:
    """Return an Arrow table as pandas; whole numbers and flags stay what they are where some are missing."""
    import pyarrow

    nullable = {
        pyarrow.int8(): pd.Int8Dtype(),
        pyarrow.int16(): pd.Int16Dtype(),
        pyarrow.int32(): pd.Int32Dtype(),
        pyarrow.int64(): pd.Int64Dtype(),
        pyarrow.uint64(): pd.UInt64Dtype(),
        pyarrow.bool_(): pd.BooleanDtype(),
    }
    gaps = {name for name in arrow.column_names if arrow.column(name).null_count}
    whole = arrow.to_pandas()
    if not gaps:
        return whole
    exact = arrow.to_pandas(types_mapper=nullable.get)
    for name in gaps:
        whole[name] = exact[name]
    return whole
