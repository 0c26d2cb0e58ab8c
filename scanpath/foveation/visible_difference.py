"""What an observer at a fixation can tell of a foveation: contrast thresholds by eccentricity, and pooled statistics.

No number here was fitted to people who compared such pictures. It is a reading of published thresholds.
"""

import math
from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_image, check_positive
from scanpath._core.errors import InputError
from scanpath.foveation.fixated_images import check_unit_range, size_of
from scanpath.foveation.pooled_frame import reflect_positions
from scanpath.foveation.steerable_frame import SteerableFrame
from scanpath.foveation.window_tables import WindowGeometry
from scanpath.foveation.windows import PoolingWindows, check_one_fixation, windows_beyond_fovea
from scanpath.geometry.eccentricity import eccentricity_map

#: Geisler and Perry's contrast threshold: at 0 cycles per degree, its decay, and half-resolution eccentricity in deg.
CONTRAST_0, DECAY, HALF_DEG = 1 / 64, 0.106, 2.3
#: Legge and Foley's slope of thresholds on the contrast that is there already.
MASKING = 0.62
#: Exponent by which octaves, and places, add up.
SUMMATION = 4.0
#: Weights of red, green and blue light in luminance.
_LUMINANCE = (0.2126, 0.7152, 0.0722)
_MOST_OCTAVES = 6


@dataclass(frozen=True)
class Visibility:
    """How far beyond threshold a foveation is, for an observer who keeps fixating.

    Attributes
    ----------
    map
        (H, W) in units of threshold: 1 is just visible.
    value
        One number in the same unit: the fourth root of the mean fourth power over the picture.
    visible_share
        Share of the picture's pixels with more than 1.
    """

    map: Tensor
    value: float
    visible_share: float


def visibility(
    reference: Array,
    foveated: Array,
    fixation: ArrayLike,
    *,
    px_per_deg: float,
    scaling: float = 0.25,
    fovea_deg: float = 1.82,
) -> Visibility:
    """Say in units of threshold what an observer who fixates there can tell of a foveation.

    Luminance is split into octaves. In the fovea the local contrast of the difference of the two pictures counts, in
    each octave. Beyond, an observer is taken to know no more than the contrast of each octave in pooling windows, so
    that the difference of these contrasts counts: another sample of the same texture is not told from the first. Either
    is divided by the contrast threshold at the octave's frequency f in cycles per degree and the eccentricity e in deg,
    exp(0.106 f (e + 2.3) / 2.3) / 64 [1]_, raised by the contrast c that the reference has there already, by
    (c / threshold)^0.62 where that is more than 1 [2]_. Octaves add up with an exponent of 4, as by probability
    summation [3]_.

    It is a reading of published thresholds, not a fitted observer: nobody judged these pictures. Color, time, crowding
    and the fall of sensitivity at low frequencies are left out, and windows of a scaling of 0.25 are those at which
    people no longer told samples of a model of V1 apart [4]_; with other statistics, or for comparison with the
    original picture, other scalings are published (between 0.22 and 0.5).

    Parameters
    ----------
    reference, foveated
        (C, H, W) pictures of one size in [0, 1], one channel or RGB, encoded as in files (sRGB).
    fixation
        x and y in px.
    px_per_deg
        Pixels per degree of visual angle.
    scaling
        Radial width of the pooling windows over their eccentricity.
    fovea_deg
        Radius within which the pictures are compared point by point.

    Returns
    -------
    Visibility
        ``map`` (H, W), of the kind of `reference`; ``value``; ``visible_share``.

    Raises
    ------
    InputError
        If the pictures differ in shape, are not in [0, 1], are black, or are smaller than 32 px.

    References
    ----------
    .. [1] Geisler, W. S. & Perry, J. S. (1998). A real-time foveated multiresolution system for low-bandwidth video
       communication. Proc. SPIE 3299. https://doi.org/10.1117/12.320120
    .. [2] Legge, G. E. & Foley, J. M. (1980). Contrast masking in human vision. Journal of the Optical Society of
       America 70, 1458-1471. https://doi.org/10.1364/JOSA.70.001458
    .. [3] Quick, R. F. (1974). A vector-magnitude model of contrast detection. Kybernetik 16, 65-67.
       https://doi.org/10.1007/BF00271628
    .. [4] Freeman, J. & Simoncelli, E. P. (2011). Metamers of the ventral stream. Nature Neuroscience 14, 1195-1201.
       https://doi.org/10.1038/nn.2889

    Examples
    --------
    >>> from scanpath.foveation.blur import foveated_blur
    >>> picture = torch.rand(1, 96, 96, generator=torch.Generator().manual_seed(0))
    >>> seen = [foveated_blur(picture, (48, 48), px_per_deg=8, strength=s) for s in (1, 4)]
    >>> weak, strong = (visibility(picture, one, (48, 48), px_per_deg=8).value for one in seen)
    >>> weak < strong
    True
    """
    given, other, point = _checked(reference, foveated, fixation)
    scale = check_positive("px_per_deg", px_per_deg)
    size = size_of(given)
    geometry = windows_beyond_fovea(
        size, point, px_per_deg=scale, scaling=scaling, window="cosine", fovea_deg=fovea_deg
    )
    before, after = _contrasts(given, other)
    eccentricity = eccentricity_map(size, point, px_per_deg=scale).to(before)
    windows = _windows(geometry)
    total = torch.zeros(size, dtype=before.dtype)
    for number, (one, two, change) in enumerate(zip(*(_energies(one) for one in (before, after, after - before)))):
        # the first band is what lies above the octaves
        frequency = scale / 2 * (0.75 if number == 0 else 0.5**number)
        total += _told(one, two, change, contrast_threshold(frequency, eccentricity), windows) ** SUMMATION
    found = total ** (1 / SUMMATION)
    value = float((found**SUMMATION).mean() ** (1 / SUMMATION))
    share = float((found > 1).double().mean())
    return Visibility(as_given(reference, found.to(torch.float32)), value, share)  # type: ignore[arg-type]  # a map of the given kind


