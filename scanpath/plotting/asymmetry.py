"""Search asymmetries: reaction time against set size, and the index, people beside an agent."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scanpath._core.errors import InputError
from scanpath.plotting.figures import COLORS, new_axes

_HARD, _EASY = COLORS[0], COLORS[1]


def plot_search_slopes(reaction_times: pd.DataFrame, *, agent: str, task: str, ax: Axes | None = None) -> Axes:
    """Draw reaction time against set size in one task: the agent solid with its standard errors, people dashed.

    Parameters
    ----------
    reaction_times
        ``agent, task, condition, set_size, rt_ms, sem_ms, human_rt_ms`` in ms. The condition that people find slower
        is drawn in the warm color.
    agent, task
        What to draw of it.
    ax
        Axes to draw on; new ones by default.

    Raises
    ------
    InputError
        If the table has no row of the agent and task.
    """
    rows = reaction_times[(reaction_times["agent"] == agent) & (reaction_times["task"] == task)]
    if rows.empty:
        raise InputError(f"The table of reaction times has no rows of {agent!r} in task {task!r}.")
    ax = ax or new_axes()[0]
    conditions = {name: part.sort_values("set_size") for name, part in rows.groupby("condition", sort=False)}
    slower = max(conditions, key=lambda name: _rise(conditions[name]))
    for name, part in conditions.items():
        color = _HARD if name == slower else _EASY
        sizes = part["set_size"]
        ax.errorbar(sizes, part["rt_ms"], part["sem_ms"].fillna(0), color=color, marker="o", capsize=2, label=name)
        ax.plot(sizes, part["human_rt_ms"], color=color, linestyle="--", marker="s", markerfacecolor="white")
    ax.set(title=task.replace("_", " "), xlabel="Items", ylabel="Reaction time (ms)")
    ax.set_xticks(sorted(rows["set_size"].unique()))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_asymmetry_index(
    index: pd.DataFrame, *, agents: Sequence[str] | None = None, ax: Axes | None = None, people: bool = True
) -> Axes:
    """Draw the asymmetry index of each task as bars, agents beside people; above 0 is people's polarity.

    Parameters
    ----------
    index
        ``agent, task, index, human_index`` and, for intervals, ``index_low, index_high``.
    agents
        Which agents; all by default.
    ax
        Axes to draw on; new ones by default.
    people
        Whether people's index is drawn.
    """
    chosen = list(index["agent"].unique()) if agents is None else list(agents)
    missing = [name for name in chosen if name not in set(index["agent"])]
    if missing or not chosen:
        raise InputError(f"The table of indices has no rows of {missing[0]!r}." if missing else "There is no agent.")
    ax = ax or new_axes()[0]
    tasks = list(index["task"].drop_duplicates())
    human = index.drop_duplicates("task").set_index("task").loc[tasks, "human_index"]
    groups = ([("people", human, None)] if people else []) + [_bars(index, name, tasks) for name in chosen]
    width = 0.8 / len(groups)
    colors = cycle(COLORS[2:-1])  # not those of the conditions
    for place, (name, heights, errors) in enumerate(groups):
        x = np.arange(len(tasks)) + (place - (len(groups) - 1) / 2) * width
        color = "black" if people and place == 0 else next(colors)
        ax.bar(x, heights, width, yerr=errors, color=color, label=name, error_kw={"elinewidth": 1})
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(ylabel="Asymmetry index", ylim=(-1.05, 1.05))
    ax.set_xticks(range(len(tasks)), [task.replace("_", "\n") for task in tasks])
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def plot_asymmetry(reaction_times: pd.DataFrame, index: pd.DataFrame, *, agent: str | None = None) -> Axes:
    """Draw the study's figure: a panel a task with people's and one agent's reaction times, and bars of all indices.

    Parameters
    ----------
    reaction_times, index
        As in `plot_search_slopes` and `plot_asymmetry_index`.
    agent
        Whose reaction times are drawn; the table's first by default.

    Returns
    -------
    Axes
        The bars' axes; the figure holds all.
    """
    agent = str(reaction_times["agent"].iloc[0]) if agent is None else agent
    tasks = list(reaction_times.loc[reaction_times["agent"] == agent, "task"].drop_duplicates())
    columns = min(3, max(1, len(tasks)))
    rows = -(-len(tasks) // columns)
    figure = Figure(figsize=(max(9.0, 4.0 * columns), 3.0 * (rows + 1)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(rows + 1, columns)
    for place, task in enumerate(tasks):
        plot_search_slopes(reaction_times, agent=agent, task=task, ax=figure.add_subplot(grid[divmod(place, columns)]))
    figure.suptitle(f"{agent} (solid, with standard errors) and people (dashed)")
    return plot_asymmetry_index(index, ax=figure.add_subplot(grid[rows, :]))


def _rise(rows: pd.DataFrame) -> float:
    return float(rows["human_rt_ms"].iloc[-1] - rows["human_rt_ms"].iloc[0])


def _bars(index: pd.DataFrame, agent: str, tasks: list[str]) -> tuple[str, pd.Series, np.ndarray | None]:
    rows = index[index["agent"] == agent].set_index("task").reindex(tasks)
    if "index_low" not in rows:
        return agent, rows["index"], None
    ends = np.stack([rows["index"] - rows["index_low"], rows["index_high"] - rows["index"]])
    return agent, rows["index"], np.maximum(np.nan_to_num(ends), 0)  # a bootstrap interval may leave the estimate out
