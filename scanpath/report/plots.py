"""Plots as SVG that takes its colors from the page, so that they fit light and dark; every text is escaped."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd

from scanpath.gaze.table import scanpaths_from_table
from scanpath.metrics import METRICS

_WIDTH, _RIGHT = 420, 22
#: Rows of agents, and lines of a legend, in the plots' units.
_ROW, _LINE = 26, 20
#: Left edge of a plot with names, and with numbers; its height with numbers.
_NAMES, _NUMBERS, _HEIGHT = 128, 58, 150
_CLASSES = 6


def score_plot(rows: pd.DataFrame, title: str) -> str:
    """Draw one metric part: each agent's value and interval, and the people's as a band."""
    values = rows[["value", "low", "high", "ceiling", "ceiling_low", "ceiling_high"]].to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values)]
    if not np.isfinite(values[:, 0]).any():
        return ""
    low, high = float(finite.min()), float(finite.max())
    margin = 0.06 * (high - low) or 0.5
    x = _Axis(low - margin, high + margin, _NAMES, _WIDTH - _RIGHT)
    bottom = _ROW * len(rows) + 8
    parts = []
    ceiling = rows.iloc[0]
    if np.isfinite(ceiling["ceiling"]):
        left, right = (x(float(ceiling[f"ceiling_{side}"])) for side in ("low", "high"))
        if np.isfinite(left) and np.isfinite(right):
            parts.append(_rectangle(left, 4, right - left, bottom - 4, "band"))
        parts.append(_line(x(float(ceiling["ceiling"])), 4, x(float(ceiling["ceiling"])), bottom, "people"))
    for place, (agent, (value, start, end)) in enumerate(zip(rows["agent"], values[:, :3])):
        middle = _ROW * (place + 0.5) + 4
        parts.append(_text(_NAMES - 10, middle + 4, str(agent), "end"))
        if np.isfinite(start) and np.isfinite(end):
            parts.append(_line(x(start), middle, x(end), middle, "interval"))
        if np.isfinite(value):
            parts.append(f'<circle class="agent" cx="{x(value):.1f}" cy="{middle:.1f}" r="5"/>')
        else:
            parts.append(_text(_NAMES + 6, middle + 4, "undefined", "start", "dim"))
    metric = str(rows["metric"].iloc[0])
    unit = METRICS[metric].unit if metric in METRICS.names("*") else None
    label = f"{unit if unit not in (None, '', '1') else 'score'}, {rows['better'].iloc[0]} is better"
    parts += x.below(bottom, label)
    legend = bottom + 58
    parts += [
        _line(_NAMES, legend - 4, _NAMES + 24, legend - 4, "people"),
        _text(_NAMES + 30, legend, "people", "start"),
    ]
    said = "; ".join(f"{agent} {_said(value)}" for agent, value in zip(rows["agent"], values[:, 0]))
    return _svg(parts, legend + 8, title, f"{title}, {label}: {said}; people {_said(ceiling['ceiling'])}")


def amplitude_plot(tables: Sequence[tuple[str, pd.DataFrame]], px_per_deg: float | None = None) -> str:
    """Draw how long saccades are, in degrees where the scale is given: one line for each agent and one for people."""
    unit = "deg" if px_per_deg else "px"
    groups: dict[str, list[np.ndarray]] = {}
    for kind, table in tables:
        for path in scanpaths_from_table(table):
            name = "people" if kind == "people" else str(path.info.get("agent", "somebody"))
            groups.setdefault(name, []).append(path.saccades.amplitude_px / (px_per_deg or 1.0))
    lengths = {name: np.concatenate(parts) for name, parts in groups.items()}
    lengths = {name: values for name, values in lengths.items() if len(values)}
    if not lengths:
        return ""
    top = float(np.percentile(np.concatenate(list(lengths.values())), 99)) or 1.0
    edges = np.linspace(0, top, 25)
    shares = {name: 100 * np.histogram(values, edges)[0] / len(values) for name, values in lengths.items()}
    names = sorted(shares, key=lambda name: name == "people")
    lines = {name: ((edges[:-1] + edges[1:]) / 2, shares[name]) for name in names}
    most = max(float(share.max()) for share in shares.values()) or 1.0
    said = "; ".join(f"{name}: median {np.median(lengths[name]):.{1 if px_per_deg else 0}f} {unit}" for name in names)
    labels = (f"saccade length, {unit}", "% of saccades")
    return _curves(lines, (0, top), (0, most), labels, "Saccade lengths", f"Share of saccades by length. {said}")


def found_plot(table: pd.DataFrame) -> str:
    """Draw the share of searches in which the target was found by each fixation; empty where nothing is looked for."""
    paths = [path for path in scanpaths_from_table(table) if "target_found" in path.info and "agent" in path.info]
    if not paths:
        return ""
    longest = max(len(path) for path in paths)
    groups: dict[str, list[int]] = {}
    for path in paths:
        groups.setdefault(str(path.info["agent"]), []).append(len(path) if path.info["target_found"] else longest + 1)
    n = np.arange(1, longest + 1)
    lines = {
        name: (n, np.array([100 * np.mean(np.array(lengths) <= k) for k in n]))
        for name, lengths in sorted(groups.items())
    }
    said = "; ".join(f"{name} {share[-1]:.0f} %" for name, (_, share) in lines.items())
    labels = ("fixations, the first included", "% found")
    return _curves(lines, (1, longest), (0, 100), labels, "Targets found by each fixation", f"Found in the end: {said}")


def _curves(
    lines: Mapping[str, tuple[np.ndarray, np.ndarray]],
    across: tuple[float, float],
    up: tuple[float, float],
    labels: tuple[str, str],
    title: str,
    said: str,
) -> str:
    """Lines by name over two axes with labels, and a legend below them."""
    x, y = _Axis(*across, _NUMBERS, _WIDTH - _RIGHT), _Axis(*up, _HEIGHT + 12, 12)
    parts = y.beside(_NUMBERS, labels[1]) + x.below(_HEIGHT + 12, labels[0])
    first = _HEIGHT + 12 + 60
    for place, (name, (xs, ys)) in enumerate(lines.items()):
        style = "people" if name == "people" else f"series s{place % _CLASSES}"
        points = " ".join(f"{x(float(a)):.1f},{y(float(b)):.1f}" for a, b in zip(xs, ys))
        parts.append(f'<polyline class="{style}" fill="none" points="{points}"/>')
        left, line = _NUMBERS + (place % 2) * 180, first + _LINE * (place // 2)
        parts += [_line(left, line - 4, left + 24, line - 4, style), _text(left + 30, line, name, "start")]
    return _svg(parts, first + _LINE * ((len(lines) - 1) // 2) + 8, title, said)


class _Axis:
    """Where a value lies on the plot, and how its axis is drawn."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.start)

    def below(self, bottom: float, label: str) -> list[str]:
        """The axis below a plot."""
        ticks, digits = _ticks(self.low, self.high)
        parts = [_line(self.start, bottom, self.end, bottom, "axis")]
        for tick in ticks:
            parts.append(_line(self(tick), bottom, self(tick), bottom + 4, "axis"))
            parts.append(_text(self(tick), bottom + 18, f"{tick:.{digits}f}", "middle"))
        return [*parts, _text((self.start + self.end) / 2, bottom + 37, label, "middle", "label", 60)]

    def beside(self, left: float, label: str) -> list[str]:
        """The axis left of a plot, its label turned."""
        ticks, digits = _ticks(self.low, self.high)
        parts = [_line(left, self.start, left, self.end, "axis")]
        for tick in ticks:
            parts.append(_line(left - 4, self(tick), left, self(tick), "axis"))
            parts.append(_text(left - 8, self(tick) + 4, f"{tick:.{digits}f}", "end"))
        middle = (self.start + self.end) / 2
        turned = f'<text class="label" text-anchor="middle" transform="translate(16 {middle:.1f}) rotate(-90)">'
        return [*parts, f"{turned}{escape(label)}</text>"]


def _said(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "undefined"


def _ticks(low: float, high: float) -> tuple[list[float], int]:
    """Round numbers from low to high, three to six of them, and how many digits they have behind the point.

    Examples
    --------
    >>> _ticks(0.794, 0.953)
    ([0.8, 0.85, 0.9, 0.95], 2)
    """
    if not high > low:
        return [low], 2
    size = 10.0 ** np.floor(np.log10((high - low) / 5))
    step = next(float(size * factor) for factor in (1, 2, 5, 10) if (high - low) / (size * factor) <= 5)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return [round(number * step, digits) for number in range(first, last + 1)], digits


def _svg(parts: Sequence[str], height: float, title: str, said: str) -> str:
    return (
        f'<figure class="plot"><figcaption>{escape(title)}</figcaption>'
        f'<svg role="img" aria-label="{escape(said)}" viewBox="0 0 {_WIDTH} {height:.0f}">'
        f"{''.join(parts)}</svg></figure>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _rectangle(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str, style: str = "", most: int = 18) -> str:
    shown = text if len(text) <= most else text[: most - 1] + "…"
    whole = "" if shown == text else f"<title>{escape(text)}</title>"
    named = f' class="{style}"' if style else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{whole}{escape(shown)}</text>'
