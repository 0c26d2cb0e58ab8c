"""One column of the fixation table: from what came to the type that the schema asks for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError
from scanpath._core.times import as_ms
from scanpath.gaze.csv_text import NO_NUMBER, TEXT, numbers_in_text

DTYPES: dict[str, str | pd.StringDtype] = {"text": TEXT, "count": "Int64", "number": "float64", "flag": "boolean"}
_MEANT = {"text": "text", "count": "whole numbers", "number": "numbers", "flag": "true or false"}
_FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_NO_NUMBERS = {"m": "spans of time", "M": "dates or times of day", "b": "true or false", "c": "complex numbers"}


def typed_column(values: pd.Series | None, kind: str, name: str, source: str, n: int) -> pd.Series:
    """Return a column of `n` rows in the type of its kind, all missing where there is none.

    Text is taken as it stands; only what is empty or null is missing. Spans of time become ms in columns of times.

    Raises
    ------
    InputError
        If a value is of another kind; the message names it and its row.
    """
    if values is None or values.isna().all():
        return pd.Series(pd.NA if kind != "number" else np.nan, index=range(n), dtype=DTYPES[kind])
    try:
        return _CONVERSIONS[kind](values, name)
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise InputError(f"{source}: column {error}") from None
        raise InputError(f"{source}: column {name!r} must hold {_MEANT[kind]}, got {_example(values, kind)}.") from None


def _text(values: pd.Series, name: str) -> pd.Series:
    plain = values.dtype == TEXT or (values.dtype == object and all(type(value) is str for value in values))
    text = (values if plain else values.map(_as_text, na_action="ignore")).astype(TEXT)
    empty = text == ""
    return text.mask(empty) if empty.any() else text


def holds_bytes(values: pd.Series) -> bool:
    """Whether a column has bytes where others have text."""
    return values.dtype == object and any(isinstance(value, bytes) for value in values)


def text_of_bytes(values: pd.Series, source: str) -> pd.Series:
    """Return a column with the text of its bytes, in UTF-8, and everything else as it is."""
    try:
        return values.map(lambda value: value.decode() if isinstance(value, bytes) else value)
    except UnicodeDecodeError:
        raise InputError(f"{source}: column {values.name!r} holds bytes that are not UTF-8; give text.") from None


def _as_text(value: object) -> str:
    if iso := getattr(value, "isoformat", None):
        return str(iso())
    # a subject that a library turned into 1.0, as others of its column are missing, is the subject 1
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _flag(values: pd.Series, name: str) -> pd.Series:
    def as_flag(value: object) -> bool | None:
        text = str(value)
        return None if text.strip() in NO_NUMBER else _FLAGS[text.lower()]

    try:
        return values.map(as_flag, na_action="ignore").astype("boolean")
    except KeyError as error:
        raise ValueError(str(error)) from None


def _number(values: pd.Series, name: str) -> pd.Series:
    return _numeric(values, name).astype("float64")


def _count(values: pd.Series, name: str) -> pd.Series:
    numbers = _numeric(values, name)
    if numbers.dtype == "float64" and (numbers.abs() >= 2.0**63).any():
        raise OverflowError
    return numbers.astype("Int64")


def _numeric(values: pd.Series, name: str) -> pd.Series:
    """Return numbers that are told by their type or their text; never a type whose storage only looks like them."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf":  # what memory itself knows as numbers
        return values
    known = values.dropna()
    kind = getattr(values.dtype, "kind", "O")
    if kind == "O" and isinstance(known.iloc[0], np.timedelta64 | timedelta):
        kind = "m"
    elif kind == "O" and known.map(lambda value: isinstance(value, bool | np.bool_)).any():
        kind = "b"
    if kind == "m" and name.endswith("_ms"):
        return pd.Series(as_ms(values.to_numpy(dtype="timedelta64[ns]"), name), index=values.index)
    if kind in _NO_NUMBERS:
        remedy = "; give ms since the start of the trial" if name.endswith("_ms") else ""
        raise InputError(f"{name!r} must hold numbers, got {_NO_NUMBERS[kind]}{remedy}.")
    if known.map(lambda value: isinstance(value, str)).all():
        return numbers_in_text(values)
    numbers = pd.to_numeric(known)
    whole = getattr(numbers.dtype, "kind", "O") in "iu"
    return numbers.astype("Int64" if whole else "float64").reindex(values.index)


_CONVERSIONS: dict[str, Callable[[pd.Series, str], pd.Series]] = {
    "text": _text,
    "count": _count,
    "number": _number,
    "flag": _flag,
}


def _example(values: pd.Series, kind: str) -> str:
    if kind in ("count", "number"):
        words = values.map(lambda value: isinstance(value, str) and value.strip() in NO_NUMBER)
        numbers = pd.to_numeric(values, errors="coerce")
        wrong = values[numbers.isna() & values.notna() & ~words]
        if wrong.empty:
            wrong = values[numbers.notna() & (numbers % 1 != 0)]
        if not wrong.empty:
            return f"{_plain(wrong.iloc[0])!r} in row {wrong.index[0]}{_advice(str(wrong.iloc[0]))}"
    return f"values such as {values.dropna().iloc[0]!r}"


def _advice(text: str) -> str:
    """What would read a cell that is no number."""
    if text.replace(",", "").replace("-", "").replace(".", "").isdigit() and "," in text:
        return (
            "; if the comma is a decimal mark, read the file with read_fixations(path, decimal=','), if it groups "
            "thousands, with thousands=','"
        )
    if text.strip(" .-_?*") == "":
        return f"; if it stands for a missing value, read the text with read_fixations(path, missing=[{text!r}])"
    return ""


def _plain(value: object) -> Any:
    return value.item() if isinstance(value, np.generic) else value
