"""The pictures of the study of foveated networks: where they come from, and their copies under the four conditions."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, write_text
from scanpath._core.random import derive_seed
from scanpath.datasets.formats.limits import read_json
from scanpath.foveation.conditions import CONDITIONS, FoveationConditions
from scanpath.gaze.picture_writing import to_levels
from scanpath.gaze.pictures import read_image
from scanpath.simulation.look import one_thread
from scanpath.simulation.plan import check_jobs
from scanpath.stimuli.drawn_scenes import SCENE_CLASSES, drawn_scene
from scanpath.training.labeled_pictures import LabeledPictures, Sample, labeled_folder

SPLITS = ("train", "test")
#: Pictures in one file of copies.
_SHARD = 256


class PictureSource(Protocol):
    """Labeled square pictures, some to learn from and some to test on."""

    @property
    def size_px(self) -> int:
        """Side of the pictures."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their numbers."""
        ...

    def labels(self, split: str) -> np.ndarray:
        """Return the class of each picture of a split, (n,)."""
        ...

    def picture(self, split: str, number: int) -> Tensor:
        """Return one, (3, size_px, size_px) in [0, 1]; raise InputError where it cannot be read."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return what the pictures depend on, in a form that JSON can hold."""
        ...


@dataclass(frozen=True)
class DrawnSource:
    """Drawn scenes; those to test on are others than those to learn from.

    Attributes
    ----------
    train_per_class, test_per_class
        How many of each class.
    size_px
        Side in px.
    seed
        Names the scenes.
    """

    train_per_class: int = 120
    test_per_class: int = 64
    size_px: int = 64
    seed: int = 0
    classes: tuple[str, ...] = field(default=SCENE_CLASSES, init=False)

    def __post_init__(self) -> None:
        check_count("train_per_class", self.train_per_class, least=2)
        check_count("test_per_class", self.test_per_class, least=2)
        check_count("size_px", self.size_px, least=32)

    def labels(self, split: str) -> np.ndarray:
        """Classes take turns, so that the first pictures are of all of them."""
        count = {"train": self.train_per_class, "test": self.test_per_class}[split]
        return np.arange(count * len(self.classes)) % len(self.classes)

    def picture(self, split: str, number: int) -> Tensor:
        """Draw a scene."""
        rank, label = divmod(number, len(self.classes))
        seed = derive_seed(self.seed, split)
        return torch.from_numpy(drawn_scene(self.classes[label], size_px=self.size_px, seed=seed, number=rank))

    def facts(self) -> dict[str, Any]:
        """Say that they are drawn, and how many."""
        return {
            "pictures": "drawn scenes",
            "per_class": [self.train_per_class, self.test_per_class],
            "scene_seed": self.seed,
        }


class FolderSource:
    """A folder of class folders, or one with ``train`` and ``val``; each picture's middle square is resized.

    Parameters
    ----------
    folder
        As for `labeled_folder`.
    size_px
        Side that the squares are resized to.
    test_share
        Part of each class that is tested on, where there is no ``val``.
    seed
        Names which ones.
    """

    def __init__(self, folder: Path, *, size_px: int = 256, test_share: float = 0.1, seed: int = 0) -> None:
        self.size_px = check_count("size_px", size_px, least=32)
        classes, train, test = labeled_folder(folder, validation_share=test_share, seed=seed)
        self.classes = tuple(classes)
        # classes take turns, so that the first pictures are of all of them
        self._samples = {"train": _in_turns(train), "test": _in_turns(test)}

    def labels(self, split: str) -> np.ndarray:
        """Return the class of each picture of a split, (n,)."""
        return np.array([label for _, label in self._samples[split]])

    def picture(self, split: str, number: int) -> Tensor:
        """Read a picture; gray becomes color, and white shows through what is transparent."""
        image = read_image(self._samples[split][number][0], background=1.0).expand(3, -1, -1)
        height, width = image.shape[-2:]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = image[None, :, top : top + side, left : left + side]
        size = (self.size_px, self.size_px)
        return F.interpolate(square, size, mode="bilinear", antialias=True)[0].clamp(0, 1)

    def facts(self) -> dict[str, Any]:
        """Give checksums of the files' names, sizes and classes."""
        sums = {split: LabeledPictures(some, torch.clone).checksum for split, some in self._samples.items()}
        return {"pictures": "folder", "checksums": sums}


def _in_turns(samples: Sequence[Sample]) -> list[Sample]:
    rank: dict[int, int] = {}
    keyed = []
    for sample in samples:
        rank[sample[1]] = rank.get(sample[1], -1) + 1
        keyed.append((rank[sample[1]], sample[1], sample))
    return [sample for *_, sample in sorted(keyed, key=lambda one: one[:2])]


class Copies:
    """Copies of the pictures of one split under one condition, read from their files a few at a time.

    Parameters
    ----------
    files
        In order; each holds `_SHARD` pictures, the last what is left.
    readable
        Numbers of the pictures that could be read; only these count.
    """

    def __init__(self, files: Sequence[Path], readable: np.ndarray) -> None:
        self._parts = [_copies_in(file) for file in files]
        self._readable = readable

    def __len__(self) -> int:
        return len(self._readable)

    def batch(self, numbers: Sequence[int]) -> Tensor:
        """Return some pictures, (B, 3, H, W) uint8."""
        places = (divmod(int(self._readable[number]), _SHARD) for number in numbers)
        return torch.from_numpy(np.stack([self._parts[shard][row] for shard, row in places]))


