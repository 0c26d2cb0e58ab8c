"""The saliency map of Itti, Koch and Niebur: center-surround contrast of intensity, color and orientation."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_image
from scanpath.guidance.sharpening import enlarge_to_peak_one

CENTERS, DELTAS, MAP_LEVEL = (2, 3, 4), (3, 4), 4
ORIENTATIONS_DEG = (0, 45, 90, 135)


def itti_koch(image: Array) -> Array:
    """Map how much each place stands out from its surroundings in intensity, color and orientation.

    42 maps, centers at levels 2 to 4 of a pyramid and surrounds 3 and 4 levels above, are normalized so that maps with
    one strong peak win over maps with many, and summed. Meant for pictures of about 640 x 480 px.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W) in [0, 1]; gray has no color contrast.

    Returns
    -------
    Tensor
        (H, W) or (B, H, W), not negative, at most 1; zero for a picture without any contrast.

    References
    ----------
    Itti, Koch, Niebur (1998), A model of saliency-based visual attention for rapid scene analysis, IEEE PAMI 20(11),
    doi:10.1109/34.730558. The paper leaves the orientation filters open; here they are Gabor pairs of 7 px wavelength.

    Examples
    --------
    >>> picture = torch.full((3, 160, 240), 0.4)
    >>> picture[0, 60:76, 150:166] = 0.9
    >>> index = int(itti_koch(picture).argmax())
    >>> abs(index // 240 - 68) < 16, abs(index % 240 - 158) < 16
    (True, True)
    """
    given = check_image(image)
    batch = given[None] if given.ndim == 3 else given
    batch = batch.expand(-1, 3, -1, -1) if batch.shape[1] == 1 else batch
    intensity = _pyramid(batch.mean(1, keepdim=True))
    opponent = [_color_opponents(level) for level in _pyramid(batch)]
    rows, columns = intensity[MAP_LEVEL].shape[-2:]
    size = (rows, columns)
    brightness = _conspicuity([[level] for level in intensity], size)
    color = _conspicuity(opponent, size)
    orientation = _conspicuity([_orientations(level) for level in intensity], size)
    saliency = (normalize(brightness) + normalize(color) + normalize(orientation)) / 3  # eq. 8
    height, width = batch.shape[-2:]
    full = enlarge_to_peak_one(saliency, (height, width))
    return as_given(image, full[0, 0] if given.ndim == 3 else full[:, 0])


def normalize(maps: Tensor) -> Tensor:
    """Scale maps (B, 1, H, W) to [0, 1] and weight them by (1 - mean of the other local maxima) squared.

    Local maxima below a tenth of the largest are noise and not counted.
    """
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    # rounding must not be blown up to contrast
    scaled = torch.where(high - low > 1e-6, (maps - low) / (high - low).clamp_min(1e-12), torch.zeros_like(maps))
    peaks = (scaled == F.max_pool2d(scaled, 3, stride=1, padding=1)) & (scaled > 0.1)
    count, total = peaks.sum((2, 3), keepdim=True), (scaled * peaks).sum((2, 3), keepdim=True)
    others = torch.where(count > 1, (total - 1) / (count - 1).clamp_min(1), torch.zeros_like(total))
    return scaled * (1 - others) ** 2


def _conspicuity(levels: list[list[Tensor]], size: tuple[int, int]) -> Tensor:
    """Sum the normalized center-surround differences of each feature over scales, eqs. 1-7."""
    total = levels[0][0].new_zeros(())
    for feature in range(len(levels[0])):
        part = levels[0][0].new_zeros(())
        for center in CENTERS:
            for delta in DELTAS:
                near, far = levels[center][feature], levels[center + delta][feature]
                difference = (near - F.interpolate(far, near.shape[-2:], mode="bilinear", align_corners=False)).abs()
                part = part + F.interpolate(normalize(difference), size, mode="bilinear", align_corners=False)
        total = total + (normalize(part) if len(levels[0]) == len(ORIENTATIONS_DEG) else part)
    return total


def _pyramid(image: Tensor) -> list[Tensor]:
    """Halve the picture after a binomial blur until level 8; a side of one pixel stays one."""
    kernel = image.new_tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    kernel = (kernel[:, None] * kernel).expand(image.shape[1], 1, 5, 5)
    levels = [image]
    for _ in range(max(CENTERS) + max(DELTAS)):
        padded = F.pad(levels[-1], (2, 2, 2, 2), mode="replicate")
        levels.append(F.conv2d(padded, kernel, stride=2, groups=image.shape[1]))
    return levels


def _color_opponents(image: Tensor) -> list[Tensor]:
    """Return red-green and blue-yellow (B, 1, H, W) of broadly tuned colors, free of intensity."""
    intensity = image.mean(1, keepdim=True)
    # hue is not perceived where it is dark
    bright = intensity > 0.1 * intensity.amax((2, 3), keepdim=True)
    r, g, b = (torch.where(bright, image / intensity.clamp_min(1e-6), torch.zeros_like(image))).split(1, dim=1)
    red, green, blue = (r - (g + b) / 2).clamp_min(0), (g - (r + b) / 2).clamp_min(0), (b - (r + g) / 2).clamp_min(0)
    yellow = ((r + g) / 2 - (r - g).abs() / 2 - b).clamp_min(0)
    return [red - green, blue - yellow]


def _orientations(image: Tensor) -> list[Tensor]:
    """Return the energy of Gabor pairs at four orientations (B, 1, H, W)."""
    grid = torch.arange(-9, 10, dtype=image.dtype, device=image.device)
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    envelope = torch.exp(-(x**2 + y**2) / (2 * (7 / 3) ** 2))
    padded = F.pad(image, (9, 9, 9, 9), mode="replicate")
    energies = []
    for degrees in ORIENTATIONS_DEG:
        along = x * math.cos(math.radians(degrees)) + y * math.sin(math.radians(degrees))
        waves = torch.stack([torch.cos(2 * math.pi * along / 7), torch.sin(2 * math.pi * along / 7)])
        pair = envelope * (waves - (envelope * waves).sum((1, 2), keepdim=True) / envelope.sum())
        energies.append(F.conv2d(padded, pair[:, None] / envelope.sum()).pow(2).sum(1, keepdim=True).sqrt())
    return energies
