"""Fixations as the cells of a grid that is laid over the screen."""

from typing import Any

import numpy as np

from scanpath._core.checks import check_choice, check_size
from scanpath.metrics.packing import PackedLabels, PackedPaths
from scanpath.metrics.undefined import reason_code

#: What becomes of a fixation off the screen: the scanpath has no cells, or the nearest border cell is taken.
OUTSIDE = ("undefined", "clamp")


def grid_labels(
    paths: PackedPaths, screen_px: Any, bins: Any, *, outside: str = "undefined", whole_pixels: bool = False
) -> PackedLabels:
    """Cells (column, row) of all fixations, from the top left; column = floor(x * columns / width).

    The screen reaches from -0.5 to its width (height): the half pixel before 0, and coordinates that are exactly the
    width as some trackers count, belong to the border cells.

    Parameters
    ----------
    paths
        Packed scanpaths.
    screen_px, bins
        (width, height) and (columns, rows).
    outside
        "undefined": a path with a fixation off the screen gets the fault "off_screen". "clamp": that fixation goes
        to the nearest border cell.
    whole_pixels
        Cut coordinates to whole pixels first.
    """
    size = np.array(check_size("screen_px", screen_px))
    count = np.array(check_size("bins", bins))
    check_choice("outside", outside, OUTSIDE)
    xy = np.trunc(paths.xy) if whole_pixels else paths.xy
    cells = np.clip(np.floor(xy * count / size), 0, count - 1).astype(np.int64)
    fault = paths.fault
    if outside == "undefined":
        off = ((paths.xy < -0.5) | (paths.xy > size)).any(axis=1)
        if off.any():
            fault = fault.copy()
            fault[np.unique(paths.owner[off])] = reason_code("off_screen")
    return PackedLabels(cells, paths.start, fault)


def cell_codes(cells: PackedLabels, bins: Any) -> PackedLabels:
    """Number the cells row by row: code = row * columns + column."""
    columns, _ = check_size("bins", bins)
    return PackedLabels(cells.symbols[:, 1] * columns + cells.symbols[:, 0], cells.start, cells.fault)
