"""The likelihood of next fixations, estimated from samples."""

import math

import pytest
import torch

from scanpath.guidance.fixation_readout import FixationReadout, Moments, Scene, with_floor
from scanpath.recognition.feature_cells import cell_grid
from scanpath.training.fixation_likelihood import draw_places, log_densities
from scanpath.training.gaze_moments import PictureGaze

SIZE_DEG = (7.9, 6.1)  # no whole number of cells
GRID = cell_grid(SIZE_DEG[::-1], 1 / 3)


def _case(n: int = 12) -> tuple[FixationReadout, Scene, PictureGaze]:
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(1)
    readout = FixationReadout(3, 3).eval()
    with torch.no_grad():
        readout.joint[-1].weight.mul_(5)  # a density with peaks
    maps = 2 * torch.randn(28, GRID.rows, GRID.columns, generator=generator)
    log_center = torch.full((GRID.rows, GRID.columns), -math.log(SIZE_DEG[0] * SIZE_DEG[1]))
    size = torch.tensor(SIZE_DEG)
    history = torch.rand(n, 3, 2, generator=generator) * size
    history[0] = math.nan
    moments = Moments(history, torch.full((n, 3), math.nan))
    places = torch.rand(n, 2, generator=generator) * size
    return readout, Scene(maps, log_center, GRID, SIZE_DEG), PictureGaze(moments, places, torch.ones(n), SIZE_DEG)


@torch.no_grad()
def test_estimates_equal_the_sum_over_a_fine_grid():
    readout, scene, gaze = _case()
    steps = 240
    x, y = ((torch.arange(steps) + 0.5) * side / steps for side in SIZE_DEG)
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).reshape(1, -1, 2)
    area = math.log(SIZE_DEG[0] * SIZE_DEG[1] / steps**2)
    exact = torch.stack(
        [
            readout(scene, one.moments, one.next_deg[:, None])[0, 0]
            - torch.logsumexp(readout(scene, one.moments, grid)[0], 0)
            - area
            for one in (gaze.part(torch.tensor([k])) for k in range(12))
        ]
    )
    found = log_densities(readout, scene, gaze, 20_000, torch.Generator().manual_seed(0)).readout
    exact = with_floor(exact, -math.log(SIZE_DEG[0] * SIZE_DEG[1]))
    torch.testing.assert_close(found, exact, atol=0.02, rtol=0)


def test_places_are_drawn_as_often_as_is_said():
    _, scene, gaze = _case(1)
    places, log_chance = draw_places(scene, gaze, 50_000, torch.Generator().manual_seed(0))
    # the mean of 1 / density over draws is the area that can be drawn
    assert float(torch.exp(-log_chance).mean()) == pytest.approx(SIZE_DEG[0] * SIZE_DEG[1], rel=0.02)
    inside = torch.isfinite(log_chance)
    assert bool((places[inside] <= torch.tensor(SIZE_DEG)).all())


def test_the_gradient_raises_the_likelihood():
    readout, scene, gaze = _case()
    before = log_densities(readout, scene, gaze, 500, torch.Generator().manual_seed(0)).bits(gaze.weight)
    before.backward()
    with torch.no_grad():
        for value in readout.parameters():
            if value.grad is not None:
                value.add_(1e-3 * value.grad)
    after = log_densities(readout, scene, gaze, 500, torch.Generator().manual_seed(0)).bits(gaze.weight)
    assert float(after.detach()) > float(before.detach())
