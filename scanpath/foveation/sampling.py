"""Pictures sampled as densely as the eye samples them: rings, the cortical sheet, and nested glimpses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import Array, arange_like, as_given
from scanpath._core.checks import check_choice, check_count, check_image, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath.foveation.blur import foveated_blur
from scanpath.foveation.fixated_images import FixatedImages, size_of
from scanpath.geometry.eccentricity import pixel_offsets
from scanpath.kernels.blur_field import corner_distances, distance_map

#: Standard deviation of the blur before sampling, in sample distances.
PREFILTER = 0.4
OUTSIDE = {"edge": "border", "zero": "zeros"}


def log_polar(
    image: Array,
    fixation: ArrayLike,
    shape: Sequence[int],
    *,
    px_per_deg: float,
    max_deg: float | None = None,
    foveal_deg: float = 0.5,
    antialias: bool = True,
    outside: str = "edge",
) -> Array:
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
    pixels = check_image(image)
    seen = FixatedImages.of_single(pixels, fixation)
    rings = Rings.around(seen, check_size("shape", shape), px_per_deg, max_deg, foveal_deg)
    if antialias:
        pixels = foveated_blur(pixels, fixation, px_per_deg=px_per_deg, law=lambda e: PREFILTER * rings.spacing_deg(e))
    places = seen.points[:, None, None] + px_per_deg * rings.places_deg(seen.points)
    return as_given(image, seen.unbatched(sample_at(pixels, places, outside)))


def inverse_log_polar(
    samples: Array,
    fixation: ArrayLike,
    size: Sequence[int],
    *,
    px_per_deg: float,
    max_deg: float | None = None,
    foveal_deg: float = 0.5,
) -> Array:
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
    rows = check_image(samples, name="samples")
    seen = FixatedImages.to_draw(rows, fixation, size)
    rings = Rings.around(seen, size_of(rows), px_per_deg, max_deg, foveal_deg)
    eccentricity = distance_map(seen.size, seen.points) / px_per_deg
    turn = _polar_angle(seen.size, seen.points) / (2 * math.pi) * rings.angles
    # one sample of the other end is repeated at both ends of each ring
    wrapped = torch.cat([rows[..., -1:], rows, rows[..., :1]], dim=-1)
    places = torch.stack([torch.remainder(turn, rings.angles) + 1, rings.index(eccentricity)], dim=-1)
    drawn = sample_at(wrapped, places, "edge") * (eccentricity <= rings.max_deg * (1 + 1e-6))[:, None]
    return as_given(samples, seen.unbatched(drawn))


def glimpse(
    image: Array,
    fixation: ArrayLike,
    size: Sequence[int],
    *,
    scales: int = 3,
    factor: float = 2.0,
    antialias: bool = True,
    outside: str = "zero",
) -> Array:
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
    pixels = check_image(image)
    seen = FixatedImages.of_single(pixels, fixation)
    height, width = check_size("size", size)
    if check_positive("factor", factor) <= 1:
        raise InputError(f"factor must be above 1, got {factor:g}; each patch shows more of the picture than the last.")
    x, y = (arange_like(side, pixels) - (side - 1) / 2 for side in (width, height))
    offsets = torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), dim=-1)
    patches = []
    for scale in range(check_count("scales", scales)):
        spacing = factor**scale
        source = pixels
        if antialias and scale:
            evenly = partial(torch.full_like, fill_value=PREFILTER * spacing)
            source = foveated_blur(pixels, (0, 0), px_per_deg=1, law=evenly)
        patches.append(sample_at(source, seen.points[:, None, None] + spacing * offsets, outside))
    return as_given(image, seen.unbatched(torch.stack(patches, dim=1)))


@dataclass(frozen=True)
class Rings:
    """Where the samples of a log-polar picture lie."""

    count: int
    angles: int
    max_deg: float
    foveal_deg: float

    @classmethod
    def around(
        cls, seen: FixatedImages, shape: tuple[int, int], px_per_deg: float, max_deg: float | None, foveal_deg: float
    ) -> "Rings":
        """Choose rings that reach the farthest corner unless told otherwise."""
        return cls(*shape, edge_deg(seen, px_per_deg, max_deg), check_positive("foveal_deg", foveal_deg))

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
        share = (arange_like(self.count, like) + 0.5) / self.count
        radius = self.foveal_deg * torch.expm1(self.extent * share)
        angle = arange_like(self.angles, like) * (2 * math.pi / self.angles)
        return torch.stack([radius[:, None] * angle.cos(), -radius[:, None] * angle.sin()], dim=-1)

    def index(self, eccentricity_deg: Tensor) -> Tensor:
        """Position among the rings, a whole number on each."""
        return torch.log1p(eccentricity_deg / self.foveal_deg) * (self.count / self.extent) - 0.5


def edge_deg(seen: FixatedImages, px_per_deg: float, max_deg: float | None) -> float:
    """Return where sampling ends: as told, or at the corner that is farthest from any fixation, at least 1 px away."""
    check_positive("px_per_deg", px_per_deg)
    if max_deg is None:
        max_deg = max(1.0, float(corner_distances(seen.fixations.detach(), seen.size).max())) / px_per_deg
    return check_positive("max_deg", max_deg)


def _polar_angle(size: tuple[int, int], points: Tensor) -> Tensor:
    """Angle of every pixel (B, H, W) around points (B, 2), counter-clockwise from the right; 0 at the points."""
    right, down = pixel_offsets(size, points)
    dx, dy = torch.broadcast_tensors(right, -down)
    here = (dx == 0) & (dy == 0)  # no slope there, where the angle has none either
    return torch.where(here, 0.0, torch.atan2(dy, torch.where(here, 1.0, dx)))


def sample_at(images: Tensor, places: Tensor, outside: str) -> Tensor:
    """Interpolate images (B or 1, C, H, W), or (C, H, W), at places (N or 1, h, w, 2) in px: (N, C, h, w)."""
    images = images if images.ndim == 4 else images[None]
    mode = OUTSIDE[check_choice("outside", outside, tuple(OUTSIDE))]
    count = max(len(images), len(places))
    sides = places.new_tensor([images.shape[-1], images.shape[-2]])
    grid = ((2 * places + 1) / sides - 1).expand(count, -1, -1, -1)
    images = images.expand(count, -1, -1, -1)
    if images.dtype in (torch.float16, torch.bfloat16):
        return F.grid_sample(images.float(), grid.float(), padding_mode=mode, align_corners=False).to(images.dtype)
    return F.grid_sample(images, grid, padding_mode=mode, align_corners=False)
