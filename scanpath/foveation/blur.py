"""Blur that grows with the distance from where the eye looks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scanpath._core.arrays import to_array, to_tensor
from scanpath._core.checks import check_choice, check_fixation_tensor, check_image, check_positive
from scanpath._core.errors import InputError
from scanpath.foveation.laws import Law, coordinate_of_sigma, distance_grid, resolve_law
from scanpath.foveation.memory import Combination
from scanpath.kernels import blur as kernels
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import LADDERS, BlurPlan, plan_blur

#: Blur in degrees by eccentricity in degrees: a name, a function, or a map around the fixation.
AnyLaw = str | Callable[[Any], Any] | Tensor | np.ndarray


def foveated_blur(
    image: Any,
    fixation: Any,
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
    out: Any = None,
) -> Any:
    """Blur a picture as if the eye looked at the fixation: sharp there, and less resolved with distance.

    Each pixel is convolved with a Gaussian whose standard deviation is the law's at that pixel's eccentricity, or
    rather with a mixture of two Gaussians that is very close to it. The cost does not depend on the size of the blur.
    The picture is mirrored at its edges.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W), any number of channels; float16 and bfloat16 are computed in float32, float64 in
        float64 (by the slower reference).
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
        How several fixations count: "min", "softmin", "last" or "decay"; see `scanpath.foveation.memory.Combination`.
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
        Tensor or array of the result's shape and dtype to write into. With large pictures this saves more time than
        the blur takes.

    Returns
    -------
    Tensor
        As `image`, with a batch dimension if `fixation` has one; differentiable in the image, the fixation and the
        law's parameters. A NumPy array if `image` is one.

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
    >>> view = foveated_blur(image, (20, 30), px_per_deg=4)
    >>> view.shape, bool(view.std() < image.std())
    (torch.Size([3, 48, 64]), True)
    """
    if isinstance(image, np.ndarray):
        settings = dict(
            px_per_deg=px_per_deg, law=law, quality=quality, combine=combine, strength=strength, several=several,
            softness_deg=softness_deg, decay_deg=decay_deg, kernel=kernel,
        )  # fmt: skip
        target = None if out is None else torch.from_numpy(out)
        result = foveated_blur(_shared(image), to_tensor(fixation), out=target, **settings)  # type: ignore[arg-type]
        return to_array(result) if out is None else out
    image = check_image(image)
    view = View.of(image, fixation, several=several)
    setup = Setup(check_positive("px_per_deg", px_per_deg), law, quality, strength, combine, softness_deg, decay_deg)
    plan, field, levels = setup.prepare(view.images, view.fixations)
    target = None if out is None else view.batched(out)
    if levels is None:
        result = kernels.variable_blur(view.images, plan, field, kernel=kernel, out=target)
    else:
        result = kernels.KeptLevels.from_levels(levels, kernel=kernel).blend(field, out=target)
    return view.unbatched(result) if out is None else out


def variable_blur(
    image: Any, sigma_px: Any, *, quality: str = "standard", kernel: str = "auto", out: Any = None
) -> Any:
    """Blur each pixel with its own Gaussian: any map of standard deviations, fixed to the picture.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W).
    sigma_px
        (H, W) or (B, H, W) standard deviations in px, at least 0.
    quality, kernel, out
        As in `foveated_blur`.

    Returns
    -------
    Tensor
        As `image`, differentiable in the image and the map; a NumPy array if `image` is one.

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
    if isinstance(image, np.ndarray):
        target = None if out is None else torch.from_numpy(out)
        result = variable_blur(_shared(image), to_tensor(sigma_px), quality=quality, kernel=kernel, out=target)
        return to_array(result) if out is None else out
    image = check_image(image)
    sigma = _check_sigma(sigma_px, image)
    images = image if image.ndim == 4 else image[None]
    maps = sigma if sigma.ndim == 3 else sigma[None]
    plan = plan_blur(check_choice("quality", quality, tuple(LADDERS)), float(maps.detach().max()), _size(image))
    single = image.ndim == 3 and sigma.ndim == 2
    target = out[None] if out is not None and single else out
    result = kernels.variable_blur(images, plan, _sigma_field(plan, maps), kernel=kernel, out=target)
    if out is not None:
        return out
    return result[0] if single else result


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


@dataclass(frozen=True)
class View:
    """Images (B, C, H, W) and fixations (N, K, 2), and the shape that the caller expects back."""

    images: Tensor
    fixations: Tensor
    single: bool

    @classmethod
    def of(cls, image: Tensor, fixation: Any, *, several: bool) -> "View":
        """Read the fixation's shape."""
        points = check_fixation_tensor("fixation", fixation).to(image.device)
        images = image if image.ndim == 4 else image[None]
        if several and points.ndim < 2:
            raise InputError(
                f"With several=True, fixation must have shape (K, 2) or (B, K, 2), got {(*points.shape,)}."
            )
        if points.ndim > 3 or 0 in points.shape:
            raise InputError(
                f"fixation must have shape (2,), (B, 2), (K, 2) with several=True, or (B, K, 2) with at least one "
                f"fixation, got {(*points.shape,)}."
            )
        batched = points.ndim == 3 or (points.ndim == 2 and not several)
        if points.ndim == 1:
            fixations = points[None, None]
        elif points.ndim == 2:
            fixations = points[None] if several else points[:, None]
        else:
            fixations = points
        if len(images) != len(fixations) and 1 not in (len(images), len(fixations)):
            raise InputError(
                f"{len(images)} images need one fixation each or one for all, got {len(fixations)}; "
                "for several fixations on one image give several=True."
            )
        return cls(images, fixations, single=image.ndim == 3 and not batched)

    def batched(self, out: Tensor) -> Tensor:
        """Give `out` the batch dimension of the result."""
        return out[None] if self.single else out

    def unbatched(self, result: Tensor) -> Tensor:
        """Take the batch dimension away again."""
        return result[0] if self.single else result


