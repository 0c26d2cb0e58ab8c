"""Metrics: how alike two scanpaths are, how well a map predicts fixations, how well a target was searched for.

Plain functions on one pair; `pairwise` and `score_pairs` on sets; `METRICS` says of each metric its range, direction,
needs and source. Where a metric has no value, a single call raises `UndefinedError` and a batch gives NaN with a reason
that can be counted. Nothing here needs torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# A module and its function share these names. Bound here, the functions stay on top when a module is imported later.
from scanpath.metrics.multimatch import multimatch as multimatch  # noqa: E402
from scanpath.metrics.pairwise import pairwise as pairwise  # noqa: E402
from scanpath.metrics.recurrence import recurrence as recurrence  # noqa: E402
from scanpath.metrics.scanmatch import scanmatch as scanmatch  # noqa: E402
from scanpath.metrics.scasim import scasim as scasim  # noqa: E402
