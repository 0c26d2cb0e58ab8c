"""What a bit is, and how many there are on OSIE (README.md, docs/viewer.md)."""

import re
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[2]
ROWS = {
    "uniform": ("README.md", "uniform"),
    "center bias": ("README.md", "center bias: people on the other pictures"),
    "levy, calibrated": ("README.md", "levy, calibrated"),
    "viewer, no history": ("docs/viewer.md", "viewer without history (one readout, learned from 540 pictures)"),
    "other people": ("README.md", "other people on the picture (gold standard)"),
    "viewer": ("README.md", "**viewer**"),
}


def read(file: str, row: str) -> float:
    """Take the first number of a row of a page's table."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return float(re.search(rf"^\| {re.escape(row)} \| \**(-?[\d.]+)", text, re.M)[1])


def draw(ink: str) -> Figure:
    """Draw the ratio of two densities at one place, and bars of measured bits."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.4), width_ratios=(1, 1.2), layout="constrained")
    x = np.linspace(-10, 10, 400)
    model, baseline = (np.exp(-((x - at) ** 2) / (2 * sd**2)) / sd for at, sd in ((3.5, 1.6), (0, 4.5)))
    left.plot(x, model, color="#D55E00", linewidth=2.5, label="model")
    left.plot(x, baseline, color="#0072B2", linewidth=2.5, label="baseline")
    place = 270
    left.vlines(x[place], baseline[place], model[place], color=ink, linestyle=":", linewidth=2)
    left.plot([x[place]] * 2, [baseline[place], model[place]], "o", color=ink)
    gain = np.log2(model[place] / baseline[place])
    left.text(x[place] + 0.6, model[place] + 0.02, f"log2 of the ratio\nhere: {gain:.2f} bits")
    left.set(xlabel="place along a line (deg)", ylabel="density", yticks=[], ylim=(0, 0.8))
    left.legend(loc="upper left")
    values = {name: read(*where) for name, where in ROWS.items()}
    bars = right.barh(list(values), list(values.values()), color=["#0072B2"] * 5 + ["#D55E00"])
    right.bar_label(bars, fmt="%.2f", padding=4, color=ink)
    right.axvline(0, color=ink, linewidth=1)
    right.set(xlabel="bits beyond the center bias, OSIE", xlim=(-0.9, 3.6))
    return figure
