"""
What is kept of earlier looks
=============================

NeVA's eye sees a sharp spot on an even blur, and remembers: each look keeps a share of the spots before it. With a
``retention`` of 0 nothing stays, with 1 everything that was looked at stays sharp.
"""

import matplotlib.pyplot as plt
import torch
from skimage import data

import scanpath as sp

picture = torch.from_numpy(data.astronaut()[:400, 60:460].transpose(2, 0, 1) / 255.0).float()
looks = [(165.0, 110.0), (360.0, 90.0), (265.0, 300.0), (60.0, 320.0)]

figure, axes = plt.subplots(2, 4, figsize=(13, 6.8), layout="constrained")
for row, retention in zip(axes, (0.0, 0.7)):
    memory = torch.zeros(picture.shape[-2:])
    for number, (ax, look) in enumerate(zip(row, looks), start=1):
        seen = sp.neva_blur(picture, look, memory=memory, mask_sigma=0.08, blur_sigma_px=12)
        memory = sp.neva_memory(memory, look, retention=retention, mask_sigma=0.08)
        ax.imshow(seen.permute(1, 2, 0).clamp(0, 1).numpy())
        ax.plot(*look, "+", color="yellow", markersize=12, markeredgewidth=2)
        ax.set_title(f"look {number}, retention {retention}")
        ax.set_axis_off()
plt.show()
