"""The likelihood of next fixations under a readout, without drawing whole maps: the total is estimated from samples.

A density needs the sum of its map over the picture. Summing over all cells for each of a hundred thousand fixations is
slow; here the sum is estimated from places that are drawn near where people look and near the present fixation, each
divided by how likely it was to be drawn (importance sampling).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from scanpath.guidance.fixation_readout import FixationReadout, Moments, Scene, with_floor
from scanpath.recognition.feature_cells import FeatureGrid
from scanpath.training.gaze_moments import PictureGaze

#: Of what places are drawn from: people on this picture, the center bias, and around the present fixation.
_PEOPLE, _CENTER, _NEAR, _FAR = 0.5, 0.15, 0.15, 0.2
_PEOPLE_DEG, _NEAR_DEG, _FAR_DEG = 1.1, 1.2, 4.0
_UNIFORM_SHARE = 0.1


class LogDensities(NamedTuple):
    """What fixations had been worth, each in nats per square degree: under the readout, and by the center bias."""

    readout: Tensor
    center: Tensor

    def bits(self, weight: Tensor) -> Tensor:
        """Return the weighted mean of the information beyond the center bias, in bits."""
        return ((self.readout - self.center) * weight).sum() / weight.sum() / math.log(2)


def log_densities(
    readout: FixationReadout, scene: Scene, gaze: PictureGaze, n_samples: int, generator: torch.Generator
) -> LogDensities:
    """Estimate how likely the next fixations were; the readout's gradient passes through.

    Parameters
    ----------
    readout
        The readout.
    scene
        The picture.
    gaze
        The moments, and where the eye went next.
    n_samples
        Places drawn for each moment; the estimate of log density is too high by about half the relative variance of
        the samples' weights divided by their number.
    generator
        Source of the draw.
    """
    places, log_chance = draw_places(scene, gaze, n_samples, generator)
    scores = readout(scene, gaze.moments, torch.cat([gaze.next_deg[:, None], places], dim=1))
    total = torch.logsumexp(scores[:, 1:] - log_chance, dim=1) - math.log(n_samples)
    center = scene.grid.at(scene.log_center[None], gaze.next_deg)[:, 0]
    log_uniform = -math.log(scene.size_deg[0] * scene.size_deg[1])
    return LogDensities(with_floor(scores[:, 0] - total, log_uniform), center)


@torch.no_grad()
def draw_places(scene: Scene, gaze: PictureGaze, n_samples: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw places (N, n, 2) in degrees for each moment, with the logarithm of their density per square degree.

    Cells are drawn evenly along the cumulated density, in reading order, which covers the picture better than
    independent draws do; in a cell all places are equally likely.
    """
    grid = scene.grid
    density = _proposal(scene, gaze)
    total = density.cumsum(1)
    n = len(density)
    steps = torch.arange(n_samples) + torch.rand(n, 1, generator=generator)
    cell = torch.searchsorted(total, steps / n_samples * total[:, -1:] * (1 - 1e-6)).clamp_max(density.shape[1] - 1)
    log_chance = torch.log(density.gather(1, cell) / total[:, -1:] / grid.side**2)
    corner = torch.stack([cell % grid.columns, cell // grid.columns], dim=-1)
    places = (corner + torch.rand(n, n_samples, 2, generator=generator)) * grid.side
    # the last cells may reach beyond the picture: what is drawn there counts nothing
    outside = (places > places.new_tensor(scene.size_deg)).any(-1)
    return places, log_chance.masked_fill(outside, math.inf)


def _proposal(scene: Scene, gaze: PictureGaze) -> Tensor:
    """Return how likely each cell is to be drawn, up to a factor for each moment, (N, cells)."""
    grid = scene.grid
    people = _bumps(grid, gaze.next_deg, _PEOPLE_DEG).mean(0)
    shared = (1 - _UNIFORM_SHARE) * people + _UNIFORM_SHARE / len(people)
    center = scene.log_center.flatten().exp()
    density = (_PEOPLE * shared + _CENTER * center / center.sum()).repeat(len(gaze.next_deg), 1)
    now = _inside(gaze.moments, scene.size_deg)
    for weight, width in ((_NEAR, _NEAR_DEG), (_FAR, _FAR_DEG)):
        density += weight * _bumps(grid, now, width)
    return density


def _inside(moments: Moments, size_deg: tuple[float, float]) -> Tensor:
    """Return the present fixations: the picture's center where there is none yet, its border where they lie beyond."""
    now, size = moments.xy_deg[:, 0], moments.xy_deg.new_tensor(size_deg)
    return torch.minimum(now.where(torch.isfinite(now), size / 2).clamp_min(0), size)


def _bumps(grid: FeatureGrid, xy_deg: Tensor, width_deg: float) -> Tensor:
    """Return a Gaussian around each place (n, 2) over the cells, (n, cells), each of sum 1."""
    x, y = (
        torch.softmax(-(((centers[None] - xy_deg[:, axis, None]) / width_deg) ** 2) / 2, dim=1)
        for axis, centers in enumerate(grid.centers())
    )
    return (y[:, :, None] * x[:, None, :]).flatten(1)
