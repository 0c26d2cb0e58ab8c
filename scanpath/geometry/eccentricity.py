"""How far from the fixation each pixel lies, in degrees of visual angle."""

from collections.abc import Sequence
from typing import overload

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import arange_like, as_given
from scanpath._core.checks import check_fixation_tensor, check_size
from scanpath._core.errors import InputError
from scanpath.geometry.screen import Screen, resolve_px_per_deg


def pixel_offsets(size: tuple[int, int], fixation: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical offsets in px of every pixel center from fixations (..., 2).

    Shapes are (..., 1, W) and (..., H, 1), ready to broadcast.
    """
    dx = arange_like(size[1], fixation) - fixation[..., 0, None]
    dy = arange_like(size[0], fixation) - fixation[..., 1, None]
    return dx[..., None, :], dy[..., :, None]


@overload
def eccentricity_map(
    size: Sequence[int], fixation: np.ndarray, *, px_per_deg: float | None = None, screen: Screen | None = None
) -> np.ndarray: ...
@overload
def eccentricity_map(
    size: Sequence[int], fixation: Tensor | Sequence, *, px_per_deg: float | None = None, screen: Screen | None = None
) -> Tensor: ...
def eccentricity_map(
    size: Sequence[int], fixation: ArrayLike, *, px_per_deg: float | None = None, screen: Screen | None = None
) -> Tensor | np.ndarray:
    """Eccentricity of every pixel in degrees of visual angle.

    With `px_per_deg` the display is treated as flat in angle: distance in px divided by the scale. With `screen`
    the angle between the lines of sight to the fixation and to the pixel is exact for a flat screen, wherever the
    gaze is; the picture is then taken to lie in the middle of the screen at one image pixel per screen pixel.

    Parameters
    ----------
    size
        (height, width) in px.
    fixation
        x and y in px, shape (2,) or (..., 2); pixel centers are at integers, points outside are allowed.
    px_per_deg
        Pixels per degree.
    screen
        The display and its viewing distance.

    Returns
    -------
    Tensor
        Degrees, shape (H, W) or (..., H, W); a NumPy array if `fixation` is one.

    Raises
    ------
    InputError
        If neither or both of `px_per_deg` and `screen` are given, or the fixation is not finite.

    Examples
    --------
    >>> eccentricity_map((1, 3), (0.0, 0.0), px_per_deg=2.0)
    tensor([[0.0000, 0.5000, 1.0000]])
    """
    height_width, points = check_size("size", size), check_fixation_tensor("fixation", fixation)
    scale = resolve_px_per_deg(px_per_deg, screen)
    if screen is None:
        dx, dy = pixel_offsets(height_width, points)
        result = torch.hypot(dx, dy) / scale
    else:
        result = _exact_angle(height_width, points, screen)
    return as_given(fixation, result) if isinstance(fixation, np.ndarray) else result


def _exact_angle(size: tuple[int, int], fixation: Tensor, screen: Screen) -> Tensor:
    height, width = size
    if height > screen.height_px or width > screen.width_px:
        raise InputError(
            f"The picture ({width} x {height} px) is larger than the screen "
            f"({screen.width_px} x {screen.height_px} px); give the screen that showed it."
        )
    cm_x, cm_y = screen.cm_per_px
    center = fixation.new_tensor([(width - 1) / 2, (height - 1) / 2])
    px = (arange_like(width, fixation) - center[0]) * cm_x
    py = ((arange_like(height, fixation) - center[1]) * cm_y)[:, None]
    gx = ((fixation[..., 0] - center[0]) * cm_x)[..., None, None]
    gy = ((fixation[..., 1] - center[1]) * cm_y)[..., None, None]
    d = screen.distance_cm
    # angle between (px, py, d) and (gx, gy, d): atan2(|cross|, dot) stays accurate for tiny angles
    cross = torch.sqrt(((py - gy) * d) ** 2 + ((px - gx) * d) ** 2 + (px * gy - py * gx) ** 2)
    return torch.rad2deg(torch.atan2(cross, px * gx + py * gy + d * d))
