"""Any table of fixations, by what a person can say about it; programs' exports are such sayings with a name.

The steps are the same for all: text is split into cells, columns get our names, rows that are no fixations are left
out, rows of one fixation become one, coordinates become px of the picture and times ms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath._core.files import require_file
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.delimited import read_text, separator_sign, split_cells
from scanpath.datasets.formats.detected_fixations import find_fixations
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes
from scanpath.datasets.formats.placement import PictureAt, PictureSizes, SizePx
from scanpath.datasets.formats.row_kinds import (
    ROW_KINDS,
    fixations_of_rows,
    keep_eye,
    keep_only,
    like,
    number_fixations,
)
from scanpath.datasets.formats.table_columns import (
    HELPERS,
    TIMES,
    columns_by_our_names,
    numbers,
    settle_decimal,
    times_ms,
)
from scanpath.datasets.formats.table_places import place_in_picture
from scanpath.gaze.csv_text import plain_extra
from scanpath.gaze.frames import arrow_to_pandas
from scanpath.gaze.table import BASE_COLUMNS, OPTIONAL_COLUMNS


@dataclass(frozen=True, kw_only=True)
class TableSettings:
    """What a person can say about a table.

    Attributes
    ----------
    columns
        The table's own names of columns to ours: ``{"GazeX": "x_px", "Dur": "duration_ms"}``. Ours are those of the
        fixation table, ``offset_ms`` (the end, where there is no duration), ``xy_px`` (cells such as "[1, 2]"),
        ``eye``, and ``screen_width_px`` and ``screen_height_px`` where the screen differs between rows.
    separator
        A sign, or "tab", "semicolon", "comma", "bar"; by default the one that the line of names has most of.
    encoding
        Of the text; by default told by its first bytes, else UTF-8, else cp1252 or Latin-1, as its bytes tell.
    decimal, thousands
        Marks in numbers, such as ``decimal=","``. By default a point and none.
    comment
        Lines that begin so are left out.
    skip_rows
        How many lines come before the line of names.
    time_unit
        "s", "ms", "us" or "ns" of all times, or one for each of our names; by default as the column's name tells.
    frame, y_up
        What coordinates are: see `to_px`. By default as the column's name tells (``x_px``).
    px_per_deg
        Size of a degree in px, where coordinates are degrees.
    screen_px
        (width, height) of the screen, where coordinates are parts of it or count from its center.
    size_px
        (width, height) that the picture had when coordinates were taken, if it is not ``picture_px``.
    picture_at, picture_px
        Where the picture was on the screen, and its own size; see `to_picture_px`.
    missing
        Numbers and words that stand for a missing value, such as ``[-1, "."]``. 0 counts only where x and y are 0.
    only
        Rows that are kept: ``{"label": "FIXA"}``, by a value or a list of them.
    rows
        What rows are: "fixations"; "samples", whose places are averaged over those with one number in ``fixation``;
        "repeated", samples that repeat what their fixation is; "growing", states of a fixation up to its last.
    detect
        How fixations are found where rows are samples without numbers of fixations; see `find_fixations`.
    eye
        "left" or "right", where the table holds both.
    stimulus, subject, agent
        What the whole table is about, if no column says so.
    max_bytes
        Larger files are refused.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    comment: str | None = None
    skip_rows: int = 0
    time_unit: str | Mapping[str, str] | None = None
    frame: str | None = None
    y_up: bool | None = None
    px_per_deg: float | None = None
    screen_px: SizePx | None = None
    size_px: SizePx | None = None
    picture_at: PictureAt | None = None
    picture_px: PictureSizes | None = None
    missing: Sequence[float | str] | float | str = ()
    only: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    rows: str = "fixations"
    detect: Mapping[str, Any] | None = None
    eye: str | None = None
    stimulus: str | None = None
    subject: str | None = None
    agent: str | None = None
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        for name in ("columns", "only"):
            value = getattr(self, name)
            if not isinstance(value, Mapping):
                example = "{'their name': 'x_px'}" if name == "columns" else "{'their name': 'value to keep'}"
                raise InputError(f"{name} must be a mapping such as {example}, got {value!r}.")
        check_choice("rows", self.rows, ROW_KINDS)
        if self.detect is not None and not isinstance(self.detect, Mapping):
            raise InputError(f"detect must be a mapping with 'method' and its thresholds, got {self.detect!r}.")
        for name in ("decimal", "thousands"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or len(value) != 1 or value.isalnum()):
                raise InputError(f"{name} must be one sign, such as ',', got {value!r}.")
        if not isinstance(self.skip_rows, int) or self.skip_rows < 0:
            raise InputError(f"skip_rows must be a whole number of lines, got {self.skip_rows!r}.")

    @property
    def codes(self) -> list[float | str]:
        """What stands for a missing value, as a list."""
        return [self.missing] if isinstance(self.missing, str | int | float) else list(self.missing)


