"""
A searcher that knows how badly it sees
=======================================

The Bayesian searcher multiplies what each look told into a map of where the target may be, and looks next where it will
learn most. Its d' (how well a place is seen) falls off with the distance from the eye.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

import scanpath as sp

size = (384, 512)
rng = np.random.default_rng(2)
field = sp.Stimulus(
    torch.from_numpy(rng.uniform(0.3, 0.7, (1, *size)).astype("float32")), name="field", target_box=(380, 90, 32, 32)
)
agent = sp.create_agent("bayesian", rule="elm", prior="uniform", cell_px=32)
table = sp.simulate(agent, field, n_fixations=8, seed=1)
(path,) = sp.scanpaths_from_table(table)

figure, axes = plt.subplots(1, 4, figsize=(15, 3.3), layout="constrained")
for ax, n in zip(axes, np.linspace(1, len(path), 4).round().astype(int)):
    ax.imshow(agent.log_density(field, path.xy[:n]).exp().numpy(), cmap="magma")
    ax.plot(*path.xy[:n].T, "o-", color="white", markersize=6)
    ax.add_patch(plt.Rectangle((380, 90), 32, 32, fill=False, edgecolor="cyan", linewidth=2))
    ax.set_title(f"worth of a look after {n} of {len(path)} fixations")
    ax.set_axis_off()
plt.show()
