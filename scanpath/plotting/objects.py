"""Attention over the objects of a picture, step by step."""

from typing import Protocol

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath.gaze.scanpath import ScanpathLike, as_scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.plotting.figures import COLORS, new_axes
from scanpath.plotting.overlay import plot_scanpath

#: Most steps that are drawn; of longer scanpaths the first ones.
MOST_STEPS = 15


class ChoosesObjects(Protocol):
    """An agent that says how probable each object is to be looked at next, and the end last, such as "oat"."""

    def object_log_probabilities(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, /) -> Tensor:
        """Return (N + 1,) natural logarithms."""
        ...


def plot_object_attention(
    agent: ChoosesObjects, stimulus: Stimulus, path: ScanpathLike, *, columns: int = 4, title: str | None = None
) -> list[Axes]:
    """Draw a scanpath over objects, and how probable each object was before each fixation.

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
        The scanpath's, and one before each later fixation and before the end. The heading of each says how probable
        the end was.

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
    axes = new_axes(-(-(n_steps + 1) // n_columns), n_columns, panel_inches=(3.2, 2.6))
    plot_scanpath(scanpath, stimulus, ax=axes[0], title=title)
    for step in range(n_steps):
        ax, history = axes[step + 1], scanpath.xy[: step + 1]
        probability = agent.object_log_probabilities(stimulus, history).exp().numpy()
        ax.imshow(stimulus.rgb.mean(0).numpy(), cmap="gray", vmin=0, vmax=1, alpha=0.6)  # colors are probabilities
        _shade(ax, np.asarray(objects), probability[:-1])
        ax.plot(*history[-1], marker="+", markersize=9, markeredgewidth=2, color=COLORS[0])
        ax.set_title(f"before fixation {step + 2}; end {probability[-1]:.0%}", fontsize=8)
    for ax in axes:
        ax.set_axis_off()
    return axes[: n_steps + 1]


def _shade(ax: Axes, boxes: np.ndarray, probability: np.ndarray) -> None:
    """Color boxes by their probability, relative to the most probable one."""
    most = max(float(probability.max()), 1e-12)
    for (x, y, width, height), share in zip(boxes, probability / most):
        # pixel centers are at integers, so a box starts half a pixel before its first pixel
        place = (x - 0.5, y - 0.5)
        ax.add_patch(Rectangle(place, width, height, facecolor=colormaps["viridis"](share), alpha=0.65 * share))
        ax.add_patch(Rectangle(place, width, height, fill=False, edgecolor="white", linewidth=0.5))
