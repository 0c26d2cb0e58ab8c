"""Sets of scanpaths or label sequences as flat arrays, and kernels run over pairs of them."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from scanpath._core.errors import InputError
from scanpath.gaze.scanpath import Scanpath, ScanpathBatch, as_scanpath
from scanpath.metrics.undefined import reason_code, undefined

#: More time bins than any recording has; a mistaken unit, not a long trial.
MOST_BINS = 10**8
NAN, EMPTY, TOO_SHORT = reason_code("nan"), reason_code("empty"), reason_code("too_short")
OVERFLOW = reason_code("overflow")


class Scores(NamedTuple):
    """Values and reason codes (0 where defined) of K pairs, both of shape (K, parts)."""

    values: np.ndarray
    faults: np.ndarray


@dataclass(frozen=True, slots=True)
class PackedPaths:
    """Ragged scanpaths: path i is the rows ``start[i]:start[i + 1]``; `fault` holds a reason code a path."""

    xy: np.ndarray
    duration_ms: np.ndarray
    start: np.ndarray
    fault: np.ndarray
    length: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", self.start[1:] - self.start[:-1])

    def __len__(self) -> int:
        return len(self.fault)

    @property
    def owner(self) -> np.ndarray:
        """Which path each fixation belongs to."""
        return np.repeat(np.arange(len(self)), self.length)


@dataclass(frozen=True, slots=True)
class PackedLabels:
    """Ragged sequences of symbols: (total,) codes or (total, 2) grid cells, with starts and faults."""

    symbols: np.ndarray
    start: np.ndarray
    fault: np.ndarray
    length: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", self.start[1:] - self.start[:-1])

    def __len__(self) -> int:
        return len(self.fault)


def pack_paths(paths: Iterable[Any]) -> PackedPaths:
    """Pack scanpaths in any form; one with a NaN coordinate is kept out with the fault "nan"."""
    if isinstance(paths, PackedPaths):
        return paths
    if isinstance(paths, ScanpathBatch):
        return _pack_batch(paths)
    admitted = [_admit(path, index) for index, path in enumerate(paths)]
    fault = np.array([NAN if path is None else 0 for path in admitted], dtype=np.int8)
    kept = [_NO_PATH if path is None else path for path in admitted]
    start = np.zeros(len(kept) + 1, dtype=np.int64)
    np.cumsum([len(path.xy) for path in kept], out=start[1:])
    duration_ms = np.full(start[-1], np.nan)
    for row, path in enumerate(kept):
        if path.duration_ms is not None:
            duration_ms[start[row] : start[row + 1]] = path.duration_ms
    return PackedPaths(np.concatenate([_NO_PATH.xy, *(path.xy for path in kept)]), duration_ms, start, fault)


def pack_both(first: Any, second: Any) -> tuple[PackedPaths, PackedPaths]:
    """Pack two sets of scanpaths, one that is given twice only once."""
    packed = pack_paths(first)
    return packed, packed if second is first else pack_paths(second)


def pack_labels(sequences: Iterable[Sequence[Hashable]], codes: dict[Hashable, int]) -> PackedLabels:
    """Pack sequences of hashable labels as integers; `codes` is shared and grows, so that equal labels agree."""
    rows = []
    for index, labels in enumerate(sequences):
        if isinstance(labels, np.ndarray):
            labels = labels.tolist()
        try:
            rows.append([codes.setdefault(label, len(codes)) for label in labels])
        except TypeError:
            raise InputError(f"Sequence {index} must be a sequence of labels, got {labels!r:.60}.") from None
    start = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=start[1:])
    symbols = np.array([code for row in rows for code in row], dtype=np.int64)
    return PackedLabels(symbols, start, np.zeros(len(rows), dtype=np.int8))


def pair_faults(
    first: PackedPaths | PackedLabels, second: PackedPaths | PackedLabels, pairs: np.ndarray, least: int = 1
) -> np.ndarray:
    """Why each pair cannot be compared: a fault of either path, or fewer than `least` elements; shape (K,)."""
    codes = []
    for packed, index in ((first, pairs[:, 0]), (second, pairs[:, 1])):
        length = packed.length
        short = np.where(length == 0, EMPTY, np.where(length < least, TOO_SHORT, 0))
        codes.append(np.where(packed.fault != 0, packed.fault, short)[index])
    return one_reason(*codes)


def one_reason(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Join two arrays of reason codes; of two reasons the one with the lower number, whatever the order."""
    lower = np.minimum(first, second)
    return np.where(lower != 0, lower, np.maximum(first, second)).astype(np.int8)


