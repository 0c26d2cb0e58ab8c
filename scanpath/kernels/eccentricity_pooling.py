"""Average or maximum over one rectangle per output, by the fastest kernel for the tensor at hand."""

import numpy as np
import torch
from torch import Tensor

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.kernels.dispatch import choose_kernel
from scanpath.kernels.eccentricity_pooling_reference import pool_windows_reference


def pool_windows(
    x: Tensor, bounds: np.ndarray, kind: str, *, kernel: str = "auto", out: Tensor | None = None
) -> Tensor:
    """Pool a rectangle of `x` per output.

    Parameters
    ----------
    x
        (B, C, H, W) maps; channels-last memory is used as it is, other layouts are copied once.
    bounds
        (4, h, w) int32: first row, last row + 1, first column, last column + 1 of each window, inside the map and
        not empty.
    kind
        "avg" or "max".
    kernel
        "auto", "reference" (torch, differentiable), "cpu" (compiled) or "gpu" (Triton).
    out
        Tensor of the result's shape and dtype to write into.

    Returns
    -------
    Tensor
        (B, C, h, w), channels last in memory from the compiled kernels.

    Raises
    ------
    InputError
        If a window is empty or not inside the map, `kind` or `kernel` is unknown, or `out` does not fit.
    """
    _check(x, bounds, kind, out)
    kernel = choose_kernel(kernel, x)
    if kernel == "reference":
        pooled = pool_windows_reference(x, torch.from_numpy(bounds), kind)
    elif kernel == "gpu":
        from scanpath.kernels.eccentricity_pooling_gpu import pool_windows_gpu

        pooled = pool_windows_gpu(x.float(), torch.from_numpy(bounds).to(x.device, non_blocking=True), kind).to(x.dtype)
    else:
        from scanpath.kernels.eccentricity_pooling_cpu import pool_windows_cpu

        values = x.detach().float().permute(0, 2, 3, 1).contiguous()
        pooled = torch.from_numpy(pool_windows_cpu(values.numpy(), bounds, kind)).permute(0, 3, 1, 2).to(x.dtype)
    return pooled if out is None else out.copy_(pooled)


def _check(x: Tensor, bounds: np.ndarray, kind: str, out: Tensor | None) -> None:
    """Refuse what compiled loops would read or write past."""
    check_choice("kind", kind, ("avg", "max"))
    if x.ndim != 4 or bounds.ndim != 3 or len(bounds) != 4:
        raise InputError(
            f"x must be (B, C, H, W) and bounds (4, h, w), got shapes {tuple(x.shape)} and {bounds.shape}."
        )
    y0, y1, x0, x1 = bounds
    height, width = x.shape[-2:]
    if y0.min() < 0 or x0.min() < 0 or y1.max() > height or x1.max() > width or (y0 >= y1).any() or (x0 >= x1).any():
        raise InputError(f"bounds must be windows of at least one px inside the map of {height} x {width} px.")
    shape = (*x.shape[:2], *bounds.shape[1:])
    if out is not None and (tuple(out.shape), out.dtype) != (shape, x.dtype):
        raise InputError(f"out must have shape {shape} and {x.dtype}, got {tuple(out.shape)} and {out.dtype}.")
