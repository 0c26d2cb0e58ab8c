"""Fixations as symbols: the cells of a grid laid over the screen, or labels that the caller knows."""

from typing import Any

import numpy as np

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError
from scanpath.metrics.packing import PackedLabels, PackedPaths, is_labels, pack_labels, pack_paths
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
    with np.errstate(over="ignore"):
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


def pack_symbols(
    first: Any, second: Any, screen_px: Any, bins: Any, outside: str = "undefined"
) -> tuple[PackedLabels, PackedLabels]:
    """Pack two sets of scanpaths as grid cells, or two sets of label sequences as they are."""
    if _are_labels(first) and _are_labels(second):
        codes: dict = {}
        labels = pack_labels(first, codes)
        return labels, labels if second is first else pack_labels(second, codes)
    if screen_px is None:
        raise InputError("Scanpaths need screen_px=(width, height) to be laid on a grid; label sequences do not.")

    def cells(paths: Any) -> PackedLabels:
        return cell_codes(grid_labels(pack_paths(paths), screen_px, bins, outside=outside), bins)

    symbols = cells(first)
    return symbols, symbols if second is first else cells(second)


def _are_labels(items: Any) -> bool:
    return isinstance(items, list | tuple) and all(is_labels(item) for item in items)
