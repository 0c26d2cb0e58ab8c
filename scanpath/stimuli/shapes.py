"""Shapes as indicator functions of continuous coordinates, and their rendering with smooth edges at any size.

A shape is a function of x and y (in px of a design frame, pixel centers at integers, y down) that is true inside. The
design frame is the canvas at the scale where the shape's numbers are given; rendering at another size evaluates the
same numbers on a finer or coarser raster.
"""

import math
from collections.abc import Callable

import numpy as np

from scanpath._core.checks import check_count

#: True (or a value) where a point belongs to the shape.
Field = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Samples per pixel and axis. Edges on multiples of 1/8 px come out exact, others within 1/128 of full contrast.
SAMPLES = 8
_LARGEST_STRIP = 2_000_000


def render(field: Field, design_px: float, size_px: int, *, samples: int = SAMPLES) -> np.ndarray:
    """Average a shape over each pixel of a square canvas.

    Parameters
    ----------
    field
        Shape or shading in the design frame.
    design_px
        Side of the canvas in the design frame.
    size_px
        Side of the canvas in pixels.
    samples
        Samples per pixel and axis; 1 asks at pixel centers only and so gives hard edges.

    Returns
    -------
    numpy.ndarray
        (size_px, size_px) float64: the share of each pixel inside a shape, or the mean of a shading.

    Examples
    --------
    >>> render(rectangle(0.5, 3.5, 0.5, 1.5), 4, 4)[1].tolist()
    [0.0, 1.0, 1.0, 1.0]
    """
    size_px = check_count("size_px", size_px)
    steps = (np.arange(size_px * samples) + 0.5) * (design_px / (size_px * samples)) - 0.5
    rows = max(1, _LARGEST_STRIP // (len(steps) * samples))
    image = np.empty((size_px, size_px))
    for first in range(0, size_px, rows):
        last = min(first + rows, size_px)
        y = steps[first * samples : last * samples, None]
        values = np.asarray(np.broadcast_to(field(steps[None, :], y), (y.size, steps.size)), dtype=np.float64)
        image[first:last] = values.reshape(last - first, samples, size_px, samples).mean(axis=(1, 3))
    return image


def rectangle(left: float, right: float, top: float, bottom: float) -> Field:
    """Axis-parallel rectangle between four edges; columns 3 to 5 have the edges 2.5 and 5.5."""
    return lambda x, y: (x >= left) & (x < right) & (y >= top) & (y < bottom)


def pixel_block(first_row: int, last_row: int, first_column: int, last_column: int) -> Field:
    """Rectangle that covers whole pixels of the design frame, first and last included."""
    return rectangle(first_column - 0.5, last_column + 0.5, first_row - 0.5, last_row + 0.5)


def disc(x0: float, y0: float, radius: float) -> Field:
    """Filled circle."""
    return lambda x, y: (x - x0) ** 2 + (y - y0) ** 2 <= radius**2


def ring(x0: float, y0: float, outer: float, inner: float) -> Field:
    """Circle with a round hole."""
    return lambda x, y: np.logical_and(
        (x - x0) ** 2 + (y - y0) ** 2 <= outer**2, (x - x0) ** 2 + (y - y0) ** 2 > inner**2
    )


def arc(x0: float, y0: float, radius: float, start_deg: float, stop_deg: float, thickness: float) -> Field:
    """Piece of a circle with round ends; angles from the rightward horizontal, positive downwards as y is."""
    middle, half = math.radians((start_deg + stop_deg) / 2), math.radians((stop_deg - start_deg) / 2)
    ends = [(x0 + radius * math.cos(middle + turn), y0 + radius * math.sin(middle + turn)) for turn in (-half, half)]

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        distance = np.hypot(x - x0, y - y0)
        angle = np.arctan2(y - y0, x - x0) - middle
        within = np.abs((angle + math.pi) % (2 * math.pi) - math.pi) <= half
        along = within & (np.abs(distance - radius) <= thickness / 2)
        caps = [(x - ex) ** 2 + (y - ey) ** 2 <= (thickness / 2) ** 2 for ex, ey in ends]
        return along | caps[0] | caps[1]

    return inside


def union(*fields: Field) -> Field:
    """Points that belong to any of the shapes."""
    return lambda x, y: np.logical_or.reduce(np.broadcast_arrays(*(field(x, y) for field in fields)))


def difference(field: Field, cut: Field) -> Field:
    """Points of one shape that do not belong to another."""
    return lambda x, y: np.logical_and(field(x, y), np.logical_not(cut(x, y)))


def rotated(field: Field, degrees: float, x0: float, y0: float) -> Field:
    """Turn a shape counter-clockwise, as seen on the screen, about a point."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def turned(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        right, down = x - x0, y - y0
        return field(x0 + cosine * right - sine * down, y0 + sine * right + cosine * down)

    return turned
