"""Fit a searcher to people: a viewer that learns what a target's map is worth, cross-validated over pictures."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.agents.searcher import cue_settings
from scanpath.evaluation.inputs import Fixations
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import FixationReadout, Scene, with_cue
from scanpath.guidance.viewer_model import ViewerModel, load_viewer, save_viewer
from scanpath.training.center_biases import CenterBiases
from scanpath.training.fit_card import fit_card, logged_durations
from scanpath.training.gaze_moments import recorded_gaze
from scanpath.training.readout_training import Fold, LearningRecipe, ReadoutTraining, cross_validate
from scanpath.training.search_scenes import SearchScenes

#: Parts of a viewer that stay as they are: all that makes maps of a picture. A few dozen pictures with one target each
#: tell what maps, history and likeness are worth in a search, and not what there is to see.
KEPT = ("fine.", "coarse.", "second.", "third.", "log_sigma")


@dataclass(frozen=True)
class SearcherFitRecipe(LearningRecipe):
    """Settings that decide what is learned; a fit that was stopped goes on only under the same ones.

    Parameters
    ----------
    members
        How many of the viewer's readouts are taken, whose densities are averaged; default all.
    **learning
        As for `LearningRecipe`: ``epochs``, ``folds``, ``seed``, and what else decides how it learns.
    """

    epochs: int = 5
    learning_rate: float = 5e-3
    members: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.members is not None:
            check_count("members", self.members)


class SearcherFitResult(NamedTuple):
    """What a fit gives.

    Attributes
    ----------
    weights
        The searcher's file.
    folds
        Files of searchers that have not seen one part of the pictures each, in the order of ``scores["fold"]``.
    scores
        ``picture, fold, bits``: information beyond the center bias on pictures that were left out.
    card
        What is known of the searcher; it is in the file too.
    """

    weights: Path
    folds: tuple[Path, ...]
    scores: pd.DataFrame
    card: Mapping[str, Any]


class SearcherFit:
    """A fit of the searcher to scanpaths of people who searched.

    It begins with a viewer, whose densities it has exactly until it has learned from the target's map. First
    fixations, which experiments impose, are history alone.

    Parameters
    ----------
    people
        Tidy fixation table, or list of `Scanpath`, with subjects; without what came after the target was found.
    stimuli
        The pictures with their targets, found by their names, each with its px per degree.
    cue
        The agent that draws the target's map, made by its name, as by ``create_agent("ivsn")``.
    out
        Where the searcher is written, as safetensors. Beside it, in ``<out>.fit``, are maps and the state of a fit that
        was stopped, from where calling again goes on, and the searchers of the folds.
    start
        A viewer's file; default the one that comes with the package.
    recipe
        Settings.
    origin
        What the card says of recordings and pictures: names, licences, citations.

    Raises
    ------
    InputError
        If people, pictures or the cue cannot be used, or the folder holds a fit of another kind.
    """

    def __init__(
        self,
        people: Fixations,
        stimuli: Sequence[Stimulus],
        cue: Agent,
        *,
        out: str | os.PathLike[str],
        start: str | os.PathLike[str] | None = None,
        recipe: SearcherFitRecipe | None = None,
        origin: Mapping[str, str] | None = None,
    ) -> None:
        self.recipe, self.cue = recipe or SearcherFitRecipe(), cue
        self.out, self.origin = Path(out), dict(origin or {})
        self.folder = self.out.with_name(self.out.name + ".fit")
        cue_settings(cue)  # refuse before anything is drawn
        self.model = _beginning(start, self.recipe.members)
        seen = recorded_gaze(people, stimuli, least=max(2, self.recipe.folds))
        self.stimuli, self.people = seen.stimuli, seen.people
        self.gaze = {name: one.after_first() for name, one in seen.gaze.items()}
        self.centers = CenterBiases(self.gaze, seed=self.recipe.seed)

    @property
    def n_steps(self) -> int:
        """How many pictures are gone through at most: once for maps, then in every pass of every readout."""
        n, members = len(self.stimuli), len(self.model.readouts)
        return n + self.recipe.n_steps(n, members, members)

    def run(self, advance: Callable[[int], None] | None = None) -> SearcherFitResult:
        """Fit, and write the searcher.

        Parameters
        ----------
        advance
            Called with the number of pictures that were gone through.
        """
        report = advance or (lambda done: None)
        scenes = SearchScenes(self.folder / "maps", self.stimuli, self.model, self.cue, mirrored=self.recipe.mirror)
        scenes.fill(report)
        found = cross_validate(list(self.gaze), self.recipe, partial(self._trainings, scenes), report)
        members = [one.run(found.n_epochs, report) for one in self._trainings(scenes, "all", list(self.gaze), [])]
        about = "searcher: where people who search look next, given a picture, a target and the last fixations"
        card = fit_card(about, self.origin, self.gaze, self.people, found, self.recipe)
        card["start"] = self.model.card
        self._save(self.out, tuple(members), list(self.gaze), card)
        folds = tuple(self._save_fold(index, fold, card) for index, fold in enumerate(found.folds))
        return SearcherFitResult(self.out, folds, found.scores, card)

    def _trainings(
        self, scenes: SearchScenes, name: str, pictures: list[str], held: list[str]
    ) -> list[ReadoutTraining]:
        return [
            ReadoutTraining(
                _learning(readout),
                partial(self._scene, scenes, member),
                self.gaze,
                self.recipe,
                self.folder / f"{name}-{member}.pt",
                pictures=pictures,
                held=held,
            )
            for member, readout in enumerate(self.model.readouts)
        ]

    def _scene(
        self,
        scenes: SearchScenes,
        member: int,
        readout: FixationReadout,  # what makes maps of pictures does not change as it learns
        name: str,
        mirror: bool,
        learning: torch.Generator | None,
    ) -> Scene:
        return scenes.scene(name, member, mirror, self.centers.without(name), self.gaze[name].size_deg)

    def _save_fold(self, index: int, fold: Fold, card: Mapping[str, Any]) -> Path:
        path = self.folder / f"fold{index}.safetensors"
        seen = {"pictures": len(fold.pictures), "picture_names": fold.pictures, "left_out": fold.held}
        self._save(path, fold.readouts, fold.pictures, {**card, **seen})
        return path

    def _save(
        self, path: Path, readouts: tuple[FixationReadout, ...], pictures: Sequence[str], card: Mapping[str, Any]
    ) -> None:
        gaze = {name: self.gaze[name] for name in pictures}
        recipe = replace(self.model.recipe, readout=readouts[0].recipe, cue=cue_settings(self.cue))
        center = CenterBiases(gaze, seed=self.recipe.seed).overall()
        model = ViewerModel(recipe, self.model.network, readouts, center, logged_durations(gaze), card)
        save_viewer(model, path)


def _beginning(start: str | os.PathLike[str] | None, members: int | None) -> ViewerModel:
    """Load the viewer to begin with, with as many readouts as are wanted."""
    model = load_viewer(start)
    if model.recipe.cue is not None:
        raise InputError(f"{start} is a searcher already; a fit begins with a viewer.")
    if members is not None and members > len(model.readouts):
        raise InputError(f"members is {members}, and the viewer to begin with has {len(model.readouts)} readouts.")
    return replace(model, readouts=model.readouts[:members])


def _learning(readout: FixationReadout) -> FixationReadout:
    """Return a copy that is told of the target and learns all but what makes maps of pictures."""
    cued = with_cue(readout)
    for name, value in cued.named_parameters():
        value.requires_grad_(not name.startswith(KEPT))
    return cued
