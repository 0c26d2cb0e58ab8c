"""Average or maximum over one rectangle per output, by the fastest kernel for the tensor at hand."""

import numpy as np
import torch
from torch import Tensor

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
        Tensor of the result's shape to write into.

    Returns
    -------
    Tensor
        (B, C, h, w), channels last in memory from the compiled kernels.
    """
    kernel = choose_kernel(kernel, x)
    if kernel == "reference":
        pooled = pool_windows_reference(x, torch.from_numpy(bounds), kind)
    elif kernel == "gpu":
        from scanpath.kernels.eccentricity_pooling_gpu import pool_windows_gpu

        pooled = pool_windows_gpu(x.float(), torch.from_numpy(bounds).to(x.device), kind).to(x.dtype)
    else:
        from scanpath.kernels.eccentricity_pooling_cpu import pool_windows_cpu

        values = x.detach().float().permute(0, 2, 3, 1).contiguous()
        pooled = torch.from_numpy(pool_windows_cpu(values.numpy(), bounds, kind)).permute(0, 3, 1, 2).to(x.dtype)
    return pooled if out is None else out.copy_(pooled)
