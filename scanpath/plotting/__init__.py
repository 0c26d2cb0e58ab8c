"""Figures, one idea a file; each draws on the Axes it is given."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
