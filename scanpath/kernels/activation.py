"""Two maps that follow the eye and fade, attention and inhibition, and how likely the next place is under them.

A walk has K steps, each of up to three phases. In a phase of length t both maps approach a target at their rates:
A <- k A + (1 - k) A*, with k = exp(-rate t). The targets are a Gaussian times the picture's density, and a Gaussian;
both are given as two vectors, so that no map of a Gaussian is ever stored. The torch reference runs on any device and
gives gradients; the compiled loops are several times as quick.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scanpath.kernels.activation_reference import Blend, Walk, walk_bits_reference
from scanpath.kernels.dispatch import choose_kernel, run_bands

_OCULOMOTOR = {"none": 0, "add": 1, "multiply": 2}


def walk_bits(density: Tensor, walk: Walk, blend: Blend, *, kernel: str = "auto") -> Tensor:
    """Log2 of how likely each next cell is, (B, K), NaN where a walk has no next cell.

    Parameters
    ----------
    density
        (1, H, W) or (B, H, W), where there is something to see in the picture; not negative.
    walk
        B walks on that picture.
    blend
        How the maps become a density.
    kernel
        See `scanpath.kernels.dispatch.choose_kernel`. The compiled loops compute in float64 whatever comes.
    """
    learned = [part for part in (*walk, *blend) if isinstance(part, Tensor) and part.is_floating_point()]
    if choose_kernel(kernel, density, *learned, double=True) != "cpu":
        return walk_bits_reference(density, walk, blend)
    from scanpath.kernels.activation_cpu import walk_bits_cpu

    arrays = Walk(*(_array(part) for part in walk))  # type: ignore[arg-type]  # the same names, for the compiled loops
    numbers, seen = _numbers(blend), _array(density)
    bits = np.full(walk.target.shape[:2], math.nan)

    def work(first: int, last: int) -> None:
        walk_bits_cpu(first, last, seen, arrays, numbers, bits)

    run_bands(work, len(bits), bits.size * density[0].numel())
    return torch.from_numpy(bits).to(density.dtype)


class _Numbers(NamedTuple):
    divisive: bool
    attention_exponent: float
    inhibition_exponent: float
    strength: float
    uniform_share: float
    oculomotor: int
    oculomotor_weight: float


def _numbers(blend: Blend) -> _Numbers:
    exponents = float(blend.attention_exponent), float(blend.inhibition_exponent)
    shares = float(blend.strength), float(blend.uniform_share)
    return _Numbers(blend.divisive, *exponents, *shares, _OCULOMOTOR[blend.oculomotor], float(blend.oculomotor_weight))


def _array(part: Tensor) -> np.ndarray:
    return np.ascontiguousarray(part.detach().numpy(), np.float64 if part.is_floating_point() else np.int64)
