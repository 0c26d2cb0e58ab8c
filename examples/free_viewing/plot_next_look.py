"""
The next look depends on the last ones
======================================

``viewer`` gives a probability to every pixel, given the picture and the fixations so far. The same photograph, three
histories: where the eye is, and where it has been, changes where it goes next.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import scanpath as sp

picture = (data.coffee() / 255.0).transpose(2, 0, 1).astype("float32")
stimulus = sp.Stimulus(picture, name="coffee", px_per_deg=24)
viewer = sp.create_agent("viewer")
histories = [[(300, 200)], [(300, 200), (150, 90)], [(300, 200), (150, 90), (420, 330)]]

figure, axes = plt.subplots(2, 3, figsize=(13, 6.4), layout="constrained")
for (above, below), history in zip(axes.T, histories):
    log_density = np.asarray(viewer.log_density(stimulus, history, [220] * len(history)))
    above.imshow(picture.transpose(1, 2, 0))
    below.imshow(log_density / np.log(2), cmap="magma", vmin=-26, vmax=-12)
    for ax in (above, below):
        ax.plot(*zip(*history), "o-", color="cyan", markersize=7)
        ax.plot(*history[-1], "o", color="white", markersize=10)
        ax.set_axis_off()
    above.set_title(f"{len(history)} fixation{'s' * (len(history) > 1)}; white: the eye is here")
    below.set_title("log2 of the probability of each pixel")
plt.show()
