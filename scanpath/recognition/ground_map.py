"""A map of an empty square, kept as its border: what lies inside is everywhere the same."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from scanpath.recognition.rectangles import Patch, Rectangle

#: Where less than this share of a map is inside its border, the map is kept as it is.
WORTHWHILE = 0.5


@dataclass(frozen=True)
class GroundMap:
    """A map (1, C, side, side) of uniform ground.

    Attributes
    ----------
    side
        Of the map.
    middle
        (C,), the value far from the border.
    inner
        Where the map has that value; empty where all of it is kept.
    rims
        What lies outside `inner`.
    """

    side: int
    middle: Tensor
    inner: Rectangle
    rims: tuple[Patch, ...]

    @classmethod
    def of(cls, side: int, middle: Tensor, span: tuple[int, int], make: Callable[[Rectangle], Tensor]) -> "GroundMap":
        """Keep a map whose rectangles (1, C, h, w) `make` returns, and which is uniform inside `span` on both axes."""
        whole, inner = Rectangle(0, side, 0, side), Rectangle(*span, *span)
        if inner.area < WORTHWHILE * whole.area:
            inner = Rectangle(0, 0, 0, 0)
        return cls(side, middle, inner, tuple(Patch(make(rim), rim) for rim in whole.without(inner)))

    @property
    def span(self) -> tuple[int, int]:
        """First and last + 1 row, and column, of what lies inside the border."""
        return self.inner[:2]

    @property
    def extent(self) -> Rectangle:
        """All of it."""
        return Rectangle(0, self.side, 0, self.side)

    @property
    def whole(self) -> Tensor:
        """The map."""
        return self.cut(self.extent)

    def cut(self, rectangle: Rectangle) -> Tensor:
        """Return the values of a rectangle of the map, (1, C, h, w)."""
        for rim in self.rims:
            if rectangle.within(rim.rectangle) == rectangle:
                return rim.cut(rectangle)
        patch = Patch.blank(self.middle, len(self.middle), rectangle)
        self.fill(patch, rectangle)
        return patch.values

    def fill(self, patch: Patch, part: Rectangle) -> None:
        """Write what the map is in a part of a patch's rectangle."""
        inside = part.within(self.inner)
        if not inside.empty:
            patch.put(inside, self.middle[:, None, None])
        for rim in self.rims:
            here = part.within(rim.rectangle)
            if not here.empty:
                patch.put(here, rim.cut(here))
