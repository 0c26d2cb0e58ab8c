"""A picture as features on cells of equal visual angle: layers of a network, at several sizes, decorrelated."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError
from scanpath.recognition.layers import Layer, LayeredNetwork

#: Around the picture its mirror image is put, so that borders look like picture to the network.
MARGIN_PX = 32
#: Networks see pictures of at least this size.
LEAST_PX = 96
#: Least variance of a feature that counts as one, and of a component that is kept, where features have variance 1.
_LEAST_VARIANCE, _LEAST_COMPONENT = 1e-8, 1e-2


@dataclass(frozen=True)
class View:
    """Some layers of a network that sees the picture at a size of so many px per degree.

    Parameters
    ----------
    px_per_deg
        The size.
    layers
        What is read; the channels of all are put together.
    channels
        How many principal components of them are kept, or fewer where there are fewer channels.
    """

    px_per_deg: float
    layers: tuple[str, ...]
    channels: int

    def __post_init__(self) -> None:
        check_positive("px_per_deg", self.px_per_deg)
        check_count("channels", self.channels)
        if not self.layers:
            raise InputError("A view needs at least one layer.")


@dataclass(frozen=True)
class CellRecipe:
    """How features are put on one grid of cells.

    Parameters
    ----------
    cell_deg
        Side of a cell.
    views
        What is read, one after the other.
    """

    cell_deg: float
    views: tuple[View, ...]

    def __post_init__(self) -> None:
        check_positive("cell_deg", self.cell_deg)


class FeatureGrid(NamedTuple):
    """Square cells over a picture, from its top left corner; the last ones may reach beyond it.

    Attributes
    ----------
    rows, columns
        How many.
    side
        Of a cell, in px or in degrees; places are in the same unit, from the picture's corner.
    """

    rows: int
    columns: int
    side: float

    def centers(self) -> tuple[Tensor, Tensor]:
        """Return x of the columns' and y of the rows' centers."""
        x, y = ((torch.arange(count, dtype=torch.float32) + 0.5) * self.side for count in (self.columns, self.rows))
        return x, y

    def places(self) -> Tensor:
        """Return the centers of all cells, (rows, columns, 2)."""
        x, y = self.centers()
        return torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), dim=-1)

    def at(self, maps: Tensor, places: Tensor) -> Tensor:
        """Interpolate maps (C, rows, columns) at places (..., 2): (..., C).

        Beyond the centers of the outermost cells maps stay as they are there.
        """
        extent = places.new_tensor([self.columns, self.rows]) * self.side
        where = (2 * places / extent - 1).reshape(1, 1, -1, 2)
        found = F.grid_sample(maps[None], where, padding_mode="border", align_corners=False)[0, :, 0]
        return found.T.reshape(*places.shape[:-1], len(maps))


def cell_grid(size: tuple[float, float], side: float) -> FeatureGrid:
    """Lay cells over a picture of (height, width), in the unit of the side.

    Examples
    --------
    >>> cell_grid((600, 800), 8)
    FeatureGrid(rows=75, columns=100, side=8.0)
    """
    rows, columns = (max(1, math.ceil(length / side - 1e-6)) for length in size)
    return FeatureGrid(rows, columns, float(side))


def read_cells(network: LayeredNetwork, image: Tensor, px_per_deg: float, recipe: CellRecipe) -> Tensor:
    """Return a network's features of a picture on cells, (channels, rows, columns), not yet decorrelated.

    Parameters
    ----------
    network
        The network.
    image
        (3, H, W) in [0, 1].
    px_per_deg
        Of the picture.
    recipe
        What is read, and the cells.
    """
    size = (int(image.shape[-2]), int(image.shape[-1]))
    grid = cell_grid(size, px_per_deg * recipe.cell_deg)
    layers = {layer.name: layer for layer in network.layers}
    parts = []
    for view in recipe.views:
        unknown = [name for name in view.layers if name not in layers]
        if unknown:
            raise InputError(f"{network.name} is not read at the layer {unknown[0]}; it is at {', '.join(layers)}.")
        seen = _resized(image, view.px_per_deg / px_per_deg)
        margin = min(MARGIN_PX, *(side - 1 for side in seen.shape[-2:]))
        maps = network(_framed(seen, margin), view.layers)
        ratios = (seen.shape[-1] / size[1], seen.shape[-2] / size[0])
        parts += [_on_cells(maps[name], layers[name], grid, ratios, margin) for name in view.layers]
    return torch.cat(parts)


def _framed(image: Tensor, margin: int) -> Tensor:
    """Put a picture's mirror image around it, and its last pixels on, until a network takes it."""
    framed = F.pad(image[None], (margin,) * 4, mode="reflect")
    down, right = (max(0, LEAST_PX - side) for side in framed.shape[-2:])
    return F.pad(framed, (0, right, 0, down), mode="replicate")[0]


