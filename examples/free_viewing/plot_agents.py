"""
Six agents, one photograph
==========================

Agents differ in what they know: nothing (random), the middle (center), contrast (Itti and Koch), contrast with jumps
(Lévy), gravity of details (G-Eymol), and what people did (viewer). Every scanpath is derived from the seed, the agent
and the picture's name: the same call gives the same fixations.
"""

import matplotlib.pyplot as plt
from skimage import data

import scanpath as sp
from scanpath.plotting import plot_scanpath

picture = (data.rocket()[:, 100:540] / 255.0).transpose(2, 0, 1).astype("float32")
stimulus = sp.Stimulus(picture, name="rocket", px_per_deg=16)
names = ("random", "center", "itti_koch", "levy", "g_eymol", "viewer")
agents = [sp.create_agent(name) for name in names]
table = sp.simulate(agents, stimulus, n_fixations=8, seed=4)

figure, axes = plt.subplots(2, 3, figsize=(12, 8), layout="constrained")
for ax, path in zip(axes.flat, sp.scanpaths_from_table(table)):
    plot_scanpath(path, stimulus, ax=ax, title=path.info["agent"])
plt.show()
