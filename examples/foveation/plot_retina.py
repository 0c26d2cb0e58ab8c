"""
What a retina-like sensor sees
==============================

Cells lie on rings around the fixation and grow with eccentricity, alike in all directions, and each holds a small
upright grid of samples: a patch of a vision transformer. Two fixations of one photograph, each in six thousand samples.
"""

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Rectangle
from skimage import data

import scanpath as sp

picture = torch.from_numpy(data.coffee().transpose(2, 0, 1) / 255.0).float()
size, scale = picture.shape[-2:], 25
lattice = sp.geometry.RetinalLattice.within(6000, max_deg=14, foveal_deg=1.0, side=6)

figure, axes = plt.subplots(1, 3, figsize=(14, 3.6), layout="constrained")
axes[0].imshow(picture.permute(1, 2, 0).numpy())
first = (190.0, 120.0)
for (x, y), side in zip(lattice.centers_deg.tolist(), lattice.cell_deg.tolist()):
    corner = first[0] + scale * (x - side / 2), first[1] + scale * (y - side / 2)
    axes[0].add_patch(Rectangle(corner, scale * side, scale * side, fill=False, edgecolor="white", linewidth=0.5))
axes[0].set(xlim=(0, size[1]), ylim=(size[0], 0), title=f"{size[0] * size[1]:,} pixels, and {lattice.n_cells} cells")
for ax, fixation in zip(axes[1:], (first, (480.0, 250.0))):
    samples = sp.foveation.retinal_samples(picture, fixation, lattice, px_per_deg=scale)
    seen = sp.foveation.draw_retinal_samples(samples, fixation, size, lattice, px_per_deg=scale)
    ax.imshow(seen.permute(1, 2, 0).clamp(0, 1).numpy())
    ax.plot(*fixation, "+", color="yellow", markersize=12, markeredgewidth=2)
    ax.set_title(f"{lattice.n_samples:,} samples, fixated at the cross")
for ax in axes:
    ax.set_axis_off()
plt.show()
