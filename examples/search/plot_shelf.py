"""
Objects instead of pixels: a search along a shelf
=================================================

OAT chooses the next object, or to end the search. Each panel shows how probable it takes each product to be next. The
network that comes with the package learned from a rule that searched drawn shelves; it is no model of people.
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp
from scanpath.plotting import plot_scanpath
from scanpath.stimuli import shelf

display = shelf(3, 9, scale=2, seed=4)
agent = sp.create_agent("oat")
table = sp.simulate(agent, display, n_fixations=12, seed=3)
(path,) = sp.scanpaths_from_table(table)

figure, axes = plt.subplots(2, 2, figsize=(13, 7), layout="constrained")
plot_scanpath(path, display, ax=axes[0, 0], title=f"{len(path)} fixations; gold: looked for")
vivid = 0.4 * display.image.permute(1, 2, 0).numpy()
for ax, n in zip(axes.flat[1:], (1, len(path) // 2, len(path))):
    probability = np.exp(np.asarray(agent.object_log_probabilities(display, path.xy[:n])))
    ax.imshow(vivid)
    for (x, y, width, height), share in zip(display.objects, probability):
        ax.add_patch(
            plt.Rectangle((x, y), width, height, facecolor="orangered", alpha=float(share / probability.max()))
        )
    ax.set_title(f"after {n}: brighter is likelier; the end has {probability[-1]:.2f}")
for ax in axes.flat:
    x, y, width, height = display.target_box
    ax.add_patch(plt.Rectangle((x, y), width, height, fill=False, edgecolor="gold", linewidth=3))
    ax.set_axis_off()
plt.show()
