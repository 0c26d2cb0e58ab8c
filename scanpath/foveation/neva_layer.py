"""NeVA's own foveation: one blurred copy of the picture, shown through a soft mask around each fixation."""

from collections.abc import Sequence
from typing import overload

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.checks import check_count, check_fixation_tensor, check_image, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath._core.kept import kept
from scanpath.foveation.fixated_images import size_of

#: Up to this side, blurring is two products with a banded matrix; beyond, two convolutions do less work.
LARGEST_PRODUCT_PX = 512


def neva_blur(
    image: Array,
    fixation: ArrayLike,
    *,
    memory: Tensor | np.ndarray | None = None,
    mask_sigma: float = 0.2,
    blur_sigma_px: float = 10,
    kernel_px: int = 41,
) -> Array:
    """Show a picture as NeVA sees it: sharp where the eye is or what it remembers, evenly blurred elsewhere.

    y = x + clip(1 - (memory + mask), 0, 1) (blur(x) - x), with the mask of `neva_mask`.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W).
    fixation
        xy in px, (2,) or (B, 2).
    memory
        (H, W) or (B, H, W): what earlier fixations left, see `neva_memory`; nothing if omitted.
    mask_sigma
        Size of the sharp spot: exp(-d^2 / mask_sigma) with d in NeVA's frame, so the standard deviation is
        sqrt(mask_sigma / 2) half-sides of the picture.
    blur_sigma_px, kernel_px
        Standard deviation and odd side of the blur's kernel, which is cut there; edges are mirrored about the
        outermost pixels.

    Returns
    -------
    Tensor
        As `image`, with a batch dimension if `fixation` has one; differentiable in the image, the fixation and the
        memory. A NumPy array if `image` is one.

    Raises
    ------
    InputError
        If the picture is too small for the kernel, the kernel's side is even, or shapes do not fit.

    References
    ----------
    Schwinn, L., Precup, D., Eskofier, B., & Zanca, D. (2022). Behind the machine's gaze: Neural networks with
    biologically-inspired constraints exhibit human-like visual attention. https://arxiv.org/abs/2204.09093

    Examples
    --------
    >>> image = torch.rand(3, 64, 64)
    >>> seen = neva_blur(image, (40.0, 20.0))
    >>> torch.allclose(seen[:, 20, 40], image[:, 20, 40])
    True
    """
    pixels = check_image(image)
    size = size_of(pixels)
    points = check_fixation_tensor("fixation", fixation).to(pixels.device)
    spot = _mask(size, points, mask_sigma).to(pixels.dtype)
    if memory is not None:
        remembered = torch.as_tensor(to_tensor(memory), dtype=pixels.dtype, device=pixels.device)
        if remembered.ndim not in (2, 3) or remembered.shape[-2:] != size:
            raise InputError(f"memory must have shape {size} or (B, *{size}), got {tuple(remembered.shape)}.")
        spot = spot + remembered
    veil = (1 - spot).clamp(0, 1).unsqueeze(-3)
    return as_given(image, pixels + veil * (neva_blurred(pixels, blur_sigma_px, kernel_px) - pixels))


@overload
def neva_mask(size: Sequence[int], fixation: np.ndarray, *, mask_sigma: float = 0.2) -> np.ndarray: ...
@overload
def neva_mask(size: Sequence[int], fixation: Tensor | Sequence, *, mask_sigma: float = 0.2) -> Tensor: ...
def neva_mask(size: Sequence[int], fixation: ArrayLike, *, mask_sigma: float = 0.2) -> Tensor | np.ndarray:
    """Soft spot around a fixation: exp(-d^2 / mask_sigma), where pixel i of n lies at -1 + 2 i / (n - 1).

    Parameters
    ----------
    size
        (height, width) in px.
    fixation
        xy in px, (2,) or (B, 2).
    mask_sigma
        Twice the variance of the spot, in units of half the side.

    Returns
    -------
    Tensor
        (H, W) or (B, H, W); a NumPy array if `fixation` is one.

    Examples
    --------
    >>> neva_mask((3, 3), (1.0, 1.0), mask_sigma=1.0)[1]
    tensor([0.3679, 1.0000, 0.3679])
    """
    mask = _mask(check_size("size", size), check_fixation_tensor("fixation", fixation), mask_sigma)
    return as_given(fixation, mask) if isinstance(fixation, np.ndarray) else mask


