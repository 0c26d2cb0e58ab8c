"""An eye, two distances, and the stretch that one degree covers."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure


def draw(ink: str) -> Figure:
    """Draw a wide angle, as one degree could not be seen, at two distances."""
    figure, ax = plt.subplots(figsize=(8, 3))
    half = np.radians(7)
    ax.add_patch(plt.Circle((0, 0), 0.35, fill=False, edgecolor=ink, linewidth=2))
    ax.plot(0.3, 0, "o", color=ink, markersize=8)
    for distance, color in ((5.0, "#0072B2"), (10.0, "#D55E00")):
        reach = distance * np.tan(half)
        ax.plot([distance, distance], [-1.6, 1.6], color=color, alpha=0.4, linewidth=3)
        ax.plot([distance, distance], [-reach, reach], color=color, linewidth=6, solid_capstyle="butt")
        ax.text(
            distance + 0.2,
            -1.55,
            f"{distance * 6:.0f} cm: {2 * distance * 6 * np.tan(np.radians(0.5)):.2f} cm a degree",
        )
    for sign in (-1, 1):
        ax.plot([0, 11], [0, sign * 11 * np.tan(half)], color=ink, linestyle="--", linewidth=1)
    ax.text(1.9, 0, "1 degree\n(drawn wider)", va="center", fontsize=10)
    ax.set(xlim=(-0.6, 14.6), ylim=(-1.9, 1.7), aspect="equal")
    ax.set_axis_off()
    return figure
