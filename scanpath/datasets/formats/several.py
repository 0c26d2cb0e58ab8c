"""Several files as one table, as eye trackers export them: one for each person, in a folder or as a list."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from scanpath._core.errors import InputError, MissingFileError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.format import FORMATS, Format, NoSubjectError, Reader, detect_folder, detect_format
from scanpath.gaze.table import SCANPATH_KEYS, check_table

#: A file or folder, or several files.
Source: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def files_of(source: Source, format: str | None) -> list[Path]:
    """Return what is to be read one by one: the files given, or those in a folder that is no format as a whole.

    Raises
    ------
    InputError
        If there is none, or one is there twice.
    """
    if not isinstance(source, str | os.PathLike):
        paths = [Path(one) for one in source]
    elif not _is_taken_apart(Path(source), format):
        return [Path(source)]
    else:
        folder = Path(source)
        paths = sorted(one for one in folder.rglob("*") if one.is_file() and not _is_hidden(one.relative_to(folder)))
        if not paths:
            raise InputError(f"There is no file in the folder {folder}.")
    if not paths:
        raise InputError("No file to read was given.")
    twice = next((one for place, one in enumerate(paths) if one in paths[:place]), None)
    if twice is not None:
        raise InputError(f"{twice} is given twice; its people would look twice at everything.")
    return paths


def format_of(paths: Sequence[Path]) -> str:
    """Recognize the format that all files have."""
    names = [detect_format(path) for path in paths]
    other = next((place for place, name in enumerate(names) if name != names[0]), None)
    if other is not None:
        raise InputError(
            f"{paths[0]} looks like {names[0]} and {paths[other]} like {names[other]}; give the files of one kind "
            "alone, or say what all are with from_ (--from)."
        )
    return names[0]


def read_files(
    form: Format, read: Reader, paths: Sequence[Path], changes: Changes, settings: dict[str, Any]
) -> pd.DataFrame:
    """Read files one by one and put their rows together; who looked is a file's name where the file does not say.

    Raises
    ------
    InputError
        If two files hold fixations of one scanpath, which would become one with twice as many.
    """
    names = _names(paths)
    tables: list[pd.DataFrame] = []
    whose: dict[tuple[Any, ...], Path] = {}
    for path, name in zip(paths, names):
        own = Changes()
        try:
            table = read(path, own, **settings)
        except NoSubjectError:
            if "subject" not in form.settings("read"):
                raise
            own = Changes()
            table = read(path, own, **settings, subject=name)
            own.add("assumed", "who looked is the name of the file, as the file does not say")
        tables.append(check_table(table, source=str(path)))
        _check_apart(tables[-1], path, whose)
        changes.extend(own)
    _say_absent(tables, paths, changes)
    # what a table's facts say of one file need not hold of the others
    whole = pd.concat([_plain(table) for table in tables], ignore_index=True)
    facts = [table.attrs.get("scanpath") for table in tables]
    if facts[0] and all(one == facts[0] for one in facts):
        whole.attrs["scanpath"] = facts[0]
    return whole


def _is_taken_apart(path: Path, format: str | None) -> bool:
    if not path.exists():
        raise MissingFileError(f"There is nothing at {path}; check the path.")
    if not path.is_dir():
        return False
    return detect_folder(path) is None if format is None else not FORMATS[format].reads_folder


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _names(paths: Sequence[Path]) -> list[str]:
    """Name of each file without its ending; with its folders where files in several have one name."""
    stems = [path.stem for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    common = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    return [path.absolute().relative_to(common).with_suffix("").as_posix() for path in paths]


def _check_apart(table: pd.DataFrame, path: Path, whose: dict[tuple[Any, ...], Path]) -> None:
    """Note whose scanpaths a file holds, and refuse those that another one held."""
    keys = table.reindex(columns=list(SCANPATH_KEYS)).drop_duplicates().astype(object)
    for key in keys.where(keys.notna(), None).itertuples(index=False, name=None):
        if whose.setdefault(key, path) != path:
            known = ", ".join(f"{name} {value!r}" for name, value in zip(SCANPATH_KEYS, key) if value is not None)
            raise InputError(
                f"{path} and {whose[key]} both hold fixations of {known}: leave one out if it is a copy, or tell the "
                "people apart in the column 'subject', and looks of one person in 'trial'."
            )


def _say_absent(tables: Sequence[pd.DataFrame], paths: Sequence[Path], changes: Changes) -> None:
    """Note what only some of the files tell."""
    told = [{str(name) for name in table.columns[table.notna().any()]} for table in tables]
    everything = {name for one in told for name in one}
    for name in sorted(name for name in everything if not all(name in one for one in told)):
        lacking = [(path.name, len(table)) for path, table, one in zip(paths, tables, told) if name not in one]
        changes.add(
            "assumed", f"{name} is missing in some files, such as {lacking[0][0]}", n=sum(n for _, n in lacking)
        )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    plain = table.copy(deep=False)
    plain.attrs = {}
    return plain
