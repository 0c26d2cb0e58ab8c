"""Networks that learned from foveated pictures: what they saw, their curves, and how alike they see."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, in_style, new_axes

_PANELS: Mapping[str, tuple[str, ...]] = {
    "high pass": ("high pass",),
    "low pass": ("low pass",),
    "scotoma": ("scotoma",),
    "glaucoma": ("glaucoma",),
    "left or right covered": ("left", "right"),
    "top or bottom covered": ("top", "bottom"),
}
_AXIS = {"high pass": "SD of what is taken away (px)", "low pass": "SD of the blur (px of 256)"}
_WINDOW = "window conflict"


@in_style
def plot_condition_pictures(examples: Mapping[str, np.ndarray]) -> list[Axes]:
    """Draw the same pictures under every condition, a row a picture.

    Parameters
    ----------
    examples
        Condition -> (n, 3, H, W) uint8.

    Returns
    -------
    list of Axes
        In reading order.

    Examples
    --------
    >>> pictures = np.zeros((2, 3, 8, 8), np.uint8)
    >>> len(plot_condition_pictures({"reference": pictures, "texture": pictures}))
    4
    """
    rows = len(next(iter(examples.values())))
    axes = new_axes(rows, len(examples), panel_inches=(1.6, 1.65))
    for place, ax in enumerate(axes):
        row, column = divmod(place, len(examples))
        name = list(examples)[column]
        ax.imshow(examples[name][row].transpose(1, 2, 0))
        ax.set_axis_off()
        if row == 0:
            ax.set_title(name)
    return axes


@in_style
def plot_foveated_networks(curves: pd.DataFrame, paired: pd.DataFrame, *, title: str | None = None) -> list[Axes]:
    """Draw what networks of one architecture still name right, and what they name in the window conflict.

    Parameters
    ----------
    curves, paired
        Rows of the study's tables, of one network.
    title
        Heading.

    Returns
    -------
    list of Axes
        Six probes, the window conflict, and the differences between texture and the others.

    Examples
    --------
    >>> curves = pd.DataFrame({"condition": "texture", "probe": "scotoma", "level": [0.2, 0.5], "mean": [0.8, 0.4]})
    >>> curves = curves.assign(answer="right", low=[0.7, 0.3], high=[0.9, 0.5])
    >>> paired = pd.DataFrame({"measure": ["scotoma"], "condition": "texture", "against": "reference"})
    >>> len(plot_foveated_networks(curves, paired.assign(difference=-0.1, low=-0.2, high=0.0)))
    8
    """
    axes = new_axes(2, 4, panel_inches=(3.1, 2.7))
    conditions = list(curves["condition"].unique())
    for ax, (name, probes) in zip(axes, _PANELS.items()):
        for condition, color in zip(conditions, COLORS):
            rows = curves[(curves["condition"] == condition) & curves["probe"].isin(probes)]
            mean = rows.groupby("level")[["mean", "low", "high"]].mean()
            level = mean.index.to_numpy(dtype=float)
            if len(probes) == 1:  # the mean of two intervals would be none
                ax.fill_between(level, mean["low"], mean["high"], color=color, alpha=0.15, linewidth=0)
            ax.plot(level, mean["mean"], "o-", color=color, markersize=3, linewidth=1.3, label=condition)
        ax.set_title(name)
        ax.set_ylim(0, 1)
        ax.set_xlabel(_AXIS.get(name, "share of the area covered"))
        if name in _AXIS:
            ax.set_xscale("log")
            ax.set_xticks([0.4, 1, 3] if name == "high pass" else [1, 3, 10, 40])
            ax.set_xticks([], minor=True)
            ax.xaxis.set_major_formatter("{x:g}")
    _draw_conflict(axes[6], curves, conditions)
    _draw_differences(axes[7], paired)
    for ax in (axes[0], axes[4]):
        ax.set_ylabel("named right")
    axes[3].legend(loc="upper right")
    if title is not None:
        axes[0].figure.suptitle(title)
    return axes


@in_style
def plot_representations(representations: pd.DataFrame) -> list[Axes]:
    """Draw how alike networks of different runs arrange pictures, one matrix a network.

    Parameters
    ----------
    representations
        The study's table.

    Returns
    -------
    list of Axes
        One a network.

    Examples
    --------
    >>> rows = pd.DataFrame({"network": ["alexnet"], "condition": "texture", "other": "texture", "correlation": 0.9})
    >>> len(plot_representations(rows))
    1
    """
    names = list(representations["network"].unique())
    axes = new_axes(1, len(names), panel_inches=(3.4, 3.2))
    for ax, name in zip(axes, names):
        rows = representations[representations["network"] == name]
        conditions = list(rows["condition"].unique())
        values = np.full((len(conditions), len(conditions)), np.nan)
        for row in rows.itertuples():
            i, j = conditions.index(row.condition), conditions.index(row.other)
            values[i, j] = values[j, i] = row.correlation
        ax.imshow(values, vmin=0, vmax=1, cmap="cividis")
        for (i, j), value in np.ndenumerate(values):
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", color="w" if value < 0.6 else "k", fontsize=8)
        shown = [one.replace(" ", "\n") for one in conditions]
        ax.set_xticks(range(len(shown)), shown)
        ax.set_yticks(range(len(shown)), shown)
        ax.set_title(f"{name}: correlation of dissimilarities")
    return axes


def _draw_conflict(ax: Axes, curves: pd.DataFrame, conditions: list[str]) -> None:
    for condition, color in zip(conditions, COLORS):
        for answer, line in (("center", "-"), ("surround", ":")):
            rows = curves[
                (curves["condition"] == condition) & (curves["probe"] == _WINDOW) & (curves["answer"] == answer)
            ]
            ax.plot(rows["level"].astype(float), rows["mean"], line, color=color, linewidth=1.3)
    ax.plot([], [], "-", color="0.3", label="class of the center")
    ax.plot([], [], ":", color="0.3", label="class of the surround")
    ax.legend(loc="upper center", fontsize=7)
    ax.set_title(_WINDOW)
    ax.set_ylim(0, 1)
    ax.set_xlabel("area of the center")


def _draw_differences(ax: Axes, paired: pd.DataFrame) -> None:
    """Texture minus each other condition, with paired intervals."""
    rows = paired[paired["condition"] == "texture"]
    measures = [name for name in rows["measure"].unique() if "share kept" not in name]
    others = list(rows["against"].unique())
    for number, (other, color) in enumerate(zip(others, (COLORS[0], *COLORS[2:]))):
        part = rows[rows["against"] == other].set_index("measure").loc[measures]
        places = np.arange(len(measures))[::-1] + 0.22 * (1 - number)
        ax.hlines(places, part["low"], part["high"], color=color, linewidth=1.5)
        ax.plot(part["difference"], places, "o", color=color, markersize=3, label=f"- {other}")
    ax.axvline(0, color="0.6", linewidth=0.8)
    ax.set_yticks(range(len(measures)), measures[::-1])
    ax.set_xlabel("texture minus another condition")