def _resized(image: Tensor, scale: float) -> Tensor:
    height, width = (max(2, round(side * scale)) for side in image.shape[-2:])
    if (height, width) == tuple(image.shape[-2:]):
        return image
    resized = F.interpolate(image[None], (height, width), mode="bicubic", antialias=True, align_corners=False)
    return resized[0].clamp(0, 1)


def _on_cells(maps: Tensor, layer: Layer, grid: FeatureGrid, ratios: Sequence[float], margin: int) -> Tensor:
    """Interpolate a layer's maps at the cells' centers; where units are denser than cells, average them first."""
    stride, first = layer.stride_px, layer.first_px - margin
    maps = maps[None]
    while 2 * stride <= 1.01 * grid.side * min(ratios) and min(maps.shape[-2:]) > 1:
        maps, first, stride = F.avg_pool2d(maps, 2), first + stride / 2, 2 * stride
    places = [
        # from the picture to pixel centers of what the network saw, then to units, then to the frame of grid_sample
        ((at * ratio - 0.5 - first) / stride * 2 + 1) / units - 1
        for at, ratio, units in zip(grid.centers(), ratios, (maps.shape[-1], maps.shape[-2]))
    ]
    where = torch.stack(torch.broadcast_tensors(places[0][None, :], places[1][:, None]), dim=-1)
    return F.grid_sample(maps, where[None].to(maps), padding_mode="border", align_corners=False)[0]


class Whitening(NamedTuple):
    """Turns features into components of mean 0 and variance 1 that do not correlate."""

    weight: Tensor
    bias: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """Return the components (k, rows, columns) of features (C, rows, columns)."""
        return torch.einsum("kc,chw->khw", self.weight, features) + self.bias[:, None, None]


def fit_whitening(samples: Iterable[Tensor], sizes: Sequence[tuple[int, int]]) -> Whitening:
    """Find the principal components of features, of each view by itself.

    Parameters
    ----------
    samples
        (C, n) features of some cells of each picture; read once.
    sizes
        For each view, how many channels it has, and how many components to keep at most.

    Raises
    ------
    InputError
        If there is no sample, or the features never change.
    """
    n, total, squares = 0, torch.zeros(()), torch.zeros(())
    for sample in samples:
        x = sample.to(torch.float64)
        n, total, squares = n + x.shape[1], total + x.sum(1), squares + x @ x.T
    if n < 2:
        raise InputError("Features need at least two cells to be decorrelated, give larger pictures.")
    mean = total / n
    covariance = squares / n - mean[:, None] * mean
    ends = list(itertools.accumulate(channels for channels, _ in sizes))
    blocks = [
        _components(covariance[end - channels : end, end - channels : end], kept)
        for end, (channels, kept) in zip(ends, sizes, strict=True)
    ]
    weight = torch.block_diag(*blocks)
    if not len(weight):
        raise InputError("The features are the same everywhere, so nothing can be learned from them.")
    return Whitening(weight.float().contiguous(), -(weight @ mean).float())


def _components(covariance: Tensor, n_kept: int) -> Tensor:
    """Return what turns features of this covariance into components of variance 1, largest first."""
    spread = covariance.diagonal().clamp_min(_LEAST_VARIANCE).sqrt()  # each channel counts alike
    variances, axes = torch.linalg.eigh(covariance / (spread[:, None] * spread))
    variances, axes = variances.flip(0)[:n_kept], axes.flip(1)[:, :n_kept]
    kept = variances > _LEAST_COMPONENT  # what hardly varies here would be boundless elsewhere
    return (axes[:, kept] / variances[kept].sqrt() / spread[:, None]).T


def view_sizes(network: LayeredNetwork, recipe: CellRecipe) -> list[tuple[int, int]]:
    """Return how many channels each view has, and how many components of it are kept."""
    channels = {layer.name: layer.channels for layer in network.layers}
    return [(sum(channels[name] for name in view.layers), view.channels) for view in recipe.views]


def recipe_to_json(recipe: CellRecipe) -> dict[str, object]:
    """Return a recipe in a form that JSON can hold."""
    views = [asdict(view) | {"layers": list(view.layers)} for view in recipe.views]
    return {"cell_deg": recipe.cell_deg, "views": views}


def recipe_from_json(values: Mapping[str, object]) -> CellRecipe:
    """Return the recipe that `recipe_to_json` gave."""
    views = values["views"]
    if not isinstance(views, list):
        raise InputError(f"views must be a list, got {views!r}.")
    found = tuple(View(float(view["px_per_deg"]), tuple(view["layers"]), int(view["channels"])) for view in views)
    return CellRecipe(float(str(values["cell_deg"])), found)
