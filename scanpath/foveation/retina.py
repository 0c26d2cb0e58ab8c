"""A picture as a retina-like sensor takes it in: as many samples whatever the picture's size."""

import math
from collections.abc import Iterator, Sequence

import torch
from numpy.typing import ArrayLike
from scipy.spatial import KDTree
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_choice, check_image, check_positive
from scanpath._core.errors import InputError
from scanpath.foveation.fixated_images import FixatedImages, size_of
from scanpath.foveation.sampling import OUTSIDE, sample_at
from scanpath.geometry.eccentricity import pixel_offsets
from scanpath.geometry.retinal_lattice import RetinalLattice

#: Halvings of a picture beyond which places in it are no longer exact numbers.
_MOST_HALVINGS = 40


def retinal_samples(
    image: Array, fixation: ArrayLike, lattice: RetinalLattice, *, px_per_deg: float, outside: str = "edge"
) -> Array:
    """Sample a picture at the places of a retinal lattice, each sample averaged over the area it stands for.

    The picture is halved again and again, and each sample read where the pixels are as large as the distance to its
    neighbors, between two halvings by their mixture. So the picture is read once, and all else costs the same for
    pictures of any size; where samples lie closer than pixels, pixels are interpolated.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W).
    fixation
        xy in px inside the picture, (2,) for all images or (B, 2), one for each image or for B views of one.
    lattice
        Where to sample.
    px_per_deg
        Pixels per degree of visual angle.
    outside
        What lies outside the picture: its "edge" extended, or "zero".

    Returns
    -------
    Tensor
        (C, n_samples) or (B, C, n_samples), cell by cell as `RetinalLattice.places_deg`; differentiable in the image
        and the fixation. A NumPy array if `image` is one.

    Raises
    ------
    InputError
        If a fixation lies outside the picture, samples would lie 2^40 px apart, a name is unknown or shapes do not fit.

    Examples
    --------
    >>> lattice = RetinalLattice(6, max_deg=8, side=4)
    >>> image = torch.rand(2, 3, 64, 96)
    >>> retinal_samples(image, [(20, 30), (80, 10)], lattice, px_per_deg=8).shape
    torch.Size([2, 3, 1088])
    """
    pixels = check_image(image)
    seen = FixatedImages.of_single(pixels, fixation)
    check_choice("outside", outside, tuple(OUTSIDE))
    _check_inside(seen)
    scale = check_positive("px_per_deg", px_per_deg)
    spacing_px = scale * lattice.spacing_deg
    places = seen.points[:, None] + scale * lattice.places_deg.to(seen.points)
    level = spacing_px.log2().clamp(min=0).to(pixels.device)
    if float(level.max()) > _MOST_HALVINGS:
        raise InputError(f"px_per_deg of {scale:g} puts samples {float(spacing_px.max()):.1g} px apart.")
    count = max(len(seen.images), len(places))
    samples = seen.images.new_zeros(count, seen.images.shape[1], lattice.n_samples)
    for number, halved in _halvings(seen.images, math.ceil(float(level.max()))):
        weight = (1 - (level - number).abs()).clamp(min=0)
        chosen = weight.nonzero()[:, 0]
        if not len(chosen):
            continue
        at = (places[:, None, chosen] + 0.5) / 2**number - 0.5
        read = sample_at(halved, at, outside)[:, :, 0] * weight[chosen].to(samples.dtype)
        samples = samples.index_add(2, chosen, read.to(samples.dtype))
    return as_given(image, seen.unbatched(samples))


def draw_retinal_samples(
    samples: Array, fixation: ArrayLike, size: Sequence[int], lattice: RetinalLattice, *, px_per_deg: float
) -> Array:
    """Draw what the sensor saw: each pixel has the color of the nearest sample, 0 beyond the outermost cells.

    Parameters
    ----------
    samples
        (C, n_samples) or (B, C, n_samples), as `retinal_samples` returns them.
    fixation, lattice, px_per_deg
        As they were given to `retinal_samples`.
    size
        (height, width) of the picture.

    Returns
    -------
    Tensor
        (C, H, W) or (B, C, H, W), differentiable in the samples; an array if `samples` is one.

    Examples
    --------
    >>> lattice = RetinalLattice(6, max_deg=12, side=4)
    >>> image = torch.full((1, 32, 48), 0.5)
    >>> samples = retinal_samples(image, (20, 10), lattice, px_per_deg=4)
    >>> drawn = draw_retinal_samples(samples, (20, 10), (32, 48), lattice, px_per_deg=4)
    >>> bool(torch.allclose(drawn, image))
    True
    """
    rows = check_image(samples[..., None, :], name="samples")
    if rows.shape[-1] != lattice.n_samples:
        raise InputError(f"samples must be the {lattice.n_samples} of the lattice, got {rows.shape[-1]}.")
    seen = FixatedImages.to_draw(rows, fixation, size)
    scale = check_positive("px_per_deg", px_per_deg)
    tree, half = KDTree(lattice.places_deg.numpy()), lattice.cell_deg[-1] / 2
    height, width = size_of(seen.images)
    flat = rows[..., 0, :] if rows.ndim == 4 else rows[None, ..., 0, :]
    drawn = []
    for point, values in zip(seen.points.expand(max(len(flat), len(seen.points)), 2), flat):
        across, down = pixel_offsets((height, width), point.detach().double().cpu())
        offset = torch.stack(torch.broadcast_tensors(across, down), dim=-1).reshape(-1, 2) / scale
        nearest = torch.from_numpy(tree.query(offset.numpy())[1]).to(values.device)
        known = (offset.norm(dim=-1) <= lattice.max_deg + half).to(values)
        drawn.append((values[:, nearest] * known).unflatten(-1, (height, width)))
    return as_given(samples, seen.unbatched(torch.stack(drawn)))


def _halvings(images: Tensor, last: int) -> Iterator[tuple[int, Tensor]]:
    """Yield the pictures and their halvings; a pixel of the next is the mean of up to four."""
    yield 0, images
    for number in range(1, last + 1):
        images = F.avg_pool2d(images, 2, ceil_mode=True, count_include_pad=False)
        yield number, images


def _check_inside(seen: FixatedImages) -> None:
    height, width = seen.size
    x, y = seen.points.detach().unbind(-1)
    outside = ~((x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5))
    if bool(outside.any()):
        first = [round(value, 3) for value in seen.points.detach()[outside][0].tolist()]
        raise InputError(f"fixation must lie inside the picture of {width} x {height} px, got {tuple(first)}.")
