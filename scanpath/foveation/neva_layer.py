"""NeVA's own foveation: one blurred copy of the picture, shown through a soft mask around each fixation."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import numpy_friendly
from scanpath._core.checks import check_count, check_fixation_tensor, check_image, check_positive, check_size
from scanpath._core.errors import InputError

#: Up to this side, blurring is two products with a banded matrix; beyond, two convolutions do less work.
LARGEST_PRODUCT_PX = 512


@numpy_friendly
def neva_blur(
    image: Any,
    fixation: Any,
    *,
    memory: Any = None,
    mask_sigma: float = 0.2,
    blur_sigma_px: float = 10,
    kernel_px: int = 41,
) -> Tensor:
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
    image = check_image(image)
    size = (image.shape[-2], image.shape[-1])
    spot = neva_mask(size, torch.as_tensor(fixation, device=image.device), mask_sigma=mask_sigma).to(image.dtype)
    if memory is not None:
        memory = torch.as_tensor(memory, dtype=image.dtype, device=image.device)
        if memory.ndim not in (2, 3) or memory.shape[-2:] != size:
            raise InputError(f"memory must have shape {size} or (B, *{size}), got {(*memory.shape,)}.")
        spot = spot + memory
    veil = (1 - spot).clamp(0, 1).unsqueeze(-3)
    return image + veil * (neva_blurred(image, blur_sigma_px, kernel_px) - image)


@numpy_friendly
def neva_mask(size: Any, fixation: Any, *, mask_sigma: float = 0.2) -> Tensor:
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
        (H, W) or (B, H, W).

    Examples
    --------
    >>> neva_mask((3, 3), (1.0, 1.0), mask_sigma=1.0)[1]
    tensor([0.3679, 1.0000, 0.3679])
    """
    size = check_size("size", size)
    check_positive("mask_sigma", mask_sigma)
    points = check_fixation_tensor("fixation", fixation)
    factors = []
    for axis, count in ((1, size[0]), (0, size[1])):
        frame = torch.linspace(-1, 1, count, dtype=torch.float64, device=points.device)
        center = points[..., axis, None].to(torch.float64) * (2 / max(count - 1, 1)) - 1
        factors.append(torch.exp(-(frame - center).square() / mask_sigma).to(points.dtype))
    return factors[0][..., :, None] * factors[1][..., None, :]


@numpy_friendly
def neva_memory(memory: Any, fixation: Any, *, retention: float = 0.7, mask_sigma: float = 0.2) -> Tensor:
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
    memory = torch.as_tensor(memory)
    if memory.ndim not in (2, 3) or not memory.is_floating_point():
        raise InputError(f"memory must be floating point (H, W) or (B, H, W), got {(*memory.shape,)} {memory.dtype}.")
    if not 0 <= retention <= 1:
        raise InputError(f"retention must lie in [0, 1], where 1 forgets nothing, got {retention!r}.")
    size = (memory.shape[-2], memory.shape[-1])
    points = torch.as_tensor(fixation, device=memory.device)
    return retention * memory + neva_mask(size, points, mask_sigma=mask_sigma).to(memory.dtype)


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


@lru_cache(maxsize=16)
def _band(side: int, sigma: float, count: int) -> Tensor:
    """Matrix (side, side) whose rows hold the kernel around each sample, mirrored about the outermost samples."""
    kernel, half = _kernel(sigma, count), count // 2
    index = torch.arange(side)[:, None] + torch.arange(-half, half + 1)
    index = (side - 1) - ((side - 1) - index.abs()).abs()
    band = torch.zeros(side, side, dtype=torch.float64)
    return band.scatter_add_(1, index, kernel.expand(side, count).contiguous())
