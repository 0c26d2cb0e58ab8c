"""Pictures of which a part is covered with gray: the center, all but the center, or one side."""

import numpy as np

from scanpath._core.checks import check_choice, check_share
from scanpath._core.errors import InputError

OCCLUSIONS = ("scotoma", "glaucoma", "left", "right", "top", "bottom")
GRAY = 128


def occlusion_mask(kind: str, size_px: int, share: float) -> np.ndarray:
    """Return where a square picture is covered, (size_px, size_px) bool, as near to a share of it as whole pixels go.

    Parameters
    ----------
    kind
        "scotoma" covers a square in the middle, "glaucoma" all but one, the others a strip along a side.
    size_px
        Side of the picture.
    share
        Part of the picture's area that is covered.

    References
    ----------
    Deza, A., & Konkle, T. (2021). Emergent properties of foveated perceptual systems.
    https://arxiv.org/abs/2006.07991

    Examples
    --------
    >>> [round(float(occlusion_mask(kind, 64, 0.25).mean()), 2) for kind in OCCLUSIONS]
    [0.25, 0.23, 0.25, 0.25, 0.25, 0.25]
    """
    check_choice("occlusion", kind, OCCLUSIONS)
    check_share("share", share)
    places = np.arange(size_px)
    if kind in ("scotoma", "glaucoma"):
        inner = share if kind == "scotoma" else 1 - share
        across = np.abs(places - (size_px - 1) / 2) < size_px * np.sqrt(inner) / 2
        square = across[:, None] & across
        return square if kind == "scotoma" else ~square
    strip = np.broadcast_to(places < round(size_px * share), (size_px, size_px))
    if kind in ("right", "bottom"):
        strip = strip[:, ::-1]
    return np.array(strip if kind in ("left", "right") else strip.T)


def occlude(levels: np.ndarray, kind: str, share: float) -> np.ndarray:
    """Cover a share of square pictures (..., H, W) of 8-bit levels with gray (128).

    Examples
    --------
    >>> occlude(np.zeros((1, 4, 4), np.uint8), "left", 0.5)[0, 0].tolist()
    [128, 128, 0, 0]
    """
    if levels.dtype != np.uint8 or levels.ndim < 2 or levels.shape[-1] != levels.shape[-2]:
        raise InputError(f"Square pictures (..., H, W) of uint8 are needed, got {levels.dtype} of {levels.shape}.")
    return np.where(occlusion_mask(kind, levels.shape[-1], share), np.uint8(GRAY), levels)
