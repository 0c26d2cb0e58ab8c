"""Where a foveation is seen, in units of threshold."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from scanpath._core.checks import check_xy
from scanpath.plotting.figures import in_style, new_axes

if TYPE_CHECKING:
    from scanpath.foveation.visible_difference import Visibility


@in_style
def plot_visibility(seen: "Visibility", fixation: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw a map of visibility with the contour of threshold and the fixation.

    Parameters
    ----------
    seen
        What `scanpath.visibility` returned.
    fixation
        x and y in px.
    ax
        Where to draw; default a new figure.
    """
    ax = new_axes(panel_inches=(4.6, 4.0))[0] if ax is None else ax
    drawn = np.asarray(seen.map)
    image = ax.imshow(drawn, cmap="magma", vmin=0, vmax=max(2.0, float(drawn.max())))
    if drawn.min() < 1 < drawn.max():
        ax.contour(drawn, levels=[1.0], colors="w", linewidths=1)
    ax.plot(*check_xy("fixation", fixation)[0], "+", color="#56B4E9", markersize=9, markeredgewidth=1.5)
    ax.figure.colorbar(image, ax=ax, label="units of threshold; white line: 1")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(f"value {seen.value:.2f}, {100 * seen.visible_share:.0f} % visible")
    return ax
