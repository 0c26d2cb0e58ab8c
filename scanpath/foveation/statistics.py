"""Statistics of a picture in pooling windows: what the periphery is thought to keep."""

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_choice, check_count, check_image
from scanpath._core.errors import InputError
from scanpath.foveation.fixated_images import size_of
from scanpath.foveation.pooled_frame import LEAST_SAMPLES, PooledFrame, opponent_colors
from scanpath.foveation.portilla_simoncelli import portilla_simoncelli_groups
from scanpath.foveation.windows import check_one_fixation, windows_beyond_fovea

STATISTICS = ("luminance", "energy", "portilla_simoncelli")
#: name -> for each scale that has the group, (scale, values (n, windows kept at that scale))
Groups = dict[str, list[tuple[int, Tensor]]]


def pooled_statistics(
    image: Array,
    fixation: ArrayLike | None = None,
    *,
    px_per_deg: float | None = None,
    statistics: str = "energy",
    scaling: float = 0.5,
    window: str = "cosine",
    fovea_deg: float = 1.82,
    n_scales: int = 4,
    n_orientations: int = 4,
    spatial_corr_width: int = 7,
) -> dict[str, Array]:
    """Statistics of a picture in windows that grow with eccentricity, or over the whole picture.

    The filters take the picture to be periodic, so that windows at a border see a little of the opposite one.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W). Three channels are taken as RGB and turned into brightness, red-green and
        yellow-blue, between which natural pictures are nearly uncorrelated.
    fixation
        x and y in px, shape (2,), also outside the picture; None: one window that weighs every pixel alike.
    px_per_deg
        Pixels per degree of visual angle; needed with a fixation.
    statistics
        "luminance": mean [3]_. "energy": mean and variance of pixels, of the magnitudes of complex oriented bands
        and of the low-pass rest, and the variance of the high-pass rest, as in the model of V1 in [1]_.
        "portilla_simoncelli": the joint statistics of a texture model [2]_, as in the model of V2 in [1]_.
    scaling
        Width of the windows over their eccentricity.
    window
        "cosine" or "gaussian", see `PoolingWindows`.
    fovea_deg
        Radius around the fixation that belongs to no window.
    n_scales, n_orientations
        Octaves and orientations of the filters.
    spatial_corr_width
        Width of the neighborhood of the autocorrelations, in samples of their scale.

    Returns
    -------
    dict of Tensor
        Name of a group to values (n, windows), or (B, n, windows); float32 for half precision. Where a window covers
        fewer than four samples of a scale, that scale's values are NaN. Without windows, the Portilla-Simoncelli
        values of a gray picture are those of plenoptic's model, in its order; but where a side divided by 2^n_scales is
        odd, values of the coarsest scale differ from plenoptic's. Here they are those of the filter applied to the
        whole picture at its full resolution.

    Raises
    ------
    InputError
        If a name is unknown, a fixation comes without `px_per_deg`, or the picture is not finite or too small for
        the filters or the windows.

    References
    ----------
    .. [1] Freeman, J. & Simoncelli, E. P. (2011). Metamers of the ventral stream. Nature Neuroscience 14,
       1195-1201. https://doi.org/10.1038/nn.2889
    .. [2] Portilla, J. & Simoncelli, E. P. (2000). A parametric texture model based on joint statistics of complex
       wavelet coefficients. International Journal of Computer Vision 40, 49-70.
       https://doi.org/10.1023/A:1026553619983
    .. [3] Broderick, W. F., Rufo, G., Winawer, J. & Simoncelli, E. P. (2025). Foveated metamers of the early
       visual system. eLife. https://doi.org/10.7554/eLife.90554

    Examples
    --------
    >>> values = pooled_statistics(torch.rand(1, 64, 64), (31.5, 31.5), px_per_deg=4.0)
    >>> values["magnitude_mean"].shape
    torch.Size([16, 100])
    """
    given = check_image(image)
    model = StatisticsModel(
        size_of(given),
        None if fixation is None else check_one_fixation(fixation).detach(),
        px_per_deg=px_per_deg,
        statistics=statistics,
        scaling=scaling,
        window=window,
        fovea_deg=fovea_deg,
        n_scales=n_scales,
        n_orientations=n_orientations,
        spatial_corr_width=spatial_corr_width,
    )
    if not bool(torch.isfinite(given).all()):
        raise InputError("image must be finite, got NaN or infinity; its filters would carry them everywhere.")
    pictures = in_full_precision(given)
    tables = [model.table(picture) for picture in (pictures if given.ndim == 4 else pictures[None])]
    groups = {name: torch.stack([table[name] for table in tables]) for name in tables[0]}
    return {name: as_given(image, values if given.ndim == 4 else values[0]) for name, values in groups.items()}


