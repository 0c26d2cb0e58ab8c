"""Checks of shape, range and finiteness; each failure is one sentence with what came and what to do."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from scanpath._core.errors import InputError
from scanpath._core.labels import labeled_columns, xy_by_name

if TYPE_CHECKING:
    import torch

T = TypeVar("T", bound=Hashable)


def first_repeated(values: Sequence[T]) -> T | None:
    """Return the first value that comes more than once; None where all differ.

    Examples
    --------
    >>> first_repeated(["x", "y", "t", "y", "x"]), first_repeated(["x", "y"])
    ('x', None)
    """
    counts = Counter(values)
    return next((value for value in values if counts[value] > 1), None)


def check_positive(name: str, value: float) -> float:
    """Return `value` as a float if it is finite and above zero."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a positive number, got {value!r}.") from None
    if not (math.isfinite(number) and number > 0):
        raise InputError(f"{name} must be a positive number, got {number:g}.")
    return number


def check_number(name: str, value: float) -> float:
    """Return `value` as a float if it is finite."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number, got {value!r}.") from None
    if not math.isfinite(number):
        raise InputError(f"{name} must be a finite number, got {number:g}.")
    return number


def check_share(name: str, value: float) -> float:
    """Return `value` as a float if it lies in [0, 1]."""
    number = check_number(name, value)
    if not 0 <= number <= 1:
        raise InputError(f"{name} must lie in [0, 1], got {number:g}.")
    return number


def check_count(name: str, value: int, *, least: int = 1) -> int:
    """Return `value` as an int if it is a whole number of at least `least`."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if isinstance(value, bool) or number is None or number != value or number < least:
        raise InputError(f"{name} must be a whole number of at least {least}, got {value!r}.")
    return number


def check_choice(name: str, value: str, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`, else raise with the near ones."""
    if value not in choices:
        from scanpath._core.errors import unknown_name

        raise unknown_name(name, value, choices)
    return value


def check_size(name: str, size: Iterable[float] | None) -> tuple[int, int]:
    """Return a pair of whole positive numbers, as in (height, width) or (width, height)."""
    try:
        first, second = (_whole(side) for side in (() if size is None else size))
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be two whole numbers, got {size!r}.") from None
    if first < 1 or second < 1:
        raise InputError(f"{name} must be two numbers of at least 1, got {(first, second)}.")
    return first, second


def check_xy(name: str, xy: object) -> np.ndarray:
    """Return fixations as a finite float64 array of shape (n, 2): x right, y down, in pixels."""
    columns = labeled_columns(xy)
    try:
        points = np.asarray(xy) if columns is None else xy_by_name(columns, name)
        if points.dtype.kind in "mMbc":
            raise TypeError
        points = points.astype(np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} must be numbers of shape (n, 2), x and y in pixels; got {_short(xy)}.") from None
    if points.ndim == 1 and points.shape == (2,):
        points = points[None]
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"{name} must have shape (n, 2) with x and y in pixels, got shape {points.shape}.")
    bad = ~np.isfinite(points).all(axis=1)
    if bad.any():
        raise InputError(
            f"{name} has {int(bad.sum())} fixation(s) with NaN or infinite coordinates "
            f"(first at index {int(bad.argmax())}); drop them or cut the scanpath there."
        )
    return points


def check_fixation_tensor(name: str, fixation: object) -> "torch.Tensor":
    """Return fixations as a finite floating tensor of shape (..., 2), keeping gradients."""
    import torch

    from scanpath._core.arrays import to_tensor

    columns = labeled_columns(fixation)
    try:
        points = torch.as_tensor(to_tensor(fixation if columns is None else xy_by_name(columns, name)))
    except (TypeError, ValueError, RuntimeError):
        points = None
    if points is None or points.is_complex():
        raise InputError(f"{name} must be numbers, x and y in pixels, got {_short(fixation)}.")
    if not points.is_floating_point():
        points = points.to(torch.float32)
    if points.ndim < 1 or points.shape[-1] != 2:
        raise InputError(f"{name} must have shape (..., 2) with x and y in pixels, got {tuple(points.shape)}.")
    if not bool(torch.isfinite(points).all()):
        raise InputError(f"{name} must be finite, got NaN or infinity; drop such fixations first.")
    return points


def check_image(image: "torch.Tensor | np.ndarray", *, name: str = "image", bytes_too: bool = False) -> "torch.Tensor":
    """Return an image as a floating tensor (C, H, W) or (B, C, H, W); nothing is rescaled or re-ordered.

    With `bytes_too` it may be uint8, 0 to 255, for what gives the same picture at either scale.
    """
    import torch

    from scanpath._core.arrays import to_tensor

    image = to_tensor(image)
    if not isinstance(image, torch.Tensor):
        raise InputError(
            f"{name} must be a torch tensor or NumPy array, got {type(image).__name__}; "
            "read files with scanpath.read_image."
        )
    if not (image.is_floating_point() or (bytes_too and image.dtype == torch.uint8)):
        white, came = 65535 if image.dtype == torch.uint16 else 255, str(image.dtype).removeprefix("torch.")
        raise InputError(
            f"{name} must be {'uint8, or ' * bytes_too}floating point in [0, 1], got {came}; "
            f"read files with scanpath.read_image, or divide by {white} yourself."
        )
    if image.ndim not in (3, 4) or 0 in image.shape:
        raise InputError(f"{name} must have shape (C, H, W) or (B, C, H, W), got {tuple(image.shape)}.")
    if name == "image" and image.shape[-1] in (1, 3, 4) and min(image.shape[-3:-1]) >= 16:
        raise InputError(
            f"{name} has shape {tuple(image.shape)}, which looks like (H, W, C); channels come first here: "
            "use image.transpose(2, 0, 1) for an array, or image.movedim(-1, -3) for a tensor."
        )
    return image


def _whole(side: float) -> int:
    if int(side) != side:
        raise ValueError
    return int(side)


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
