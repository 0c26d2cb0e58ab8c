"""Limits on what a small file may unpack to, each of which can be raised by the caller."""

import gzip
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scanpath._core.checks import first_repeated
from scanpath._core.errors import InputError

#: Most bytes that one file may take in memory unless the caller allows more.
MAX_BYTES = 4 * 2**30


def check_bytes(path: Path, what: str, n_bytes: int, max_bytes: int) -> None:
    """Refuse content that would take more than `max_bytes`."""
    if n_bytes > max_bytes:
        raise InputError(
            f"{path}: {what} would take {n_bytes} bytes in memory, above the limit of {max_bytes}; "
            "if the file can be trusted, raise max_bytes."
        )


#: What packed files and eye trackers' own binary files begin with, and what makes a text or table of them.
_PACKED = {
    b"\x1f\x8b": "is packed (gzip); unpack it",
    b"BZh": "is packed (bzip2); unpack it",
    b"\xfd7zXZ": "is packed (xz); unpack it",
    b"7z\xbc\xaf": "is packed (7z); unpack it",
    b"PK\x03\x04": "is a workbook or packed (zip); save its sheet as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "is a workbook; save its sheet as CSV",
    b"SR_RESEARCH": "is EyeLink's binary file; convert it with edf2asc",
}


def refuse_packed(path: Path) -> None:
    """Refuse a file of which only what is in it can be read, and say how to get at that."""
    if not path.is_file() or path.name.endswith(".tsv.gz"):  # BIDS reads its physiological recordings packed
        return
    with path.open("rb") as stream:
        head = stream.read(16)
    what = next((what for mark, what in _PACKED.items() if head.startswith(mark)), None)
    if what:
        raise InputError(f"{path} {what}.")


def read_json(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """Read a JSON file, or say what is wrong with it."""
    check_bytes(path, "the JSON text", path.stat().st_size, max_bytes)
    try:
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not readable JSON ({error}).") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON; missing values are null")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = first_repeated(names)
    if twice is not None:
        raise ValueError(f"{twice!r} is there twice in one mapping")
    return dict(pairs)


def numbers(values: object, name: str, what: str, *, gaps: bool = False) -> np.ndarray:
    """Take a list of numbers out of JSON, or say what is wrong with it; null is NaN where `gaps` are allowed."""
    try:
        flags = isinstance(values, list) and any(isinstance(value, bool) for value in values)
        array = None if flags else np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None or array.ndim != 1:
        raise InputError(f"{what} needs a list of numbers as {name}, got {str(values)[:60]!r}.")
    if not gaps and np.isnan(array).any():
        raise InputError(
            f"{what} has no number (null) in {name}, first at place {int(np.isnan(array).argmax())}, counted from 0; "
            "leave that fixation out of the file's lists."
        )
    return array


def check_names(trial: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    """Refuse names in a trial of JSON that are neither text nor a number; null is a name that is missing."""
    for name in names:
        value = trial.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            raise InputError(f"{what} needs text or a number as {name}, got {str(value)[:60]!r}.")


def check_hdf5(file: Any, path: Path) -> None:
    """Refuse an HDF5 file whose arrays lie in other files, which it could thereby have read from this machine."""

    def elsewhere(name: str, item: Any) -> str | None:
        return name if getattr(item, "external", None) or getattr(item, "is_virtual", False) else None

    def linked(name: str, link: Any) -> str | None:
        return name if type(link).__name__ == "ExternalLink" else None

    found = file.visititems_links(linked) or file.visititems(elsewhere)
    if found:
        raise InputError(f"{path} keeps {found!r} in another file; give a file that holds its own arrays.")


def read_gzip(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Unpack a gzip file, stopping at the limit rather than after it."""
    parts, total = io.BytesIO(), 0
    try:
        with gzip.open(path) as stream:
            while block := stream.read(1 << 20):
                total += len(block)
                check_bytes(path, "the unpacked content (so far)", total, max_bytes)
                parts.write(block)
    except (OSError, EOFError) as error:
        raise InputError(f"{path} is not a whole gzip file ({error}).") from error
    return parts.getvalue()
