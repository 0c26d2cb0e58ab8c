"""Average or maximum over one rectangle per output: the plain torch form, differentiable, on any device."""

import torch
from torch import Tensor


def pool_windows_reference(x: Tensor, bounds: Tensor, kind: str) -> Tensor:
    """Pool each output's window by gathering its pixels one offset at a time.

    Parameters
    ----------
    x
        (B, C, H, W) maps.
    bounds
        (4, h, w) integers: first row, last row + 1, first column, last column + 1 of each output's window, all
        inside the map and never empty.
    kind
        "avg" or "max".

    Returns
    -------
    Tensor
        (B, C, h, w).
    """
    y0, y1, x0, x1 = bounds
    most_rows, most_columns = int((y1 - y0).max()), int((x1 - x0).max())  # where the bounds are
    y0, y1, x0, x1 = bounds.to(x.device, torch.int64, non_blocking=True)
    flat = x.flatten(2)
    width = x.shape[-1]
    count = ((y1 - y0) * (x1 - x0)).to(x.dtype)
    pooled = torch.full((*x.shape[:2], *y0.shape), 0.0 if kind == "avg" else -torch.inf, dtype=x.dtype, device=x.device)
    for dy in range(most_rows):
        for dx in range(most_columns):
            inside = (y0 + dy < y1) & (x0 + dx < x1)
            place = torch.where(inside, (y0 + dy) * width + x0 + dx, 0)
            value = flat[:, :, place.flatten()].unflatten(2, place.shape)
            if kind == "avg":
                pooled = pooled + torch.where(inside, value, 0)
            else:
                pooled = torch.maximum(pooled, torch.where(inside, value, -torch.inf))
    return pooled / count if kind == "avg" else pooled
