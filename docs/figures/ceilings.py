"""The same scanpaths by two pairings: floors, agents and people on OSIE (benchmarks/science/free_viewing.md)."""

import re
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

TABLE = Path(__file__).parents[2] / "benchmarks" / "science" / "free_viewing.md"
SHOWN = {"random": ("right", -1), "center": ("center", 1), "g_eymol": ("left", -1), "people": ("center", 1)}


def read(heading: str) -> dict[str, float]:
    """Take the first column of numbers of one table of the study's page."""
    section = TABLE.read_text(encoding="utf-8").split(f"## {heading}")[1].split("\n## ")[0]
    return {name: float(value) for name, value in re.findall(r"^\| ([^|]+?) \| ([\d.]+)", section, re.M)}


def draw(ink: str) -> Figure:
    """Draw both rules below each other on one axis."""
    figure, ax = plt.subplots(figsize=(7.5, 4.6))
    for row, (name, heading) in enumerate((("best match", "Plausibility"), ("mean over people", "Mean similarity"))):
        values = read(heading)
        ax.axhline(row, color=ink, linewidth=0.8, alpha=0.4)
        for who, (side, way) in SHOWN.items():
            value = values[who]
            ax.plot(value, row, "o", markersize=13, color="#D55E00" if who == "people" else "#0072B2")
            ax.text(
                value,
                row + 0.14 * way,
                f"{who}\n{value:.2f}",
                ha=side,
                va="bottom" if way < 0 else "top",
                fontsize=13,
            )
        ax.text(-0.21, row, name, va="center", fontweight="bold", backgroundcolor=ax.get_facecolor())
    ax.set(
        xlim=(-0.22, 0.72), ylim=(1.55, -0.55), xlabel="similarity (SBTDE 5x5)", yticks=[], xticks=[0, 0.2, 0.4, 0.6]
    )
    ax.spines["left"].set_visible(False)
    return figure
