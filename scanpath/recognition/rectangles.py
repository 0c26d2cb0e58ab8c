"""Which part of a layer's output depends on which part of its input: rectangles on grids, for layers one by one."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn


class Rectangle(NamedTuple):
    """Rows top to bottom - 1 and columns left to right - 1 of a map; coordinates may be negative."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns as slices."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.bottom - self.top, self.right - self.left

    @property
    def area(self) -> int:
        """Number of px."""
        return 0 if self.empty else (self.bottom - self.top) * (self.right - self.left)

    @property
    def empty(self) -> bool:
        """Whether nothing lies in it."""
        return self.bottom <= self.top or self.right <= self.left

    def each(self, span: Callable[[int, int], tuple[int, int]]) -> "Rectangle":
        """Apply a function of (start, stop) to both axes."""
        return Rectangle(*span(self.top, self.bottom), *span(self.left, self.right))

    def moved(self, down: int, right: int) -> "Rectangle":
        """Shift it."""
        return Rectangle(self.top + down, self.bottom + down, self.left + right, self.right + right)

    def put(self, target: Tensor, values: Tensor) -> None:
        """Write values into this rectangle of `target`, (..., H, W)."""
        target[(..., *self.slices)] = values

    def within(self, other: "Rectangle") -> "Rectangle":
        """Return the part that lies in another one."""
        return Rectangle(
            max(self.top, other.top),
            min(self.bottom, other.bottom),
            max(self.left, other.left),
            min(self.right, other.right),
        )

    def bands(self, count: int) -> list["Rectangle"]:
        """Cut it into `count` bands of rows that are nearly alike, or into single rows where it has fewer."""
        edges = np.linspace(self.top, self.bottom, min(count, self.bottom - self.top) + 1).round().astype(int).tolist()
        return [self._replace(top=top, bottom=bottom) for top, bottom in pairwise(edges)]

    def without(self, inner: "Rectangle") -> list["Rectangle"]:
        """Return up to four rectangles that cover what lies outside `inner`, which must lie inside or be empty."""
        if inner.empty:
            return [self]
        rims = [
            Rectangle(self.top, inner.top, self.left, self.right),
            Rectangle(inner.bottom, self.bottom, self.left, self.right),
            Rectangle(inner.top, inner.bottom, self.left, inner.left),
            Rectangle(inner.top, inner.bottom, inner.right, self.right),
        ]
        return [rim for rim in rims if not rim.empty]


class Patch(NamedTuple):
    """Values (1, C, h, w) of one rectangle of a map; the batch axis keeps torch aware of channels-last memory."""

    values: Tensor
    rectangle: Rectangle

    @classmethod
    def blank(cls, like: Tensor, channels: int, rectangle: Rectangle) -> "Patch":
        """Return memory for a rectangle of a map, of the type and on the device of `like`."""
        return cls(like.new_empty(1, *rectangle.size, channels).permute(0, 3, 1, 2), rectangle)

    def put(self, part: Rectangle, values: Tensor) -> None:
        """Write the values of a rectangle that lies inside this one's."""
        part.moved(-self.rectangle.top, -self.rectangle.left).put(self.values, values)

    def cut(self, rectangle: Rectangle) -> Tensor:
        """Return the values of a rectangle that lies inside this one's."""
        return self.values[(..., *rectangle.moved(-self.rectangle.top, -self.rectangle.left).slices)]

    def moved(self, down: int, right: int) -> "Patch":
        """Shift it."""
        return Patch(self.values, self.rectangle.moved(down, right))

    def over(self, ground: "Surroundings", rectangle: Rectangle) -> Tensor:
        """Return a rectangle's values, (1, C, h, w): these where they are known, elsewhere the ground's."""
        known = rectangle.within(self.rectangle)
        if known == rectangle:
            return self.cut(rectangle).contiguous(memory_format=torch.channels_last)
        both = Patch.blank(self.values, self.values.shape[1], rectangle)
        for rim in rectangle.without(known):
            ground.fill(both, rim)
        if not known.empty:
            both.put(known, self.cut(known))
        return both.values


class Gathered:
    """A rectangle of a map that is put together from bands of rows, without a copy where one band is all of it."""

    def __init__(self, whole: Rectangle) -> None:
        self._whole = whole
        self._patch: Patch | None = None

    def put(self, band: Rectangle, values: Tensor) -> None:
        """Add the values (1, C, h, w) of a band."""
        if band == self._whole:
            self._patch = Patch(values, band)
            return
        if self._patch is None:
            self._patch = Patch.blank(values, values.shape[1], self._whole)
        self._patch.put(band, values)

    @property
    def patch(self) -> Patch:
        """All of it, once all bands are there."""
        assert self._patch is not None
        return self._patch


class Surroundings(Protocol):
    """What a map is where no picture reaches."""

    def fill(self, patch: Patch, part: Rectangle) -> None:
        """Write what it is in a part of a patch's rectangle."""
        ...


@dataclass(frozen=True)
class Endless:
    """Ground without a border: one value a channel, (C,)."""

    value: Tensor

    def fill(self, patch: Patch, part: Rectangle) -> None:
        """Write what it is in a part of a patch's rectangle."""
        patch.put(part, self.value[:, None, None])


class Reach(NamedTuple):
    """A layer, or several in a row, whose output o sees the inputs ``stride o - before`` to ``stride o + after``."""

    stride: int
    before: int
    after: int

    def sources(self, start: int, stop: int) -> tuple[int, int]:
        """Inputs that the outputs of a span see."""
        return start * self.stride - self.before, (stop - 1) * self.stride + self.after + 1

    def aligned_sources(self, start: int, stop: int) -> tuple[int, int]:
        """Return the same, begun early enough to fall on an output's place."""
        first, last = self.sources(start, stop)
        return first // self.stride * self.stride, last

    def affected(self, start: int, stop: int) -> tuple[int, int]:
        """Outputs that see any input of a span."""
        return -((self.after - start) // self.stride), (stop - 1 + self.before) // self.stride + 1

    def undisturbed(self, start: int, stop: int) -> tuple[int, int]:
        """Outputs that see no input beyond a span."""
        return -((-start - self.before) // self.stride), (stop - 1 - self.after) // self.stride + 1


def probe_reach(layers: nn.Module, channels: int, *, device: torch.device | str = "cpu") -> Reach:
    """Find the reach of some layers by following a NaN through them."""
    side = 16
    with torch.inference_mode():
        while True:
            empty = torch.zeros(1, channels, side, side, device=device)
            stride = side // layers(empty).shape[-1]
            before = after = 0
            touched = False
            for place in range(side // 2, side // 2 + stride):
                x = empty.clone()
                x[..., place, place] = torch.nan
                lost = torch.isnan(layers(x)).any(1)[0]
                for seen in (lost.any(0), lost.any(1)):
                    outputs = torch.nonzero(seen)[:, 0]
                    before = max(before, int(outputs.max()) * stride - place)
                    after = max(after, place - int(outputs.min()) * stride)
                    touched |= bool(seen[0] or seen[-1])
            if not touched:
                return Reach(stride, before, after)
            side *= 2
