"""The blur of pictures of bytes: some rows at a time become floats, and what is made of them bytes again."""

import numpy as np

from scanpath.kernels.blur_cpu_planes import BAND, blur_rows
from scanpath.kernels.blur_cpu_rows import F, U, finite, fused

#: Rows held as floats at a time, apart from those around them that the blur reads.
STRIP = 4 * BAND


@fused
def blur_byte_rows(image, halved, t, first_plane, planes, field, y0, y1, out):
    """Blur rows y0 ... y1 - 1 of bytes, as `blur_rows` does those of floats."""
    width, area, most = t.width, t.height * t.width, min(STRIP, y1 - y0)
    apart, out_apart = (most + 2 * t.margin) * width, most * width
    floats = np.empty(planes * apart, dtype=t.taps.dtype)
    blurred = np.empty(planes * out_apart, dtype=t.taps.dtype)
    for top in range(y0, y1, STRIP):
        bottom = min(top + STRIP, y1)
        first, last = max(top - t.margin, 0), min(bottom + t.margin, t.height)
        for k in range(planes):
            _to_floats(image, (first_plane + k) * area + first * width, floats, k * apart, (last - first) * width)
        begin = -first_plane * apart - first * width
        blur_rows(
            floats, begin, apart, halved, t, first_plane, planes, field, top, bottom, blurred, -top * width, out_apart
        )
        for k in range(planes):
            _to_bytes(blurred, k * out_apart, out, k * area + top * width, (bottom - top) * width)


@fused
def _to_floats(source, at, out, to, n):
    s, o = U(at), U(to)
    for i in range(U(n)):
        out[o + i] = F(source[s + i])


@finite
def _to_bytes(source, at, out, to, n):
    """Round to the nearest of 0 ... 255."""
    s, o = U(at), U(to)
    for i in range(U(n)):
        out[o + i] = np.uint8(np.int32(min(max(source[s + i], F(0)), F(255)) + F(0.5)))
