"""
What the eye keeps: one photograph under every transform
========================================================

The fixation is marked in the first panel; the photograph is taken to be 26 degrees wide. Blur takes detail away,
texture and the metamer keep it but not its place, and the log-polar map and the cortex give the fovea its share.
"""

import matplotlib.pyplot as plt
import torch
from skimage import data

import scanpath as sp

photograph = torch.from_numpy(data.astronaut().transpose(2, 0, 1) / 255.0).float()
fixation = (230.0, 110.0)
px_per_deg = photograph.shape[-1] / 26
view = {"px_per_deg": px_per_deg}

# synthesis by gradient descent takes a while, so it gets a smaller picture
small = torch.nn.functional.interpolate(photograph[None], size=256, mode="area")[0]
metamer = sp.synthesize_metamer(small, [place / 2 for place in fixation], steps=200, px_per_deg=px_per_deg / 2)

rings = {"fixation": fixation, "shape": (192, 384), **view}
back = sp.inverse_log_polar(sp.log_polar(photograph, **rings), fixation, photograph.shape[-2:], **view)

panels = {
    "Photograph": photograph,
    "Blur, at the limit of acuity": sp.foveated_blur(photograph, fixation, **view),
    "Blur, five times that": sp.foveated_blur(photograph, fixation, strength=5, **view),
    "Texture from displaced octaves": sp.foveated_texture(photograph, fixation, **view),
    "Texture from noise": sp.foveated_texture(photograph, fixation, source="noise", **view),
    "Metamer of a model of V1": metamer,
    "Log-polar: eccentricity down, angle across": sp.log_polar(photograph, outside="zero", **rings),
    "On the cortex: left and right half of the field": sp.cortical_view(photograph, fixation, (256, 512), **view),
    "Log-polar and back": back,
}
figure, axes = plt.subplots(3, 3, figsize=(12.6, 13.2), layout="constrained")
for ax, (title, picture) in zip(axes.flat, panels.items()):
    ax.imshow(picture.permute(1, 2, 0).clamp(0, 1).numpy())
    ax.set_title(title)
    ax.set_axis_off()
axes[0, 0].plot(*fixation, "o", markersize=12, markerfacecolor="none", markeredgecolor="yellow", markeredgewidth=2)
plt.show()