def contrast_threshold(frequency_cpd: float, eccentricity_deg: Tensor) -> Tensor:
    """Contrast that is just seen, by frequency and eccentricity; above 1 what no picture can show.

    References
    ----------
    Geisler, W. S. & Perry, J. S. (1998). Proc. SPIE 3299. https://doi.org/10.1117/12.320120

    Examples
    --------
    >>> contrast_threshold(0.0, torch.tensor([0.0, 20.0])) * 64
    tensor([1., 1.])
    """
    return CONTRAST_0 * torch.exp(DECAY * frequency_cpd * (eccentricity_deg + HALF_DEG) / HALF_DEG)


def _checked(reference: Array, foveated: Array, fixation: ArrayLike) -> tuple[Tensor, Tensor, Tensor]:
    given = check_unit_range(check_image(reference, name="reference"), "reference")
    other = check_unit_range(check_image(foveated, name="foveated"), "foveated")
    if given.ndim != 3 or given.shape != other.shape or given.shape[0] not in (1, 3) or min(size_of(given)) < 32:
        raise InputError(
            "reference and foveated must both be (C, H, W) with 1 or 3 channels, of one shape and at least 32 px, got "
            f"{tuple(given.shape)} and {tuple(other.shape)}."
        )
    return given.detach().double().cpu(), other.detach().double().cpu(), check_one_fixation(fixation).detach().cpu()


def _contrasts(reference: Tensor, foveated: Tensor) -> tuple[Tensor, Tensor]:
    """Luminance of both over the mean luminance of the reference."""
    lights = []
    for image in (reference.clamp(0, 1), foveated.clamp(0, 1)):
        light = torch.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)
        lights.append(light[0] if len(light) == 1 else torch.einsum("c,chw->hw", light.new_tensor(_LUMINANCE), light))
    mean = lights[0].mean()
    if not mean > 0:
        raise InputError("reference is black, so that there is no contrast; give a picture with some light.")
    return lights[0] / mean, lights[1] / mean


def _energies(contrast: Tensor) -> list[Tensor]:
    """Squared local amplitude (H, W) of what lies above the octaves and of each octave from fine to coarse.

    Bands share the power of every frequency, so that a grating has its contrast as amplitude; the border is mirrored.
    """
    height, width = contrast.shape
    count = min(_MOST_OCTAVES, int(math.log2(min(height, width))) - 2)
    step = 2**count
    sides = [-(-(side + 2 * step) // step) * step for side in (height, width)]
    rows, columns = (reflect_positions(long, step, side) for long, side in zip(sides, (height, width)))
    frame = SteerableFrame((sides[0], sides[1]), n_scales=count, n_orientations=2)
    bands = frame.analyze(contrast[rows][:, columns], quadrature=True)
    fine = 2 * avg_pool2d(bands.high.square()[None], 3, stride=1, padding=1)[0]
    energies = [fine[step : step + height, step : step + width]]
    for scale, (real, imaginary) in enumerate(zip(bands.oriented, bands.quadrature or [])):
        energy = (real.square() + imaginary.square()).sum(0)
        dense = [(side - 1) * 2**scale + 1 for side in energy.shape]  # sample i lies at pixel i * 2^scale
        full = interpolate(energy[None, None], size=dense, mode="bilinear", align_corners=True)[0, 0]
        full = pad(full[None, None], (0, 2**scale - 1, 0, 2**scale - 1), mode="replicate")[0, 0]
        energies.append(full[step : step + height, step : step + width])
    return energies


def _windows(geometry: WindowGeometry) -> PoolingWindows | None:
    """Return the windows, or None where the picture ends before the first."""
    try:
        return PoolingWindows.of(geometry)
    except InputError:
        return None


def _told(before: Tensor, after: Tensor, change: Tensor, threshold: Tensor, windows: PoolingWindows | None) -> Tensor:
    """Distance of one band in thresholds: of the difference in the fovea, of pooled contrasts beyond."""
    local = change.sqrt() / _raised(threshold, before.sqrt())
    if windows is None:
        return local
    first, second = (windows.pool(one).clamp_min(0).sqrt() for one in (before, after))
    fovea = windows.fovea.to(before)
    pooled, present = (windows.spread(one) / (1 - fovea).clamp_min(1e-6) for one in ((second - first).abs(), first))
    beyond = pooled / _raised(threshold, present)
    return (fovea * local**2 + (1 - fovea) * beyond**2).sqrt()


def _raised(threshold: Tensor, contrast: Tensor) -> Tensor:
    return threshold * (contrast / threshold).clamp_min(1) ** MASKING
