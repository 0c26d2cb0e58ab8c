"""Maps and the pixels that fixations fall on; every map metric starts here."""

import warnings
from typing import TYPE_CHECKING, TypeAlias, Union, cast

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.errors import InputError, InputWarning, UndefinedError
from scanpath._core.labels import labeled_columns, xy_by_name
from scanpath.gaze.pixels import first_edge, on_picture
from scanpath.gaze.scanpath import Scanpath, ScanpathLike
from scanpath.kernels.map_scores import fill_pixels, take_pixels

if TYPE_CHECKING:
    import torch

#: By how much the log of a density's sum may differ from 0, for densities that were kept in single precision.
TOLERANCE_NATS = 0.01
#: What undoes a logarithm, and its base.
_BASES = {"np.exp({})": np.e, "np.exp2({})": 2.0, "10.0 ** {}": 10.0}

#: What a map may be given as: (H, W) numbers as array, tensor or lists.
MapLike: TypeAlias = Union["torch.Tensor", ArrayLike]


def as_map(values: MapLike, name: str = "map") -> np.ndarray:
    """Return a map (H, W) as a floating, contiguous array; a copy only if it has to be converted.

    Raises
    ------
    InputError
        If it has another shape, no pixel, or what is no number.
    """
    array = as_numbers(values, name)
    if array.ndim != 2 or array.size == 0:
        raise InputError(f"{name} must have shape (height, width) with at least one pixel, got {array.shape}.")
    return np.ascontiguousarray(array)


def as_numbers(values: object, name: str) -> np.ndarray:
    """Return an array or tensor of real numbers in the floating precision it has, others in double precision."""
    try:
        # a tensor says how it becomes an array; nothing here may import torch to ask whether it is one
        array = np.asarray(cast("torch.Tensor", values).detach().cpu().numpy() if hasattr(values, "detach") else values)
        if array.dtype in (np.float32, np.float64):
            return array
        if array.dtype.kind != "c":
            return array.astype(np.float64)
    except (TypeError, ValueError):
        pass
    kind = getattr(values, "dtype", None) or type(values).__name__
    raise InputError(f"{name} must be an array of real numbers, got {kind}.")


def as_finite_map(values: MapLike, name: str = "map") -> np.ndarray:
    """Return a map as `as_map` does if all its values are finite."""
    array = as_map(values, name)
    if not np.isfinite(array).all():
        raise not_finite(name)
    return array


def not_finite(name: str) -> UndefinedError:
    """Build the error for a map with values that cannot be scored."""
    return UndefinedError(f"{name} holds NaN or infinite values; a score has no meaning there.", "nan")


