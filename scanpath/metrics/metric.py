"""What a metric is, declared once beside its function; the registry that finds it; and why it may have no value."""

import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Required, TypedDict, TypeVar, Unpack, cast, get_args

import numpy as np

from scanpath._core.errors import InputError, UndefinedError, unknown_name
from scanpath._core.registry import Registry

#: Which way is better: more alike, less apart, or neither (a description of one scanpath).
Direction = Literal["similarity", "distance", "description"]
#: What a metric takes: two scanpaths, two sequences of labels, one scanpath, a map and fixations, two maps, ...
Takes = Literal["scanpaths", "labels", "scanpath", "sets of scanpaths", "map and fixations", "maps", "search"]

#: Why a value is undefined: the word that batches count, and the sentence of a single call. Of the two reasons of a
#: pair the earlier one is told.
REASONS: dict[str, str] = {
    "nan": "a coordinate is NaN or infinite; drop such fixations or cut the scanpath there",
    "empty": "a scanpath has no fixations",
    "too_short": "a scanpath has too few fixations",
    "off_screen": "a fixation lies off the screen; drop it, or where there is a grid give outside='clamp' to move it "
    "to the border cell",
    "missing_duration": "a fixation duration is missing; give durations in ms",
    "zero_duration": "both fixations of a pair last 0 ms, so that their durations cannot be compared",
    "no_recurrence": "no two fixations lie within the radius",
    "no_movement": "all fixations are in one place",
    "no_bins": "every fixation is shorter than half a time bin, so that none is left",
    "overflow": "coordinates or durations are so large that differences overflow; check their unit",
    "off_map": "a fixation lies off the map; drop it, or scale it to the map",
    "constant": "the map is constant",
    "negative": "the map has negative values and is no density",
    "zero_density": "the map is 0 everywhere, or where it must not be, and is no density",
    "no_nonfixations": "there is no pixel or fixation to compare with",
    "no_other_picture": "people looked at no other picture",
    "too_few_groups": "there is only one group",
    "not_found": "the target is not found",
    "found_at_start": "the target is found without a saccade",
    "gap": "a curve has a gap",
    "equal_answers": "all answers are the same",
    "few_questions": "the questions do not fix every step of the scale",
    "few_answers": "experiments simulated with the fitted scale give none themselves",
    "separable": "a scale without noise explains the answers, so that the likelihood has no maximum",
    "falling": "the fitted scale does not rise from the first to the last level",
    "other": "the metric gives no value",
}
#: By how much rounding may carry a value beyond its range.
ROUNDING = 1e-9
_FOLDER = "scanpath.metrics"
_CODES = {reason: code for code, reason in enumerate(REASONS, start=1)}
_NAMES = np.array(["", *REASONS], dtype=object)


def reason_code(reason: str) -> int:
    """Number of a reason, as batches store it (0: the value is defined); those from elsewhere count as "other"."""
    return _CODES.get(reason, _CODES["other"])


def reason_names(codes: np.ndarray) -> np.ndarray:
    """Reasons by their numbers, "" where a value is defined."""
    return _NAMES[codes]


def undefined(metric: str, reason: str | int, detail: str = "") -> UndefinedError:
    """Build the error of a single call from a reason or its number."""
    word = reason if isinstance(reason, str) else str(_NAMES[reason])
    return UndefinedError(f"{metric} is undefined: {REASONS[word]}{detail}.", word)


