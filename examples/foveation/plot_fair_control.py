"""
A fair control for foveation: even blur that loses as much
==========================================================

Is a network better on foveated pictures because of where they are sharp, or because they are blurred at all? The even
blur that loses as much structure (SSIM) as the foveated picture is the control.
"""

import matplotlib.pyplot as plt
import torch
from skimage import data

import scanpath as sp

picture = torch.from_numpy(data.coffee().transpose(2, 0, 1) / 255.0).float()
fixation = (150.0, 130.0)
foveated = sp.foveated_blur(picture, fixation, px_per_deg=20, law="linear")
sigma_px = sp.match_uniform_blur(picture, foveated)
even = sp.variable_blur(picture, torch.full(picture.shape[-2:], sigma_px))

figure, axes = plt.subplots(1, 3, figsize=(14, 3.6), layout="constrained")
titles = ["Picture", "Foveated at the cross", f"Even blur, {sigma_px:.1f} px, loses as much"]
for ax, title, shown in zip(axes, titles, (picture, foveated, even)):
    ax.imshow(shown.permute(1, 2, 0).clamp(0, 1).numpy())
    ax.plot(*fixation, "+", color="yellow", markersize=14, markeredgewidth=2)
    ax.set_title(title)
    ax.set_axis_off()
plt.show()
