"""Other people's files: each format reads into the tidy table, or writes it, and says what it changed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
