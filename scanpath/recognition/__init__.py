"""What a picture shows: networks, steerable filters and image-text models, as features to look for."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
