"""
Three ideas of what draws the eye
=================================

Itti and Koch: what differs from its surroundings in color, brightness or orientation. Spectral residual: what the
spectrum of natural pictures does not predict. ``viewer``: what people did on other photographs. The first two are maps
of priority; the last one is a probability that sums to 1 over the pixels.
"""

import matplotlib.pyplot as plt
from skimage import data

import scanpath as sp

picture = (data.astronaut() / 255.0).transpose(2, 0, 1).astype("float32")
stimulus = sp.Stimulus(picture, name="astronaut", px_per_deg=20)
start = [(256.0, 256.0)]
viewer = sp.create_agent("viewer")
maps = {
    "Itti & Koch (1998)": sp.create_agent("itti_koch").priority(stimulus, start),
    "Spectral residual (2007)": sp.create_agent("spectral_residual").priority(stimulus, start),
    "viewer: the next fixation": viewer.log_density(stimulus, start).exp(),
}

figure, axes = plt.subplots(1, 4, figsize=(15, 4.2), layout="constrained")
axes[0].imshow(picture.transpose(1, 2, 0))
axes[0].set_title("Photograph; the eye is at the cross")
axes[0].plot(*start[0], "+", color="yellow", markersize=14, markeredgewidth=2)
for ax, (name, drawn) in zip(axes[1:], maps.items()):
    ax.imshow(drawn.numpy(), cmap="magma")
    ax.set_title(name)
for ax in axes:
    ax.set_axis_off()
plt.show()
