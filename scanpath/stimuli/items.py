"""Items of search displays: simple shapes of any size, color and orientation."""

import math
from dataclasses import dataclass

import numpy as np

from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError
from scanpath.stimuli.shapes import Field, difference, disc, rectangle, render, ring, rotated, union

Color = float | tuple[float, float, float]

#: Shape -> side of the square that holds it at any orientation, as a share of its size (None: depends on the stroke).
_REACH = {"bar": None, "plus": None, "T": math.sqrt(2), "L": math.sqrt(2), "square": math.sqrt(2)}
_ROUND = ("disc", "ring", "landolt_c")
SHAPES = (*_REACH, *_ROUND)


@dataclass(frozen=True)
class Item:
    """One item of a search display.

    Parameters
    ----------
    shape
        ``bar``, ``plus``, ``T``, ``L``, ``square``, ``disc``, ``ring`` or ``landolt_c`` (a ring with a gap on
        its right).
    size_deg
        Length, side or diameter in degrees of visual angle.
    color
        Gray level or (r, g, b) in [0, 1].
    orientation_deg
        Rotation from the upright in degrees, counter-clockwise.
    stroke
        Width of the strokes (of a bar: its width) as a share of the size.
    offset
        For ``L``: how far the upright stroke is moved from the corner, as a share of the size; 0 is an L and 0.5 a T.

    Raises
    ------
    InputError
        If the shape is unknown or a number is out of range.
    """

    shape: str = "bar"
    size_deg: float = 1.0
    color: Color = 0.0
    orientation_deg: float = 0.0
    stroke: float = 0.2
    offset: float = 0.0

    def __post_init__(self) -> None:
        check_choice("shape", self.shape, SHAPES)
        check_positive("size_deg", self.size_deg)
        if not math.isfinite(self.orientation_deg):
            raise InputError(f"orientation_deg must be a finite number of degrees, got {self.orientation_deg}.")
        for name, value, least, most in (("stroke", self.stroke, 0.01, 0.5), ("offset", self.offset, 0, 0.5)):
            if not least <= value <= most:
                raise InputError(f"{name} must be a share of the size from {least} to {most}, got {value!r}.")
        _rgb(self.color)

    def canvas_px(self, px_per_deg: float) -> int:
        """Side in px of the square that holds the item at any orientation."""
        reach = _REACH.get(self.shape, 1.0) or math.hypot(1, self.stroke)
        return math.ceil(self.size_deg * px_per_deg * reach - 1e-9)

    def draw(self, px_per_deg: float, background: float) -> np.ndarray:
        """Draw the item, float32 (3, side, side) in [0, 1], on a ground of gray level 0 to 255."""
        side = self.canvas_px(px_per_deg)
        size, middle = self.size_deg * px_per_deg, (side - 1) / 2
        field = rotated(_field(self, size, middle), self.orientation_deg, middle, middle)
        covered = render(field, side, side)[None]
        levels = background + covered * (255 * np.asarray(_rgb(self.color))[:, None, None] - background)
        return (np.rint(levels) / 255).astype(np.float32)


def _field(item: Item, size: float, middle: float) -> Field:
    half, stroke = size / 2, item.stroke * size
    first, last = middle - half, middle + half
    if item.shape == "bar":
        return rectangle(middle - stroke / 2, middle + stroke / 2, first, last)
    if item.shape == "square":
        return rectangle(first, last, first, last)
    if item.shape == "disc":
        return disc(middle, middle, half)
    if item.shape == "plus":
        upright = rectangle(middle - stroke / 2, middle + stroke / 2, first, last)
        return union(upright, rectangle(first, last, middle - stroke / 2, middle + stroke / 2))
    if item.shape == "T":
        stem = rectangle(middle - stroke / 2, middle + stroke / 2, first, last)
        return union(rectangle(first, last, first, first + stroke), stem)
    if item.shape == "L":
        left = first + item.offset * (size - stroke)
        return union(rectangle(first, last, last - stroke, last), rectangle(left, left + stroke, first, last))
    circle = ring(middle, middle, half, half - stroke)
    if item.shape == "ring":
        return circle
    return difference(circle, rectangle(middle, last + 1, middle - size / 10, middle + size / 10))


def _rgb(color: Color) -> tuple[float, float, float]:
    values = np.asarray(color, dtype=np.float64).ravel()
    if values.size not in (1, 3) or not ((values >= 0) & (values <= 1)).all():  # NaN is not in [0, 1] either
        raise InputError(f"color must be a gray level or (r, g, b) in [0, 1], got {color!r}.")
    red, green, blue = np.broadcast_to(values, (3,))
    return float(red), float(green), float(blue)
