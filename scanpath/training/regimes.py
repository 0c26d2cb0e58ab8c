"""What a network sees in training: pictures as they are, rotated, through a fisheye, or with a grid of lines.

Gupta et al. (2021) ask whether search asymmetries follow from the statistics of pictures, and train networks on
pictures whose statistics are changed. The transforms are torchvision's v2 transforms and compose with others.
"""

import math
from typing import Any

import PIL.Image
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError

#: First line, distance of lines and their width in px, as in the study.
FIRST_LINE_PX, LINE_SPACING_PX, LINE_WIDTH_PX = 45, 50, 5
REGIMES = ("plain", "rotated", "fisheye", "lines")


def rotate90(image: Tensor) -> Tensor:
    """Rotate pictures (..., H, W) counter-clockwise by 90 degrees.

    Examples
    --------
    >>> rotate90(torch.tensor([[1, 2], [3, 4]])).tolist()
    [[2, 4], [1, 3]]
    """
    return torch.rot90(image, 1, (-2, -1))


def overlay_lines(
    image: Tensor,
    *,
    first_px: int = FIRST_LINE_PX,
    spacing_px: int = LINE_SPACING_PX,
    width_px: int = LINE_WIDTH_PX,
) -> Tensor:
    """Draw a grid of straight black lines over a copy of pictures (..., H, W).

    A line begins at px `first_px` and every `spacing_px` from there, if it ends before the picture does.

    Examples
    --------
    >>> overlay_lines(torch.ones(1, 60, 60)).sum().item()  # one line of 5 px each way
    3025.0
    """
    check_count("first_px", first_px, least=0)
    check_count("spacing_px", spacing_px)
    check_count("width_px", width_px)
    drawn = image.clone()
    height, width = image.shape[-2:]
    for top in range(first_px, height - width_px, spacing_px):
        drawn[..., top : top + width_px, :] = 0
    for left in range(first_px, width - width_px, spacing_px):
        drawn[..., left : left + width_px] = 0
    return drawn


def fisheye(image: Array, *, density_ratio: float = 10.0) -> Array:
    """Sample pictures as a retina does whose density of receptors falls off exponentially from the center.

    With R half the longer side and density exp(-r ln(k) / R) at distance r from the center, samples at distance rho of
    the result lie at r = -(2 R / ln k) ln(1 - (1 - k^(-1/2)) rho / R) in the picture: the center is enlarged (1.7 times
    for k = 10), the border stays on the border, and what lies beyond the picture is black. The program that the study
    used fits a quadratic to these distances and takes the nearest pixel; this is the exact law with linear
    interpolation.

    Parameters
    ----------
    image
        (..., H, W), floats or 8-bit integers.
    density_ratio
        k: density in the center over density at distance R.

    References
    ----------
    Bashivan, Kar & DiCarlo (2019). Neural population control via deep image synthesis. Science 364, eaav9436.
    doi:10.1126/science.aav9436

    Examples
    --------
    >>> fisheye(torch.ones(1, 64, 64))[0, 32, ::21].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    if not (math.isfinite(density_ratio) and density_ratio > 1):
        raise InputError(f"density_ratio must be a number above 1, got {density_ratio!r}.")
    given = to_tensor(image)
    height, width = given.shape[-2:]
    dtype = given.dtype if given.is_floating_point() else torch.float32
    y = torch.arange(height, dtype=dtype, device=given.device)[:, None] - (height - 1) / 2
    x = torch.arange(width, dtype=dtype, device=given.device)[None] - (width - 1) / 2
    radius = max(height, width) / 2
    rho = torch.hypot(y, x) / radius
    shrunk = 1 - (1 - density_ratio**-0.5) * rho
    source = -2 / math.log(density_ratio) * torch.log(shrunk.clamp_min(1e-6))  # r / R; 1e-6 lies far outside
    center = 2 / math.log(density_ratio) * (1 - density_ratio**-0.5)  # limit of r / rho
    scale = torch.where(rho > 0, source / rho.clamp_min(1e-12), center)
    # grid_sample's frame without aligned corners: the picture's borders, half a pixel beyond the outer centers, are +-1
    grid = torch.stack([(x * scale) * 2 / width, (y * scale) * 2 / height], dim=-1)
    flat = given.to(dtype).reshape(1, -1, height, width)
    warped = F.grid_sample(flat, grid[None], padding_mode="zeros", align_corners=False).reshape(given.shape)
    return as_given(image, warped if given.is_floating_point() else warped.round().to(given.dtype))


class _OfPictures(v2.Transform):
    """Applies a function to pictures: tensors, torchvision's images and videos, and Pillow's."""

    def picture(self, image: Tensor) -> Tensor:
        raise NotImplementedError

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Transform one picture; params are not used."""
        if isinstance(inpt, PIL.Image.Image):
            return v2.functional.to_pil_image(self.picture(v2.functional.pil_to_tensor(inpt)))
        if isinstance(inpt, tv_tensors.TVTensor) and not isinstance(inpt, tv_tensors.Image | tv_tensors.Video):
            raise InputError(
                f"{type(self).__name__} transforms pictures only, not {type(inpt).__name__}; leave it out."
            )
        result = self.picture(inpt.as_subclass(Tensor))
        if not isinstance(inpt, tv_tensors.TVTensor):
            return result
        return tv_tensors.wrap(result, like=inpt)  # pyright: ignore[reportCallIssue]

    _transform = transform  # its name before torchvision 0.21


