"""Plots as SVG that takes its colors from the page, so that they fit light and dark; every text is escaped."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np
import pandas as pd

from scanpath.gaze.table import scanpaths_from_table

_WIDTH, _ROW, _LEFT, _RIGHT = 420, 24, 120, 22
_CLASSES = 6


def score_plot(rows: pd.DataFrame, title: str) -> str:
    """Draw one metric part: each agent's value and interval, and the people's as a band."""
    values = rows[["value", "low", "high", "ceiling", "ceiling_low", "ceiling_high"]].to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return ""
    low, high = float(finite.min()), float(finite.max())
    margin = 0.06 * (high - low) or 0.5
    low, high = low - margin, high + margin

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

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
        parts.append(_text(_LEFT - 10, middle + 4, str(agent), "end"))
        if np.isfinite(start) and np.isfinite(end):
            parts.append(_line(x(start), middle, x(end), middle, "interval"))
        if np.isfinite(value):
            parts.append(f'<circle class="agent" cx="{x(value):.1f}" cy="{middle:.1f}" r="5"/>')
    parts += _axis(low, high, x, bottom)
    said = "; ".join(f"{agent} {value:.3f}" for agent, value in zip(rows["agent"], values[:, 0]))
    return _svg(parts, bottom + 26, title, f"{title}: {said}; people {ceiling['ceiling']:.3f}")


def amplitude_plot(tables: Sequence[tuple[str, pd.DataFrame]]) -> str:
    """Draw how long saccades are, in px: one line for each agent and one for people."""
    groups: dict[str, list[np.ndarray]] = {}
    for kind, table in tables:
        for path in scanpaths_from_table(table):
            name = "people" if kind == "people" else str(path.info.get("agent", "somebody"))
            groups.setdefault(name, []).append(path.saccades.amplitude_px)
    lengths = {name: np.concatenate(parts) for name, parts in groups.items()}
    lengths = {name: values for name, values in lengths.items() if len(values)}
    if not lengths:
        return ""
    top = float(np.percentile(np.concatenate(list(lengths.values())), 99)) or 1.0
    edges = np.linspace(0, top, 25)
    shares = {name: np.histogram(values, edges)[0] / len(values) for name, values in lengths.items()}
    most = max(float(share.max()) for share in shares.values()) or 1.0
    bottom, height = 170, 150

    def x(value: float) -> float:
        return 40 + value / top * (_WIDTH - 40 - _RIGHT)

    parts = []
    names = sorted(shares, key=lambda name: name == "people")
    for place, name in enumerate(names):
        points = " ".join(
            f"{x(float(middle)):.1f},{bottom - float(share) / most * height:.1f}"
            for middle, share in zip((edges[:-1] + edges[1:]) / 2, shares[name])
        )
        style = "people" if name == "people" else f"series s{place % _CLASSES}"
        parts.append(f'<polyline class="{style}" fill="none" points="{points}"/>')
        parts.append(_line(_WIDTH - 170, 14 + 16 * place, _WIDTH - 146, 14 + 16 * place, style))
        parts.append(_text(_WIDTH - 140, 18 + 16 * place, name, "start"))
    parts += _axis(0, top, x, bottom)
    said = "; ".join(f"{name}: median {np.median(lengths[name]):.0f} px" for name in names)
    return _svg(parts, bottom + 26, "Saccade lengths in px", f"Share of saccades by length. {said}")


def found_plot(table: pd.DataFrame) -> str:
    """Draw the share of searches in which the target was found by each fixation; empty where nothing is looked for."""
    paths = [path for path in scanpaths_from_table(table) if "target_found" in path.info and "agent" in path.info]
    if not paths:
        return ""
    longest = max(len(path) for path in paths)
    groups: dict[str, list[int]] = {}
    for path in paths:
        groups.setdefault(str(path.info["agent"]), []).append(len(path) if path.info["target_found"] else longest + 1)
    bottom, height = 170, 150

    def x(value: float) -> float:
        return 40 + (value - 1) / max(longest - 1, 1) * (_WIDTH - 40 - _RIGHT)

    parts, said = [], []
    for place, (name, lengths) in enumerate(sorted(groups.items())):
        shares = [sum(length <= n for length in lengths) / len(lengths) for n in range(1, longest + 1)]
        points = " ".join(f"{x(n):.1f},{bottom - share * height:.1f}" for n, share in enumerate(shares, start=1))
        parts.append(f'<polyline class="series s{place % _CLASSES}" fill="none" points="{points}"/>')
        parts.append(_line(60, 14 + 16 * place, 84, 14 + 16 * place, f"series s{place % _CLASSES}"))
        parts.append(_text(90, 18 + 16 * place, name, "start"))
        said.append(f"{name} {shares[-1]:.0%}")
    parts += _axis(1, longest, x, bottom)
    return _svg(parts, bottom + 26, "Targets found by each fixation", f"Found in the end: {'; '.join(said)}")


def _axis(low: float, high: float, x: Callable[[float], float], bottom: float) -> list[str]:
    ticks, digits = _ticks(low, high)
    parts = [_line(x(low), bottom, x(high), bottom, "axis")]
    for tick in ticks:
        parts.append(_line(x(tick), bottom, x(tick), bottom + 4, "axis"))
        parts.append(_text(x(tick), bottom + 18, f"{tick:.{digits}f}", "middle"))
    return parts


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


def _text(x: float, y: float, text: str, anchor: str) -> str:
    shown = text if len(text) <= 18 else text[:17] + "…"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(shown)}</text>'
