"""Columns of a table by our names, and their cells as numbers: px, ms, whole numbers."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, first_repeated
from scanpath._core.errors import InputError, unknown_name
from scanpath._core.times import as_ms
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.format import NoSubjectError
from scanpath.gaze.csv_text import NO_NUMBER, TEXT, all_matches
from scanpath.gaze.table import BASE_COLUMNS, OPTIONAL_COLUMNS

if TYPE_CHECKING:
    from scanpath.datasets.formats.plain_table import Program, TableSettings

#: ms in a unit of time.
UNITS_MS = {"s": 1e3, "ms": 1.0, "us": 1e-3, "ns": 1e-6}
#: Times of an event.
TIMES = ("onset_ms", "offset_ms", "duration_ms")
#: Columns that tell where a picture was and which recording a row is of; not part of the table.
HELPERS = ("recording", "screen_width_px", "screen_height_px", "picture_left_px", "picture_top_px", "shown_width_px",
           "shown_height_px", "picture_width_px", "picture_height_px")  # fmt: skip
_SCREEN = ("screen_width_px", "screen_height_px")
OUR_NAMES = (*BASE_COLUMNS, *OPTIONAL_COLUMNS, "offset_ms", "eye", *_SCREEN)
#: Names that tell neither unit nor frame, and are taken where a setting does.
_BARE = {"x": "x_px", "y": "y_px", "onset": "onset_ms", "offset": "offset_ms", "duration": "duration_ms"}
_UNIT = re.compile(r"(?:^|[\s_(\[])(ns|us|µs|μs|ms|msec|s|sec|secs|seconds|milliseconds|microseconds)[\])]?$")
_SPELLED = {"µs": "us", "μs": "us", "microseconds": "us", "msec": "ms", "milliseconds": "ms", "sec": "s", "secs": "s",
            "seconds": "s"}  # fmt: skip
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def columns_by_our_names(
    cells: pd.DataFrame, program: "Program", given: "TableSettings", path: Path, changes: Changes
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Find which column is what; our names to the table's own.

    Raises
    ------
    InputError
        If a column that is named is not there, or one that is needed is neither there nor named.
    """
    mapped = list(given.columns.values())
    twice = first_repeated(mapped)
    if twice is not None:
        raise InputError(f"columns names {twice!r} for more than one column of {path}; choose one.")
    cells = _split_pairs(cells, given, path)
    theirs = _by_pattern(cells, program) if program.columns else _by_name(cells, given)
    if "xy_px" in mapped:
        theirs |= {"x_px": "x_px", "y_px": "y_px"}
    for own, name in given.columns.items():
        if name == "xy_px":
            continue
        if own not in cells.columns:
            if name in cells.columns and own in OUR_NAMES:
                raise InputError(f"columns gives the table's own names first: columns={{{name!r}: {own!r}}}.")
            raise unknown_name(f"column of {path}", own, cells.columns)
        if name not in OUR_NAMES:
            raise unknown_name("column that a table of fixations can have", name, OUR_NAMES)
        theirs = {other: column for other, column in theirs.items() if column != own or other == name}
        theirs[name] = own
    renamed = [f"{own!r} to {name}" for name, own in theirs.items() if own != name]
    if renamed:
        changes.add("renamed", ", ".join(renamed))
    _check_all_there(cells, theirs, program, given, path)
    return cells, theirs


def _by_pattern(cells: pd.DataFrame, program: "Program") -> dict[str, str]:
    found = {}
    for name, patterns in program.columns.items():
        for pattern in patterns:
            column = next((one for one in cells.columns if re.fullmatch(pattern, one, re.IGNORECASE)), None)
            if column is not None:
                found[name] = column
                break
    return found


def _split_pairs(cells: pd.DataFrame, given: "TableSettings", path: Path) -> pd.DataFrame:
    """Cells that hold x and y, such as "[1, 2]", as two columns with our names."""
    own = next((own for own, name in given.columns.items() if name == "xy_px"), None)
    if own is None:
        return cells
    if own not in cells.columns:
        raise unknown_name(f"column of {path}", own, cells.columns)
    if isinstance(cells[own].dtype, pd.StringDtype):
        parts = cells[own].str.strip().str.extract(r"^[\[(]?\s*([^\s,;]+)[\s,;]+([^\s,;]+?)\s*[\])]?$")
        wrong = parts[0].isna() & ~cells[own].str.strip().isin(NO_NUMBER)
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise InputError(f"{path}: {own!r} is {cells[own].iloc[row]!r} in row {row}, which is no pair of x and y.")
        parts = parts.fillna("").astype(TEXT)
    else:
        lists = [[np.nan, np.nan] if value is None else list(value) for value in cells[own]]
        if any(len(one) != 2 for one in lists):
            raise InputError(f"{path}: {own!r} does not hold two numbers in every row.")
        parts = pd.DataFrame(lists, index=cells.index, columns=[0, 1], dtype="float64")
    split = cells.drop(columns=own).assign(x_px=parts[0], y_px=parts[1])
    split.attrs = dict(cells.attrs)
    return split


