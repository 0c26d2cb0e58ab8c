"""Data sets from the web: licence first, then files that are checked, recorded and unpacked."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanpath._core.errors import InputError, MissingFileError
from scanpath._core.files import write_text
from scanpath.datasets.archives import Limits, unpack
from scanpath.datasets.card import DatasetCard, Download
from scanpath.datasets.download import Progress, download
from scanpath.datasets.registry import ROOT_VARIABLE, dataset_card

_RECORD = "fetched.json"


@dataclass(frozen=True)
class Fetched:
    """One file that was fetched or was there already.

    Attributes
    ----------
    path
        The file, or the folder it was unpacked to.
    sha256
        Of the file as it was downloaded.
    checked
        Whether the card knows a checksum and it agreed; if not, `sha256` was merely recorded.
    new
        Whether it was downloaded now.
    """

    path: Path
    sha256: str
    checked: bool
    new: bool


def fetch_dataset(
    name: str,
    *,
    root: str | os.PathLike[str] | None = None,
    accept_license: bool = False,
    progress: Callable[[str], Progress] | None = None,
    limits: Limits | None = None,
    retries: int = 3,
) -> list[Fetched]:
    """Download the files of a data set that its card says may be downloaded, check them and unpack archives.

    Parts of an interrupted download are kept and continued the next time. Before the first download of a set its
    licence must be accepted.

    Parameters
    ----------
    name
        A data set with a card.
    root
        Folder of data sets; files go to ``root/name/raw``. By default the environment variable ``SCANPATH_DATA``.
    accept_license
        Say that you have read and accept what the card says about the licence; not needed again for the same text.
    progress
        Given a file's name, returns the function that is told how much of it has arrived.
    limits
        Bounds for unpacking.
    retries
        How often each address is tried.

    Raises
    ------
    InputError
        If the set cannot be downloaded, its licence was not accepted, or a file is not the one the card describes.
    DownloadError
        If no address gave the whole file.
    """
    card = dataset_card(name)
    if not card.downloads:
        raise InputError(f"Data set {name!r} cannot be downloaded by this program. {card.download_note}")
    folder = fetch_root(root) / name / "raw"
    _check_license(card, folder.parent, accept_license)
    with _only_one(folder):
        return [
            _fetch_one(entry, folder, progress(entry.file) if progress else None, limits, retries)
            for entry in card.downloads
        ]


def verify_downloads(name: str, *, root: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """Compare what `fetch_dataset` downloaded with the card, or where the card knows no checksum with the record.

    Returns
    -------
    dict
        File to "ok", "changed", "missing" or "not fetched".
    """
    card = dataset_card(name)
    folder = fetch_root(root) / name / "raw"
    record = _read_record(folder)
    status = {}
    for entry in card.downloads:
        path = folder / entry.file
        if entry.file not in record:
            status[entry.file] = "not fetched"
        elif not path.is_file():
            status[entry.file] = "missing"
        else:
            expected = entry.hash if entry.hash != "unknown" else f"sha256:{record[entry.file]['sha256']}"
            status[entry.file] = "ok" if _matches(path, expected) else "changed"
    return status


def fetch_root(root: str | os.PathLike[str] | None) -> Path:
    """Folder of data sets: `root`, or what ``SCANPATH_DATA`` says."""
    given = root if root is not None else os.environ.get(ROOT_VARIABLE)
    if given is None:
        raise MissingFileError(f"Say where data sets are kept, with root=FOLDER or the variable {ROOT_VARIABLE}.")
    return Path(given).expanduser()


def license_text(card: DatasetCard) -> str:
    """What is shown before the first download."""
    lines = [f"{card.name}: {card.title}", f"licence: {card.license}. {card.license_note}"]
    return "\n".join([*lines, *(f"cite: {entry}" for entry in card.citation)]) + "\n"


def _fetch_one(
    entry: Download, folder: Path, progress: Progress | None, limits: Limits | None, retries: int
) -> Fetched:
    path = folder / entry.file
    record = _read_record(folder)
    known = entry.hash
    if known == "unknown" and entry.file in record:
        known = f"sha256:{record[entry.file]['sha256']}"
    new = not (path.is_file() and entry.file in record and _matches(path, known))
    if new:
        path.unlink(missing_ok=True)
        sha256 = download(entry.url, path, known_hash=known, mirrors=entry.mirrors, progress=progress, retries=retries)
        record[entry.file] = {"sha256": sha256, "url": entry.url, "when": datetime.now(UTC).isoformat("T", "seconds")}
        write_text(folder / _RECORD, json.dumps(record, indent=2, sort_keys=True) + "\n")
    target = path
    if entry.unpack:
        target = folder / entry.unpack
        if new or not target.is_dir():
            _replace_folder(path, target, limits)
    return Fetched(target, record[entry.file]["sha256"], entry.hash != "unknown", new)


def _replace_folder(archive: Path, target: Path, limits: Limits | None) -> None:
    import shutil

    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    unpack(archive, fresh, limits=limits)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(fresh, target)


def _check_license(card: DatasetCard, folder: Path, accepted: bool) -> None:
    note, text = folder / "LICENSE-SHOWN.txt", license_text(card)
    if note.is_file() and note.read_text(encoding="utf-8") == text:
        return
    if not accepted:
        raise InputError(
            f"Data set {card.name!r} comes under this licence: {card.license}. {card.license_note} If you accept "
            "it, say so with accept_license=True (--accept-license on the command line)."
        )
    write_text(note, text)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two downloads into one folder would write the same part; the lock goes with its process."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"Another process is fetching into {folder}; wait until it is done.") from None
        yield


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / _RECORD
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {str(file): {"sha256": str(entry["sha256"]), **entry} for file, entry in record.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is damaged; delete it, and the files are fetched and recorded again.") from error


def _matches(path: Path, known: str) -> bool:
    import pooch

    return pooch.hashes.hash_matches(str(path), known)
