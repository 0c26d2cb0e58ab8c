"""What networks that learned from texture do better or worse than others (docs/foveated_networks.md)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

STUDY = Path(__file__).parents[2] / "benchmarks" / "science" / "foveated_networks.json"
MEASURES = ("i.i.d.", "high pass", "low pass", "scotoma", "glaucoma", "left and right", "top and bottom", "crossover")
OTHERS = {"reference": "#D55E00", "uniform blur": "#009E73", "foveated blur": "#CC79A7"}


def draw(ink: str) -> Figure:
    """Draw texture minus each other condition with its interval, one panel a network."""
    paired = pd.DataFrame(json.loads(STUDY.read_text(encoding="utf-8"))["paired"])
    paired = paired[(paired["condition"] == "texture") & paired["measure"].isin(MEASURES)]
    networks = list(paired["network"].unique())
    figure, axes = plt.subplots(1, len(networks), figsize=(10, 4.4), sharey=True, layout="constrained")
    for ax, network in zip(axes, networks):
        ax.axvline(0, color=ink, linewidth=0.7, alpha=0.6)
        for number, (other, color) in enumerate(OTHERS.items()):
            rows = paired[(paired["network"] == network) & (paired["against"] == other)].set_index("measure")
            rows = rows.loc[list(MEASURES)]
            places = np.arange(len(MEASURES))[::-1] + 0.24 * (1 - number)
            ax.hlines(places, rows["low"], rows["high"], color=color, linewidth=2)
            ax.plot(rows["difference"], places, "o", color=color, markersize=4, label=f"texture - {other}")
        ax.set_yticks(range(len(MEASURES)), MEASURES[::-1])
        ax.set_title(network)
        ax.set_xlabel("difference, 95 % interval")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=10, labelcolor=ink)
    return figure
