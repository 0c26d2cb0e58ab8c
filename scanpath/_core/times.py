"""Times at the door: ms whatever unit a library stores them in, and nothing that only looks like a number."""

import re

import numpy as np

from scanpath._core.errors import InputError

_MS = np.timedelta64(1, "ms")
_UNIT = "(in)?((milli|micro|nano)?s(ec(ond)?s?)?|ms(ecs?)?|us|ns|frames?)?"
#: Names that mean durations and onsets of fixations, without regard to case, spaces and underscores.
_NAMES = {
    "duration_ms": re.compile(f"(fix(ations?)?)?dur(ations?)?{_UNIT}"),
    "onset_ms": re.compile(f"(fix(ations?)?)?onsets?{_UNIT}"),
}


def time_meant(name: object) -> str | None:
    """Return our name of the time that a column's name means, and does not say as we do; None where it means none.

    Examples
    --------
    >>> time_meant("Duration (s)"), time_meant("fixation_duration"), time_meant("duration_ms"), time_meant("trial")
    ('duration_ms', 'duration_ms', None, None)
    """
    bare = re.sub(r"[^a-z]", "", str(name).lower())
    return next((ours for ours, names in _NAMES.items() if name != ours and names.fullmatch(bare)), None)


def as_ms(values: object, what: str) -> np.ndarray:
    """Return times as float64 ms; spans of time are converted from their own unit, missing ones are NaN.

    Raises
    ------
    InputError
        If they are dates, truth values or no numbers at all.

    Examples
    --------
    >>> as_ms(np.array([200, 300], dtype="timedelta64[ms]").astype("timedelta64[ns]"), "duration_ms").tolist()
    [200.0, 300.0]
    """
    if isinstance(values, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(values), np.nan, as_ms(values.data, what))
    array = np.asarray(values)
    if array.dtype == object and array.size and all(map(is_span, array.ravel())):
        array = array.astype("timedelta64[us]")
    if array.dtype.kind == "M":
        raise InputError(
            f"{what} holds dates or times of day; give ms: subtract the start of the trial, as in "
            "(time - start) / pandas.Timedelta('1ms')."
        )
    if array.dtype.kind == "m":
        return np.where(np.isnat(array), np.nan, array / _MS)
    return as_real(array, what)


def as_real(values: object, what: str) -> np.ndarray:
    """Return numbers as float64; times, truth values and complex numbers are none."""
    array = np.asarray(values)
    if array.dtype.kind in "mMbc":
        kind = {"m": "spans of time", "M": "dates", "b": "true or false", "c": "complex numbers"}[array.dtype.kind]
        raise InputError(f"{what} must be numbers, got {kind}.")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be numbers, got {' '.join(repr(values).split())[:80]}.") from None


def is_span(value: object) -> bool:
    """Whether a single value is a span of time of Python, NumPy or pandas."""
    return type(value).__name__ in ("timedelta", "Timedelta", "timedelta64")
