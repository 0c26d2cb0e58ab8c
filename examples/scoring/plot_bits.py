"""
Information gain, fixation by fixation
======================================

A density is worth log2(its probability / the baseline's) bits at each fixation. One bit: the next place was given twice
the baseline's probability. The mean over fixations is the information gain; single fixations say where a model fails.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import scanpath as sp

picture = (data.astronaut() / 255.0).transpose(2, 0, 1).astype("float32")
stimulus = sp.Stimulus(picture, name="astronaut", px_per_deg=20)
viewer = sp.create_agent("viewer")
# an invented person: the face three times, down the suit, and at last a dark corner
xy = np.array([(256, 256), (228, 112), (205, 105), (250, 125), (300, 215), (335, 290), (495, 495)], float)
uniform = np.full(stimulus.size, -np.log(stimulus.size[0] * stimulus.size[1]))

bits = [0.0]
for n in range(1, len(xy)):
    log_density = np.asarray(viewer.log_density(stimulus, xy[:n]), dtype=float)
    bits.append(sp.metrics.information_gain(log_density, uniform, xy[n : n + 1]))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", width_ratios=(1, 1.3))
left.imshow(picture.transpose(1, 2, 0))
left.plot(*xy.T, "o-", color="yellow", markersize=9)
for number, place in enumerate(xy):
    left.annotate(str(number), place, color="black", ha="center", va="center", fontsize=7)
left.set_axis_off()
left.set_title("Fixations; 0 is given")
right.bar(range(1, len(xy)), bits[1:], color=["tab:blue" if b > 0 else "tab:red" for b in bits[1:]])
right.axhline(np.mean(bits[1:]), color="black", linestyle="--", label=f"mean {np.mean(bits[1:]):.2f}")
right.set(xlabel="fixation", ylabel="bits over a uniform density", title="What viewer knew before each")
right.legend()
plt.show()
