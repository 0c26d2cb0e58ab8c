"""The same features for less work: only what differs from an empty ground runs through the network.

What is seen at a fixation is a square of which the picture is a part; the rest is uniform ground. Features of the
ground alone are computed once per size of the square. From then on, at each layer only the rectangle that the picture
reaches is computed. Up to the first pool that grows with eccentricity, features move with the picture as long as the
grids of the pools fall on the same pixels: these fine features are kept for each such phase, and only the surroundings
of what changed in the picture are computed again. The numbers are those of the whole square, not an approximation.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from scanpath.recognition.backbone import Preprocessing
from scanpath.recognition.coarse_features import Rows
from scanpath.recognition.empty_ground import Ground
from scanpath.recognition.links import Link, reached, region, undisturbed
from scanpath.recognition.rectangles import Endless, Gathered, Patch, Rectangle, Surroundings

#: Pixels of a picture that run through the first layers at once; a larger picture is computed in strips.
STRIP_PX = 1 << 19

#: Bytes of fine features that are kept; a picture that has more is computed anew at each fixation.
KEPT_BYTES = 5 << 27


@dataclass(frozen=True)
class Pixels:
    """A picture (3, H, W) as the first layer sees it: preprocessed where it is asked for, which takes less memory."""

    image: Tensor
    preprocessing: Preprocessing
    rectangle: Rectangle

    def moved(self, down: int, right: int) -> "Pixels":
        """Shift it."""
        return Pixels(self.image, self.preprocessing, self.rectangle.moved(down, right))

    def over(self, ground: Surroundings, rectangle: Rectangle) -> Tensor:
        """Return a rectangle's values, (1, 3, h, w): the picture's where it is, elsewhere the ground's."""
        known = rectangle.within(self.rectangle)
        known = Rectangle(0, 0, 0, 0) if known.empty else known
        cut = self.image[(None, ..., *known.moved(-self.rectangle.top, -self.rectangle.left).slices)]
        return Patch(self.preprocessing(cut), known).over(ground, rectangle)


class FineFeatures:
    """Features of one picture up to the first level, at any place on the pools' grids.

    Parameters
    ----------
    ground
        Features of the square without the picture.
    size
        The picture's (height, width).

    Attributes
    ----------
    scale
        Px of the picture a feature.
    beyond
        The features where no picture reaches, far from the square's border.
    """

    def __init__(self, ground: Ground, size: tuple[int, int]) -> None:
        self.ground = ground
        self.picture = Rectangle(0, size[0], 0, size[1])
        self.scale = math.prod(link.reach.stride for link in ground.fine)
        self.kept = self.picture.area // self.scale**2 * ground.body.middle.nbytes <= KEPT_BYTES
        cut = next((index for index, link in enumerate(ground.fine) if link.reach.stride > 1), len(ground.fine) - 1)
        if self.picture.area > STRIP_PX:  # their results would take too much memory to keep
            cut = 0
        # layers before the first stride give the same on every grid
        self.unstrided, self.strided = ground.fine[:cut], ground.fine[cut:]
        self.beyond = Endless(ground.body.middle)
        self._undisturbed = undisturbed(ground.fine, ground.side)
        self._kept: dict[tuple[int, ...], tuple[Patch, dict[int, Rectangle]]] = {}

    def in_square(self, image: Tensor, origin: tuple[int, int], changed: Mapping[int, Rectangle]) -> Rows:
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
        pixels, extent = self._pixels(image, origin), self.ground.fine[-1].extent
        if not self.kept:
            seen = reached(self.ground.fine, self.picture, origin).within(extent)
            return Rows(seen, lambda wanted: self._in_strips(self.ground.fine, pixels, wanted, bordered=True))
        patch = self.on_ground(image, origin, changed)
        seen = patch.rectangle.within(extent)
        inner = seen.within(Rectangle(*self._undisturbed, *self._undisturbed))
        if inner != seen:
            patch = Patch(patch.over(self.beyond, seen), seen)
            for rim in seen.without(inner):  # the square's border shows there
                patch.put(rim, region(self.ground.fine, pixels, rim, bordered=True).cut(rim))
        return Rows(seen, lambda wanted: Patch(patch.cut(wanted), wanted))

    def on_ground(self, image: Tensor, origin: tuple[int, int], changed: Mapping[int, Rectangle]) -> Patch:
        """All features that the picture reaches on endless ground whose first px is the picture's px `origin`."""
        phase = (origin[0] % self.scale, origin[1] % self.scale)
        start: Patch | Pixels = self._pixels(image, (0, 0))
        if self.unstrided:
            start = self._kept_through(self.unstrided, (), start, (0, 0), changed)
        patch = self._kept_through(self.strided, phase, start.moved(-phase[0], -phase[1]), phase, changed)
        down, right = ((phase[axis] - origin[axis]) // self.scale for axis in (0, 1))
        return patch.moved(down, right)

    def _pixels(self, image: Tensor, origin: tuple[int, int]) -> Pixels:
        return Pixels(image, self.ground.backbone.preprocessing, self.picture.moved(-origin[0], -origin[1]))

    def _kept_through(
        self,
        links: list[Link],
        key: tuple[int, ...],
        start: Patch | Pixels,
        origin: tuple[int, int],
        changed: Mapping[int, Rectangle],
    ) -> Patch:
        """Run some layers on endless ground, or repair what they returned before where the picture has changed."""
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
            patch.put(place, region(links, start, place).cut(place))
        self._kept[key] = (patch, dict(changed))
        self._forget(key)
        return patch

    def _in_strips(
        self, links: list[Link], start: Patch | Pixels, wanted: Rectangle, *, bordered: bool = False
    ) -> Patch:
        """Run the layers on some rows at a time, as their first maps are much larger than the last."""
        stride = math.prod(link.reach.stride for link in links)
        n = max(1, -(-wanted.area * stride**2 // STRIP_PX))
        gathered = Gathered(wanted)
        for strip in wanted.bands(n):
            gathered.put(strip, region(links, start, strip, bordered=bordered).cut(strip))
        return gathered.patch

    def _forget(self, key: tuple[int, ...]) -> None:
        """Drop what was kept longest, until it is not too much; the present phase and what all need stay."""
        sizes = {one: patch.values.nbytes for one, (patch, _) in self._kept.items()}
        for one in list(sizes):
            if sum(sizes.values()) > KEPT_BYTES and one not in (key, ()):
                del self._kept[one], sizes[one]
