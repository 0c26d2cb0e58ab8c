"""Features of an empty square: what a network makes of uniform ground, of which the square's border alone is seen.

Far from the border all places of uniform ground look alike as long as pools do not grow. Fine features of a large
square are therefore taken from a small one, whose border they repeat. From the first pool on that grows with
eccentricity, every place along the border has values of its own; what lies inside stays uniform.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from scanpath._core.memory import give_back
from scanpath.kernels.eccentricity_pooling import pool_windows
from scanpath.recognition.backbone import PICTURE_STRIDE, Backbone, Stage
from scanpath.recognition.eccentricity_pooling import EccentricityPool2d
from scanpath.recognition.ground_map import GroundMap
from scanpath.recognition.links import (
    Link,
    PoolLink,
    foveal_reach,
    link_of,
    parts_of,
    square_bounds,
    undisturbed,
    windows_of,
)
from scanpath.recognition.rectangles import Endless, Rectangle

#: Side of the smallest square that stands for larger ones.
SMALL_SIDE_PX = 256


@dataclass(frozen=True)
class _Stretched:
    """A map (1, C, m, m) of a small empty square that stands for a larger one: what lies between is repeated."""

    small: Tensor
    side: int

    def cut(self, rectangle: Rectangle) -> Tensor:
        """Return the values of a rectangle of the map, (1, C, h, w)."""
        if self.small.shape[-1] == self.side:
            return self.small[(..., *rectangle.slices)]
        values = self.small.permute(0, 2, 3, 1)  # channels last, as the layers keep them
        for axis, (start, stop) in enumerate((rectangle[:2], rectangle[2:]), start=1):
            values = values.index_select(axis, self._places(start, stop))
        return values.permute(0, 3, 1, 2)

    def _places(self, start: int, stop: int) -> Tensor:
        small = self.small.shape[-1]
        half = small // 2
        place = torch.arange(start, stop, device=self.small.device)
        after = place - self.side + small
        return torch.where(after > half, after, place.clamp_max(half))


@dataclass(frozen=True)
class CoarseStage:
    """A stage from the first level on, with what an empty square gives there."""

    stage: Stage
    links: list[Link]  # its body; none for the first level's, which belongs to the fine features
    body: GroundMap  # what the body returns
    level: GroundMap | None  # at 1/16


@dataclass(frozen=True)
class Ground:
    """Features of an empty square of one size and gray."""

    backbone: Backbone
    side: int  # px of the square
    fine: list[Link]  # all layers up to the first level, pools included
    body: GroundMap  # what the last of them returns

    @functools.cached_property
    @torch.inference_mode()
    def stages(self) -> list[CoarseStage]:
        """All stages from the first level on."""
        first, x = self.backbone.levels[0], self.body
        stages = [CoarseStage(self.backbone.stages[first], [], x, _level(self.backbone.stages[first], x))]
        for index in range(first + 1, len(self.backbone.stages)):
            x = _pooled(self.backbone.stages[index - 1].pool, x)
            stage, links = self.backbone.stages[index], []
            for layers, reach in parts_of(stage.body, x.middle[None, :, None, None]):
                links.append(link_of(layers, reach, x.side, x))
                x = _through(links[-1], x)
            kept = _level(stage, x) if index in self.backbone.levels else None
            stages.append(CoarseStage(stage, links, x, kept))
        give_back()
        return stages

    @functools.cached_property
    def levels(self) -> list[GroundMap]:
        """The levels at 1/16."""
        return [stage.level for stage in self.stages if stage.level is not None]


@torch.inference_mode()
def empty_ground(backbone: Backbone, side: int, gray: float) -> Ground:
    """Run an empty square through the network, and keep what restricted passes need."""
    return Ground(backbone, side, *_fine(backbone, side, gray))


def _pooled(pool: EccentricityPool2d, x: GroundMap) -> GroundMap:
    """Pool with windows that grow around the square's center: its border is seen by all that reach it."""
    bounds = square_bounds(pool.law, x.side)
    side, (first, last) = bounds.shape[-1], x.span
    rows, columns = np.nonzero(~_inside(bounds, first, last))
    border = int(np.minimum.reduce([rows, side - 1 - rows, columns, side - 1 - columns]).max(initial=-1)) + 1

    def make(rectangle: Rectangle) -> Tensor:
        source, moved = windows_of(bounds, rectangle)
        return pool_windows(x.cut(source), moved, pool.kind)

    return GroundMap.of(side, x.middle, (border, side - border), make)