SETTINGS = tuple(one.name for one in fields(TableSettings))
SETTINGS_DOC = TableSettings.__doc__ or ""


@dataclass(frozen=True)
class Program:
    """How one program writes its fixations; what is fixed about them, so that a person need not say it.

    Attributes
    ----------
    name, title
        Name of the format, and one line that says whose it is.
    known_by
        Groups of patterns of names of columns; those of one group, all together, no other program writes.
    columns
        Our names to patterns of the program's names, the best first.
    settings
        Settings that are always so.
    time_units
        Of our columns of times, where the program's names do not tell.
    whose_px
        What coordinates refer to: "screen", "picture" or "scene" (the camera of glasses).
    counts_through
        Whether numbers of fixations count through a recording rather than begin anew with each picture.
    from_first
        Whether times are those of a clock, which says nothing, so that they count from a scanpath's first fixation.
    """

    name: str = "table"
    title: str = "any table of fixations, by what you say about it"
    known_by: tuple[tuple[str, ...], ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    time_units: Mapping[str, str] = field(default_factory=dict)
    whose_px: str = "picture"
    counts_through: bool = False
    from_first: bool = False

    def lines(self, text: str, path: Path, changes: Changes) -> list[tuple[int, str]]:
        """Return the lines of the table with their numbers, that of names first."""
        return list(enumerate(text.split("\n"), start=1))

    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, "Program"]:
        """Settle what depends on which columns a file has."""
        return cells, settings, self

    def as_format(self) -> Format:
        """Give the program as a format."""

        def read_program(path: Path, changes: Changes, **settings: Any) -> pd.DataFrame:
            return read_table_as(self, path, changes, **settings)

        return Format(
            self.name, self.title, read_program, options=SETTINGS, options_doc=SETTINGS_DOC, known_by=self.known_by
        )


def read_table_as(program: Program, path: Path, changes: Changes, **settings: Any) -> pd.DataFrame:
    """Read a file as a program wrote it; `settings` are those of `TableSettings`, and win over the program's.

    Raises
    ------
    InputError
        If something that is needed is not said; the message names the setting that says it.
    """
    own = dict(program.settings)
    for name in ("columns", "only"):
        if name in own and isinstance(settings.get(name), Mapping):
            settings[name] = {**own[name], **settings[name]}
    given = TableSettings(**{**own, **settings})
    cells = _cells(program, path, given, changes)
    cells, given, program = program.prepare(cells, given, path, changes)
    cells, theirs = columns_by_our_names(cells, program, given, path, changes)
    cells = keep_only(cells, given.only, path, changes)
    if given.rows in ("samples", "fixations") and {"onset_ms", "fixation"} & set(theirs):
        # a sample that is there twice would count twice in the mean, and a fixation would be two
        twice = cells.duplicated()
        changes.add("dropped", "rows that are there twice", n=int(twice.sum()))
        cells = like(cells, cells[~twice])
    cells = keep_eye(cells, theirs, given.eye, path, changes)
    table = _numbers_and_words(cells, theirs, program, given, path, changes)
    if given.detect is None:
        table = fixations_of_rows(table, given.rows, path, changes, counts_through=program.counts_through)
    table = place_in_picture(table, theirs, program, given, path, changes)
    if given.detect is not None:
        table = find_fixations(table.drop(columns="fixation", errors="ignore"), given.detect, path, changes)
    if program.columns:
        table = table.drop(columns=[name for name in HELPERS if name in table])
    return number_fixations(table, changes, anew=bool(program.columns), from_first=program.from_first)


