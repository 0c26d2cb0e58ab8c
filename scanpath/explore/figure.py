"""One figure of what was looked at: a panel for each agent, the map, and people."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from torch import Tensor

from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import scanpaths_from_table
from scanpath.plotting import new_axes, plot_scanpath
from scanpath.plotting.figures import COLORS

_COLUMNS = 3
_PANEL_INCHES = 4.5


def draw_looks(
    table: pd.DataFrame | None,
    stimulus: Stimulus,
    *,
    priority: Tensor | np.ndarray | None = None,
    history: Sequence[tuple[float, float]] = (),
    priority_title: str = "map",
    people: pd.DataFrame | None = None,
) -> Axes:
    """Draw each scanpath of a table over its picture, the map of where to look next, and people's fixations.

    Parameters
    ----------
    table
        Fixations of agents on the picture.
    stimulus
        The picture.
    priority
        (H, W) map, drawn from white to black over the dimmed picture, up to its 99.9th percentile.
    history
        Fixations (x, y) in px that the map is drawn after.
    priority_title
        Heading of the map.
    people
        Table of people's fixations on the picture; all are drawn in one panel.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel, which `scanpath.plotting.save_figure` takes.

    Examples
    --------
    >>> import torch
    >>> axes = draw_looks(None, Stimulus(torch.zeros(1, 8, 8)), priority=torch.rand(8, 8), priority_title="chance")
    >>> axes.get_title()
    'chance'
    """
    paths = [] if table is None else scanpaths_from_table(table)
    count = len(paths) + (priority is not None) + (people is not None)
    columns = min(_COLUMNS, max(count, 1))
    height, width = stimulus.size
    panel = (_PANEL_INCHES, min(max(_PANEL_INCHES * height / width, 1.5), 9.0) + 0.4)
    axes = new_axes(max(1, math.ceil(count / columns)), columns, panel_inches=panel)
    for unused in axes[max(count, 1) :]:
        unused.set_axis_off()
    panels = iter(axes)
    for number, path in enumerate(paths):
        color = COLORS[number % len(COLORS)]
        plot_scanpath(path, stimulus, ax=next(panels), color=color, title=str(path.info["agent"]))
    if priority is not None:
        _draw_map(next(panels), stimulus, np.asarray(priority), history, priority_title)
    if people is not None:
        _draw_people(next(panels), stimulus, people)
    if not count:
        plot_scanpath(np.zeros((0, 2)), stimulus, ax=axes[0])
    return axes[0]


def _draw_map(
    ax: Axes, stimulus: Stimulus, priority: np.ndarray, history: Sequence[tuple[float, float]], title: str
) -> None:
    plot_scanpath(np.reshape(history, (-1, 2)), stimulus, ax=ax, color=COLORS[1], title=title)
    top = float(np.percentile(priority, 99.9)) or 1.0
    alpha = 0.8 * np.clip(priority / top, 0, 1)
    ax.imshow(priority, cmap="magma", vmin=0, vmax=top, alpha=alpha)


def _draw_people(ax: Axes, stimulus: Stimulus, people: pd.DataFrame) -> None:
    count = people["subject"].nunique()
    title = f"{count} {'person' if count == 1 else 'people'}, {len(people)} fixations"
    plot_scanpath(np.zeros((0, 2)), stimulus, ax=ax, title=title)
    ax.scatter(people["x_px"], people["y_px"], s=14, color=COLORS[1], edgecolor="white", linewidth=0.5, alpha=0.8)
