"""How many bits each agent knows of people's next fixations."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scanpath.plotting.figures import COLORS, in_style, new_axes

#: Predictors that are drawn as marks, in gray, and their lines.
_MARKS = {"uniform": ":", "center bias": "--", "gold standard": "-.", "gold mixture": "-"}
_LABELS = {
    "information_gain": "bits a fixation beyond the center bias",
    "gain_over_uniform": "bits a fixation beyond a uniform density",
    "auc": "AUC",
    "nss": "NSS",
}
#: How many are followed from fixation to fixation; each has its color in both panels, the others one.
_BEST, _OTHERS, _GRAY = 6, "#7A9CC6", "0.45"


@in_style
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
    left, right = new_axes(1, 2, panel_inches=(4.2, max(1.0 + 0.24 * len(rows), 3.0)))
    best = [agent for agent in rows["agent"][::-1] if agent not in _MARKS][:_BEST]
    colors = dict.fromkeys(rows["agent"], _OTHERS) | dict(zip(best, COLORS)) | dict.fromkeys(_MARKS, _GRAY)
    left.axvline(0.5 if metric == "auc" else 0.0, color="0.85", linewidth=0.8, zorder=0)  # chance
    for place, (agent, low, value, high) in enumerate(zip(*(rows[name] for name in ("agent", "low", "value", "high")))):
        left.plot([low, high], [place, place], color=colors[agent], linewidth=2.5, alpha=0.5)
        left.plot(value, place, "o", color=colors[agent])
    left.set_yticks(range(len(rows)), list(rows["agent"]))
    left.set_xlabel(_LABELS[metric])
    left.set_title(f"{rows['n_pictures'].iloc[0]} pictures, 95 % intervals", loc="left")
    curves = by_number[by_number["metric"] == metric]
    # late fixations are those of few pictures and people
    curves = curves[curves["n_pictures"] >= curves["n_pictures"].max() / 2]
    for agent in [agent for agent in rows["agent"][::-1] if agent in best or agent in _MARKS]:
        curve = curves[curves["agent"] == agent].sort_values("fixation")
        right.plot(curve["fixation"], curve["value"], _MARKS.get(agent, ".-"), color=colors[agent], label=agent)
        if agent not in _MARKS:
            right.fill_between(curve["fixation"], curve["low"], curve["high"], color=colors[agent], alpha=0.12, lw=0)
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_xlabel("number of the fixation (the first, given, is 0)")
    right.set_ylabel(_LABELS[metric])
    right.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return left
