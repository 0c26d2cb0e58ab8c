"""Features from the first level on, of the square's part that the picture reaches, some rows at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scanpath.kernels.eccentricity_pooling import pool_windows
from scanpath.recognition.backbone import PICTURE_STRIDE
from scanpath.recognition.empty_ground import CoarseStage, Ground, cells_in
from scanpath.recognition.links import region, square_bounds, windows_of
from scanpath.recognition.rectangles import Gathered, Patch, Rectangle

#: Bytes of a stage's features that are made at once; those of a larger part are made some rows at a time.
BAND_BYTES = 1 << 25


class Rows:
    """A rectangle of a map that is made from the top down, and of which only the rows in use are held.

    Parameters
    ----------
    rectangle
        The whole of it.
    make
        Returns the values of some of its rows.
    """

    def __init__(self, rectangle: Rectangle, make: Callable[[Rectangle], Patch]) -> None:
        self.rectangle = rectangle
        self._make = make
        self._held: Patch | None = None

    def between(self, top: int, bottom: int) -> Patch:
        """Return the rows from `top` to `bottom` - 1 as far as there are any; none above `top` is asked for again."""
        wanted = self.rectangle.within(self.rectangle._replace(top=top, bottom=bottom))
        held, self._held = self._held, None
        if held is None or held.rectangle.bottom <= wanted.top:
            self._held = self._make(wanted)
            return self._held
        kept = held.rectangle._replace(top=max(wanted.top, held.rectangle.top))
        held = Patch(held.cut(kept), kept)
        if wanted.bottom > kept.bottom:
            new = self._make(wanted._replace(top=kept.bottom))
            held = Patch(torch.cat([held.values, new.values], dim=2), kept._replace(bottom=wanted.bottom))
        self._held = held
        return held


class _Band(NamedTuple):
    """Some rows of a result, what they are made of, and how."""

    out: Rectangle
    source: Rectangle
    make: Callable[[Tensor], Tensor]


def coarse_features(ground: Ground, rows: Rows) -> Iterator[Patch]:
    """Yield, level by level, the features at 1/16 in all cells that the picture reaches.

    Parameters
    ----------
    ground
        Features of the empty square.
    rows
        The first level's features that leave the ground.
    """
    for here, after in zip(ground.stages, [*ground.stages[1:], None]):
        size = rows.rectangle.area * here.body.middle.nbytes
        count = max(1, -(-size // BAND_BYTES))
        poolings = [] if after is None else _poolings(here, rows.rectangle, count)
        reductions = [] if here.level is None else _reductions(here, rows.rectangle, count)
        pooled, cells = _made(here, rows, poolings, reductions)
        if after is not None and pooled is not None:
            rows = _body_rows(after, pooled)  # those of this stage are not needed any more
        if cells is not None:
            yield cells


def _body_rows(here: CoarseStage, patch: Patch) -> Rows:
    """Run a stage's layers on what the pool before returned."""
    changed = patch.rectangle
    for link in here.links:
        changed = changed.each(link.reach.affected).within(link.extent)
    return Rows(changed, lambda wanted: region(here.links, patch, wanted, bordered=True))


def _made(here: CoarseStage, rows: Rows, *results: list[_Band]) -> list[Patch | None]:
    """Make several results of the same rows, band by band side by side, so that no row is needed for long."""
    found = [Gathered(bands[0].out._replace(bottom=bands[-1].out.bottom)) if bands else None for bands in results]
    steps = [[(into, band) for into, band in zip(found, step) if into and band] for step in zip_longest(*results)]
    tops = [min(band.source.top for _, band in step) for step in steps]
    for number, step in enumerate(steps):
        # windows may reach higher in a later band than in this one
        patch = rows.between(min(tops[number:]), max(band.source.bottom for _, band in step))
        for into, band in step:
            into.put(band.out, band.make(patch.over(here.body, band.source)))
    return [None if one is None else one.patch for one in found]


def _reductions(here: CoarseStage, changed: Rectangle, count: int) -> list[_Band]:
    """Bring a level to 1/16 in all cells that the picture reaches."""
    ratio = PICTURE_STRIDE // here.stage.scale
    cells = changed.each(lambda start, stop: (start // ratio, -(-stop // ratio)))

    def make(values: Tensor) -> Tensor:
        return here.stage.reduced(here.stage.tap(values), PICTURE_STRIDE)

    return [_Band(out, cells_in(out, ratio, here.body.side), make) for out in cells.bands(count)]


def _poolings(here: CoarseStage, changed: Rectangle, count: int) -> list[_Band]:
    """Pool with windows that grow around the square's center, wherever a window touches what has changed."""
    pool = here.stage.pool
    bounds = square_bounds(pool.law, here.body.side)
    y0, y1, x0, x1 = bounds
    touched = (y1 > changed.top) & (y0 < changed.bottom) & (x1 > changed.left) & (x0 < changed.right)
    rows, columns = np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0))
    out = Rectangle(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    found = []
    for band in out.bands(count):
        source, moved = windows_of(bounds, band)
        found.append(_Band(band, source, partial(pool_windows, bounds=moved, kind=pool.kind)))
    return found
