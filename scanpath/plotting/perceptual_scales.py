"""Perceptual scales along paths of textures: predictions, the straight line, and people."""

import pandas as pd
from matplotlib.axes import Axes

from scanpath.plotting.figures import COLORS, in_style, new_axes

_UNITS = {
    "frequency": "spatial frequency (cycles/deg)",
    "frequency-bandwidth": "frequency bandwidth (octaves)",
    "orientation-bandwidth": "orientation bandwidth (SD, deg)",
}
_LINE = "straight line"


@in_style
def plot_perceptual_scales(predictions: pd.DataFrame, fitted: pd.DataFrame | None = None) -> list[Axes]:
    """Draw the predicted scales of each path beside the straight line, and people's with intervals where given.

    Parameters
    ----------
    predictions, fitted
        Tables of the study of perceptual scales.

    Returns
    -------
    list of Axes
        One panel a path.
    """
    paths = list(predictions["path"].unique())
    axes = new_axes(1, len(paths), panel_inches=(3.2, 3.4))
    names = [name for name in predictions["prediction"].unique() if name != _LINE]
    for ax, path in zip(axes, paths):
        rows = predictions[predictions["path"] == path]
        line = rows[rows["prediction"] == _LINE]
        ax.plot(line["value"], line["scale"], "--", color="0.5", label=_LINE)
        for name, color in zip(names, COLORS):
            part = rows[rows["prediction"] == name]
            ax.plot(part["value"], part["scale"], color=color, linewidth=1.4, label=name)
        if fitted is not None and len(fitted):
            people = fitted[fitted["path"] == path]
            ax.fill_between(people["value"], people["low"], people["high"], color="k", alpha=0.15, linewidth=0)
            ax.plot(people["value"], people["scale"], "o", color="k", markersize=3.5, label="people, 95 % interval")
        ax.set_xlabel(_UNITS.get(str(path), str(path)))
        ax.set_ylim(-0.03, 1.03)
    axes[0].set_ylabel("scale, from 0 to 1")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return axes
