"""Readouts learn from people's next fixations on some pictures, and are scored on others after each pass."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError, InputWarning
from scanpath._core.random import numpy_generator, torch_generator
from scanpath.guidance.fixation_readout import FixationReadout, Scene
from scanpath.training.checkpoints import Stateful, load_checkpoint, save_checkpoint
from scanpath.training.fixation_likelihood import log_densities
from scanpath.training.gaze_moments import PictureGaze, gaze_checksum

#: Samples a moment when left-out pictures are scored.
SCORE_SAMPLES = 256
#: Least steps through pictures in one pass, so that few pictures are not few steps.
LEAST_VISITS = 240
_CLIP_NORM = 3.0
_SCHEDULE_END = 0.005

#: Told how many pictures were gone through.
Report = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class LearningRecipe:
    """Settings of how readouts learn.

    Parameters
    ----------
    epochs
        Most passes over the pictures.
    patience
        A fold ends after so many passes that did not better its best score on left-out pictures.
    folds
        Parts of the pictures that are left out in turn, to choose the number of passes and to say how well a readout
        does on pictures that it has not seen; 0 for none, which says nothing of that.
    batch_size
        Pictures a step.
    n_moments, n_samples
        Moments that are drawn for each picture at a step, and places that are drawn for each of them.
    learning_rate, weight_decay
        Of AdamW; the rate falls along a cosine.
    unknown_durations
        Share of steps at which durations are kept back, so that the readout can do without.
    mirror
        Whether pictures are mirrored at half of the steps.
    seed
        Of all that is random.
    """

    epochs: int = 8
    patience: int = 2
    folds: int = 5
    batch_size: int = 3
    n_moments: int = 64
    n_samples: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    unknown_durations: float = 0.15
    mirror: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch_size", "n_moments", "n_samples"):
            check_count(name, getattr(self, name))
        if check_count("folds", self.folds, least=0) == 1:
            raise InputError("folds must be 0, for none, or at least 2, got 1.")
        check_positive("learning_rate", self.learning_rate)
        if not 0 <= self.unknown_durations < 1:
            raise InputError(f"unknown_durations must lie in [0, 1), got {self.unknown_durations}.")

    def n_steps(self, n_pictures: int, members: int, members_a_fold: int = 1) -> int:
        """How many pictures are gone through at most, by the readouts of each fold and those of the end."""
        in_training = [n_pictures - len(range(fold, n_pictures, self.folds)) for fold in range(self.folds)]
        in_training = in_training * members_a_fold + [n_pictures] * members
        return self.epochs * sum(visits(size) * size for size in in_training)


class SceneOf(Protocol):
    """What a readout makes of a picture."""

    def __call__(self, readout: FixationReadout, name: str, mirror: bool, learning: torch.Generator | None) -> Scene:
        """Return a picture, or its mirror image, as a readout has it; a generator at a step of learning, else None."""
        ...


class ReadoutTraining:
    """One readout that learns from some pictures, and is scored on others after each pass.

    Parameters
    ----------
    readout
        With its first weights; what needs a gradient is learned.
    scene
        Gives the pictures.
    gaze
        What people did on each.
    recipe
        How it learns.
    checkpoint
        File that a training which was stopped goes on from; its name tells this training's random numbers from others'.
    pictures, held
        Names of those that it learns from, and of those that it is scored on.
    """

    def __init__(
        self,
        readout: FixationReadout,
        scene: SceneOf,
        gaze: Mapping[str, PictureGaze],
        recipe: LearningRecipe,
        checkpoint: Path,
        *,
        pictures: Sequence[str],
        held: Sequence[str] = (),
    ) -> None:
        self.readout, self.scene, self.gaze, self.recipe = readout, scene, gaze, recipe
        self.checkpoint, self.name = checkpoint, checkpoint.stem
        self.pictures, self.held = list(pictures), list(held)
        self.curve: list[dict[str, float]] = []
        learned = [one for one in readout.parameters() if one.requires_grad]
        self.optimizer = torch.optim.AdamW(
            learned, lr=recipe.learning_rate, betas=(0.9, 0.99), weight_decay=recipe.weight_decay
        )
        n_steps = recipe.epochs * math.ceil(visits(len(self.pictures)) * len(self.pictures) / recipe.batch_size)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: _rate(step, n_steps))

    def run(self, n_epochs: int, report: Report) -> FixationReadout:
        """Train for so many passes, or until left-out pictures are no longer predicted better."""
        names = {"pictures": self.pictures, "held": self.held}
        # all people's fixations count, as the center bias of a picture is that of all others
        settings = {"recipe": repr(self.recipe), **names, "table of people": gaze_checksum(self.gaze)}
        parts: dict[str, Stateful] = {"readout": self.readout, "optimizer": self.optimizer, "scheduler": self.scheduler}
        done = load_checkpoint(self.checkpoint, settings, parts)
        if done is not None:
            self.curve = list(done["curve"])
        for epoch in range(0 if done is None else int(done["epochs"]), n_epochs):
            if self._has_ended():
                break
            self._pass(epoch, report)
            if self.held:
                self.curve.append({name: self._score(name) for name in self.held})
            save_checkpoint(self.checkpoint, settings, {"epochs": epoch + 1, "curve": self.curve}, parts)
        return self.readout.eval()

    def scores(self) -> np.ndarray:
        """Return the bits of each left-out picture after each pass, (epochs, pictures); the last for those not made."""
        curve = np.array([[one[name] for name in self.held] for one in self.curve])
        return np.concatenate([curve, np.repeat(curve[-1:], self.recipe.epochs - len(curve), axis=0)])

    def _has_ended(self) -> bool:
        means = [float(np.mean(list(one.values()))) for one in self.curve]
        return len(means) > 0 and len(means) - 1 - int(np.argmax(means)) >= self.recipe.patience

    def _pass(self, epoch: int, report: Report) -> None:
        seed, size = self.recipe.seed, self.recipe.batch_size
        order = [
            (name, visit)
            for visit in range(visits(len(self.pictures)))
            for name in numpy_generator(seed, self.name, "order", epoch, visit).permutation(self.pictures).tolist()
        ]
        self.readout.train()
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            self.optimizer.zero_grad()
            for name, visit in batch:
                loss = -self._bits(name, torch_generator(seed, self.name, epoch, visit, name))
                (loss / len(batch)).backward()
            torch.nn.utils.clip_grad_norm_(self.readout.parameters(), _CLIP_NORM)
            self.optimizer.step()
            self.scheduler.step()
            report(len(batch))

    def _bits(self, name: str, generator: torch.Generator) -> Tensor:
        """Draw what is seen of a picture at one step, and return the bits that the readout knows of it."""
        recipe, gaze = self.recipe, self.gaze[name]
        mirror, unknown = torch.rand(2, generator=generator) < torch.tensor([0.5, recipe.unknown_durations])
        if len(gaze.next_deg) > recipe.n_moments:
            gaze = gaze.part(torch.randperm(len(gaze.next_deg), generator=generator)[: recipe.n_moments])
        if unknown:
            gaze = gaze.without_durations()
        turned = bool(mirror) and recipe.mirror
        scene = self.scene(self.readout, name, turned, generator)
        gaze = gaze.mirrored() if turned else gaze
        return log_densities(self.readout, scene, gaze, recipe.n_samples, generator).bits(gaze.weight)

    @torch.no_grad()
    def _score(self, name: str) -> float:
        self.readout.eval()
        gaze = self.gaze[name].after_first()
        generator = torch_generator(self.recipe.seed, "score", name)
        scene = self.scene(self.readout, name, False, None)
        return float(log_densities(self.readout, scene, gaze, SCORE_SAMPLES, generator).bits(gaze.weight))


class Fold(NamedTuple):
    """One part of the pictures, and the readouts that have not seen it."""

    held: list[str]
    pictures: list[str]
    readouts: tuple[FixationReadout, ...]


class CrossValidation(NamedTuple):
    """What is known from leaving pictures out.

    Attributes
    ----------
    scores
        ``picture, fold, bits``: information beyond the center bias on pictures that were left out; of several readouts
        the mean, which is at most what their averaged density has.
    n_epochs
        The number of passes that does best on average.
    folds
        The parts, with readouts as they were after their last pass.
    """

    scores: pd.DataFrame
    n_epochs: int
    folds: list[Fold]


def cross_validate(
    pictures: Sequence[str],
    recipe: LearningRecipe,
    trainings: Callable[[str, list[str], list[str]], Sequence[ReadoutTraining]],
    report: Report,
) -> CrossValidation:
    """Leave out each part of the pictures in turn.

    Parameters
    ----------
    pictures
        Their names.
    recipe
        Says into how many parts.
    trainings
        Makes the trainings of a fold: of its name, the pictures to learn from, and those that are left out.
    report
        Told how many pictures were gone through.
    """
    names = sorted(pictures)
    if recipe.folds == 0:
        return CrossValidation(pd.DataFrame({"picture": [], "fold": [], "bits": []}), recipe.epochs, [])
    order = numpy_generator(recipe.seed, "folds").permutation(len(names))
    curves: list[np.ndarray] = []
    folds: list[Fold] = []
    for fold in range(recipe.folds):
        held = [names[index] for index in order[fold :: recipe.folds]]
        rest = [name for name in names if name not in set(held)]
        made = trainings(f"fold{fold}", rest, held)
        readouts = tuple(one.run(recipe.epochs, report) for one in made)
        curves.append(np.mean([one.scores() for one in made], axis=0))
        folds.append(Fold(held, rest, readouts))
    curve = np.concatenate(curves, axis=1)  # (epochs, pictures)
    best = int(curve.mean(axis=1).argmax())
    if curve[best].mean() <= 0:
        warnings.warn(
            "On pictures that were left out this fit knows no more than the center bias; use more pictures, or the "
            "viewer that comes with the package.",
            InputWarning,
            stacklevel=3,
        )
    rows = [{"picture": name, "fold": fold} for fold, part in enumerate(folds) for name in part.held]
    return CrossValidation(pd.DataFrame(rows).assign(bits=curve[best]), best + 1, folds)


def visits(n_pictures: int) -> int:
    """How often each picture is visited in one pass: more than once where there are few."""
    return math.ceil(LEAST_VISITS / n_pictures)


def _rate(step: int, n_steps: int) -> float:
    """Share of the learning rate: up over the first steps, then down along a cosine."""
    warm = min(200, max(1, n_steps // 10))
    return min(1.0, (step + 1) / warm) * ((1 + math.cos(math.pi * min(1.0, step / n_steps))) / 2 + _SCHEDULE_END)
