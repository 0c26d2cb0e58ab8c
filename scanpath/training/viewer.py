"""Fit a viewer to people: cross-validated over pictures, then on all of them, into one file with a card."""

import json
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError, InputWarning
from scanpath._core.random import numpy_generator, torch_generator
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import FixationReadout, ReadoutRecipe, Scene, without_whitening
from scanpath.guidance.viewer_model import Durations, ViewerModel, ViewerRecipe, center_on, save_viewer
from scanpath.recognition.feature_cells import CellRecipe, View, cell_grid
from scanpath.recognition.layers import LayeredNetwork, load_layers
from scanpath.recognition.weights import Weights
from scanpath.training.center_biases import CenterBiases
from scanpath.training.checkpoints import Stateful, load_checkpoint, save_checkpoint
from scanpath.training.feature_cache import FeatureCache
from scanpath.training.fixation_likelihood import log_densities
from scanpath.training.gaze_moments import People, PictureGaze, people_by_picture, picture_gaze

#: Sides of the cells, and the sizes at which the network sees the picture: for detail, and for the whole of things.
FINE_DEG, COARSE_DEG = 1 / 3, 2 / 3
NEAR_PX_PER_DEG, FAR_PX_PER_DEG = 18.0, 9.0
#: Components that are kept: of shallow layers, and of deep ones at either size.
FINE_CHANNELS, NEAR_CHANNELS, FAR_CHANNELS = 96, 192, 96
#: Samples a moment when left-out pictures are scored.
_SCORE_SAMPLES = 256
#: Least steps through pictures in one pass, so that few pictures are not few steps.
_LEAST_VISITS = 240
_CLIP_NORM = 3.0
_SCHEDULE_END = 0.005
#: Of the bootstrap over pictures.
_DRAWS = 2000


