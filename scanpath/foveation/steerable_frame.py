"""A steerable pyramid in the Fourier domain that is a tight frame: it needs no weights and inverts exactly."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath._core.kept import kept

#: Numbers in a plane from which on a processor transforms planes one after the other.
LARGE_PLANE = 1 << 16


@dataclass
class Bands:
    """Coefficients of one picture, as values of the filtered picture at every 2^scale-th pixel.

    Parameters
    ----------
    high
        (..., H, W) what lies above the finest octave.
    oriented
        Finest octave first: (..., K, H / 2^scale, W / 2^scale).
    low
        (..., H / 2^n, W / 2^n) what lies below the coarsest octave.
    quadrature
        Partners of `oriented` with the phase advanced by a quarter: magnitudes are roots of the sum of squares.
    """

    high: Tensor
    oriented: list[Tensor]
    low: Tensor
    quadrature: list[Tensor] | None = None

    def parts(self) -> "Iterator[Part]":
        """The bands of pictures (C, H, W), as `SteerableFrame.parts` gives them."""
        yield Part("high", 0, (), self.high)
        for scale, band in enumerate(self.oriented):
            yield Part("oriented", scale, (), band)
        yield Part("low", len(self.oriented), (), self.low)


class Part(NamedTuple):
    """Some bands of pictures (C, H, W).

    Parameters
    ----------
    kind
        "high", "oriented" or "low".
    scale
        Octave, 0 for "high", the number of octaves for "low".
    place
        Index of the bands among those (C, K, ...) or (C, ...) of their kind and scale; empty for all of them.
    band
        (..., h, w).
    """

    kind: str
    scale: int
    place: tuple[int, ...]
    band: Tensor


class SteerableFrame:
    """Octaves of oriented band-pass filters whose squares add up to one at every frequency.

    The filters are those of the steerable pyramid [1]_ as it is used for texture statistics [2]_: raised-cosine
    octaves in log frequency, the finest ending at the Nyquist frequency, and powers of a cosine in orientation.
    Sample (i, j) of scale s lies at pixel (i, j) * 2^s exactly. The picture is periodic: pad it where that matters.

    Parameters
    ----------
    size
        (height, width), both divisible by 2 ** `n_scales`.
    n_scales
        Number of octaves.
    n_orientations
        Number of orientations K; orientation k passes gratings whose wave vector points to k * 180 / K degrees.

    References
    ----------
    .. [1] Simoncelli, E. P. & Freeman, W. T. (1995). The steerable pyramid: a flexible architecture for multi-scale
       derivative computation. ICIP. https://doi.org/10.1109/ICIP.1995.537667
    .. [2] Portilla, J. & Simoncelli, E. P. (2000). A parametric texture model based on joint statistics of complex
       wavelet coefficients. International Journal of Computer Vision 40, 49-70.
       https://doi.org/10.1023/A:1026553619983

    Examples
    --------
    >>> frame = SteerableFrame((32, 48), n_scales=2)
    >>> image = torch.rand(3, 32, 48)
    >>> bool(torch.allclose(frame.synthesize(frame.analyze(image)), image, atol=1e-5))
    True
    """

    def __init__(self, size: tuple[int, int], *, n_scales: int = 4, n_orientations: int = 4) -> None:
        self.size = (int(size[0]), int(size[1]))
        self.n_scales = check_count("n_scales", n_scales)
        self.n_orientations = check_count("n_orientations", n_orientations)
        if any(side % 2**n_scales or side < 2 ** (n_scales + 1) for side in self.size):
            raise InputError(
                f"A frame of {n_scales} octaves needs height and width that are multiples of {2**n_scales} and at "
                f"least {2 ** (n_scales + 1)}, got {self.size}."
            )

    def analyze(self, image: Tensor, *, quadrature: bool = False) -> Bands:
        """Split pictures (..., H, W) into bands; with `quadrature` also the imaginary parts of the complex bands."""
        spectrum = torch.fft.rfft2(image, norm="forward")
        masks = self._masks(image)
        high = self._inverse(spectrum * masks.high, 0)
        real, imaginary = [], []
        *octaves, rest = self._down(spectrum)
        for scale, octave in enumerate(octaves):
            real.append(self._oriented(octave, masks.angular[scale], scale))
            if quadrature:
                imaginary.append(self._oriented(octave, masks.quadrature[scale], scale))
        low = self._inverse(rest, self.n_scales)
        return Bands(high, real, low, imaginary if quadrature else None)

    def low_passes(self, image: Tensor) -> list[Tensor]:
        """What the bands of each scale and all coarser ones add up to, at that scale's sampling."""
        spectrum = torch.fft.rfft2(image, norm="forward")
        masks = self._masks(image)
        parts = []
        for scale in range(self.n_scales + 1):
            spectrum = self.crop(spectrum, scale) * masks.low[scale].square()
            parts.append(self._inverse(spectrum, scale))
        return parts

    def refine(self, maps: Tensor, scale: int) -> Tensor:
        """Interpolate maps of scale `scale` + 1 to the samples of `scale` without adding frequencies."""
        return self._inverse(self.embed(torch.fft.rfft2(maps, norm="forward"), scale), scale)

    def synthesize(self, bands: Bands) -> Tensor:
        """Add the bands up to pictures (..., H, W): the inverse, and the transpose, of `analyze`."""
        angular = self._masks(bands.high).angular
        octaves = [self._together(band, mask) for band, mask in zip(bands.oriented, angular)]
        low, high = (torch.fft.rfft2(rest, norm="forward") for rest in (bands.low, bands.high))
        return self._inverse(self._up(low, octaves, high), 0)

    def spectrum(self, image: Tensor) -> Tensor:
        """Half spectrum (..., H, W / 2 + 1) of pictures (..., H, W)."""
        if not _large(image):
            return torch.fft.rfft2(image, norm="forward")
        planes = [torch.fft.rfft2(plane, norm="forward") for plane in image.reshape(-1, *image.shape[-2:])]
        return torch.stack(planes).reshape(*image.shape[:-1], -1)

    def image(self, spectrum: Tensor) -> Tensor:
        """Pictures (..., H, W) of half spectra."""
        return self._inverse(spectrum, 0)

    def parts(self, spectrum: Tensor) -> Iterator["Part"]:
        """Bands of the pictures (C, H, W) that have these half spectra, a few at a time.

        They are those of `analyze`, whose bands together take many times the memory of the picture.
        """
        masks = self._masks(spectrum)
        for place in _places(spectrum):
            yield Part("high", 0, place, self._inverse(spectrum[place] * masks.high, 0))
        for scale, octave in enumerate(self._down(spectrum)):
            if scale == self.n_scales:
                yield Part("low", scale, (), self._inverse(octave, scale))
                return
            for place in _places(octave):
                if not place:
                    yield Part("oriented", scale, (), self._oriented(octave, masks.angular[scale], scale))
                    continue
                for k, mask in enumerate(masks.angular[scale]):
                    yield Part("oriented", scale, (*place, k), self._inverse(octave[place] * mask, scale))

    def joined(self, parts: Iterable["Part"], channels: int) -> Tensor:
        """Half spectra of the pictures (C, H, W) that all bands add up to: the inverse, and transpose, of `parts`."""
        sums: dict[tuple[str, int, int], Tensor] = {}
        for part in parts:
            places = part.place[:1] or range(channels)
            for channel, plane in zip(places, self._one_band(part).reshape(len(places), *self._half(part.scale))):
                at = part.kind, part.scale, channel
                sums[at] = sums[at] + plane if at in sums else plane
        return torch.stack(
            [
                self._up(
                    sums["low", self.n_scales, channel],
                    [sums["oriented", scale, channel] for scale in range(self.n_scales)],
                    sums["high", 0, channel],
                )
                for channel in range(channels)
            ]
        )

    def _one_band(self, part: "Part") -> Tensor:
        """Half spectra of a part, those of oriented bands through their masks and added up."""
        if part.kind != "oriented":
            return torch.fft.rfft2(part.band, norm="forward")
        angular = self._masks(part.band).angular[part.scale]
        if not part.place:
            return self._together(part.band, angular)
        return torch.fft.rfft2(part.band, norm="forward") * angular[part.place[1]].conj()

    def _down(self, spectrum: Tensor) -> Iterator[Tensor]:
        """Half spectra of the octaves of pictures, before they are oriented, and last of the low-pass rest."""
        masks = self._masks(spectrum)
        for scale in range(self.n_scales):
            spectrum = self.crop(spectrum, scale) * masks.low[scale]
            yield spectrum * masks.octave[scale]
        yield self.crop(spectrum, self.n_scales) * masks.low[-1]

    def _up(self, low: Tensor, octaves: Sequence[Tensor], high: Tensor) -> Tensor:
        """Half spectra of pictures from those of their low-pass rest, of each scale's bands and the high-pass rest."""
        masks = self._masks(low)
        spectrum = low * masks.low[-1]
        for scale in range(self.n_scales - 1, -1, -1):
            spectrum = (octaves[scale] * masks.octave[scale] + self.embed(spectrum, scale)) * masks.low[scale]
        return spectrum + high * masks.high

    def octaves(self, spectrum: Tensor) -> Iterator[Tensor]:
        """Split the pictures of half spectra into isotropic octaves, finest first, low-pass rest last.

        They add up to the picture. The finest octave includes everything above it. From the second on, octave s is
        sampled twice as densely as it needs, every 2^(s - 1)-th pixel, so that it can be interpolated and changed
        without aliasing.
        """
        masks = self._masks(spectrum)
        for scale in range(self.n_scales):
            rest = self.crop(spectrum, scale + 1) * masks.low[scale + 1] ** 2
            octave = spectrum - self.embed(rest, scale)
            yield self._inverse(self.embed(octave, scale - 1), max(scale - 1, 0))
            spectrum = rest
        yield self._inverse(self.embed(spectrum, self.n_scales - 1), self.n_scales - 1)

    def join_octaves(self, parts: Iterable[Tensor]) -> Tensor:
        """Half spectra of the pictures that octaves, sampled and ordered as `octaves` gives them, add up to."""
        spectra = [self.spectrum(part) for part in parts]
        spectrum = spectra.pop()
        for scale in range(self.n_scales - 1, -1, -1):
            spectrum = self.embed(spectrum, scale - 1) + spectra[scale]
        return spectrum

    def level_size(self, scale: int) -> tuple[int, int]:
        """(height, width) of the samples of a scale; scale `n_scales` is the low-pass rest."""
        return self.size[0] >> scale, self.size[1] >> scale

    def crop(self, spectrum: Tensor, scale: int) -> Tensor:
        """Keep the half spectrum's frequencies that the samples of `scale` can carry."""
        height, width = self.level_size(scale)
        if spectrum.shape[-2] == height:
            return spectrum
        kept = spectrum[..., : width // 2 + 1]
        return torch.cat([kept[..., : (height + 1) // 2, :], kept[..., -(height // 2) :, :]], -2)

    def embed(self, spectrum: Tensor, scale: int) -> Tensor:
        """Pad a half spectrum of the next coarser scale with zeros; what it has at its Nyquist frequency is lost."""
        if scale < 0:
            return spectrum
        height, width = self.level_size(scale)
        coarse_height, coarse_width = self.level_size(scale + 1)
        below, above, columns = (coarse_height + 1) // 2, (coarse_height - 1) // 2, (coarse_width + 1) // 2
        padded = spectrum.new_zeros(*spectrum.shape[:-2], height, width // 2 + 1)
        padded[..., :below, :columns] = spectrum[..., :below, :columns]
        if above:
            padded[..., -above:, :columns] = spectrum[..., -above:, :columns]
        return padded

    def _oriented(self, octave: Tensor, angular: Tensor, scale: int) -> Tensor:
        """Bands (..., K, h, w) of an octave's spectra (..., h, w') through K angular masks."""
        if not _large(octave):
            return self._inverse(octave[..., None, :, :] * angular, scale)
        bands = [
            self._inverse(plane * mask, scale) for plane in octave.reshape(-1, *octave.shape[-2:]) for mask in angular
        ]
        return torch.stack(bands).reshape(*octave.shape[:-2], len(angular), *self.level_size(scale))

    def _together(self, bands: Tensor, angular: Tensor) -> Tensor:
        """Spectra (..., h, w') of bands (..., K, h, w) through the same masks: the transpose of `_oriented`."""
        if not _large(bands):
            return (torch.fft.rfft2(bands, norm="forward") * angular.conj()).sum(-3)
        parts = [
            reduce(torch.add, (torch.fft.rfft2(band, norm="forward") * mask.conj() for band, mask in zip(one, angular)))
            for one in bands.reshape(-1, *bands.shape[-3:])
        ]
        return torch.stack(parts).reshape(*bands.shape[:-3], *angular.shape[-2:])

    def _half(self, scale: int) -> tuple[int, int]:
        height, width = self.level_size(scale)
        return height, width // 2 + 1

    def _inverse(self, spectrum: Tensor, scale: int) -> Tensor:
        size = self.level_size(scale)
        if not _large(spectrum):
            return torch.fft.irfft2(spectrum, s=size, norm="forward")
        planes = [
            torch.fft.irfft2(plane, s=size, norm="forward") for plane in spectrum.reshape(-1, *spectrum.shape[-2:])
        ]
        return torch.stack(planes).reshape(*spectrum.shape[:-2], *size)

    def _masks(self, like: Tensor) -> "_Masks":
        dtype = torch.complex128 if like.dtype in (torch.float64, torch.complex128) else torch.complex64
        return _make_masks(self.size, self.n_scales, self.n_orientations, dtype, like.device)


def _places(spectrum: Tensor) -> list[tuple[int, ...]]:
    """Which channels of spectra (C, h, w') to transform together: each alone, or all if they are small."""
    return [(channel,) for channel in range(len(spectrum))] if _large(spectrum) else [()]


def _large(planes: Tensor) -> bool:
    """Whether several planes (..., h, w) take less time one after the other, as one stays in a processor's cache."""
    return planes.ndim > 2 and planes.device.type == "cpu" and planes.shape[-2] * planes.shape[-1] >= LARGE_PLANE


@dataclass
class _Masks:
    """Transfer functions on half spectra; `low[s]` leads from scale s - 1 to scale s."""

    high: Tensor
    low: list[Tensor]
    octave: list[Tensor]
    angular: list[Tensor]
    quadrature: list[Tensor]


@kept(maxsize=8)
def _make_masks(
    size: tuple[int, int], n_scales: int, n_orientations: int, dtype: torch.dtype, device: torch.device
) -> _Masks:
    low, octave, angular, quadrature = [], [], [], []
    radius, angle = _polar_frequency(size)
    high = _rise(radius, 1.0).to(dtype).to(device)
    low.append(_fall(radius, 1.0).to(dtype).to(device))
    for scale in range(n_scales):
        level = (size[0] >> scale, size[1] >> scale)
        radius, angle = _polar_frequency(level)
        octave.append(_rise(radius, 0.5).to(dtype).to(device))
        even, odd = _orientation_masks(angle, n_orientations)
        angular.append(even.to(dtype).to(device))
        quadrature.append(odd.to(dtype).to(device))
        radius, _ = _polar_frequency((level[0] // 2, level[1] // 2))
        low.append(_fall(radius, 1.0).to(dtype).to(device))
    return _Masks(high, low, octave, angular, quadrature)


def _polar_frequency(size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Radius (1 at the Nyquist frequency) and angle on the half spectrum of a level."""
    fy = 2 * torch.fft.fftfreq(size[0], dtype=torch.float64)[:, None]
    fx = 2 * torch.fft.rfftfreq(size[1], dtype=torch.float64)
    return torch.hypot(fx, fy), torch.atan2(fy, fx.expand(size[0], -1))


def _octave_position(radius: Tensor, end: float) -> Tensor:
    """0 below half of `end`, 1 above `end`, linear in log frequency between."""
    return (torch.log2(radius.clamp_min(1e-12) / end) + 1).clamp(0, 1)


def _rise(radius: Tensor, end: float) -> Tensor:
    return torch.sin(math.pi / 2 * _octave_position(radius, end))


def _fall(radius: Tensor, end: float) -> Tensor:
    return torch.cos(math.pi / 2 * _octave_position(radius, end))


def _orientation_masks(angle: Tensor, n_orientations: int) -> tuple[Tensor, Tensor]:
    """Angular masks (K, h, w) of the real and the imaginary parts; squares of the first add up to one."""
    order = n_orientations - 1
    gain = 2.0**order * math.factorial(order) / math.sqrt(n_orientations * math.factorial(2 * order))
    centers = torch.arange(n_orientations, dtype=torch.float64)[:, None, None] * (math.pi / n_orientations)
    cosine = torch.cos(angle - centers)
    even = (-1j) ** order * gain * cosine**order
    return even, -1j * torch.sign(cosine) * even
