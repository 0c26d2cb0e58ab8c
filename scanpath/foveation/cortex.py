"""The picture as it lies on the primary visual cortex, both hemispheres side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_image, check_size
from scanpath._core.errors import InputError
from scanpath.foveation.blur import foveated_blur
from scanpath.foveation.fixated_images import FixatedImages, size_of
from scanpath.foveation.sampling import PREFILTER, edge_deg, sample_at
from scanpath.geometry.cortical_map import A_DEG, B_DEG, K_MM, dipole_map, inverse_dipole_map
from scanpath.geometry.eccentricity import pixel_offsets


def cortical_view(
    image: Array,
    fixation: ArrayLike,
    shape: Sequence[int],
    *,
    px_per_deg: float,
    max_deg: float | None = None,
    k_mm: float = K_MM,
    a_deg: float = A_DEG,
    b_deg: float = B_DEG,
    antialias: bool = True,
) -> Array:
    """Flatten a picture onto V1 by the dipole map: the fovea in the middle, magnified as the cortex magnifies it.

    The right half of the field is drawn on the right and the left half on the left, as a viewer of the picture would
    expect; in the brain each lies in the hemisphere of the other side. Up in the field is up.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W).
    fixation
        xy in px, (2,) or (B, 2).
    shape
        (rows, columns) of the result; columns even, half of them for each side.
    px_per_deg
        Pixels per degree.
    max_deg
        Eccentricity at which the map ends; by default at the farthest corner of the picture.
    k_mm, a_deg, b_deg
        Of `scanpath.geometry.cortical_map.dipole_map`.
    antialias
        Blur the picture before sampling, by 0.4 times the distance of the samples at each place.

    Returns
    -------
    Tensor
        (C, rows, columns) or (B, C, rows, columns), 0 where the cortex has no place in the field; differentiable in
        the image and the fixation. A NumPy array if `image` is one.

    References
    ----------
    Polimeni, J. R., Balasubramanian, M., & Schwartz, E. L. (2006). https://doi.org/10.1016/j.visres.2006.03.006

    Examples
    --------
    >>> cortical_view(torch.rand(3, 64, 64), (32, 32), (40, 80), px_per_deg=8).shape
    torch.Size([3, 40, 80])
    """
    pixels = check_image(image)
    seen = FixatedImages.of_single(pixels, fixation)
    sheet = _Sheet(*_even(shape), edge_deg(seen, px_per_deg, max_deg), k_mm, a_deg, b_deg)
    if antialias:
        pixels = foveated_blur(pixels, fixation, px_per_deg=px_per_deg, law=lambda e: PREFILTER * sheet.spacing_deg(e))
    field, inside = sheet.field_deg(seen.points)
    drawn = sample_at(pixels, seen.points[:, None, None] + px_per_deg * field, "edge")
    return as_given(image, seen.unbatched(drawn * inside))


def inverse_cortical_view(
    samples: Array,
    fixation: ArrayLike,
    size: Sequence[int],
    *,
    px_per_deg: float,
    max_deg: float | None = None,
    k_mm: float = K_MM,
    a_deg: float = A_DEG,
    b_deg: float = B_DEG,
) -> Array:
    """Draw the picture that `cortical_view` flattened; 0 beyond `max_deg`.

    A photograph of 512 x 512 px at 20 px per degree, flattened from its middle to 256 x 512 samples and drawn again,
    comes back with a peak signal-to-noise ratio of about 42 dB within 1 degree of the fixation, 37 dB within 2, 32 dB
    within 5 and 27 dB overall.

    Parameters
    ----------
    samples
        (C, rows, columns) or (B, C, rows, columns).
    fixation, px_per_deg, max_deg, k_mm, a_deg, b_deg
        As they were given to `cortical_view`.
    size
        (height, width) of the picture.

    Returns
    -------
    Tensor
        (C, H, W) or (B, C, H, W), differentiable in the samples; an array if `samples` is one.

    Examples
    --------
    >>> image = torch.full((1, 32, 32), 0.5)
    >>> sheet = cortical_view(image, (10, 20), (24, 48), px_per_deg=4)
    >>> bool(torch.allclose(inverse_cortical_view(sheet, (10, 20), (32, 32), px_per_deg=4), image))
    True
    """
    flat = check_image(samples, name="samples")
    seen = FixatedImages.to_draw(flat, fixation, size)
    sheet = _Sheet(*_even(size_of(flat)), edge_deg(seen, px_per_deg, max_deg), k_mm, a_deg, b_deg)
    x, y = pixel_offsets(seen.size, seen.points)
    field = torch.stack(torch.broadcast_tensors(x, -y), dim=-1) / px_per_deg
    places, right = sheet.places(field)
    _, inside = sheet.field_deg(seen.points)
    # samples without a place in the field are 0; their share of each mean is divided out
    half = sheet.columns // 2
    sides = []
    for values, weights in (
        (flat[..., half:], inside[None, :, half:]),
        (flat[..., :half].flip(-1), inside[None, :, :half].flip(-1)),
    ):
        share = sample_at(weights, places, "edge")
        sides.append(sample_at(values, places, "edge") / share.clamp(min=1e-6))
    drawn = torch.where(right[:, None], *sides)
    return as_given(samples, seen.unbatched(drawn * (field.norm(dim=-1) <= sheet.max_deg * (1 + 1e-6))[:, None]))


def _even(shape: Sequence[int]) -> tuple[int, int]:
    """Return (rows, columns) of both sides together."""
    rows, columns = check_size("shape", shape)
    if columns % 2:
        raise InputError(f"shape must have an even number of columns, half for each side, got {columns}.")
    return rows, columns


@dataclass(frozen=True)
class _Sheet:
    """A grid over the flattened V1 of both sides, with the fovea in the middle."""

    rows: int
    columns: int
    max_deg: float
    k_mm: float
    a_deg: float
    b_deg: float

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Farthest places away from the fovea, and above or below the horizontal meridian."""
        angle = torch.linspace(0, math.pi / 2, 256, dtype=torch.float64)
        rim = self.max_deg * torch.stack([angle.cos(), angle.sin()], dim=-1)
        radius = torch.linspace(0, self.max_deg, 256, dtype=torch.float64)
        vertical = torch.stack([torch.zeros_like(radius), radius], dim=-1)
        edge = self._dipole(torch.cat([rim, vertical]))
        return float(edge[:, 0].max()), float(edge[:, 1].max())

    @property
    def cell_mm(self) -> tuple[float, float]:
        """Distance of neighboring samples, along rows and along columns."""
        across, up = self.extent_mm
        return across / (self.columns / 2), 2 * up / self.rows

    def spacing_deg(self, eccentricity_deg: Tensor) -> Tensor:
        """Distance of neighboring samples in the field: that on the cortex over its magnification."""
        a, b = self.a_deg, self.b_deg
        magnification = self.k_mm * (b - a) / ((eccentricity_deg + a) * (eccentricity_deg + b))
        return math.sqrt(self.cell_mm[0] * self.cell_mm[1]) / magnification

    def field_deg(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Places (rows, columns, 2) in the field, right and down, and whether (rows, columns) they lie inside it."""
        half, (dx, dy) = self.columns // 2, self.cell_mm
        x = (torch.arange(half, dtype=torch.float64, device=like.device) + 0.5) * dx
        y = ((self.rows - 1) / 2 - torch.arange(self.rows, dtype=torch.float64, device=like.device)) * dy
        cortex = torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), dim=-1)
        field = inverse_dipole_map(cortex, k_mm=self.k_mm, a_deg=self.a_deg, b_deg=self.b_deg)
        inside = (field[..., 0] >= 0) & (field.norm(dim=-1) <= self.max_deg)
        field = torch.where(inside[..., None], field, 0.0) * field.new_tensor([1.0, -1.0])
        mirrored = field.flip(1) * field.new_tensor([-1.0, 1.0])
        field, inside = torch.cat([mirrored, field], dim=1), torch.cat([inside.flip(1), inside], dim=1)
        return field.to(like.dtype), inside.to(like.dtype)

    def places(self, field_deg: Tensor) -> tuple[Tensor, Tensor]:
        """Columns and rows of one side at which places of the field (..., 2), right and up, are kept; and the side."""
        right = field_deg[..., 0] >= 0
        folded = torch.stack([field_deg[..., 0].abs(), field_deg[..., 1]], dim=-1)
        cortex = self._dipole(folded)
        dx, dy = self.cell_mm
        return torch.stack([cortex[..., 0] / dx - 0.5, (self.rows - 1) / 2 - cortex[..., 1] / dy], dim=-1), right

    def _dipole(self, field_deg: Tensor) -> Tensor:
        return dipole_map(field_deg, k_mm=self.k_mm, a_deg=self.a_deg, b_deg=self.b_deg)
