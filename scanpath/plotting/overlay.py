"""Scanpaths over their picture: one with numbered fixations, or many people's."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.transforms import ScaledTranslation

from scanpath._core.errors import InputError
from scanpath.gaze.scanpath import Scanpath, ScanpathLike, as_scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.plotting.figures import COLORS, in_style
from scanpath.plotting.numbers import draw_numbers
from scanpath.plotting.pictures import draw_picture, legend_columns, picture_axes, set_view, size_of_view, width_inches

_OUTLINE = [withStroke(linewidth=2.8, foreground="white")]
#: Area of a marker, in points squared: for each ms, and where no duration is known.
_AREA_PER_MS, _AREA = 0.2, 42.0
_SHORTEST_MS, _LONGEST_MS = 100, 1500
_ROUND_MS = (100, 200, 300, 400, 500, 750, 1000, 1500)
#: From this many fixations on, every fifth is numbered.
_MANY = 40
#: Most scanpaths that have a color and a name of their own.
_NAMED = 7


@in_style
def plot_scanpath(
    path: ScanpathLike,
    stimulus: Stimulus | None = None,
    *,
    ax: Axes | None = None,
    color: str = COLORS[0],
    title: str | None = None,
    legend: bool | None = None,
) -> Axes:
    """Draw a scanpath over its picture, the fixations numbered from 1 in their order.

    The first fixation is white, the last one black. Where durations are known, a fixation's area is proportional to
    its duration (between 100 and 1500 ms). Numbers stand beside the fixations, moved apart where they are crowded; from
    40 fixations on, every fifth is numbered. The target's box is drawn dashed.

    Parameters
    ----------
    path
        Anything that `as_scanpath` takes.
    stimulus
        The picture below, drawn dimmed; without it only the path is drawn.
    ax
        Axes to draw on; by default those of a new figure with the picture's aspect.
    color
        Color of the path.
    title
        Heading.
    legend
        Explain markers and durations below the picture; by default on a figure of its own.

    Examples
    --------
    >>> ax = plot_scanpath([(10, 10), (50, 30)], title="two fixations")
    >>> ax.get_title()
    'two fixations'
    """
    scanpath = as_scanpath(path)
    entries = _entries(scanpath, stimulus, color) if legend or (legend is None and ax is None) else []
    size = size_of_view(stimulus, scanpath.xy)
    if ax is None:
        ax = _own_axes(size, stimulus, title, entries)
    elif title is not None:
        ax.set_title(title)
    if stimulus is not None:
        draw_picture(ax, stimulus)
    set_view(ax, stimulus, scanpath.xy)
    areas = _areas(scanpath.duration_ms, len(scanpath))
    x, y = scanpath.xy.T
    ax.plot(x, y, color=color, linewidth=1.5, path_effects=_OUTLINE, clip_on=False, zorder=2)
    order = np.argsort(-areas, kind="stable")  # small ones stay visible on large ones
    faces = ["white" if k == 0 else "black" if k == len(scanpath) - 1 else color for k in order]
    edges = [color if k == 0 else "white" for k in order]
    widths = [1.6 if k == 0 else 1.0 for k in order]
    ax.scatter(x[order], y[order], s=areas[order], c=faces, edgecolor=edges, linewidth=widths, clip_on=False, zorder=3)
    draw_numbers(ax, scanpath.xy, areas, every=5 if len(scanpath) >= _MANY else 1)
    _draw_legend(ax, entries, size)
    return ax


@in_style
def plot_scanpaths(
    paths: Iterable[ScanpathLike] | Mapping[str, ScanpathLike],
    stimulus: Stimulus | None = None,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    legend: bool | None = None,
) -> Axes:
    """Draw the scanpaths of many observers on one picture, without numbers; first fixations are white.

    Parameters
    ----------
    paths
        Scanpaths, or a mapping of names to them. Without names, those of ``info["agent"]`` or ``info["subject"]``.
        Up to seven observers have a color and a name each; more are drawn alike and counted.
    stimulus, ax, title, legend
        As for `plot_scanpath`.

    Raises
    ------
    InputError
        If there is no scanpath.

    Examples
    --------
    >>> ax = plot_scanpaths({"a": [(10, 10), (50, 30)], "b": [(12, 9), (48, 35)]})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['a', 'b', 'first fixation']
    """
    names, scanpaths = _named(paths)
    groups = list(dict.fromkeys(names))
    few = len(groups) <= _NAMED
    colors = dict(zip(groups, itertools.cycle(COLORS[:_NAMED]))) if few else dict.fromkeys(groups, COLORS[1])
    xy = np.concatenate([path.xy for path in scanpaths])
    shown = {name: colors[name] for name in groups} if few else {f"{len(groups)} observers": COLORS[1]}
    entries = [Line2D([], [], color=color, marker="o", markersize=4, label=name) for name, color in shown.items()]
    entries.append(_marker("white", "0.2", 25, "first fixation"))
    entries = entries if legend or (legend is None and ax is None) else []
    size = size_of_view(stimulus, xy)
    if ax is None:
        ax = _own_axes(size, stimulus, title, entries)
    elif title is not None:
        ax.set_title(title)
    if stimulus is not None:
        draw_picture(ax, stimulus, strength=0.7)
    set_view(ax, stimulus, xy)
    strength = 0.9 if few else max(0.25, min(0.7, 8 / len(scanpaths)))
    for name, path in zip(names, scanpaths):
        x, y = path.xy.T
        ax.plot(x, y, color=colors[name], linewidth=1.1, alpha=strength, clip_on=False, zorder=2)
        areas = _areas(path.duration_ms, len(path)) * 0.4
        ax.scatter(x, y, s=areas, color=colors[name], alpha=strength, linewidth=0, clip_on=False, zorder=3)
        ax.scatter(x[:1], y[:1], s=22, color="white", edgecolor=colors[name], linewidth=1.2, clip_on=False, zorder=4)
    _draw_legend(ax, entries, size)
    return ax


def _named(paths: Iterable[ScanpathLike] | Mapping[str, ScanpathLike]) -> tuple[list[str], list[Scanpath]]:
    if isinstance(paths, Mapping):
        names, scanpaths = list(map(str, paths)), [as_scanpath(path) for path in paths.values()]
    else:
        scanpaths = [as_scanpath(path) for path in paths]
        own = [path.info.get("agent", path.info.get("subject")) for path in scanpaths]
        names = [f"observer {k}" if name is None else str(name) for k, name in enumerate(own, start=1)]
    if not scanpaths:
        raise InputError("plot_scanpaths needs at least one scanpath, got none.")
    return names, scanpaths


def _own_axes(
    size: tuple[float, float], stimulus: Stimulus | None, title: str | None, entries: Sequence[Line2D]
) -> Axes:
    rows = legend_columns(len(entries), width_inches(size))[1] if entries else 0
    return picture_axes(size, title=title, rows_below=rows, labeled=stimulus is None)


def _draw_legend(ax: Axes, entries: Sequence[Line2D], size: tuple[float, float]) -> None:
    columns, _ = legend_columns(len(entries), width_inches(size))
    figure = ax.get_figure(root=True)
    if not entries or figure is None:
        return
    below = ScaledTranslation(0, -(0.5 if ax.axison else 0.09), figure.dpi_scale_trans)
    ax.legend(
        handles=list(entries),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=ax.transAxes + below,
        borderaxespad=0,
        ncols=columns,
        frameon=False,
        handletextpad=0.4,
        columnspacing=1.2,
    )


def _entries(scanpath: Scanpath, stimulus: Stimulus | None, color: str) -> list[Line2D]:
    """Say what the markers mean, as far as there are any of the kind."""
    entries = []
    if len(scanpath):
        entries.append(_marker("white", color, 36, "first"))
    if len(scanpath) > 1:
        entries.append(_marker("black", "white", 36, "last"))
    entries += [_marker(color, "white", _AREA_PER_MS * ms, f"{ms} ms") for ms in round_durations(scanpath.duration_ms)]
    if stimulus is not None and stimulus.target_box is not None:
        entries.append(Line2D([], [], color=COLORS[2], linestyle="--", linewidth=1.8, label="target"))
    return entries


def _marker(face: str, edge: str, area: float, label: str) -> Line2D:
    return Line2D(
        [], [], linestyle="", marker="o", markersize=area**0.5, markerfacecolor=face, markeredgecolor=edge, label=label
    )


def round_durations(duration_ms: np.ndarray | None) -> list[int]:
    """Round durations that a legend shows: near the shortest and the longest, or none where none is known.

    Examples
    --------
    >>> round_durations(np.array([90.0, 250.0, 610.0]))
    [100, 500]
    """
    known = np.array([]) if duration_ms is None else duration_ms[np.isfinite(duration_ms)]
    if not len(known):
        return []
    inside = [ms for ms in _ROUND_MS if known.min() <= ms <= known.max()]
    if not inside:
        return [min(_ROUND_MS, key=lambda ms: abs(ms - float(np.median(known))))]
    return sorted({inside[0], inside[-1]})


def _areas(duration_ms: np.ndarray | None, n: int) -> np.ndarray:
    if duration_ms is None or np.isnan(duration_ms).all():
        return np.full(n, _AREA)
    known = np.nan_to_num(duration_ms, nan=float(np.nanmean(duration_ms)))
    return np.clip(known, _SHORTEST_MS, _LONGEST_MS) * _AREA_PER_MS
