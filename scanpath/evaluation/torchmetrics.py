"""Our metrics in a training loop that speaks torchmetrics; needs that library, and keeps sums alone."""

import functools
import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.optional import require
from scanpath.metrics import METRICS, Metric, score_pairs

if TYPE_CHECKING:
    import torchmetrics

#: Keywords of ``torchmetrics.Metric``; no metric has a setting of such a name.
LIBRARY_SETTINGS = (
    "compute_on_cpu",
    "compute_with_cache",
    "dist_sync_fn",
    "dist_sync_on_step",
    "distributed_available_fn",
    "process_group",
    "sync_on_compute",
)


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
        Of the metric, such as ``screen_px=(1280, 720)``; and of ``torchmetrics.Metric``, such as
        ``sync_on_compute=False``.

    Returns
    -------
    torchmetrics.Metric
        It can be pickled, moved, put into a ``MetricCollection``, merged with another one (``merge_state``) and
        plotted. As with all of that library, ``persistent(True)`` puts its sums into ``state_dict``.

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
    declared = METRICS[metric]
    if declared.takes not in ("scanpaths", "labels", "map and fixations", "maps"):
        raise InputError(
            f"{metric} takes a {declared.takes}, not two inputs at a time; call scanpath.metrics.{metric}."
        )
    if "maps" in declared.inputs:
        raise InputError(f"{metric} scores a stack of maps; wrap {metric.removeprefix('conditional_')!r} instead.")
    of_library = {name: settings.pop(name) for name in LIBRARY_SETTINGS if name in settings}
    declared.check_settings(settings)
    return _metric_class()(declared.name, settings, **of_library)


#: What the running mean is built upon, known when torchmetrics is there.
_Base: Any = object


class _RunningMean(_Base):
    """The mean of one of our metrics over the pairs that it is updated with, as a ``torchmetrics.Metric``."""

    is_differentiable = False
    full_state_update = False
    total: Tensor
    count: Tensor
    undefined: Tensor

    def __init__(self, metric: str, settings: dict[str, Any], **library_settings: Any) -> None:
        super().__init__(**library_settings)
        self.metric_name, self.settings = metric, settings
        parts = len(METRICS[metric].parts)
        self.add_state("total", torch.zeros(parts, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(parts, dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("undefined", torch.zeros(parts, dtype=torch.int64), dist_reduce_fx="sum")
        # an empty state that no other metric has: collections join metrics whose states have been equal so far, and
        # files and processes bring states that must be of the same metric
        identity = hashlib.sha256(repr((metric, sorted(settings.items()))).encode()).hexdigest()[:16]
        self.add_state(f"{metric}_{identity}", torch.zeros(0), dist_reduce_fx="sum")

    @property
    def higher_is_better(self) -> bool:
        return METRICS[self.metric_name].higher_is_better

    @property
    def plot_lower_bound(self) -> float | None:
        return _finite(METRICS[self.metric_name].range[0])

    @property
    def plot_upper_bound(self) -> float | None:
        return _finite(METRICS[self.metric_name].range[1])

    def update(self, first: Sequence[Any], second: Sequence[Any]) -> None:
        values = torch.from_numpy(_scores(METRICS[self.metric_name], first, second, self.settings))
        defined = ~values.isnan()  # minus infinity, an impossible fixation, is a value and the worst one
        self.total += values.where(defined, 0.0).sum(dim=0).to(self.total.device)
        self.count += defined.sum(dim=0).to(self.count.device)
        self.undefined += (~defined).sum(dim=0).to(self.undefined.device)

    def compute(self) -> Tensor:
        mean = (self.total / self.count).to(torch.get_default_dtype())
        return mean[0] if len(mean) == 1 else mean

    def merge_state(self, incoming_state: Any) -> None:
        """Add the sums of another one of the same metric and settings, or of its state."""
        state = incoming_state if isinstance(incoming_state, Mapping) else incoming_state.metric_state
        if state.keys() != self.metric_state.keys():
            raise InputError(f"{self} can be merged with one of the same metric and settings, got {incoming_state!r}.")
        for name, value in state.items():
            setattr(self, name, getattr(self, name) + value.to(self.device))
        self._computed = None  # what was computed before is no longer the mean
        self._update_count += 1

    def plot(self, val: Any = None, ax: Any = None) -> Any:
        """Plot the mean of each part, or the values of several steps, as torchmetrics does."""
        metric = METRICS[self.metric_name]
        values = self.compute() if val is None else val
        if len(metric.parts) > 1:
            steps = values if isinstance(values, list | tuple) else [values]
            named = [dict(zip(metric.parts, step)) for step in steps]
            values = named if steps is values else named[0]
        figure, axes = self._plot(values, ax)
        axes.set_ylabel(f"{metric.name} ({metric.unit})" if metric.unit != "1" else metric.name)
        return figure, axes

    def __repr__(self) -> str:
        return f"ScanpathMetric({self.metric_name!r})"


@functools.cache
def _metric_class() -> type:
    """Make the class when it is first needed, as only then torchmetrics must be there; pickle finds it by its name."""
    library = require("torchmetrics", purpose="as_torchmetric")
    return type("ScanpathMetric", (_RunningMean, library.Metric), {"__module__": __name__})


def __getattr__(name: str) -> type:
    if name == "ScanpathMetric":
        return _metric_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def _scores(metric: Metric, first: Sequence[Any], second: Sequence[Any], settings: dict[str, Any]) -> np.ndarray:
    """Score pair by pair, (pairs, parts), NaN where undefined."""
    if len(first) != len(second):
        raise InputError(f"{metric.name} scores pairs, but got {len(first)} and {len(second)} inputs.")
    if metric.takes in ("scanpaths", "labels"):
        pairs = np.stack([np.arange(len(first))] * 2, axis=1)
        return score_pairs(metric, _plain(first), _plain(second), pairs, **settings)
    values = np.full((len(first), len(metric.parts)), np.nan)
    for number, (one, other) in enumerate(zip(first, second)):
        try:
            values[number] = metric.function(one, other, **settings)
        except UndefinedError:
            continue
    return values


def _plain(paths: Sequence[Any]) -> list[Any]:
    return [path.detach().cpu().numpy() if isinstance(path, Tensor) else path for path in paths]