def _by_name(cells: pd.DataFrame, given: "TableSettings") -> dict[str, str]:
    """Columns that have our names, also in capitals; bare ones where a setting tells their unit or frame."""
    found = {name: name for name in (*BASE_COLUMNS, *OPTIONAL_COLUMNS, "eye", "offset_ms") if name in cells.columns}
    found |= {name: name for name in _SCREEN if name in cells.columns}
    for own in cells.columns:
        name = own.lower()
        told = given.frame if name in ("x", "y") else given.time_unit
        name = _BARE[name] if name in _BARE and told is not None else name
        if name in OUR_NAMES and name not in found and own != name:
            found[name] = own
    return found


def _check_all_there(
    cells: pd.DataFrame, theirs: Mapping[str, str], program: "Program", given: "TableSettings", path: Path
) -> None:
    whose = f"{path} ({program.name})"
    shown = f"its columns are {', '.join(map(repr, cells.columns[:40]))}"
    for name in ("x_px", "y_px"):
        if name not in theirs:
            raise InputError(
                f"{whose} does not say which column is {name}: give columns={{'their name': {name!r}}}, and with it "
                f"frame='px', 'normalized', 'centered', 'degrees', 'norm' or 'height'; {shown}."
            )
    if "stimulus" not in theirs and given.stimulus is None:
        raise InputError(
            f"{whose} does not say which picture was looked at: give stimulus='name.png' for the whole file, or its "
            f"column with columns={{'their name': 'stimulus'}}; {shown}."
        )
    if not {"subject", "agent"} & set(theirs) and given.subject is None and given.agent is None:
        raise NoSubjectError(
            f"{whose} does not say who looked: give subject='name' for the whole file (agent='name' for a model), or "
            f"its column with columns={{'their name': 'subject'}}; {shown}."
        )


def settle_decimal(cells: pd.DataFrame, columns: Iterable[str], given: "TableSettings", changes: Changes) -> str:
    """Return the decimal mark: a comma if numbers have one and none has a point, and it separates no values."""
    if given.decimal is not None or cells.attrs.get("separator", ",") == ",":
        return given.decimal or "."
    text = [cells[name].dropna() for name in dict.fromkeys(columns) if isinstance(cells[name].dtype, pd.StringDtype)]
    if given.thousands is None:
        for column in text:
            _say_point(column, changes)
    with_comma = any(column.str.contains(",", regex=False).any() for column in text)
    with_point = any(all_matches(column, r"\s*[-+]?\d*\.\d+\s*").any() for column in text)
    # 1,300 may as well be more than a thousand: refused where nothing else tells
    unclear = all(all_matches(column, r"\s*[-+]?[1-9]\d{0,2}(,\d{3})+\s*|[^,]*").all() for column in text)
    if not with_comma or with_point or unclear:
        return "."
    changes.add("assumed", "the comma is the decimal mark, as no number has a point (say so with decimal=)")
    return ","


def _say_point(column: pd.Series, changes: Changes) -> None:
    """Note a point that may as well group thousands: always three digits behind it, beside numbers without one."""
    pointed = column.str.contains(".", regex=False)
    if pointed.all() or not pointed.any() or not all_matches(column[pointed], r"\s*[1-9]\d{0,2}(\.\d{3})+\s*").all():
        return
    changes.add(
        "assumed",
        f"the point in {column.name!r} is a decimal mark, as in {column[pointed].iloc[0]!r} (if not, thousands='.')",
    )


def numbers(column: pd.Series, given: "TableSettings", path: Path) -> pd.Series:
    """Cells as numbers, missing ones as NaN.

    Raises
    ------
    InputError
        If a cell is no number; the message names the settings that could make it one.
    """
    if not isinstance(column.dtype, pd.StringDtype):
        spans = pd.api.types.is_timedelta64_dtype(column)  # as objects they would lose their ns
        cells = column.to_numpy() if spans else column.to_numpy(dtype=object, na_value=np.nan)
        known = as_ms(cells, f"{path}: {column.name!r}")
        values = pd.Series(known, index=column.index)
        return values.mask(values.isin([code for code in given.codes if not isinstance(code, str) and code != 0]))
    text = column.str.strip()
    words = {str(code).strip() for code in given.codes if code not in (0, "0")}
    gone = text.isin(NO_NUMBER) | text.isin(words)
    plain = text.str.replace(given.thousands, "", regex=False) if given.thousands else text
    decimal = given.decimal or "."
    if decimal != ".":
        pointed = plain.str.contains(".", regex=False)
        plain = plain.str.replace(decimal, ".", regex=False).where(~pointed, "no number")
    wrong = ~gone & ~all_matches(plain, _NUMBER.pattern)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise InputError(
            f"{path}: {column.name!r} is {text.iloc[row]!r} in row {column.index[row]}, which is no number"
            f"{_remedy(text.iloc[row], decimal)}."
        )
    values = pd.Series(pd.to_numeric(plain.mask(gone)), index=column.index, dtype="float64")
    codes = [float(code) for code in given.codes if _is_number(code) and float(code) != 0]
    return values.mask(values.isin(codes))


