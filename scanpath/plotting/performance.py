"""How fast targets are found: share of trials against the number of fixations."""

import itertools
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, new_axes

#: Shares per number of fixations, and their lower and upper bounds where known.
Curve = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]


def plot_cumulative_performance(
    curves: Mapping[str, Curve], *, ax: Axes | None = None, title: str | None = None
) -> Axes:
    """Draw one line a searcher: the share of targets found within n fixations.

    Parameters
    ----------
    curves
        Name -> (share, low, high), arrays that start with one fixation; people are drawn black and dashed if they
        are called "people". The bounds may be None.
    ax
        Axes to draw on; new ones by default.
    title
        Heading.

    Examples
    --------
    >>> ax = plot_cumulative_performance({"random": (np.array([0.0, 0.1, 0.2]), None, None)})
    >>> ax.get_ylabel()
    'Share of targets found'
    """
    ax = ax or new_axes()[0]
    styles = itertools.cycle(itertools.product(("-", ":"), COLORS[:-1]))  # black is people's
    for name, (share, low, high) in curves.items():
        line, color = ("--", "black") if name == "people" else next(styles)
        n = np.arange(1, len(share) + 1)
        ax.plot(n, share, color=color, linestyle=line, marker=".", label=name)
        if low is not None and high is not None:
            ax.fill_between(n, low, high, color=color, alpha=0.15, linewidth=0)
    ax.set(xlabel="Fixations, the first included", ylabel="Share of targets found", ylim=(0, 1))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    if title is not None:
        ax.set_title(title)
    return ax