def _mask(size: tuple[int, int], points: Tensor, mask_sigma: float) -> Tensor:
    check_positive("mask_sigma", mask_sigma)
    factors = []
    for axis, count in ((1, size[0]), (0, size[1])):
        frame = torch.linspace(-1, 1, count, dtype=torch.float64, device=points.device)
        center = points[..., axis, None].to(torch.float64) * (2 / max(count - 1, 1)) - 1
        factors.append(torch.exp(-(frame - center).square() / mask_sigma).to(points.dtype))
    return factors[0][..., :, None] * factors[1][..., None, :]


def neva_memory(memory: Array, fixation: ArrayLike, *, retention: float = 0.7, mask_sigma: float = 0.2) -> Array:
    """Remember a fixation: retention times the old memory, plus the mask around the fixation.

    Parameters
    ----------
    memory
        (H, W) or (B, H, W); zeros at the start.
    fixation
        xy in px, (2,) or (B, 2).
    retention
        Share of the memory that survives: 1 forgets nothing, 0 all. The original calls it forgetting.
    mask_sigma
        As in `neva_blur`.

    Returns
    -------
    Tensor
        As `memory`; not clipped, so that a place seen twice stays sharp for longer.

    Examples
    --------
    >>> memory = neva_memory(torch.zeros(5, 5), (2.0, 2.0))
    >>> float(neva_memory(memory, (2.0, 2.0), retention=0.5)[2, 2])
    1.5
    """
    old = torch.as_tensor(to_tensor(memory))
    if old.ndim not in (2, 3) or not old.is_floating_point():
        raise InputError(f"memory must be floating point (H, W) or (B, H, W), got {tuple(old.shape)} {old.dtype}.")
    if not 0 <= retention <= 1:
        raise InputError(f"retention must lie in [0, 1], where 1 forgets nothing, got {retention!r}.")
    points = check_fixation_tensor("fixation", fixation).to(old.device)
    return as_given(memory, retention * old + _mask(size_of(old), points, mask_sigma).to(old.dtype))


def neva_blurred(image: Tensor, blur_sigma_px: float, kernel_px: int) -> Tensor:
    """Blur images (..., H, W) evenly with NeVA's cut kernel; worth keeping where many fixations share a picture."""
    check_positive("blur_sigma_px", blur_sigma_px)
    if check_count("kernel_px", kernel_px) % 2 == 0:
        raise InputError(f"kernel_px must be odd, got {kernel_px}.")
    height, width = image.shape[-2:]
    if kernel_px // 2 >= min(height, width):
        raise InputError(
            f"A blur kernel of {kernel_px} px needs a picture of more than {kernel_px // 2} px a side, "
            f"got {width} x {height} px; give a smaller kernel_px or a larger picture."
        )
    if max(height, width) <= LARGEST_PRODUCT_PX:
        rows, columns = (_band(side, float(blur_sigma_px), kernel_px).to(image) for side in (height, width))
        return rows @ image @ columns.T
    kernel = _kernel(float(blur_sigma_px), kernel_px).to(image)
    planes = image.reshape(-1, 1, height, width)
    half = kernel_px // 2
    planes = F.conv2d(F.pad(planes, (half, half, half, half), mode="reflect"), kernel[None, None, None])
    return F.conv2d(planes, kernel[None, None, :, None]).reshape(image.shape)


def _kernel(sigma: float, count: int) -> Tensor:
    offsets = torch.arange(count, dtype=torch.float64) - (count - 1) / 2
    weights = torch.exp(-0.5 * (offsets / sigma).square())
    return weights / weights.sum()


@kept(maxsize=16)
def _band(side: int, sigma: float, count: int) -> Tensor:
    """Matrix (side, side) whose rows hold the kernel around each sample, mirrored about the outermost samples."""
    kernel, half = _kernel(sigma, count), count // 2
    index = torch.arange(side)[:, None] + torch.arange(-half, half + 1)
    index = (side - 1) - ((side - 1) - index.abs()).abs()
    band = torch.zeros(side, side, dtype=torch.float64)
    return band.scatter_add_(1, index, kernel.expand(side, count).contiguous())
