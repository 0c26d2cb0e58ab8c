"""Pictures sampled as densely as the eye samples them: rings, the cortical sheet, and nested glimpses."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import numpy_friendly
from scanpath._core.checks import check_choice, check_count, check_image, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath.foveation.blur import foveated_blur
from scanpath.foveation.view import View, size_of
from scanpath.kernels.blur_field import distance_map

#: Standard deviation of the blur before sampling, in sample distances.
PREFILTER = 0.4
OUTSIDE = {"edge": "border", "zero": "zeros"}


@numpy_friendly
def log_polar(
    image: Any,
    fixation: Any,
    shape: tuple[int, int],
    *,
    px_per_deg: float,
    max_deg: float | None = None,
    foveal_deg: float = 0.5,
    antialias: bool = True,
    outside: str = "edge",
) -> Tensor:
    """Sample a picture on rings around the fixation, as far apart as the logarithm of eccentricity asks.

    Ring i of n lies at e = a [(1 + e_max / a)^((i + 1/2) / n) - 1] with a = `foveal_deg`: evenly spaced in the fovea,
    logarithmically beyond. Sample j of m on a ring lies at 2 pi j / m, counter-clockwise from the right.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W).
    fixation
        xy in px, (2,) or (B, 2), outside the picture too.
    shape
        Number of rings and of samples on each: (n_rho, n_theta). The samples are as far apart on a ring as the rings
        are if n_theta = 2 pi n_rho / ln(1 + e_max / a).
    px_per_deg
        Pixels per degree.
    max_deg
        e_max, the edge of the outermost ring; by default the farthest corner of the picture from any fixation given.
    foveal_deg
        Eccentricity at which the spacing of the rings is twice that at the fixation.
    antialias
        Blur the picture before sampling, by 0.4 times the distance of the samples at each place.
    outside
        What lies outside the picture: its "edge" extended, or "zero".

    Returns
    -------
    Tensor
        (C, n_rho, n_theta) or (B, C, n_rho, n_theta), the fixation at the top; differentiable in the image and the
        fixation. A NumPy array if `image` is one.

    Raises
    ------
    InputError
        If a number is not positive or shapes do not fit.

    Examples
    --------
    >>> image = torch.rand(3, 64, 64)
    >>> log_polar(image, (32, 32), (24, 48), px_per_deg=8).shape
    torch.Size([3, 24, 48])
    """
    image = check_image(image)
    view = View.of_single(image, fixation)
    rings = Rings.around(view, check_size("shape", shape), px_per_deg, max_deg, foveal_deg)
    points = view.fixations[:, 0].to(image.dtype)
    if antialias:
        image = foveated_blur(image, fixation, px_per_deg=px_per_deg, law=lambda e: PREFILTER * rings.spacing_deg(e))
    places = points[:, None, None] + px_per_deg * rings.places_deg(points)
    return view.unbatched(sample_at(images_of(image), places, outside))


@numpy_friendly
def inverse_log_polar(
    samples: Any,
    fixation: Any,
    size: tuple[int, int],
    *,
    px_per_deg: float,
    max_deg: float | None = None,
    foveal_deg: float = 0.5,
) -> Tensor:
    """Draw the picture that `log_polar` sampled, as the retina would have it: sharp at the fixation, coarse around.

    Pixels farther than `max_deg` are 0. A photograph of 512 x 512 px at 20 px per degree, sampled by 200 x 320 from
    its middle and drawn again, comes back with a peak signal-to-noise ratio of about 41 dB within 1 degree of the
    fixation, 34 dB within 2, 29 dB within 5 and 25 dB overall.

    Parameters
    ----------
    samples
        (C, n_rho, n_theta) or (B, C, n_rho, n_theta).
    fixation, px_per_deg, max_deg, foveal_deg
        As they were given to `log_polar`.
    size
        (height, width) of the picture.

    Returns
    -------
    Tensor
        (C, H, W) or (B, C, H, W), differentiable in the samples and the fixation; an array if `samples` is one.

    Examples
    --------
    >>> image = torch.full((1, 32, 32), 0.5)
    >>> rings = log_polar(image, (10, 20), (16, 32), px_per_deg=4)
    >>> bool(torch.allclose(inverse_log_polar(rings, (10, 20), (32, 32), px_per_deg=4), image))
    True
    """
    samples = check_image(samples, name="samples")
    size = check_size("size", size)
    blank = samples.new_empty((*samples.shape[:-2], 1, 1)).expand(*samples.shape[:-2], *size)
    view = View.of_single(blank, fixation)
    rings = Rings.around(view, size_of(samples), px_per_deg, max_deg, foveal_deg)
    points = view.fixations[:, 0].to(samples.dtype)
    eccentricity = distance_map(size, points) / px_per_deg
    turn = _polar_angle(size, points) / (2 * math.pi) * rings.angles
    # one sample of the other end is repeated at both ends of each ring
    wrapped = torch.cat([samples[..., -1:], samples, samples[..., :1]], dim=-1)
    places = torch.stack([torch.remainder(turn, rings.angles) + 1, rings.index(eccentricity)], dim=-1)
    drawn = sample_at(images_of(wrapped), places, "edge")
    return view.unbatched(drawn * (eccentricity <= rings.max_deg * (1 + 1e-6))[:, None])


@numpy_friendly
def glimpse(
    image: Any,
    fixation: Any,
    size: tuple[int, int],
    *,
    scales: int = 3,
    factor: float = 2.0,
    antialias: bool = True,
    outside: str = "zero",
) -> Tensor:
    """Cut nested patches around the fixation, each `factor` times as wide as the last and all of the same size.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W).
    fixation
        xy in px, (2,) or (B, 2).
    size
        (height, width) of every patch; the first shows as many pixels of the picture.
    scales
        Number of patches.
    factor
        Ratio of their widths.
    antialias
        Blur the picture before sampling, by 0.4 times the distance of the samples.
    outside
        What lies outside the picture: its "edge" extended, or "zero".

    Returns
    -------
    Tensor
        (scales, C, h, w) or (B, scales, C, h, w); differentiable in the image and the fixation. A NumPy array if
        `image` is one.

    References
    ----------
    Mnih, V., Heess, N., Graves, A., & Kavukcuoglu, K. (2014). Recurrent models of visual attention.
    https://arxiv.org/abs/1406.6247

    Examples
    --------
    >>> image = torch.rand(3, 64, 64)
    >>> patches = glimpse(image, (31.5, 31.5), (16, 16))
    >>> patches.shape, bool((patches[0] == image[:, 24:40, 24:40]).all())
    (torch.Size([3, 3, 16, 16]), True)
    """
    image = check_image(image)
    view = View.of_single(image, fixation)
    height, width = check_size("size", size)
    if check_positive("factor", factor) <= 1:
        raise InputError(f"factor must be above 1, got {factor:g}; each patch shows more of the picture than the last.")
    points = view.fixations[:, 0].to(image.dtype)
    kind = {"dtype": image.dtype, "device": image.device}
    x, y = (torch.arange(side, **kind) - (side - 1) / 2 for side in (width, height))
    offsets = torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), dim=-1)
    patches = []
    for scale in range(check_count("scales", scales)):
        spacing = factor**scale
        source = image
        if antialias and scale:
            law = lambda e, sigma=PREFILTER * spacing: torch.full_like(e, sigma)  # noqa: E731
            source = foveated_blur(image, (0, 0), px_per_deg=1, law=law)
        patches.append(sample_at(images_of(source), points[:, None, None] + spacing * offsets, outside))
    return view.unbatched(torch.stack(patches, dim=1))


@dataclass(frozen=True)
class Rings:
    """Where the samples of a log-polar picture lie."""

    count: int
    angles: int
    max_deg: float
    foveal_deg: float

    @classmethod
    def around(
        cls, view: View, shape: tuple[int, int], px_per_deg: float, max_deg: float | None, foveal_deg: float
    ) -> "Rings":
        """Choose rings that reach the farthest corner unless told otherwise."""
        check_positive("px_per_deg", px_per_deg)
        if max_deg is None:
            max_deg = farthest_corner_px(view.fixations.detach(), size_of(view.images)) / px_per_deg
        return cls(*shape, check_positive("max_deg", max_deg), check_positive("foveal_deg", foveal_deg))

    @property
    def extent(self) -> float:
        """Natural logarithm of 1 + e_max / a."""
        return math.log1p(self.max_deg / self.foveal_deg)

    def spacing_deg(self, eccentricity_deg: Tensor) -> Tensor:
        """Geometric mean of the distances of neighbors across and along the rings."""
        cell = math.sqrt(self.extent / self.count * 2 * math.pi / self.angles)
        return (eccentricity_deg + self.foveal_deg) * cell

    def places_deg(self, like: Tensor) -> Tensor:
        """Places (n_rho, n_theta, 2) relative to the fixation, right and down."""
        kind = {"dtype": like.dtype, "device": like.device}
        share = (torch.arange(self.count, **kind) + 0.5) / self.count
        radius = self.foveal_deg * torch.expm1(self.extent * share)
        angle = torch.arange(self.angles, **kind) * (2 * math.pi / self.angles)
        return torch.stack([radius[:, None] * angle.cos(), -radius[:, None] * angle.sin()], dim=-1)

    def index(self, eccentricity_deg: Tensor) -> Tensor:
        """Position among the rings, a whole number on each."""
        return torch.log1p(eccentricity_deg / self.foveal_deg) * (self.count / self.extent) - 0.5


def farthest_corner_px(fixations: Tensor, size: tuple[int, int]) -> float:
    """Distance of the farthest corner of pictures of (height, width) from any of (..., 2) fixations; at least 1."""
    sides = fixations.new_tensor([size[1] - 1, size[0] - 1])
    return max(1.0, float(torch.maximum(fixations.abs(), (fixations - sides).abs()).norm(dim=-1).max()))


def _polar_angle(size: tuple[int, int], points: Tensor) -> Tensor:
    """Angle of every pixel (B, H, W) around points (B, 2), counter-clockwise from the right; 0 at the points."""
    kind = {"dtype": points.dtype, "device": points.device}
    dx = torch.arange(size[1], **kind) - points[:, 0, None]
    dy = points[:, 1, None] - torch.arange(size[0], **kind)
    dx, dy = torch.broadcast_tensors(dx[:, None, :], dy[:, :, None])
    here = (dx == 0) & (dy == 0)  # no slope there, where the angle has none either
    return torch.where(here, 0.0, torch.atan2(dy, torch.where(here, 1.0, dx)))


def images_of(image: Tensor) -> Tensor:
    """Add the batch dimension where there is none."""
    return image if image.ndim == 4 else image[None]


def sample_at(images: Tensor, places: Tensor, outside: str) -> Tensor:
    """Interpolate images (B or 1, C, H, W) at places (N or 1, h, w, 2) in px: (N, C, h, w)."""
    mode = OUTSIDE[check_choice("outside", outside, tuple(OUTSIDE))]
    count = max(len(images), len(places))
    sides = places.new_tensor([images.shape[-1], images.shape[-2]])
    grid = ((2 * places + 1) / sides - 1).expand(count, -1, -1, -1)
    images = images.expand(count, -1, -1, -1)
    if images.dtype in (torch.float16, torch.bfloat16):
        return F.grid_sample(images.float(), grid.float(), padding_mode=mode, align_corners=False).to(images.dtype)
    return F.grid_sample(images, grid, padding_mode=mode, align_corners=False)
