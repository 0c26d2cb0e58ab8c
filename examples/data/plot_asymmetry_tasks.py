"""
Six search asymmetries, drawn
=============================

Finding A among B is not finding B among A. The six tasks of Gupta et al. (2021) are drawn by the package, with the
target's place known. The upper row is the slow half of each pair.
"""

import matplotlib.pyplot as plt

from scanpath.stimuli import ASYMMETRY_TASKS, asymmetry_display

figure, axes = plt.subplots(2, 6, figsize=(16, 5.6), layout="constrained")
for column, task in zip(axes.T, ASYMMETRY_TASKS.values()):
    for ax, condition in zip(column, task.conditions):
        display = asymmetry_display(condition, task.set_sizes[1], seed=1)
        ax.imshow(display.image.permute(1, 2, 0).numpy().squeeze(), cmap="gray", vmin=0, vmax=1)
        x, y, width, height = display.target_box
        ax.add_patch(plt.Rectangle((x, y), width, height, fill=False, edgecolor="gold", linewidth=2))
        ax.set_title(condition.replace("_", " "), fontsize=11)
        ax.set_axis_off()
plt.show()
