"""Where people and agents look on a picture, as the page draws it: a coarse density, and contours that hold shares."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from skimage.measure import find_contours

from scanpath._core.errors import UndefinedError
from scanpath.gaze.scanpath import Scanpath
from scanpath.metrics import fixation_density
from scanpath.plotting.density import SHARES, share_levels

#: Cells along the longer side, and the least width of the kernel in cells.
_CELLS, _LEAST_SIGMA = 72, 0.7
#: Width of the kernel where the picture has no scale, as a share of its longer side.
_USUAL_WIDTH = 1 / 33


def densities(
    groups: Mapping[str, Sequence[Scanpath]], size: tuple[int, int], px_per_deg: float | None
) -> list[dict[str, Any]]:
    """Densities of the fixations of groups of scanpaths on a picture of (width, height), as far as there are any.

    The kernel is a Gaussian of 1 deg, or of 1/33 of the longer side where the scale is not known.
    """
    sigma_px = px_per_deg if px_per_deg else _USUAL_WIDTH * max(size)
    wide = f"1 deg ({sigma_px:.0f} px)" if px_per_deg else f"{sigma_px:.0f} px"
    found = []
    for name, paths in groups.items():
        xy = np.concatenate([path.xy for path in paths]) if paths else np.zeros((0, 2))
        try:
            drawn = _drawn(xy, size, sigma_px)
        except UndefinedError:  # nobody looked at the picture itself
            continue
        found.append({"who": name, "n": len(xy), "kernel": wide, **drawn})
    return found


def _drawn(xy: np.ndarray, size: tuple[int, int], sigma_px: float) -> dict[str, Any]:
    scale = min(1.0, _CELLS / max(size))
    columns, rows = (max(2, round(side * scale)) for side in size)
    steps = np.array([columns / size[0], rows / size[1]])
    # pixel centers lie at integers, in the picture as in the cells
    cells = (xy + 0.5) * steps - 0.5
    density = fixation_density(cells, (rows, columns), bandwidth_px=max(sigma_px * scale, _LEAST_SIGMA))
    relative = np.round(255 * density / density.max()).astype(np.uint8)
    return {
        "columns": columns,
        "rows": rows,
        "cells": base64.b64encode(relative.tobytes()).decode("ascii"),
        "contours": [
            {"share": share, "lines": _lines(density, level, steps)}
            for share, level in zip(SHARES, share_levels(density, SHARES))
        ],
    }


def _lines(density: np.ndarray, level: float, steps: np.ndarray) -> list[list[float]]:
    """Contours in px, each as x, y, x, y and so on; those at the border are closed along it."""
    padded = np.pad(density, 1)
    lines = []
    for line in find_contours(padded, float(level)):
        xy = (line[:, ::-1] - 1 + 0.5) / steps - 0.5
        lines.append(np.round(np.clip(xy, -0.5, np.array(density.shape[::-1]) / steps - 0.5), 1).ravel().tolist())
    return lines
