"""What a format is, the formats by name, and the recognition of a file's format."""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from scanpath._core.errors import InputError, MissingFileError, unknown_name
from scanpath._core.registry import Registry
from scanpath.datasets.formats.limits import read_json, refuse_packed
from scanpath.gaze.csv_text import marked_encoding
from scanpath.gaze.table import REQUIRED

Reader: TypeAlias = Callable[..., pd.DataFrame]
Writer: TypeAlias = Callable[..., None]


class NoSubjectError(InputError):
    """A file does not say who looked, and the setting ``subject`` would; of several files their names can say it."""


@dataclass(frozen=True)
class Format:
    """How fixations are stored by one program or data set.

    Attributes
    ----------
    name
        Name for `convert`.
    title
        One line that says whose format it is.
    read
        ``read(path, changes, **settings)`` gives the tidy table, or None where there is only a writer.
    write
        ``write(table, path, changes, **settings)``, or None where there is only a reader.
    options
        Names of settings of the reader beside those in its signature.
    options_doc
        Docstring that tells what those mean.
    known_by
        Groups of patterns of names of columns; a table that has all of one group is of this format.
    reads_folder
        Whether a folder is read as a whole, and not its files one by one.
    """

    name: str
    title: str
    read: Reader | None = None
    write: Writer | None = None
    options: tuple[str, ...] = ()
    options_doc: str = ""
    known_by: tuple[tuple[str, ...], ...] = ()
    reads_folder: bool = False

    def settings(self, way: str) -> list[str]:
        """Names of the settings that reading ("read") or writing ("write") takes."""
        function = self.read if way == "read" else self.write
        if function is None:
            return []
        parameters = inspect.signature(function).parameters.values()
        own = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
        return [*own, *(name for name in self.options if name not in own)] if way == "read" else own

    def meanings(self, way: str) -> dict[str, str]:
        """Say what each setting of reading ("read") or writing ("write") means, in the first sentence of its text."""
        function = self.read if way == "read" else self.write
        told = _first_sentences(self.options_doc) | _first_sentences((function and function.__doc__) or "")
        return {name: told.get(name, "") for name in self.settings(way)}


def _first_sentences(docstring: str) -> dict[str, str]:
    """First sentence about each parameter or attribute of a numpydoc docstring."""
    found = {}
    for names, text in re.findall(
        r"^(\w+(?:, \w+)*)\n((?:    .*(?:\n|$))+)", inspect.cleandoc(docstring), re.MULTILINE
    ):
        sentence = re.split(r"(?<=[^.]\.)\s", " ".join(text.split()).replace("`", ""))[0]
        found.update(dict.fromkeys(names.split(", "), sentence))
    return found


FORMATS: Registry[Format] = Registry(
    "format",
    {
        "parquet": "scanpath.datasets.formats.tidy:PARQUET",
        "csv": "scanpath.datasets.formats.tidy:CSV",
        "bids": "scanpath.datasets.formats.bids:BIDS",
        "eyelink_report": "scanpath.datasets.formats.eyelink_report:EYELINK_REPORT",
        "eyelink_asc": "scanpath.datasets.formats.eyelink_asc:EYELINK_ASC",
        "coco_search18": "scanpath.datasets.formats.coco_search18:COCO_SEARCH18",
        "visions": "scanpath.datasets.formats.visions:VISIONS",
        "pysaliency": "scanpath.datasets.formats.pysaliency_hdf5:PYSALIENCY",
        "pymovements": "scanpath.datasets.formats.pymovements_events:PYMOVEMENTS",
        "multimatch_gaze": "scanpath.datasets.formats.multimatch_gaze:MULTIMATCH_GAZE",
        "matlab": "scanpath.datasets.formats.matlab:MATLAB",
        "table": "scanpath.datasets.formats.plain_table:TABLE",
        "tobii": "scanpath.datasets.formats.tobii:TOBII",
        "pupil_core": "scanpath.datasets.formats.pupil:PUPIL_CORE",
        "pupil_cloud": "scanpath.datasets.formats.pupil:PUPIL_CLOUD",
        "gazepoint": "scanpath.datasets.formats.gazepoint:GAZEPOINT",
        "smi": "scanpath.datasets.formats.smi:SMI",
        "psychopy": "scanpath.datasets.formats.psychopy:PSYCHOPY",
        "opensesame": "scanpath.datasets.formats.opensesame:OPENSESAME",
        "remodnav": "scanpath.datasets.formats.remodnav:REMODNAV",
    },
)

