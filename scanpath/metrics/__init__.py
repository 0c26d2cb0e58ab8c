"""Metrics: how alike two scanpaths are, how well a map predicts fixations, how well a target was searched for.

Plain functions on one pair; `pairwise` and `score_pairs` on sets; `METRICS` says of each metric its range, direction,
needs and source. Where a metric has no value, a single call raises `UndefinedError` and a batch gives NaN with a reason
that can be counted. `scanpath_metric` and `plain_metric` declare metrics of your own. Nothing here needs torch.
"""

import lazy_loader

from scanpath._core.deprecation import with_old_names

_listed, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def _find(name: str) -> object:
    """Find a public name, or a metric that a file of this folder declares and the stub does not list."""
    try:
        return _listed(name)
    except AttributeError:
        if name.startswith("_") or name not in METRICS:
            raise
        return METRICS[name].function


_MOVED = {
    "MetricSpec": "scanpath.metrics:Metric",
    "collapse_fixations": "scanpath.evaluation:collapse_fixations",
    "performance_by_limit": "scanpath.evaluation:performance_by_limit",
    "visions_score": "scanpath.evaluation:visions_score",
}
__getattr__ = with_old_names(__name__, _find, _MOVED, since="0.2.0")

# A module and its function share these names. Bound here, the functions stay on top when a module is imported later.
from scanpath.metrics.metric import METRICS  # noqa: E402
from scanpath.metrics.multimatch import multimatch as multimatch  # noqa: E402
from scanpath.metrics.pairwise import pairwise as pairwise  # noqa: E402
from scanpath.metrics.recurrence import recurrence as recurrence  # noqa: E402
from scanpath.metrics.scanmatch import scanmatch as scanmatch  # noqa: E402
from scanpath.metrics.scasim import scasim as scasim  # noqa: E402
