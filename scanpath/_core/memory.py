"""Memory that was freed: used again, or given back to the system."""

import ctypes
import functools
from collections.abc import Callable

import numpy as np

#: Just below the largest block whose freeing teaches glibc anything.
_LESSON_BYTES = 31 << 20


@functools.cache
def keep_freed_memory() -> None:
    """Let this process use the memory of freed maps again instead of asking the system for it at every picture.

    In a fresh process glibc returns freed blocks of more than 128 KiB to the system, and every map is made of new
    pages, which can take longer than what is computed in them. Having seen a block of this size freed, it keeps up to
    twice as much; other C libraries are not affected.
    """
    np.empty(_LESSON_BYTES, dtype=np.uint8)


def give_back() -> None:
    """Return freed memory to the system, where the C library keeps it; to be called between pictures.

    Maps of a picture are too small to be allocated by themselves, and the small results that are kept lie between them,
    so that glibc's heap grows by hundreds of MB over thousands of maps although nearly all of it is free.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    """Return glibc's call; None elsewhere."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # other C libraries have none; Windows has no library without a name
        return None
    return found
