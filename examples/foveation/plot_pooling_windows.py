"""
Windows that grow with eccentricity
===================================

Receptive fields are larger the further from the fovea they are. Windows whose width is a constant share of their
eccentricity (0.5 is near V2) hold what peripheral vision may keep of a picture: a mean, or other statistics, of each.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import scanpath as sp

gray = data.camera()[::4, ::4].astype("float32") / 255
fixation = (56.0, 33.0)
figure, axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")

for ax, scaling in zip(axes, (0.25, 0.5)):
    windows = sp.PoolingWindows(gray.shape, fixation, px_per_deg=5, scaling=scaling)
    ax.imshow(gray, cmap="gray")
    for window in np.asarray(windows.dense()):
        if window.max() > 0.5:
            ax.contour(window, levels=[0.5 * window.max()], colors="gold", linewidths=0.7)
    ax.set_title(f"scaling {scaling}: {windows.n_windows} windows")

means = np.asarray(windows.pool(gray[None]))[0]
shown = np.tensordot(means, np.asarray(windows.dense()), axes=1) + gray * np.asarray(windows.fovea)
axes[2].imshow(shown, cmap="gray")
axes[2].set_title("Each window's mean at scaling 0.5, and the fovea")
for ax in axes:
    ax.plot(*fixation, "+", color="red", markersize=12, markeredgewidth=2)
    ax.set_axis_off()
plt.show()
