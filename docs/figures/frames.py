"""A screen, the picture on it, and one fixation in both frames."""

from matplotlib import pyplot as plt
from matplotlib.figure import Figure


def draw(ink: str) -> Figure:
    """Draw two frames and how a place goes from one to the other."""
    figure, ax = plt.subplots(figsize=(8, 5.2))
    for (x, y, width, height), color, name in (
        ((0, 0, 1280, 920), "#0072B2", "screen, 1280 x 920 px"),
        ((240, 160, 800, 600), "#D55E00", "picture, 800 x 600 px"),
    ):
        ax.add_patch(plt.Rectangle((x, y), width, height, facecolor=color, alpha=0.15, edgecolor="none"))
        ax.add_patch(plt.Rectangle((x, y), width, height, fill=False, edgecolor=color, linewidth=2))
        ax.text(x + width, y + height + 14, name, ha="right", va="top", color=ink)
        ax.annotate("", (x + 150, y), (x, y), arrowprops={"arrowstyle": "->", "color": color, "linewidth": 2.5})
        ax.annotate("", (x, y + 150), (x, y), arrowprops={"arrowstyle": "->", "color": color, "linewidth": 2.5})
        ax.text(x + 160, y + 2, "x", color=ink, va="center")
        ax.text(x + 4, y + 175, "y", color=ink, ha="center")
        ax.text(x + 12, y + 14, "(0, 0)", color=ink, va="top")
    ax.plot(740, 460, "o", color=ink, markersize=10)
    ax.text(760, 430, "screen (740, 460)", color=ink)
    ax.text(760, 490, "picture (500, 300)", color=ink, fontweight="bold", va="top")
    ax.annotate("", (240, 160), (0, 0), arrowprops={"arrowstyle": "-", "linestyle": ":", "color": ink})
    ax.text(330, 92, "picture_at = (240, 160)", color=ink, va="center")
    ax.annotate("", (130, 87), (320, 92), arrowprops={"arrowstyle": "->", "color": ink})
    ax.set(xlim=(-20, 1300), ylim=(985, -30), aspect="equal")
    ax.set_axis_off()
    return figure
