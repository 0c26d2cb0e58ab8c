"""Agents against people: a score with its interval, the people's ceiling and the floors."""

import pandas as pd
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, new_axes


def plot_scores(result: pd.DataFrame) -> Axes:
    """Draw the table that `evaluate` returns, one panel a metric part: intervals, people's ceiling, floors.

    Parameters
    ----------
    result
        Table with ``agent, metric, part, value, low, high, ceiling, ceiling_low, ceiling_high``.

    Returns
    -------
    Axes
        The first panel; its figure holds them all.
    """
    panels = list(result.groupby(["metric", "part"], sort=False))
    agents = list(dict.fromkeys(result["agent"]))
    columns = min(len(panels), 3)
    height = 1.2 + 0.35 * len(agents)
    axes = new_axes(-(-len(panels) // columns), columns, panel_inches=(4.0, height))
    for ax, ((metric, part), rows) in zip(axes, panels):
        _draw_panel(ax, rows.set_index("agent"), agents)
        ax.set_title(str(metric) if part in ("", "value", metric) else f"{metric}: {part}")
    axes[0].legend(frameon=False, loc="best")
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    return axes[0]


def _draw_panel(ax: Axes, rows: pd.DataFrame, agents: list[str]) -> None:
    for height, agent in enumerate(reversed(agents)):
        if agent not in rows.index:
            continue
        row = rows.loc[agent]
        color = "gray" if agent.startswith("floor") else COLORS[1]
        ax.plot([row["low"], row["high"]], [height, height], color=color, linewidth=3, alpha=0.5)
        ax.plot(row["value"], height, "o", color=color)
    first = rows.iloc[0]
    ax.axvspan(first["ceiling_low"], first["ceiling_high"], color=COLORS[0], alpha=0.2, linewidth=0)
    ax.axvline(first["ceiling"], color=COLORS[0], linewidth=1.5, label="people")
    ax.set_yticks(range(len(agents)), list(reversed(agents)))
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_ylim(-0.6, len(agents) - 0.4)
