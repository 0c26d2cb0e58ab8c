"""Pictures with known answers, made here: captioned scenes and search displays."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