def _is_number(code: float | str) -> bool:
    return not isinstance(code, str) or bool(_NUMBER.fullmatch(code))


def _remedy(text: str, decimal: str) -> str:
    if re.fullmatch(r"\[.*\]|\(.*\)", text):
        return "; a cell with x and y is read with columns={'its name': 'xy_px'}"
    if re.fullmatch(r"[-+\d.,\s']+", text) and re.search(r"[^-+\d]", text) and re.search(r"\d", text):
        return f" with the decimal mark {decimal!r}; say how numbers are written with decimal=',' or thousands=','"
    return f"; if it stands for a missing value, say so with missing=[{text!r}]"


def times_ms(
    cells: pd.DataFrame,
    theirs: Mapping[str, str],
    program: "Program",
    given: "TableSettings",
    path: Path,
    changes: Changes,
) -> dict[str, pd.Series]:
    """Onset and duration in ms; the duration from the end, where only that is there."""
    said = given.time_unit
    for unit in said.values() if isinstance(said, Mapping) else [said] if said else []:
        check_unit(unit)
    columns = {name: theirs[name] for name in TIMES if name in theirs}
    counted = _from_least(cells, columns)
    parsed = {}
    for name, own in columns.items():
        values = counted[name] if name in counted else numbers(cells[own], given, path)
        unit = "ms" if pd.api.types.is_timedelta64_dtype(cells[own]) else _unit(name, own, program, given, path)
        parsed[name] = values * UNITS_MS[unit]
        if unit != "ms":
            changes.add("unit", f"{own!r} from {unit} to ms")
    end = parsed.pop("offset_ms", None)
    if end is not None and "duration_ms" not in parsed and "onset_ms" in parsed:
        parsed["duration_ms"] = end - parsed["onset_ms"]
    elif end is not None and "onset_ms" not in parsed and "duration_ms" in parsed:
        parsed["onset_ms"] = end - parsed["duration_ms"]
    return parsed


def _from_least(cells: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, pd.Series]:
    """Whole numbers that floats cannot hold, such as ns since 1970, counted from the least of them."""
    text = {
        name: cells[own].str.strip() for name, own in columns.items() if isinstance(cells[own].dtype, pd.StringDtype)
    }
    long = {name: one for name, one in text.items() if all_matches(one, r"\d{16,19}").any()}
    if not long or not all(all_matches(one, r"\d{1,19}|").all() for one in long.values()):
        return {}
    least = min(int(str(value)) for one in long.values() for value in one if value)
    return {
        name: one.map(lambda value: float(int(str(value)) - least) if value else np.nan) for name, one in long.items()
    }


def unit_told(own: str) -> str | None:
    """Return the unit of time that a column's name ends in.

    Examples
    --------
    >>> unit_told("Recording timestamp [μs]"), unit_told("duration")
    ('us', None)
    """
    told = _UNIT.search(own.strip().lower())
    return _SPELLED.get(told.group(1), told.group(1)) if told else None


def check_unit(unit: str) -> str:
    """Return a unit of time by its short name, or raise for one that is not known."""
    return check_choice("time_unit", _SPELLED.get(unit, unit), tuple(UNITS_MS))


def durations_to_ms(table: pd.DataFrame, unit: str, changes: Changes) -> None:
    """Turn the durations of a table that was read without regard to its unit into ms."""
    factor = UNITS_MS[check_unit(unit)]
    if factor != 1:
        table["duration_ms"] *= factor
        changes.add("unit", f"durations from {unit} to ms")


def _unit(name: str, own: str, program: "Program", given: "TableSettings", path: Path) -> str:
    said = given.time_unit
    by_name = said.get(name) if isinstance(said, Mapping) else None
    for_all = said if isinstance(said, str) else None
    if program.columns and own not in given.columns:
        # units differ between a program's columns, so that one unit cannot be meant for all
        unit = by_name or unit_told(own) or program.time_units.get(name) or for_all
    else:
        mapped = "ms" if own in given.columns else None  # whoever calls a column duration_ms says that it is ms
        unit = by_name or for_all or unit_told(own) or program.time_units.get(name) or mapped
    if unit is None:
        raise InputError(f"{path}: {own!r} does not tell its unit of time: give time_unit='s', 'ms', 'us' or 'ns'.")
    return check_unit(unit)
