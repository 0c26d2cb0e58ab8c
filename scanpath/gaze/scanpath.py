"""A scanpath: where an eye rested, in what order and for how long."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.checks import check_xy
from scanpath._core.errors import InputError
from scanpath._core.labels import labeled_columns, path_by_name
from scanpath._core.times import as_ms, is_span

if TYPE_CHECKING:
    import torch

    from scanpath.gaze.frames import TableLike

#: What `as_scanpath` takes: a `Scanpath`; (n, 2) x, y in px or (n, 3) x, y, duration_ms as array, tensor or lists; a
#: table or columns by name.
ScanpathLike: TypeAlias = Union["Scanpath", "torch.Tensor", "TableLike", Mapping[str, ArrayLike], ArrayLike]


@dataclass(frozen=True, slots=True)
class Saccades:
    """The jumps between the successive fixations of one scanpath.

    Attributes
    ----------
    vector_px
        (n - 1, 2) displacement in px, x right and y down.
    amplitude_px
        Length in px.
    direction_deg
        Angle in (-180, 180] from the rightward horizontal, positive downwards as y is.
    """

    vector_px: np.ndarray

    @property
    def amplitude_px(self) -> np.ndarray:
        """Length in px, shape (n - 1,)."""
        return np.hypot(self.vector_px[:, 0], self.vector_px[:, 1])

    @property
    def direction_deg(self) -> np.ndarray:
        """Direction in degrees, shape (n - 1,)."""
        return np.degrees(np.arctan2(self.vector_px[:, 1], self.vector_px[:, 0]))

    def __len__(self) -> int:
        return len(self.vector_px)


@dataclass(frozen=True, eq=False)
class Scanpath:
    """One ordered sequence of fixations on one picture.

    Coordinates are picture pixels, x to the right and y down, pixel centers at integers; they may lie outside the
    picture, as real gaze does. A missing time is NaN, never 0.

    Parameters
    ----------
    xy
        (n, 2) pixels, finite; or a table of one scanpath, read by its columns' names as by `as_scanpath`.
    duration_ms
        (n,) fixation durations in ms, or None if unknown; single missing values are NaN.
    onset_ms
        (n,) fixation onsets in ms from the start of the trial, or None.
    info
        Who and what: stimulus, subject, agent, trial, and so on. Carried along, never interpreted.

    Raises
    ------
    InputError
        If shapes disagree, a coordinate is not finite, or a duration is negative.

    Examples
    --------
    >>> path = Scanpath([(0, 0), (3, 4)], duration_ms=[200, 250])
    >>> path.saccades.amplitude_px
    array([5.])
    """

    xy: np.ndarray
    duration_ms: np.ndarray | None = None
    onset_ms: np.ndarray | None = None
    info: Mapping[str, Any] = field(default_factory=dict)

    def __init__(
        self,
        xy: Union["torch.Tensor", "TableLike", Mapping[str, ArrayLike], ArrayLike],
        duration_ms: ArrayLike | None = None,
        onset_ms: ArrayLike | None = None,
        info: Mapping[str, Any] | None = None,
    ) -> None:
        object.__setattr__(self, "info", {} if info is None else info)
        columns = labeled_columns(xy)
        if columns is not None:
            xy, duration, onset = path_by_name(columns, "Scanpath.xy")
            duration_ms = duration if duration_ms is None else duration_ms
            onset_ms = onset if onset_ms is None else onset_ms
        values = _to_numpy(xy)
        size = values.size if isinstance(values, np.ndarray) else len(values) if isinstance(values, list | tuple) else 1
        xy = np.zeros((0, 2)) if size == 0 else check_xy("Scanpath.xy", values)
        object.__setattr__(self, "xy", _frozen(xy))
        for name, times in (("duration_ms", duration_ms), ("onset_ms", onset_ms)):
            object.__setattr__(self, name, None if times is None else _frozen(_check_times(name, times, len(xy))))

    def __len__(self) -> int:
        return len(self.xy)

    def __getitem__(self, part: slice) -> "Scanpath":
        if not isinstance(part, slice):
            raise InputError("A Scanpath is cut with a slice, as in path[:5]; use path.xy[i] for one fixation.")
        cut = [None if values is None else values[part] for values in (self.duration_ms, self.onset_ms)]
        return Scanpath(self.xy[part], cut[0], cut[1], self.info)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Scanpath)
            and np.array_equal(self.xy, other.xy)
            and _same(self.duration_ms, other.duration_ms)
            and _same(self.onset_ms, other.onset_ms)
        )

    __hash__ = None  # type: ignore[assignment]  # how a class says that it has none, which object types as a method

    def __repr__(self) -> str:
        times = "" if self.duration_ms is None else f", {np.nansum(self.duration_ms):.0f} ms"
        about = "".join(f", {key}={value!r}" for key, value in self.info.items())
        return f"Scanpath({len(self)} fixations{times}{about})"

    @property
    def saccades(self) -> Saccades:
        """The n - 1 jumps between successive fixations."""
        return Saccades(np.diff(self.xy, axis=0))


def as_scanpath(path: ScanpathLike) -> Scanpath:
    """Take a scanpath in any of its forms.

    Parameters
    ----------
    path
        A `Scanpath`, or an array or nested list of shape (n, 2) with x, y in px, or (n, 3) with x, y, duration_ms. A
        table (a frame of pandas, polars or Arrow, a record array, a mapping of columns) is read by the names
        ``x_px``, ``y_px`` and, where they are there, ``duration_ms``, ``onset_ms`` and ``fixation``, its order.

    Raises
    ------
    InputError
        If the shape is another one, a coordinate is not finite, or a table has other names or several scanpaths.

    Examples
    --------
    >>> as_scanpath([[10, 20, 250], [30, 40, 300]]).duration_ms
    array([250., 300.])
    """
    if isinstance(path, Scanpath):
        return path
    columns = labeled_columns(path)
    if columns is not None:
        return Scanpath(*path_by_name(columns, "The scanpath"))
    try:
        values = np.asarray(_to_numpy(path))
        if values.dtype.kind in "mMbc" or (values.dtype.kind == "O" and any(map(is_span, values.ravel()))):
            raise TypeError
        values = values.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"A scanpath must be numbers of shape (n, 2) or (n, 3), got {type(path).__name__}.") from None
    if values.size == 0:
        return Scanpath(np.zeros((0, 2)))
    if values.ndim != 2 or values.shape[1] not in (2, 3):
        raise InputError(
            f"A scanpath must have shape (n, 2) with x, y in px or (n, 3) with x, y, duration_ms; got {values.shape}."
        )
    return Scanpath(values[:, :2], values[:, 2] if values.shape[1] == 3 else None)


@dataclass(frozen=True, slots=True, eq=False)
class ScanpathBatch:
    """Many scanpaths of unequal length in padded arrays.

    Attributes
    ----------
    xy
        (N, T, 2) px; NaN behind the end of each path.
    duration_ms
        (N, T) ms; NaN where missing and behind the end.
    length
        (N,) number of fixations.

    Examples
    --------
    >>> batch = ScanpathBatch.pack([[(0, 0), (1, 1)], [(5, 5)]])
    >>> batch.xy.shape, batch.length
    ((2, 2, 2), array([2, 1]))
    >>> batch[1].xy
    array([[5., 5.]])
    """

    xy: np.ndarray
    duration_ms: np.ndarray
    length: np.ndarray

    @classmethod
    def pack(cls, paths: Iterable[ScanpathLike]) -> "ScanpathBatch":
        """Pad scanpaths, in any form that `as_scanpath` takes, into one batch."""
        scanpaths = [as_scanpath(path) for path in paths]
        length = np.array([len(path) for path in scanpaths], dtype=np.int64)
        most = int(length.max(initial=0))
        xy = np.full((len(scanpaths), most, 2), np.nan)
        duration_ms = np.full((len(scanpaths), most), np.nan)
        for row, path in enumerate(scanpaths):
            xy[row, : len(path)] = path.xy
            if path.duration_ms is not None:
                duration_ms[row, : len(path)] = path.duration_ms
        return cls(xy, duration_ms, length)

    def __len__(self) -> int:
        return len(self.length)

    def __getitem__(self, row: int) -> Scanpath:
        n = int(self.length[row])
        duration_ms = self.duration_ms[row, :n]
        return Scanpath(self.xy[row, :n], None if np.isnan(duration_ms).all() else duration_ms)

    def __iter__(self) -> Iterator[Scanpath]:
        return (self[row] for row in range(len(self)))


def _to_numpy(values: Any) -> Any:
    # tensors are recognized by what they can do, so that scoring needs no torch
    return values.detach().cpu().numpy() if hasattr(values, "detach") else values


def _check_times(name: str, values: ArrayLike, n: int) -> np.ndarray:
    times = as_ms(_to_numpy(values), f"Scanpath.{name}")
    if times.shape != (n,):
        raise InputError(f"Scanpath.{name} must have shape ({n},), one value a fixation, got {times.shape}.")
    if np.isinf(times).any() or (name == "duration_ms" and (times < 0).any()):
        raise InputError(f"Scanpath.{name} must be finite and not negative; use NaN for a missing value.")
    return times


def _frozen(values: np.ndarray) -> np.ndarray:
    copy = np.array(values, dtype=np.float64, copy=True)
    copy.flags.writeable = False
    return copy


def _same(first: np.ndarray | None, second: np.ndarray | None) -> bool:
    if first is None or second is None:
        return first is second
    return np.array_equal(first, second, equal_nan=True)
