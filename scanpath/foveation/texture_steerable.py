"""Texture without weights: bands of a steerable frame whose pooled contrast is that of the picture."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

import torch
from torch import Tensor

from scanpath._core.kept import kept
from scanpath._core.random import torch_generator
from scanpath.foveation.pooled_frame import reflect_positions
from scanpath.foveation.steerable_frame import Bands, Part, SteerableFrame
from scanpath.foveation.window_tables import WindowGeometry
from scanpath.foveation.windows import PoolingWindows
from scanpath.kernels.displacement import displaced

#: Pooled mean squares of bands and means of the low-pass rest, by kind and scale.
Contrast = dict[tuple[str, int], Tensor]

#: Blending strength is the hyperbolic tangent of a window's radius in deg times this (Deza et al. 2019).
STRENGTH_PER_DEG = 0.6405
#: Root mean square displacement added per octave, in wavelengths, and how far it is correlated (Gaussian s.d.).
STEP_WAVELENGTHS = 0.6
CORRELATION_WAVELENGTHS = 0.35
#: Share of its own displacement that each octave adds to that of the coarser ones, which it inherits.
OWN_SHARE = 0.8
#: No pixel comes from farther than this many window radii.
REACH_RADII = 0.7
#: Contrast of a band is changed by at most this factor.
LARGEST_GAIN = 3.0
VARIANCE_FLOOR = 1e-8
#: The high-pass rest spans wavelengths around this.
HIGH_WAVELENGTH_PX = 2.5


def strength(radius_deg: Tensor) -> Tensor:
    """How much of a window becomes texture, from its equivalent radius in degrees: 0 fovea, 1 far periphery."""
    return torch.tanh(STRENGTH_PER_DEG * radius_deg)


def transfer_bands(image: Tensor, geometry: WindowGeometry, source: str, seed: int, iterations: int) -> Tensor:
    """Return the texture (C, H, W) of a picture, unclipped; `source` is "cascade" or "noise"."""
    layout = _layout(geometry)
    frame = layout.frame
    mean = image.mean((-2, -1), keepdim=True, dtype=torch.float64).to(image)  # whatever the number of threads
    basis = principal_colors(image) if source == "noise" else torch.eye(len(image)).to(image)
    picture = layout.pad(torch.einsum("ij,jhw->ihw", basis.T, image - mean))
    if source == "noise":
        bands = frame.analyze(picture)
        wanted = contrast(bands.parts(), layout)
        parts = mix_noise(bands, layout, torch_generator(seed, "foveated_texture", source)).parts()
    else:
        spectrum = frame.spectrum(picture)
        wanted = contrast(frame.parts(spectrum), layout)
        parts = frame.parts(displace_octaves(spectrum, layout, _displacements(geometry, seed)))
    for _ in range(iterations):
        spectrum = frame.joined((match_contrast(part, wanted, layout) for part in parts), len(image))
        parts = frame.parts(spectrum)
    return torch.einsum("ij,jhw->ihw", basis, layout.crop(frame.image(spectrum))) + mean


def principal_colors(image: Tensor) -> Tensor:
    """Orthonormal basis (C, C) of the picture's colors, columns from the least to the most variance."""
    pixels = image.detach().flatten(1).to(torch.float64)
    pixels = pixels - pixels.mean(1, keepdim=True)
    _, vectors = torch.linalg.eigh(pixels @ pixels.T)
    return vectors.to(image.dtype)


