"""Look at one's own picture through an agent's eyes: a local page, and the same as a notebook's widget."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
