"""
AUC likes the center, shuffled AUC does not
===========================================

People look near the middle of any picture. A map that knows only the middle gets a good AUC. Shuffled AUC takes
people's fixations on other pictures as the comparison, so that the middle earns nothing; it also takes away what a
model rightly knows of the middle. Information gain over the center bias says the same in bits.
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp

SIZE = (120, 160)
rng = np.random.default_rng(1)
y, x = np.mgrid[: SIZE[0], : SIZE[1]]


def bump(cx: float, cy: float, sd: float) -> np.ndarray:
    return np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sd**2))


def look(density: np.ndarray, n: int) -> np.ndarray:
    cells = rng.choice(density.size, n, p=(density / density.sum()).ravel())
    return np.column_stack([cells % SIZE[1], cells // SIZE[1]]).astype(float)


center, content = bump(80, 60, 30), bump(45, 80, 14) + bump(110, 40, 14)
people = center * (0.2 + content)
fixations, elsewhere = look(people, 300), look(center, 3000)

figure, axes = plt.subplots(1, 3, figsize=(13, 3.6), layout="constrained")
for ax, (name, map_) in zip(axes, {"the middle": center, "content": content, "both": people}.items()):
    auc = sp.metrics.auc(map_, fixations)
    shuffled = sp.metrics.shuffled_auc(map_, fixations, elsewhere)
    bits = sp.metrics.information_gain(*(np.log(m / m.sum()) for m in (map_, center)), fixations)
    ax.imshow(map_, cmap="magma")
    ax.plot(*fixations[:80].T, ".", color="cyan", markersize=4)
    ax.set_title(f"map of {name}\nAUC {auc:.2f}, shuffled {shuffled:.2f}, {bits:+.2f} bits over center")
    ax.set_axis_off()
plt.show()
