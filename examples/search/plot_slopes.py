"""
Pop-out and effort: fixations against the number of items
=========================================================

A bar of another orientation is found at once among few or many. A T among L takes longer the more there are. An agent
that compares what it sees with the target shows how much of that its features explain.
"""

import matplotlib.pyplot as plt

import scanpath as sp
from scanpath.stimuli import Item, feature_display, t_among_l_display

tilted, upright = Item("bar", orientation_deg=45), Item("bar")
agent = sp.create_agent("ivsn", backbone="steerable")
sizes, trials = (4, 8, 16), range(4)
draw = {
    "tilted bar among upright": lambda n, trial: feature_display(n, tilted, upright, trial=trial),
    "T among L": lambda n, trial: t_among_l_display(n, trial=trial),
}

figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
for ax, (name, display) in zip(axes, draw.items()):
    needed = []
    for n in sizes:
        table = sp.simulate(agent, [display(n, trial) for trial in trials], n_fixations=n + 1)
        needed.append(table.groupby("stimulus").size().mean() - 1)
    picture = display(sizes[-1], 0)
    ax.imshow(picture.image.permute(1, 2, 0).numpy().squeeze(), cmap="gray", vmin=0, vmax=1)
    x, y, width, height = picture.target_box
    ax.add_patch(plt.Rectangle((x, y), width, height, fill=False, edgecolor="gold", linewidth=2))
    ax.set_title(name)
    ax.set_axis_off()
    axes[2].plot(sizes, needed, "o-", label=name)
axes[2].set(xlabel="items", ylabel="fixations until found", title="IVSN with steerable features", ylim=0)
axes[2].legend()
plt.show()
