"""How OAT, simple rules and other searchers compare on searches over objects."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, new_axes

#: Measure -> label of its axis.
_LABELS: Mapping[str, str] = {
    "nll": "nats a choice (lower is better)",
    "sequence score": "sequence score",
    "delta": "behavioral delta (0 is like the searchers)",
    "last = target": "last fixation on the target",
}
_AGENTS = ("oat", "oat, greedy")
_MARKS = ("other searchers", "uniform")


def plot_object_scores(scores: pd.DataFrame, *, title: str | None = None) -> list[Axes]:
    """Draw all agents of one set of pictures with their intervals, one panel a measure.

    Parameters
    ----------
    scores
        Rows ``agent, measure, mean, low, high`` of the study of objects, of one set.
    title
        Heading.

    Returns
    -------
    list of Axes
        One for nats, sequence score, behavioral delta and the share of searches that end on the target.

    Examples
    --------
    >>> rows = [("oat", "nll", 1.8, 1.7, 1.9), ("uniform", "nll", 3.3, 3.3, 3.3), ("oat", "delta", 0.2, 0.1, 0.4)]
    >>> scores = pd.DataFrame(rows, columns=["agent", "measure", "mean", "low", "high"])
    >>> len(plot_object_scores(scores))
    4
    """
    order = list(dict.fromkeys(scores["agent"]))
    axes = new_axes(2, 2, panel_inches=(4.6, max(0.9 + 0.28 * len(order), 2.0)))
    for ax, (measure, label) in zip(axes, _LABELS.items()):
        rows = scores[scores["measure"] == measure]
        known = {agent: one for agent, *one in zip(*(rows[name] for name in ("agent", "low", "mean", "high")))}
        shown = [agent for agent in order if agent in known]
        for place, agent in enumerate(reversed(shown)):
            low, mean, high = known[agent]
            color = COLORS[0] if agent in _AGENTS else "0.45" if agent in _MARKS else COLORS[1]
            ax.plot([low, high], [place, place], color=color, linewidth=2.5, alpha=0.5)
            ax.plot(mean, place, "D" if agent in _MARKS else "o", color=color)
        ax.set_yticks(range(len(shown)), shown[::-1])
        ax.set_ylim(-0.6, max(len(shown), 1) - 0.4)
        ax.set_xlabel(label)
    if title is not None:
        axes[0].figure.suptitle(title)
    return axes
