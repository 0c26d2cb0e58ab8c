"""The picture as it is seen from the fixations, by the package's own functions."""

import math
import time
from typing import Any

import numpy as np
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.explore.pictures import COPY_SIDE_PX, shrunk
from scanpath.explore.scene import Scene
from scanpath.foveation import foveated_blur, foveated_texture
from scanpath.gaze.pixels import resized

#: From 1 to 4 megapixels the time of a texture grew with this power of the pixels, and the memory by this much a pixel.
TEXTURE_TIME_POWER = 1.5
TEXTURE_GB_PER_MEGAPIXEL = 1.0


def foveated(scene: Scene) -> Tensor:
    """Return the blurred or textured picture (C, H, W) in its own size.

    Raises
    ------
    InputError
        If it is shown as it is, or nothing is fixated.
    """
    view, image = scene.view, scene.stimulus.image
    points = scene.view_points
    if view.kind == "texture":
        return foveated_texture(image, points[0], px_per_deg=scene.px_per_deg, scaling=view.scaling, seed=view.seed)
    if view.kind == "plain":
        raise InputError("The picture is shown as it is: choose blur or texture.")
    return foveated_blur(
        image, list(points), several=True, px_per_deg=scene.px_per_deg, law=view.law, strength=view.strength
    )


def texture_preview(scene: Scene) -> tuple[Tensor, dict[str, Any]]:
    """Return the texture of a copy of a large picture, and about what that of the picture itself would take.

    The copy has the same windows in degrees, but its random fields are others.

    Returns
    -------
    Tensor
        (C, H, W), with its longer side at `COPY_SIDE_PX`.
    dict
        The copy's "preview" size (width, height) in px, and "exact_s" and "exact_gb": seconds, from what the copy
        took, and memory in GB.
    """
    image = shrunk(scene.stimulus.image, COPY_SIDE_PX)
    size_px = (int(image.shape[2]), int(image.shape[1]))
    share = size_px[0] / scene.picture.size_px[0]
    (point,) = resized(np.array(scene.view_points[-1:]), scene.picture.size_px, size_px)
    began = time.perf_counter()
    view = scene.view
    texture = foveated_texture(image, point, px_per_deg=share * scene.px_per_deg, scaling=view.scaling, seed=view.seed)
    took_s = time.perf_counter() - began
    pixels = math.prod(scene.picture.size_px)
    exact_s = took_s * (pixels / math.prod(size_px)) ** TEXTURE_TIME_POWER
    return texture, {"preview": size_px, "exact_s": exact_s, "exact_gb": TEXTURE_GB_PER_MEGAPIXEL * pixels / 1e6}
