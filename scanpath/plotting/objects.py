"""Objects of a picture, a scanpath over them, and attention to them step by step."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath.gaze.boxes import Box
from scanpath.gaze.objects import fixated_objects
from scanpath.gaze.scanpath import ScanpathLike, as_scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.plotting.figures import COLORS, new_axes

#: Most steps that are drawn; of longer scanpaths the first ones.
MOST_STEPS = 15
#: Probabilities of so many objects are written out, if they are at least so large.
_WRITTEN, _LEAST = 3, 0.05
_OUTLINE = [withStroke(linewidth=3, foreground="white")]
_POINTS_PER_INCH = 72
#: Width of a letter, in shares of the size of its type.
_LETTER = 0.62


class ChoosesObjects(Protocol):
    """An agent that says how probable each object is to be looked at next, and the end last, such as "oat"."""

    def object_log_probabilities(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, /) -> Tensor:
        """Return (N + 1,) natural logarithms."""
        ...


def plot_objects(stimulus: Stimulus, *, ax: Axes | None = None, title: str | None = None) -> Axes:
    """Draw the boxes of a picture's objects, with their labels where these fit into them, else their numbers from 1.

    Parameters
    ----------
    stimulus
        The picture, with objects.
    ax
        Axes to draw on; new ones by default.
    title
        Heading.

    Examples
    --------
    >>> import scanpath as sp
    >>> len(plot_objects(sp.stimuli.shelf(2, 3)).patches)
    6
    """
    boxes = stimulus.require_objects("The figure")
    ax = ax or _axes(stimulus, 1, 1, 8.0)[0]
    points_per_px = _show(ax, stimulus)
    labels = stimulus.object_labels
    for place, (x, y, width, height) in enumerate(boxes):
        _outline(ax, boxes[place], COLORS[1])
        size = min(8.0, 0.7 * height * points_per_px)
        fits = labels is not None and len(labels[place]) * _LETTER * size <= width * points_per_px
        text = labels[place] if labels is not None and fits else str(place + 1)
        size = min(size, width * points_per_px / (_LETTER * len(text)))
        middle = (x + (width - 1) / 2, y + (height - 1) / 2)
        ax.annotate(text, middle, ha="center", va="center", fontsize=size, path_effects=_OUTLINE, clip_on=True)
    if title is not None:
        ax.set_title(title)
    return ax


def plot_object_scanpath(
    path: ScanpathLike,
    stimulus: Stimulus,
    *,
    ax: Axes | None = None,
    color: str = COLORS[0],
    title: str | None = None,
) -> Axes:
    """Draw a scanpath over the objects of a picture, the fixations numbered from 1 in their order.

    Fixations on one object are drawn side by side within its box, so that each number can be read; they are not where
    on the object the eye was. The first fixation is on no object, and gray.

    Parameters
    ----------
    path
        Anything that `as_scanpath` takes.
    stimulus
        The picture, with objects. The target's box is drawn dashed.
    ax
        Axes to draw on; new ones by default.
    color
        Color of the path.
    title
        Heading.

    Examples
    --------
    >>> import scanpath as sp
    >>> ax = plot_object_scanpath([(50, 50), (20, 30), (21, 31)], sp.stimuli.shelf(2, 3), title="a stay")
    >>> [text.get_text() for text in ax.texts]
    ['1', '2', '3']
    """
    scanpath = as_scanpath(path)
    boxes = stimulus.require_objects("The figure")
    ax = ax or _axes(stimulus, 1, 1, 8.0)[0]
    points_per_px = _show(ax, stimulus)
    for box in boxes:
        _outline(ax, box, "white", linewidth=0.5)
    if stimulus.target_box is not None:
        _outline(ax, stimulus.target_box, COLORS[2], linewidth=2, linestyle="--")
    xy, room_px = side_by_side(scanpath.xy, boxes)
    ax.plot(*xy.T, color=color, linewidth=1.5, path_effects=_OUTLINE, zorder=2)
    for number, (place, room) in enumerate(zip(xy, room_px), start=1):
        side = min(13.0, max(6.0, 0.85 * room * points_per_px))
        face = "0.4" if number == 1 else color
        ax.plot(*place, "o", markersize=side, color=face, markeredgecolor="white", markeredgewidth=0.6, zorder=3)
        size = side / (1.15 + 0.45 * (len(str(number)) - 1))
        ax.annotate(
            str(number), place, ha="center", va="center_baseline", fontsize=size, color="white", weight="bold", zorder=4
        )
    if title is not None:
        ax.set_title(title)
    return ax


def plot_object_attention(
    agent: ChoosesObjects, stimulus: Stimulus, path: ScanpathLike, *, columns: int = 4, title: str | None = None
) -> list[Axes]:
    """Draw a scanpath over objects, and how probable each object was after each fixation.

    The darker an object, the more probable; the highest probabilities are written on it. A cross is where the eye was,
    and an orange box the object that was looked at next.

    Parameters
    ----------
    agent
        Whose attention it is.
    stimulus
        The picture, with objects.
    path
        The agent's own scanpath or a person's, the first fixation included; at most 15 steps are drawn.
    columns
        Pictures in a row.
    title
        Heading of the scanpath.

    Returns
    -------
    list of Axes
        The scanpath's, and one after each fixation. The heading of each says how probable the end was.

    Examples
    --------
    >>> import scanpath as sp
    >>> display, agent = sp.stimuli.shelf(2, 3), sp.create_agent("oat")
    >>> len(plot_object_attention(agent, display, [(50, 50), (20, 20)]))
    3
    """
    scanpath = as_scanpath(path)
    objects = stimulus.require_objects("The figure")
    n_steps = min(len(scanpath), MOST_STEPS)
    n_columns = min(columns, n_steps + 1)
    axes = _axes(stimulus, -(-(n_steps + 1) // n_columns), n_columns, 3.6)
    plot_object_scanpath(scanpath, stimulus, ax=axes[0])
    axes[0].set_title(title or "", fontsize=8)
    looked = fixated_objects(scanpath.xy[1:], objects) if len(scanpath) > 1 else []
    for step in range(n_steps):
        ax, history = axes[step + 1], scanpath.xy[: step + 1]
        probability = agent.object_log_probabilities(stimulus, history).exp().numpy()
        points_per_px = _show(ax, stimulus, gray=True)
        _shade(ax, objects, probability, points_per_px)
        if step < len(looked):
            _outline(ax, objects[looked[step]], COLORS[0], linewidth=2)
        ax.plot(*history[-1], marker="x", markersize=7, markeredgewidth=2, color=COLORS[0], path_effects=_OUTLINE)
        ax.set_title(f"after fixation {step + 1}: end {probability[-1]:.0%}", fontsize=8)
    for ax in axes:
        ax.set_axis_off()
    return axes[: n_steps + 1]


def _axes(stimulus: Stimulus, rows: int, columns: int, width_inches: float) -> list[Axes]:
    """Make panels of the picture's proportions, with room for a heading."""
    height, width = stimulus.size
    high = min(max(width_inches * height / width, 0.4), 1.6 * width_inches)
    return new_axes(rows, columns, panel_inches=(min(width_inches, high * width / height + 0.4), high + 0.35))