#: Formats that are recognized by the names of their columns.
_PROGRAMS = ("tobii", "gazepoint", "pupil_cloud", "pupil_core", "smi", "remodnav", "psychopy", "opensesame")
_BY_SUFFIX = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".asc": "eyelink_asc",
    ".hdf5": "pysaliency",
    ".h5": "pysaliency",
    ".feather": "pymovements",
    ".mat": "matlab",
}


def list_formats(pattern: str = "*") -> list[str]:
    """Names of the formats that match a shell pattern.

    Examples
    --------
    >>> list_formats("eyelink*")
    ['eyelink_asc', 'eyelink_report']
    """
    return FORMATS.names(pattern)


def detect_format(path: Path) -> str:
    """Recognize the format of a file or folder that is to be read, from its ending and its first lines.

    Raises
    ------
    InputError
        If nothing is there, or it is no format that can be told without being named.
    """
    if not path.exists():
        raise MissingFileError(f"There is nothing at {path}; check the path.")
    if path.is_dir():
        name = detect_folder(path)
        if name is None:
            raise InputError(f"The format of the folder {path} cannot be told; name it with from_ (--from).")
        return name
    refuse_packed(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _detect_json(path)
    if suffix in (".txt", ".tsv", ".tab", ".dat", ".xls", ".csv"):
        name = _detect_text(path)
        if name:
            return name
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    known = ", ".join(list_formats())
    raise InputError(f"The format of {path} cannot be told; name it with format, from_ or --from, one of {known}.")


def format_for_writing(path: Path) -> str:
    """Choose the format by the ending of a file that is to be written."""
    name = _BY_SUFFIX.get(path.suffix.lower())
    if name is None or FORMATS[name].write is None:
        raise InputError(f"The ending of {path} does not say which format to write; name it with to (--to).")
    return name


def check_settings(form: Format, way: str, settings: Iterable[str]) -> None:
    """Raise for the first setting that the format's reader or writer does not have."""
    known = form.settings(way)
    for name in settings:
        if name not in known:
            raise unknown_name(f"setting of the format {form.name!r} ({way})", name, known)


def detect_folder(path: Path) -> str | None:
    """Recognize a folder that is of some format as a whole; None where its files are to be read one by one."""
    if (path / "dataset_description.json").is_file() or any(path.rglob("*_physio.json")):
        return "bids"
    if any(path.glob("*_scanpaths.json")):
        return "visions"
    if any(path.glob("*.parquet")):
        return "parquet"
    return None


def _detect_json(path: Path) -> str:
    content = read_json(path)
    if isinstance(content, list) and content and isinstance(content[0], dict) and {"X", "Y"} <= set(content[0]):
        return "coco_search18" if "name" in content[0] or "image" not in content[0] else "visions"
    if isinstance(content, dict):
        first = next(iter(content.values()), None)
        if isinstance(first, dict) and {"X", "Y"} <= set(first):
            return "visions"
    raise InputError(f"{path} is JSON of no known format: expected COCO-Search18's list or ViSioNS' mapping of trials.")


def _detect_text(path: Path) -> str | None:
    """Name of the format of a text, by its column names; "table" for what only says that it is one."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    coding = marked_encoding(head) or ("utf-16-le" if b"\0" in head[:64] else "utf-8-sig")
    lines = head.decode(coding, errors="ignore").splitlines()[:80]
    text = "\n".join(lines)
    if "CURRENT_FIX_X" in text.upper() or "RECORDING_SESSION_LABEL" in text.upper():
        return "eyelink_report"
    if "Table Header for Fixations" in text:
        return "smi"
    rows = [{cell.strip().strip('"') for cell in re.split(r"[\t,;|]", line)} for line in lines]
    if rows and set(REQUIRED) <= rows[0]:
        return "csv" if path.suffix.lower() == ".csv" else "table"
    for name in _PROGRAMS:
        if any(_has_all(cells, patterns) for patterns in FORMATS[name].known_by for cells in rows):
            return name
    if lines and "start_x" in lines[0]:
        return "multimatch_gaze"
    if lines and _has_all(rows[0], ("name", "onset", "offset")):
        return "pymovements"
    return None if path.suffix.lower() == ".csv" else "table"


def _has_all(cells: set[str], patterns: Iterable[str]) -> bool:
    return all(any(re.fullmatch(pattern, cell, re.IGNORECASE) for cell in cells) for pattern in patterns)
