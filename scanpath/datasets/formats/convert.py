"""From one format to another, with a report of what was changed on the way."""

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from scanpath._core.errors import InputError, ScanpathError, unknown_name
from scanpath.datasets.formats.changes import Change, Changes
from scanpath.datasets.formats.format import (
    FORMATS,
    Format,
    Reader,
    Writer,
    check_settings,
    format_for_writing,
)
from scanpath.datasets.formats.limits import refuse_packed
from scanpath.datasets.formats.several import Source, files_of, format_of, read_files
from scanpath.gaze.table import SCANPATH_KEYS, check_table, say_doubts

_UNFORESEEN = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, MemoryError)


@dataclass(frozen=True)
class ConversionReport:
    """What a conversion read, changed and wrote.

    Attributes
    ----------
    source
        The file or folder, or the files.
    target
        Path.
    from_, to
        Names of the formats.
    n_fixations, n_scanpaths
        What was written.
    changes
        What was done to the data beside copying: units, offsets, flips, scales, dropped rows, new names, and facts
        that were taken as given.
    """

    source: Path | tuple[Path, ...]
    target: Path
    from_: str
    to: str
    n_fixations: int
    n_scanpaths: int
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        source = f"{self.source[0]} and {len(self.source) - 1} more" if isinstance(self.source, tuple) else self.source
        head = (
            f"{source} ({self.from_}) -> {self.target} ({self.to}): "
            f"{self.n_fixations} fixations in {self.n_scanpaths} scanpaths"
        )
        return "\n".join([head, *(f"  {change}" for change in self.changes or ["nothing was changed"])])


def convert(
    source: Source,
    out: str | os.PathLike[str],
    *,
    from_: str | None = None,
    to: str | None = None,
    **settings: Any,
) -> ConversionReport:
    """Convert fixations from one format to another and report what was changed.

    Coordinates become picture pixels and times ms on the way. What a file does not say, such as where on the screen
    the picture was, is never guessed: the reader stops and names the setting that supplies it.

    Parameters
    ----------
    source
        File or folder to read, or several files. Files of a folder that is no format as a whole are put together, as
        one export for each person; where they do not say who looked, their names do.
    out
        File or folder to write.
    from_, to
        Names of formats, as in `list_formats`; by default recognized from the content and from the ending of `out`.
    settings
        Settings of the reader and of the writer; their docstrings in `scanpath.datasets.formats` list them.

    Returns
    -------
    ConversionReport
        Counts and changes; ``print(report)`` shows one change a line.

    Raises
    ------
    InputError
        If a file is damaged, lacks something that must be given as a setting, or is `out` itself, or a setting is
        unknown.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text("stimulus,subject,fixation,x_px,y_px\\na.png,s1,0,10,20\\n")
    >>> report = convert(folder / "a.csv", folder / "a.parquet")
    >>> report.from_, report.to, report.n_fixations
    ('csv', 'parquet', 1)
    """
    files, out = files_of(source, from_), Path(out)
    if out.exists() and any(out.samefile(file) for file in files if file.exists()):
        raise InputError(f"{out} is to be read and to be written, and the recording would be lost; give another name.")
    reader, read = _reader(from_ or format_of(files))
    writer, write = _writer(to or format_for_writing(out))
    known = {"read": reader.settings("read"), "write": writer.settings("write")}
    for name in settings:
        if name not in known["read"] and name not in known["write"]:
            raise unknown_name(
                f"setting for reading {reader.name!r} or writing {writer.name!r}",
                name,
                {*known["read"], *known["write"]},
            )
    if reader.write is not None:
        # the project's own table says its units and frame: what writers need is not meant for it
        known["read"] = [name for name in known["read"] if name not in reader.options or name not in known["write"]]
    changes = Changes()
    given = {way: {name: value for name, value in settings.items() if name in known[way]} for way in known}
    table = _read(reader, read, files, changes, given["read"])
    if table.empty:
        raise InputError(f"{_called(files)} holds no fixation, so nothing was written.")
    write(table, out, changes, **given["write"])
    what = files[0] if len(files) == 1 else tuple(files)
    return ConversionReport(what, out, reader.name, writer.name, len(table), count_scanpaths(table), tuple(changes))


