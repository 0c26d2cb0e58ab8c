"""What NeVA sees: a picture that is sharp where the eye is or was, and blurred elsewhere.

NeVA's frame is [-1, 1] along each side, pixel i of n at -1 + 2 i / (n - 1); a point is (row, column) as in the
original, so that its numbers can be compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive, check_share
from scanpath._core.errors import InputError
from scanpath.foveation.neva_layer import neva_blurred


@dataclass(frozen=True)
class NevaEyeSettings:
    """Size of the fovea, strength of the blur, and how much of earlier fixations is kept.

    Attributes
    ----------
    mask_sigma
        The mask is exp(-d^2 / mask_sigma) with d in NeVA's frame: its standard deviation is sqrt(mask_sigma / 2).
    blur_sigma_px, kernel_px
        Standard deviation and odd side of the blur's kernel, which is cut there and normalized.
    retention
        Share of the memory that survives a fixation: 0 forgets all, 1 nothing.
    """

    mask_sigma: float
    blur_sigma_px: float
    kernel_px: int
    retention: float

    def __post_init__(self) -> None:
        check_positive("mask_sigma", self.mask_sigma)
        check_positive("blur_sigma_px", self.blur_sigma_px)
        if check_count("kernel_px", self.kernel_px) % 2 == 0:
            raise InputError(f"kernel_px must be odd, got {self.kernel_px}.")
        check_share("retention", self.retention)


class NevaEye:
    """One picture with its blurred copy, ready to be seen from any point.

    Parameters
    ----------
    image
        (C, H, W) in [0, 1].
    settings
        Fovea, blur and memory.
    """

    def __init__(self, image: Tensor, settings: NevaEyeSettings) -> None:
        height, width = image.shape[-2:]
        self.settings = settings
        self.sharp = image
        self.blurred = neva_blurred(image, settings.blur_sigma_px, settings.kernel_px)
        self._rows = torch.linspace(-1, 1, height, device=image.device)
        self._columns = torch.linspace(-1, 1, width, device=image.device)

    def bumps(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return the masks of (K, 2) points as factors along rows (K, H) and along columns (K, W)."""
        sigma = self.settings.mask_sigma
        down = torch.exp(-((self._rows - points[:, :1]) ** 2) / sigma)
        across = torch.exp(-((self._columns - points[:, 1:]) ** 2) / sigma)
        return down, across

    def masks(self, points: Tensor) -> Tensor:
        """Return the masks (K, H, W), 1 at the points."""
        down, across = self.bumps(points)
        return down[:, :, None] * across[:, None, :]

    def memory(self, points: Sequence[tuple[float, float]] | Tensor) -> Tensor:
        """Return what is remembered (H, W) of fixations in their order: I_t = retention * I_{t-1} + mask_t."""
        memory = torch.zeros(self.sharp.shape[-2:], device=self.sharp.device)
        for point in torch.as_tensor(points, dtype=torch.float32, device=memory.device).reshape(-1, 2):
            memory = self.settings.retention * memory + self.masks(point[None])[0]
        return memory

    def see(self, points: Tensor, memory: Tensor) -> Tensor:
        """Return what is seen (K, C, H, W) from each of (K, 2) points, on top of what is remembered."""
        veil = (1 - (memory + self.masks(points))).clamp(0, 1)[:, None]
        return self.sharp + veil * (self.blurred - self.sharp)

    def halfway(self, memory: Tensor) -> Tensor:
        """Return the picture (C, H, W) halfway between what is remembered and the sharp one."""
        veil = (1 - memory).clamp(0, 1) / 2
        return self.sharp + veil * (self.blurred - self.sharp)

    def gain(self, slope: Tensor, memory: Tensor, grid: tuple[int, int] | None = None) -> Tensor:
        """Return, to first order, how far the loss changes when the eye goes to each place.

        Parameters
        ----------
        slope
            (C, H, W): derivative of the loss with respect to the picture that is seen.
        memory
            (H, W) what is remembered.
        grid
            (rows, columns) of places spread evenly over the frame; default each pixel.
        """
        share = (1 - memory).clamp(0, 1) * (slope * (self.sharp - self.blurred)).sum(0)
        rows, columns = grid or tuple(share.shape)
        sigma = self.settings.mask_sigma
        from_row = torch.linspace(-1, 1, rows, device=share.device)[:, None]
        from_column = torch.linspace(-1, 1, columns, device=share.device)
        down = torch.exp(-((from_row - self._rows) ** 2) / sigma)
        across = torch.exp(-((self._columns[:, None] - from_column) ** 2) / sigma)
        return down @ share @ across


class ForeignEye:
    """Any differentiable foveation in NeVA's place, with all earlier fixations remembered or none.

    Parameters
    ----------
    image
        (C, H, W) in [0, 1].
    foveate
        (image, fixations (K, n, 2) px) -> (K, C, H, W); the last fixation of each row is the eye's.
    settings
        Only the retention is used.
    """

    def __init__(self, image: Tensor, foveate: Callable[[Tensor, Tensor], Tensor], settings: NevaEyeSettings) -> None:
        if settings.retention not in (0, 1):
            raise InputError(
                f"A foveation of your own remembers all fixations (retention=1) or none (retention=0), "
                f"got {settings.retention!r}."
            )
        self.settings, self.sharp, self._foveate = settings, image, foveate
        height, width = image.shape[-2:]
        self._half = torch.tensor([(width - 1) / 2, (height - 1) / 2], device=image.device)

    def memory(self, points: Tensor) -> Tensor:
        """Return the earlier fixations (n, 2) px that are remembered."""
        return self._px(points.to(self.sharp.device)) if self.settings.retention else self._px(points[:0])

    def see(self, points: Tensor, memory: Tensor) -> Tensor:
        """Return what is seen (K, C, H, W) from each of (K, 2) points, on top of what is remembered."""
        earlier = memory.expand(len(points), -1, -1)
        return self._foveate(self.sharp, torch.cat([earlier, self._px(points)[:, None]], dim=1))

    def _px(self, points: Tensor) -> Tensor:
        return (points.flip(-1) + 1) * self._half
