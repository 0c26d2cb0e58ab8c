"""Tensors and arrays at the door: both are computed as tensors, and the result is of the kind that came."""

from contextlib import suppress
from typing import TypeVar, overload

import numpy as np
import torch
from torch import Tensor

from scanpath._core.errors import InputError

#: A tensor or an array: who takes and returns an `Array` gives back the kind that it got.
Array = TypeVar("Array", Tensor, np.ndarray)
T = TypeVar("T")


@overload
def to_tensor(value: Tensor | np.ndarray) -> Tensor: ...
@overload
def to_tensor(value: T) -> T: ...
def to_tensor(value: object) -> object:
    """View an array as a tensor, without a copy where torch can: it is only read. What is no array comes back as it is.

    Examples
    --------
    >>> to_tensor(np.ones(2, dtype=">f8"))
    tensor([1., 1.], dtype=torch.float64)
    """
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind not in "biufc":
        raise InputError(f"Arrays must hold numbers, got one of dtype {value.dtype}; convert it with astype.")
    if value.flags.writeable and value.dtype.isnative and all(stride >= 0 for stride in value.strides):
        with suppress(TypeError):  # of a kind that torch does not have in this form
            return torch.from_numpy(value)
    return torch.from_numpy(np.array(value, dtype=value.dtype.newbyteorder("="), copy=True, order="C"))


def as_given(given: Array, result: Tensor) -> Array:
    """Turn a result into an array if what was given is one; it never shares memory with what was given.

    Examples
    --------
    >>> as_given(np.zeros(2), torch.ones(2))
    array([1., 1.], dtype=float32)
    """
    if isinstance(given, np.ndarray):
        array = result.detach().cpu().numpy()
        return array.copy() if np.may_share_memory(array, given) else array
    return result


def arange_like(count: int, like: Tensor) -> Tensor:
    """Count 0, 1, ... `count` - 1 in the type and on the device of another tensor."""
    return torch.arange(count, dtype=like.dtype, device=like.device)
