"""Spectral residual saliency: what the log amplitude spectrum does not share with its own neighborhood."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_count, check_image, check_positive

#: Weights of red, green and blue in gray (ITU-R BT.601).
LUMA = (0.299, 0.587, 0.114)


def spectral_residual(image: Array, *, size: int = 64, sigma_px: float = 8.0, kernel_px: int = 5) -> Array:
    """Map where a picture departs from the smooth amplitude spectrum that natural pictures share.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W) in [0, 1]; colors are turned to gray.
    size
        Side of the square the picture is shrunk to: the scale of what counts as an object.
    sigma_px, kernel_px
        Standard deviation and side of the Gaussian that smooths the map; the defaults are those of OpenCV.

    Returns
    -------
    Tensor
        (H, W) or (B, H, W), at most 1 and not negative; zero for a picture without any contrast.

    References
    ----------
    Hou and Zhang (2007), Saliency detection: a spectral residual approach, CVPR, doi:10.1109/CVPR.2007.383267.

    Examples
    --------
    >>> picture = 0.4 + 0.1 * torch.rand(1, 128, 192, generator=torch.Generator().manual_seed(0))
    >>> picture[:, 60:72, 120:132] = 1
    >>> index = int(spectral_residual(picture).argmax())
    >>> 55 < index // 192 < 77, 115 < index % 192 < 137
    (True, True)
    """
    given = check_image(image)
    batch = given[None] if given.ndim == 3 else given
    check_count("size", size, least=8)
    check_positive("sigma_px", sigma_px)
    small = F.interpolate(gray(batch), (size, size), mode="bilinear", align_corners=False)
    saliency = F.interpolate(
        _residual(small, sigma_px, kernel_px), batch.shape[-2:], mode="bilinear", align_corners=False
    )
    return as_given(image, saliency[0, 0] if given.ndim == 3 else saliency[:, 0])


def gray(image: Tensor) -> Tensor:
    """Return the gray picture (B, 1, H, W) of (B, 1 or 3, H, W)."""
    if image.shape[1] == 1:
        return image
    return (image * image.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)


def _residual(small: Tensor, sigma_px: float, kernel_px: int) -> Tensor:
    # 256 gray levels, as in OpenCV: logarithms of small amplitudes make rounding visible in the map
    spectrum = torch.fft.fft2(torch.round(small * 255))  # eqs. 1-2
    amplitude = spectrum.abs()
    log = torch.log(amplitude.clamp_min(1e-12))
    average = F.avg_pool2d(F.pad(log, (1, 1, 1, 1), mode="reflect"), 3, stride=1)  # eq. 3
    residual = torch.exp(log - average)  # eq. 4
    phase = spectrum / amplitude.clamp_min(1e-12)
    saliency = gaussian_blur(torch.fft.ifft2(residual * phase).abs(), [kernel_px] * 2, [sigma_px] * 2) ** 2  # eq. 5
    flat = small.flatten(1)
    contrast = (flat.amax(1) - flat.amin(1) > 1e-6).to(saliency.dtype)[:, None, None, None]
    return contrast * saliency / saliency.amax((2, 3), keepdim=True).clamp_min(1e-12)
