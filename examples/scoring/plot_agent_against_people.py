"""
Is an agent like people? Its score means little without theirs
==============================================================

Twelve invented people look at eight invented pictures, each around the same three places. Two agents look too: one
near those places, one anywhere. Their scores stand beside the people's ceiling (each person against the others) and
a floor (people's scanpaths of other pictures).
"""

import matplotlib.pyplot as plt
import numpy as np

import scanpath as sp

rng = np.random.default_rng(0)
WIDTH, HEIGHT = 800, 600


def look(places: np.ndarray, scatter_px: float, **who: str) -> sp.Scanpath:
    """Visit the places in order, off by some px, for about a quarter of a second each."""
    xy = places + rng.normal(0, scatter_px, places.shape)
    return sp.Scanpath(xy, duration_ms=rng.gamma(5, 50, len(xy)), info=who)


people, agents = [], []
for number in range(8):
    picture = f"picture{number}.png"
    places = rng.uniform((100, 100), (WIDTH - 100, HEIGHT - 100), (6, 2))
    people += [look(places, 60, stimulus=picture, subject=f"p{person}") for person in range(12)]
    agents.append(look(places, 110, stimulus=picture, agent="similar"))
    agents.append(look(rng.uniform((0, 0), (WIDTH, HEIGHT), (6, 2)), 0, stimulus=picture, agent="anywhere"))

result = sp.evaluate(agents, people, ["multimatch", "scanmatch"], screen_px=(WIDTH, HEIGHT), floors=["shuffled"])
print(result[["agent", "metric", "part", "value", "low", "high", "ceiling"]].round(3).to_string(index=False))

figure, axes = plt.subplots(2, 3, figsize=(11, 5), sharey=True, layout="constrained")
for ax, ((metric, part), rows) in zip(axes.flat, result.groupby(["metric", "part"], sort=False)):
    ax.axvspan(rows["ceiling_low"].iloc[0], rows["ceiling_high"].iloc[0], color="tab:orange", alpha=0.3)
    ax.axvline(rows["ceiling"].iloc[0], color="tab:orange", label="people")
    ax.hlines(rows["agent"], rows["low"], rows["high"], linewidth=5, alpha=0.5)
    ax.plot(rows["value"], rows["agent"], "o", label="mean and 95 % interval")
    ax.set(title=metric if part == "value" else f"{metric}: {part}", xlim=(0, 1), ylim=(-0.5, 2.5))
axes[0, 0].legend(loc="upper left")
plt.show()