@dataclass(frozen=True)
class ViewerFitRecipe:
    """Settings that decide what is learned; a fit that was stopped goes on only under the same ones.

    Parameters
    ----------
    network
        What sees the pictures, as `scanpath.recognition.layers.load_layers` names it.
    epochs
        Most passes over the pictures.
    patience
        A fold ends after so many passes that did not better its best score on left-out pictures.
    folds
        Parts of the pictures that are left out in turn, to choose the number of passes and to say how well the viewer
        does on pictures that it has not seen; 0 for none, which says nothing of that.
    members
        Readouts that are trained from different first weights, and whose densities are averaged.
    batch_size
        Pictures a step.
    n_moments, n_samples
        Moments that are drawn for each picture at a step, and places that are drawn for each of them.
    learning_rate, weight_decay
        Of AdamW; the rate falls along a cosine.
    feature_dropout
        Share of feature channels that are left out at a step.
    unknown_durations
        Share of steps at which durations are kept back, so that the viewer can do without.
    mirror
        Whether pictures are mirrored at half of the steps.
    seed
        Of all that is random.
    readout
        Sizes and parts of the readout.
    """

    network: str = "squeezenet1_1"
    epochs: int = 8
    patience: int = 2
    folds: int = 5
    members: int = 1
    batch_size: int = 3
    n_moments: int = 64
    n_samples: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    feature_dropout: float = 0.1
    unknown_durations: float = 0.15
    mirror: bool = True
    seed: int = 0
    readout: ReadoutRecipe = field(default_factory=ReadoutRecipe)

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "members", "batch_size", "n_moments", "n_samples"):
            check_count(name, getattr(self, name))
        if check_count("folds", self.folds, least=0) == 1:
            raise InputError("folds must be 0, for none, or at least 2, got 1.")
        check_positive("learning_rate", self.learning_rate)
        for name in ("feature_dropout", "unknown_durations"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} must lie in [0, 1), got {getattr(self, name)}.")


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
        people: People,
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
        paths = people_by_picture(people, stimuli)
        seen = [one for one in stimuli if one.name in paths]
        gaze = {one.name: picture_gaze(one, paths[one.name]) for one in seen}
        self.gaze = {name: one for name, one in gaze.items() if one is not None}
        self.stimuli = [one for one in seen if one.name in self.gaze]
        least = max(2, self.recipe.folds)
        if len(self.stimuli) < least:
            raise InputError(
                f"A viewer is fitted to at least {least} pictures, as each is compared with where people look on "
                f"others{' and one is left out in each fold' if least > 2 else ''}; people looked at "
                f"{len(self.stimuli)}."
            )
        self.people = {str(path.info["subject"]) for some in paths.values() for path in some}
        if len(self.people) == 1:
            warnings.warn(
                "All scanpaths are of one person, whose habits the viewer will have.", InputWarning, stacklevel=2
            )
        self.network = load_layers(self.recipe.network, weights)
        self.cells = usual_cells(self.network)
        self.centers = CenterBiases(self.gaze, seed=self.recipe.seed)
        self._log_durations = _log_durations(self.gaze)

    @property
    def n_steps(self) -> int:
        """How many pictures are gone through at most: once for features, then in every pass of every readout."""
        n, folds = len(self.stimuli), self.recipe.folds
        in_training = [n - len(range(fold, n, folds)) for fold in range(folds)] + [n] * self.recipe.members
        return n + self.recipe.epochs * sum(_visits(size) * size for size in in_training)

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
        scores, n_epochs = self._cross_validate(features, report)
        if len(scores) and scores["bits"].mean() <= 0:
            warnings.warn(
                "On pictures that were left out this viewer knows no more than the center bias; use more pictures, or "
                "the viewer that comes with the package.",
                InputWarning,
                stacklevel=2,
            )
        members = [
            _Training(self, features, f"member{index}", list(self.gaze), ()).run(n_epochs, report)
            for index in range(self.recipe.members)
        ]
        card = self._card(scores, n_epochs)
        model = self._model(tuple(without_whitening(one, *features.whitening) for one in members), card)
        save_viewer(model, self.out)
        return ViewerFitResult(self.out, scores, card)

    def _cross_validate(self, features: FeatureCache, report: Callable[[int], None]) -> tuple[pd.DataFrame, int]:
        """Score pictures that are left out, and choose the number of passes that does best on average."""
        recipe, names = self.recipe, sorted(self.gaze)
        if recipe.folds == 0:
            return pd.DataFrame({"picture": [], "fold": [], "bits": []}), recipe.epochs
        order = numpy_generator(recipe.seed, "folds").permutation(len(names))
        curves: list[np.ndarray] = []
        rows = []
        for fold in range(recipe.folds):
            held = [names[index] for index in order[fold :: recipe.folds]]
            rest = [name for name in names if name not in set(held)]
            training = _Training(self, features, f"fold{fold}", rest, held)
            training.run(recipe.epochs, report)
            curves.append(_continued(np.array([[one[name] for name in held] for one in training.curve]), recipe.epochs))
            rows += [{"picture": name, "fold": fold} for name in held]
        curve = np.concatenate(curves, axis=1)  # (epochs, pictures)
        best = int(curve.mean(axis=1).argmax())
        return pd.DataFrame(rows).assign(bits=curve[best]), best + 1

    def _card(self, scores: pd.DataFrame, n_epochs: int) -> dict[str, Any]:
        from scanpath import __version__

        return {
            "model": "viewer: where people look next, given a picture and the last fixations",
            "made_by": f"scanpath {__version__}",
            "origin": self.origin,
            "pictures": len(self.gaze),
            "people": len(self.people),
            "fixations": sum(len(one.next_deg) for one in self.gaze.values()),
            **_left_out(scores, self.recipe.seed),
            "passes": n_epochs,
            "recipe": _plain(asdict(self.recipe)),
        }

    def _model(self, readouts: tuple[FixationReadout, ...], card: Mapping[str, Any]) -> ViewerModel:
        recipe = ViewerRecipe(self.recipe.network, *self.cells, self.recipe.readout)
        return ViewerModel(recipe, self.network, readouts, self.centers.overall(), self._log_durations, card)


