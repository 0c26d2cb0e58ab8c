"""Our metrics in a training loop that speaks torchmetrics; needs that library, and keeps sums alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.optional import require
from scanpath.metrics import METRICS, Metric, score_pairs

if TYPE_CHECKING:
    import torchmetrics


def as_torchmetric(metric: str, **settings: Any) -> "torchmetrics.Metric":
    """Wrap a metric as a ``torchmetrics.Metric`` that averages over all pairs it is updated with.

    ``update(first, second)`` takes two lists of one length: scanpaths and scanpaths, maps and fixations, or maps and
    maps, as the metric wants; ``compute()`` returns the mean of each part. The state is the sums, the counts of
    defined pairs and the count of undefined ones, whatever the number of pairs, and adds up over processes. Pairs
    without a value do not count; ``metric.undefined`` says how many there were.

    Parameters
    ----------
    metric
        Name of a metric of two inputs in `scanpath.metrics.METRICS`.
    **settings
        Of the metric, such as ``screen_px=(1280, 720)``.

    Raises
    ------
    InputError
        If the metric or a setting is unknown, or the metric needs more than two inputs.
    MissingDependencyError
        If torchmetrics is not installed.

    Examples
    --------
    In a training loop::

        score = as_torchmetric("levenshtein", screen_px=(100, 100))
        score.update(paths, people)
        score.compute()
    """
    spec = METRICS[metric]
    if spec.takes not in ("scanpaths", "labels", "map and fixations", "maps"):
        raise InputError(f"{metric} takes a {spec.takes}, not two inputs at a time; call scanpath.metrics.{metric}.")
    if "maps" in spec.inputs:
        raise InputError(f"{metric} scores a stack of maps; wrap {metric.removeprefix('conditional_')!r} instead.")
    spec.check_settings(settings)
    library = require("torchmetrics", purpose="as_torchmetric")
    return _metric_class(library)(spec, settings)


def _metric_class(library: Any) -> type:
    class ScanpathMetric(library.Metric):
        is_differentiable = False
        full_state_update = False
        total: Tensor
        count: Tensor
        undefined: Tensor

        def __init__(self, spec: Metric, settings: dict[str, Any]) -> None:
            super().__init__()
            self.metric_name, self.settings = spec.name, settings
            parts = len(spec.parts)
            self.add_state("total", torch.zeros(parts, dtype=torch.float64), dist_reduce_fx="sum")
            self.add_state("count", torch.zeros(parts, dtype=torch.int64), dist_reduce_fx="sum")
            self.add_state("undefined", torch.zeros(parts, dtype=torch.int64), dist_reduce_fx="sum")

        @property
        def higher_is_better(self) -> bool:
            return METRICS[self.metric_name].higher_is_better

        def update(self, first: Sequence[Any], second: Sequence[Any]) -> None:
            values = torch.from_numpy(_scores(METRICS[self.metric_name], first, second, self.settings))
            defined = ~values.isnan()  # minus infinity, an impossible fixation, is a value and the worst one
            self.total += values.where(defined, 0.0).sum(dim=0).to(self.total.device)
            self.count += defined.sum(dim=0).to(self.count.device)
            self.undefined += (~defined).sum(dim=0).to(self.undefined.device)

        def compute(self) -> Tensor:
            mean = (self.total / self.count).to(torch.get_default_dtype())
            return mean[0] if len(mean) == 1 else mean

        def __repr__(self) -> str:
            return f"ScanpathMetric({self.metric_name!r})"

    return ScanpathMetric


def _scores(spec: Metric, first: Sequence[Any], second: Sequence[Any], settings: dict[str, Any]) -> np.ndarray:
    """Score pair by pair, (pairs, parts), NaN where undefined."""
    if len(first) != len(second):
        raise InputError(f"{spec.name} scores pairs, but got {len(first)} and {len(second)} inputs.")
    if spec.takes in ("scanpaths", "labels"):
        pairs = np.stack([np.arange(len(first))] * 2, axis=1)
        return score_pairs(spec, _plain(first), _plain(second), pairs, **settings)
    values = np.full((len(first), len(spec.parts)), np.nan)
    for number, (one, other) in enumerate(zip(first, second)):
        try:
            values[number] = spec.function(one, other, **settings)
        except UndefinedError:
            continue
    return values


def _plain(paths: Sequence[Any]) -> list[Any]:
    return [path.detach().cpu().numpy() if isinstance(path, Tensor) else path for path in paths]
