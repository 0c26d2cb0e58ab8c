"""Average or maximum over one rectangle per output, in Triton for CUDA devices: channels last, as on CPUs.

One program pools one output for a block of channels; neighbors read the same pixels, which stay in the cache, so that
a map is read about once. With ``TRITON_INTERPRET=1`` in the environment the kernel runs, slowly, on CPU tensors.
"""

# pyright: reportArgumentType=false
# Triton takes plain values where its kernels say constexpr.

import os
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.optional import require

if TYPE_CHECKING:
    import triton
    from triton import language as tl
else:
    triton = require("triton", purpose="Running kernels on a GPU")
    tl = require("triton.language", package="triton", purpose="Running kernels on a GPU")

#: Outputs and channels per program.
OUTPUTS, CHANNELS = 4, 128


def pool_windows_gpu(x: Tensor, bounds: Tensor, kind: str) -> Tensor:
    """Pool a rectangle of `x` (B, C, H, W), float32, per output; `bounds` (4, h, w) as for `pool_windows`."""
    if x.device.type != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        raise InputError(f"The gpu kernel needs tensors on a CUDA device, got {x.device}; use kernel='auto'.")
    batch, channels, height, width = x.shape
    values = x.permute(0, 2, 3, 1).contiguous()
    bounds = bounds.contiguous()
    outputs = bounds.shape[1] * bounds.shape[2]
    out = torch.empty((batch, *bounds.shape[1:], channels), dtype=x.dtype, device=x.device)
    block = min(CHANNELS, triton.next_power_of_2(channels))
    grid = (triton.cdiv(outputs, OUTPUTS), triton.cdiv(channels, block), batch)
    _pool[grid](
        values, bounds, out, outputs, channels, width, height * width * channels, MAXIMUM=kind == "max",
        OUTPUTS=OUTPUTS, CHANNELS=block,
    )  # fmt: skip
    return out.permute(0, 3, 1, 2)


@triton.jit
def _pool(
    values, bounds, out, outputs, channels, width, picture,
    MAXIMUM: tl.constexpr, OUTPUTS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < channels
    image = tl.program_id(2).to(tl.int64)
    for step in range(OUTPUTS):
        index = tl.program_id(0) * OUTPUTS + step
        if index < outputs:
            y0, y1 = tl.load(bounds + index), tl.load(bounds + outputs + index)
            x0, x1 = tl.load(bounds + 2 * outputs + index), tl.load(bounds + 3 * outputs + index)
            if MAXIMUM:
                pooled = tl.full([CHANNELS], float("-inf"), dtype=tl.float32)
            else:
                pooled = tl.zeros([CHANNELS], dtype=tl.float32)
            for y in range(y0, y1):
                for x in range(x0, x1):
                    at = values + image * picture + (y * width + x).to(tl.int64) * channels + channel
                    value = tl.load(at, mask=known, other=0.0)
                    if MAXIMUM:
                        pooled = tl.maximum(pooled, value, propagate_nan=tl.PropagateNan.ALL)
                    else:
                        pooled += value
            if not MAXIMUM:
                pooled = pooled / ((y1 - y0) * (x1 - x0)).to(tl.float32)
            tl.store(out + (image * outputs + index) * channels + channel, pooled, mask=known)
