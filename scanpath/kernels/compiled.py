"""One way to compile a loop: cached on disk where that is possible, without the interpreter's lock, no fast-math."""

from collections.abc import Callable
from typing import TypeVar

import numba

Kernel = TypeVar("Kernel", bound=Callable)


def compiled(function: Kernel) -> Kernel:
    """Compile a loop over arrays with numba on its first call.

    The machine code is kept beside the source or, where that folder is read-only, in the user's cache folder or in
    ``NUMBA_CACHE_DIR``; where nothing can be written the loop is compiled anew in each process instead of failing.
    The lock of the interpreter is released, so that plain threads run such loops side by side: no threading layer
    that forked workers or other libraries could disturb. Division by zero gives NaN or infinity as in NumPy.

    Examples
    --------
    >>> import numpy as np
    >>> @compiled
    ... def total(values):
    ...     result = 0.0
    ...     for value in values:
    ...         result += value
    ...     return result
    >>> total(np.array([1.0, 2.0]))
    3.0
    """
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder to keep the machine code in
        return numba.njit(nogil=True, error_model="numpy")(function)
