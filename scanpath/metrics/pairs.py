"""Sets of scanpaths or labels as flat arrays, the pairs of them that are scored, and the metrics that score them."""

import functools
import inspect
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeAlias, TypeVar, Unpack, overload

import numpy as np

from scanpath._core.errors import InputError
from scanpath._core.labels import labeled_columns, xy_by_name
from scanpath.gaze.scanpath import Scanpath, ScanpathBatch, ScanpathLike, as_scanpath
from scanpath.metrics.metric import Facts, Takes, declare_metric, reason_code, undefined, within

#: More time bins than any recording has; a mistaken unit, not a long trial.
MOST_BINS = 10**8
#: A sequence of labels: a string, a list of areas of interest.
Labels: TypeAlias = Sequence[Hashable] | np.ndarray
_NAN, _EMPTY, _TOO_SHORT = reason_code("nan"), reason_code("empty"), reason_code("too_short")
_OVERFLOW = reason_code("overflow")


class Scores(NamedTuple):
    """Values and reason codes (0 where defined) of K pairs, both of shape (K, parts)."""

    values: np.ndarray
    faults: np.ndarray


@dataclass(frozen=True, slots=True)
class Packed:
    """Ragged sequences: number i is the rows ``start[i]:start[i + 1]``; `fault` holds a reason code a sequence."""

    values: np.ndarray
    start: np.ndarray
    fault: np.ndarray
    length: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", self.start[1:] - self.start[:-1])

    def __len__(self) -> int:
        return len(self.fault)

    @property
    def owner(self) -> np.ndarray:
        """Which sequence each row belongs to."""
        return np.repeat(np.arange(len(self)), self.length)

    def holding(self, values: np.ndarray, where: np.ndarray | None = None, reason: str = "") -> "Packed":
        """Other values for the same rows; sequences `where` get the reason, if they have none yet."""
        return Packed(values, self.start, self.fault if where is None else add_fault(self.fault, where, reason))


@dataclass(frozen=True, slots=True)
class PackedPaths(Packed):
    """Ragged scanpaths: `values` are (total, 2) coordinates in px, missing durations are NaN."""

    duration_ms: np.ndarray

    @property
    def xy(self) -> np.ndarray:
        """(total, 2) px."""
        return self.values

    @property
    def untimed(self) -> np.ndarray:
        """Whether a duration of the path is missing, one a path."""
        return np.bincount(self.owner[np.isnan(self.duration_ms)], minlength=len(self)) > 0


T = TypeVar("T", bound=Packed)
U = TypeVar("U", bound=Packed)