def _cells(program: Program, path: Path, given: TableSettings, changes: Changes) -> pd.DataFrame:
    require_file(path, "table")
    check_bytes(path, "the table", path.stat().st_size, given.max_bytes)
    if path.suffix.lower() in (".parquet", ".feather"):
        import pyarrow
        import pyarrow.feather
        import pyarrow.parquet

        read = pyarrow.parquet.read_table if path.suffix.lower() == ".parquet" else pyarrow.feather.read_table
        try:
            return arrow_to_pandas(read(path))
        except (pyarrow.ArrowException, OSError) as error:
            raise InputError(f"{path} is no table that can be read ({str(error).splitlines()[0]}).") from error
    lines = program.lines(read_text(path, given.encoding, changes), path, changes)[given.skip_rows :]
    if given.comment:
        kept = [(number, line) for number, line in lines if not line.lstrip().startswith(given.comment)]
        changes.add("dropped", f"lines that begin with {given.comment!r}", n=len(lines) - len(kept))
        lines = kept
    cells, sign = split_cells(lines, separator_sign(given.separator), path, changes)
    cells.attrs["separator"] = sign
    return cells


def _numbers_and_words(
    cells: pd.DataFrame, theirs: Mapping[str, str], program: Program, given: TableSettings, path: Path, changes: Changes
) -> pd.DataFrame:
    """Columns of our types, without what the settings call missing."""
    kinds = BASE_COLUMNS | OPTIONAL_COLUMNS
    measures = [name for name in theirs if name.endswith("_px") or name in ("fixation", "seed")]
    numeric = [theirs[name] for name in (*measures, *TIMES) if name in theirs]
    given = replace(given, decimal=settle_decimal(cells, numeric, given, changes))
    parsed = {name: numbers(cells[theirs[name]], given, path) for name in measures}
    parsed |= times_ms(cells, theirs, program, given, path, changes)
    columns = {}
    for name, own in theirs.items():
        if name in TIMES:
            continue
        words = cells[own].where(cells[own] != "") if kinds.get(name, "text") == "text" else cells[own]
        columns[name] = parsed.get(name, words)
    columns |= parsed
    for name in ("stimulus", "subject", "agent"):
        if getattr(given, name) is not None:
            _check_one(columns.get(name), name, theirs, path)
            columns[name] = pd.Series(str(getattr(given, name)), index=cells.index)
    if not program.columns:
        mapped = set(theirs.values())
        rest = [name for name in cells.columns if name not in mapped and name not in columns]
        text = {name: isinstance(cells[name].dtype, pd.StringDtype) for name in rest}
        columns |= {name: plain_extra(cells[name]) if text[name] else cells[name] for name in rest}
    table = pd.DataFrame(columns, index=cells.index)
    zeros = (table["x_px"] == 0) & (table["y_px"] == 0) & any(code in (0, "0") for code in given.codes)
    gone = table["x_px"].isna() | table["y_px"].isna() | zeros
    if given.detect is not None:  # lost samples end a fixation
        table.loc[gone, ["x_px", "y_px"]] = np.nan
        return table.reset_index(drop=True)
    changes.add("dropped", "rows without a place", n=int(gone.sum()))
    return table[~gone].reset_index(drop=True)


def _check_one(column: pd.Series | None, name: str, theirs: Mapping[str, str], path: Path) -> None:
    """Refuse to call a whole table by one name that tells several apart."""
    values = [] if column is None else column.dropna().unique().tolist()
    if len(values) > 1:
        own = theirs[name]
        raise InputError(
            f"{path}: {own!r} tells {len(values)} apart, such as {values[0]!r} and {values[1]!r}, which {name}= would "
            f"make one: leave {name}= out, or keep the rows of one with only={{{own!r}: {values[0]!r}}}."
        )


ANY_TABLE = Program()
TABLE = ANY_TABLE.as_format()
