"""Center-surround sharpening of a priority map, and its enlargement to the picture's pixels."""

import math
from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.errors import InputError

#: Pixels of an enlarged map that are made at once.
_TOGETHER_PX = 1 << 20

#: What OpenCV uses for small kernels whose sigma is left to it, instead of a sampled Gaussian.
_FIXED_KERNELS = {1: (1.0,), 3: (0.25, 0.5, 0.25), 5: (0.0625, 0.25, 0.375, 0.25, 0.0625)}


def check_sharpening(sharpening: Iterable[Sequence[float]]) -> tuple[tuple[int, float], tuple[int, float]]:
    """Return taps and sigma of center and surround, or say what is wrong with them."""
    try:
        center, surround = ((int(size), float(sigma)) for size, sigma in sharpening)
    except (TypeError, ValueError):
        raise InputError(
            "sharpening must be taps and sigma of center and surround, such as ((3, 0.0), (5, 1.0)), "
            f"got {sharpening!r}."
        ) from None
    for size, sigma in (center, surround):
        gaussian_kernel(size, sigma)
    return center, surround


def gaussian_kernel(size: int, sigma: float) -> Tensor:
    """Sampled Gaussian of `size` taps, float64, adding up to 1; sigma 0 means one that suits the size.

    Examples
    --------
    >>> gaussian_kernel(3, 0)
    tensor([0.2500, 0.5000, 0.2500], dtype=torch.float64)
    """
    if size < 1 or size % 2 == 0:
        raise InputError(f"A Gaussian kernel needs an odd number of taps, got {size}.")
    if not (math.isfinite(sigma) and sigma >= 0):
        raise InputError(f"A Gaussian kernel needs a sigma of at least 0, got {sigma:g}.")
    if sigma <= 0 and size in _FIXED_KERNELS:
        return torch.tensor(_FIXED_KERNELS[size], dtype=torch.float64)
    sigma = sigma if sigma > 0 else 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    offsets = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def blurred(values: Tensor, kernel: Tensor) -> Tensor:
    """Blur an (H, W) map with a separable kernel; beyond the border the map is mirrored about its edge pixels."""
    reach = len(kernel) // 2
    kernel = kernel.to(values, non_blocking=True)
    padded = mirrored(mirrored(values, reach).T, reach).T
    rows = F.conv2d(padded[None, None], kernel[None, None, :, None])
    return F.conv2d(rows, kernel[None, None, None, :])[0, 0]


def mirrored(values: Tensor, reach: int) -> Tensor:
    """Extend an (H, W) map by `reach` rows on both sides, mirrored about its first and last row, as often as needed."""
    last = values.shape[0] - 1
    rows = torch.arange(-reach, last + 1 + reach, device=values.device)
    if last == 0:
        return values[torch.zeros_like(rows)]
    rows = rows.remainder(2 * last)
    return values[torch.where(rows > last, 2 * last - rows, rows)]


def sharpen(
    values: Tensor, sharpening: Sequence[tuple[int, float]] = ((3, 0.0), (5, 1.0)), iterations: int = 3
) -> Tensor:
    """Add to a map, again and again, the difference of two Gaussian blurs of it.

    Parameters
    ----------
    values
        (H, W).
    sharpening
        Taps and sigma (px of the map) of the center's Gaussian, then of the surround's; sigma 0 leaves it to the size.
    iterations
        How often.

    Returns
    -------
    Tensor
        (H, W).
    """
    center, surround = (gaussian_kernel(int(size), float(sigma)) for size, sigma in sharpening)
    for _ in range(iterations):
        values = values + blurred(values, center) - blurred(values, surround)
    return values


def enlarge(
    values: Tensor, size: tuple[int, int], *, rows: slice = slice(None), columns: slice = slice(None)
) -> Tensor:
    """Enlarge an (h, w) map to `size` by area: each px takes its cell's value, or blends the two cells it overlaps.

    This is what OpenCV calls INTER_AREA, when it enlarges. `rows` and `columns` say which part of it is wanted.

    Examples
    --------
    >>> enlarge(torch.tensor([[0.0, 6.0]]), (1, 3))
    tensor([[0., 3., 6.]])
    """
    tall = _area_taps(values.shape[0], size[0], rows, values.device)
    wide = _area_taps(values.shape[1], size[1], columns, values.device)
    found = values.new_empty(len(tall[0]), len(wide[0]))
    strip = max(1, _TOGETHER_PX // max(1, found.shape[1]))
    for start in range(0, len(found), strip):  # what lies between takes several times the memory of the result
        few = [part[start : start + strip] for part in tall]
        found[start : start + strip] = _blended(_blended(values, *few).T, *wide).T
    return found


def enlarge_to_peak_one(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge maps (B, 1, h, w) to `size`, smoothly, and scale each to a peak of 1; zeros stay zeros."""
    full = F.interpolate(maps, size, mode="bilinear", align_corners=False)
    return full / full.amax((2, 3), keepdim=True).clamp_min(1e-12)


def _blended(values: Tensor, index: Tensor, blend: Tensor) -> Tensor:
    """Take rows of a map, each mixed with the one after it."""
    after = (index + 1).clamp_max(values.shape[0] - 1)
    blend = blend.to(values)[:, None]
    return values[index] * (1 - blend) + values[after] * blend


def _area_taps(n: int, size: int, wanted: slice, device: torch.device) -> tuple[Tensor, Tensor]:
    """For the wanted ones of `size` px, the cell of `n` that each lies in, and the share of the next cell.

    In whole numbers: where a pixel ends at the border of two cells, a rounded ratio can put it into the wrong one.
    """
    place = torch.arange(size, device=device)[wanted]
    index = place * n // size
    blend = ((place + 1) * n - (index + 1) * size).clamp_min(0) / n
    return index, blend.to(torch.float32)
