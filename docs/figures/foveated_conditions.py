"""Drawn scenes as the four conditions show them (docs/foveated_networks.md)."""

import json
from pathlib import Path

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from scanpath.foveation.conditions import CONDITIONS, FoveationConditions
from scanpath.foveation.matching import RingBlur
from scanpath.stimuli import drawn_scene

STUDY = Path(__file__).parents[2] / "benchmarks" / "science" / "foveated_networks.json"
SCENES = ("forest", "corridor", "canyon")


def draw(ink: str) -> Figure:
    """Draw a row for each scene, with the blurs that the study fitted."""
    kept = json.loads(STUDY.read_text(encoding="utf-8"))["conditions"]
    rings = {name: tuple(value) if isinstance(value, list) else value for name, value in kept["rings"].items()}
    fitted = FoveationConditions(**{**kept, "rings": RingBlur(**rings)})
    drawn = [torch.from_numpy(drawn_scene(name, size_px=fitted.size_px, seed=7, number=1)) for name in SCENES]
    figure, axes = plt.subplots(len(SCENES), len(CONDITIONS), figsize=(9, 6.9), layout="constrained")
    for column, name in enumerate(CONDITIONS):
        shown = fitted.apply(torch.stack(drawn), name, seeds=range(len(drawn)))
        axes[0, column].set_title(name, color=ink)
        for ax, picture in zip(axes[:, column], shown):
            ax.imshow(picture.permute(1, 2, 0))
            ax.set_axis_off()
    return figure
