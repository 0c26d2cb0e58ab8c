"""How many bits each agent knows of people's next fixations."""

import pandas as pd
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, new_axes

#: Predictors that are drawn as marks, in gray, and their lines.
_MARKS = {"uniform": ":", "center bias": "--", "gold standard": "-.", "gold mixture": "-"}
_LABELS = {
    "information_gain": "bits a fixation beyond the center bias",
    "gain_over_uniform": "bits a fixation beyond a uniform density",
    "auc": "AUC",
    "nss": "NSS",
}
_BEST = 6


def plot_next_fixation(scores: pd.DataFrame, by_number: pd.DataFrame, *, metric: str = "information_gain") -> Axes:
    """Draw all predictors of one data set with their intervals, and the best of them by the number of the fixation.

    Parameters
    ----------
    scores, by_number
        Tables of the study of next fixations, of one data set.
    metric
        Which score.

    Returns
    -------
    Axes
        The left panel; its figure holds both.
    """
    rows = scores[scores["metric"] == metric].sort_values("value")
    left, right = new_axes(1, 2, panel_inches=(5.5, max(1.2 + 0.3 * len(rows), 3.0)))
    for place, (agent, low, value, high) in enumerate(zip(*(rows[name] for name in ("agent", "low", "value", "high")))):
        color = "0.55" if agent in _MARKS else COLORS[1]
        left.plot([low, high], [place, place], color=color, linewidth=2.5, alpha=0.5)
        left.plot(value, place, "o", color=color)
    left.set_yticks(range(len(rows)), list(rows["agent"]))
    left.set_xlabel(f"{_LABELS[metric]} ({rows['n_pictures'].iloc[0]} pictures, 95 % intervals)")
    best = [agent for agent in rows["agent"][::-1] if agent not in _MARKS][:_BEST]
    curves = by_number[by_number["metric"] == metric]
    # late fixations are those of few pictures and people
    curves = curves[curves["n_pictures"] >= curves["n_pictures"].max() / 2]
    for agent, color in [*zip(best, COLORS), *((mark, "0.45") for mark in _MARKS if mark in set(rows["agent"]))]:
        curve = curves[curves["agent"] == agent].sort_values("fixation")
        right.plot(curve["fixation"], curve["value"], _MARKS.get(agent, ".-"), color=color, label=agent)
        if agent not in _MARKS:
            right.fill_between(curve["fixation"], curve["low"], curve["high"], color=color, alpha=0.12, linewidth=0)
    right.set_xlabel("number of the fixation; the first, which is given, is 0")
    right.set_ylabel(_LABELS[metric])
    right.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return left
