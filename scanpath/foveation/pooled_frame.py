"""Filter bands of a picture together with the windows that average them, scale by scale."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from scanpath.foveation.steerable_frame import SteerableFrame
from scanpath.foveation.window_tables import WindowGeometry
from scanpath.foveation.windows import PoolingWindows

#: A window that covers less than this many samples of a scale has no statistics there.
LEAST_SAMPLES = 4.0
#: Orthonormal opponent colors: brightness, red against green, yellow against blue.
OPPONENT = ((1 / 3**0.5,) * 3, (1 / 2**0.5, -1 / 2**0.5, 0.0), (1 / 6**0.5, 1 / 6**0.5, -2 / 6**0.5))


class WholePicture:
    """The one window that weighs every sample alike, with the interface of `PoolingWindows`."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.n_windows = 1
        self.weight_sum = torch.tensor([float(size[0] * size[1])])
        self.fovea = torch.zeros(size)

    def pool(self, maps: Tensor, *, normalize: bool = True) -> Tensor:
        """Mean, or sum, of maps (..., H, W): (..., 1)."""
        flat = maps.flatten(-2)
        return flat.mean(-1, keepdim=True) if normalize else flat.sum(-1, keepdim=True)

    def spread(self, values: Tensor) -> Tensor:
        """Constant maps (..., H, W) of values (..., 1)."""
        return values[..., None].expand(*values.shape[:-1], *self.size)


class PooledFrame:
    """A steerable frame whose bands are averaged in pooling windows at their own sampling.

    Parameters
    ----------
    size
        (height, width) of the pictures; other than multiples of 2 ** `n_scales` are padded by reflection.
    geometry
        The windows over the picture, or None for one window over the whole picture.
    """

    def __init__(
        self, size: tuple[int, int], geometry: WindowGeometry | None, *, n_scales: int = 4, n_orientations: int = 4
    ) -> None:
        self.size = size
        step = 2**n_scales
        padded = (-(-size[0] // step) * step, -(-size[1] // step) * step)
        self.frame = SteerableFrame(padded, n_scales=n_scales, n_orientations=n_orientations)
        self.n_scales = n_scales
        self.n_orientations = n_orientations
        self._rows = reflect_positions(padded[0], 0, size[0])
        self._columns = reflect_positions(padded[1], 0, size[1])
        self.windows = [self._windows(geometry, scale) for scale in range(n_scales + 1)]
        self.kept = [torch.nonzero(windows.weight_sum >= LEAST_SAMPLES)[:, 0] for windows in self.windows]

    @property
    def whole(self) -> bool:
        """Whether there is but one window over everything."""
        return isinstance(self.windows[0], WholePicture)

    def pad(self, image: Tensor) -> Tensor:
        """Reflect the picture (C, H, W) at its right and lower border up to the frame's size."""
        if tuple(image.shape[-2:]) == self.frame.size:
            return image
        return image[..., self._rows.to(image.device), :][..., self._columns.to(image.device)]

    def pool(self, maps: Tensor, scale: int) -> Tensor:
        """Means (..., n_kept) of maps (..., H, W) of a scale in the windows that are large enough there."""
        height, width = self.windows[scale].size
        pooled = self.windows[scale].pool(maps[..., :height, :width])
        return pooled[..., self.kept[scale].to(pooled.device)]

    def without_local_mean(self, maps: Tensor, scale: int) -> Tensor:
        """Subtract from maps of a scale the mean of their windows, blended from window to window."""
        windows = self.windows[scale]
        height, width = windows.size
        cut = maps[..., :height, :width]
        local = windows.spread(windows.pool(cut)) / (1 - windows.fovea).clamp_min(1e-3).to(maps)
        if cut.shape == maps.shape:
            return maps - local
        return torch.nn.functional.pad(cut - local, (0, maps.shape[-1] - width, 0, maps.shape[-2] - height))

    def all_windows(self, values: Tensor, scale: int) -> Tensor:
        """Put values (..., n_kept) of a scale where their windows are among all; the others are NaN."""
        n_windows = max(windows.n_windows for windows in self.windows)
        result = values.new_full((*values.shape[:-1], n_windows), math.nan)
        return result.index_copy(-1, self.kept[scale].to(values.device), values)

    def _windows(self, geometry: WindowGeometry | None, scale: int) -> PoolingWindows | WholePicture:
        size = (-(-self.size[0] // 2**scale), -(-self.size[1] // 2**scale))
        if geometry is None:
            return WholePicture(size)
        return PoolingWindows.of(replace(geometry, size=size, step_px=2**scale))


def opponent_colors(image: Tensor) -> Tensor:
    """Turn RGB (3, H, W) into brightness and two color differences; other channel counts stay as they are."""
    if image.shape[-3] != 3:
        return image
    return torch.einsum("ij,jhw->ihw", torch.tensor(OPPONENT).to(image), image)


def reflect_positions(length: int, margin: int, size: int) -> Tensor:
    """For each position of a padded axis the position in an axis of `size` that it mirrors, as often as it takes."""
    period = max(2 * (size - 1), 1)
    position = (torch.arange(length) - margin) % period
    return torch.minimum(position, period - position).clamp_max(size - 1)