def _copies_in(file: Path) -> np.ndarray:
    try:
        return np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f"The copies in {file} are damaged; delete the file, and they are made again.") from error


@dataclass
class CopyFolder:
    """The folder of copies: one file for some pictures of a split under a condition, made once.

    Attributes
    ----------
    path
        The folder.
    source, conditions
        What is copied, and how.
    seed
        From which every picture's own texture seed is derived.
    """

    path: Path
    source: PictureSource
    conditions: FoveationConditions
    seed: int

    def shards(self) -> list[tuple[str, int]]:
        """Split and number of each part, all of which `make` makes."""
        counts = {split: len(self.source.labels(split)) for split in SPLITS}
        return [(split, shard) for split in SPLITS for shard in range(-(-counts[split] // _SHARD))]

    def make(self, *, jobs: int = 1, progress: Callable[[int], None] | None = None) -> None:
        """Make the copies that are not there yet, in `jobs` processes; the bytes do not depend on how many."""
        check_jobs(jobs)
        tell = progress or (lambda done: None)
        waiting = [one for one in self.shards() if not all(self.file(*one, name).exists() for name in CONDITIONS)]
        tell(len(self.shards()) - len(waiting))
        for _ in self._results(waiting, jobs):
            tell(1)

    def copies(self, split: str, condition: str) -> Copies:
        """Return the copies of one split under one condition."""
        files = [self.file(one, shard, condition) for one, shard in self.shards() if one == split]
        return Copies(files, self.readable(split))

    def readable(self, split: str) -> np.ndarray:
        """Numbers of the pictures of a split that could be read."""
        bad = {number for one, shard in self.shards() if one == split for number, _ in self._unreadable(one, shard)}
        return np.array([number for number in range(len(self.source.labels(split))) if number not in bad])

    def labels(self, split: str) -> np.ndarray:
        """Class of each of the copies of a split."""
        return self.source.labels(split)[self.readable(split)]

    def failures(self) -> list[str]:
        """Why each of the unreadable pictures could not be read."""
        return [reason for one in self.shards() for _, reason in self._unreadable(*one)]

    def file(self, split: str, shard: int, condition: str) -> Path:
        """Where the copies of a part are."""
        return self.path / f"{split}-{condition.replace(' ', '-')}-{shard:04d}.npy"

    def _unreadable(self, split: str, shard: int) -> list[tuple[int, str]]:
        file = self.path / f"{split}-unreadable-{shard:04d}.json"
        if not file.exists():
            return []
        kept = read_json(file)
        try:
            return [(int(number), str(reason)) for number, reason in kept]
        except (TypeError, ValueError):
            raise InputError(f"{file} does not hold which pictures cannot be read; delete the folder.") from None

    def _results(self, waiting: Sequence[tuple[str, int]], jobs: int) -> Iterator[tuple[str, int]]:
        if jobs == 1 or len(waiting) < 2:
            for one in waiting:
                yield self.make_shard(*one)
            return
        parallel: Any = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")
        yield from parallel(joblib.delayed(self.make_shard)(*one) for one in waiting)

    def make_shard(self, split: str, shard: int) -> tuple[str, int]:
        """Write the copies of one part under all conditions, on one thread, and say which part it was."""
        with one_thread():
            self._make_shard(split, shard)
        return split, shard

    def _make_shard(self, split: str, shard: int) -> None:
        last = min((shard + 1) * _SHARD, len(self.source.labels(split)))
        side = self.source.size_px
        made = {name: np.zeros((last - shard * _SHARD, 3, side, side), np.uint8) for name in CONDITIONS}
        bad = []
        for row, number in enumerate(range(shard * _SHARD, last)):
            try:
                picture = in_levels(self.source.picture(split, number))
            except InputError as error:
                bad.append((number, str(error)))
                continue
            seed = derive_seed(self.seed, "texture", split, number)
            for name in CONDITIONS:
                seen = self.conditions.apply(picture[None], name, seeds=[seed])[0]
                made[name][row] = to_levels(seen).transpose(2, 0, 1)
        if bad:
            write_text(self.path / f"{split}-unreadable-{shard:04d}.json", json.dumps(bad))
        for name, levels in made.items():
            with atomic_path(self.file(split, shard, name)) as temporary:
                np.save(temporary, levels)


def in_levels(picture: Tensor) -> Tensor:
    """Round a picture to 8-bit levels, so that the reference and what is made of it begin with the same numbers."""
    return (picture * 255).round() / 255


def first_pictures(source: PictureSource, count: int) -> Tensor:
    """Return the first pictures to learn from that can be read, (B, 3, H, W), at most `count`."""
    found: list[Tensor] = []
    for number in range(len(source.labels("train"))):
        if len(found) == count:
            break
        try:
            found.append(in_levels(source.picture("train", number)))
        except InputError:  # told of when copies are made
            continue
    if not found:
        raise InputError("None of the pictures to learn from can be read; see to the folder.")
    return torch.stack(found)
