"""Blur that loses as much as another distortion does: the controls of Deza and Konkle."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_choice, check_image, check_positive
from scanpath._core.errors import InputError, UndefinedError
from scanpath.foveation.blur import foveated_blur, variable_blur
from scanpath.foveation.fixated_images import check_unit_range, size_of
from scanpath.foveation.windows import check_one_fixation
from scanpath.kernels.blur_field import distance_map

#: Of the structural similarity: side and standard deviation of the window, and the two constants.
WINDOW_PX, WINDOW_SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03
METRICS = ("ssim", "mse")
Pictures = Tensor | np.ndarray
Metric = str | Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class MatchReport:
    """How well a blur matches a distortion, image by image.

    Attributes
    ----------
    distorted, blurred
        (n,) score of each image against its reference, distorted and blurred.
    difference
        Mean of blurred - distorted.
    t, p
        Paired t-test of the difference; nan with fewer than two images or without any spread.
    equivalent_p
        Larger p of the two one-sided tests against +- `margin`: small if the two are the same within it.
    margin
        Difference that does not matter.
    """

    distorted: np.ndarray
    blurred: np.ndarray
    difference: float
    t: float
    p: float
    equivalent_p: float
    margin: float


@dataclass(frozen=True)
class RingBlur:
    """A blur that is even within each ring around the fixation.

    Attributes
    ----------
    edges_deg
        (n + 1,) radii of the rings; there is no blur inside the first.
    sigma_px
        (n,) standard deviation in each ring.
    target, achieved
        (n,) mean similarity in each ring, of the distorted images and of those to which this blur was applied. They
        differ where no blur loses as much as the distortion does, and near the borders of narrow rings, which neighbors
        pass into each other.
    px_per_deg
        Pixels per degree.
    """

    edges_deg: tuple[float, ...]
    sigma_px: tuple[float, ...]
    target: tuple[float, ...]
    achieved: tuple[float, ...]
    px_per_deg: float

    @property
    def gap(self) -> tuple[float, ...]:
        """(n,) achieved - target: above 0 where the blur loses less than the distortion does."""
        return tuple(achieved - target for achieved, target in zip(self.achieved, self.target))

    def apply(self, image: Array, fixation: ArrayLike) -> Array:
        """Blur images in the rings around their fixation; neighbors pass into each other over a tenth of a ring."""
        return foveated_blur(image, fixation, px_per_deg=self.px_per_deg, law=self.sigma_deg)

    def sigma_deg(self, eccentricity_deg: Tensor) -> Tensor:
        """Standard deviation in degrees at each eccentricity."""
        inner = torch.tensor(self.edges_deg[:-1], dtype=eccentricity_deg.dtype, device=eccentricity_deg.device)
        width = torch.tensor(np.diff(self.edges_deg), dtype=inner.dtype, device=inner.device)
        passed = ((eccentricity_deg[..., None] - inner) / (0.1 * width) + 0.5).clamp(0, 1)
        steps = torch.tensor(np.diff([0.0, *self.sigma_px]), dtype=inner.dtype, device=inner.device)
        return (torch.sin(math.pi / 2 * passed) ** 2 * steps).sum(-1).clamp(min=0) / self.px_per_deg


def ssim_map(reference: Array, other: Pictures) -> Array:
    """Structural similarity of two images at every pixel: Gaussian window of 11 px and 1.5 px, range 1.

    Parameters
    ----------
    reference, other
        (C, H, W) or (B, C, H, W) in [0, 1].

    Returns
    -------
    Tensor
        As the images, each channel by itself; edges are mirrored.

    Raises
    ------
    InputError
        If the shapes differ, the images are smaller than 6 px, half a window, or do not lie in [0, 1].

    References
    ----------
    Wang, Z., Bovik, A. C., Sheikh, H. R., & Simoncelli, E. P. (2004). Image quality assessment: from error visibility
    to structural similarity. https://doi.org/10.1109/TIP.2003.819861

    Examples
    --------
    >>> image = torch.rand(1, 32, 32)
    >>> round(float(ssim_map(image, image).min()), 6)
    1.0
    """
    first, second = check_image(reference, name="reference"), check_image(other, name="other")
    if first.shape != second.shape:
        raise InputError(
            f"Both images must have one shape, got {tuple(first.shape)} and {tuple(second.shape)}; resize one of them."
        )
    check_unit_range(first, "reference")
    return as_given(reference, _Similarity(first).to(check_unit_range(second, "other")))


class _Similarity:
    """Structural similarity to one reference, whose own moments are computed once."""

    def __init__(self, reference: Tensor) -> None:
        half = WINDOW_PX // 2
        if min(reference.shape[-2:]) <= half:
            raise InputError(
                f"Structural similarity needs images of at least {half + 1} px a side, got {size_of(reference)}."
            )
        offsets = torch.arange(-half, half + 1, dtype=reference.dtype, device=reference.device)
        window = torch.exp(-0.5 * (offsets / WINDOW_SIGMA).square())
        self._window = window / window.sum()
        self.reference, self._mean = reference, self._local_mean(reference)
        self._variance = self._local_mean(reference.square()) - self._mean.square()

    def to(self, other: Tensor) -> Tensor:
        """Return the similarity of an image at every pixel."""
        a, b = self._mean, self._local_mean(other)
        variances = self._variance + self._local_mean(other.square()) - b.square()
        covariance = self._local_mean(self.reference * other) - a * b
        structure = (2 * covariance + K2**2) / (variances + K2**2)
        return (2 * a * b + K1**2) / (a.square() + b.square() + K1**2) * structure

    def _local_mean(self, image: Tensor) -> Tensor:
        planes = F.pad(image.reshape(-1, 1, *image.shape[-2:]), (WINDOW_PX // 2,) * 4, mode="reflect")
        planes = F.conv2d(planes, self._window[None, None, None])
        return F.conv2d(planes, self._window[None, None, :, None]).reshape(image.shape)


def match_uniform_blur(
    reference: Pictures,
    distorted: Pictures,
    metric: Metric = "ssim",
    *,
    tolerance: float = 1e-3,
    quality: str = "standard",
) -> float:
    """Find the even blur that loses as much as a distortion does, on average over images.

    The score of the blurred reference falls as the blur grows, so it is found by bisection.

    Parameters
    ----------
    reference
        (C, H, W) or (B, C, H, W) in [0, 1]. For a network's distortion it should be the network's own
        reconstruction, so that its artifacts are on both sides.
    distorted
        The same images after the distortion.
    metric
        "ssim", "mse", or a function of (reference, other), both (B, C, H, W), that returns a score per image or one
        for all, higher where they are more alike.
    tolerance
        Largest difference of the mean scores.
    quality
        Of the blur, as in `foveated_blur`.

    Returns
    -------
    float
        Standard deviation of the blur in px; 0 if the distortion loses nothing.

    Raises
    ------
    InputError
        If shapes do not fit or the metric is unknown.
    UndefinedError
        If even the mean of the picture loses less than the distortion does.

    References
    ----------
    Deza, A., & Konkle, T. (2021). Emergent properties of foveated perceptual systems.
    https://arxiv.org/abs/2006.07991

    Examples
    --------
    >>> image = torch.rand(1, 3, 48, 48)
    >>> blurred = variable_blur(image, torch.full((48, 48), 1.5))
    >>> round(match_uniform_blur(image, blurred, tolerance=1e-4), 1)
    1.5
    """
    sharp, lossy = _pair(reference, distorted, unit=metric == "ssim")
    scores = _scorer(metric, sharp)
    target = float(scores(lossy).mean())

    def loss(sigma: float) -> float:
        return float(scores(_even(sharp, sigma, quality)).mean()) - target

    return _bisect(loss, check_positive("tolerance", tolerance), float(max(size_of(sharp))))


def match_ring_blur(
    reference: Pictures,
    distorted: Pictures,
    fixation: ArrayLike,
    *,
    edges_deg: ArrayLike,
    px_per_deg: float,
    tolerance: float = 1e-3,
    quality: str = "standard",
) -> RingBlur:
    """Find the blur of each ring around the fixation that loses as much there as a distortion does.

    The structural similarity is averaged over the pixels of a ring and over the images; within the innermost edge
    nothing is blurred. A ring in which no blur loses as much as the distortion does, as where a picture is flat, gets
    the blur that loses most of those that were tried, doubling from 1 px to the image's side; `RingBlur.gap` says how
    much is left.

    Parameters
    ----------
    reference, distorted
        (C, H, W) or (B, C, H, W) in [0, 1].
    fixation
        xy in px of all images, (2,).
    edges_deg
        Increasing radii of the rings in degrees.
    px_per_deg
        Pixels per degree.
    tolerance
        Largest difference of the mean similarities in a ring.
    quality
        Of the blur, as in `foveated_blur`.

    Returns
    -------
    RingBlur
        The blur, ready to be applied, and how well it matches.

    Raises
    ------
    InputError
        If the edges do not increase or a ring holds no pixel.

    Examples
    --------
    >>> image = torch.rand(1, 3, 64, 64)
    >>> blurred = foveated_blur(image, (32, 32), px_per_deg=4, law="linear", strength=4)
    >>> match = match_ring_blur(image, blurred, (32, 32), edges_deg=(2, 4, 8), px_per_deg=4)
    >>> bool(match.sigma_px[0] < match.sigma_px[1])
    True
    """
    sharp, lossy = _pair(reference, distorted, unit=True)
    check_positive("px_per_deg", px_per_deg)
    check_positive("tolerance", tolerance)
    edges = _check_edges(edges_deg)
    point = check_one_fixation(fixation).detach().to(sharp)[None]
    eccentricity = distance_map(size_of(sharp), point)[0] / px_per_deg
    rings = [(eccentricity >= inner) & (eccentricity < outer) for inner, outer in pairwise(edges)]
    if not all(bool(ring.any()) for ring in rings):
        raise InputError(f"Each ring must hold a pixel of the images, but one of {edges.tolist()} deg does not.")
    similarity = _Similarity(sharp)
    wanted = _ring_means(similarity, lossy, rings)

    @cache  # the rings' searches begin alike, and a blurred picture serves all of them
    def found(sigma: float) -> tuple[float, ...]:
        return _ring_means(similarity, _even(sharp, sigma, quality), rings)

    widest = float(max(size_of(sharp)))
    match, aims = RingBlur(tuple(edges.tolist()), (), wanted, (), px_per_deg), wanted
    for _ in range(2):  # once more, with what the passages between rings lose or keep made up for
        sigmas = [_match_ring(found, ring, aim, tolerance, widest) for ring, aim in enumerate(aims)]
        match = replace(match, sigma_px=tuple(sigmas))
        match = replace(match, achieved=_ring_means(similarity, match.apply(sharp, point[0]), rings))
        aims = tuple(min(target - gap, 1.0) for target, gap in zip(wanted, match.gap))
    return match


def verify_match(
    reference: Pictures, distorted: Pictures, blurred: Pictures, metric: Metric = "ssim", *, margin: float = 0.01
) -> MatchReport:
    """Test whether blurred images lose as much as distorted ones, image by image.

    A large p of the paired test alone only says that a difference was not found; the two one-sided tests say that
    it is smaller than `margin`.

    Parameters
    ----------
    reference, distorted, blurred
        (B, C, H, W) in [0, 1]; best not the images on which the blur was matched.
    metric
        As in `match_uniform_blur`, but a function must return one score per image.
    margin
        Difference of the mean scores that does not matter.

    Returns
    -------
    MatchReport
        Scores and tests.

    Examples
    --------
    >>> images = torch.rand(4, 1, 32, 32)
    >>> noisy = (images + 0.1 * torch.randn(4, 1, 32, 32)).clamp(0, 1)
    >>> verify_match(images, noisy, noisy).difference
    0.0
    """
    check_positive("margin", margin)
    pairs = [_pair(reference, other, unit=metric == "ssim") for other in (distorted, blurred)]
    score = _scorer(metric, pairs[0][0])
    scores = [score(other).double().cpu().numpy() for _, other in pairs]
    return paired_tests(*scores, margin=margin)


def paired_tests(distorted: np.ndarray, blurred: np.ndarray, *, margin: float) -> MatchReport:
    """Test scores (n,) of images that were scored before; see `verify_match`."""
    difference = blurred - distorted
    n, mean = len(difference), float(difference.mean())
    error = float(difference.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    t = p = equivalent = math.nan
    if error > 0:
        t = mean / error
        p = float(2 * stats.t.sf(abs(t), n - 1))
        equivalent = float(max(stats.t.sf((mean + margin) / error, n - 1), stats.t.cdf((mean - margin) / error, n - 1)))
    return MatchReport(distorted, blurred, mean, t, p, equivalent, margin)


def _check_edges(edges_deg: ArrayLike) -> np.ndarray:
    with suppress(TypeError, ValueError):
        edges = np.asarray(edges_deg, dtype=float)
        increase = edges.ndim == 1 and len(edges) >= 2 and bool((np.diff(edges) > 0).all())
        if increase and np.isfinite(edges).all() and edges[0] >= 0:
            return edges
    raise InputError(f"edges_deg must be at least two increasing radii in degrees, got {edges_deg!r:.80}.")


def _pair(reference: Pictures, other: Pictures, *, unit: bool) -> tuple[Tensor, Tensor]:
    """Check two batches of images of one shape; with `unit` their values too, whose range the similarity knows."""
    images = []
    for name, given in (("reference", reference), ("distorted", other)):
        image = check_image(given, name=name).detach().to(torch.float32)
        if unit:
            check_unit_range(image, name)
        images.append(image if image.ndim == 4 else image[None])
    if images[0].shape != images[1].shape:
        raise InputError(
            f"reference and distorted must have one shape, got {(*images[0].shape,)} and {(*images[1].shape,)}."
        )
    return images[0], images[1].to(images[0])


def _scorer(metric: Metric, reference: Tensor) -> Callable[[Tensor], Tensor]:
    """Return what gives the score of each of some images against the reference."""
    if callable(metric):
        return lambda other: torch.as_tensor(metric(reference, other)).detach().reshape(-1)
    check_choice("metric", metric, METRICS)
    if metric == "mse":
        return lambda other: -(reference - other).square().mean(dim=(1, 2, 3))
    similarity = _Similarity(reference)
    return lambda other: similarity.to(other).mean(dim=(1, 2, 3))


def _ring_means(similarity: _Similarity, other: Tensor, rings: list[Tensor]) -> tuple[float, ...]:
    values = similarity.to(other)
    return tuple(float(values[..., ring].mean()) for ring in rings)


def _match_ring(
    found: Callable[[float], tuple[float, ...]], ring: int, target: float, tolerance: float, widest: float
) -> float:
    """Find one ring's blur, or the one that loses most where none loses as much as is wanted."""
    try:
        return _bisect(lambda sigma: found(sigma)[ring] - target, tolerance, widest)
    except UndefinedError:
        tried = [2.0**step for step in range(math.ceil(math.log2(widest)) + 1)]
        return min(tried, key=lambda sigma: found(sigma)[ring])


def _even(image: Tensor, sigma: float, quality: str) -> Tensor:
    return variable_blur(image, image.new_full(size_of(image), sigma, dtype=torch.float32), quality=quality)


def _bisect(loss: Callable[[float], float], tolerance: float, widest: float) -> float:
    """Find where a decreasing function passes 0, to within `tolerance` of its value."""
    low, high, most = 0.0, 1.0, loss(0.0)
    if most <= tolerance:
        return 0.0
    while loss(high) > 0:
        low, high = high, 2 * high
        if high > 2 * widest:
            raise UndefinedError(
                "No blur loses as much as the distortion does: even the mean of the picture scores higher.",
                reason="out_of_reach",
            )
    for _ in range(60):
        middle = (low + high) / 2
        value = loss(middle)
        if abs(value) <= tolerance:
            return middle
        low, high = (middle, high) if value > 0 else (low, middle)
    return (low + high) / 2
