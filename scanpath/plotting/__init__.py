"""Figures, one idea a file; each draws on the Axes it is given."""

import lazy_loader

from scanpath._core.deprecation import with_old_names

_listed, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = with_old_names(
    __name__, _listed, {"plot_cumulative_performance": "scanpath.plotting:plot_performance"}, since="0.2.0"
)
