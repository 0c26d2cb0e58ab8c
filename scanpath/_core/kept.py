"""Tensors that are made once and used by many calls, whatever the first of them was made under."""

import functools
import threading
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

import torch

P = ParamSpec("P")
Made = TypeVar("Made")


def outside_inference(make: Callable[P, Made]) -> Callable[P, Made]:
    """Make what `make` returns as if no inference mode were on: its tensors can then be used with gradients later."""

    @functools.wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Made:
        if not torch.is_inference_mode_enabled():
            return make(*args, **kwargs)
        with torch.inference_mode(False):
            return make(*args, **kwargs)

    return made


def kept(maxsize: int) -> Callable[[Callable[P, Made]], "Kept[P, Made]"]:
    """Keep the last `maxsize` results of a function: of constants, without gradients, each made by one thread only.

    Examples
    --------
    >>> @kept(maxsize=1)
    ... def table(length: int) -> torch.Tensor:
    ...     return torch.arange(length)
    >>> with torch.inference_mode():
    ...     first = table(3)
    >>> first.is_inference(), first is table(3)
    (False, True)
    """
    return lambda make: Kept(make, maxsize)


class Kept(Generic[P, Made]):
    """A function whose last results are kept; see `kept`."""

    def __init__(self, make: Callable[P, Made], maxsize: int) -> None:
        functools.update_wrapper(self, make)
        self._make = torch.no_grad()(outside_inference(make))
        self._lock = threading.Lock()
        self._place: Any = functools.lru_cache(maxsize=maxsize)(_Place)
        self.cache_clear = self._place.cache_clear
        self.cache_info = self._place.cache_info

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Made:
        with self._lock:  # two threads that miss at once would get two places
            place = self._place(*args, **kwargs)
        with place.lock:  # and those that need other results need not wait while this one is made
            if not place.made:
                place.made.append(self._make(*args, **kwargs))
        return place.made[0]


class _Place:
    """Where one result is kept once it is made; what it is of only tells places apart."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.lock = threading.Lock()
        self.made: list[Any] = []
