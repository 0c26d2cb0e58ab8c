"""The statistics of Portilla and Simoncelli, averaged in pooling windows or over the whole picture."""

from itertools import product

import torch
from torch import Tensor

from scanpath.foveation.pooled_frame import PooledFrame

#: Below this share of the picture's variance, skewness and kurtosis of a band are taken to be those of a Gaussian.
LEAST_VARIANCE_SHARE = 1e-6
TINY = 1e-12


def portilla_simoncelli_groups(image: Tensor, pooled: PooledFrame, *, spatial_corr_width: int = 7) -> dict[str, list]:
    """All groups of one channel (1, H, W): name -> [(scale, values (n, n_kept)), ...].

    Moments and correlations are those of the texture model [1]_ with every mean over the picture replaced by the
    mean in a window, after subtraction of the local mean. Coefficients of scale s are 4^s times the values of the
    filtered picture, as in the published implementations.

    References
    ----------
    .. [1] Portilla, J. & Simoncelli, E. P. (2000). A parametric texture model based on joint statistics of complex
       wavelet coefficients. International Journal of Computer Vision 40, 49-70.
       https://doi.org/10.1023/A:1026553619983
    """
    picture = pooled.pad(image)[0]
    bands = pooled.frame.analyze(picture, quadrature=True)
    pairs = [(4.0**s * re, 4.0**s * im) for s, (re, im) in enumerate(zip(bands.oriented, bands.quadrature or []))]
    magnitudes = [_magnitude(*pair) for pair in pairs]
    centered = [pooled.without_local_mean(magnitude, scale) for scale, magnitude in enumerate(magnitudes)]
    variances = [pooled.pool(band.square(), scale) for scale, band in enumerate(centered)]
    lows = [
        pooled.without_local_mean(4.0**scale * low, scale) for scale, low in enumerate(pooled.frame.low_passes(picture))
    ]
    low_variances = [pooled.pool(low.square(), scale) for scale, low in enumerate(lows)]
    pixels = _pixel_statistics(picture, pooled)
    skews, kurtoses = _shape_of_lows(lows, low_variances, pixels[1], pooled)
    shifts = _shifts(spatial_corr_width)
    doubled = [_double_phase(*pair, pooled, scale) for scale, pair in enumerate(pairs[1:])]
    groups = {
        "pixel_statistics": [(0, pixels)],
        "auto_correlation_magnitude": [
            (s, _auto_correlation(band, shifts, pooled, s)) for s, band in enumerate(centered)
        ],
        "skew_reconstructed": list(enumerate(skews)),
        "kurtosis_reconstructed": list(enumerate(kurtoses)),
        "auto_correlation_reconstructed": [
            (s, _auto_correlation(low[None], shifts, pooled, s)) for s, low in enumerate(lows)
        ],
        "std_reconstructed": [(s, _root(variance)[None]) for s, variance in enumerate(low_variances)],
        "cross_orientation_correlation_magnitude": [
            (s, _cross_orientation(band, variances[s], pooled, s)) for s, band in enumerate(centered)
        ],
        "magnitude_std": [(s, _root(variance)) for s, variance in enumerate(variances)],
        "cross_scale_correlation_magnitude": [
            (s, _correlation(centered[s], pooled.without_local_mean(parent[0], s), pooled, s))
            for s, parent in enumerate(doubled)
        ],
        "cross_scale_correlation_real": [
            (s, _correlation(pairs[s][0], parent[1], pooled, s)) for s, parent in enumerate(doubled)
        ],
        "var_highpass_residual": [(0, pooled.pool(bands.high.square(), 0)[None])],
    }
    return {name: parts for name, parts in groups.items() if parts}


def _magnitude(real: Tensor, imaginary: Tensor) -> Tensor:
    return torch.sqrt(real.square() + imaginary.square() + TINY)  # the root at zero has no gradient


def _root(variance: Tensor) -> Tensor:
    return torch.sqrt(variance + TINY)