def count_reasons(reasons: np.ndarray) -> dict[str, int]:
    """Count the reasons for NaN in a batch, the most frequent first.

    Examples
    --------
    >>> count_reasons(np.array([["", "too_short"], ["too_short", "nan"]], dtype=object))
    {'too_short': 2, 'nan': 1}
    """
    names, counts = np.unique(np.asarray(reasons, dtype=str), return_counts=True)
    found = {str(name): int(count) for name, count in zip(names, counts) if name}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
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
        Smallest and largest value; infinite where unbounded. No score lies outside: what would is undefined.
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
        Scores many pairs at once, ``batch(first, second, index, jobs, **settings)``; None: the function is called pair
        by pair.

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

    @property
    def n_inputs(self) -> int:
        """How many positional inputs the function has."""
        return 1 if self.takes == "scanpath" else 2

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of all parameters that have no default, in their order: what a call must give."""
        parameters = _parameters(self.function).values()
        return tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Raise in one sentence if a setting is unknown or a needed one is missing."""
        allowed, needed = _settings(self.function, self.n_inputs)
        if needed <= settings.keys() <= allowed:
            return
        parameters = list(_parameters(self.function).values())[self.n_inputs :]
        known = [parameter.name for parameter in parameters]
        for setting in settings:
            if setting not in known:
                raise unknown_name(f"setting of {self.name}", setting, known)
        for parameter in parameters:
            if parameter.default is parameter.empty and parameter.name not in settings:
                hint = "(width, height)" if parameter.name == "screen_px" else "..."
                raise InputError(f"{self.name} needs {parameter.name}={hint}; give it as a setting.")


@functools.cache
def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


@functools.cache
def _settings(function: Callable[..., Any], n_inputs: int) -> tuple[frozenset[str], frozenset[str]]:
    """Names of all settings of a function, and of those that have no default."""
    parameters = list(_parameters(function).values())[n_inputs:]
    needed = frozenset(parameter.name for parameter in parameters if parameter.default is parameter.empty)
    return frozenset(parameter.name for parameter in parameters), needed


class MetricRegistry(Registry[Metric]):
    """Metrics by name; each is declared where its function is, and imported when it is asked for."""

    def __init__(self) -> None:
        super().__init__("metric")
        self._complete = False

    def register(self, name: str, entry: Metric) -> Metric:
        """Add a metric; another one of that name raises, the same function defined anew takes its place."""
        mine, known = entry.function, self._entries.get(name)
        here = mine.__module__.startswith(f"{_FOLDER}.")
        if isinstance(known, Metric):
            place = known.function.__module__, known.function.__qualname__
            if place == (mine.__module__, mine.__qualname__):
                del self._entries[name]
        elif not here and name in sys.modules[_FOLDER].__all__:
            raise ValueError(f"The metric name {name!r} is taken; choose another name.")
        return super().register(name, entry)

    def __getitem__(self, name: str) -> Metric:
        if name not in self._entries:
            package = sys.modules[_FOLDER]
            if name in package.__all__:
                getattr(package, name)  # imports the file that the package's stub names
            if name not in self._entries:
                self._import_all()
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        if not super().__contains__(name):
            self._import_all()
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._import_all()
        return super().__iter__()

    def __len__(self) -> int:
        self._import_all()
        return super().__len__()

    def _import_all(self) -> None:
        if not self._complete:
            for module in pkgutil.iter_modules(sys.modules[_FOLDER].__path__, f"{_FOLDER}."):
                importlib.import_module(module.name)
            self._complete = True


#: Every metric by name.
METRICS = MetricRegistry()


def list_metrics(pattern: str = "*") -> list[str]:
    """Names of the metrics that match a shell pattern, sorted.

    Examples
    --------
    >>> list_metrics("*tde")
    ['sbtde', 'scaled_tde', 'tde']
    """
    return METRICS.names(pattern)


class Facts(TypedDict, total=False):
    """What a declaration states; see `Metric`. All else comes from the function: name, summary, needs, settings."""

    range: Required[tuple[float, float]]
    direction: Required[Direction]
    reference: Required[str]
    doi: str
    symmetric: bool
    unit: str
    least: int
    #: What must be known that no parameter of the function names.
    needs: tuple[str, ...]


Function = TypeVar("Function", bound=Callable[..., Any])
#: Parameters that stand for something to be known, where they have no default.
_KNOWLEDGE = ("screen", "other_xy", "log_density", "baseline_log_density", "baseline", "target_box")


