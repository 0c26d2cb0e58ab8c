"""Where an eye has been."""

from collections.abc import Sequence

from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_xy
from scanpath._core.errors import InputError

#: Fixations so far, oldest first: (n, 2) numbers, x and y in px.
History = Sequence[tuple[float, float]]


def as_history(history_xy: Tensor | ArrayLike) -> list[tuple[float, float]]:
    """Return fixations so far as a list of (x, y); there is always at least one, where the eye is now."""
    points = check_xy("history_xy", history_xy.detach().cpu() if isinstance(history_xy, Tensor) else history_xy)
    if len(points) == 0:
        raise InputError("history_xy is empty; it holds at least the fixation where the eye is now.")
    return [(float(x), float(y)) for x, y in points]
