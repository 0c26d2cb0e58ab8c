"""From features to priority: how much each place of a picture is worth a look; one idea a file."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