def plain_metric(*, takes: Takes | None = None, **facts: Unpack[Facts]) -> Callable[[Function], Function]:
    """Declare a function of one map, pair or scanpath as a metric, to be found by its name from then on.

    Parameters
    ----------
    takes
        What it is called with. By default the parameters' names say it: ``gold`` beside a map: two maps; ``xy``: a map
        and fixations; ``a, b``: two scanpaths; ``a``: one scanpath; ``A, B``: sets of scanpaths.
    **facts
        ``range``, ``direction`` and ``reference``; and where they apply ``doi``, ``symmetric``, ``unit``, ``least``
        and ``needs``: see `Metric`. Where the function has no value it raises `UndefinedError`, and so it does for it
        where a value leaves the range.

    Raises
    ------
    ValueError
        If another metric has the name.
    """

    def declare(function: Function) -> Function:
        kind = takes or _taken(function)
        if kind == "maps":
            facts.setdefault("least", 0)
        bounded = _bounded(function, facts["range"])
        declare_metric(bounded, kind, facts)
        return bounded

    return declare


def _bounded(function: Function, bounds: tuple[float, float]) -> Function:
    """The same function, which raises where a value would leave its range."""

    @functools.wraps(function)
    def call(*arguments: Any, **settings: Any) -> Any:
        result = function(*arguments, **settings)
        values, *rest = result if isinstance(result, tuple) else (result,)
        inside, out = within(np.asarray(values, dtype=np.float64), bounds)
        if out.any():
            name, worst = function.__name__, inside[out].flat[0]
            raise UndefinedError(f"{name} must lie in {bounds[0]:g} to {bounds[1]:g}, got {worst:g}.", "other")
        whole = inside if inside.ndim else float(inside)
        return (whole, *rest) if isinstance(result, tuple) else whole

    return cast(Function, call)


def within(values: np.ndarray, bounds: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Values with rounding errors at the ends of their range undone, and where they lie outside all the same.

    Examples
    --------
    >>> within(np.array([0.5, 1 + 1e-15, 2.0]), (0, 1))
    (array([0.5, 1. , 2. ]), array([False, False,  True]))
    """
    if values.size and values.min() >= bounds[0] and values.max() <= bounds[1]:  # not where there is NaN
        return values, np.zeros(values.shape, dtype=bool)
    nearest = np.clip(values, *bounds)
    off = np.abs(np.subtract(values, nearest, where=values != nearest, out=np.zeros(values.shape)))
    return np.where(off <= ROUNDING, nearest, values), off > ROUNDING


def declare_metric(
    function: Callable[..., Any],
    takes: Takes,
    facts: Facts,
    *,
    parts: tuple[str, ...] = ("value",),
    batch: Callable[..., Any] | None = None,
) -> None:
    """Register a public function as a metric; its ``metric`` attribute says what it is."""
    parameters = _parameters(function).values()
    needs = [parameter.name for parameter in parameters if _is_needed(parameter)]
    summary = (inspect.getdoc(function) or "").partition("\n")[0].removesuffix(".")
    stated: dict[str, Any] = {"symmetric": False, **facts}
    stated["range"] = tuple(float(bound) for bound in facts["range"])
    stated["needs"] = (*needs, *facts.get("needs", ()))
    metric = Metric(
        name=function.__name__, function=function, summary=summary, parts=parts, takes=takes, batch=batch, **stated
    )
    function.metric = METRICS.register(metric.name, metric)  # type: ignore[attr-defined]  # a function takes any attribute


def _is_needed(parameter: inspect.Parameter) -> bool:
    # a grid is laid on a screen, though labels need none, so that a function may have a default there
    return parameter.name == "screen_px" or (parameter.name in _KNOWLEDGE and parameter.default is parameter.empty)


def _taken(function: Callable[..., Any]) -> Takes:
    names = list(_parameters(function))
    if "gold" in names:
        return "maps"
    if "xy" in names:
        return "map and fixations"
    if names[:2] == ["A", "B"]:
        return "sets of scanpaths"
    return "scanpaths" if names[:2] == ["a", "b"] else "scanpath"
