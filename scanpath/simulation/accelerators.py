"""One process per accelerator: each worker takes one that no other worker has."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from scanpath._core.errors import ScanpathError

#: Locks of this process; they are released when it ends, however it ends.
_held: list[IO[str]] = []


def claim(accelerators: Sequence[str]) -> str | None:
    """Take a free accelerator for this process and show it no other one.

    Must be called before the process uses CUDA. The claim is a lock on a file of this machine, so that an accelerator
    becomes free when its worker dies.

    Parameters
    ----------
    accelerators
        What CUDA_VISIBLE_DEVICES may be set to, such as ``["0", "1"]``; nothing is done if there are none.

    Returns
    -------
    str or None
        The one that was taken.
    """
    if not accelerators:
        return None
    if _held:
        return os.environ.get("CUDA_VISIBLE_DEVICES")
    import fcntl

    for name in accelerators:
        safe = "".join(sign if sign.isalnum() else "_" for sign in name)
        lock = (Path(tempfile.gettempdir()) / f"scanpath-accelerator-{os.getuid()}-{safe}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        os.environ["CUDA_VISIBLE_DEVICES"] = name
        return name
    raise ScanpathError(f"All of the accelerators {', '.join(accelerators)} are in use by other workers.")
