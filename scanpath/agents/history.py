"""Where an eye has been."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_xy
from scanpath._core.errors import InputError

#: Fixations so far, oldest first: (n, 2) numbers, x and y in px.
History = Sequence[tuple[float, float]]


#: Farther from a picture's corner than this, no place has a meaning, and no density can be computed from it.
FARTHEST_PX = 1e9


def places(history_xy: Tensor | ArrayLike) -> np.ndarray:
    """Return fixations so far, none or more, as an array (n, 2) in double precision; columns are read by name.

    Examples
    --------
    >>> places({"y_px": [3], "x_px": [1]}).tolist(), places([]).shape
    ([[1.0, 3.0]], (0, 2))
    """
    given = history_xy.detach().cpu().numpy() if isinstance(history_xy, Tensor) else history_xy
    if isinstance(given, list | tuple | np.ndarray) and np.size(given) == 0:
        return np.zeros((0, 2))
    points = check_xy("history_xy", given)
    far = np.abs(points) > FARTHEST_PX
    if far.any():
        x, y = points[int(far.any(axis=1).argmax())]
        raise InputError(f"history_xy has a fixation at ({x:g}, {y:g}), which is no place near a picture; drop it.")
    return points


def as_history(history_xy: Tensor | ArrayLike) -> list[tuple[float, float]]:
    """Return fixations so far as a list of (x, y); there is always at least one, where the eye is now."""
    points = places(history_xy)
    if len(points) == 0:
        raise InputError("history_xy is empty; it holds at least the fixation where the eye is now.")
    return [(float(x), float(y)) for x, y in points]


def durations_of(history_duration_ms: Tensor | ArrayLike, n: int) -> np.ndarray:
    """Return how long each of n fixations so far lasted, (n,) in double precision; NaN where it is not known."""
    given = history_duration_ms
    try:
        durations = np.asarray(given.detach().cpu() if isinstance(given, Tensor) else given, dtype=np.float64)
    except (TypeError, ValueError):
        durations = None
    if durations is None or durations.shape != (n,):
        raise InputError(f"history_duration_ms must hold one number for each of {n} fixations, got {given!r:.80}.")
    return durations
