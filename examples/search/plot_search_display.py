"""
What guides a search: the priority map at every fixation
========================================================

A line is looked for among curves. At each fixation the agent compares what it sees, more coarsely the further it lies
from the fixation, with the target; the brightest place not yet visited is looked at next.
"""

import matplotlib.pyplot as plt

import scanpath as sp
from scanpath.plotting import plot_scanpath
from scanpath.stimuli import asymmetry_display

# a line among curves: the slow half of a search asymmetry
display = asymmetry_display("line_in_curves", 24, seed=3)
agent = sp.create_agent("eccnet", backbone="steerable", recognition_px=10)
table = sp.simulate(agent, [display], n_fixations=8, seed=0)
(path,) = sp.scanpaths_from_table(table)

steps = min(len(path) - 1, 3)
figure, axes = plt.subplots(1, steps + 1, figsize=(3.6 * (steps + 1), 3.9), layout="constrained")
plot_scanpath(path, display, ax=axes[0], title=f"{len(path)} fixations")
for step, ax in enumerate(axes[1:], start=1):
    history = path.xy[:step]
    ax.imshow(agent.priority(display, history).numpy(), cmap="magma")
    ax.plot(*history[-1], "wo", markersize=9)
    ax.plot(*path.xy[step], "w*", markersize=14)
    ax.set_title(f"Priority at fixation {step}; star: next")
    ax.set_axis_off()
plt.show()
