"""Data set cards: what one must know before using a set, as a TOML file that people and programs read."""

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scanpath._core.errors import InputError
from scanpath._core.files import require_file


@dataclass(frozen=True)
class Pictures:
    """Pictures of a set: how many files match a pattern, and one checksum over all of them.

    Attributes
    ----------
    pattern
        Shell pattern below the set's folder, such as ``images/*.jpg``.
    count
        Number of files.
    sha256
        SHA-256 of the lines ``<sha256 of the file>  <file name>``, sorted by name, each ending in a newline.
    """

    pattern: str
    count: int
    sha256: str


@dataclass(frozen=True)
class Download:
    """One file that may be downloaded.

    Attributes
    ----------
    file
        Name it is kept under.
    url, mirrors
        Addresses of the same file, the first one preferred.
    hash
        ``sha256:...`` or ``md5:...``, or ``"unknown"`` where no checksum was published or computed.
    unpack
        Folder that an archive is unpacked to, or ``""``.
    """

    file: str
    url: str
    hash: str
    mirrors: tuple[str, ...] = ()
    unpack: str = ""


@dataclass(frozen=True)
class DatasetCard:
    """What is known of one data set.

    Attributes
    ----------
    name, title
        Name for `load_dataset`, and one line that says what the set is.
    task
        What people did: ``search``, ``free_viewing``.
    n_people, n_pictures
        How many people and pictures the set has (0 pictures: none); None where the card says ``"unknown"``.
    license, license_note
        Short name of the licence or ``"none stated"``, and what it covers.
    citation, doi
        How to cite, and the papers' DOIs.
    origin
        Where the files come from, with the commit or version.
    download
        Address of a permitted download, or ``"none"``; `download_note` says how to get the files.
    px_per_deg
        Pixels per degree of visual angle, or None where the card says ``"unknown"``.
    px_per_deg_note
        Where the scale comes from, or what others assume.
    coordinates
        Frame of the fixations.
    apparatus
        Eye tracker, screen, distance; ``"unknown"`` where the source does not say.
    known_faults
        One sentence a fault, also faults of the source that were corrected.
    folders
        Names of the folder that holds the set, the usual one first.
    files
        File name to SHA-256 of the tables.
    pictures
        Picture files.
    downloads
        Files that `fetch_dataset` downloads; empty where the terms or the hosts do not allow a program to.

    Examples
    --------
    >>> from scanpath.datasets import dataset_card
    >>> card = dataset_card("interiors")
    >>> card.px_per_deg is None, card.n_people
    (True, 57)
    """

    name: str
    title: str
    task: str
    n_people: int | None
    n_pictures: int | None
    license: str
    license_note: str
    citation: tuple[str, ...]
    doi: tuple[str, ...]
    origin: str
    download: str
    download_note: str
    px_per_deg: float | None
    px_per_deg_note: str
    coordinates: str
    apparatus: Mapping[str, str]
    known_faults: tuple[str, ...]
    folders: tuple[str, ...]
    files: Mapping[str, str]
    pictures: tuple[Pictures, ...] = field(default=())
    downloads: tuple[Download, ...] = field(default=())

    def __str__(self) -> str:
        scale = "unknown" if self.px_per_deg is None else f"{self.px_per_deg:g}"
        facts = {
            "task": f"{self.task}, {_number(self.n_people)} people, {_number(self.n_pictures)} pictures",
            "licence": f"{self.license}. {self.license_note}",
            "px per degree": f"{scale}. {self.px_per_deg_note}",
            "coordinates": self.coordinates,
            "apparatus": ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in self.apparatus.items()),
            "origin": self.origin,
            "download": f"{self.download}. {self.download_note}",
        }
        lines = [f"{self.name}: {self.title}", *(f"  {key}: {value}" for key, value in facts.items())]
        lines += [f"  cite: {entry}" for entry in self.citation]
        lines += [f"  known fault: {fault}" for fault in self.known_faults]
        return "\n".join(lines)


def read_card(path: str | os.PathLike[str]) -> DatasetCard:
    """Read a card from its TOML file.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, lacks a field, or has one that cards do not have.
    """
    path = require_file(path, "data set card")
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The data set card {path} is not valid TOML ({error}).") from error
    known, optional = dataclasses.fields(DatasetCard), ("pictures", "downloads")
    missing = [entry.name for entry in known if entry.name not in facts and entry.name not in optional]
    unknown = sorted(set(facts) - {entry.name for entry in known})
    if missing or unknown:
        raise InputError(
            f"The data set card {path} must have the fields of DatasetCard: "
            f"missing {missing or 'none'}, unknown {unknown or 'none'}."
        )
    facts |= {name: None for name in ("n_people", "n_pictures") if facts[name] == "unknown"}
    facts["px_per_deg"] = _scale(facts["px_per_deg"], path)
    facts["pictures"] = tuple(Pictures(**entry) for entry in facts.get("pictures", ()))
    facts["downloads"] = tuple(_download(entry) for entry in facts.get("downloads", ()))
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
    return DatasetCard(**fields)


def _download(entry: dict[str, Any]) -> Download:
    return Download(**{**entry, "mirrors": tuple(entry.get("mirrors", ()))})


def _number(value: int | None) -> str:
    return "unknown number of" if value is None else str(value)


def _scale(value: object, path: Path) -> float | None:
    if value == "unknown":
        return None
    if isinstance(value, int | float) and value > 0:
        return float(value)
    raise InputError(f"The data set card {path}: px_per_deg must be a positive number or 'unknown', got {value!r}.")
