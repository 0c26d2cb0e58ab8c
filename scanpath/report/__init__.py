"""A run as one page for the browser: pictures with moving scanpaths, scores, plots and provenance."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
