"""
A best match rewards the mode, the CRPS does not
================================================

People look at one of three places, in any order. A model draws from the same distribution, made sharper or flatter.
Compared by the best match over people, the sharpest model wins, though it is the least like them. The continuous
ranked probability score compares distributions, and is lowest near the true one.
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp

SCREEN, PLACES = (800, 600), np.array([(200, 200), (420, 320), (650, 200)])
rng = np.random.default_rng(0)


def draw(n: int, spread: float) -> list[np.ndarray]:
    """Paths of six fixations; people have spread 1."""
    weight = np.array([0.25, 0.5, 0.25]) ** (1 / max(spread, 0.05))
    chosen = rng.choice(3, (n, 6), p=weight / weight.sum())
    return list((PLACES[chosen] + rng.normal(0, 60 * spread, (n, 6, 2))).clip(0, (799, 599)))


people = draw(15, 1.0)
spreads = np.array([0.05, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0])
best, scores = [], []
for spread in spreads:
    drawn = draw(20, spread)
    similar = sp.metrics.pairwise("sbtde", drawn, people, screen_px=SCREEN)[..., 0]
    best.append(similar.max(1).mean())
    scores.append(sp.metrics.crps("emd", drawn, people, fair=True))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
left.plot(spreads, best, "o-", color="tab:red")
left.set(ylabel="best match over people (SBTDE, more is better)", title="Best match")
right.plot(spreads, scores, "o-", color="tab:blue")
right.set(ylabel="CRPS of EMD (px, less is better)", title="Continuous ranked probability score")
for ax in (left, right):
    ax.axvline(1, color="gray", linestyle="--", label="people")
    ax.set_xlabel("spread of the model, people = 1")
    ax.legend()
plt.show()
