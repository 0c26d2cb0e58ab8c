"""Figures without global state: made, saved atomically and let go."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path

P = ParamSpec("P")
R = TypeVar("R")

#: Okabe and Ito's colors, distinguishable with any color vision.
COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
#: Matplotlib settings of figures that fit a paper: text of 8 to 9 points, thin axes, open frames.
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.markersize": 5,
}
#: Text stays text that can be searched and edited, and equal figures are equal files.
_TEXT: dict[Any, Any] = {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "scanpath"}
_FORMATS = (".png", ".pdf", ".svg", ".jpg")
_UNDATED = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}


def in_style(plot: Callable[P, R]) -> Callable[P, R]:
    """Let a plot have `STYLE` where it makes its own axes, and the caller's where it is given some."""

    @functools.wraps(plot)
    def styled(*args: P.args, **settings: P.kwargs) -> R:
        if settings.get("ax") is not None:
            return plot(*args, **settings)
        with matplotlib.rc_context(STYLE):
            return plot(*args, **settings)

    return styled


def new_axes(rows: int = 1, columns: int = 1, *, panel_inches: tuple[float, float] = (5.0, 4.0)) -> list[Axes]:
    """Make a figure outside pyplot and return its axes in reading order."""
    figure = Figure(figsize=(panel_inches[0] * columns, panel_inches[1] * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return list(figure.subplots(rows, columns, squeeze=False).flat)


def save_figure(ax: Axes, path: str | os.PathLike[str], *, dpi: int = 200) -> Path:
    """Write the figure that holds `ax` atomically; the ending chooses the format.

    PDF and SVG keep text as text. Equal figures give equal files.

    Raises
    ------
    InputError
        If the ending is not one of .png, .pdf, .svg and .jpg, or the axes are on no figure.
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in _FORMATS:
        raise InputError(f"Cannot write the figure {target}: its name must end in {', '.join(_FORMATS)}.")
    figure = ax.get_figure(root=True)
    if figure is None:
        raise InputError(f"Cannot write the figure {target}: its axes were taken off their figure; draw them again.")
    with atomic_path(target) as temporary, matplotlib.rc_context(_TEXT):
        figure.savefig(temporary, dpi=dpi, metadata=_UNDATED.get(ending))
    return target