@dataclass(frozen=True, slots=True)
class Pairs(Generic[T]):
    """The pairs to be scored: two packed sets, (K, 2) indices into them, and the number of threads."""

    a: T
    b: T
    index: np.ndarray
    jobs: int = 1

    def __len__(self) -> int:
        return len(self.index)

    def each(self, change: Callable[[T], U]) -> "Pairs[U]":
        """The same pairs of changed sets; a set that is paired with itself is changed once."""
        a = change(self.a)
        return Pairs(a, a if self.b is self.a else change(self.b), self.index, self.jobs)

    def both(self, number: Callable[[T], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """What is known of each sequence, for the first and for the second of each pair."""
        a = number(self.a)
        b = a if self.b is self.a else number(self.b)
        return a[self.index[:, 0]], b[self.index[:, 1]]

    @property
    def lengths(self) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of the first and of the second sequence of each pair."""
        return self.both(lambda packed: packed.length)

    def faults(self, least: int = 1) -> np.ndarray:
        """Why each pair cannot be compared: a fault of either sequence, or fewer than `least` elements; (K,) codes."""

        def of_each(packed: T) -> np.ndarray:
            short = np.where(packed.length == 0, _EMPTY, np.where(packed.length < least, _TOO_SHORT, 0))
            return np.where(packed.fault != 0, packed.fault, short)

        sides = (self.a,) if self.b is self.a else (self.a, self.b)
        if all(len(side) and not side.fault.any() and side.length.min() >= max(least, 1) for side in sides):
            return np.zeros(len(self.index), dtype=np.int8)
        first, second = self.both(of_each)
        lower = np.minimum(first, second)  # of two reasons the same one, whatever the order
        return np.where(lower != 0, lower, np.maximum(first, second)).astype(np.int8)

    def run(self, kernel: Callable[..., None], per_pair: Sequence[np.ndarray], *settings: Any) -> None:
        """Run a compiled kernel over the pairs, cut into threads.

        It is called with the indices, the arrays `per_pair` (what to skip, what to fill), the values and starts of
        both sets, and its settings.
        """
        arguments = (self.a.values, self.a.start, self.b.values, self.b.start, *settings)
        threads = min(self.jobs, len(self.index))
        if threads < 2:
            kernel(self.index, *per_pair, *arguments)
            return
        bounds = np.linspace(0, len(self.index), threads + 1).astype(int)

        def part(low: int, high: int) -> None:
            kernel(self.index[low:high], *(values[low:high] for values in per_pair), *arguments)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, bounds[:-1], bounds[1:]))

    def score(
        self, kernel: Callable[..., None], *settings: Any, least: int = 1, fault: np.ndarray | None = None
    ) -> Scores:
        """Scores of a kernel that gives one number a pair; NaN where the pair has a fault."""
        fault = self.faults(least) if fault is None else fault
        values = np.full(len(self.index), np.nan)
        self.run(kernel, (fault != 0, values), *settings)
        return Scores(values[:, None], fault[:, None])


#: Pairs of scanpaths: what a batch function of a metric is given.
PathPairs: TypeAlias = Pairs[PackedPaths]
#: Pairs of sequences of labels: what a batch function of a metric of labels is given.
LabelPairs: TypeAlias = Pairs[Packed]


def add_fault(fault: np.ndarray, where: np.ndarray, reason: str) -> np.ndarray:
    """Reason codes with one more reason, where there is none yet."""
    return np.where((fault == 0) & where, reason_code(reason), fault).astype(np.int8)


def pack_paths(paths: Iterable[ScanpathLike] | ScanpathBatch) -> PackedPaths:
    """Pack scanpaths in any form; one with a NaN coordinate is kept out with the fault "nan"."""
    if isinstance(paths, ScanpathBatch):
        return _pack_batch(paths)
    admitted = [path if isinstance(path, Scanpath) else _admit(path, index) for index, path in enumerate(paths)]
    fault = np.zeros(len(admitted), dtype=np.int8)
    for index, path in enumerate(admitted):
        if path is None:
            fault[index] = _NAN
    kept = [_NO_PATH if path is None else path for path in admitted]
    start = _starts([len(path.xy) for path in kept])
    times = [np.full(len(path.xy), np.nan) if path.duration_ms is None else path.duration_ms for path in kept]
    xy = np.concatenate([_NO_PATH.xy, *(path.xy for path in kept)])
    return PackedPaths(xy, start, fault, np.concatenate([_NO_TIMES, *times]))


def pack_labels(sequences: Iterable[Labels], codes: dict[Hashable, int]) -> Packed:
    """Pack sequences of hashable labels as integers; `codes` is shared and grows, so that equal labels agree."""
    rows: list[list[int]] = []
    for index, labels in enumerate(sequences):
        values = labels.tolist() if isinstance(labels, np.ndarray) else labels
        try:
            rows.append([codes.setdefault(label, len(codes)) for label in values])
        except TypeError:
            raise InputError(f"Sequence {index} must be a sequence of labels, got {labels!r:.60}.") from None
    symbols = np.array([code for row in rows for code in row], dtype=np.int64)
    return Packed(symbols, _starts([len(row) for row in rows]), np.zeros(len(rows), dtype=np.int8))


def path_pairs(first: Any, second: Any, index: np.ndarray, jobs: int = 1) -> PathPairs:
    """Pairs of scanpaths from two sets of them; a set that is given twice is packed once."""
    a = pack_paths(first)
    return Pairs(a, a if second is first else pack_paths(second), index, jobs)


def label_pairs(first: Any, second: Any, index: np.ndarray, jobs: int = 1) -> LabelPairs:
    """Pairs of label sequences from two sets of them."""
    codes: dict[Hashable, int] = {}
    a = pack_labels(first, codes)
    return Pairs(a, a if second is first else pack_labels(second, codes), index, jobs)


def path_or_label_pairs(first: Any, second: Any, index: np.ndarray, jobs: int = 1) -> PathPairs | LabelPairs:
    """Pairs of label sequences if both sets hold nothing else, of scanpaths otherwise."""
    sets = (first,) if second is first else (first, second)
    labels = all(isinstance(items, list | tuple) and all(map(is_labels, items)) for items in sets)
    return (label_pairs if labels else path_pairs)(first, second, index, jobs)


def is_labels(item: object) -> bool:
    """Whether an input is a sequence of labels (a string, a one-dimensional sequence) rather than of points."""
    if isinstance(item, str):
        return True
    if isinstance(item, Scanpath) or hasattr(item, "detach"):
        return False
    if isinstance(item, np.ndarray):
        return item.ndim == 1
    return isinstance(item, Sequence) and all(isinstance(label, str) or np.ndim(label) == 0 for label in item)


def path_or_labels(item: Any) -> Scanpath | Labels:
    """Return a sequence of labels as it is, anything else as a scanpath."""
    return item if is_labels(item) else as_scanpath(item)


def has_nan_coordinates(path: object) -> bool:
    """Whether an array of the right shape for a scanpath has a coordinate that is NaN or infinite."""
    if isinstance(path, Scanpath | str):
        return False
    columns = labeled_columns(path)
    try:
        values = np.asarray(path if columns is None else xy_by_name(columns, "The scanpath"), dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return values.ndim == 2 and values.shape[1] in (2, 3) and not np.isfinite(values[:, :2]).all()


def check_gap(gap: float) -> float:
    """Return what an alignment adds for each element left out, a finite number of at most 0."""
    try:
        if -np.inf < gap <= 0:
            return float(gap)
    except (TypeError, ValueError):
        pass
    raise InputError(f"gap must be 0 or less, got {gap!r}; it is added for each element left out.")


P = ParamSpec("P")
R = TypeVar("R")


@overload
def scanpath_metric(
    *, parts: type[R], inputs: tuple[str, str] = ..., or_labels: bool = ..., **facts: Unpack[Facts]
) -> Callable[
    [Callable[Concatenate[PathPairs, P], Scores]], Callable[Concatenate[ScanpathLike, ScanpathLike, P], R]
]: ...
@overload
def scanpath_metric(
    *, inputs: tuple[str, str] = ..., or_labels: bool = ..., **facts: Unpack[Facts]
) -> Callable[
    [Callable[Concatenate[PathPairs, P], Scores]], Callable[Concatenate[ScanpathLike, ScanpathLike, P], float]
]: ...
def scanpath_metric(
    *,
    parts: type[Any] | None = None,
    inputs: tuple[str, str] = ("a", "b"),
    or_labels: bool = False,
    **facts: Unpack[Facts],
) -> Any:
    """Declare a function that scores many pairs of scanpaths as a metric, and make the function on one pair of it.

    The decorated function takes `PathPairs`, then its settings, and returns `Scores`: values and reason codes, (K,
    parts). What comes out takes two scanpaths and the same settings, returns a number (or the named parts), and raises
    `UndefinedError` where no part has a value. Its docstring is the decorated function's.

    Parameters
    ----------
    parts
        The NamedTuple that one pair gives, for a metric of several numbers.
    inputs
        Names of the two scanpaths, where they play different parts.
    or_labels
        Sequences of labels are taken too, and come as `LabelPairs`.
    **facts
        As for `plain_metric`.

    Raises
    ------
    ValueError
        If another metric has the name.

    Examples
    --------
    A file of your own::

        @scanpath_metric(range=(0, inf), direction="distance", symmetric=True, unit="fixations", reference="none")
        def length_difference(pairs: PathPairs, *, at_most: int = 100) -> Scores:
            n, m = pairs.lengths
            return Scores(np.minimum(abs(n - m), at_most)[:, None].astype(float), pairs.faults()[:, None])
    """
    pack, admit = (path_or_label_pairs, path_or_labels) if or_labels else (path_pairs, as_scanpath)
    return functools.partial(_declare, pack, admit, inputs, parts, "scanpaths", facts)


def label_metric(
    **facts: Unpack[Facts],
) -> Callable[[Callable[Concatenate[LabelPairs, P], Scores]], Callable[Concatenate[Labels, Labels, P], float]]:
    """Declare a function that scores many pairs of label sequences; as `scanpath_metric`."""
    facts["needs"] = ("labels", *facts.get("needs", ()))
    names = ("a_labels", "b_labels")
    return functools.partial(_declare, label_pairs, _as_labels, names, None, "labels", facts)


@overload
def scanpath_description(
    *, parts: type[R], **facts: Unpack[Facts]
) -> Callable[[Callable[Concatenate[PathPairs, P], Scores]], Callable[Concatenate[ScanpathLike, P], R]]: ...
@overload
def scanpath_description(
    **facts: Unpack[Facts],
) -> Callable[[Callable[Concatenate[PathPairs, P], Scores]], Callable[Concatenate[ScanpathLike, P], float]]: ...
def scanpath_description(*, parts: type[Any] | None = None, **facts: Unpack[Facts]) -> Any:
    """Declare a function that describes many scanpaths, each paired with itself; as `scanpath_metric`."""
    return functools.partial(_declare, path_pairs, as_scanpath, ("a",), parts, "scanpath", facts)


def _declare(
    pack: Callable[..., Any],
    admit: Callable[[Any], Any],
    inputs: Sequence[str],
    parts: type[Any] | None,
    takes: Takes,
    facts: Facts,
    batch: Callable[..., Scores],
) -> Callable[..., Any]:
    """Make the public function on one pair of a batch function, and register both."""
    n, result = len(inputs), float if parts is None else parts
    # what is measured on a screen leaves its range where fixations leave the screen
    out_of_range = "off_screen" if "screen_px" in inspect.signature(batch).parameters else "other"
    given = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in inputs]
    settings_of_batch = list(inspect.signature(batch).parameters.values())[1:]
    signature = inspect.Signature([*given, *settings_of_batch], return_annotation=result)

    def score(first: Any, second: Any, index: np.ndarray, jobs: int = 1, *settings: Any, **named: Any) -> Scores:
        with np.errstate(over="ignore", invalid="ignore"):
            scores = _named_overflow(*batch(pack(first, second, index, jobs), *settings, **named))
        return _in_range(scores, facts["range"], out_of_range)

    @functools.wraps(batch)
    def call(*arguments: Any, **named: Any) -> Any:
        if len(arguments) < n:
            bound = signature.bind(*arguments, **named)
            arguments, named = bound.args, bound.kwargs
        sequences = [admit(sequence) for sequence in arguments[:n]]
        first = [sequences[0]]
        second = [sequences[1]] if n == 2 else first  # alone, it is packed once
        values, faults = score(first, second, _FIRST, 1, *arguments[n:], **named)
        if faults.all():
            least = facts.get("least", 1)
            wanted = f"; {least} are needed" if least > 1 else ""
            came = " and ".join(map(_size, sequences))
            raise undefined(batch.__name__, int(faults[0, 0]), f" (got {came}{wanted})")
        return float(values[0, 0]) if parts is None else parts(*values[0].tolist())

    call.__signature__ = signature  # type: ignore[attr-defined]  # a function takes any attribute
    call.__annotations__ = {p.name: p.annotation for p in settings_of_batch if p.annotation is not p.empty}
    call.__annotations__["return"] = result
    names = ("value",) if parts is None else tuple(parts._fields)
    declare_metric(call, takes, facts, parts=names, batch=score)
    return call


_FIRST = np.zeros((1, 2), dtype=np.int64)
_NO_PATH, _NO_TIMES = Scanpath(np.zeros((0, 2))), np.zeros(0)


def _named_overflow(values: np.ndarray, faults: np.ndarray) -> Scores:
    """Name the reason where numbers grew beyond what floating point holds; what is undefined is NaN."""
    finite = np.isfinite(values)
    if finite.all():
        return Scores(values, faults)
    beyond = (faults == 0) & ~finite
    if beyond.any():
        faults = np.where(beyond, _OVERFLOW, faults).astype(np.int8)
        values = np.where(beyond, np.nan, values)
    return Scores(values, faults)


def _in_range(scores: Scores, bounds: tuple[float, float], reason: str) -> Scores:
    """Name the reason where a value leaves its metric's range; it is no score then."""
    values, out = within(scores.values, bounds)
    if not out.any():
        return Scores(values, scores.faults)
    return Scores(np.where(out, np.nan, values), add_fault(scores.faults, out, reason))


def _starts(lengths: Sequence[int]) -> np.ndarray:
    start = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=start[1:])
    return start


def _as_labels(labels: Any) -> Sequence[Hashable]:
    values = labels.tolist() if hasattr(labels, "tolist") else labels
    if not isinstance(values, Sequence):
        raise InputError(f"A sequence of labels is needed, got {type(labels).__name__}.")
    return values


def _size(sequence: Scanpath | Labels) -> str:
    unit = "fixation" if isinstance(sequence, Scanpath) else "label"
    return f"{len(sequence)} {unit}{'s' * (len(sequence) != 1)}"


def _admit(path: ScanpathLike, index: int) -> Scanpath | None:
    try:
        return as_scanpath(path)
    except InputError as error:
        if has_nan_coordinates(path):
            return None
        raise InputError(f"Scanpath {index}: {error}") from None


def _pack_batch(batch: ScanpathBatch) -> PackedPaths:
    used = np.arange(batch.xy.shape[1]) < batch.length[:, None]
    broken = (used & ~np.isfinite(batch.xy).all(axis=2)).any(axis=1)
    used &= ~broken[:, None]
    start = np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype(np.int64)
    return PackedPaths(batch.xy[used], start, np.where(broken, _NAN, 0).astype(np.int8), batch.duration_ms[used])
