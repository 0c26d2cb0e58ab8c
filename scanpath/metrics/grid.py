"""Fixations as symbols: the cells of a grid laid over the screen, or labels that the caller knows."""

from typing import cast

import numpy as np

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError
from scanpath.metrics.pairs import LabelPairs, Packed, PackedPaths, PathPairs

#: What becomes of a fixation off the screen: the scanpath has no cells, or the nearest border cell is taken.
OUTSIDE = ("undefined", "clamp")


def grid_cells(
    paths: PackedPaths,
    screen_px: tuple[float, float],
    bins: tuple[int, int],
    *,
    outside: str = "undefined",
    whole_pixels: bool = False,
) -> Packed:
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
    with np.errstate(over="ignore"):
        cells = np.clip(np.floor(xy * count / size), 0, count - 1).astype(np.int64)
    if outside == "clamp":
        return paths.holding(cells)
    off = ((paths.xy < -0.5) | (paths.xy > size)).any(axis=1)
    return paths.holding(cells, np.bincount(paths.owner[off], minlength=len(paths)) > 0, "off_screen")


def symbol_pairs(
    pairs: PathPairs | LabelPairs,
    screen_px: tuple[float, float] | None,
    bins: tuple[int, int],
    outside: str = "undefined",
) -> LabelPairs:
    """Pairs of scanpaths as the numbers of their grid cells, row by row; pairs of label sequences as they are."""
    if not isinstance(pairs.a, PackedPaths):
        return cast(LabelPairs, pairs)
    if screen_px is None:
        raise InputError("Scanpaths need screen_px=(width, height) to be laid on a grid; label sequences do not.")
    columns, _ = check_size("bins", bins)

    def codes(paths: PackedPaths) -> Packed:
        cells = grid_cells(paths, screen_px, bins, outside=outside)
        return cells.holding(cells.values[:, 1] * columns + cells.values[:, 0])

    return cast(PathPairs, pairs).each(codes)
