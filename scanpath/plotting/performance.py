"""How fast targets are found: share of trials against the number of fixations."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from scanpath._core.errors import InputError
from scanpath.plotting.figures import COLORS, in_style, new_axes

#: Shares per number of fixations, and their lower and upper bounds where known.
Curve = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]


@in_style
def plot_performance(
    performance: pd.DataFrame | Mapping[str, Curve], *, ax: Axes | None = None, title: str | None = None
) -> Axes:
    """Draw one line a searcher: the share of targets found within n fixations.

    Parameters
    ----------
    performance
        The table of `search_performance`, or a mapping of names to (share, low, high), arrays that start with one
        fixation; the bounds may be None. Who is called "people" is drawn black and dashed.
    ax
        Axes to draw on; new ones by default.
    title
        Heading.

    Raises
    ------
    InputError
        If there is no curve, or a table lacks a column.

    Examples
    --------
    >>> ax = plot_performance({"random": (np.array([0.0, 0.1, 0.2]), None, None)})
    >>> ax.get_ylabel()
    'Targets found'
    """
    curves = _curves(performance) if isinstance(performance, pd.DataFrame) else performance
    if not curves:
        raise InputError("plot_performance needs at least one searcher, got none.")
    ax = ax or new_axes(panel_inches=(5.0, 2.9))[0]
    styles = itertools.cycle(itertools.product(("-", ":"), COLORS[:-1]))  # black is people's
    for name, (share, low, high) in curves.items():
        line, color = ("--", "black") if name == "people" else next(styles)
        n = np.arange(1, len(share) + 1)
        ax.plot(n, share, color=color, linestyle=line, marker="o", markersize=3, label=name, clip_on=False, zorder=3)
        if low is not None and high is not None:
            ax.fill_between(n, low, high, color=color, alpha=0.13, linewidth=0)
    ax.set(xlabel="Fixations, the first included", ylabel="Targets found", ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.02, 0.5))
    if title is not None:
        ax.set_title(title)
    return ax


def _curves(table: pd.DataFrame) -> dict[str, Curve]:
    """Curves of the table of `search_performance`, which has one row for each number of fixations."""
    needed = ("agent", "part", "n_fixations", "value", "low", "high")
    missing = [name for name in needed if name not in table]
    if missing:
        raise InputError(f"plot_performance needs the table of search_performance; it has no column {missing[0]!r}.")
    steps = table[table["part"].str.startswith("within ")]
    curves: dict[str, Curve] = {}
    for agent, rows in steps.groupby("agent", sort=False):
        rows = rows.sort_values("n_fixations")
        share, low, high = (rows[name].to_numpy(dtype=np.float64) for name in ("value", "low", "high"))
        curves[str(agent)] = (share, low, high)
    return curves
