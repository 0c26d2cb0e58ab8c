"""Pictures as an eye receives them: blur, texture, pooling windows and sampling around a fixation."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
