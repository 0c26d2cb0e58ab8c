"""A scanpath over its picture: numbered fixations joined by saccades."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from scanpath.gaze.scanpath import ScanpathLike, as_scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.plotting.figures import COLORS, new_axes

_OUTLINE = [withStroke(linewidth=3, foreground="white")]


def plot_scanpath(
    path: ScanpathLike,
    stimulus: Stimulus | None = None,
    *,
    ax: Axes | None = None,
    color: str = COLORS[0],
    title: str | None = None,
) -> Axes:
    """Draw a scanpath over its picture, the fixations numbered from 1 in their order.

    Where durations are known, a fixation's area is proportional to its duration. The target's box is drawn dashed.

    Parameters
    ----------
    path
        Anything that `as_scanpath` takes.
    stimulus
        The picture below, drawn dimmed; without it only the path is drawn.
    ax
        Axes to draw on; new ones by default.
    color
        Color of the path.
    title
        Heading.

    Examples
    --------
    >>> ax = plot_scanpath([(10, 10), (50, 30)], title="two fixations")
    >>> ax.get_title()
    'two fixations'
    """
    scanpath = as_scanpath(path)
    ax = ax or new_axes()[0]
    if stimulus is not None:
        _draw_picture(ax, stimulus)
    elif not ax.yaxis_inverted():
        ax.invert_yaxis()  # y runs down
    ax.set_aspect("equal")
    x, y = scanpath.xy.T
    ax.plot(x, y, color=color, linewidth=1.8, path_effects=_OUTLINE, zorder=2)
    ax.scatter(x, y, s=_areas(scanpath.duration_ms, len(scanpath)), color=color, edgecolor="white", zorder=3)
    _number(ax, scanpath.xy)
    if title is not None:
        ax.set_title(title)
    return ax


def _draw_picture(ax: Axes, stimulus: Stimulus) -> None:
    ax.imshow(stimulus.rgb.permute(1, 2, 0).numpy(), alpha=0.85)
    ax.set_axis_off()
    if stimulus.target_box is not None:
        x, y, width, height = stimulus.target_box
        # pixel centers are at integers, so a box starts half a pixel before its first pixel
        ax.add_patch(
            Rectangle((x - 0.5, y - 0.5), width, height, fill=False, color=COLORS[2], linewidth=2, linestyle="--")
        )


def _areas(duration_ms: np.ndarray | None, n: int) -> np.ndarray:
    if duration_ms is None or np.isnan(duration_ms).all():
        return np.full(n, 150.0)
    return np.clip(np.nan_to_num(duration_ms, nan=float(np.nanmean(duration_ms))), 50, 1500) * 0.6


def _number(ax: Axes, xy: np.ndarray) -> None:
    """Write each place's fixation numbers once, so that returns to a place stay readable."""
    places: dict[tuple[float, float], list[str]] = {}
    for number, (x, y) in enumerate(xy, start=1):
        places.setdefault((float(x), float(y)), []).append(str(number))
    for (x, y), numbers in places.items():
        ax.annotate(
            ",".join(numbers), (x, y), ha="center", va="center", fontsize=7, color="white", weight="bold", zorder=4
        )
