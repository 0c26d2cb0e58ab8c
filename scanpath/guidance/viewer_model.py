"""A trained viewer as one file: the network that sees, the readout, the center bias, and what it was trained on."""

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.guidance.fixation_readout import FixationReadout, Moments, ReadoutRecipe, Scene, with_floor
from scanpath.guidance.model_file import read_model, same_layout, with_tuples, write_model
from scanpath.guidance.target_likeness import likeness_channels
from scanpath.recognition.feature_cells import (
    CellRecipe,
    FeatureGrid,
    cell_grid,
    read_cells,
    recipe_from_json,
    recipe_to_json,
)
from scanpath.recognition.layers import LayeredNetwork, layers_with, load_layers
from scanpath.recognition.weights import Weights

FORMAT = "scanpath viewer 1"
#: What messages call it, and what writes it.
_NAMED = {"what": "viewer", "command": "scanpath fit viewer"}
_NETWORK, _READOUT = "network.", "readout."
#: How many numbers make a tensor large.
_LARGE = 10_000


@dataclass(frozen=True)
class ViewerRecipe:
    """All that decides what a viewer can learn: the network, the cells, the readout, and what shows it a target.

    Parameters
    ----------
    network
        What sees the picture.
    fine, coarse
        The cells.
    readout
        Sizes and parts of the readout.
    cue
        The agent that draws the target's map: its name as ``agent``, and its settings; None where nothing is looked
        for.
    """

    network: str
    fine: CellRecipe
    coarse: CellRecipe
    readout: ReadoutRecipe
    cue: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the recipe in a form that JSON can hold."""
        cells = {"fine": recipe_to_json(self.fine), "coarse": recipe_to_json(self.coarse)}
        return {"network": self.network, **cells, "readout": asdict(self.readout), "cue": self.cue}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "ViewerRecipe":
        """Return the recipe that `to_json` gave."""
        fine, coarse = (recipe_from_json(values[name]) for name in ("fine", "coarse"))
        readout = ReadoutRecipe(**with_tuples(values["readout"]))
        return ViewerRecipe(str(values["network"]), fine, coarse, readout, values.get("cue"))


@dataclass(frozen=True)
class Durations:
    """How long people's fixations last: mean and standard deviation of the logarithm of ms."""

    log_mean: float
    log_deviation: float

    def draw(self, generator: torch.Generator) -> float:
        """Draw one duration in ms."""
        return float(torch.exp(self.log_mean + self.log_deviation * torch.randn((), generator=generator)))


@dataclass(frozen=True)
class ViewerModel:
    """Where people look next, as learned from recordings.

    Parameters
    ----------
    recipe
        What it is made of.
    network
        What sees the picture.
    readouts
        The learned part, of the network's features as they are; the densities of several are averaged.
    log_center
        (rows, columns) log density of people's fixations on any picture, in shares of its height and width.
    durations
        How long fixations last, if the recordings told.
    card
        Where it comes from: recordings, pictures, licences, scores.
    """

    recipe: ViewerRecipe
    network: LayeredNetwork
    readouts: tuple[FixationReadout, ...]
    log_center: Tensor
    durations: Durations | None
    card: Mapping[str, Any]

    def checksum(self) -> str:
        """Return what tells this viewer from others."""
        digest = hashlib.sha256(self.network.checksum().encode())
        for value in (self.log_center, *(one for readout in self.readouts for one in readout.state_dict().values())):
            digest.update(value.detach().contiguous().numpy().data)
        return digest.hexdigest()[:16]

    @torch.inference_mode()
    def scenes(self, image: Tensor, px_per_deg: float, likeness: Tensor | None = None) -> tuple[Scene, ...]:
        """Look at a picture before anybody has: what each readout makes of it.

        Parameters
        ----------
        image
            (3, H, W) in [0, 1].
        px_per_deg
            Of the picture.
        likeness
            (H, W) how like the target each place is, where there is one.
        """
        height, width = (side / px_per_deg for side in image.shape[-2:])
        recipes = (self.recipe.fine, self.recipe.coarse)
        fine, coarse = (read_cells(self.network, image, px_per_deg, recipe) for recipe in recipes)
        grid, coarse_grid = (cell_grid((height, width), recipe.cell_deg) for recipe in recipes)
        center = center_on(self.log_center, grid, (width, height))
        cue = None if likeness is None else likeness_channels(likeness, px_per_deg, grid)
        return tuple(
            Scene(readout.maps(fine, coarse, grid, coarse_grid), center, grid, (width, height), cue)
            for readout in self.readouts
        )

    @torch.inference_mode()
    def log_density(self, scenes: Sequence[Scene], moments: Moments, size: tuple[int, int]) -> Tensor:
        """Return the log density of the next fixation over the pixels (H, W) of a picture of that size.

        Parameters
        ----------
        scenes
            The picture, from `scenes`.
        moments
            One moment.
        size
            (height, width) in px.
        """
        grid, size_deg = scenes[0].grid, scenes[0].size_deg
        cells = grid.places().reshape(1, -1, 2)
        scores = torch.cat([one(scene, moments, cells) for one, scene in zip(self.readouts, scenes, strict=True)])
        density = torch.logsumexp(F.log_softmax(scores, dim=1), dim=0).reshape(1, grid.rows, grid.columns)
        y, x = ((torch.arange(count) + 0.5) * extent / count for count, extent in zip(size, size_deg[::-1]))
        pixels = grid.at(density, torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), dim=-1))[..., 0]
        log_density = F.log_softmax(pixels.flatten().double(), dim=0).reshape(size)
        return with_floor(log_density, -math.log(size[0] * size[1]))


