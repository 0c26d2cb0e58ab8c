"""
Do the saccades look like people's?
===================================

Amplitudes and directions are compared as distributions: their difference is a divergence in bits, 0 where they are
the same. Short saccades are frequent in people, and in ``viewer``, which learned from them; uniform draws have none.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import scanpath as sp
from scanpath.metrics import saccade_values

pictures = {"astronaut": data.astronaut(), "cat": data.cat(), "coffee": data.coffee()}
stimuli = [
    sp.Stimulus((picture / 255.0).transpose(2, 0, 1).astype("float32"), name=name, px_per_deg=20)
    for name, picture in pictures.items()
]
agents = [sp.create_agent(name) for name in ("viewer", "random", "center")]
table = sp.simulate(agents, stimuli, n_fixations=12, seed=(0, 1, 2))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for agent, rows in table.groupby("agent", sort=False):
    paths = sp.scanpaths_from_table(rows)
    left.hist(
        saccade_values(paths, "amplitude", px_per_deg=20),
        np.arange(0, 26, 1.5),
        histtype="step",
        label=agent,
        density=True,
        linewidth=2,
    )
    direction = saccade_values(paths, "direction")
    right.hist(np.mod(direction, 360), np.arange(0, 361, 30), histtype="step", density=True, linewidth=2)
left.set(xlabel="amplitude (deg)", ylabel="density", title="Amplitudes")
left.legend()
right.set(xlabel="direction (deg; 0 right, 90 down)", title="Directions")
plt.show()
