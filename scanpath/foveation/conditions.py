"""Four ways in which networks see the same pictures: as they are, foveated texture, and two blurs that lose as much.

Texture in the periphery keeps what a blur takes away. To tell what follows from texture and not from loss, one blur is
even over the picture and loses as much on average, and one grows with eccentricity and loses as much in every ring.
"""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scanpath._core.checks import check_choice, check_image, check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import require_file, write_text
from scanpath.foveation.blur import variable_blur
from scanpath.foveation.fixated_images import check_unit_range, size_of
from scanpath.foveation.matching import RingBlur, match_ring_blur, match_uniform_blur
from scanpath.foveation.texture import foveated_texture
from scanpath.foveation.windows import PoolingWindows, windows_beyond_fovea
from scanpath.kernels.blur_field import distance_map

CONDITIONS = ("reference", "texture", "uniform blur", "foveated blur")
#: Radius of the fovea, in which nothing is changed.
FOVEA_DEG = 1.82
#: A ring with fewer pixels than this is joined to the one inside it, the innermost to the one outside.
LEAST_RING_PX = 64


@dataclass(frozen=True)
class FoveationConditions:
    """Four conditions, with the blurs matched to the texture; pictures are fixated in the middle.

    Attributes
    ----------
    size_px
        Side of the square pictures.
    px_per_deg
        Pixels per degree of visual angle.
    scaling
        Width of the texture's windows over their eccentricity.
    sigma_px
        Standard deviation of the even blur.
    rings
        The blur that is matched ring by ring.

    References
    ----------
    Deza, A., & Konkle, T. (2021). Emergent properties of foveated perceptual systems.
    https://arxiv.org/abs/2006.07991

    Examples
    --------
    >>> pictures = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    >>> fitted = fit_conditions(pictures, px_per_deg=2.0, seeds=(1, 2))
    >>> fitted.apply(pictures, "foveated blur", seeds=(1, 2)).shape
    torch.Size([2, 3, 48, 48])
    """

    size_px: int
    px_per_deg: float
    scaling: float
    sigma_px: float
    rings: RingBlur

    def apply(self, pictures: Tensor, condition: str, *, seeds: Sequence[int]) -> Tensor:
        """Show pictures (B, C, H, W) in [0, 1] under a condition.

        Parameters
        ----------
        pictures
            Square, of the size that the conditions were fitted to.
        condition
            One of `CONDITIONS`.
        seeds
            One for each picture, of its texture. With one for all, every picture would be warped alike, and a network
            could learn to undo it.
        """
        check_choice("condition", condition, CONDITIONS)
        given = check_unit_range(check_image(pictures))
        if size_of(given) != (self.size_px, self.size_px) or given.ndim != 4:
            raise InputError(
                f"These conditions are for pictures (B, C, {self.size_px}, {self.size_px}), got {(*given.shape,)}."
            )
        if len(seeds) != len(given):
            raise InputError(f"{len(given)} pictures need one seed each, got {len(seeds)}.")
        if condition == "reference":
            return given
        if condition == "texture":
            return _textures(given, self.px_per_deg, self.scaling, seeds)
        if condition == "uniform blur":
            return variable_blur(given, given.new_full(size_of(given), self.sigma_px))
        return self.rings.apply(given, _middle(self.size_px))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the conditions as JSON."""
        write_text(path, json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "FoveationConditions":
        """Read conditions that were saved.

        Raises
        ------
        InputError
            If the file is missing or does not hold conditions.
        """
        text = require_file(path, "file of conditions").read_text(encoding="utf-8")
        try:
            kept = json.loads(text)
            rings: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in kept["rings"].items()
            }
            return cls(**{**kept, "rings": RingBlur(**rings)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{Path(path)} does not hold conditions; delete it to fit them again.") from error


def fit_conditions(
    pictures: Tensor, *, px_per_deg: float, scaling: float = 0.4, seeds: Sequence[int], tolerance: float = 1e-3
) -> FoveationConditions:
    """Match both blurs to the foveated texture of pictures; about a hundred are enough.

    The rings are those of the texture's windows. Rings of fewer than 64 px are joined to the one inside, and where no
    blur loses as much as the texture does, the ring has the blur that loses most (see `match_ring_blur`).

    Parameters
    ----------
    pictures
        (B, C, H, W) in [0, 1], square, at least 32 px a side.
    px_per_deg, scaling
        As for `foveated_texture`.
    seeds
        One for each picture, of its texture.
    tolerance
        Largest difference of the mean similarities.

    Returns
    -------
    FoveationConditions
        To be applied to these and other pictures.

    Raises
    ------
    InputError
        If the pictures are not square, or lie wholly in the fovea.

    Examples
    --------
    >>> pictures = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    >>> fitted = fit_conditions(pictures, px_per_deg=2.0, seeds=(1, 2))
    >>> fitted.sigma_px > 0, len(fitted.rings.sigma_px) == len(fitted.rings.gap)
    (True, True)
    """
    given = check_unit_range(check_image(pictures))
    side = given.shape[-1]
    if given.ndim != 4 or size_of(given) != (side, side):
        raise InputError(f"Conditions are fitted to square pictures (B, C, H, W), got {(*given.shape,)}.")
    check_positive("px_per_deg", px_per_deg)
    texture = _textures(given, px_per_deg, scaling, seeds)
    rings = match_ring_blur(
        given,
        texture,
        _middle(side),
        edges_deg=ring_edges_deg(side, px_per_deg=px_per_deg, scaling=scaling),
        px_per_deg=px_per_deg,
        tolerance=tolerance,
    )
    return FoveationConditions(
        side, float(px_per_deg), float(scaling), match_uniform_blur(given, texture, tolerance=tolerance), rings
    )


def ring_edges_deg(size_px: int, *, px_per_deg: float, scaling: float) -> tuple[float, ...]:
    """Radii in degrees at which the rings of the texture's windows meet, from the fovea to the picture's corner.

    Examples
    --------
    >>> [round(edge, 2) for edge in ring_edges_deg(64, px_per_deg=64 / 26, scaling=0.4)]
    [1.82, 2.71, 4.03, 6.0, 8.92, 13.27, 18.1]
    """
    middle = torch.tensor(_middle(size_px))
    geometry = windows_beyond_fovea(
        (size_px, size_px), middle, px_per_deg=px_per_deg, scaling=scaling, window="cosine", fovea_deg=FOVEA_DEG
    )
    count = PoolingWindows.of(geometry).n_eccentricity
    eccentricity = distance_map((size_px, size_px), middle[None].double())[0] / px_per_deg
    corner = float(eccentricity.max()) * (1 + 1e-6)
    edges = [FOVEA_DEG * math.exp(geometry.ring_spacing * ring) for ring in range(count + 1)]
    edges = [edge for edge in edges if edge < corner] + [corner]

    def has_few(inner: float, outer: float) -> bool:
        return int(((eccentricity >= inner) & (eccentricity < outer)).sum()) < LEAST_RING_PX

    while len(edges) > 2:
        few = [number for number, pair in enumerate(pairwise(edges)) if has_few(*pair)]
        if not few:
            break
        del edges[max(few[-1], 1)]
    return tuple(edges)


def _middle(size_px: int) -> tuple[float, float]:
    return ((size_px - 1) / 2, (size_px - 1) / 2)


def _textures(pictures: Tensor, px_per_deg: float, scaling: float, seeds: Sequence[int]) -> Tensor:
    if len(seeds) != len(pictures):
        raise InputError(f"{len(pictures)} pictures need one seed each, got {len(seeds)}.")
    middle = _middle(pictures.shape[-1])
    made = [
        foveated_texture(picture, middle, px_per_deg=px_per_deg, scaling=scaling, seed=seed, fovea_deg=FOVEA_DEG)
        for picture, seed in zip(pictures, seeds)
    ]
    return torch.stack(made)
