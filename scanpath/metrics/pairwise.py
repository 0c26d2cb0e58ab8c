"""Any metric on sets of scanpaths: all pairs, or those you name, or each alone; what has no value says why."""

import functools
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError, UndefinedError
from scanpath.gaze.scanpath import Scanpath, ScanpathBatch, ScanpathLike
from scanpath.metrics.metric import METRICS, Metric, count_reasons, reason_code, reason_names, undefined
from scanpath.metrics.pairs import Labels, Scores, has_nan_coordinates

#: A set of scanpaths, or of sequences of labels.
SequenceSet: TypeAlias = Iterable[ScanpathLike | Labels] | ScanpathBatch
#: As many people as look at one picture: the pairs of so few are kept, as they are asked for picture by picture.
_FEW = 64


@overload
def pairwise(
    metric: str | Metric,
    A: SequenceSet,
    B: SequenceSet | None = ...,
    *,
    jobs: int = ...,
    return_reasons: Literal[False] = ...,
    **settings: Any,
) -> np.ndarray: ...
@overload
def pairwise(
    metric: str | Metric,
    A: SequenceSet,
    B: SequenceSet | None = ...,
    *,
    jobs: int = ...,
    return_reasons: Literal[True],
    **settings: Any,
) -> tuple[np.ndarray, np.ndarray]: ...
def pairwise(
    metric: str | Metric,
    A: SequenceSet,
    B: SequenceSet | None = None,
    *,
    jobs: int = 1,
    return_reasons: bool = False,
    **settings: Any,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Score every scanpath of one set against every scanpath of another.

    The same numbers as calling the metric on each pair, for ragged sets and missing durations, without a loop in
    Python. Memory grows with the result alone.

    Parameters
    ----------
    metric
        Name in `METRICS`, or a `Metric` of your own.
    A, B
        Sequences of scanpaths in any form, or `ScanpathBatch`; for metrics on labels, sequences of labels. B None
        means A against itself, everyone with everyone and with themselves; leave the diagonal out of a mean over
        people.
    jobs
        Threads. The result does not depend on it.
    return_reasons
        Also return why values are NaN.
    **settings
        Of the metric, for example ``screen_px=(1280, 720)``.

    Returns
    -------
    numpy.ndarray or tuple
        Values of shape (len(A), len(B), parts), NaN where undefined. With `return_reasons` also an array of the same
        shape with reason codes, "" where defined; `count_reasons` counts them.

    Raises
    ------
    InputError
        If the metric or a setting is unknown, or a scanpath has a wrong shape.

    Examples
    --------
    >>> people = [[(0, 0), (50, 0), (50, 50)], [(0, 0), (50, 0), (50, 60)], [(9, 9)]]
    >>> values, reasons = pairwise("multimatch", people, screen_px=(100, 100), return_reasons=True)
    >>> values.shape
    (3, 3, 5)
    >>> from scanpath.metrics import count_reasons
    >>> count_reasons(reasons)
    {'too_short': 25, 'missing_duration': 4}
    """
    metric = _pair_metric(metric, settings)
    first = _as_list(A)
    second = first if B is None else _as_list(B)
    n, m = len(first), len(second)
    mirror = B is None and metric.symmetric
    index = _upper(n) if mirror else np.indices((n, m)).reshape(2, -1).T.copy()
    scores = _score(metric, first, second, index, jobs, settings)
    values = _square(scores.values, index, (n, m), mirror)
    if not return_reasons:
        return values
    return values, reason_names(_square(scores.faults, index, (n, m), mirror))


@overload
def score_pairs(
    metric: str | Metric,
    A: SequenceSet,
    B: SequenceSet | None,
    pairs: ArrayLike,
    *,
    jobs: int = ...,
    return_reasons: Literal[False] = ...,
    **settings: Any,
) -> np.ndarray: ...
@overload
def score_pairs(
    metric: str | Metric,
    A: SequenceSet,
    B: SequenceSet | None,
    pairs: ArrayLike,
    *,
    jobs: int = ...,
    return_reasons: Literal[True],
    **settings: Any,
) -> tuple[np.ndarray, np.ndarray]: ...
def score_pairs(
    metric: str | Metric,
    A: SequenceSet,
    B: SequenceSet | None,
    pairs: ArrayLike,
    *,
    jobs: int = 1,
    return_reasons: bool = False,
    **settings: Any,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Score the named pairs of two sets in one go.

    Parameters
    ----------
    metric, A, B, jobs, return_reasons, **settings
        As in `pairwise`; B None means A.
    pairs
        (K, 2) indices: pair k compares ``A[pairs[k, 0]]`` with ``B[pairs[k, 1]]``.

    Returns
    -------
    numpy.ndarray or tuple
        Values of shape (K, parts), NaN where undefined; with `return_reasons` also the reasons.

    Raises
    ------
    InputError
        If an index is out of range.

    Examples
    --------
    >>> score_pairs("levenshtein", ["abc", "abd", "xyz"], None, [(0, 1), (0, 2)])
    array([[1.],
           [3.]])
    """
    metric = _pair_metric(metric, settings)
    first = _as_list(A)
    second = first if B is None else _as_list(B)
    scores = _score(metric, first, second, _check_pairs(pairs, len(first), len(second)), jobs, settings)
    return (scores.values, reason_names(scores.faults)) if return_reasons else scores.values


class Plausibility(NamedTuple):
    """A simulated scanpath against the people who saw the picture: the best match, the mean, and how many counted."""

    best: float
    mean: float
    people: int


def plausibility(
    metric: str | Metric, simulated: ScanpathLike | Labels, people: SequenceSet, **settings: Any
) -> Plausibility:
    """Score one scanpath against several people: how near is the nearest person, and how near are they on average?

    The best match asks whether anyone might have looked like this, the mean whether it is typical. The best grows with
    the number of people: never compare it across data with different numbers, and leave a person out of the people
    they are compared with.

    Parameters
    ----------
    metric
        Name or declaration of a metric with one part.
    simulated
        One scanpath (or sequence of labels).
    people
        The others; those for whom the metric is undefined do not count.
    **settings
        Of the metric.

    Raises
    ------
    InputError
        If the metric has several parts, such as multimatch.
    UndefinedError
        If the metric is undefined for all people; with the most frequent reason.

    References
    ----------
    Fahimi & Bruce (2021), Behavior Research Methods 53, https://doi.org/10.3758/s13428-020-01441-0.

    Examples
    --------
    >>> plausibility("sbtde", "abcd", ["abcd", "wxyz"])
    Plausibility(best=1.0, mean=0.5, people=2)
    """
    metric = _pair_metric(metric, settings)
    if len(metric.parts) != 1:
        raise InputError(f"plausibility needs a metric with one part; {metric.name} has {', '.join(metric.parts)}.")
    values, reasons = pairwise(metric, [simulated], people, return_reasons=True, **settings)
    defined = values[np.isfinite(values)]
    if not defined.size:
        reason = next(iter(count_reasons(reasons)), "empty")
        raise undefined(f"plausibility by {metric.name}", reason)
    best = defined.max() if metric.higher_is_better else defined.min()
    return Plausibility(float(best), float(defined.mean()), int(defined.size))


@overload
def describe(
    metric: str | Metric, A: SequenceSet, *, return_reasons: Literal[False] = ..., **settings: Any
) -> np.ndarray: ...
@overload
def describe(
    metric: str | Metric, A: SequenceSet, *, return_reasons: Literal[True], **settings: Any
) -> tuple[np.ndarray, np.ndarray]: ...
def describe(
    metric: str | Metric, A: SequenceSet, *, return_reasons: bool = False, **settings: Any
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Compute a description of one scanpath, such as recurrence or entropy, for each of a set.

    Parameters
    ----------
    metric
        Name or declaration of a metric that takes one scanpath.
    A
        Sequence of scanpaths.
    return_reasons
        Also return why values are NaN.
    **settings
        Of the metric.

    Returns
    -------
    numpy.ndarray or tuple
        Values of shape (len(A), parts), NaN where undefined; with `return_reasons` also the reasons.

    Examples
    --------
    >>> describe("transition_entropy", ["abab", "a"])
    array([[ 0.],
           [nan]])
    """
    metric = METRICS[metric] if isinstance(metric, str) else metric
    if metric.takes != "scanpath":
        raise InputError(f"{metric.name} takes {metric.takes}, not one scanpath; describe() has no use for it.")
    metric.check_settings(settings)
    paths = _as_list(A)
    if metric.batch is None:
        scores = _collect(metric, [(path,) for path in _rows(paths)], settings)
    else:
        scores = metric.batch(paths, paths, np.stack([np.arange(len(paths))] * 2, axis=1), **settings)
    return (scores.values, reason_names(scores.faults)) if return_reasons else scores.values


def _pair_metric(metric: str | Metric, settings: dict[str, Any]) -> Metric:
    metric = METRICS[metric] if isinstance(metric, str) else metric
    if metric.takes not in ("scanpaths", "labels"):
        raise InputError(
            f"{metric.name} takes a {metric.takes}, not two scanpaths; call scanpath.metrics.{metric.name}."
        )
    metric.check_settings(settings)
    return metric


def _as_list(paths: SequenceSet) -> list[Any] | ScanpathBatch:
    if isinstance(paths, Scanpath | str):
        raise InputError("A set of scanpaths is needed, got one; put it in a list.")
    if not isinstance(paths, Iterable | ScanpathBatch):
        raise InputError(f"A sequence of scanpaths is needed, got {type(paths).__name__}.")
    return paths if isinstance(paths, ScanpathBatch) else list(paths)


def _check_pairs(pairs: ArrayLike, n: int, m: int) -> np.ndarray:
    index = np.array(pairs)
    if not index.size:
        return np.zeros((0, 2), dtype=np.int64)
    if index.ndim != 2 or index.shape[1] != 2 or not np.issubdtype(index.dtype, np.integer):
        raise InputError(f"pairs must be whole numbers of shape (K, 2), got shape {index.shape}, {index.dtype}.")
    if index.min() < 0 or (index.max(axis=0) >= (n, m)).any():
        raise InputError(f"pairs must name scanpaths 0..{n - 1} and 0..{m - 1}; an index is outside.")
    return np.ascontiguousarray(index, dtype=np.int64)


def _score(metric: Metric, first: Any, second: Any, pairs: np.ndarray, jobs: int, settings: dict[str, Any]) -> Scores:
    jobs = check_count("jobs", jobs)
    if metric.batch is None:
        rows, columns = _rows(first), _rows(second)
        return _collect(metric, [(rows[i], columns[j]) for i, j in pairs], settings)
    return metric.batch(first, second, pairs, jobs, **settings)


def _rows(paths: list[Any] | ScanpathBatch) -> Sequence[Any]:
    """The scanpaths of a set one by one, those of a batch as arrays that may hold NaN."""
    if not isinstance(paths, ScanpathBatch):
        return paths
    return [
        np.column_stack([paths.xy[row, :n], paths.duration_ms[row, :n]]) for row, n in enumerate(paths.length.tolist())
    ]


def _collect(metric: Metric, inputs: list[tuple], settings: dict[str, Any]) -> Scores:
    """Call the plain function on each input; what raises `UndefinedError` becomes NaN and a code."""
    values = np.full((len(inputs), len(metric.parts)), np.nan)
    faults = np.zeros(values.shape, dtype=np.int8)
    for k, paths in enumerate(inputs):
        if any(has_nan_coordinates(path) for path in paths):
            faults[k] = reason_code("nan")
            continue
        try:
            values[k] = metric.function(*paths, **settings)
        except UndefinedError as error:
            faults[k] = reason_code(error.reason)
    return Scores(values, faults)


def _upper(n: int) -> np.ndarray:
    """Rows and columns (K, 2) of a square's upper half and diagonal."""
    return _few_upper(n).copy() if n <= _FEW else np.stack(np.triu_indices(n), axis=1)


@functools.lru_cache(maxsize=_FEW)
def _few_upper(n: int) -> np.ndarray:
    return np.stack(np.triu_indices(n), axis=1)


def _square(flat: np.ndarray, index: np.ndarray, shape: tuple[int, int], mirror: bool) -> np.ndarray:
    if not mirror:
        return flat.reshape(*shape, flat.shape[1])
    place = np.empty(shape, dtype=np.int64)
    rows, columns = index.T
    place[rows, columns] = place[columns, rows] = np.arange(len(index))
    return flat[place]