def _pixel_statistics(picture: Tensor, pooled: PooledFrame) -> Tensor:
    """Mean, unbiased variance, skewness and kurtosis; for the whole picture also the smallest and largest value."""
    mean = pooled.pool(picture, 0)
    centered = pooled.without_local_mean(picture, 0)
    power = centered.square()
    second, third, fourth = pooled.pool(torch.stack([power, power * centered, power.square()]), 0)
    count = pooled.windows[0].weight_sum[pooled.kept[0]].to(second)
    variance = second * count / (count - 1)
    rows = [mean, variance, third / (variance + TINY) ** 1.5, fourth / (variance + TINY) ** 2]
    if pooled.whole:
        rows += [picture.amin().reshape(1), picture.amax().reshape(1)]
    return torch.stack(rows)


def _shape_of_lows(
    lows: list[Tensor], variances: list[Tensor], pixel_variance: Tensor, pooled: PooledFrame
) -> tuple[list[Tensor], list[Tensor]]:
    skews, kurtoses = [], []
    for scale, (low, variance) in enumerate(zip(lows, variances)):
        third, fourth = pooled.pool(torch.stack([low**3, low**4]), scale)
        at = pooled.all_windows(pixel_variance, 0)[pooled.kept[scale]]
        stable = variance / (at + TINY) >= LEAST_VARIANCE_SHARE
        safe = torch.where(stable, variance, 1.0)
        skews.append(torch.where(stable, third / safe**1.5, 0.0)[None])
        kurtoses.append(torch.where(stable, fourth / safe**2, 3.0)[None])
    return skews, kurtoses


def _shifts(width: int) -> list[tuple[int, int]]:
    """One of each pair of opposite shifts (rows, columns) in a square neighborhood, without zero."""
    half = width // 2
    square = list(product(range(-half, width - half), repeat=2))
    if width % 2 == 0:  # the first row and column have no opposite
        square = [(dy, dx) for dy, dx in square if dy == -half or dx <= dy]
    return [(dy, dx) for dy, dx in square if dx < dy or (dx == dy and dy < 0) or (width % 2 == 0 and dy == -half)]


def _auto_correlation(bands: Tensor, shifts: list[tuple[int, int]], pooled: PooledFrame, scale: int) -> Tensor:
    """Correlation of bands (K, h, w) with themselves, shifted: (n_shifts * K, n_kept), between -1 and 1.

    Both the window's samples and their shifted partners, some of which lie outside, set the scale.
    """
    power = pooled.pool(bands.square(), scale)
    rows = []
    for shift in shifts:
        partners = torch.roll(bands, shift, (-2, -1))
        product, partner_power = pooled.pool(torch.stack([bands * partners, partners.square()]), scale)
        rows.append(product / torch.sqrt(power * partner_power + TINY))
    return torch.stack(rows).flatten(0, 1)


def _cross_orientation(bands: Tensor, variance: Tensor, pooled: PooledFrame, scale: int) -> Tensor:
    first, second = torch.tril_indices(len(bands), len(bands), -1)
    covariance = pooled.pool(bands[first] * bands[second], scale)
    return covariance / torch.sqrt(variance[first] * variance[second] + TINY)


def _correlation(bands: Tensor, parents: Tensor, pooled: PooledFrame, scale: int) -> Tensor:
    """Correlation about zero of all bands (K, h, w) with all parents (L, h, w): (K * L, n_kept)."""
    covariance = pooled.pool(bands[:, None] * parents[None], scale)
    power, parent_power = pooled.pool(bands.square(), scale), pooled.pool(parents.square(), scale)
    return (covariance / torch.sqrt(power[:, None] * parent_power[None] + TINY)).flatten(0, 1)


def _double_phase(real: Tensor, imaginary: Tensor, pooled: PooledFrame, scale: int) -> tuple[Tensor, Tensor]:
    """Bring complex bands up to the next finer `scale` and double their phase: magnitude, (real parts, imaginary)."""
    fine = [pooled.frame.refine(part / 4.0, scale) for part in (real, imaginary)]
    magnitude = _magnitude(*fine)
    cosine, sine = fine[0].square() - fine[1].square(), 2 * fine[0] * fine[1]
    return magnitude, torch.cat([cosine / magnitude, sine / magnitude])
