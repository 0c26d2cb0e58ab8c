"""Several fixations at once: which of them decides how sharp a place is."""

from dataclasses import dataclass

import torch
from torch import Tensor

from scanpath._core.checks import check_choice, check_positive
from scanpath.foveation.laws import Tabulated
from scanpath.kernels.blur_field import Field, distance_map

COMBINATIONS = ("min", "softmin", "last", "decay")


@dataclass(frozen=True)
class Combination:
    """How the distances to several fixations become one.

    Parameters
    ----------
    combine
        "min": the nearest fixation counts, so nothing seen is forgotten. "softmin": a mean of all distances weighted
        by exp(-distance / softness), which gives every fixation a gradient. "last": only the last one counts.
        "decay": the nearest counts, but a fixation followed by n others counts as if it lay n times `decay_deg`
        farther away, so what was seen blurs with every new fixation.
    px_per_deg
        Pixels per degree.
    softness_deg
        Width of the softmin; the smaller, the closer to "min".
    decay_deg
        Degrees of eccentricity that a memory loses per fixation.
    """

    combine: str
    px_per_deg: float
    softness_deg: float = 1.0
    decay_deg: float = 1.0

    def __post_init__(self) -> None:
        check_choice("combine", self.combine, COMBINATIONS)
        check_positive("softness_deg", self.softness_deg)
        check_positive("decay_deg", self.decay_deg)

    def extent_px(self, fixations: Tensor, size: tuple[int, int]) -> float:
        """Return a bound on the combined distance anywhere in pictures of (height, width)."""
        points = fixations.detach().to(torch.float64)
        points = points[:, -1:] if self.combine == "last" else points
        sides = points.new_tensor([size[1] - 1, size[0] - 1])
        farthest = torch.maximum(points.abs(), (points - sides).abs()).norm(dim=-1)
        if self.combine == "decay":
            farthest = farthest + self._delays(points)
        bound = farthest.amax(dim=1) if self.combine == "softmin" else farthest.amin(dim=1)
        return float(bound.max())

    def field(self, law: Tabulated, fixations: Tensor, size: tuple[int, int]) -> Field:
        """Say which level each pixel of pictures of (height, width) gets at fixations (B, K, 2)."""
        if self.combine == "last":
            fixations = fixations[:, -1:]
        if self.combine == "softmin" and fixations.shape[1] > 1:
            soft = self._soft_distance(fixations.to(law.table.dtype), size)
            return Field(law.table, law.step, values=soft, exact=law.exact)
        delays = self._delays(fixations) if self.combine == "decay" else None
        return Field(law.table, law.step, fixations, delays, exact=law.exact)

    def _delays(self, fixations: Tensor) -> Tensor:
        age = torch.arange(fixations.shape[1] - 1, -1, -1, dtype=torch.float64, device=fixations.device)
        return age * (self.decay_deg * self.px_per_deg)

    def _soft_distance(self, fixations: Tensor, size: tuple[int, int]) -> Tensor:
        distances = torch.stack([distance_map(size, fixations[:, k]) for k in range(fixations.shape[1])], dim=1)
        weights = torch.softmax(-distances / (self.softness_deg * self.px_per_deg), dim=1)
        return (weights * distances).sum(dim=1)
