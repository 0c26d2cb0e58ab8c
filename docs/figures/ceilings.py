"""The same scanpaths by two pairings: floors, agents and people on OSIE (benchmarks/science/free_viewing.md)."""

import re
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

TABLE = Path(__file__).parents[2] / "benchmarks" / "science" / "free_viewing.md"
SHOWN = ("random", "center", "g_eymol", "people")


def read(heading: str) -> dict[str, float]:
    """Take the first column of numbers of one table of the study's page."""
    section = TABLE.read_text(encoding="utf-8").split(f"## {heading}")[1].split("\n## ")[0]
    return {name: float(value) for name, value in re.findall(r"^\| ([^|]+?) \| ([\d.]+)", section, re.M)}


def draw(ink: str) -> Figure:
    """Draw both rules below each other on one axis."""
    figure, ax = plt.subplots(figsize=(7.5, 4))
    for row, (name, heading) in enumerate((("best match", "Plausibility"), ("mean over people", "Mean similarity"))):
        values = read(heading)
        ax.axhline(row, color=ink, linewidth=0.8, alpha=0.4)
        for step, who in enumerate(SHOWN):
            value = values[who]
            ax.plot(value, row, "o", markersize=13, color="#D55E00" if who == "people" else "#0072B2")
            above = step % 2 == 0
            ax.text(
                value,
                row + (-0.2 if above else 0.2),
                f"{who}\n{value:.2f}",
                ha="center",
                va="bottom" if above else "top",
                fontsize=13,
            )
        ax.text(-0.16, row, name, va="center", fontweight="bold", backgroundcolor=ax.get_facecolor())
    ax.set(xlim=(-0.17, 0.72), ylim=(1.75, -0.75), xlabel="similarity (SBTDE 5x5)", yticks=[])
    ax.spines["left"].set_visible(False)
    return figure