class Rotate90(_OfPictures):
    """Rotates pictures counter-clockwise by 90 degrees; see `rotate90`."""

    def picture(self, image: Tensor) -> Tensor:
        """Rotate."""
        return rotate90(image)


class LineOverlay(_OfPictures):
    """Draws a grid of black lines over pictures; see `overlay_lines` for the parameters."""

    def __init__(
        self, first_px: int = FIRST_LINE_PX, spacing_px: int = LINE_SPACING_PX, width_px: int = LINE_WIDTH_PX
    ) -> None:
        super().__init__()
        self.first_px, self.spacing_px, self.width_px = first_px, spacing_px, width_px

    def picture(self, image: Tensor) -> Tensor:
        """Draw."""
        return overlay_lines(image, first_px=self.first_px, spacing_px=self.spacing_px, width_px=self.width_px)


class Fisheye(_OfPictures):
    """Warps pictures by a retina's density of receptors; see `fisheye` for the parameter."""

    def __init__(self, density_ratio: float = 10.0) -> None:
        super().__init__()
        self.density_ratio = density_ratio

    def picture(self, image: Tensor) -> Tensor:
        """Warp."""
        return fisheye(image, density_ratio=self.density_ratio)


class RandomSquare(_OfPictures):
    """Cuts the largest square out of a picture, at a random place along its longer side."""

    def picture(self, image: Tensor) -> Tensor:
        """Cut."""
        height, width = image.shape[-2:]
        side = min(height, width)
        top, left = (int(torch.randint(length - side + 1, ())) for length in (height, width))
        return image[..., top : top + side, left : left + side]


class CentralSquare(_OfPictures):
    """Cuts the largest square out of a picture's center."""

    def picture(self, image: Tensor) -> Tensor:
        """Cut."""
        side = min(image.shape[-2:])
        return v2.functional.center_crop(image, [side, side])


def regime_transform(regime: str, *, train: bool, resize_px: int = 256, crop_px: int = 224) -> v2.Compose:
    """Put together what happens to a picture before a network is trained or validated on it.

    Fisheye and lines change the picture as it comes. It is then cut to a square, resized, and cropped; in training at
    random places and mirrored half of the time, in validation in the center. The rotation comes last.

    Parameters
    ----------
    regime
        "plain", "rotated", "fisheye" or "lines".
    train
        Whether for training.
    resize_px, crop_px
        Sides of the square and of the crop.

    Returns
    -------
    torchvision.transforms.v2.Compose
        From (3, H, W) to (3, crop, crop). Random numbers are torch's global ones, as in all of torchvision.

    Examples
    --------
    >>> regime_transform("rotated", train=False)(torch.rand(3, 300, 400)).shape
    torch.Size([3, 224, 224])
    """
    check_choice("regime", regime, REGIMES)
    check_count("crop_px", crop_px)
    if check_count("resize_px", resize_px) < crop_px:
        raise InputError(f"A crop of {crop_px} px does not fit into {resize_px} px; make resize_px larger.")
    before = {"fisheye": [Fisheye()], "lines": [LineOverlay()]}.get(regime, [])
    after = [Rotate90()] if regime == "rotated" else []
    resize = v2.Resize((resize_px, resize_px), antialias=True)
    if not train:
        return v2.Compose([*before, CentralSquare(), resize, v2.CenterCrop(crop_px), *after])
    return v2.Compose(
        [*before, RandomSquare(), resize, v2.RandomHorizontalFlip(), v2.RandomCrop(crop_px), *after],
    )