class Layout:
    """Frame, padding and windows of every scale for one geometry."""

    def __init__(self, geometry: WindowGeometry) -> None:
        self.geometry = geometry
        height, width = geometry.size
        n_scales = _count_scales(geometry, float(PoolingWindows.of(geometry).radius_deg[-1]))
        self.margin = 4 * 2**n_scales
        rows, columns = (_fft_length(side + 2 * self.margin, 2**n_scales) for side in (height, width))
        self.frame = SteerableFrame((rows, columns), n_scales=n_scales)
        self.rows = reflect_positions(rows, self.margin, height)
        self.columns = reflect_positions(columns, self.margin, width)
        self.windows = [self._windows(scale) for scale in range(n_scales + 1)]
        self.inner_windows = [self._inner_windows(scale) for scale in range(n_scales + 1)]

    def pad(self, image: Tensor) -> Tensor:
        """Reflect the picture at its borders, as often as it takes."""
        (rows, columns), (height, width) = self.frame.size, self.geometry.size
        margins = [self.margin, columns - width - self.margin, self.margin, rows - height - self.margin]
        if max(margins[:2]) < width and max(margins[2:]) < height:
            return torch.nn.functional.pad(image, margins, mode="reflect")
        return image[..., self.rows.to(image.device), :][..., self.columns.to(image.device)]

    def crop(self, image: Tensor) -> Tensor:
        """Cut the picture out of its padding."""
        height, width = self.geometry.size
        return image[..., self.margin : self.margin + height, self.margin : self.margin + width]

    def mean(self, maps: Tensor, scale: int, *, squared: bool = False) -> Tensor:
        """Pooled mean of padded maps, or of their squares, over the part of each window that lies in the picture.

        It is 0 where there is no such part.
        """
        inner = self.inner_windows[scale]
        start, (height, width) = self.margin >> scale, inner.size
        cut = maps[..., start : start + height, start : start + width]
        pooled = inner.pool(cut.square() if squared else cut)
        outside = pooled.new_zeros(*pooled.shape[:-1], self.windows[scale].n_windows - inner.n_windows)
        return torch.cat([pooled, outside], -1)

    def radius_px(self, scale: int) -> Tensor:
        """Equivalent radius of a window centered at each sample of a scale, in px of the picture."""
        windows = self.windows[scale].geometry
        height, width = windows.size
        dx = torch.arange(width) * windows.step_px + windows.origin_px[0] - windows.x
        dy = torch.arange(height) * windows.step_px + windows.origin_px[1] - windows.y
        per_distance = float(self.windows[scale].radius_deg[0] / self.windows[scale].center_deg[0])
        return per_distance * torch.hypot(dx, dy[:, None]).to(torch.float32)

    def band_strength(self, scale: int, wavelength_px: float) -> Tensor:
        """How much of a band becomes texture at each sample: bands longer than the window stay as they are."""
        radius = self.radius_px(scale)
        fits = (2 * radius / wavelength_px - 0.5).clamp(0, 1)
        return strength(radius / self.geometry.px_per_deg) * fits * (1 - self.windows[scale].fovea)

    def _windows(self, scale: int) -> PoolingWindows:
        origin = (-self.margin, -self.margin)
        size = self.frame.level_size(scale)
        return PoolingWindows.of(replace(self.geometry, size=size, step_px=2**scale, origin_px=origin))

    def _inner_windows(self, scale: int) -> PoolingWindows:
        height, width = (-(-side // 2**scale) for side in self.geometry.size)
        return PoolingWindows.of(replace(self.geometry, size=(height, width), step_px=2**scale))


def contrast(parts: Iterable[Part], layout: Layout) -> Contrast:
    """Pool the squares of bands (C, K, windows), and the low-pass rest itself (C, windows), by kind and scale."""
    found: dict[tuple[str, int], list[Tensor]] = {}
    whole: Contrast = {}
    for part in parts:
        pooled = pool_part(part, layout)
        if part.place:
            found.setdefault((part.kind, part.scale), []).append(pooled)
        else:
            whole[part.kind, part.scale] = pooled
    for (kind, scale), pieces in found.items():
        stacked = torch.stack(pieces)
        by_channel = stacked.unflatten(0, (-1, layout.frame.n_orientations)) if kind == "oriented" else stacked
        whole[kind, scale] = by_channel
    return whole


def pool_part(part: Part, layout: Layout) -> Tensor:
    """Pooled mean squares of bands, or pooled means of the low-pass rest."""
    return layout.mean(part.band, part.scale, squared=part.kind != "low")


def displace_octaves(spectrum: Tensor, layout: Layout, shifts: Sequence[Tensor]) -> Tensor:
    """Move each octave of the pictures that have these half spectra by a field (2, h, w) of its own."""
    octaves = layout.frame.octaves(spectrum)
    return layout.frame.join_octaves(
        displaced(octave, shift.to(octave.device)) for octave, shift in zip(octaves, shifts)
    )


def make_displacements(layout: Layout, generator: torch.Generator) -> list[Tensor]:
    """Draw a smooth random field for each octave, finest first, on top of those of the coarser octaves.

    Structure keeps its shape but loses its place, the more so the larger the window: edges stay edges, which noise
    of the same contrast would not give. The fields are in samples of where `SteerableFrame.octaves` samples.
    """
    shifts: list[Tensor] = []
    shift: Tensor | None = None
    for octave in range(layout.frame.n_scales, -1, -1):
        scale = max(octave - 1, 0)  # where `octaves` samples it
        wavelength_px = 4.0 * 2**octave
        size = layout.frame.level_size(scale)
        smooth = _smooth_field(size, CORRELATION_WAVELENGTHS * wavelength_px / 2**scale, generator)
        own: Tensor = smooth * (STEP_WAVELENGTHS * wavelength_px * layout.band_strength(scale, wavelength_px))
        if shift is None:
            shift = own
        else:
            inherited = shift if tuple(shift.shape[-2:]) == size else layout.frame.refine(shift, scale)
            shift = inherited + OWN_SHARE * own
        reach = REACH_RADII * layout.radius_px(scale) + 1e-6
        shifts.append(shift / torch.sqrt(1 + shift.square().sum(0) / reach**2) / 2**scale)
    return shifts[::-1]


def mix_noise(bands: Bands, layout: Layout, generator: torch.Generator) -> Bands:
    """Blend each band with white noise that has its pooled covariance of channels; the low-pass rest stays."""
    noise = torch.randn(bands.high.shape, generator=generator, dtype=torch.float32).to(bands.high)
    other = layout.frame.analyze(noise)
    high = _mix(bands.high[:, None], other.high[:, None], layout, 0, HIGH_WAVELENGTH_PX)[:, 0]
    oriented = [
        _mix(band, texture, layout, scale, 4.0 * 2**scale)
        for scale, (band, texture) in enumerate(zip(bands.oriented, other.oriented))
    ]
    return Bands(high, oriented, bands.low)


def _mix(band: Tensor, noise: Tensor, layout: Layout, scale: int, wavelength_px: float) -> Tensor:
    """Cross-fade a band (C, K, h, w) with colored noise without losing contrast halfway."""
    unit = noise / noise.square().mean().sqrt()
    factor = _covariance_factor(band, layout, scale)
    spread = layout.windows[scale].spread
    colored = torch.stack([reduce(torch.add, (spread(part) * unit[j] for j, part in enumerate(row))) for row in factor])
    share = layout.band_strength(scale, wavelength_px).to(band)
    return ((1 - share) * band + share * colored) / torch.sqrt((1 - share) ** 2 + share**2)


def _covariance_factor(band: Tensor, layout: Layout, scale: int) -> list[list[Tensor]]:
    """Rows of the triangular factor, each entry (K, windows), of the channels' pooled covariance in a band."""
    channels = len(band)
    first, second = torch.tril_indices(channels, channels)
    pooled = layout.mean(band[first] * band[second], scale)
    covariance = pooled.new_zeros(channels, channels, *pooled.shape[1:])
    covariance = covariance.index_put((first, second), pooled).index_put((second, first), pooled)
    variance = covariance.diagonal().mean(-1)
    floor = VARIANCE_FLOOR + 1e-5 * variance  # keeps the factor real where channels go together
    covariance = covariance.permute(2, 3, 0, 1) + floor[..., None, None] * torch.eye(channels).to(covariance)
    factor = torch.linalg.cholesky(covariance).permute(2, 3, 0, 1)
    return [[factor[i, j].contiguous() for j in range(i + 1)] for i in range(channels)]


def match_contrast(part: Part, wanted: Contrast, layout: Layout) -> Part:
    """Give bands the pooled standard deviation that is wanted, or the low-pass rest the pooled mean."""
    goal, now = wanted[part.kind, part.scale][part.place], pool_part(part, layout)
    windows = layout.windows[part.scale]
    if part.kind == "low":
        return part._replace(band=part.band + windows.spread(goal - now))
    ratio = torch.sqrt((goal + VARIANCE_FLOOR) / (now + VARIANCE_FLOOR)).clamp(1 / LARGEST_GAIN, LARGEST_GAIN)
    return part._replace(band=part.band * (windows.spread(ratio) + windows.fovea.to(part.band)))


def _smooth_field(size: tuple[int, int], correlation: float, generator: torch.Generator) -> Tensor:
    """Two components of periodic Gaussian noise with unit variance and a Gaussian correlation, (2, H, W)."""
    noise = torch.randn((2, *size), generator=generator)
    fy, fx = torch.fft.fftfreq(size[0])[:, None], torch.fft.rfftfreq(size[1])
    smoothing = torch.exp(-2 * (math.pi * correlation) ** 2 * (fx**2 + fy**2))
    twice = torch.full((size[1] // 2 + 1,), 2.0)
    twice[0] = 1.0  # other columns of the half spectrum stand for two
    variance = float((smoothing**2 * twice).sum()) / (size[0] * size[1])
    return torch.fft.irfft2(torch.fft.rfft2(noise) * (smoothing / math.sqrt(variance)), s=size)


@kept(maxsize=2)
def _layout(geometry: WindowGeometry) -> Layout:
    return Layout(geometry)


@kept(maxsize=2)
def _displacements(geometry: WindowGeometry, seed: int) -> list[Tensor]:
    return make_displacements(_layout(geometry), torch_generator(seed, "foveated_texture", "cascade"))


def _count_scales(geometry: WindowGeometry, largest_radius_deg: float) -> int:
    """As many octaves as the largest window is wide, and the picture has room for."""
    by_window = math.floor(math.log2(max(largest_radius_deg * geometry.px_per_deg, 1.0))) - 1
    by_picture = math.floor(math.log2(min(geometry.size))) - 4
    return max(1, min(by_window, by_picture, 6))


def _fft_length(least: int, multiple: int) -> int:
    """The next length that is a multiple of `multiple` and has otherwise only factors 2, 3 and 5."""
    count = -(-least // multiple)
    while True:
        rest = count
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return count * multiple
        count += 1
