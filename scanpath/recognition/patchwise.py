"""The same features for less work: only what differs from an empty ground runs through the network.

What is seen at a fixation is a square of which the picture is a part; the rest is uniform ground. Features of the
ground alone are computed once per size of the square. From then on, at each layer only the rectangle that the picture
reaches is computed. Up to the first pool that grows with eccentricity, features move with the picture as long as the
grids of the pools fall on the same pixels: these fine features are kept for each such phase, and only the surroundings
of what changed in the picture are computed again. The numbers are those of the whole square, not an approximation.
"""

import functools
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from scanpath.kernels.eccentricity_pooling import pool_windows
from scanpath.recognition.backbone import PICTURE_STRIDE
from scanpath.recognition.eccentricity_pooling import ring_bounds
from scanpath.recognition.empty_ground import CoarseStage, Ground
from scanpath.recognition.links import Link, reached, region
from scanpath.recognition.rectangles import Patch, Rectangle

#: Pixels of a picture that run through the first layers at once; a larger picture is computed in strips.
STRIP_PX = 1 << 20

#: Bytes of fine features that are kept, of one phase at least.
KEPT_BYTES = 1 << 30


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
        self.scale = ground.stages[0].stage.scale
        strided = [link.reach.stride > 1 for link in ground.fine]
        cut = strided.index(True) if any(strided) else len(strided)
        if self.picture.area > STRIP_PX:  # their results would take too much memory to keep
            cut = 0
        # layers before the first stride give the same on every grid
        self.unstrided, self.strided = ground.fine[:cut], ground.fine[cut:]
        self._kept: dict[tuple[int, ...], tuple[Patch, dict[int, Rectangle]]] = {}

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
        seen = patch.rectangle.within(self.ground.fine[-1].extent)
        inner = seen.within(Rectangle(*self._undisturbed, *self._undisturbed))
        if inner == seen:
            return Patch(patch.cut(seen), seen)
        values = patch.over(self.ground.fine_value, seen)
        for rim in seen.without(inner):  # the square's border shows there
            anew = region(self.ground.fine, self._pixels(image, origin), rim, bordered=True)
            rim.moved(-seen.top, -seen.left).put(values, anew.cut(rim))
        return Patch(values, seen)

    def on_ground(self, image: Tensor, origin: tuple[int, int], changed: Mapping[int, Rectangle]) -> Patch:
        """All features that the picture reaches on endless ground whose first px is the picture's px `origin`."""
        phase = (origin[0] % self.scale, origin[1] % self.scale)
        start = self._kept_through(self.unstrided, (), self._pixels(image, (0, 0)), (0, 0), changed)
        start = Patch(start.values, start.rectangle.moved(-phase[0], -phase[1]))
        patch = self._kept_through(self.strided, phase, start, phase, changed)
        down, right = ((phase[axis] - origin[axis]) // self.scale for axis in (0, 1))
        return Patch(patch.values, patch.rectangle.moved(down, right))

    def _pixels(self, image: Tensor, origin: tuple[int, int]) -> Patch:
        return Patch(self.ground.backbone.preprocessing(image[None]), self.picture.moved(-origin[0], -origin[1]))

    def _kept_through(
        self,
        links: list[Link],
        key: tuple[int, ...],
        start: Patch,
        origin: tuple[int, int],
        changed: Mapping[int, Rectangle],
    ) -> Patch:
        """Run some layers on endless ground, or repair what they returned before where the picture has changed."""
        if not links:
            return start
        upto = self.unstrided if links is self.unstrided else self.ground.fine
        patch, before = self._kept.get(key, (None, {}))
        places = []
        if patch is not None:
            stale = [{**before, **changed}[label] for label in before.keys() ^ changed.keys()]
            places = [reached(upto, place, origin).within(patch.rectangle) for place in stale]
        if patch is None or sum(place.area for place in places) > patch.rectangle.area:
            self._kept.pop(key, None)  # free the old before the new is made
            patch = self._in_strips(links, start, reached(upto, self.picture, origin))
        for place in places:
            into = place.moved(-patch.rectangle.top, -patch.rectangle.left)
            into.put(patch.values, region(links, start, place).cut(place))
        self._kept[key] = (patch, dict(changed))
        self._forget(key)
        return patch

    def _in_strips(self, links: list[Link], start: Patch, wanted: Rectangle) -> Patch:
        """Run the layers on some rows at a time, as their first maps are much larger than the last."""
        n = -(-self.picture.area // STRIP_PX)
        if n == 1:
            return region(links, start, wanted)
        rows = np.linspace(wanted.top, wanted.bottom, n + 1).round().astype(int).tolist()
        strips = [
            region(links, start, wanted._replace(top=top, bottom=bottom)).values for top, bottom in pairwise(rows)
        ]
        return Patch(torch.cat(strips, dim=2), wanted)

    def _forget(self, key: tuple[int, ...]) -> None:
        """Drop what was kept longest, until it is not too much; the present phase and what all need stay."""
        sizes = {one: patch.values.nbytes for one, (patch, _) in self._kept.items()}
        for one in list(sizes):
            if sum(sizes.values()) > KEPT_BYTES and one not in (key, ()):
                del self._kept[one], sizes[one]

    @functools.cached_property
    def _undisturbed(self) -> tuple[int, int]:
        """First feature and last + 1, on either axis, that do not see beyond the square."""
        start, stop = 0, self.ground.fine[-1].extent.bottom
        while start < stop and self._pixels_seen(start)[0] < 0:
            start += 1
        while stop > start and self._pixels_seen(stop - 1)[1] > self.ground.side:
            stop -= 1
        return start, stop

    def _pixels_seen(self, feature: int) -> tuple[int, int]:
        """First pixel and last + 1 that a feature sees, on either axis."""
        start, stop = feature, feature + 1
        for link in reversed(self.ground.fine):
            start, stop = link.reach.sources(start, stop)
        return start, stop


def coarse_features(ground: Ground, patch: Patch) -> list[Tensor]:
    """Every level's features of the square, (1, C, n, n) at 1/16, from the fine features that leave the ground."""
    levels = []
    for here in ground.stages:
        for link in here.links:
            out = patch.rectangle.each(link.reach.affected).within(link.extent)
            into = link.needed(out, bordered=True)
            patch = link.run(link.extended(patch, into), into, out)
        if here.level is not None:
            levels.append(_reduced(here, here.level, patch))
        if here is not ground.stages[-1]:
            patch = _ring_pooled(here, patch)
    return levels


def _reduced(here: CoarseStage, empty: Tensor, patch: Patch) -> Tensor:
    """Bring a level to 1/16: the ground's, but anew in all cells that the patch touches."""
    ratio, side = PICTURE_STRIDE // here.stage.scale, here.body.side
    cells = patch.rectangle.each(lambda start, stop: (start // ratio, -(-stop // ratio)))
    source = cells.each(lambda start, stop: (start * ratio, min(stop * ratio, side)))
    values = patch.over(here.body.cut(source), source)
    level = empty.clone()
    cells.put(level, here.stage.reduced(here.stage.tap(values), PICTURE_STRIDE))
    return level


def _ring_pooled(here: CoarseStage, patch: Patch) -> Patch:
    """Pool with windows that grow around the square's center, wherever a window touches the patch."""
    pool, side = here.stage.pool, here.body.side
    n_out = -(-side // pool.law.stride)
    bounds = ring_bounds(pool.law, (side, side), (n_out // 2, n_out // 2), n_out)
    y0, y1, x0, x1 = bounds
    top, bottom, left, right = patch.rectangle
    touched = (y1 > top) & (y0 < bottom) & (x1 > left) & (x0 < right)
    rows, columns = np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0))
    out = Rectangle(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    y0, y1, x0, x1 = bounds[(slice(None), *out.slices)]
    source = Rectangle(int(y0.min()), int(y1.max()), int(x0.min()), int(x1.max()))
    values = patch.over(here.body.cut(source), source)
    moved = np.stack([y0 - source.top, y1 - source.top, x0 - source.left, x1 - source.left])
    return Patch(pool_windows(values, moved, pool.kind), out)
