"""
Coming back: recurrence of a scanpath
=====================================

A dot at (i, j) says that fixations i and j lie within a radius. Dots along a diagonal line are a sequence that is
repeated, a vertical line is a place that is looked at again and again.
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp

rng = np.random.default_rng(5)
corners = np.array([(100, 100), (500, 120), (520, 400), (120, 380)], float)
paths = {
    "reads in rounds": np.tile(corners, (4, 1)) + rng.normal(0, 12, (16, 2)),
    "stays, then moves": np.repeat(corners, 4, axis=0) + rng.normal(0, 12, (16, 2)),
    "wanders": rng.uniform((50, 50), (590, 430), (16, 2)),
}

figure, axes = plt.subplots(2, 3, figsize=(11, 7), layout="constrained", height_ratios=(1, 1.2))
for (above, below), (name, xy) in zip(axes.T, paths.items()):
    above.plot(*xy.T, "o-", alpha=0.7)
    above.set(title=name, xlim=(0, 640), ylim=(480, 0), xlabel="x (px)", ylabel="y (px)")
    near = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) <= 64
    below.imshow(near, cmap="Greys", origin="lower")
    measures = sp.metrics.recurrence(xy, radius_px=64)
    words = [f"{part} {getattr(measures, part):.0f}" for part in measures._fields]
    below.set(title="\n".join([", ".join(words[:2]), ", ".join(words[2:])]), xlabel="fixation", ylabel="fixation")
plt.show()
