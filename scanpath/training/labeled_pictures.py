"""A folder of pictures by class, read for training in an order and with crops that a seed names."""

import copy
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from scanpath._core.errors import InputError, MissingFileError
from scanpath._core.random import derive_seed
from scanpath.gaze.pictures import PICTURE_SUFFIXES, read_image

#: A picture's file and the number of its class.
Sample = tuple[Path, int]
#: A picture and its class, or the name of its file and why it cannot be read.
Item = tuple[Tensor, int] | tuple[str, str]


def labeled_folder(
    folder: Path, *, validation_share: float = 0.1, seed: int = 0
) -> tuple[list[str], list[Sample], list[Sample]]:
    """List the pictures of a folder by class, apart for training and validation.

    Parameters
    ----------
    folder
        Has one subfolder a class, with pictures at any depth; or ``train`` and ``val``, each with such subfolders.
    validation_share
        Part of each class that is put aside where there is no ``val``, at least one picture.
    seed
        Names which ones.

    Returns
    -------
    tuple
        Names of the classes, sorted, and the pictures for training and for validation, sorted.

    Raises
    ------
    InputError
        If there are fewer than two classes, a class has no picture, or only one where some must be put aside.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MissingFileError(f"There is no folder of pictures at {folder}; check the path.")
    parts = [folder / "train", folder / "val"]
    apart = all(part.is_dir() for part in parts)
    by_class = _by_class(parts[0] if apart else folder)
    classes = sorted(by_class)
    if len(classes) < 2:
        raise InputError(
            f"{folder} must have a subfolder of pictures for each of two or more classes; it has {len(classes)}."
        )
    if apart:
        validation = _by_class(parts[1])
        if set(validation) != set(classes):
            odd = sorted(set(validation) ^ set(classes))
            raise InputError(f"{folder} must have the same classes in train and val; {odd[0]!r} is in one only.")
        return classes, _samples(classes, by_class), _samples(classes, validation)
    kept, put_aside = {}, {}
    for name in classes:
        files = by_class[name]
        if len(files) < 2:
            raise InputError(f"Class {name!r} in {folder} has one picture; one is needed for validation, too.")
        order = sorted(files, key=lambda file: derive_seed(seed, "split", file.relative_to(folder).as_posix()))
        n = min(len(files) - 1, max(1, round(validation_share * len(files))))
        put_aside[name], kept[name] = sorted(order[:n]), sorted(order[n:])
    return classes, _samples(classes, kept), _samples(classes, put_aside)


def _by_class(folder: Path) -> dict[str, list[Path]]:
    found = {}
    for part in sorted(folder.iterdir()):
        if not part.is_dir() or part.name.startswith("."):
            continue
        found[part.name] = sorted(
            file
            for file in part.rglob("*")
            if file.suffix.lower() in PICTURE_SUFFIXES and not file.name.startswith(".") and file.is_file()
        )
        if not found[part.name]:
            raise InputError(f"The class folder {part} has no picture; add some or remove it.")
    return found


def _samples(classes: Sequence[str], by_class: dict[str, list[Path]]) -> list[Sample]:
    return [(file, number) for number, name in enumerate(classes) for file in by_class[name]]


class LabeledPictures(Dataset[Item]):
    """Pictures and their classes; a picture that cannot be read comes as its name and the reason.

    Parameters
    ----------
    samples
        Files and classes.
    transform
        From (3, H, W) in [0, 1] to the size that all pictures of a batch share.
    seed
        Names the transform's random numbers, with the epoch and the picture; None for transforms that draw none.
    """

    def __init__(
        self, samples: Sequence[Sample], transform: Callable[[Tensor], Tensor], seed: int | None = None
    ) -> None:
        self.samples, self.transform, self.seed, self.epoch = list(samples), transform, seed, 0

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Item:
        file, label = self.samples[index]
        try:
            picture = read_image(file, background=1.0)
        except InputError as error:
            return str(file), str(error)
        picture = picture.expand(3, -1, -1)
        if self.seed is None:
            return self.transform(picture).contiguous(), label
        with torch.random.fork_rng(devices=[]):  # torchvision draws from the global generator
            torch.manual_seed(derive_seed(self.seed, "picture", self.epoch, index))
            return self.transform(picture).contiguous(), label

    def in_epoch(self, epoch: int) -> "LabeledPictures":
        """Return the same pictures with another epoch's random numbers."""
        other = copy.copy(self)
        other.epoch = epoch
        return other

    @property
    def checksum(self) -> str:
        """Checksum of the files' names, sizes and classes."""
        rows = [f"{file.parent.name}/{file.name} {file.stat().st_size} {label}" for file, label in self.samples]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    @staticmethod
    def batch(items: Sequence[Item]) -> tuple[Tensor, Tensor, dict[str, str]]:
        """Stack what could be read, (B, 3, h, w) and (B,), and list what could not."""
        failures = {first: str(second) for first, second in items if isinstance(first, str)}
        read = [(first, second) for first, second in items if not isinstance(first, str)]
        labels = torch.tensor([label for _, label in read], dtype=torch.long)
        return torch.stack([picture for picture, _ in read]) if read else torch.empty(0), labels, failures
