"""A person's fixations so far, an agent's map, and the next fixation that scores it."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure


def draw(ink: str) -> Figure:
    """Draw what the agent is given, what it says, and what it is scored by."""
    xy = np.array([(50, 50), (80, 30), (110, 45), (95, 75), (40, 72)])
    y, x = np.mgrid[:100, :150]
    map_ = sum(
        h * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 220) for cx, cy, h in ((42, 70, 1), (120, 70, 0.7), (75, 45, 0.4))
    )
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.3))
    titles = ("given: fixations 0 to 3", "said: where the next one goes", "scored: the map at fixation 4")
    for number, (ax, title) in enumerate(zip(axes, titles)):
        ax.set_title(title, fontsize=12)
        ax.add_patch(plt.Rectangle((-0.5, -0.5), 150, 100, fill=False, edgecolor=ink))
        if number:
            ax.imshow(map_, cmap="magma")
        line = ink if number == 0 else "white"
        ax.plot(*xy[:4].T, "o-", color=line, markersize=13, alpha=0.5 if number else 1)
        for n, place in enumerate(xy[:4]):
            ax.annotate(
                str(n),
                place,
                ha="center",
                va="center",
                fontsize=9,
                color="white" if ink == "#14181e" and not number else "black",
            )
        ax.set(xlim=(-1, 150), ylim=(100, -1), aspect="equal")
        ax.set_axis_off()
    axes[2].plot(*xy[4], "*", color="cyan", markersize=22, markeredgecolor="black")
    return figure
