"""Where the picture was on the screen: the step from screen pixels to picture pixels."""

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd

from scanpath._core.checks import check_size
from scanpath._core.errors import InputError, InputWarning
from scanpath.datasets.formats.changes import Changes
from scanpath.gaze.doubts import lost_in_corner, refuse_codes, refuse_strays
from scanpath.gaze.pictures import find_pictures, picture_size

T = TypeVar("T")

#: Where the picture was: "screen", "center", (left, top) or (left, top, width, height) in screen px.
PictureAt: TypeAlias = str | Sequence[float]
#: (width, height) in px.
SizePx: TypeAlias = Sequence[int]
#: (width, height) of all pictures, of each by its name, a folder of pictures.
PictureSizes: TypeAlias = SizePx | Mapping[str, Sequence[int]] | str | os.PathLike[str]
#: The sentence every reader of screen coordinates refuses with.
HOW_TO_GIVE = (
    'give picture_at="screen" if picture pixels are screen pixels, picture_at=(left, top) or '
    '(left, top, width, height) for its place on the screen in px, or picture_at="center" with screen_px'
)


def to_picture_px(
    table: pd.DataFrame,
    changes: Changes,
    *,
    what: str,
    picture_at: PictureAt | np.ndarray | None,
    picture_px: PictureSizes | None = None,
    screen_px: SizePx | np.ndarray | None = None,
) -> pd.DataFrame:
    """Return the table with screen px turned into picture px.

    Parameters
    ----------
    table
        With columns stimulus, x_px and y_px, the latter in screen px.
    what
        What the coordinates are called in messages.
    picture_at
        "screen"; (left, top) of the unscaled picture; (left, top, width, height) of the box it was scaled to, which
        needs `picture_px`; or "center" of the screen, unscaled, which needs `screen_px` and `picture_px`. An array
        (n, 4) has a box for each row, whose size is NaN where the picture was not scaled.
    picture_px
        (width, height) of all pictures, a mapping of stimulus to (width, height), or a folder of pictures.
    screen_px
        (width, height) of the screen, or an array (n, 2) with that of each row.

    Raises
    ------
    InputError
        If the place is not given or cannot be computed from what was given, or a fixation is far beside the screen.
    """
    if picture_at is None:
        raise InputError(f"{what} are screen pixels, and where the picture was is not stored: {HOW_TO_GIVE}.")
    if screen_px is not None:
        refuse_strays(table, _as_sizes(screen_px), what)
    if isinstance(picture_at, str) and picture_at == "screen":
        changes.add("assumed", "picture pixels are screen pixels, as picture_at='screen' says")
        return table
    refuse_codes(table, what)
    corner = lost_in_corner(table)
    if corner:  # moved, they would not be known any more
        warnings.warn(f"{what}: {corner}.", InputWarning, stacklevel=4)
    left, top, scale_x, scale_y = _boxes(table["stimulus"], picture_at, picture_px, screen_px)
    moved = table.copy()
    moved["x_px"] = (table["x_px"] - left + 0.5) * scale_x - 0.5
    moved["y_px"] = (table["y_px"] - top + 0.5) * scale_y - 0.5
    places = sorted({(float(a), float(b)) for a, b in zip(left, top)})
    changes.add("offset", f"screen px to picture px: minus (left, top) = {_few(places)}")
    if (scale_x != 1).any() or (scale_y != 1).any():
        factors = sorted({(round(float(a), 6), round(float(b), 6)) for a, b in zip(scale_x, scale_y)})
        changes.add("scale", f"screen px to picture px: times (x, y) = {_few(factors)}")
    return moved


def picture_sizes(names: pd.Series, picture_px: PictureSizes) -> np.ndarray:
    """Width and height of the picture of each row, (n, 2), from one size, a mapping, or a folder of pictures."""
    if isinstance(picture_px, str | os.PathLike):
        found = {path.name: path for path in find_pictures(picture_px)}
        found |= {path.stem: path for path in found.values()}
        folder = Path(picture_px)
        # experiments store the path of a picture as it was on their machine
        picture_px = {
            name: picture_size(_of(found, name if name in found else re.split(r"[/\\]", name)[-1], folder))[::-1]
            for name in map(str, names.unique())
        }
    if isinstance(picture_px, Mapping):
        sizes = {
            name: check_size("picture_px", _of(picture_px, name, "picture_px")) for name in map(str, names.unique())
        }
        return np.array([sizes[str(name)] for name in names], dtype=np.float64).reshape(-1, 2)
    return np.tile(np.asarray(check_size("picture_px", picture_px), dtype=np.float64), (len(names), 1))


def _boxes(
    names: pd.Series,
    picture_at: PictureAt | np.ndarray,
    picture_px: PictureSizes | None,
    screen_px: SizePx | np.ndarray | None,
) -> tuple[np.ndarray, ...]:
    if isinstance(picture_at, np.ndarray) and picture_at.ndim == 2:
        return _own_boxes(names, picture_at, picture_px)
    one = np.ones(len(names))
    if isinstance(picture_at, str):
        if picture_at != "center":
            raise InputError(f"picture_at={picture_at!r} is not known: {HOW_TO_GIVE}.")
        if screen_px is None or picture_px is None:
            raise InputError(
                "picture_at='center' needs screen_px=(width, height) and picture_px: (width, height) or a folder "
                "of the pictures."
            )
        width, height = _as_sizes(screen_px).T
        sizes = picture_sizes(names, picture_px)
        # as image viewers do, the odd pixel of an uneven margin goes to the right and below
        return np.floor((width - sizes[:, 0]) / 2), np.floor((height - sizes[:, 1]) / 2), one, one
    try:
        box = [float(number) for number in picture_at]
    except (TypeError, ValueError):
        raise InputError(f"picture_at={picture_at!r} is not known: {HOW_TO_GIVE}.") from None
    if len(box) == 2:
        return one * box[0], one * box[1], one, one
    if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
        raise InputError(f"picture_at={picture_at!r} is not known: {HOW_TO_GIVE}.")
    return _own_boxes(names, np.tile(box, (len(names), 1)), picture_px)


def _as_sizes(screen_px: SizePx | np.ndarray) -> np.ndarray:
    """(width, height) for all rows, (2,), or of each, (n, 2)."""
    if isinstance(screen_px, np.ndarray) and screen_px.ndim == 2:
        return screen_px
    return np.asarray(check_size("screen_px", screen_px), dtype=np.float64)


def _own_boxes(names: pd.Series, boxes: np.ndarray, picture_px: PictureSizes | None) -> tuple[np.ndarray, ...]:
    """Left, top and the scales of each row's own box."""
    left, top, width, height = boxes.T
    scaled = ~np.isnan(width)
    scale_x, scale_y = np.ones(len(names)), np.ones(len(names))
    if scaled.any():
        if picture_px is None:
            raise InputError(
                "A picture scaled to a box needs its own size: give picture_px=(width, height) or a folder."
            )
        sizes = picture_sizes(names[scaled], picture_px)
        scale_x[scaled], scale_y[scaled] = sizes[:, 0] / width[scaled], sizes[:, 1] / height[scaled]
    return left, top, scale_x, scale_y


def _of(known: Mapping[str, T], name: str, where: object) -> T:
    if name not in known:
        raise InputError(f"The size of picture {name!r} is not known: it is not in {where}.")
    return known[name]


def _few(values: list[tuple[float, float]]) -> str:
    shown = ", ".join(f"({a:g}, {b:g})" for a, b in values[:3])
    return shown if len(values) <= 3 else f"{shown} and {len(values) - 3} more"
