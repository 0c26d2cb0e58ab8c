"""Text files of values between separators, of which the separator and the encoding need not be known.

What is guessed is said in the list of changes; what cannot be told is asked for by the name of the setting.
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scanpath._core.checks import first_repeated
from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.gaze.csv_text import LONGEST_CELL, TEXT, guess_encoding, marked_encoding

#: A cell in quotes, or an end of a line. A quote behind a letter or digit, as in 24", opens none.
_CELL_OR_END = re.compile(r'(?<!\w)"[^"]*"|\r\n?')
_SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}


def read_text(path: Path, encoding: str | None, changes: Changes) -> str:
    """Return a file's text in the encoding that is given, that its first bytes tell, or in UTF-8, cp1252 or Latin-1.

    Lines end in a line feed, whatever they ended in; cells in quotes are as they were written.

    Raises
    ------
    InputError
        If it is no text in that encoding.
    """
    content = path.read_bytes()
    coding = encoding or marked_encoding(content)
    guessed = coding or _guess(content)
    try:
        text = content.decode(guessed)
    except (UnicodeError, LookupError):
        raise InputError(f"{path} is not {guessed} text; say what it is, such as encoding='latin-1'.") from None
    text = _line_feeds(text.removeprefix("\ufeff"))
    if any(ord(sign) < 32 and sign not in "\n\r\t\f" for sign in set(text)):
        raise InputError(f"{path} is not {guessed} text; it has control characters. Say what it is with encoding=.")
    if not coding and guessed != "utf-8":
        changes.add("assumed", f"the text is {guessed}, as it is not UTF-8 (say what it is with encoding=)")
    say_no_end(text, changes)
    return text


def say_no_end(text: str, changes: Changes) -> None:
    """Note a last line without an end: its last number may have lost digits."""
    if text and not text.endswith(("\n", "\r")):
        changes.add("assumed", "the file is whole, although its last line has no end")


def _guess(content: bytes) -> str:
    """Encoding of text without a byte order mark."""
    head = content[:4096]
    for coding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(zeros) > 1 and zeros.count(0) > 0.7 * len(zeros):
            return coding
    return guess_encoding(content)


def _line_feeds(text: str) -> str:
    """Text whose lines end in a line feed; the ends of lines within cells stay."""
    if "\r" not in text or '"' not in text:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return _CELL_OR_END.sub(lambda found: found[0] if found[0].startswith('"') else "\n", text)


def separator_sign(separator: str | None) -> str | None:
    """Return the sign of a separator that may be given by its name.

    Examples
    --------
    >>> separator_sign("semicolon"), separator_sign(",")
    (';', ',')
    """
    if separator is None:
        return None
    sign = {name: sign for sign, name in _SEPARATORS.items()}.get(separator, separator.replace("\\t", "\t"))
    if len(sign) != 1 or sign in '"\n':
        raise InputError(f"separator must be one sign or {', '.join(_SEPARATORS.values())}, got {separator!r}.")
    return sign


def split_cells(
    lines: Sequence[tuple[int, str]], separator: str | None, path: Path, changes: Changes
) -> tuple[pd.DataFrame, str]:
    """Split numbered lines, the first of which names the columns, into a frame of text; return the separator, too.

    Names are stripped of blanks around them. Lines that repeat the names, as files have that were put together, are
    left out.

    Raises
    ------
    InputError
        If there is no line, a row is longer or shorter than the names, a name is there twice, or quotes do not close.
    """
    header = next((line for _, line in lines if line.strip()), "")
    sign = separator or _guess_separator(header, path)
    if separator is None and sign != ",":
        changes.add("assumed", f"values are separated by a {_SEPARATORS[sign]}, as in the line of names")
    before = csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader((line + "\n" for _, line in lines), delimiter=sign, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        number = lines[min(reader.line_num, len(lines)) - 1][0]
        raise InputError(f"{path} cannot be split into values (line {number}: {error}).") from None
    finally:
        csv.field_size_limit(before)
    if not rows:
        raise InputError(f"{path} is empty; a table has a line of column names and a row for each fixation.")
    names = [name.strip() for name in rows[0][1]]
    while names and not names[-1]:
        names.pop()  # a separator behind the last name
    twice = first_repeated([name for name in names if name])
    if twice is not None:
        raise InputError(f"{path} has the column {twice!r} more than once; keep one of them.")
    cells = []
    for number, row in rows[1:]:
        if [cell.strip() for cell in row[: len(names)]] == names:
            changes.add(
                "dropped", "lines that repeat the names of the columns, as in files that were put together", n=1
            )
            continue
        cells.append(_checked(row, len(names), lines[number - 1][0], path))
    columns = list(zip(*cells)) if cells else [()] * len(names)
    frame = pd.DataFrame({name: pd.Series(column, dtype=TEXT) for name, column in zip(names, columns) if name})
    return frame, sign


def _checked(row: list[str], n: int, line: int, path: Path) -> list[str]:
    if any(row[n:]):
        raise InputError(
            f"{path}: line {line} has more values than there are columns ({len(row)} and {n}); say how they are "
            "separated with separator=, and which lines are no rows with comment= or skip_rows=."
        )
    if len(row) < n:
        raise InputError(f"{path}: line {line} has {len(row)} values for {n} columns; the file may be cut off.")
    return row[:n]


def _guess_separator(header: str, path: Path) -> str:
    counts = {sign: header.count(sign) for sign in _SEPARATORS}
    best = max(counts, key=lambda sign: counts[sign])
    if not header:
        raise InputError(f"{path} is empty; a table has a line of column names and a row for each fixation.")
    if not counts[best] or header.startswith("#"):
        raise InputError(
            f"{path}: the first line, {header[:60]!r}, is no line of column names; leave lines out with skip_rows= or "
            "comment=, or say how values are separated with separator=."
        )
    return best