class _Training:
    """One readout that learns from some pictures, and is scored on others after each pass."""

    def __init__(
        self, fit: ViewerFit, features: FeatureCache, name: str, pictures: Sequence[str], held: Sequence[str]
    ) -> None:
        self.fit, self.features, self.name = fit, features, name
        self.pictures, self.held = list(pictures), list(held)
        self.curve: list[dict[str, float]] = []
        recipe = fit.recipe
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch_generator(recipe.seed, name, "first weights").initial_seed()))
            n_fine, n_coarse = (len(one.bias) for one in features.whitening)
            self.readout = FixationReadout(n_fine, n_coarse, recipe.readout)
        self.optimizer = torch.optim.AdamW(
            self.readout.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99), weight_decay=recipe.weight_decay
        )
        n_steps = recipe.epochs * math.ceil(_visits(len(self.pictures)) * len(self.pictures) / recipe.batch_size)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: _rate(step, n_steps))

    def run(self, n_epochs: int, report: Callable[[int], None]) -> FixationReadout:
        """Train for so many passes, or until left-out pictures are no longer predicted better."""
        path = self.fit.folder / f"{self.name}.pt"
        settings = {"recipe": repr(self.fit.recipe), "pictures": self.pictures, "held": self.held}
        parts: dict[str, Stateful] = {"readout": self.readout, "optimizer": self.optimizer, "scheduler": self.scheduler}
        done = load_checkpoint(path, settings, parts)
        if done is not None:
            self.curve = list(done["curve"])
        for epoch in range(0 if done is None else int(done["epochs"]), n_epochs):
            if self._has_ended():
                break
            self._pass(epoch, report)
            if self.held:
                self.curve.append({name: self._score(name) for name in self.held})
            save_checkpoint(path, settings, {"epochs": epoch + 1, "curve": self.curve}, parts)
        return self.readout.eval()

    def _has_ended(self) -> bool:
        means = [float(np.mean(list(one.values()))) for one in self.curve]
        return len(means) > 0 and len(means) - 1 - int(np.argmax(means)) >= self.fit.recipe.patience

    def _pass(self, epoch: int, report: Callable[[int], None]) -> None:
        seed, size = self.fit.recipe.seed, self.fit.recipe.batch_size
        order = [
            (name, visit)
            for visit in range(_visits(len(self.pictures)))
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
        recipe, gaze = self.fit.recipe, self.fit.gaze[name]
        mirror, unknown = torch.rand(2, generator=generator) < torch.tensor([0.5, recipe.unknown_durations])
        if len(gaze.next_deg) > recipe.n_moments:
            gaze = gaze.part(torch.randperm(len(gaze.next_deg), generator=generator)[: recipe.n_moments])
        if unknown:
            gaze = gaze.without_durations()
        turned = bool(mirror) and recipe.mirror
        scene = self._scene(name, turned, generator if recipe.feature_dropout else None)
        gaze = gaze.mirrored() if turned else gaze
        return log_densities(self.readout, scene, gaze, recipe.n_samples, generator).bits(gaze.weight)

    @torch.no_grad()
    def _score(self, name: str) -> float:
        self.readout.eval()
        gaze = self.fit.gaze[name].after_first()
        generator = torch_generator(self.fit.recipe.seed, "score", name)
        scene = self._scene(name, False, None)
        return float(log_densities(self.readout, scene, gaze, _SCORE_SAMPLES, generator).bits(gaze.weight))

    def _scene(self, name: str, mirror: bool, dropout: torch.Generator | None) -> Scene:
        size_deg = self.fit.gaze[name].size_deg
        width_deg, height_deg = size_deg
        grid, coarse_grid = (cell_grid((height_deg, width_deg), recipe.cell_deg) for recipe in self.fit.cells)
        fine, coarse = self.features.cells(name, mirror)
        if dropout is not None:
            share = self.fit.recipe.feature_dropout
            fine, coarse = (_some_channels(cells, share, dropout) for cells in (fine, coarse))
        log_center = self.fit.centers.without(name)
        center = center_on(log_center.flip(-1) if mirror else log_center, grid, size_deg)
        return Scene(self.readout.maps(fine, coarse, grid, coarse_grid), center, grid, size_deg)


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


def _visits(n_pictures: int) -> int:
    """How often each picture is visited in one pass: more than once where there are few."""
    return math.ceil(_LEAST_VISITS / n_pictures)


def _some_channels(cells: Tensor, share: float, generator: torch.Generator) -> Tensor:
    kept = torch.rand(len(cells), 1, 1, generator=generator) >= share
    return cells * kept / (1 - share)


def _rate(step: int, n_steps: int) -> float:
    """Share of the learning rate: up over the first steps, then down along a cosine."""
    warm = min(200, max(1, n_steps // 10))
    return min(1.0, (step + 1) / warm) * ((1 + math.cos(math.pi * min(1.0, step / n_steps))) / 2 + _SCHEDULE_END)


def _continued(curve: np.ndarray, n_epochs: int) -> np.ndarray:
    """Carry the last pass of a fold that ended early on to the others' length."""
    return np.concatenate([curve, np.repeat(curve[-1:], n_epochs - len(curve), axis=0)])


def _log_durations(gaze: Mapping[str, PictureGaze]) -> Durations | None:
    """Return how long fixations last: the present one at each moment, so that each but the last ones counts once."""
    logs = torch.cat([one.moments.duration_ms[:, 0] for one in gaze.values()]).log()
    logs = logs[torch.isfinite(logs)]
    return Durations(float(logs.mean()), float(logs.std())) if len(logs) > 1 else None


def _left_out(scores: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return the mean bits beyond the center bias on pictures that were left out, and its 95 % interval over them."""
    if scores.empty:
        return {"left_out_bits": None, "left_out_interval": None}
    bits = scores["bits"].to_numpy()
    drawn = numpy_generator(seed, "interval").integers(len(bits), size=(_DRAWS, len(bits)))
    low, high = np.quantile(bits[drawn].mean(axis=1), [0.025, 0.975])
    return {
        "left_out_bits": round(float(bits.mean()), 4),
        "left_out_interval": [round(float(low), 4), round(float(high), 4)],
    }


def _plain(values: Any) -> Any:
    return json.loads(json.dumps(values))
