"""Simulate, foveate and score human gaze.

Coordinates are xy in picture pixels, x right and y down, pixel centers at integers; sizes are (height, width);
images are float (B, C, H, W) in [0, 1]; time is in ms; angles are in degrees.
"""

import lazy_loader

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
