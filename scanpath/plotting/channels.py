"""What leads gaze, and by how many bits."""

import pandas as pd
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, new_axes

_MEASURES = {"alone": "by itself", "lost": "lost without it"}


def plot_channels(bits: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw for each channel the bits that it has by itself and those that are lost without it.

    Parameters
    ----------
    bits
        Table of `scanpath.training.fit_channels`: ``channel, alone, alone_low, alone_high, lost, lost_low, lost_high``.
    ax
        Axes to draw on; new ones by default.
    """
    rows = bits.sort_values("alone")
    ax = ax or new_axes(panel_inches=(6.0, 1.2 + 0.45 * len(rows)))[0]
    for shift, (measure, label), color in zip((0.12, -0.12), _MEASURES.items(), COLORS[1:]):
        for place, row in enumerate(rows.to_dict("records")):
            ends = [row[f"{measure}_low"], row[f"{measure}_high"]]
            ax.plot(ends, [place + shift] * 2, color=color, linewidth=2.5, alpha=0.5)
        ax.plot(rows[measure], [place + shift for place in range(len(rows))], "o", color=color, label=label)
    ax.axvline(0, color="0.7", linewidth=1)
    ax.set_yticks(range(len(rows)), list(rows["channel"]))
    ax.set_xlabel("bits a fixation on pictures left out (95 % intervals)")
    ax.legend(frameon=False, loc="lower right")
    return ax
