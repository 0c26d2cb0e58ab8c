"""Agents against people: a score with its interval, the people's ceiling and the floors; and agents against agents."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scanpath._core.errors import InputError
from scanpath.metrics import METRICS
from scanpath.plotting.figures import COLORS, in_style, new_axes

#: Inches of a row, and of what is above and below the rows.
_ROW, _AROUND = 0.24, 0.85


@in_style
def plot_scores(result: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the table that `evaluate` returns, one panel a metric part: intervals, people's ceiling, floors.

    Parameters
    ----------
    result
        Table with ``agent, metric, part, value, low, high, ceiling, ceiling_low, ceiling_high``.
    ax
        Axes to draw on, for a table of one metric part; by default a new figure with a panel each.

    Returns
    -------
    Axes
        The first panel; its figure holds them all.

    Raises
    ------
    InputError
        If `ax` is given and there is more than one metric part, or no row.
    """
    panels = list(result.groupby(["metric", "part"], sort=False))
    agents = list(dict.fromkeys(result["agent"]))
    axes = _panels(ax, len(panels), len(agents))
    for number, (panel, ((metric, part), rows)) in enumerate(zip(axes, panels)):
        _draw_panel(panel, rows.set_index("agent"), agents)
        panel.set_title(part_name(metric, part))
        panel.set_xlabel(_axis_label(str(metric), rows))
        if number % 3 and ax is None:
            panel.set_yticklabels([])
    _explain(axes[0], alone=ax is not None)
    return axes[0]


@in_style
def plot_differences(differences: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the table that `compare_agents` returns: mean paired differences with intervals, one panel a metric part.

    Differences whose corrected p value is below .05 are drawn full, the others hollow.

    Parameters
    ----------
    differences
        Table with ``metric, part, agent, other, difference, low, high, p_holm``.
    ax
        As for `plot_scores`.

    Returns
    -------
    Axes
        The first panel; its figure holds them all.
    """
    panels = list(differences.groupby(["metric", "part"], sort=False))
    most = max((len(rows) for _, rows in panels), default=0)
    axes = _panels(ax, len(panels), most)
    for number, (panel, ((metric, part), rows)) in enumerate(zip(axes, panels)):
        places = np.arange(len(rows))[::-1]
        for place, (value, low, high, p) in zip(places, rows[["difference", "low", "high", "p_holm"]].to_numpy(float)):
            panel.plot([low, high], [place, place], color=COLORS[1], linewidth=2, alpha=0.6)
            panel.plot(value, place, "o", color=COLORS[1], markerfacecolor=COLORS[1] if p < 0.05 else "white")
        if rows["difference"].isna().all():
            panel.text(0.5, 0.5, "undefined", ha="center", va="center", color="0.4", transform=panel.transAxes)
        panel.axvline(0, color="0.3", linewidth=0.8, linestyle="--", zorder=0)
        panel.set_yticks(
            places, [f"{agent} \N{MINUS SIGN} {other}" for agent, other in zip(rows["agent"], rows["other"])]
        )
        panel.set(title=part_name(metric, part), xlabel=f"difference, {_unit(str(metric))}")
        panel.set_ylim(-0.6, len(rows) - 0.4)
        panel.xaxis.set_major_locator(MaxNLocator(4))
        panel.spines[["top", "right"]].set_visible(False)
        if number % 3 and ax is None:
            panel.set_yticklabels([])
    return axes[0]


def part_name(metric: object, part: object) -> str:
    """Name of a metric's part: the metric's alone where it has no others.

    Examples
    --------
    >>> part_name("multimatch", "shape"), part_name("dtw", "value")
    ('multimatch: shape', 'dtw')
    """
    return str(metric) if part in ("", "value", metric) else f"{metric}: {part}"


def _panels(ax: Axes | None, n_panels: int, n_rows: int) -> Sequence[Axes]:
    if not n_panels:
        raise InputError("There is nothing to draw: the table has no row.")
    if ax is not None:
        if n_panels > 1:
            raise InputError(f"On the Axes given one metric part can be drawn, got {n_panels}; choose the rows of one.")
        return [ax]
    columns = min(n_panels, 3)
    size = (4.4 if columns == 1 else 2.6, _AROUND + _ROW * n_rows)
    axes = new_axes(-(-n_panels // columns), columns, panel_inches=size)
    for unused in axes[n_panels:]:
        unused.set_visible(False)
    return axes


def _explain(ax: Axes, *, alone: bool) -> None:
    """Say what line and band are: below the panels, or beside the only one."""
    figure = ax.get_figure(root=True)
    if alone or figure is None:
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.02, 0.5))
    else:
        figure.legend(*ax.get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=2)


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit if metric in METRICS.names("*") else None
    return "score" if unit in (None, "", "1") else unit


def _axis_label(metric: str, rows: pd.DataFrame) -> str:
    better = f", {rows['better'].iloc[0]} is better" if "better" in rows else ""
    return f"{_unit(metric)}{better}"


def _draw_panel(ax: Axes, rows: pd.DataFrame, agents: list[str]) -> None:
    for height, agent in enumerate(reversed(agents)):
        if agent not in rows.index:
            continue
        row = rows.loc[agent]
        color = "0.5" if agent.startswith("floor") else COLORS[1]
        ax.plot([row["low"], row["high"]], [height, height], color=color, linewidth=2.5, alpha=0.5)
        ax.plot(row["value"], height, "o", color=color)
        if not np.isfinite(row["value"]):
            ax.text(0.5, height, "undefined", ha="center", va="center", color="0.4", transform=ax.get_yaxis_transform())
    first = rows.iloc[0]
    ax.axvspan(first["ceiling_low"], first["ceiling_high"], color=COLORS[0], alpha=0.2, linewidth=0, label="their 95 %")
    ax.axvline(first["ceiling"], color=COLORS[0], linewidth=1.5, label="people")
    ax.set_yticks(range(len(agents)), list(reversed(agents)))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_ylim(-0.6, len(agents) - 0.4)
