"""NumPy at the door: functions written for tensors also take arrays, and then return arrays."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch

from scanpath._core.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")


def to_tensor(value: Any) -> Any:
    """Turn an array into a tensor of the same kind (without sharing memory it may not write to)."""
    if isinstance(value, np.ndarray):
        if value.dtype.names is not None:
            return value  # a table, which checks of fixations read by its names
        if value.dtype.kind not in "biufc":
            raise InputError(f"Arrays must hold numbers, got one of dtype {value.dtype}; convert it with astype.")
        return torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("="), copy=True, order="C"))
    return value


def to_array(value: Any) -> Any:
    """Turn tensors, also inside tuples, lists and dicts, into arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(to_array(part) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(to_array(part) for part in value)
    if isinstance(value, dict):
        return {key: to_array(part) for key, part in value.items()}
    return value


def numpy_friendly(function: Callable[P, R]) -> Callable[P, R]:
    """Let a tensor function take arrays; if its first argument is an array, its tensors come back as arrays.

    Examples
    --------
    >>> @numpy_friendly
    ... def double(image):
    ...     return 2 * image
    >>> double(np.ones(2))
    array([2., 2.])
    """

    first_name = next(iter(inspect.signature(function).parameters), "")

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        first = args[0] if args else kwargs.get(first_name)
        result = function(*map(to_tensor, args), **{key: to_tensor(value) for key, value in kwargs.items()})
        return to_array(result) if isinstance(first, np.ndarray) else result

    return wrapper
