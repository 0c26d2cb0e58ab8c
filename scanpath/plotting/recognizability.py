"""How recognizable items are by eccentricity: one panel for how often they are named, one for the index."""

from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scanpath.plotting.figures import COLORS, in_style, new_axes

_MEASURES = {"accuracy": "share named rightly", "index": "recognizability index"}
_Style = Literal["-", "--", ":", "-."]
#: Of the sizes of items, over and over: four styles and five markers make twenty different pairs.
_STYLES: tuple[_Style, ...] = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D", "v")


@in_style
def plot_recognizability(curves: pd.DataFrame, *, chance: float = 1 / 8) -> list[Axes]:
    """Draw accuracy and index against eccentricity: a color for each view, a line style for each size of items.

    Parameters
    ----------
    curves
        Table of the study of recognizability; the bands reach from the least to the most of the trained networks.
    chance
        Accuracy of guessing, drawn as a line.

    Returns
    -------
    list of Axes
        Of the two panels.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"view": "blur", "size_deg": 2.0, "eccentricity_deg": 0.0}
    >>> row |= {name + end: 1.0 for name in ("accuracy", "index") for end in ("", "_least", "_most")}
    >>> len(plot_recognizability(pd.DataFrame([row])))
    2
    """
    axes = new_axes(1, 2, panel_inches=(3.6, 3.2))
    views, sizes = list(curves["view"].unique()), sorted(curves["size_deg"].unique())
    for ax, (measure, label) in zip(axes, _MEASURES.items()):
        for view, color in zip(views, COLORS):
            for number, size in enumerate(sizes):
                style, marker = _look_of(number)
                rows = curves[(curves["view"] == view) & (curves["size_deg"] == size)]
                where = rows["eccentricity_deg"]
                ax.plot(where, rows[measure], style, color=color, marker=marker, markersize=3.5, linewidth=1.3)
                ax.fill_between(
                    where, rows[f"{measure}_least"], rows[f"{measure}_most"], color=color, alpha=0.12, linewidth=0
                )
        ax.set_xlabel("eccentricity (deg)")
        ax.set_ylabel(label)
        ax.set_ylim(bottom=0)
    axes[0].axhline(chance, color="0.6", linewidth=0.8)
    axes[0].annotate("chance", (0.02, chance), xycoords=("axes fraction", "data"), ha="left", va="top", color="0.4")
    handles = [Line2D([], [], color=color, label=view) for view, color in zip(views, COLORS)]
    if len(sizes) > 1:
        for number, size in enumerate(sizes):
            style, marker = _look_of(number)
            label = f"items of {size:g} deg"
            handles.append(Line2D([], [], color="0.3", linestyle=style, marker=marker, markersize=3.5, label=label))
    axes[-1].legend(handles=handles, loc="center left", bbox_to_anchor=(1.02, 0.5))
    return axes


def _look_of(number: int) -> tuple[_Style, str]:
    return _STYLES[number % len(_STYLES)], _MARKERS[number % len(_MARKERS)]
