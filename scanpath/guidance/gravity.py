"""The field of visual gravity: details of a picture attract the eye as masses attract a body (Zanca et al. 2020)."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.fft import irfft2, next_fast_len, rfft2
from torch import Tensor

from scanpath.guidance.spectral_residual import gray

SIDE_PX = 224
ORIENTATIONS_DEG = (0, 45, 90, 135)
#: Share of each of the eight feature maps in the mass.
FEATURE_WEIGHT = 0.025


@dataclass(frozen=True)
class GravityField:
    """Masses of a picture, and the pull they exert on an eye at any place.

    Attributes
    ----------
    masses
        (8, h, w): magnitude of the gradient of the picture's colors, its gray and four Gabor responses, each at most 1
        if not all zero; the longer side of the picture is 224 px.
    """

    masses: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the field."""
        return self.masses.shape[1], self.masses.shape[2]

    def mass(self, inhibition: np.ndarray) -> np.ndarray:
        """Return the mass density (h, w) that is left by an inhibition in [0, 1]."""
        return FEATURE_WEIGHT * self.masses.sum(0) * (1 - inhibition)

    def pull(self, inhibition: np.ndarray) -> np.ndarray:
        """Return the acceleration (2, h, w), down and right, at each pixel: masses times the kernel of their offset."""
        height, width = self.size
        kernel = force_kernel(2 * height - 1, 2 * width - 1, softening(height, width))
        shape = [next_fast_len(3 * side, real=True) for side in (height, width)]
        spectrum = np.asarray(rfft2(self.mass(inhibition), shape))
        # a correlation with the kernel is a convolution with the mirrored one
        parts = [np.asarray(irfft2(spectrum * np.asarray(rfft2(part[::-1, ::-1], shape)), shape)) for part in kernel]
        return np.stack([part[height - 1 : 2 * height - 1, width - 1 : 2 * width - 1] for part in parts])


def softening(height: int, width: int) -> int:
    """Return the squared distance in px below which attraction grows with distance instead of falling."""
    side = max(height, width)
    return max((side + 1 - side % 2) // 10, 1)


def force_kernel(rows: int, columns: int, q: int) -> np.ndarray:
    """Return the pull (2, rows, columns), down and right, of a unit mass at each offset u from the kernel's middle.

    k(u) = (q + 1) u / (|u|^2 + q): near 1 / |u| far away, and finite at the eye itself.
    """
    down = np.arange(rows, dtype=np.float64)[:, None] - rows // 2
    right = np.arange(columns, dtype=np.float64)[None] - columns // 2
    near = down**2 + right**2 + q
    return np.stack([(q + 1) * down / near, (q + 1) * right / near])


def gravity_field(image: Tensor) -> GravityField:
    """Compute the masses of a picture (3, H, W) in [0, 1].

    References
    ----------
    Zanca, Melacci, Gori (2020), Gravitational laws of focus of attention, IEEE PAMI 42(12),
    doi:10.1109/TPAMI.2019.2920636.

    Examples
    --------
    >>> gravity_field(torch.rand(3, 60, 80)).masses.shape
    (8, 168, 224)
    """
    height, width = image.shape[-2:]
    scale = SIDE_PX / max(height, width)
    size = (max(round(height * scale), 3), max(round(width * scale), 3))
    small = F.interpolate(image[None], size, mode="bicubic", align_corners=False).clamp(0, 1)
    maps = torch.cat([small.flip(1), gray(small), _gabor_levels(gray(small))], dim=1)[0].to(torch.float64)
    gradient = _sobel(maps).norm(dim=0)
    top = gradient.amax((1, 2), keepdim=True)
    masses = torch.where(top > 1e-9, gradient / top.clamp_min(1e-9), torch.zeros_like(gradient))
    return GravityField(masses.numpy())


def _gabor_levels(image: Tensor) -> Tensor:
    """Return four Gabor responses (1, 4, h, w), cut and rounded to 8 bits as the published program stores them."""
    grid = torch.arange(-10, 11, dtype=torch.float32)
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    kernels = []
    for degrees in ORIENTATIONS_DEG:
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        across, along = x * cos + y * sin, y * cos - x * sin
        kernels.append(torch.exp(-(across**2 + (along / 2) ** 2) / (2 * 8**2)) * torch.cos(2 * math.pi * across / 10))
    padded = _reflect(image, 10)
    return F.conv2d(padded, torch.stack(kernels)[:, None]).round().clamp(0, 255)


def _sobel(maps: Tensor) -> Tensor:
    """Return the 5 x 5 Sobel derivatives (2, n, h, w), down and right."""
    slope, smooth = maps.new_tensor([-1, -2, 0, 2, 1]), maps.new_tensor([1, 4, 6, 4, 1])
    kernels = torch.stack([slope[:, None] * smooth, smooth[:, None] * slope])[:, None]
    return F.conv2d(_reflect(maps[:, None], 2), kernels).transpose(0, 1)


def _reflect(maps: Tensor, margin: int) -> Tensor:
    rows, columns = ([_mirror(i, side) for i in range(-margin, side + margin)] for side in maps.shape[-2:])
    return maps[..., rows, :][..., columns]


def _mirror(index: int, side: int) -> int:
    """Reflect an index at the outermost pixels' centers, as often as a narrow picture needs."""
    period = max(2 * (side - 1), 1)
    index %= period
    return index if index < side else period - index
