"""From the coordinates that programs write to px: 0 to 1, from the center, y upward, degrees, PsychoPy's units."""

from typing import TypeAlias

import numpy as np

from scanpath._core.checks import check_choice, check_positive
from scanpath._core.errors import InputError

#: px, 0 to 1, px from the center; and PsychoPy's units: "pix", px from the center, "norm", -1 to 1, and "height",
#: parts of the height, all with y upward. "degrees" count from the center, all of one size in px.
FRAMES = ("px", "normalized", "centered", "degrees", "pix", "norm", "height")
WHAT_FRAMES_ARE = (
    "'px' (from the top left), 'normalized' (0 to 1), 'centered' (px from the center, with y_up=), "
    "'degrees' (from the center, with px_per_deg= and y_up=), or 'pix', 'norm' or 'height' (PsychoPy's units)"
)
#: What half of all gaze is not beyond, in parts of a side.
_LARGEST_PART = 5.0
#: Widths and heights, one for all rows or one a row.
Sizes: TypeAlias = tuple[np.ndarray | float, np.ndarray | float]


def to_px(
    x: np.ndarray,
    y: np.ndarray,
    frame: str,
    *,
    size_px: Sizes | None = None,
    y_up: bool | None = None,
    px_per_deg: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn coordinates into px from the top left, y down, with the centers of pixels at whole numbers.

    A side of n px reaches from -0.5 to n - 0.5, so that 0 to 1 is mapped on it and its center is (n - 1) / 2.

    Parameters
    ----------
    frame
        One of `FRAMES`.
    size_px
        Width and height of what the coordinates refer to; px that count downward do not need it.
    y_up
        Whether y counts upward. None means as the frame has it; "centered" and "degrees" do not say.
    px_per_deg
        Size of a degree in px, the same everywhere, as programs take it to be that write degrees ("deg" of PsychoPy).

    Raises
    ------
    InputError
        If the size, the direction of y or the size of a degree is needed and not given.

    Examples
    --------
    >>> to_px(np.array([0.5]), np.array([1.0]), "normalized", size_px=(100, 50), y_up=True)
    (array([49.5]), array([-0.5]))
    """
    check_choice("frame", frame, FRAMES)
    if frame in ("centered", "degrees") and y_up is None:
        raise InputError(
            f"frame={frame!r} does not say where y points: give y_up=True (PsychoPy) or False (OpenSesame)."
        )
    upward, degree = points_up(frame, y_up), _degree(x, y, frame, px_per_deg)
    if frame == "px" and not upward:
        return x, y
    _check_parts(x, y, frame)
    if size_px is None:
        raise InputError(f"Coordinates of the frame {frame!r} need the size in px of what they refer to.")
    width, height = size_px
    if frame == "px":
        return x, height - 1 - y
    # from here on, offsets from the center in px
    across, down = {
        "normalized": lambda: ((x - 0.5) * width, (y - 0.5) * height),
        "centered": lambda: (x, y),
        "degrees": lambda: (x * degree, y * degree),
        "pix": lambda: (x, y),
        "norm": lambda: (x * width / 2, y * height / 2),
        "height": lambda: (x * height, y * height),
    }[frame]()
    return (width - 1) / 2 + across, (height - 1) / 2 - down if upward else (height - 1) / 2 + down


def _check_parts(x: np.ndarray, y: np.ndarray, frame: str) -> None:
    """Refuse numbers that are far too large for parts of a side."""
    if frame not in ("normalized", "norm", "height"):
        return
    largest = np.maximum(np.abs(x), np.abs(y))
    if largest.size and np.nanmedian(largest) > _LARGEST_PART:
        pixels = "'px', or 'centered' where they count from the center" if frame == "normalized" else "'pix'"
        raise InputError(
            f"Most coordinates are as large as {np.nanmedian(largest):g}, far off the screen in frame={frame!r}: they "
            f"are probably px, frame={pixels}."
        )


def _degree(x: np.ndarray, y: np.ndarray, frame: str, px_per_deg: float | None) -> float:
    """Size of a degree in px, where the frame has degrees."""
    if frame != "degrees":
        if px_per_deg is not None:
            raise InputError(f"px_per_deg is the size of a degree, and frame={frame!r} has none; give frame='degrees'.")
        return 1.0
    if px_per_deg is None:
        raise InputError("frame='degrees' needs the size of a degree of the visual field: give px_per_deg.")
    largest = np.maximum(np.abs(x), np.abs(y))
    if largest.size and np.nanmedian(largest) > 90:
        raise InputError(
            f"Most coordinates are as large as {np.nanmedian(largest):g}, which no degrees on a screen are."
        )
    return check_positive("px_per_deg", px_per_deg)


def points_up(frame: str, y_up: bool | None) -> bool:
    """Whether y counts upward in a frame, as it is said or as the frame has it."""
    return frame in ("pix", "norm", "height") if y_up is None else y_up
