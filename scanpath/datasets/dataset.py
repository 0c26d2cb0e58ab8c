"""What a data set is once it is read, and the folder it is read from."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError, MissingFileError, unknown_name
from scanpath.datasets.card import DatasetCard, Pictures
from scanpath.gaze.stimulus import Stimulus


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Pictures, fixations and trials of one data set, with its card.

    Attributes
    ----------
    card
        Licence, scale, apparatus, known faults.
    root
        Folder the files were read from.
    stimuli
        One `Stimulus` a picture, in the order of their names; each reads its picture file when asked for it.
    fixations
        Tidy table, one row a fixation.
    trials
        One row a trial, also trials without any fixation, with the columns `stimulus`, `subject`, `trial` that
        lead to their fixations.
    """

    card: DatasetCard
    root: Path
    stimuli: list[Stimulus]
    fixations: pd.DataFrame
    trials: pd.DataFrame

    def __repr__(self) -> str:
        counts = f"{len(self.stimuli)} pictures, {len(self.trials)} trials, {len(self.fixations)} fixations"
        return f"{type(self).__name__}({self.name!r}: {counts}, {str(self.root)!r})"

    @property
    def name(self) -> str:
        """Name for `load_dataset`."""
        return self.card.name

    def stimulus(self, name: str) -> Stimulus:
        """Return the stimulus that a table calls `name`."""
        for stimulus in self.stimuli:
            if stimulus.name == name:
                return stimulus
        raise unknown_name(f"stimulus of {self.name}", name, [stimulus.name for stimulus in self.stimuli])


@dataclass(frozen=True)
class DatasetFolder:
    """A folder that holds a data set's files, each checked against the card before it is used."""

    card: DatasetCard
    path: Path

    def table(self, name: str) -> pd.DataFrame:
        """Read a Parquet or CSV table whose bytes are those that the card names."""
        content = io.BytesIO(self.content(name))
        return pd.read_parquet(content) if name.endswith(".parquet") else pd.read_csv(content)

    def content(self, name: str) -> bytes:
        """Return a file's bytes, or say that they are not the published ones."""
        path = self.path / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise MissingFileError(f"Cannot read {path} of data set {self.card.name!r}: {error.strerror}.") from error
        if hashlib.sha256(content).hexdigest() != self.card.files[name]:
            raise InputError(
                f"{path} is not the file of data set {self.card.name!r} that its card describes (its SHA-256 "
                f"differs), so it was changed, cut short or belongs to another set; put the original file back."
            )
        return content

    def pictures(self, pattern: str) -> dict[str, Path]:
        """Picture files by name, as many as the card says."""
        expected = next(entry for entry in self.card.pictures if entry.pattern == pattern)
        found = {path.name: path for path in sorted(self.path.glob(pattern))}
        if len(found) != expected.count:
            raise MissingFileError(
                f"Data set {self.card.name!r} has {expected.count} pictures {pattern}, and {self.path} holds "
                f"{len(found)}; put the missing ones back or remove what does not belong there."
            )
        return found

    def pictures_digest(self, pictures: Pictures) -> str:
        """Checksum over all files of a pattern, as `Pictures.sha256` defines it."""
        found = sorted(self.path.glob(pictures.pattern))
        lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in found]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
