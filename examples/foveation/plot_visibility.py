"""
What would somebody notice?
===========================

Two ways of blurring and one of texture, made for the same fixation, and where an observer who looks there can tell the
result from the original. The blur that follows the limit of acuity is not seen; the others are, in most of the picture.
"""

import matplotlib.pyplot as plt
from skimage import data

import scanpath as sp

picture = (data.astronaut()[::2, ::2] / 255.0).transpose(2, 0, 1).astype("float32")
px_per_deg, fixation = 9.0, (112.0, 58.0)

shown = {
    "blur at the limit of acuity": sp.foveated_blur(picture, fixation, px_per_deg=px_per_deg),
    "blur, linear in eccentricity": sp.foveated_blur(picture, fixation, px_per_deg=px_per_deg, law="linear"),
    "texture": sp.foveated_texture(picture, fixation, px_per_deg=px_per_deg, seed=0),
}

figure, axes = plt.subplots(2, 3, figsize=(13, 8), layout="constrained")
for (name, seen), above, below in zip(shown.items(), axes[0], axes[1]):
    above.imshow(seen.transpose(1, 2, 0).clip(0, 1))
    above.plot(*fixation, "+", color="yellow", markersize=14, markeredgewidth=2)
    above.set_title(name)
    above.set_axis_off()
    found = sp.visibility(picture, seen.clip(0, 1), fixation, px_per_deg=px_per_deg)
    sp.plotting.plot_visibility(found, fixation, ax=below)
plt.show()
