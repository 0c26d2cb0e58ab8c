"""How plausible agents' scanpaths are, between chance and people."""

import pandas as pd
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, in_style, new_axes


@in_style
def plot_plausibility(
    scores: pd.DataFrame, *, measure: str = "SBTDE 5x5", pairing: str = "plausibility", ax: Axes | None = None
) -> Axes:
    """Draw one measure for all agents with its intervals, best on top, and people as a band.

    Parameters
    ----------
    scores
        Table of the free-viewing or captioning study: ``agent, measure, pairing, value, low, high, ceiling,
        ceiling_low, ceiling_high``.
    measure, pairing
        Rows to draw.
    ax
        Axes to draw on; new ones by default.
    """
    rows = scores[(scores["measure"] == measure) & (scores["pairing"] == pairing)].sort_values("value")
    ax = ax or new_axes(panel_inches=(6.5, 0.9 + 0.32 * len(rows)))[0]
    people = rows.iloc[0]
    ax.axvspan(people["ceiling_low"], people["ceiling_high"], color=COLORS[2], alpha=0.25, linewidth=0)
    ax.axvline(people["ceiling"], color=COLORS[2], label="people")
    for place, (agent, low, value, high) in enumerate(zip(*(rows[name] for name in ("agent", "low", "value", "high")))):
        color = "0.55" if agent.startswith("floor") else COLORS[1]
        ax.plot([low, high], [place, place], color=color, linewidth=2.5, alpha=0.5)
        ax.plot(value, place, "o", color=color)
    ax.set_yticks(range(len(rows)), rows["agent"])
    ax.set_xlabel(f"{measure}, {pairing} ({people['n_pictures']} pictures, 95 % intervals)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax
