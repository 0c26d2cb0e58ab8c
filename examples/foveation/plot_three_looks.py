"""
Three looks at one picture
==========================

The pyramid of a picture is built once; each look is one cheap pass over it. What is seen sharply decides what can be
recognized, so a scanpath is also a list of pictures.
"""

import matplotlib.pyplot as plt
from skimage import data

import scanpath as sp

picture = (data.astronaut() / 255.0).transpose(2, 0, 1).astype("float32")
looks = [(225.0, 115.0), (420.0, 80.0), (330.0, 410.0)]

pyramid = sp.BlurPyramid(picture, px_per_deg=18, law="linear")  # a law whose loss can be seen
figure, axes = plt.subplots(1, 4, figsize=(15, 4.2), layout="constrained")
axes[0].imshow(picture.transpose(1, 2, 0))
axes[0].plot(*zip(*looks), "o-", color="yellow", markersize=9)
axes[0].set_title("Three fixations")
for number, (ax, look) in enumerate(zip(axes[1:], looks), start=1):
    ax.imshow(pyramid.at(look).transpose(1, 2, 0).clip(0, 1))
    ax.plot(*look, "+", color="yellow", markersize=14, markeredgewidth=2)
    ax.set_title(f"Seen at fixation {number}")
for ax in axes:
    ax.set_axis_off()
plt.show()