def pixel_index(
    xy: ScanpathLike, size: tuple[int, int], pixel: str = "nearest", name: str = "xy"
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels that fixations fall on.

    Parameters
    ----------
    xy
        (n, 2) fixations in px, or a scanpath.
    size
        (height, width) of the map.
    pixel
        ``"nearest"``: pixel k holds k - 1/2 <= x < k + 1/2, as in fixation tables, whose pixel centers are at integers.
        ``"floor"``: pixel k holds k <= x < k + 1, the convention of pysaliency, for parity with published numbers.

    Raises
    ------
    UndefinedError
        If there is no fixation, or one has no coordinates or lies off the map; they are never wrapped or moved.
    """
    edge = first_edge(pixel)  # a rule of that name?
    points = _some_points(xy, name).astype(np.float64, copy=False)
    rows, columns = np.empty((2, len(points)), dtype=np.intp)
    if fill_pixels(points, edge, *size, rows, columns):
        raise _off_map(points, size, pixel, name)
    return rows, columns


def pixel_values(map: np.ndarray, xy: ScanpathLike, pixel: str = "nearest", name: str = "xy") -> np.ndarray:
    """Values of a map, as from `as_map`, at fixations; many are looked up much faster than by `pixel_index`.

    Parameters and errors are those of `pixel_index`.
    """
    edge = first_edge(pixel)
    points = _some_points(xy, name)
    if points.dtype != np.int64:  # whole numbers are read as they are
        points = points.astype(np.float64, copy=False)
    values = np.empty(len(points), dtype=map.dtype)
    if take_pixels(np.ascontiguousarray(points).ravel(), edge, *map.shape, map.ravel(), values):
        raise _off_map(points, map.shape, pixel, name)
    return values


def _some_points(xy: ScanpathLike, name: str) -> np.ndarray:
    points = _points(xy, name)
    if len(points) == 0:
        raise UndefinedError(f"{name} has no fixation; a score needs at least one.", "empty")
    return points


def _off_map(points: np.ndarray, size: tuple[int, ...], pixel: str, name: str) -> UndefinedError:
    """Build the error for fixations of which one is not on the map."""
    if not np.isfinite(points).all():
        return UndefinedError(f"{name} has a fixation with NaN or infinite coordinates; drop it first.", "nan")
    off = ~on_picture(points, size[::-1], pixel)
    first = points[int(off.argmax())]
    return UndefinedError(
        f"{name} has {np.count_nonzero(off)} fixation(s) off the map of {size[1]} x {size[0]} px, the first at "
        f"({first[0]:g}, {first[1]:g}); drop them, or scale them to the map.",
        "off_map",
    )


def as_density(values: MapLike, name: str = "map", *, minimum: float = 0.0) -> np.ndarray:
    """Scale a map to sum to 1, lifted to a minimum of 0 if it has negative values, and with `minimum` on each pixel.

    Raises
    ------
    InputError
        If the map varies and is nowhere positive, as the log of a density is.
    UndefinedError
        If nothing is left to scale: the map is 0 everywhere.
    """
    if not (np.isfinite(minimum) and minimum >= 0):
        raise InputError(f"What is added to each pixel must be a number of at least 0, got {minimum!r}.")
    refuse_no_density(values, name)
    array = below_overflow(as_finite_map(values, name))
    lowest = array.min()
    if lowest < 0:
        array = array - lowest
    if minimum:
        array = array + minimum
    total = array.sum()
    if total == 0:
        raise zero_density(name)
    return array / total


def zero_density(name: str) -> UndefinedError:
    """Build the error for a map that cannot be scaled to sum to 1."""
    return UndefinedError(f"{name} is 0 everywhere and is no density.", "zero_density")


def refuse_logs(values: MapLike, name: str = "map") -> None:
    """Raise if a map is the log of a density, whose values as they stand are another map than the one that is meant."""
    undone = density_of_logs(values, name)
    if undone:
        raise InputError(
            f"{name} is the log of a density (nowhere positive, and {undone} sums to 1), and a density is needed: give "
            f"{undone}."
        )


def refuse_no_density(values: MapLike, name: str = "map") -> None:
    """Raise if a map is nowhere positive and yet varies: no density is, and lifted to 0 its logs would score as one."""
    refuse_logs(values, name)
    if is_nowhere_positive(values, name):
        raise InputError(
            f"{name} is nowhere positive, so it is no density: give np.exp({name}) if it holds logs (10.0 ** {name} if "
            f"they are to base 10), or {name} - {name}.min() if its values count from another zero."
        )


def doubt_logs(values: MapLike, name: str = "map") -> None:
    """Raise as `refuse_logs` does, and warn of a map that may be the log of a density times something.

    For scores that any scale of the map serves, but not its logarithm.
    """
    refuse_logs(values, name)
    if is_nowhere_positive(values, name):
        warnings.warn(
            f"{name} is nowhere positive, as logs of densities are, and is scored as it stands: give np.exp({name}) if "
            f"it holds logs (10.0 ** {name} if they are to base 10).",
            InputWarning,
            stacklevel=4,
        )


def is_nowhere_positive(values: MapLike, name: str = "map") -> bool:
    """Whether a map of several values has none above 0."""
    array = as_map(values, name)
    if _has_positive_row(array):
        return False
    top = array.max()
    return bool(top <= 0 and array.min() < top)


def _has_positive_row(array: np.ndarray) -> bool:
    """Whether the middle row has a positive value, which mostly spares a look at all the others."""
    return bool(array[len(array) // 2].max() > 0)


def density_of_logs(values: MapLike, name: str = "map") -> str:
    """Return the expression that turns a map of logs into a density; "" for a map that is no log of a density.

    Examples
    --------
    >>> density_of_logs(np.log([[0.25, 0.75]])), density_of_logs([[0.25, 0.75]])
    ('np.exp(map)', '')
    """
    array = as_map(values, name)
    if _has_positive_row(array):
        return ""
    if not array.max() < -TOLERANCE_NATS:  # a 0 among very negative numbers would sum to 1, too
        return ""
    logs = array.astype(np.float64)
    totals = {undone: np.exp(logs * np.log(base)).sum() for undone, base in _BASES.items()}
    return next((undone for undone, total in totals.items() if abs(total - 1) <= TOLERANCE_NATS), "").format(name)


def unit_range(values: np.ndarray) -> np.ndarray:
    """Stretch a map to [0, 1]."""
    values = below_overflow(values)
    low, high = values.min(), values.max()
    if low == high:
        raise UndefinedError("A constant map cannot be stretched to [0, 1].", "constant")
    return (values - low) / (high - low)


def below_overflow(values: np.ndarray) -> np.ndarray:
    """A map in double precision, divided by its largest value where its sum would leave what that can hold."""
    values = values.astype(np.float64)
    largest = max(values.max(), -values.min())
    return values / largest if largest > 1e290 else values


def same_size(first: np.ndarray, second: np.ndarray, names: tuple[str, str] = ("map", "gold")) -> None:
    """Raise if two maps differ in size."""
    if first.shape != second.shape:
        raise InputError(
            f"{names[0]} and {names[1]} must have one size, got {first.shape} and {second.shape} (height, width); "
            "resample one of them."
        )


def fixation_points(xy: ScanpathLike, name: str) -> np.ndarray:
    """Return fixations as (n, 2) px, finite or not; an empty list is (0, 2)."""
    return _points(xy, name).astype(np.float64, copy=False)


def _points(xy: ScanpathLike, name: str) -> np.ndarray:
    """Fixations as `fixation_points` returns them, but whole numbers of 64 bits as they are."""
    if isinstance(xy, Scanpath):
        return xy.xy
    if type(xy) is np.ndarray and xy.dtype == np.int64:  # not where values may be masked
        points = xy
    else:
        columns = labeled_columns(xy)
        points = as_numbers(xy, name) if columns is None else xy_by_name(columns, name)
    if points.size == 0:
        return np.zeros((0, 2))
    if points.ndim == 1 and points.shape == (2,):
        points = points[None]
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise InputError(f"{name} must have shape (n, 2) with x and y in px, got {points.shape}.")
    return points[:, :2]
