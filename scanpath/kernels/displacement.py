"""Samples of a picture taken from displaced places, by bicubic interpolation."""

import numpy as np
import torch
from torch import Tensor

from scanpath.kernels.compiled import compiled
from scanpath.kernels.dispatch import choose_kernel, run_bands

#: Second derivative of the interpolating cubic beyond its inner piece, as in torch's `grid_sample`.
A = np.float32(-0.75)


def displaced(image: Tensor, shift: Tensor) -> Tensor:
    """Take each sample of (C, H, W) from where `shift` (2, H, W: x, y in samples) points; borders reflect."""
    if choose_kernel("auto", image, shift) != "cpu":
        return displaced_reference(image, shift)
    out = torch.empty_like(image, memory_format=torch.contiguous_format)
    arrays = image.contiguous().numpy(), shift.to(image.dtype).contiguous().numpy(), out.numpy()
    run_bands(lambda first, last: _rows(*arrays, first, last), image.shape[-2], image.shape[-2] * image.shape[-1])
    return out


def displaced_reference(image: Tensor, shift: Tensor) -> Tensor:
    """`displaced` in plain torch: any device, gradients with respect to both."""
    height, width = image.shape[-2:]
    x = (torch.arange(width).to(shift) + shift[0]) * (2 / (width - 1)) - 1
    y = (torch.arange(height).to(shift)[:, None] + shift[1]) * (2 / (height - 1)) - 1
    grid = torch.stack([x, y], -1).to(image)[None]
    return torch.nn.functional.grid_sample(
        image[None], grid, mode="bicubic", padding_mode="reflection", align_corners=True
    )[0]


@compiled
def _reflected(place, length):
    """Sample of an axis that a place beyond its ends mirrors."""
    period = 2 * (length - 1)
    place = abs(place) % period
    return min(place, period - place)


@compiled(fastmath={"contract"})
def _weights(t):
    """Weights of the four samples around a place that lies `t` behind the second."""
    one, two, three = np.float32(1), np.float32(2), np.float32(3)
    rest = one - t
    before = A * t * rest * rest
    after = A * rest * t * t
    second = ((A + two) * t - (A + three)) * t * t + one
    return before, second, one - before - second - after, after


@compiled(fastmath={"contract"})
def _rows(image, shift, out, first, last):
    channels, height, width = image.shape
    for y in range(first, last):
        for x in range(width):
            dx, dy = np.floor(shift[0, y, x]), np.floor(shift[1, y, x])
            u0, u1, u2, u3 = _weights(shift[0, y, x] - dx)
            v0, v1, v2, v3 = _weights(shift[1, y, x] - dy)
            x1, y1 = x + int(dx), y + int(dy)
            x0, x2, x3, y0, y2, y3 = x1 - 1, x1 + 1, x1 + 2, y1 - 1, y1 + 1, y1 + 2
            if x0 < 0 or x3 >= width:
                x0, x1 = _reflected(x0, width), _reflected(x1, width)
                x2, x3 = _reflected(x2, width), _reflected(x3, width)
            if y0 < 0 or y3 >= height:
                y0, y1 = _reflected(y0, height), _reflected(y1, height)
                y2, y3 = _reflected(y2, height), _reflected(y3, height)
            for c in range(channels):
                a, b, d, e = image[c, y0], image[c, y1], image[c, y2], image[c, y3]
                out[c, y, x] = (
                    v0 * (u0 * a[x0] + u1 * a[x1] + u2 * a[x2] + u3 * a[x3])
                    + v1 * (u0 * b[x0] + u1 * b[x1] + u2 * b[x2] + u3 * b[x3])
                    + v2 * (u0 * d[x0] + u1 * d[x1] + u2 * d[x2] + u3 * d[x3])
                    + v3 * (u0 * e[x0] + u1 * e[x1] + u2 * e[x2] + u3 * e[x3])
                )
