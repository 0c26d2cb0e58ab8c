"""Fixations as symbols: the cells of a grid laid over the screen, or labels that the caller knows."""

from typing import cast

import numpy as np

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError
from scanpath.gaze.pixels import first_edge
from scanpath.kernels.sequences import fill_cells
from scanpath.metrics.pairs import LabelPairs, Packed, PackedPaths, PathPairs

#: What becomes of a fixation off the screen: the scanpath has no cells, or the nearest border cell is taken.
OUTSIDE = ("undefined", "clamp")


def grid_cells(
    paths: PackedPaths,
    screen_px: tuple[float, float],
    bins: tuple[int, int],
    *,
    outside: str = "undefined",
    pixel: str = "nearest",
) -> Packed:
    """Cells (column, row) of all fixations, from the top left: column = floor(pixel * columns / width).

    Cells are made of whole pixels, also where the width is no multiple of the number of columns. The screen reaches as
    far as its pixels do, from -0.5 to its width (height) less 0.5.

    Parameters
    ----------
    paths
        Packed scanpaths.
    screen_px, bins
        (width, height) and (columns, rows).
    outside
        "undefined": a path with a fixation off the screen gets the fault "off_screen". "clamp": that fixation goes
        to the nearest border cell.
    pixel
        Which pixel a fixation falls on; see `scanpath.metrics.maps.pixel_index`.
    """
    size, count = check_size("screen_px", screen_px), check_size("bins", bins)
    check_choice("outside", outside, OUTSIDE)
    cells = np.empty(paths.xy.shape, dtype=np.int64)
    off = np.zeros(len(cells), dtype=bool)
    fill_cells(paths.xy, first_edge(pixel), size, count, cells, off)
    if outside == "clamp" or not off.any():
        return paths.holding(cells)
    return paths.holding(cells, np.bincount(paths.owner[off], minlength=len(paths)) > 0, "off_screen")


def symbol_pairs(
    pairs: PathPairs | LabelPairs,
    screen_px: tuple[float, float] | None,
    bins: tuple[int, int],
    outside: str = "undefined",
    pixel: str = "nearest",
) -> LabelPairs:
    """Pairs of scanpaths as the numbers of their grid cells, row by row; pairs of label sequences as they are."""
    if not isinstance(pairs.a, PackedPaths):
        return cast(LabelPairs, pairs)
    if screen_px is None:
        raise InputError("Scanpaths need screen_px=(width, height) to be laid on a grid; label sequences do not.")
    columns, _ = check_size("bins", bins)

    def codes(paths: PackedPaths) -> Packed:
        cells = grid_cells(paths, screen_px, bins, outside=outside, pixel=pixel)
        return cells.holding(cells.values[:, 1] * columns + cells.values[:, 0])

    return cast(PathPairs, pairs).each(codes)
