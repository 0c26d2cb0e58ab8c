"""A folder of stimuli: whole files, what made each of them, and the rule by which a stopped run goes on."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, file_sha256, write_text

MANIFEST_TABLE = "manifest.csv"
MANIFEST = "manifest.json"
CONTROL_FOLDER = "control"
_JOURNAL = "_made.jsonl"
_LOG = "_log.jsonl"


def put_file(write: Callable[[Path], None], target: Path) -> str:
    """Write a file whole and return its SHA-256; one that is there already must have the same bytes.

    Raises
    ------
    InputError
        If another file has the name.
    """
    with atomic_path(target) as temporary:
        write(temporary)
        found = file_sha256(temporary)
        if target.exists() and file_sha256(target) != found:
            raise InputError(
                f"{target} is there already and is another file; nothing is overwritten, take it away first."
            )
    return found


class StimulusFolder:
    """The folder that stimuli are written to and continued in.

    Parameters
    ----------
    path
        The folder; made if it is not there.
    settings
        What all stimuli have in common: kind, settings, scale, seed, programs.

    Raises
    ------
    InputError
        If the folder holds stimuli of other settings, or files that are none.
    """

    def __init__(self, path: Path, settings: Mapping[str, object]) -> None:
        self.path, self.settings = path, json.loads(json.dumps(settings))
        if path.exists() and not path.is_dir():
            raise InputError(f"OUT {path} is a file; stimuli are written to a folder.")
        if (path / MANIFEST).is_file():
            self._check_same(_settings_in(path / MANIFEST))
        elif path.is_dir() and any(one.name != ".lock" for one in path.iterdir()):
            raise InputError(f"{path} holds files that are no stimuli with a {MANIFEST}; give a new or empty folder.")
        self.made = self._read_journal()

    @contextmanager
    def locked(self, jobs: int) -> Iterator[None]:
        """Keep other processes from writing here, and note when this one did."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / ".lock").open("w")
        except OSError as error:
            raise InputError(f"Cannot write to {self.path}: {error.strerror or error}.") from error
        with lock:
            try:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except ImportError:  # Windows
                pass
            except OSError:
                raise InputError(f"Another process is writing to {self.path}; wait until it is done.") from None
            if not (self.path / MANIFEST).exists():
                self._write_settings()
            for leftover in self.path.glob(".*-*"):  # of a process that was killed while it wrote
                leftover.unlink(missing_ok=True)
            self._append(_LOG, {"started": datetime.now(UTC).isoformat("T", "seconds"), "jobs": jobs})
            yield

    def has(self, file: str, facts: Mapping[str, object]) -> bool:
        """Whether a stimulus was made before, of the same picture and fixations, and is as it was written.

        Raises
        ------
        InputError
            If it was made of something else, or was changed since.
        """
        known = self.made.get(file)
        if known is None:
            return False
        wanted = json.loads(json.dumps(facts))
        for name, value in wanted.items():
            if known["facts"].get(name) != value:
                raise InputError(
                    f"{self.path / file} was made with {name} = {_short(known['facts'].get(name))}, and now it is "
                    f"{_short(value)}; give a new folder."
                )
        path = self.path / file
        if not path.exists():
            return False
        if file_sha256(path) != known["sha256"]:
            raise InputError(
                f"{path} is not as it was written (its SHA-256 differs from the manifest's); take it away to have it "
                "made again, or give a new folder."
            )
        return True

    def note(self, file: str, facts: Mapping[str, object], sha256: str, measured: Mapping[str, object]) -> None:
        """Note a stimulus that is written; facts are compared when the run goes on, measured values are told only."""
        line = {"file": file, "facts": facts, "sha256": sha256, "measured": measured}
        self._append(_JOURNAL, line)
        self.made[file] = json.loads(json.dumps(line))

    def write_manifest(self, order: Sequence[str]) -> pd.DataFrame:
        """Write the table of all stimuli that are made, those of this run first and in their order."""
        files = [file for file in dict.fromkeys([*order, *sorted(self.made)]) if file in self.made]
        rows = []
        for file in files:
            known = self.made[file]
            for number, fixation in enumerate(known["facts"]["fixations"]):
                facts = {name: value for name, value in known["facts"].items() if name != "fixations"}
                rows.append(
                    {"file": file, "part": number, **facts, **fixation, **_flat(self.settings), **known["measured"]}
                    | {"sha256": known["sha256"]}
                )
        table = pd.DataFrame(rows) if rows else pd.DataFrame({"file": []})
        write_text(self.path / MANIFEST_TABLE, table.to_csv(index=False, lineterminator="\n"))
        return table

    def _write_settings(self) -> None:
        write_text(self.path / MANIFEST, json.dumps(self.settings, indent=2) + "\n")

    def _check_same(self, stored: Mapping[str, object]) -> None:
        for name in dict.fromkeys([*self.settings, *stored]):
            if stored.get(name) != self.settings.get(name):
                raise InputError(
                    f"{self.path} holds stimuli made with {name} = {_short(stored.get(name))}, and now it is "
                    f"{_short(self.settings.get(name))}; go on with the same settings or give a new folder."
                )

    def _read_journal(self) -> dict[str, Any]:
        journal = self.path / _JOURNAL
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.is_file() else []
        made = {}
        for line in lines:
            try:
                known = json.loads(line)
                made[known["file"]] = known
            except (ValueError, KeyError, TypeError):  # the line at which a run was killed
                continue
        return made

    def _append(self, name: str, line: Mapping[str, object]) -> None:
        path = self.path / name
        torn = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        with path.open("a", encoding="utf-8") as file:
            file.write(("\n" if torn else "") + json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _settings_in(manifest: Path) -> Mapping[str, object]:
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(
            f"{manifest} is damaged, so how its stimuli were made cannot be told; give a new folder."
        ) from error


def _flat(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings as columns; what is longer than a value stays in the JSON."""
    return {name: value for name, value in settings.items() if not isinstance(value, dict | list) and name != "methods"}


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
