"""Seeds as values: derived from what a draw is for, never from how much was drawn before."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from scanpath._core.errors import InputError

if TYPE_CHECKING:
    import torch


def derive_seed(seed: int, *parts: str | int) -> int:
    """Derive a 63-bit seed from a run's seed and the names of what it is for.

    The same parts give the same seed on every machine, in any order of work and with any number of workers.

    Examples
    --------
    >>> derive_seed(0, "picture.png", "random") == derive_seed(0, "picture.png", "random")
    True
    >>> derive_seed(0, "a", "bc") == derive_seed(0, "ab", "c")
    False
    """
    try:
        number = int(seed)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or number != seed:
        raise InputError(f"seed must be a whole number, got {seed!r}.")
    text = "\x1f".join([str(number), *(str(part) for part in parts)])
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") >> 1


def torch_generator(seed: int, *parts: str | int) -> "torch.Generator":
    """Return a CPU `torch.Generator` seeded with `derive_seed(seed, *parts)`."""
    import torch

    return torch.Generator().manual_seed(derive_seed(seed, *parts))


def numpy_generator(seed: int, *parts: str | int) -> np.random.Generator:
    """Return a NumPy generator seeded with `derive_seed(seed, *parts)`."""
    return np.random.default_rng(derive_seed(seed, *parts))
