"""Checks of quantities that may be numbers, arrays or tensors."""

from typing import Any, TypeVar

import numpy as np
from torch import Tensor

from scanpath._core.errors import InputError

#: A number, an array or a tensor; a function of a `Quantity` gives back the kind that it got.
Quantity = TypeVar("Quantity", float, np.ndarray, Tensor)


def check_quantity(name: str, value: Any, *, positive: bool = False) -> Any:
    """Return `value` if nothing in it is negative (or, with `positive`, zero); NaN is let through.

    What comes back has no type, as no type checker follows arithmetic that numbers, arrays and tensors all offer.

    Examples
    --------
    >>> check_quantity("eccentricity_deg", -1.0)
    Traceback (most recent call last):
    scanpath._core.errors.InputError: eccentricity_deg must not be negative, got -1.0.
    """
    try:
        wrong = value <= 0 if positive else value < 0
        refused = bool(wrong.any()) if hasattr(wrong, "any") else bool(wrong)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number, an array or a tensor of numbers, got {value!r:.80}.") from None
    if refused:
        came = value if not hasattr(value, "shape") or value.shape == () else f"values down to {float(value.min()):g}"
        raise InputError(f"{name} must {'be positive' if positive else 'not be negative'}, got {came}.")
    return value
