"""Programs that train what the package uses: its small CLIP, the decoder of deep textures, networks for a study."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