@dataclass(frozen=True)
class Setup:
    """The settings of a foveated blur, checked, and what they mean for given pictures."""

    px_per_deg: float
    law: AnyLaw
    quality: str
    strength: float
    combine: str
    softness_deg: float
    decay_deg: float

    def __post_init__(self) -> None:
        check_positive("px_per_deg", self.px_per_deg)
        check_positive("strength", self.strength)
        check_choice("quality", self.quality, tuple(LADDERS))
        if self.is_map:
            check_choice("combine of a law that is a map", self.combine, ("min", "last"))
        else:
            self.resolved  # noqa: B018 - an unknown name should raise here

    @property
    def is_map(self) -> bool:
        """Whether the law is a map around the fixation."""
        return isinstance(self.law, Tensor | np.ndarray)

    @property
    def resolved(self) -> Law:
        """The law by name."""
        return resolve_law(self.law, self.px_per_deg, self.strength, self.quality)  # type: ignore[arg-type]

    @property
    def combination(self) -> Combination:
        """How several fixations count."""
        return Combination(self.combine, self.px_per_deg, self.softness_deg, self.decay_deg)

    def prepare(self, images: Tensor, fixations: Tensor) -> tuple[BlurPlan, Field, list[Tensor] | None]:
        """Choose levels and say which each pixel gets; a law with levels of its own brings them."""
        if self.is_map:
            return *self._prepare_map(images, fixations), None
        distance = distance_grid(self.combination.extent_px(fixations, _size(images)), images.device)
        law = self.resolved
        plan = law.plan(_size(images), distance)
        return plan, self.field(plan, distance, fixations, _size(images)), law.levels(images)

    def field(self, plan: BlurPlan, distance: Tensor, fixations: Tensor, size: tuple[int, int]) -> Field:
        """Say which of a plan's levels each pixel gets."""
        return self.combination.field(partial(self.resolved.coordinate, plan), distance, fixations, size)

    def _prepare_map(self, images: Tensor, fixations: Tensor) -> tuple[BlurPlan, Field]:
        sigma = _check_sigma(self.law, None) * (self.px_per_deg * self.strength)
        plan = plan_blur(self.quality, float(sigma.detach().max()), _size(images))
        return plan, self.map_field(plan, fixations, _size(images))

    def map_field(self, plan: BlurPlan, fixations: Tensor, size: tuple[int, int]) -> Field:
        """Shift the map to the fixations and keep the smallest blur at each pixel."""
        sigma = _check_sigma(self.law, None).to(fixations.device) * (self.px_per_deg * self.strength)
        if self.combine == "last":
            fixations = fixations[:, -1:]
        values = torch.stack([_around(sigma, fixations[:, k], size) for k in range(fixations.shape[1])]).amin(dim=0)
        return _sigma_field(plan, values)


def _around(sigma: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
    """Sample a map, whose middle lies at the points (B, 2), at every pixel of (height, width)."""
    kind = {"dtype": torch.promote_types(sigma.dtype, points.dtype), "device": sigma.device}
    points = points.to(**kind)
    height, width = sigma.shape
    # grid_sample's frame without aligned corners: pixel i of n lies at (2 i + 1) / n - 1
    x = (torch.arange(size[1], **kind) - points[:, 0, None]) * (2 / width)
    y = (torch.arange(size[0], **kind) - points[:, 1, None]) * (2 / height)
    grid = torch.stack(torch.broadcast_tensors(x[:, None, :], y[:, :, None]), dim=-1)
    maps = sigma.to(**kind).expand(len(points), 1, height, width)
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)[:, 0]


def _check_sigma(sigma: Any, image: Tensor | None) -> Tensor:
    sigma = torch.as_tensor(sigma)
    if not sigma.is_floating_point():
        sigma = sigma.to(torch.float32)
    if image is None:
        if sigma.ndim != 2 or 0 in sigma.shape:
            raise InputError(f"A law that is a map must have shape (h, w), got {(*sigma.shape,)}.")
    elif sigma.ndim not in (2, 3) or sigma.shape[-2:] != image.shape[-2:]:
        raise InputError(f"sigma_px must have shape {_size(image)} or (B, H, W), got {(*sigma.shape,)}.")
    if not bool(torch.isfinite(sigma).all()) or bool((sigma < 0).any()):
        raise InputError("A map of standard deviations must be finite and at least 0 everywhere; fill NaN first.")
    return sigma if image is None else sigma.to(image.device)


def _sigma_field(plan: BlurPlan, sigma_px: Tensor, entries: int = 8192) -> Field:
    """Say which of a plan's levels each pixel gets, by its standard deviation."""
    grid = torch.arange(entries + 2, dtype=torch.float64, device=sigma_px.device) * (plan.top_px / entries)
    exact = partial(coordinate_of_sigma, plan)
    return Field(exact(grid), float(grid[1]), values=sigma_px, exact=exact)


def _size(image: Tensor) -> tuple[int, int]:
    return image.shape[-2], image.shape[-1]


def _shared(array: np.ndarray) -> Tensor:
    """View an array as a tensor without copying it; it is only read."""
    if array.flags.writeable and all(stride >= 0 for stride in array.strides):
        return torch.from_numpy(array)
    return torch.from_numpy(array.copy())
