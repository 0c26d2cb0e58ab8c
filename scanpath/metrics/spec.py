"""What each metric is: its range, its direction, what it needs and where it comes from."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scanpath._core.errors import InputError, unknown_name
from scanpath._core.registry import Registry

#: Which way is better: more alike, less apart, or neither (a description of one scanpath).
Direction = Literal["similarity", "distance", "description"]
#: What a metric takes: two scanpaths, two sequences of labels, one scanpath, a map and fixations, two maps, ...
Takes = Literal["scanpaths", "labels", "scanpath", "sets of scanpaths", "map and fixations", "maps", "search"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricSpec:
    """What a metric is, for tables, batches and people who choose one.

    Attributes
    ----------
    name
        Registry name, the same as the function's.
    function
        The plain function on one pair (one scanpath, one map).
    summary
        One line for a table.
    parts
        Names of the numbers it returns, one for most metrics.
    range
        Smallest and largest value for valid input; infinite where unbounded.
    direction
        "similarity" (more is more alike), "distance" (less is more alike) or "description".
    symmetric
        Whether swapping the two inputs changes nothing, exactly.
    unit
        Of the value: "1" for a pure number, "px", "ms", "bit", "%" ...
    needs
        What must be known besides the coordinates: "screen_px", "duration_ms", "labels", ...
    takes
        What the function is called with.
    least
        Fewest fixations a scanpath needs.
    reference
        The source.
    doi
        Its DOI, None where it has none.
    batch
        Scores many pairs at once (see `scanpath.metrics.pairwise`); None: the function is called pair by pair.

    Examples
    --------
    >>> METRICS["scanmatch"].direction
    'similarity'
    """

    name: str
    function: Callable[..., Any]
    summary: str
    parts: tuple[str, ...] = ("value",)
    range: tuple[float, float]
    direction: Direction
    symmetric: bool
    unit: str = "1"
    needs: tuple[str, ...] = ()
    takes: Takes = "scanpaths"
    least: int = 1
    reference: str
    doi: str | None = None
    batch: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        for value, allowed in ((self.direction, Direction), (self.takes, Takes)):
            if value not in get_args(allowed):
                raise InputError(f"{self.name}: {value!r} must be one of {', '.join(get_args(allowed))}.")

    @property
    def higher_is_better(self) -> bool:
        """Whether more means more alike."""
        return self.direction == "similarity"

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Raise in one sentence if a setting is unknown or a needed one is missing."""
        known, required = _settings(self.function, self.n_inputs)
        for setting in settings:
            if setting not in known:
                raise unknown_name(f"setting of {self.name}", setting, known)
        for setting in required:
            if setting not in settings:
                hint = "(width, height)" if setting == "screen_px" else "..."
                raise InputError(f"{self.name} needs {setting}={hint}; give it as a setting.")

    @property
    def n_inputs(self) -> int:
        """How many positional inputs the function has."""
        return 1 if self.takes == "scanpath" else 2


@functools.cache
def _settings(function: Callable[..., Any], n_inputs: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of a function's settings, and of those that have no default."""
    parameters = list(inspect.signature(function).parameters.values())[n_inputs:]
    required = tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)
    return tuple(parameter.name for parameter in parameters), required


#: Every metric by name; an entry is imported when it is asked for.
METRICS: Registry[MetricSpec] = Registry(
    "metric",
    {
        "auc": "scanpath.metrics.map_specs:AUC",
        "auc_borji": "scanpath.metrics.map_specs:AUC_BORJI",
        "auc_judd": "scanpath.metrics.map_specs:AUC_JUDD",
        "conditional_auc": "scanpath.metrics.map_specs:CONDITIONAL_AUC",
        "conditional_information_gain": "scanpath.metrics.map_specs:CONDITIONAL_INFORMATION_GAIN",
        "conditional_nss": "scanpath.metrics.map_specs:CONDITIONAL_NSS",
        "correlation": "scanpath.metrics.map_specs:CORRELATION",
        "cross_recurrence": "scanpath.metrics.recurrence:CROSS_RECURRENCE",
        "cumulative_performance": "scanpath.metrics.map_specs:CUMULATIVE_PERFORMANCE",
        "damerau": "scanpath.metrics.strings:DAMERAU",
        "dtw": "scanpath.metrics.curves:DTW",
        "emd": "scanpath.metrics.curves:EMD",
        "eyenalysis": "scanpath.metrics.nearest:EYENALYSIS",
        "fixation_edit_distance": "scanpath.metrics.semantic:FIXATION_EDIT_DISTANCE",
        "fixation_kl_divergence": "scanpath.metrics.map_specs:FIXATION_KL",
        "frechet": "scanpath.metrics.curves:FRECHET",
        "hausdorff": "scanpath.metrics.curves:HAUSDORFF",
        "information_gain": "scanpath.metrics.map_specs:INFORMATION_GAIN",
        "kl_divergence": "scanpath.metrics.map_specs:KL_DIVERGENCE",
        "levenshtein": "scanpath.metrics.strings:LEVENSHTEIN",
        "log_likelihood": "scanpath.metrics.map_specs:LOG_LIKELIHOOD",
        "mannan": "scanpath.metrics.nearest:MANNAN",
        "mannan_distance": "scanpath.metrics.nearest:MANNAN_DISTANCE",
        "map_emd": "scanpath.metrics.map_specs:MAP_EMD",
        "multimatch": "scanpath.metrics.multimatch:SPEC",
        "nss": "scanpath.metrics.map_specs:NSS",
        "performance_auc": "scanpath.metrics.map_specs:PERFORMANCE_AUC",
        "probability_mismatch": "scanpath.metrics.map_specs:PROBABILITY_MISMATCH",
        "recurrence": "scanpath.metrics.recurrence:RECURRENCE",
        "saccade_divergence": "scanpath.metrics.saccades:SPEC",
        "sbtde": "scanpath.metrics.embedding:SBTDE",
        "scaled_tde": "scanpath.metrics.embedding:SCALED_TDE",
        "scanmatch": "scanpath.metrics.scanmatch:SPEC",
        "scanpath_ratio": "scanpath.metrics.map_specs:SCANPATH_RATIO",
        "scasim": "scanpath.metrics.scasim:SPEC",
        "sequence_score": "scanpath.metrics.semantic:SEQUENCE_SCORE",
        "shuffled_auc": "scanpath.metrics.map_specs:SHUFFLED_AUC",
        "similarity": "scanpath.metrics.map_specs:SIMILARITY",
        "stationary_entropy": "scanpath.metrics.entropy:STATIONARY_ENTROPY",
        "tde": "scanpath.metrics.embedding:TDE",
        "tfp_auc": "scanpath.metrics.map_specs:TFP_AUC",
        "transition_entropy": "scanpath.metrics.entropy:TRANSITION_ENTROPY",
    },
)


def list_metrics(pattern: str = "*") -> list[str]:
    """Names of the metrics that match a shell pattern, sorted.

    Examples
    --------
    >>> list_metrics("*tde")
    ['sbtde', 'scaled_tde', 'tde']
    """
    return METRICS.names(pattern)