def center_on(log_center: Tensor, grid: FeatureGrid, size_deg: tuple[float, float]) -> Tensor:
    """Stretch a log density in shares over a picture of (width, height) degrees: on its cells, per square degree."""
    rows, columns = log_center.shape
    shares = grid.places() / grid.places().new_tensor(size_deg)
    stretched = FeatureGrid(rows, columns, 1.0).at(log_center[None], shares * shares.new_tensor([columns, rows]))[
        ..., 0
    ]
    return stretched - torch.tensor(size_deg).prod().log()


def save_viewer(
    model: ViewerModel, path: str | os.PathLike[str], *, with_network: bool = True, small: bool = False
) -> None:
    """Write a viewer as one safetensors file; a network that is left out is loaded by name again.

    Parameters
    ----------
    model
        The viewer.
    path
        Where to.
    with_network
        Whether to put the network's weights into the file, up to the last layer that is read.
    small
        Whether to write large tensors in half precision.
    """
    tensors = {"log_center": model.log_center}
    for index, readout in enumerate(model.readouts):
        tensors |= {f"{_READOUT}{index}.{name}": value for name, value in readout.state_dict().items()}
    if with_network:
        tensors |= {_NETWORK + name: value for name, value in model.network.weights_in_use().items()}
    if small:
        tensors = {name: value.half() if value.numel() >= _LARGE else value for name, value in tensors.items()}
    facts = {"recipe": model.recipe.to_json(), "readouts": len(model.readouts), "card": dict(model.card)}
    facts["durations"] = None if model.durations is None else asdict(model.durations)
    write_model(path, FORMAT, tensors, facts)


def load_viewer(path: str | os.PathLike[str] | None = None, backbone_weights: Weights | None = None) -> ViewerModel:
    """Load a trained viewer.

    Parameters
    ----------
    path
        What `save_viewer` wrote; None for the one that comes with the package.
    backbone_weights
        Of a network that the file does not hold, as in `scanpath.recognition.layers.load_layers`.

    Raises
    ------
    InputError
        If the file is missing, damaged, or no viewer.
    """
    if path is None:
        with resources.as_file(resources.files("scanpath.guidance") / "data" / "viewer.safetensors") as own:
            return load_viewer(own)
    tensors, facts = read_model(path, FORMAT, **_NAMED)
    with same_layout(path, **_NAMED):
        recipe = ViewerRecipe.from_json(facts["recipe"])
        readouts = tuple(_readout(_under(f"{_READOUT}{index}.", tensors), recipe) for index in range(facts["readouts"]))
        durations = facts["durations"] and Durations(**facts["durations"])
        log_center = tensors["log_center"]
    network = _network(recipe, _under(_NETWORK, tensors), backbone_weights)
    return ViewerModel(recipe, network, readouts, log_center, durations, facts.get("card", {}))


def _readout(state: Mapping[str, Tensor], recipe: ViewerRecipe) -> FixationReadout:
    readout = FixationReadout(state["fine.weight"].shape[1], state["coarse.weight"].shape[1], recipe.readout)
    readout.load_state_dict(dict(state))
    return readout.eval().requires_grad_(False)


def _network(recipe: ViewerRecipe, held: dict[str, Tensor], weights: Weights | None) -> LayeredNetwork:
    layers = layers_of(recipe)
    if not held:
        return load_layers(recipe.network, weights, layers)
    if weights is not None:
        raise InputError("This viewer's file holds its network's weights; leave backbone_weights out.")
    return layers_with(recipe.network, held, layers)


def layers_of(recipe: ViewerRecipe) -> tuple[str, ...]:
    """Return the layers that a recipe reads, each once."""
    views = (*recipe.fine.views, *recipe.coarse.views)
    return tuple(dict.fromkeys(layer for view in views for layer in view.layers))


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
