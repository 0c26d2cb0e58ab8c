"""The items of the six asymmetry tasks, with their dimensions in px at 30 px per degree.

Dimensions are those of Gupta et al. (2021). Bars, arcs and lines get smooth edges at any angle and scale; the shaded
discs keep the published hard edges. At 30 px per degree the upright items and the discs are the published ones pixel by
pixel, and turned items differ in their edges only.
"""

from functools import lru_cache

import numpy as np

from scanpath.stimuli.shapes import Field, arc, pixel_block, render, rotated, union

#: Scale at which the numbers in this file hold.
DESIGN_PX_PER_DEG = 30
_MARGIN = 6  # around the 165-px glyphs of the intersection tasks
_LEVELS, _BAND_PX, _LEVEL_STEP = 16, 2, 17
_LIGHTING_GROUND = 27

# An arc of 1 degree radius that bulges downwards, and a straight line.
# OpenCV draws the nominal 5 px stroke of the published arc 7 px wide; 6.75 px give the same 302 px of ink.
_CURVE = arc(24, -2, 30, 52, 127, 6.75)
_LINE = pixel_block(21, 26, 6, 41)
_BAR = pixel_block(4, 63, 30, 38)


def _glyph(*blocks: tuple[int, int, int, int]) -> Field:
    return union(*(pixel_block(*(side + _MARGIN for side in block)) for block in blocks))


_GLYPHS = {
    "cross": _glyph((0, 164, 74, 89), (49, 65, 0, 164)),
    "non_cross": _glyph((0, 164, 74, 89), (49, 65, 0, 81), (99, 114, 82, 164)),
    "L": _glyph((0, 164, 0, 15), (148, 164, 0, 164)),
    "T": _glyph((0, 164, 74, 89), (0, 15, 0, 164)),
}


@lru_cache(maxsize=256)
def draw_item(kind: str, version: int, size_px: int) -> np.ndarray:
    """Gray levels 0 to 255 of one item on its canvas, float64 (size_px, size_px), not to be modified.

    Parameters
    ----------
    kind
        ``curve``, ``line``, ``top_bright``, ``top_dark``, ``left_bright``, ``left_dark``, ``cross``, ``non_cross``,
        ``L``, ``T`` or ``bar``.
    version
        Which of four rotations (curve, line) or mirror images (cross to T); degrees counter-clockwise from the vertical
        for a bar; without meaning for the discs.
    size_px
        Side of the canvas.
    """
    if kind in ("curve", "line"):
        field = rotated(_CURVE if kind == "curve" else _LINE, (-45, -90, -135, 180)[version], 24, 24)
        gray = 255 * render(field, 48, size_px)
    elif kind == "bar":
        gray = 255 * (1 - render(rotated(_BAR, version, 34.5, 34.5), 69, size_px))
    elif kind in _GLYPHS:
        gray = _mirrored(255 * (1 - render(_GLYPHS[kind], 177, size_px)), version)
    else:
        gray = _lit_disc(kind, size_px)
    gray.flags.writeable = False
    return gray


def _mirrored(canvas: np.ndarray, version: int) -> np.ndarray:
    """As designed, upside down, transposed, and the transpose mirrored left to right."""
    forms = (canvas, np.flipud(canvas), canvas.T, np.fliplr(canvas.T))
    return np.ascontiguousarray(forms[version])


def _lit_disc(kind: str, size_px: int) -> np.ndarray:
    def shading(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        band = np.clip(np.floor((y + 0.5) / _BAND_PX), 0, _LEVELS - 1)
        inside = (x - 15) ** 2 + (y - 15) ** 2 < 15**2  # strictly: the disc is 29 px wide
        return np.where(inside, _LEVEL_STEP * band, _LIGHTING_GROUND)

    top_dark = render(shading, 31, size_px, samples=1)
    forms = {
        "top_dark": top_dark,
        "top_bright": np.flipud(top_dark),
        "left_dark": top_dark.T,
        "left_bright": np.fliplr(top_dark.T),
    }
    return np.ascontiguousarray(forms[kind])
