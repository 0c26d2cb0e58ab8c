"""A network's layers one by one, each run on the part of its input that is needed."""

import functools
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath.kernels.convolution import convolve_3x3, tiled_kernels
from scanpath.kernels.eccentricity_pooling import pool_windows
from scanpath.recognition.eccentricity_pooling import EccentricityPool2d, RingLaw, plain_pool, ring_bounds
from scanpath.recognition.ground_map import GroundMap
from scanpath.recognition.rectangles import Endless, Patch, Reach, Rectangle, Surroundings, probe_reach

#: From so many channels on, tiles are turned to and fro in a small part of the time that they save.
MANY_CHANNELS = 128


@dataclass(frozen=True)
class Link:
    """A layer that is run on a part of its input.

    Parameters
    ----------
    layers
        The layer, with the pointwise ones behind it.
    reach
        What each output sees.
    side
        Side of the whole input.
    ground
        The input where there is no picture: with its border, or endless.
    """

    layers: nn.Module
    reach: Reach
    side: int
    ground: GroundMap | Endless

    @property
    def extent(self) -> Rectangle:
        """The whole output."""
        side = -(-self.side // self.reach.stride)
        return Rectangle(0, side, 0, side)

    def needed(self, out: Rectangle, *, bordered: bool) -> Rectangle:
        """Inputs to give for some outputs; with a border, none beyond it."""
        into = out.each(self.reach.aligned_sources)
        return into.within(Rectangle(0, self.side, 0, self.side)) if bordered else into

    def extended(self, patch: "Start", into: Rectangle) -> Tensor:
        """Return inputs, (1, C, h, w): the patch's where it has them, else the ground's."""
        return patch.over(self.ground, into)

    def run(self, values: Tensor, into: Rectangle, out: Rectangle) -> Patch:
        """Compute outputs from the inputs they need; what the layer makes of missing neighbors is dropped."""
        result = self.layers(values)
        top, left = into.top // self.reach.stride, into.left // self.reach.stride
        computed = Rectangle(top, top + result.shape[2], left, left + result.shape[3])
        return Patch(Patch(result, computed).cut(out), out)


@dataclass(frozen=True)
class ConvolutionLink(Link):
    """A 3 x 3 convolution of many channels, of which no more is computed than is asked for."""

    layers: nn.Sequential

    @property
    def convolution(self) -> nn.Conv2d:
        """The layer itself."""
        first = self.layers[0]
        assert isinstance(first, nn.Conv2d)
        return first

    @functools.cached_property
    def tiled(self) -> Tensor:
        """The kernels as they are multiplied with tiles."""
        return tiled_kernels(self.convolution.weight)

    def run(self, values: Tensor, into: Rectangle, out: Rectangle) -> Patch:
        """Convolve; beyond the border of the whole input are zeros."""
        seen = out.each(self.reach.sources)
        frame = (into.left - seen.left, seen.right - into.right, into.top - seen.top, seen.bottom - into.bottom)
        result = convolve_3x3(F.pad(values, frame), self.convolution.weight, self.convolution.bias, self.tiled)
        for pointwise in self.layers[1:]:
            result = pointwise(result)
        return Patch(result, out)


def link_of(layers: nn.Sequential, reach: Reach, side: int, ground: GroundMap) -> Link:
    """Return the link that runs a layer, with the pointwise ones behind it, for the least work."""
    first = layers[0]
    quick = (
        isinstance(first, nn.Conv2d)
        and reach == Reach(1, 1, 1)
        and first.kernel_size == (3, 3)
        and first.padding_mode == "zeros"
        and first.groups == 1
        and min(first.in_channels, first.out_channels) >= MANY_CHANNELS
        and first.weight.dtype == torch.float32
        and first.weight.device.type == "cpu"  # elsewhere libraries choose such ways themselves
    )
    return (ConvolutionLink if quick else Link)(layers, reach, side, ground)


@dataclass(frozen=True)
class PoolLink(Link):
    """A pool whose windows all have the foveal size; where the given inputs end, windows are cut off."""

    layers: EccentricityPool2d

    def needed(self, out: Rectangle, *, bordered: bool) -> Rectangle:
        """Inputs to give for some outputs."""
        into = out.each(self.reach.sources)
        return into.within(Rectangle(0, self.side, 0, self.side)) if bordered else into

    def run(self, values: Tensor, into: Rectangle, out: Rectangle) -> Patch:
        """Pool."""
        if self.reach == Reach(2, 0, 1):
            return Patch(plain_pool(values, self.layers.kind), out)
        bounds = np.empty((4, *out.size), dtype=np.int32)
        spans = ((out.top, out.bottom, into.top, into.bottom), (out.left, out.right, into.left, into.right))
        for axis, (first, last, start, stop) in enumerate(spans):
            begin = np.arange(first, last) * self.reach.stride - self.reach.before
            end = begin + self.reach.before + self.reach.after + 1
            shape = (-1, 1) if axis == 0 else (1, -1)
            bounds[2 * axis] = (np.maximum(begin, start) - start).reshape(shape)
            bounds[2 * axis + 1] = (np.minimum(end, stop) - start).reshape(shape)
        return Patch(pool_windows(values, bounds, self.layers.kind), out)


def reached(links: Sequence[Link], pixels: Rectangle, origin: tuple[int, int]) -> Rectangle:
    """Outputs of the last layer that see any of the picture's `pixels`, on ground that begins at `origin`."""
    place = pixels.moved(-origin[0], -origin[1])
    for link in links:
        place = place.each(link.reach.affected)
    return place


def undisturbed(links: Sequence[Link], side: int) -> tuple[int, int]:
    """First output of the last layer and last + 1, on either axis, that do not see beyond a square of `side` px."""
    span = (0, side)
    for link in links:
        span = link.reach.undisturbed(*span)
    return span


class Start(Protocol):
    """What a row of layers begins with, known in one rectangle."""

    @property
    def rectangle(self) -> Rectangle:
        """Where it is known."""
        ...

    def over(self, ground: Surroundings, rectangle: Rectangle) -> Tensor:
        """Return a rectangle's values, (1, C, h, w): these where they are known, elsewhere the ground's."""
        ...


def region(links: Sequence[Link], start: Start, wanted: Rectangle, *, bordered: bool = False) -> Patch:
    """Compute a rectangle of the last layer's outputs, on endless ground or in the square with its border.

    `wanted` must lie where the start reaches. Beyond that each layer's ground is filled in; only layers of the square
    whose ground is endless run over it, because theirs does not tell what the border does.
    """
    outputs = [wanted]
    for link in links[:0:-1]:
        outputs.insert(0, link.needed(outputs[0], bordered=bordered))
    known: Start = start
    for link, out in zip(links, outputs):
        if not bordered or isinstance(link.ground, GroundMap):
            out = out.within(known.rectangle.each(link.reach.affected))
        into = link.needed(out, bordered=bordered)
        known = patch = link.run(link.extended(known, into), into, out)
    return patch


#: Parts of bodies that were taken apart before.
_PARTS: "weakref.WeakKeyDictionary[nn.Module, list[tuple[nn.Sequential, Reach]]]" = weakref.WeakKeyDictionary()


def parts_of(body: nn.Module, x: Tensor) -> list[tuple[nn.Sequential, Reach]]:
    """Cut a body where its layers run one after another, each with the pointwise ones behind it.

    `x` is any input of the body.
    """
    if body not in _PARTS:
        channels = x.shape[1]
        groups: list[list[nn.Module]] = []
        reaches: list[Reach] = []
        for layer in _flat(body):
            reach = probe_reach(layer, channels, device=x.device)
            channels = layer(torch.zeros(1, channels, 16, 16, device=x.device)).shape[1]
            if groups and reach == Reach(1, 0, 0):
                groups[-1].append(layer)
            else:
                groups.append([layer])
                reaches.append(reach)
        _PARTS[body] = [(nn.Sequential(*group), reach) for group, reach in zip(groups, reaches)]
    return _PARTS[body]


def _flat(body: nn.Module) -> Iterator[nn.Module]:
    if isinstance(body, nn.Sequential):
        for layer in body:
            yield from _flat(layer)
    else:
        yield body


def square_bounds(law: RingLaw, side: int) -> np.ndarray:
    """Windows of a pool that grow around the middle of a square map: see `ring_bounds`."""
    n_out = -(-side // law.stride)
    return ring_bounds(law, (side, side), (n_out // 2, n_out // 2), n_out)


def windows_of(bounds: np.ndarray, outputs: Rectangle) -> tuple[Rectangle, np.ndarray]:
    """Return what the windows of some outputs reach, and their bounds in there."""
    y0, y1, x0, x1 = bounds[(slice(None), *outputs.slices)]
    source = Rectangle(int(y0.min()), int(y1.max()), int(x0.min()), int(x1.max()))
    return source, np.stack([y0 - source.top, y1 - source.top, x0 - source.left, x1 - source.left])


def foveal_reach(law: RingLaw, side: int) -> Reach:
    """Return the reach of a pool whose windows do not grow, on an input of `side` px."""
    before = max((-(-side // law.stride) - 1) * law.stride + law.min_window - side, 0) // 2
    return Reach(law.stride, before, law.min_window - 1 - before)
