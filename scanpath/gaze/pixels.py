"""Which pixel a place falls on: the rule of the tables for all that is measured here, and that of other programs."""

import math

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.checks import check_choice

#: Where pixel 0 begins. "nearest": pixel k holds k - 1/2 <= x < k + 1/2, as pixel centers are at integers. "floor":
#: pixel k holds k <= x < k + 1, as programs have it that cut coordinates (pysaliency, ScanMatch).
FIRST_EDGE = {"nearest": -0.5, "floor": 0.0}
PIXEL_RULES = tuple(FIRST_EDGE)


def first_edge(pixel: str) -> float:
    """Return where pixel 0 begins under a rule.

    Raises
    ------
    UnknownNameError
        If no rule has the name.
    """
    return FIRST_EDGE[check_choice("pixel rule", pixel, PIXEL_RULES)]


def pixel_of(xy: np.ndarray, pixel: str = "nearest") -> np.ndarray:
    """Pixels that places fall on, as whole floating numbers: those off the picture too.

    Examples
    --------
    >>> pixel_of(np.array([-0.5, 0.4, 0.5, 1.4])).tolist()
    [0.0, 0.0, 1.0, 1.0]
    >>> pixel_of(np.array([-0.5, 0.4, 0.5, 1.4]), "floor").tolist()
    [-1.0, 0.0, 0.0, 1.0]
    """
    return np.floor(xy - first_edge(pixel))


def on_picture(xy: np.ndarray, size_px: ArrayLike, pixel: str = "nearest") -> np.ndarray:
    """Whether places lie on one of the pixels of a picture of (width, height) px.

    Examples
    --------
    >>> on_picture(np.array([(-0.5, 0), (2.4, 0), (2.5, 0)]), (3, 1)).tolist()
    [True, True, False]
    """
    cell = pixel_of(xy, pixel)
    return np.asarray(((cell >= 0) & (cell < np.asarray(size_px))).all(axis=-1))


def resized(xy: np.ndarray, from_px: ArrayLike, to_px: ArrayLike, pixel: str = "nearest") -> np.ndarray:
    """Places on a picture of one size, (width, height), where they are on it in another size.

    Examples
    --------
    >>> resized(np.array([(-0.5, 0.0)]), (10, 10), (20, 20)).tolist()
    [[-0.5, 0.5]]
    """
    edge = first_edge(pixel)
    return (xy - edge) * np.divide(to_px, from_px) + edge


def box_window(box: tuple[float, float, float, float]) -> tuple[slice, slice]:
    """Rows and columns of the pixels whose centers lie in a box (x, y, width, height).

    Examples
    --------
    >>> box_window((10, 20, 3, 4))
    (slice(20, 24, None), slice(10, 13, None))
    """
    x, y, width, height = box
    rows, columns = (
        slice(math.ceil(near - 0.5), math.ceil(near - 0.5 + side)) for near, side in ((y, height), (x, width))
    )
    return rows, columns
