"""Figures without global state: made, saved atomically and let go."""

import os
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path

#: Okabe and Ito's colors, distinguishable with any color vision.
COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
_FORMATS = (".png", ".pdf", ".svg", ".jpg")


def new_axes(rows: int = 1, columns: int = 1, *, panel_inches: tuple[float, float] = (5.0, 4.0)) -> list[Axes]:
    """Make a figure outside pyplot and return its axes in reading order."""
    figure = Figure(figsize=(panel_inches[0] * columns, panel_inches[1] * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return list(figure.subplots(rows, columns, squeeze=False).flat)


def save_figure(ax: Axes, path: str | os.PathLike[str], *, dpi: int = 150) -> Path:
    """Write the figure that holds `ax` atomically; the ending chooses the format.

    Raises
    ------
    InputError
        If the ending is not one of .png, .pdf, .svg and .jpg, or the axes are on no figure.
    """
    target = Path(path)
    if target.suffix.lower() not in _FORMATS:
        raise InputError(f"Cannot write the figure {target}: its name must end in {', '.join(_FORMATS)}.")
    figure = ax.get_figure(root=True)
    if figure is None:
        raise InputError(f"Cannot write the figure {target}: its axes were taken off their figure; draw them again.")
    with atomic_path(target) as temporary:
        figure.savefig(temporary, dpi=dpi)
    return target