def _show(ax: Axes, stimulus: Stimulus, *, gray: bool = False) -> float:
    """Draw the picture and return about how many points one of its px takes."""
    if gray:
        # colors are probabilities
        ax.imshow(0.4 + 0.6 * stimulus.rgb.mean(0).numpy(), cmap="gray", vmin=0, vmax=1)
    else:
        ax.imshow(stimulus.rgb.permute(1, 2, 0).numpy(), alpha=0.85)
    ax.set_axis_off()
    figure = ax.get_figure(root=True)
    assert figure is not None
    grid = ax.get_subplotspec()
    rows, columns = (1, 1) if grid is None else grid.get_gridspec().get_geometry()
    height, width = stimulus.size
    wide, high = figure.get_size_inches()
    return float(_POINTS_PER_INCH * 0.95 * min(wide / columns / width, high / rows / height))


def _outline(ax: Axes, box: Box, color: str, *, linewidth: float = 1.0, linestyle: str = "-") -> None:
    x, y, width, height = box
    # pixel centers are at integers, so a box starts half a pixel before its first pixel
    place = (x - 0.5, y - 0.5)
    ax.add_patch(Rectangle(place, width, height, fill=False, edgecolor=color, linewidth=linewidth, linestyle=linestyle))


def side_by_side(xy: np.ndarray, boxes: Sequence[Box]) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) in px of the fixations of a scanpath within their objects, and how wide each may be, (n,).

    Examples
    --------
    >>> places, room = side_by_side(np.array([[0.0, 0.0], [5.0, 5.0], [6.0, 6.0]]), [(0, 0, 20, 10)])
    >>> places.tolist(), room.tolist()
    ([[0.0, 0.0], [4.5, 4.5], [14.5, 4.5]], [10.0, 10.0, 10.0])
    """
    places, room = xy.copy(), np.full(len(xy), float(min(min(box[2:]) for box in boxes)))
    looked = np.array(fixated_objects(xy[1:], boxes) if len(xy) > 1 else [], dtype=int)
    for index in np.unique(looked):
        visits = 1 + np.flatnonzero(looked == index)
        x, y, width, height = boxes[index]
        columns = min(len(visits), max(1, math.ceil(math.sqrt(len(visits) * width / height) - 1e-9)))
        rows = -(-len(visits) // columns)
        for number, visit in enumerate(visits):
            row, column = divmod(number, columns)
            places[visit] = (x - 0.5 + (column + 0.5) * width / columns, y - 0.5 + (row + 0.5) * height / rows)
            room[visit] = min(width / columns, height / rows)
    return places, room


def _shade(ax: Axes, boxes: Sequence[Box], probability: np.ndarray, points_per_px: float) -> None:
    """Darken boxes by their probability, relative to the most probable choice, and write the highest on them."""
    most = float(probability.max())
    highest = np.argsort(-probability[:-1])[:_WRITTEN].tolist()
    written = [place for place in highest if probability[place] >= _LEAST]
    for place, (x, y, width, height) in enumerate(boxes):
        share = float(probability[place]) / most
        ax.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, facecolor=COLORS[1], alpha=0.85 * share))
        _outline(ax, boxes[place], "0.6", linewidth=0.4)
        if place in written:
            text = f"{probability[place]:.0%}"
            size = min(7.5, 0.8 * height * points_per_px, width * points_per_px / (_LETTER * len(text)))
            bottom = (x + (width - 1) / 2, y + height - 1)
            ax.annotate(text, bottom, ha="center", va="bottom", fontsize=size, path_effects=_OUTLINE)
