"""What a picture shows: networks, steerable filters and image-text models, as features to look for."""

import lazy_loader

from scanpath._core.deprecation import with_old_names

_names, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
_TO_TRAINING = ("Fisheye", "LineOverlay", "Rotate90", "fisheye", "overlay_lines", "regime_transform")
__getattr__ = with_old_names(
    __name__, _names, {name: f"scanpath.training:{name}" for name in _TO_TRAINING}, since="0.2"
)
