"""CSV as text: cells exactly as they stand in the file, every row as long as the header.

What a cell means is decided by the column it belongs to; nothing is guessed here.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from scanpath._core.checks import first_repeated
from scanpath._core.errors import InputError

#: Text that is NaN where it is missing; the "str" of pandas 2 would make the text "nan" of it.
TEXT = pd.StringDtype(na_value=np.nan)
#: Cells of a column of numbers or flags that say that there is no value; in a column of text only an empty cell does.
NO_NUMBER = frozenset(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>"])
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SIGNS = {";": "semicolons", "\t": "tabs", "|": "bars"}
#: Longest cell, in characters.
LONGEST_CELL = 1 << 20


def marked_encoding(content: bytes) -> str | None:
    """Return the encoding that a byte order mark tells, or None where there is none.

    Examples
    --------
    >>> marked_encoding("a".encode("utf-16")), marked_encoding(b"a")
    ('utf-16', None)
    """
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)


def guess_encoding(content: bytes) -> str:
    """Return the encoding that text without a mark probably has: UTF-8, else Windows' or ISO's for western languages.

    Bytes from 0x80 to 0x9f are quotes, dashes and the euro for Windows, and no signs at all in ISO 8859-1.

    Examples
    --------
    >>> guess_encoding("é".encode()), guess_encoding("é".encode("latin-1")), guess_encoding("€".encode("cp1252"))
    ('utf-8', 'latin-1', 'cp1252')
    """
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252" if any(128 <= byte < 160 for byte in set(content)) else "latin-1"
    return "utf-8"


def decode(path: Path, encoding: str | None = None) -> str:
    """Return a file's text: in the encoding that is named, or that its byte order mark tells, or in UTF-8."""
    content = path.read_bytes()
    try:
        text = content.decode(encoding or marked_encoding(content) or "utf-8")
    except (UnicodeError, LookupError):
        raise InputError(
            f"{path} is not {encoding or 'UTF-8'} text; save it as UTF-8, or say what it is with "
            f"read_fixations(path, encoding={guess_encoding(content)!r})."
        ) from None
    return text.removeprefix("\ufeff")


def read_cells(path: Path) -> pd.DataFrame:
    """Read a CSV file as a frame of text; empty cells are empty text.

    Raises
    ------
    InputError
        If values are not separated by commas, a row is longer or shorter than the header, or quotes do not close.
    """
    rows = _rows(decode(path), path)
    _, header = next(rows, (0, []))
    if not any(header):
        raise InputError(f"{path} is empty; a table has a line of column names and a row for each fixation.")
    if header[0].startswith("#"):
        raise InputError(
            f"{path} begins with {header[0][:40]!r}, which is no line of column names; read it with "
            "read_fixations(path, comment='#')."
        )
    names = _names(header, path)
    cells: list[list[str]] = []
    for line, row in rows:
        extra = row[len(names) :]
        if any(extra):
            raise InputError(
                f"{path}: line {line} has more values than there are columns ({len(row)} and {len(names)}); name all "
                "columns, and put text with commas into quotes."
            )
        if len(row) < len(names):
            raise InputError(
                f"{path}: line {line} has {len(row)} values for {len(names)} columns; the file may be cut off."
            )
        if row[: len(names)] == names:
            raise InputError(
                f"{path}: line {line} repeats the header, as in files that were put together; remove it, or read the "
                "file with read_fixations(path, format='table')."
            )
        cells.append(row[: len(names)])
    columns = list(zip(*cells)) if cells else [()] * len(names)
    if not names[0] and list(columns[0]) != [str(row) for row in range(len(cells))]:
        raise InputError(f"{path} has a first column without a name that does not number the rows; name it.")
    return pd.DataFrame({name: pd.Series(column, dtype=TEXT) for name, column in zip(names, columns) if name})


def numbers_in_text(cells: pd.Series) -> pd.Series:
    """Return a column of text as numbers, whole ones exactly, with NA for cells that say that there is none.

    Raises
    ------
    ValueError
        If a cell is no number.
    """
    known = ~cells.str.strip().isin(NO_NUMBER) & cells.notna()
    numbers = pd.to_numeric(cells[known])
    if numbers.dtype.kind in "iu":
        return numbers.astype("Int64").reindex(cells.index)
    return numbers.astype("float64").reindex(cells.index)


def all_matches(cells: pd.Series, pattern: str) -> pd.Series:
    """Say which cells of text match a pattern as a whole."""
    # in parentheses, as pandas 2 puts the anchors of Arrow's text beside the first and last alternative alone
    return cells.str.fullmatch(f"(?:{pattern})")


def plain_extra(cells: pd.Series) -> pd.Series:
    """Return a column that the schema does not know as what writes the same text: numbers, flags or the text itself."""
    known = cells[cells != ""]
    if known.empty:
        return pd.Series(np.nan, index=cells.index, dtype="float64")
    if set(known) <= {"True", "False"}:
        values = cells.map({"True": True, "False": False})
        return values.astype("bool" if len(known) == len(cells) else "boolean")
    try:
        numbers = pd.to_numeric(known)
    except (ValueError, TypeError):
        return cells.where(cells != "", pd.NA)
    same = [str(number) == text for number, text in zip(numbers.tolist(), known)]
    if not all(same) or numbers.dtype.kind not in "iuf":
        return cells.where(cells != "", pd.NA)
    if len(known) < len(cells) and numbers.dtype.kind in "iu":
        return numbers.astype("UInt64" if numbers.dtype.kind == "u" else "Int64").reindex(cells.index)
    return numbers.reindex(cells.index)


def write_cells(table: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV in UTF-8; missing values are empty cells."""
    # Python's writer leaves a lone carriage return without quotes, which readers take for the end of a line
    texts = [name for name in table if table[name].dtype.kind == "O"]
    try:
        returns = any(table[name].astype(TEXT).str.contains("\r").any() for name in texts)
        quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
        table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", quoting=quoting)
    except UnicodeEncodeError as error:
        raise InputError(f"The table cannot be written as UTF-8 text ({error.reason}).") from None


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"{path} is not a readable CSV file (line {reader.line_num}: {error}).") from None
    finally:
        csv.field_size_limit(before)


def _names(header: list[str], path: Path) -> list[str]:
    if len(header) == 1:
        for sign, name in _SIGNS.items():
            if sign in header[0]:
                raise InputError(
                    f"{path} separates values by {name}; a table separates them by commas: read it with "
                    f"read_fixations(path, separator={sign!r})."
                )
    twice = first_repeated([name for name in header if name])
    if twice is not None:
        raise InputError(f"{path} has the column {twice!r} more than once; keep one of them.")
    while header and not header[-1]:
        header = header[:-1]  # a comma behind the last name
    if "" in header[1:]:
        raise InputError(f"{path} has a column without a name, number {header.index('', 1) + 1}; name it.")
    return header
