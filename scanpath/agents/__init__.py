"""Agents that move an eye: one published model a file, all run by one episode loop."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
