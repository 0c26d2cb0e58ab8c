"""Memory that was freed, given back to the system."""

import ctypes
import functools
from collections.abc import Callable


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
