"""Average or maximum over one rectangle per output, by the fastest kernel for the tensor at hand."""

import numpy as np
import torch
from torch import Tensor

from scanpath._core.checks import check_choice
from scanpath.kernels.eccentricity_pooling_reference import pool_windows_reference


def pool_windows(x: Tensor, bounds: np.ndarray, kind: str, *, kernel: str = "auto") -> Tensor:
    """Pool a rectangle of `x` per output.

    Parameters
    ----------
    x
        (B, C, H, W) maps; channels-last memory is used as it is, other layouts are copied once.
    bounds
        (4, h, w) int32: first row, last row + 1, first column, last column + 1 of each window, inside the map.
    kind
        "avg" or "max".
    kernel
        "reference" (torch, differentiable), "cpu" (compiled), "gpu" (Triton), or "auto": the compiled kernels for
        float32 without gradients, else the reference.

    Returns
    -------
    Tensor
        (B, C, h, w), channels last in memory from the compiled kernels.
    """
    check_choice("kernel", kernel, ("auto", "reference", "cpu", "gpu"))
    if kernel == "auto":
        kernel = _kernel_for(x)
    if kernel == "reference":
        return pool_windows_reference(x, torch.from_numpy(bounds), kind)
    if kernel == "gpu":
        from scanpath.kernels.eccentricity_pooling_gpu import pool_windows_gpu

        return pool_windows_gpu(x, torch.from_numpy(bounds).to(x.device), kind)
    from scanpath.kernels.eccentricity_pooling_cpu import average_windows, maximum_windows

    values = x.detach().permute(0, 2, 3, 1).contiguous()
    out = torch.empty((x.shape[0], *bounds.shape[1:], x.shape[1]), dtype=x.dtype)
    (average_windows if kind == "avg" else maximum_windows)(values.numpy(), bounds, out.numpy())
    return out.permute(0, 3, 1, 2)


def _kernel_for(x: Tensor) -> str:
    if x.dtype != torch.float32 or (x.requires_grad and torch.is_grad_enabled()):
        return "reference"
    return {"cpu": "cpu", "cuda": "gpu"}.get(x.device.type, "reference")
