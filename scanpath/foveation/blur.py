"""Blur that grows with the distance from where the eye looks."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_choice, check_image
from scanpath._core.errors import InputError
from scanpath.foveation.fixated_images import FixatedImages, check_out, size_of
from scanpath.foveation.laws import AnyLaw, check_sigma, find_law
from scanpath.kernels import blur as kernels
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import LADDERS, plan_blur


def foveated_blur(
    image: Array,
    fixation: ArrayLike,
    *,
    px_per_deg: float,
    law: AnyLaw = "geisler_perry",
    quality: str = "standard",
    combine: str = "min",
    strength: float = 1.0,
    several: bool = False,
    softness_deg: float = 1.0,
    decay_deg: float = 1.0,
    kernel: str = "auto",
    out: Array | None = None,
) -> Array:
    """Blur a picture as if the eye looked at the fixation: sharp there, and less resolved with distance.

    Each pixel is convolved with a Gaussian whose standard deviation is the law's at that pixel's eccentricity, or
    rather with a mixture of two Gaussians that is very close to it. The cost does not depend on the size of the blur.
    The picture is mirrored at its edges.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W), any number of channels; uint8, float16 and bfloat16 are computed in float32, float64
        in float64 (by the slower reference).
    fixation
        xy in px, pixel centers at integers, outside the picture too. (2,) for all images; (B, 2), one for each image,
        or for B views of one image; (K, 2) with `several`, or (B, K, 2): K fixations that make one view together.
    px_per_deg
        Pixels per degree of visual angle.
    law
        Standard deviation in degrees by eccentricity in degrees. "geisler_perry": half the amplitude at the cutoff
        frequency, which is just about invisible. "linear": 0.04 deg per deg beyond 1 deg. "watson": half the
        amplitude at the Nyquist frequency of the midget ganglion cells. A function of a tensor of eccentricities,
        which may hold parameters to be learned. Or an (h, w) map of standard deviations in degrees whose middle is
        put at the fixation and whose edges extend outward: a scotoma, reverse foveation, a measured field.
        Two laws repeat a program with its own levels, whatever the quality: "svis" (Perry & Geisler 2002) and
        "image_foveation" (the program Image_Foveation_Python, which assumes 7.5 px per degree).
    quality
        "fast", "standard" or "precise": more than 46, 58 or 64 dB against the exact Gaussians on photographs.
    combine
        How several fixations count. "min": the nearest, so nothing seen is forgotten. "softmin": the mean
        distance weighted by exp(-distance / softness), which gives every fixation a gradient. "last": the last alone.
        "decay": the nearest, but one followed by n others as if it lay n times `decay_deg` farther away, so what was
        seen blurs with every new fixation.
    strength
        Multiplies the standard deviation; for the two programs' laws it divides the resolution.
    several
        Read a (K, 2) fixation as K fixations of one view.
    softness_deg
        Width of "softmin".
    decay_deg
        Degrees of eccentricity by which "decay" ages a fixation for each that follows it.
    kernel
        "auto", "reference" (torch), "cpu" (compiled) or "gpu" (Triton): the same numbers by different means. "auto"
        takes the reference where gradients are needed, else the one for the device.
    out
        Tensor or array of the result's shape and dtype to write into, contiguous and apart from `image`. With large
        pictures this saves more time than the blur takes.

    Returns
    -------
    Tensor
        As `image`, with a batch dimension if `fixation` has one; differentiable in the image, the fixation and the
        law's parameters. A NumPy array if `image` is one. Of uint8 images uint8, rounded to the nearest, and so without
        gradients.

    Raises
    ------
    InputError
        If a name is unknown, a number is not positive, the fixation is not finite, or shapes do not fit.

    References
    ----------
    Geisler, W. S., & Perry, J. S. (1998). https://doi.org/10.1117/12.320120
    Perry, J. S., & Geisler, W. S. (2002). https://doi.org/10.1117/12.469554
    Watson, A. B. (2014). https://doi.org/10.1167/14.7.15

    Examples
    --------
    >>> image = torch.rand(3, 48, 64)
    >>> view = foveated_blur(image, (20, 30), px_per_deg=4, law="linear")
    >>> view.shape, bool(view.std() < image.std())
    (torch.Size([3, 48, 64]), True)
    """
    pixels = check_image(image, bytes_too=True)
    seen = FixatedImages.of(pixels, fixation, several=several)
    plan, field = find_law(law, px_per_deg, strength, quality).prepare(
        seen.fixations, seen.size, combine=combine, softness_deg=softness_deg, decay_deg=decay_deg
    )
    result = kernels.variable_blur(seen.images, plan, field, kernel=kernel, out=seen.out(out))
    return as_given(image, seen.unbatched(result)) if out is None else out


def variable_blur(
    image: Array,
    sigma_px: Tensor | np.ndarray,
    *,
    quality: str = "standard",
    kernel: str = "auto",
    out: Array | None = None,
) -> Array:
    """Blur each pixel with its own Gaussian: any map of standard deviations, fixed to the picture.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W), floating or uint8.
    sigma_px
        (H, W) or (B, H, W) standard deviations in px, at least 0.
    quality, kernel, out
        As in `foveated_blur`.

    Returns
    -------
    Tensor
        As `image`, differentiable in the image and the map unless uint8; a NumPy array if `image` is one.

    Raises
    ------
    InputError
        If the map does not fit the image, or has negative or infinite values or NaN.

    Examples
    --------
    >>> image = torch.rand(1, 32, 32)
    >>> sigma = torch.zeros(32, 32)
    >>> sigma[:, 16:] = 3.0
    >>> view = variable_blur(image, sigma)
    >>> bool((view[..., :16] == image[..., :16]).all()), bool(view[..., 16:].std() < 0.1)
    (True, True)
    """
    pixels = check_image(image, bytes_too=True)
    sigma = check_sigma(sigma_px, size_of(pixels)).to(pixels.device)
    images, maps = (pixels if pixels.ndim == 4 else pixels[None]), (sigma if sigma.ndim == 3 else sigma[None])
    if len(images) != len(maps) and 1 not in (len(images), len(maps)):
        raise InputError(f"{len(images)} images need one map of standard deviations or as many, got {len(maps)}.")
    single = pixels.ndim == 3 and sigma.ndim == 2
    shape = tuple(torch.broadcast_shapes(images.shape, (len(maps), 1, 1, 1)))
    target = check_out(out, shape[1:] if single else shape, pixels)
    target = target[None] if single and target is not None else target
    plan = plan_blur(check_choice("quality", quality, tuple(LADDERS)), float(maps.detach().max()), size_of(pixels))
    result = kernels.variable_blur(images, plan, Field.of_sigma(plan, maps), kernel=kernel, out=target)
    return as_given(image, result[0] if single else result) if out is None else out


class FoveatedBlur(nn.Module):
    """`foveated_blur` with remembered settings, as a layer; a law that is a module trains with it.

    Parameters
    ----------
    settings
        Keyword arguments of `foveated_blur`.

    Examples
    --------
    >>> layer = FoveatedBlur(px_per_deg=4, law="linear")
    >>> layer(torch.rand(2, 3, 32, 32), torch.tensor([[3.0, 4.0], [20.0, 20.0]])).shape
    torch.Size([2, 3, 32, 32])
    """

    def __init__(self, *, px_per_deg: float, law: AnyLaw = "geisler_perry", **settings: Any) -> None:
        super().__init__()
        if isinstance(law, Tensor):
            self.register_buffer("law", law)
        else:
            self.law = law
        self.settings = {"px_per_deg": px_per_deg, **settings}
        foveated_blur(torch.zeros(1, 1, 1), (0, 0), law=law, **self.settings)  # a mistake should not wait

    def forward(self, image: Tensor, fixation: Tensor) -> Tensor:
        """Blur images around their fixations."""
        return foveated_blur(image, fixation, law=self.law, **self.settings)

    def extra_repr(self) -> str:
        """Name the settings."""
        law = self.law if isinstance(self.law, str) else type(self.law).__name__
        return ", ".join([f"law={law}", *(f"{name}={value}" for name, value in self.settings.items())])
