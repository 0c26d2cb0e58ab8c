"""
Words lead the eye
==================

NevaClip moves the eye to where the picture, as seen, fits a caption best. The package's small image-text model knows
drawn scenes of colored, textured shapes; it needs no download. Each scene is searched with the caption above it; the
gold box is what the caption means.
"""

import matplotlib.pyplot as plt

import scanpath as sp
from scanpath.plotting import plot_scanpath
from scanpath.stimuli import captioned_scenes

scenes = captioned_scenes(4, seed=8)
agent = sp.create_agent("nevaclip", model="toy")
table = sp.simulate(agent, scenes, n_fixations=4, seed=0)
paths = {path.info["stimulus"]: path for path in sp.scanpaths_from_table(table)}

figure, axes = plt.subplots(1, 4, figsize=(14, 4), layout="constrained")
for ax, scene in zip(axes, scenes):
    plot_scanpath(paths[scene.name], scene, ax=ax, color="white")
    x, y, width, height = scene.target_box
    ax.add_patch(plt.Rectangle((x, y), width, height, fill=False, edgecolor="gold", linewidth=2))
    ax.set_title(f"“{scene.caption}”", fontsize=10)
plt.show()
