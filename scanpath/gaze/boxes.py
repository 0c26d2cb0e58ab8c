"""Boxes (x, y, width, height) in px of a picture, and the one check that all of them pass."""

from collections.abc import Iterable
from typing import TypeAlias

from scanpath._core.errors import InputError

#: Left, top, width and height in px; the first pixel is (x, y).
Box: TypeAlias = tuple[float, float, float, float]


def check_box(what: str, box: Iterable[float], size: tuple[int, int], picture: str) -> Box:
    """Return a box as four floats if it lies inside a picture and has a pixel.

    Parameters
    ----------
    what
        What the sentence of an error calls the box.
    box
        (x, y, width, height) in px.
    size
        (height, width) of the picture.
    picture
        Its name.

    Raises
    ------
    InputError
        If the box leaves the picture or holds no pixel.
    """
    try:
        x, y, width, height = (float(side) for side in box)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be (x, y, width, height) in px, got {box!r}.") from None
    rows, columns = size
    if width <= 0 or height <= 0:
        raise InputError(f"{what} of {picture!r} is empty: it is {width:g} px wide and {height:g} px high.")
    if not (width > 0 and height > 0 and x >= 0 and y >= 0 and x + width <= columns and y + height <= rows):
        raise InputError(
            f"{what} (x={x:g}, y={y:g}, width={width:g}, height={height:g}) does not lie inside "
            f"{picture!r}, which is {columns} x {rows} px."
        )
    if width < 1 or height < 1:
        raise InputError(f"{what} of {picture!r} is {width:g} x {height:g} px; it needs at least one pixel.")
    return x, y, width, height


def center_of(box: Box) -> tuple[float, float]:
    """Return the center (x, y) of a box in px, pixel centers at integers.

    Examples
    --------
    >>> center_of((10, 20, 8, 8))
    (13.5, 23.5)
    """
    x, y, width, height = box
    return x + (width - 1) / 2, y + (height - 1) / 2
