"""One way to compile a loop: cached on disk where that is possible, without the interpreter's lock."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numba

Kernel = TypeVar("Kernel", bound=Callable)


def compiled(function: Kernel | None = None, *, fastmath: bool | set[str] = False, inline: bool = False) -> Any:
    """Compile a loop over arrays with numba on its first call.

    The machine code is kept beside the source or, where that folder is read-only, in the user's cache folder or in
    ``NUMBA_CACHE_DIR``; where nothing can be written the loop is compiled anew in each process instead of failing.
    The lock of the interpreter is released, so that plain threads run such loops side by side: no threading layer
    that forked workers or other libraries could disturb. Division by zero gives NaN or infinity as in NumPy.

    Parameters
    ----------
    function
        Function to compile; without it a decorator with the settings is returned.
    fastmath
        Which liberties the compiler may take, none by default; ``{"contract"}`` fuses a multiply with an add.
    inline
        Make it part of the loops that call it. An array is seven arguments of a call, which short loops feel.

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
    if function is None:
        return partial(compiled, fastmath=fastmath, inline=inline)
    compiler = partial(numba.njit, nogil=True, error_model="numpy", fastmath=fastmath, forceinline=inline)
    try:
        return compiler(cache=True)(function)
    except RuntimeError:  # numba found no folder to keep the machine code in
        return compiler()(function)
