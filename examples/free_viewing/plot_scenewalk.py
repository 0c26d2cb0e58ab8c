"""
Attention that follows, inhibition that stays
=============================================

SceneWalk keeps two maps: attention builds up where the eye is and fades, inhibition builds up more slowly and pushes
the eye on. Their difference is where the next fixation goes. It needs to know how long each fixation lasted.
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp

height, width = 96, 128  # cells over 19.2 x 25.6 degrees
y, x = np.mgrid[:height, :width]
saliency = sum(np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 200) for cx, cy in ((30, 30), (100, 40), (70, 75)))
density = saliency / saliency.sum()
x_deg, y_deg, duration_s = [12.8, 6.0, 7.0], [9.6, 6.0, 6.6], [0.25, 0.3, 0.35]

maps = sp.scenewalk_maps(density, x_deg, y_deg, duration_s)
panels = {"Saliency": density, **dict(zip(("Attention", "Inhibition", "Next fixation"), maps))}
figure, axes = plt.subplots(1, 4, figsize=(15, 3.3), layout="constrained")
for ax, (name, drawn) in zip(axes, panels.items()):
    ax.imshow(np.asarray(drawn), cmap="magma", extent=(0, 25.6, 19.2, 0))
    ax.plot(x_deg, y_deg, "o-", color="cyan", markersize=6)
    ax.set_title(name)
    ax.set_xlabel("degrees")
plt.show()