def read_fixations(source: Source, *, format: str | None = None, **settings: Any) -> tuple[pd.DataFrame, Changes]:
    """Read fixations of any known format into the tidy table, and say what was changed.

    Parameters
    ----------
    source
        File or folder, or several files; see `convert`.
    format
        One of `list_formats`; by default recognized from the content.
    settings
        Settings of the format's reader; those of tables of one's own, and of eye trackers' exports, are the attributes
        of `TableSettings`.

    Returns
    -------
    tuple
        The table, and the list of changes.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "own.csv")
    >>> _ = path.write_text("Image;Who;X;Y;Dur\\na.png;s1;0,25;0,5;0,2\\n")
    >>> columns = {"Image": "stimulus", "Who": "subject", "X": "x_px", "Y": "y_px", "Dur": "duration_ms"}
    >>> table, changes = read_fixations(path, separator=";", columns=columns, frame="normalized", time_unit="s",
    ...                                 picture_px=(800, 600))
    >>> table[["x_px", "y_px", "duration_ms"]].values.tolist()
    [[199.5, 299.5, 200.0]]
    >>> [str(change) for change in changes if change.kind == "unit"]
    ["unit: 'Dur' from s to ms"]
    """
    files = files_of(source, format)
    form, read = _reader(format or format_of(files))
    check_settings(form, "read", settings)
    changes = Changes()
    return _read(form, read, files, changes, settings), changes


def write_fixations(
    table: pd.DataFrame, out: str | os.PathLike[str], *, format: str | None = None, **settings: Any
) -> Changes:
    """Write a tidy table in any known format, and say what was changed."""
    out = Path(out)
    form, write = _writer(format or format_for_writing(out))
    check_settings(form, "write", settings)
    changes = Changes()
    write(check_table(table), out, changes, **settings)
    return changes


def count_scanpaths(table: pd.DataFrame) -> int:
    """How many scanpaths a table holds."""
    keys = [name for name in SCANPATH_KEYS if name in table.columns]
    return int(table.groupby(keys, dropna=False).ngroups) if len(table) else 0


def _read(form: Format, read: Reader, files: list[Path], changes: Changes, settings: dict[str, Any]) -> pd.DataFrame:
    guarded = functools.partial(_guarded, form, read)
    if len(files) == 1:
        table = check_table(guarded(files[0], changes, **settings), source=str(files[0]))
    else:
        table = read_files(form, guarded, files, changes, settings)
    return say_doubts(table, _called(files))


def _called(files: list[Path]) -> str:
    return str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def _guarded(form: Format, read: Reader, source: Path, changes: Changes, **settings: Any) -> pd.DataFrame:
    """Read a file; what goes wrong with it is said in a sentence."""
    refuse_packed(source)
    try:
        return read(source, changes, **settings)
    except UnicodeDecodeError as error:
        raise InputError(f"{source} is not {error.encoding} text, so it is no {form.name} file.") from error
    except ScanpathError:
        raise
    except _UNFORESEEN as error:
        # what readers do not foresee comes from files that somebody damaged or that are of another kind
        text = " ".join(str(error).split())[:200]
        raise InputError(f"{source} cannot be read as {form.name}: {text} ({type(error).__name__}).") from error


def _reader(name: str) -> tuple[Format, Reader]:
    form = FORMATS[name]
    if form.read is None:
        raise InputError(f"Format {name!r} can be written but not read.")
    return form, form.read


def _writer(name: str) -> tuple[Format, Writer]:
    form = FORMATS[name]
    if form.write is None:
        raise InputError(f"Format {name!r} can be read but not written; choose another one with to (--to).")
    return form, form.write
