"""People's eye movements: data sets read in place, each with a card that states its licence, scale and faults."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
