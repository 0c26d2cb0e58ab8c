"""
Areas of interest: from boxes to sequences
==========================================

Each fixation gets the name of the area that holds it. Sequences of names are compared by edits, and their transitions
counted. Areas are boxes (x, y, width, height) in px or masks.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import scanpath as sp

areas = {"face": (170, 40, 110, 150), "rocket": (380, 0, 130, 330), "helmet": (250, 330, 180, 170)}
a = [(225, 110), (430, 130), (230, 150), (330, 400), (430, 60), (60, 60), (340, 430)]
b = [(250, 130), (240, 90), (420, 230), (330, 420), (430, 100)]
names_a, names_b = (sp.metrics.labels_in_areas(path, areas) for path in (a, b))
edits = sp.metrics.levenshtein(names_a, names_b)

order = [*areas, "elsewhere"]
counts = np.zeros((4, 4), int)
for names in (names_a, names_b):
    for first, then in pairwise(names):
        counts[order.index(first), order.index(then)] += 1

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
left.imshow(data.astronaut())
for name, (x, y, width, height) in areas.items():
    left.add_patch(plt.Rectangle((x, y), width, height, fill=False, edgecolor="white", linewidth=2))
    left.text(x + 5, y + 18, name, color="white")
left.plot(*zip(*a), "o-", color="yellow", label=" ".join(word[0] for word in names_a))
left.plot(*zip(*b), "o-", color="cyan", label=" ".join(word[0] for word in names_b))
left.legend(loc="lower left")
left.set_title(f"{edits:.0f} edits make one sequence of the other")
left.set_axis_off()
right.imshow(counts, cmap="Blues")
right.set_xticks(range(4), order)
right.set_yticks(range(4), order)
for (row, column), count in np.ndenumerate(counts):
    right.text(column, row, count, ha="center", va="center")
right.set(title="Transitions", xlabel="to", ylabel="from")
plt.show()
