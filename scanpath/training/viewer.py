"""Fit a viewer to people: cross-validated over pictures, then on all of them, into one file with a card."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath._core.random import derive_seed
from scanpath.evaluation.inputs import Fixations
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import FixationReadout, ReadoutRecipe, Scene, without_whitening
from scanpath.guidance.viewer_model import ViewerModel, ViewerRecipe, center_on, save_viewer
from scanpath.recognition.feature_cells import CellRecipe, View, cell_grid
from scanpath.recognition.layers import LayeredNetwork, load_layers
from scanpath.recognition.weights import Weights
from scanpath.training.center_biases import CenterBiases
from scanpath.training.feature_cache import FeatureCache
from scanpath.training.fit_card import fit_card, logged_durations
from scanpath.training.gaze_moments import recorded_gaze
from scanpath.training.readout_training import CrossValidation, LearningRecipe, ReadoutTraining, cross_validate

#: Sides of the cells, and the sizes at which the network sees the picture: for detail, and for the whole of things.
FINE_DEG, COARSE_DEG = 1 / 3, 2 / 3
NEAR_PX_PER_DEG, FAR_PX_PER_DEG = 18.0, 9.0
#: Components that are kept: of shallow layers, and of deep ones at either size.
FINE_CHANNELS, NEAR_CHANNELS, FAR_CHANNELS = 96, 192, 96


@dataclass(frozen=True)
class ViewerFitRecipe(LearningRecipe):
    """Settings that decide what is learned; a fit that was stopped goes on only under the same ones.

    Parameters
    ----------
    network
        What sees the pictures, as `scanpath.recognition.layers.load_layers` names it.
    members
        Readouts that are trained from different first weights, and whose densities are averaged.
    feature_dropout
        Share of feature channels that are left out at a step.
    readout
        Sizes and parts of the readout.
    **learning
        As for `LearningRecipe`: ``epochs``, ``folds``, ``seed``, and what else decides how it learns.
    """

    network: str = "squeezenet1_1"
    members: int = 1
    feature_dropout: float = 0.1
    readout: ReadoutRecipe = field(default_factory=ReadoutRecipe)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("members", self.members)
        if not 0 <= self.feature_dropout < 1:
            raise InputError(f"feature_dropout must lie in [0, 1), got {self.feature_dropout}.")


class ViewerFitResult(NamedTuple):
    """What a fit gives.

    Attributes
    ----------
    weights
        The viewer's file.
    scores
        ``picture, fold, bits``: information beyond the center bias on pictures that were left out.
    card
        What is known of the viewer; it is in the file too.
    """

    weights: Path
    scores: pd.DataFrame
    card: Mapping[str, Any]


class ViewerFit:
    """A fit of the viewer to people's scanpaths.

    Parameters
    ----------
    people
        Tidy fixation table, or list of `Scanpath`, with subjects.
    stimuli
        The pictures, found by their names, each with its px per degree.
    out
        Where the viewer is written, as safetensors. Beside it, in ``<out>.fit``, are features and the state of a fit
        that was stopped; calling again goes on from there.
    recipe
        Settings.
    weights
        Of the network, as in `scanpath.recognition.layers.load_layers`.
    origin
        What the card says of recordings and pictures: names, licences, citations.

    Raises
    ------
    InputError
        If people or pictures cannot be used, or the folder holds a fit of another kind.
    """

    def __init__(
        self,
        people: Fixations,
        stimuli: Sequence[Stimulus],
        *,
        out: str | os.PathLike[str],
        recipe: ViewerFitRecipe | None = None,
        weights: Weights | None = None,
        origin: Mapping[str, str] | None = None,
    ) -> None:
        self.recipe = recipe or ViewerFitRecipe()
        self.out, self.origin = Path(out), dict(origin or {})
        self.folder = self.out.with_name(self.out.name + ".fit")
        seen = recorded_gaze(people, stimuli, least=max(2, self.recipe.folds))
        self.gaze, self.stimuli, self.people = seen.gaze, seen.stimuli, seen.people
        self.network = load_layers(self.recipe.network, weights)
        self.cells = usual_cells(self.network)
        self.centers = CenterBiases(self.gaze, seed=self.recipe.seed)
        self.durations = logged_durations(self.gaze)

    @property
    def n_steps(self) -> int:
        """How many pictures are gone through at most: once for features, then in every pass of every readout."""
        n = len(self.stimuli)
        return n + self.recipe.n_steps(n, self.recipe.members)

    def run(self, advance: Callable[[int], None] | None = None) -> ViewerFitResult:
        """Fit, and write the viewer.

        Parameters
        ----------
        advance
            Called with the number of pictures that were gone through.
        """
        report = advance or (lambda done: None)
        features = FeatureCache(
            self.folder / "features",
            self.stimuli,
            self.network,
            self.cells,
            mirrored=self.recipe.mirror,
            seed=self.recipe.seed,
        )
        features.fill(report)
        found = cross_validate(
            list(self.gaze),
            self.recipe,
            lambda name, pictures, held: [self._training(features, name, pictures, held)],
            report,
        )
        members = [
            self._training(features, f"member{index}", list(self.gaze)).run(found.n_epochs, report)
            for index in range(self.recipe.members)
        ]
        card = self._card(found)
        model = self._model(tuple(without_whitening(one, *features.whitening) for one in members), card)
        save_viewer(model, self.out)
        return ViewerFitResult(self.out, found.scores, card)

    def _training(
        self, features: FeatureCache, name: str, pictures: Sequence[str], held: Sequence[str] = ()
    ) -> ReadoutTraining:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.recipe.seed, name, "first weights"))
            n_fine, n_coarse = (len(one.bias) for one in features.whitening)
            readout = FixationReadout(n_fine, n_coarse, self.recipe.readout)
        checkpoint = self.folder / f"{name}.pt"
        scene = partial(self._scene, features)
        return ReadoutTraining(readout, scene, self.gaze, self.recipe, checkpoint, pictures=pictures, held=held)

    def _scene(
        self,
        features: FeatureCache,
        readout: FixationReadout,
        name: str,
        mirror: bool,
        learning: torch.Generator | None,
    ) -> Scene:
        size_deg, share = self.gaze[name].size_deg, self.recipe.feature_dropout
        width_deg, height_deg = size_deg
        grid, coarse_grid = (cell_grid((height_deg, width_deg), recipe.cell_deg) for recipe in self.cells)
        fine, coarse = features.cells(name, mirror)
        if learning is not None and share:
            fine, coarse = (_some_channels(cells, share, learning) for cells in (fine, coarse))
        log_center = self.centers.without(name)
        center = center_on(log_center.flip(-1) if mirror else log_center, grid, size_deg)
        return Scene(readout.maps(fine, coarse, grid, coarse_grid), center, grid, size_deg)

    def _card(self, found: CrossValidation) -> dict[str, Any]:
        about = "viewer: where people look next, given a picture and the last fixations"
        return fit_card(about, self.origin, self.gaze, self.people, found, self.recipe)

    def _model(self, readouts: tuple[FixationReadout, ...], card: Mapping[str, Any]) -> ViewerModel:
        recipe = ViewerRecipe(self.recipe.network, *self.cells, self.recipe.readout)
        return ViewerModel(recipe, self.network, readouts, self.centers.overall(), self.durations, card)


def usual_cells(network: LayeredNetwork) -> tuple[CellRecipe, CellRecipe]:
    """Return how a network is read on fine and on coarse cells: its shallow layers, and its deep ones at two sizes.

    Raises
    ------
    InputError
        If it has no layer of either kind.
    """
    shallow = tuple(layer.name for layer in network.layers if layer.stride_px <= 8)
    deep = tuple(layer.name for layer in network.layers if layer.stride_px > 8)
    if not shallow or not deep:
        raise InputError(f"{network.name} must be read at layers of at most and of more than 8 px a unit; name both.")
    wide = (shallow[-1], *deep[-2:])  # from afar, details are small enough for it to see as things
    fine = View(NEAR_PX_PER_DEG, shallow, FINE_CHANNELS)
    views = (View(NEAR_PX_PER_DEG, deep, NEAR_CHANNELS), View(FAR_PX_PER_DEG, wide, FAR_CHANNELS))
    return CellRecipe(FINE_DEG, (fine,)), CellRecipe(COARSE_DEG, views)


def _some_channels(cells: Tensor, share: float, generator: torch.Generator) -> Tensor:
    kept = torch.rand(len(cells), 1, 1, generator=generator) >= share
    return cells * kept / (1 - share)