def run_over_pairs(
    kernel: Callable[..., None], jobs: int, pairs: np.ndarray, per_pair: Sequence[np.ndarray], *arguments: Any
) -> None:
    """Run `kernel(pairs, *per_pair, *arguments)`, cut into `jobs` threads over the pairs."""
    threads = min(jobs, len(pairs))
    if threads < 2:
        kernel(pairs, *per_pair, *arguments)
        return
    bounds = np.linspace(0, len(pairs), threads + 1).astype(int)

    def run(low: int, high: int) -> None:
        kernel(pairs[low:high], *(values[low:high] for values in per_pair), *arguments)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, bounds[:-1], bounds[1:]))


def score_one(metric: str, batch: Callable[..., Scores], a: Any, b: Any, **settings: Any) -> np.ndarray:
    """Score one pair of scanpaths (or of label sequences) with a batch function; raise if no part has a value."""
    if not (is_labels(a) and is_labels(b)):
        a, b = as_scanpath(a), as_scanpath(b)
    return score_labels(metric, batch, a, b, **settings)


def score_labels(metric: str, batch: Callable[..., Scores], a: Any, b: Any, **settings: Any) -> np.ndarray:
    """Score one pair of sequences as they are; raise if no part has a value."""
    with np.errstate(over="ignore", invalid="ignore"):
        values, faults = named_overflow(*batch([a], [b], np.zeros((1, 2), dtype=np.int64), **settings))
    if faults.all():
        raise undefined(metric, faults[0, 0], f" (got {_size(a)} and {_size(b)})")
    return values[0]


def check_gap(gap: float) -> float:
    """Return what an alignment adds for each element left out, a finite number of at most 0."""
    try:
        if -np.inf < gap <= 0:
            return float(gap)
    except (TypeError, ValueError):
        pass
    raise InputError(f"gap must be 0 or less, got {gap!r}; it is added for each element left out.")


def named_overflow(values: np.ndarray, faults: np.ndarray) -> Scores:
    """Name the reason where numbers grew beyond what floating point holds; what is undefined is NaN."""
    beyond = (faults == 0) & ~np.isfinite(values)
    if beyond.any():
        faults = np.where(beyond, OVERFLOW, faults).astype(np.int8)
        values = np.where(beyond, np.nan, values)
    return Scores(values, faults)


def is_labels(item: Any) -> bool:
    """Whether an input is a sequence of labels (a string, a one-dimensional sequence) rather than of points."""
    if isinstance(item, str):
        return True
    if isinstance(item, Scanpath) or hasattr(item, "detach"):
        return False
    if isinstance(item, np.ndarray):
        return item.ndim == 1
    return isinstance(item, Sequence) and all(isinstance(label, str) or np.ndim(label) == 0 for label in item)


def has_nan_coordinates(path: Any) -> bool:
    """Whether an array of the right shape for a scanpath has a coordinate that is NaN or infinite."""
    if isinstance(path, Scanpath | str):
        return False
    try:
        values = np.asarray(path, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return values.ndim == 2 and values.shape[1] in (2, 3) and not np.isfinite(values[:, :2]).all()


def rows_of(paths: Any) -> Sequence[Any]:
    """The scanpaths of a set one by one, those of a batch as arrays that may hold NaN."""
    if not isinstance(paths, ScanpathBatch):
        return paths
    return [
        np.column_stack([paths.xy[row, :n], paths.duration_ms[row, :n]]) for row, n in enumerate(paths.length.tolist())
    ]


def _size(sequence: Any) -> str:
    unit = "fixation" if isinstance(sequence, Scanpath) else "label"
    return f"{len(sequence)} {unit}{'s' * (len(sequence) != 1)}"


_NO_PATH = Scanpath(np.zeros((0, 2)))


def _admit(path: Any, index: int) -> Scanpath | None:
    if isinstance(path, Scanpath):
        return path
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
    return PackedPaths(batch.xy[used], batch.duration_ms[used], start, np.where(broken, NAN, 0).astype(np.int8))
