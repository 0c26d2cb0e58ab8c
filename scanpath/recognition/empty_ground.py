"""Features of an empty square: what a network makes of uniform ground, of which the square's border alone is seen.

Far from the border all places of uniform ground look alike as long as pools do not grow. Fine features of a large
square are therefore taken from a small one, whose border they repeat; only from the first pool on that grows with
eccentricity the whole square is needed, where its maps are small.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scanpath.recognition.backbone import PICTURE_STRIDE, Backbone, Stage
from scanpath.recognition.links import Link, PoolLink, foveal_reach, link_of, parts_of
from scanpath.recognition.rectangles import Rectangle

#: Side of the smallest square that stands for larger ones.
SMALL_SIDE_PX = 256


@dataclass(frozen=True)
class UniformMap:
    """A map of an empty square, kept as that of a smaller one: what lies between the borders is everywhere the same.

    Attributes
    ----------
    small
        (1, C, m, m).
    side
        Side of the map that it stands for.
    """

    small: Tensor
    side: int

    @property
    def middle(self) -> Tensor:
        """The value far from the border, (C,)."""
        half = self.small.shape[-1] // 2
        return self.small[0, :, half, half].clone()

    @property
    def whole(self) -> Tensor:
        """The map, (1, C, side, side)."""
        return self.cut(Rectangle(0, self.side, 0, self.side))

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
    body: UniformMap  # what the body returns, (1, C, n, n)
    level: Tensor | None  # (1, C, n, n) at 1/16


@dataclass(frozen=True)
class Ground:
    """Features of an empty square of one size and gray."""

    backbone: Backbone
    side: int  # px of the square
    fine: list[Link]  # all layers up to the first level, pools included
    stages: list[CoarseStage]

    @property
    def fine_value(self) -> Tensor:
        """The fine features far from the border, (C,)."""
        return self.stages[0].body.middle


@torch.inference_mode()
def empty_ground(backbone: Backbone, side: int, gray: float) -> Ground:
    """Run an empty square through the network, and keep what restricted passes need."""
    first = backbone.levels[0]
    fine, body = _fine(backbone, side, gray)
    stage = backbone.stages[first]
    level = _reduced(stage, body.small)
    stages = [CoarseStage(stage, [], body, UniformMap(level, -(-side // PICTURE_STRIDE)).whole)]
    x = body.whole
    for index in range(first + 1, len(backbone.stages)):
        x = backbone.stages[index - 1].pool(x)
        stage, links = backbone.stages[index], []
        for layers, reach in parts_of(stage.body, x):
            links.append(link_of(layers, reach, x.shape[-1], x))
            x = links[-1].run(x, Rectangle(0, x.shape[-2], 0, x.shape[-1]), links[-1].extent).values
        kept = _reduced(stage, x) if index in backbone.levels else None
        stages.append(CoarseStage(stage, links, UniformMap(x, x.shape[-1]), kept))
    return Ground(backbone, side, fine, stages)


def _fine(backbone: Backbone, side: int, gray: float) -> tuple[list[Link], UniformMap]:
    """All layers up to the first level with the ground's values there, and what the last of them returns."""
    small, scale = SMALL_SIDE_PX, backbone.stages[backbone.levels[0]].scale
    while True:
        # grids of all maps lie at the far border as those of the large square do
        width = side if side <= small + PICTURE_STRIDE else small + (side - small) % PICTURE_STRIDE
        links, x = _fine_of_square(backbone, width, gray)
        if width == side or not _border_seen(links, x.shape[-1] // 2, PICTURE_STRIDE // scale, width):
            return _at_side(links, side), UniformMap(x, -(-side // scale))
        small *= 2


def _fine_of_square(backbone: Backbone, side: int, gray: float) -> tuple[list[Link], Tensor]:
    first = backbone.levels[0]
    x = backbone.preprocessing(torch.full((1, 3, side, side), gray, device=backbone.device)).contiguous(
        memory_format=torch.channels_last
    )
    links: list[Link] = []
    for index, stage in enumerate(backbone.stages[: first + 1]):
        for layers, reach in parts_of(stage.body, x):
            links.append(Link(layers, reach, x.shape[-1], _middle(x)))
            x = layers(x)
        if index < first:
            reach = foveal_reach(stage.pool.law, x.shape[-1])
            links.append(PoolLink(stage.pool, reach, x.shape[-1], _middle(x)))
            x = stage.pool(x)
    return links, x


def _at_side(links: list[Link], side: int) -> list[Link]:
    """Return the same layers on a square of another side, at whose borders their grids lie in the same way."""
    found = []
    for link in links:
        found.append(replace(link, side=side))
        side = -(-side // link.reach.stride)
    return found


def _border_seen(links: list[Link], middle: int, around: int, side: int) -> bool:
    """Whether features around the middle, which make up the middle of their level too, see beyond the square."""
    start, stop = middle - around, middle + around + 1
    for link in reversed(links):
        start, stop = link.reach.sources(start, stop)
    return start < 0 or stop > side


def _reduced(stage: Stage, x: Tensor) -> Tensor:
    return stage.reduced(stage.tap(x), PICTURE_STRIDE)


def _middle(x: Tensor) -> Tensor:
    return x[0, :, x.shape[2] // 2, x.shape[3] // 2].clone()
