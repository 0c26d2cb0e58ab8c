"""Screens, degrees and the laws that say how vision falls off with eccentricity."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
