"""Axes that a picture fills: the figure has the picture's aspect, and nothing at its border is cut."""

import math
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from scanpath.gaze.stimulus import Stimulus
from scanpath.plotting.figures import COLORS

#: Longer side of the picture in a figure of its own, and the least width, for headings.
LONG_INCHES, LEAST_INCHES = 5.0, 2.6
#: Around the picture, so that markers on its border are whole.
MARGIN_INCHES = 0.14
_LINE_INCHES, _LABEL_INCHES = 0.17, 0.42
_LETTERS_PER_INCH = 12.5


def picture_axes(
    size: tuple[float, float],
    *,
    title: str | None = None,
    rows_below: int = 0,
    inches_beside: float = 0.0,
    labeled: bool = False,
) -> Axes:
    """Make a figure for one picture: its axes have the picture's aspect, and room for a heading and what is below.

    Parameters
    ----------
    size
        (height, width) of the picture, in any unit.
    title
        Heading, wrapped to the figure's width.
    rows_below
        Lines of a legend below the picture.
    inches_beside
        Room right of the picture.
    labeled
        Leave room for numbers and labels of axes.
    """
    scale = LONG_INCHES / max(size)
    width, height = (max(side * scale, 0.5) for side in size[::-1])
    room = max(width, LEAST_INCHES)
    heading = wrapped(title, room)
    above = MARGIN_INCHES + 0.04 + _LINE_INCHES * (heading.count("\n") + 1 if heading else 0)
    below = MARGIN_INCHES + _LINE_INCHES * rows_below + (_LABEL_INCHES if labeled else 0)
    before = MARGIN_INCHES + (_LABEL_INCHES + 0.1 if labeled else 0)
    whole = (before + room + MARGIN_INCHES + inches_beside, height + above + below)
    figure = Figure(figsize=whole)
    FigureCanvasAgg(figure)
    left = before + (room - width) / 2
    ax = figure.add_axes((left / whole[0], below / whole[1], width / whole[0], height / whole[1]))
    if heading:
        ax.set_title(heading, pad=8)
    return ax


def wrapped(text: str | None, inches: float) -> str:
    """Break a heading into lines that fit a width."""
    width = max(int(inches * _LETTERS_PER_INCH), 12)
    return "\n".join(row for line in (text or "").splitlines() for row in textwrap.wrap(line, width))


def legend_columns(n_entries: int, inches: float) -> tuple[int, int]:
    """How many entries of a legend stand side by side at a width, and in how many rows."""
    columns = min(max(int(inches / 0.82), 1), max(n_entries, 1))
    return columns, math.ceil(n_entries / columns)


def width_inches(size: tuple[float, float]) -> float:
    """Width that a figure of its own gives a picture and what is below."""
    return max(size[1] * LONG_INCHES / max(size), LEAST_INCHES)


def draw_picture(ax: Axes, stimulus: Stimulus, *, strength: float = 0.85) -> None:
    """Draw a picture, dimmed, and the target's box, dashed."""
    ax.imshow(stimulus.rgb.permute(1, 2, 0).numpy(), alpha=strength)
    ax.set_axis_off()
    if stimulus.target_box is not None:
        x, y, width, height = stimulus.target_box
        # pixel centers are at integers, so a box starts half a pixel before its first pixel
        place = (x - 0.5, y - 0.5)
        box = Rectangle(place, width, height, fill=False, color=COLORS[2], linewidth=1.8, linestyle="--")
        box.set_path_effects([withStroke(linewidth=3, foreground="white")])
        ax.add_patch(box)


def set_view(ax: Axes, stimulus: Stimulus | None, xy: np.ndarray) -> None:
    """Show the whole picture and every fixation, y down; without a picture, what was looked at, with labeled axes."""
    ax.set_aspect("equal")
    if stimulus is not None:
        height, width = stimulus.size
        low = np.min([[-0.5, -0.5], *xy], axis=0)
        high = np.max([[width - 0.5, height - 0.5], *xy], axis=0)
    else:
        low, high = _around(xy)
        ax.set(xlabel="x, px", ylabel="y, px")
    ax.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]))


def size_of_view(stimulus: Stimulus | None, xy: np.ndarray) -> tuple[float, float]:
    """(height, width) of what is shown."""
    if stimulus is not None:
        return stimulus.size
    low, high = _around(xy)
    return float(high[1] - low[1]), float(high[0] - low[0])


def _around(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(xy):
        return np.zeros(2), np.ones(2)
    low, high = xy.min(axis=0), xy.max(axis=0)
    # a path along a line is shown in a frame that is not flat
    margin = 0.06 * np.ptp(xy, axis=0) + max(0.08 * float(np.ptp(xy, axis=0).max()), 1.0)
    return low - margin, high + margin
