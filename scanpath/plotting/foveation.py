"""A foveated picture beside its original: what changed, how much, and at which eccentricity."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import AbstractPathEffect, withStroke
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_image, check_positive, check_xy
from scanpath._core.errors import InputError
from scanpath.geometry.eccentricity import eccentricity_map
from scanpath.plotting.figures import COLORS, new_axes

#: Radii of rings in degrees, of which those that lie on the picture are drawn.
RINGS_DEG = (0.5, 1, 2, 5, 10, 15, 20, 30, 40, 60)
#: Rings that are smaller than this share of the picture's longer side would hide the fixation's mark.
SMALLEST_RING = 0.04
#: The difference is drawn so much larger than it is, at most: 1 of 255 levels would be half of black to white.
LARGEST_GAIN = 128
#: This share of the differences is drawn unclipped.
SHOWN_SHARE = 99.9
_OUTLINE: list[AbstractPathEffect] = [withStroke(linewidth=2.5, foreground="black")]


def plot_foveation(
    original: Tensor,
    foveated: Tensor,
    fixation: ArrayLike,
    *,
    px_per_deg: float,
    title: str | None = None,
    axes: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Draw a control sheet of a foveated picture: original, foveated, their difference, and rings of eccentricity.

    The difference, foveated minus original, is drawn around middle gray and multiplied by a power of two that the
    heading states, so that 99.9 % of it fits.

    Parameters
    ----------
    original, foveated
        Pictures (1 or 3, H, W) in [0, 1] of one size.
    fixation
        x and y in px, or several (K, 2); eccentricity is that of the nearest.
    px_per_deg
        Pixels per degree of visual angle.
    title
        Heading of the sheet.
    axes
        Four axes to draw on; new ones by default.

    Raises
    ------
    InputError
        If the pictures differ in size or there are not four axes.

    Examples
    --------
    >>> import torch
    >>> gray = torch.full((1, 40, 60), 0.5)
    >>> axes = plot_foveation(gray, gray + 0.125, (30, 20), px_per_deg=10)
    >>> axes[2].get_title()
    'difference x 4 (gray: none); mean 31.9, largest 31.9 of 255 levels'
    """
    pictures = [_drawable(one, name) for one, name in ((original, "original"), (foveated, "foveated"))]
    if pictures[0].shape[:2] != pictures[1].shape[:2]:
        raise InputError(f"A foveated picture must have its original's size, got {[one.shape for one in pictures]}.")
    points = check_xy("fixation", fixation)
    check_positive("px_per_deg", px_per_deg)
    axes = list(axes) if axes is not None else _new_sheet(pictures[0].shape)
    if len(axes) != 4:
        raise InputError(f"A control sheet needs four axes, got {len(axes)}.")
    for ax, picture, name in zip(axes, pictures, ("original", "foveated")):
        _show(ax, picture, name)
        _mark(ax, points)
    difference, words = _difference(*pictures)
    _show(axes[2], difference, words)
    _show(axes[3], 0.5 * pictures[0], "")
    _mark(axes[3], points)
    _draw_rings(axes[3], pictures[0].shape[:2], points, px_per_deg)
    figure = axes[0].get_figure(root=True)
    if title is not None and figure is not None:
        figure.suptitle(title, fontsize=9)
    return axes


def _new_sheet(shape: tuple[int, ...]) -> list[Axes]:
    height, width = shape[:2]
    wide = 6.0 * min(1.0, width / height) if height > width else 6.0
    return new_axes(2, 2, panel_inches=(max(wide, 2.5), wide * height / width + 0.3))


def _drawable(picture: Tensor, name: str) -> np.ndarray:
    """Return a picture as RGB (H, W, 3)."""
    pixels = check_image(picture, name=name).detach().clamp(0, 1)
    if pixels.ndim != 3 or len(pixels) not in (1, 3):
        raise InputError(f"{name} must have shape (1 or 3, H, W), got {tuple(pixels.shape)}.")
    return pixels.expand(3, -1, -1).permute(1, 2, 0).cpu().numpy()


def _show(ax: Axes, picture: np.ndarray, title: str) -> None:
    ax.imshow(picture, interpolation="antialiased")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()


def _mark(ax: Axes, points: np.ndarray) -> None:
    """Mark fixations by circles, which leave what is fixated to be seen."""
    for color, width in (("black", 2.2), ("white", 1.0)):
        ax.scatter(points[:, 0], points[:, 1], s=90, marker="o", facecolor="none", edgecolor=color, linewidth=width)


def _difference(original: np.ndarray, foveated: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the difference around middle gray, and its heading."""
    change = foveated - original
    size = np.abs(change)
    shown = float(np.percentile(size, SHOWN_SHARE))
    gain = LARGEST_GAIN if shown == 0 else int(min(LARGEST_GAIN, 2 ** max(0.0, np.floor(np.log2(0.5 / shown)))))
    mean, largest = 255 * float(size.mean()), 255 * float(size.max())
    words = f"difference x {gain} (gray: none); mean {mean:.1f}, largest {largest:.1f} of 255 levels"
    return np.clip(0.5 + gain * change, 0, 1), words


def _draw_rings(ax: Axes, size: tuple[int, ...], points: np.ndarray, px_per_deg: float) -> None:
    """Draw lines of equal eccentricity with their degrees."""
    eccentricity = eccentricity_map(size, points, px_per_deg=px_per_deg).min(axis=0)
    least, largest = SMALLEST_RING * max(size) / px_per_deg, float(eccentricity.max())
    radii = [radius for radius in RINGS_DEG if least < radius < largest]
    if radii and min(size) > 1:
        ax.contour(eccentricity, levels=radii, colors=[COLORS[5]], linewidths=1.2)
        for radius in radii:
            _label_ring(ax, eccentricity, radius, points, px_per_deg)
    ax.set_title(f"eccentricity at {px_per_deg:.2f} px per deg; farthest {largest:.1f} deg", fontsize=9)


def _label_ring(ax: Axes, eccentricity: np.ndarray, radius: float, points: np.ndarray, px_per_deg: float) -> None:
    """Write a ring's degrees at the first place where it is on the picture and away from its edge."""
    height, width = eccentricity.shape
    for x0, y0 in points:
        for angle in np.radians([0, 180, 90, 270, 45, 135, 225, 315]):
            x, y = (x0, y0) + radius * px_per_deg * np.array([np.cos(angle), np.sin(angle)])
            inside = 0.05 * width < x < 0.95 * width and 0.03 * height < y < 0.97 * height
            if inside and abs(eccentricity[int(y), int(x)] - radius) < 0.1 * radius:
                words = ax.text(x, y, f"{radius:g}\N{DEGREE SIGN}", ha="center", va="center", fontsize=8, color="white")
                words.set_path_effects(_OUTLINE)
                return