def _inside(bounds: np.ndarray, first: int, last: int) -> np.ndarray:
    y0, y1, x0, x1 = bounds
    return (y0 >= first) & (y1 <= last) & (x0 >= first) & (x1 <= last)


def _through(link: Link, x: GroundMap) -> GroundMap:
    """Run a layer along the border, and once far from it."""

    def make(rectangle: Rectangle) -> Tensor:
        into = link.needed(rectangle, bordered=True)
        return link.run(x.cut(into), into, rectangle).values

    reach = link.reach
    around = reach.stride * (2 + (reach.before + reach.after) // reach.stride)
    uniform = link.layers(x.middle[None, :, None, None].expand(-1, -1, 2 * around + 1, 2 * around + 1))
    return GroundMap.of(link.extent.bottom, _middle(uniform), reach.undisturbed(*x.span), make)


def cells_in(cells: Rectangle, ratio: int, side: int) -> Rectangle:
    """Return the px of a map of `side` px that cells of `ratio` px a side hold."""
    return cells.each(lambda start, stop: (start * ratio, min(stop * ratio, side)))


def _level(stage: Stage, body: GroundMap) -> GroundMap:
    """Bring what a stage's body returns to 1/16."""
    ratio = PICTURE_STRIDE // stage.scale
    first, last = body.span

    def make(cells: Rectangle) -> Tensor:
        return stage.reduced(stage.tap(body.cut(cells_in(cells, ratio, body.side))), PICTURE_STRIDE)

    middle = stage.tap(body.middle[None, :, None, None]).flatten()
    return GroundMap.of(-(-body.side // ratio), middle, (-(-first // ratio), last // ratio), make)


def _fine(backbone: Backbone, side: int, gray: float) -> tuple[list[Link], GroundMap]:
    """All layers up to the first level with the ground's values there, and what the last of them returns."""
    small, scale = SMALL_SIDE_PX, backbone.stages[backbone.levels[0]].scale
    while True:
        # grids of all maps lie at the far border as those of the large square do
        width = side if side <= small + PICTURE_STRIDE else small + (side - small) % PICTURE_STRIDE
        links, x = _fine_of_square(backbone, width, gray)
        middle, around = x.shape[-1] // 2, PICTURE_STRIDE // scale  # of which the middle of a level is made up
        first, last = undisturbed(links, width)
        if width == side or (first <= middle - around and middle + around < last):
            links, stretched = _at_side(links, side), _Stretched(x, -(-side // scale))
            return links, GroundMap.of(stretched.side, _middle(x), undisturbed(links, side), stretched.cut)
        small *= 2


def _fine_of_square(backbone: Backbone, side: int, gray: float) -> tuple[list[Link], Tensor]:
    first = backbone.levels[0]
    x = backbone.preprocessing(torch.full((1, 3, side, side), gray, device=backbone.device)).contiguous(
        memory_format=torch.channels_last
    )
    links: list[Link] = []
    for index, stage in enumerate(backbone.stages[: first + 1]):
        for layers, reach in parts_of(stage.body, x):
            links.append(Link(layers, reach, x.shape[-1], Endless(_middle(x))))
            x = layers(x)
        if index < first:
            reach = foveal_reach(stage.pool.law, x.shape[-1])
            links.append(PoolLink(stage.pool, reach, x.shape[-1], Endless(_middle(x))))
            x = stage.pool(x)
    return links, x


def _at_side(links: list[Link], side: int) -> list[Link]:
    """Return the same layers on a square of another side, at whose borders their grids lie in the same way."""
    found = []
    for link in links:
        found.append(replace(link, side=side))
        side = -(-side // link.reach.stride)
    return found


def _middle(x: Tensor) -> Tensor:
    return x[0, :, x.shape[2] // 2, x.shape[3] // 2].clone()
