"""The same features for less work: only what differs from an empty ground runs through the network.

What is seen at a fixation is a square of which the picture is a part; the rest is uniform ground. Features of the
ground alone are computed once per size of the square. From then on, at each layer only the rectangle that the picture
reaches is computed. Up to the first pool that grows with eccentricity, features move with the picture as long as the
grids of the pools fall on the same pixels: these fine features are kept for each such phase, and only the surroundings
of what changed in the picture are computed again. The numbers are those of the whole square, not an approximation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scanpath.kernels.eccentricity_pooling import pool_windows
from scanpath.recognition.backbone import PICTURE_STRIDE, Backbone
from scanpath.recognition.eccentricity_pooling import plain_pool, ring_bounds
from scanpath.recognition.rectangles import Patch, Reach, Rectangle, probe_reach


@dataclass(frozen=True)
class Ground:
    """Features of an empty square of one size and gray.

    Maps are kept whole, (C, n, n), where rings are; before that they are the same everywhere but near the border, and
    one value a channel is kept, (C,).
    """

    backbone: Backbone
    side: int  # px of the square
    reaches: list[Reach]  # of each stage's body
    inputs: list[Tensor]  # of each stage; whole after the first level's
    bodies: list[Tensor]  # what each stage's body returns; whole from the first level's on
    levels: list[Tensor]  # (C, n, n) at 1/16, one a level

    @property
    def first(self) -> int:
        """Index of the first level's stage, the last one that does not depend on the fixation."""
        return self.backbone.levels[0]

    @property
    def fine(self) -> Tensor:
        """What the first level's body returns far from the border, (C,)."""
        return _middle(self.bodies[self.first])

    def side_of(self, index: int) -> int:
        """Side of a stage's maps."""
        return -(-self.side // self.backbone.stages[index].scale)

    def extent(self, index: int) -> Rectangle:
        """All of a stage's map."""
        return Rectangle(0, self.side_of(index), 0, self.side_of(index))


@torch.inference_mode()
def empty_ground(backbone: Backbone, side: int, gray: float) -> Ground:
    """Run an empty square through the network, and keep what restricted passes need."""
    first = backbone.levels[0]
    x = backbone.preprocessing(torch.full((1, 3, side, side), gray)).contiguous(memory_format=torch.channels_last)
    reaches, inputs, bodies, levels = [], [], [], []
    for index, stage in enumerate(backbone.stages):
        reaches.append(probe_reach(stage.body, x.shape[1], backbone.stride(index)))
        inputs.append(x[0] if index > first else _middle(x[0]))
        x = stage.body(x)
        bodies.append(x[0] if index >= first else _middle(x[0]))
        if index in backbone.levels:
            levels.append(stage.reduced(stage.tap(x), PICTURE_STRIDE)[0])
        if index < len(backbone.stages) - 1:
            x = stage.pool(x)
    return Ground(backbone, side, reaches, inputs, bodies, levels)


def _middle(x: Tensor) -> Tensor:
    return x[:, x.shape[1] // 2, x.shape[2] // 2].clone()


class FineFeatures:
    """Features of one picture up to the first level, at any place on the pools' grids.

    Parameters
    ----------
    ground
        Features of the square without the picture.
    size
        The picture's (height, width).
    """

    def __init__(self, ground: Ground, size: tuple[int, int]) -> None:
        self.ground = ground
        self.picture = Rectangle(0, size[0], 0, size[1])
        self.bodies = ground.reaches[: ground.first + 1]
        self.pools = [self._pool_reach(index) for index in range(ground.first)]
        self.scale = ground.backbone.stages[ground.first].scale
        self._kept: dict[tuple[int, int], tuple[Patch, dict[int, Rectangle]]] = {}

    def _pool_reach(self, index: int) -> Reach:
        law, side = self.ground.backbone.stages[index].pool.law, self.ground.side_of(index)
        missing = (-(-side // law.stride) - 1) * law.stride + law.min_window - side
        before = max(missing, 0) // 2
        return Reach(law.stride, before, law.min_window - 1 - before)

    def in_square(self, image: Tensor, origin: tuple[int, int], changed: Mapping[int, Rectangle]) -> Patch:
        """All features that the picture reaches, in the square whose first px is the picture's px `origin`.

        Parameters
        ----------
        image
            (3, H, W) in [0, 1].
        origin
            Row and column, usually negative.
        changed
            Every place where `image` differs from the original picture; an equal label means an equal change.
        """
        patch = self.on_ground(image, origin, changed)
        seen = patch.rectangle.within(self.ground.extent(self.ground.first))
        inner = seen.within(Rectangle(*self._undisturbed(), *self._undisturbed()))
        values = patch.over(patch.values.new_zeros(len(patch.values)), seen)
        for rim in seen.without(inner):  # the square's border shows there
            rim.moved(-seen.top, -seen.left).put(values, self._region(image, origin, rim, bordered=True))
        return Patch(values, seen)

    def on_ground(self, image: Tensor, origin: tuple[int, int], changed: Mapping[int, Rectangle]) -> Patch:
        """All features that the picture reaches on endless ground whose first px is the picture's px `origin`."""
        phase = (origin[0] % self.scale, origin[1] % self.scale)
        patch = self._at_phase(image, phase, changed)
        down, right = ((phase[axis] - origin[axis]) // self.scale for axis in (0, 1))
        return Patch(patch.values, patch.rectangle.moved(down, right))

    def _at_phase(self, image: Tensor, phase: tuple[int, int], changed: Mapping[int, Rectangle]) -> Patch:
        """Features on endless ground, its first px being the picture's px `phase`; kept and repaired."""
        if phase not in self._kept:
            wanted = self._reached(self.picture, phase)
            patch = Patch(self._region(image, phase, wanted), wanted)
        else:
            patch, before = self._kept[phase]
            for label in before.keys() ^ changed.keys():
                place = self._reached({**before, **changed}[label], phase).within(patch.rectangle)
                into = place.moved(-patch.rectangle.top, -patch.rectangle.left)
                into.put(patch.values, self._region(image, phase, place))
        self._kept[phase] = (patch, dict(changed))
        return patch

    def _reached(self, pixels: Rectangle, origin: tuple[int, int]) -> Rectangle:
        """Features that see any of the picture's `pixels`."""
        place = pixels.moved(-origin[0], -origin[1])
        for body, pool in zip(self.bodies, [*self.pools, None]):
            place = place.each(body.affected)
            place = place.each(pool.affected) if pool else place
        return place

    def _undisturbed(self) -> tuple[int, int]:
        """First feature and last + 1, on either axis, that do not see beyond the square."""
        start, stop = 0, self.ground.side_of(self.ground.first)
        while start < stop and self._sources(start, start + 1)[0] < 0:
            start += 1
        while stop > start and self._sources(stop - 1, stop)[1] > self.ground.side:
            stop -= 1
        return start, stop

    def _sources(self, start: int, stop: int) -> tuple[int, int]:
        """Pixels that a span of features sees."""
        for body, pool in zip(reversed(self.bodies), [*reversed(self.pools), None]):
            start, stop = body.sources(start, stop)
            start, stop = pool.sources(start, stop) if pool else (start, stop)
        return start, stop

    def _region(self, image: Tensor, origin: tuple[int, int], wanted: Rectangle, *, bordered: bool = False) -> Tensor:
        """Compute a rectangle of features from the picture, on endless ground or in the square with its border."""
        ground, patch = self.ground, self._pixels(image, origin)
        needed = self._needed(wanted, bordered)
        for index, (into, out) in enumerate(needed):
            body = self.bodies[index]
            if not bordered:  # beyond what the picture reaches, the ground's values are known
                out = out.within(patch.rectangle.each(body.affected))
                into = out.each(body.aligned_sources)
            patch = run_body(ground, index, patch.over(ground.inputs[index], into), into, out)
            if index < ground.first:
                pool, pooled = self.pools[index], needed[index + 1][0]
                if not bordered:
                    pooled = pooled.within(out.each(pool.affected))
                source = pooled.each(pool.sources)
                if bordered:
                    source = source.within(ground.extent(index))
                values = patch.over(ground.bodies[index], source)
                patch = Patch(self._pooled(index, values, source, pooled), pooled)
        return patch.over(ground.fine, wanted)

    def _pixels(self, image: Tensor, origin: tuple[int, int]) -> Patch:
        return Patch(self.ground.backbone.preprocessing(image), self.picture.moved(-origin[0], -origin[1]))

    def _needed(self, wanted: Rectangle, bordered: bool) -> list[tuple[Rectangle, Rectangle]]:
        """For each stage, which of its inputs and of its body's outputs it takes to get the wanted features."""
        found: list[tuple[Rectangle, Rectangle]] = []
        for index in range(self.ground.first, -1, -1):
            if bordered:
                wanted = wanted.within(self.ground.extent(index))
            into = wanted.each(self.bodies[index].aligned_sources)
            if bordered:
                side = (
                    self.ground.side
                    if index == 0
                    else -(-self.ground.side_of(index - 1) // self.pools[index - 1].stride)
                )
                into = into.within(Rectangle(0, side, 0, side))
            found.insert(0, (into, wanted))
            if index:
                wanted = into.each(self.pools[index - 1].sources)
        return found

    def _pooled(self, index: int, values: Tensor, source: Rectangle, out: Rectangle) -> Tensor:
        """Pool windows of the foveal size, cut off where `source` ends."""
        pool, kind = self.pools[index], self.ground.backbone.stages[index].pool.kind
        if pool == Reach(2, 0, 1):
            return plain_pool(values[None], kind)[0]
        bounds = np.empty((4, *out.size), dtype=np.int32)
        for axis, (first, last, start, stop) in enumerate(
            ((out.top, out.bottom, source.top, source.bottom), (out.left, out.right, source.left, source.right))
        ):
            begin = np.arange(first, last) * pool.stride - pool.before
            end = begin + pool.before + pool.after + 1
            shape = (-1, 1) if axis == 0 else (1, -1)
            bounds[2 * axis] = (np.maximum(begin, start) - start).reshape(shape)
            bounds[2 * axis + 1] = (np.minimum(end, stop) - start).reshape(shape)
        return pool_windows(values[None], bounds, kind)[0]


def run_body(ground: Ground, index: int, values: Tensor, into: Rectangle, out: Rectangle) -> Patch:
    """Run a stage's body on a rectangle of its input, and keep the outputs that see nothing beyond it."""
    result = ground.backbone.stages[index].body(values[None])[0]
    stride = ground.reaches[index].stride
    whole = Rectangle(
        into.top // stride,
        into.top // stride + result.shape[1],
        into.left // stride,
        into.left // stride + result.shape[2],
    )
    return Patch(Patch(result, whole).cut(out), out)


def coarse_features(ground: Ground, patch: Patch) -> list[Tensor]:
    """Every level's features of the square, (C, n, n) at 1/16, from the first level's where they leave the ground."""
    backbone, levels = ground.backbone, []
    for index in range(ground.first, len(backbone.stages)):
        if index > ground.first:
            body = ground.reaches[index]
            out = patch.rectangle.each(body.affected).within(ground.extent(index))
            side = ground.inputs[index].shape[-1]
            into = out.each(body.aligned_sources).within(Rectangle(0, side, 0, side))
            ground_there = ground.inputs[index][(slice(None), *into.slices)]
            patch = run_body(ground, index, patch.over(ground_there, into), into, out)
        if index in backbone.levels:
            levels.append(_reduced(ground, index, patch))
        if index < len(backbone.stages) - 1:
            patch = _ring_pooled(ground, index, patch)
    return levels


def _reduced(ground: Ground, index: int, patch: Patch) -> Tensor:
    """Bring a level to 1/16: the ground's, but anew in all cells that the patch touches."""
    stage, extent = ground.backbone.stages[index], ground.extent(index)
    ratio = PICTURE_STRIDE // stage.scale
    cells = patch.rectangle.each(lambda start, stop: (start // ratio, -(-stop // ratio)))
    source = cells.each(lambda start, stop: (start * ratio, stop * ratio)).within(extent)
    values = patch.over(ground.bodies[index][(slice(None), *source.slices)], source)
    level = ground.levels[ground.backbone.levels.index(index)].clone()
    cells.put(level, stage.reduced(stage.tap(values[None]), PICTURE_STRIDE)[0])
    return level


def _ring_pooled(ground: Ground, index: int, patch: Patch) -> Patch:
    """Pool with windows that grow around the square's center, wherever a window touches the patch."""
    pool, side = ground.backbone.stages[index].pool, ground.side_of(index)
    n_out = -(-side // pool.law.stride)
    bounds = ring_bounds(pool.law, (side, side), (n_out // 2, n_out // 2), n_out)
    y0, y1, x0, x1 = bounds
    top, bottom, left, right = patch.rectangle
    touched = (y1 > top) & (y0 < bottom) & (x1 > left) & (x0 < right)
    rows, columns = np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0))
    out = Rectangle(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    y0, y1, x0, x1 = bounds[(slice(None), *out.slices)]
    source = Rectangle(int(y0.min()), int(y1.max()), int(x0.min()), int(x1.max()))
    values = patch.over(ground.bodies[index][(slice(None), *source.slices)], source)
    moved = np.stack([y0 - source.top, y1 - source.top, x0 - source.left, x1 - source.left])
    return Patch(pool_windows(values[None], moved, pool.kind)[0], out)