class StatisticsModel:
    """One set of statistics in one set of windows; see `pooled_statistics` for the parameters."""

    def __init__(
        self,
        size: tuple[int, int],
        fixation: Tensor | None,
        *,
        px_per_deg: float | None,
        statistics: str,
        scaling: float,
        window: str,
        fovea_deg: float,
        n_scales: int = 4,
        n_orientations: int = 4,
        spatial_corr_width: int = 7,
    ) -> None:
        self.statistics = check_choice("statistics", statistics, STATISTICS)
        self.spatial_corr_width = check_count("spatial_corr_width", spatial_corr_width)
        geometry = None
        if fixation is not None:
            if px_per_deg is None:
                raise InputError("Statistics around a fixation need px_per_deg=..., the pixels per degree.")
            geometry = windows_beyond_fovea(
                size, fixation, px_per_deg=px_per_deg, scaling=scaling, window=window, fovea_deg=fovea_deg
            )
        self.pooled = PooledFrame(size, geometry, n_scales=n_scales, n_orientations=n_orientations)
        if not len(self.pooled.kept[0]):
            raise InputError(
                f"No pooling window covers {LEAST_SAMPLES:g} px of a picture of {size[1]} x {size[0]} px around this "
                "fixation; give a larger picture, or a smaller px_per_deg or fovea_deg."
            )
        coarsest = min(self.pooled.frame.level_size(n_scales))
        if statistics == "portilla_simoncelli" and spatial_corr_width > coarsest:
            raise InputError(
                f"A neighborhood of {spatial_corr_width} samples does not fit the coarsest scale of {coarsest}; give a "
                "larger picture, or a smaller spatial_corr_width or n_scales."
            )

    def groups(self, image: Tensor) -> Groups:
        """All groups of a picture (C, H, W), only windows that are large enough at their scale."""
        channels = opponent_colors(image)
        if self.statistics == "luminance":
            return {"pixel_mean": [(0, self.pooled.pool(channels, 0))]}
        if self.statistics == "energy":
            return energy_groups(channels, self.pooled)
        width = self.spatial_corr_width
        parts = [portilla_simoncelli_groups(c[None], self.pooled, spatial_corr_width=width) for c in channels]
        groups = {name: _stack_channels([part[name] for part in parts]) for name in parts[0]}
        if len(channels) > 1:
            groups["pixel_covariance"] = [(0, _pixel_covariance(channels, self.pooled))]
        return groups

    def table(self, image: Tensor) -> dict[str, Tensor]:
        """Groups as (n, windows) with NaN where a window is too small; scales vary fastest within n."""
        return {
            name: torch.stack([self.pooled.all_windows(values, scale) for scale, values in parts], 1).flatten(0, 1)
            for name, parts in self.groups(image).items()
        }


def energy_groups(channels: Tensor, pooled: PooledFrame) -> Groups:
    """First and second moments of pixels, magnitudes of complex bands and the rests, for channels (C, H, W)."""
    picture = pooled.pad(channels)
    bands = pooled.frame.analyze(picture, quadrature=True)
    low = bands.low
    groups: Groups = {
        "pixel_mean": [(0, pooled.pool(picture, 0))],
        "pixel_variance": [(0, _variance(picture, pooled, 0))],
    }
    if len(channels) > 1:
        groups["pixel_covariance"] = [(0, _pixel_covariance(channels, pooled))]
    mean, variance = [], []
    for scale, (real, imaginary) in enumerate(zip(bands.oriented, bands.quadrature or [])):
        power = (real.square() + imaginary.square()).flatten(0, 1)
        magnitude = torch.sqrt(power + 1e-10)  # the root at zero has no gradient
        first, second = pooled.pool(torch.stack([magnitude, power]), scale)
        mean.append((scale, first))
        variance.append((scale, second - first.square()))
    groups |= {
        "magnitude_mean": mean,
        "magnitude_variance": variance,
        "high_variance": [(0, pooled.pool(bands.high.square(), 0))],
        "low_mean": [(pooled.n_scales, pooled.pool(low, pooled.n_scales))],
        "low_variance": [(pooled.n_scales, _variance(low, pooled, pooled.n_scales))],
    }
    return groups


def in_full_precision(image: Tensor) -> Tensor:
    """Return a picture in float64 if it is, else in float32: sums over windows need more digits than halves have."""
    return image if image.dtype == torch.float64 else image.to(torch.float32)


def _variance(maps: Tensor, pooled: PooledFrame, scale: int) -> Tensor:
    maps = maps - maps.detach().mean((-2, -1), keepdim=True)  # keeps the difference of moments accurate
    first, second = pooled.pool(torch.stack([maps, maps.square()]), scale)
    return second - first.square()


def _pixel_covariance(channels: Tensor, pooled: PooledFrame) -> Tensor:
    first, second = torch.triu_indices(len(channels), len(channels), 1)
    centered = pooled.pad(channels - channels.detach().mean((-2, -1), keepdim=True))
    means = pooled.pool(centered, 0)
    return pooled.pool(centered[first] * centered[second], 0) - means[first] * means[second]


def _stack_channels(parts: list[list[tuple[int, Tensor]]]) -> list[tuple[int, Tensor]]:
    return [(scales[0][0], torch.cat([values for _, values in scales])) for scales in zip(*parts)]
