"""
How fast does the picture blur away from the eye?
=================================================

Each law gives the blur (standard deviation of a Gaussian, in degrees) at a distance from the fixation. The default law
is what the eye cannot see at the right viewing distance: the picture looks sharp to an eye that stays where the cross
is. ``strength`` multiplies a law where the loss should be seen.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import scanpath as sp
from scanpath.geometry import geisler_perry_sigma, linear_sigma

photograph = data.coffee() / 255.0  # (H, W, 3); the package takes (3, H, W)
picture = photograph.transpose(2, 0, 1).astype("float32")
fixation, px_per_deg = (150.0, 130.0), 20.0

figure, axes = plt.subplots(2, 2, figsize=(11, 7.6), layout="constrained")
eccentricity_deg = np.linspace(0, 25, 200)
for name, law in {"geisler_perry": geisler_perry_sigma, "linear": linear_sigma}.items():
    axes[0, 0].plot(eccentricity_deg, law(eccentricity_deg), label=name, linewidth=2)
axes[0, 0].set(xlabel="eccentricity (deg)", ylabel="blur, standard deviation (deg)", title="Two laws")
axes[0, 0].legend()

for ax, law, strength in zip(axes.flat[1:], ("geisler_perry", "geisler_perry", "linear"), (1, 6, 1)):
    seen = sp.foveated_blur(picture, fixation, px_per_deg=px_per_deg, law=law, strength=strength)
    ax.imshow(seen.transpose(1, 2, 0).clip(0, 1))
    ax.plot(*fixation, "+", color="yellow", markersize=16, markeredgewidth=2)
    ax.set_title(f"{law}, strength {strength}")
    ax.set_axis_off()
plt.show()
