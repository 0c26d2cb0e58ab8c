"""The learned part of a viewer."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from scanpath.guidance.fixation_readout import (
    FixationReadout,
    Moments,
    ReadoutRecipe,
    Scene,
    blur_each,
    without_whitening,
)
from scanpath.guidance.viewer_model import center_on
from scanpath.recognition.feature_cells import Whitening, cell_grid

SIZE_DEG = (8.0, 6.0)
GRID, COARSE = cell_grid(SIZE_DEG[::-1], 1 / 3), cell_grid(SIZE_DEG[::-1], 2 / 3)


def _readout(seed: int = 0, **settings) -> FixationReadout:
    torch.manual_seed(seed)
    return FixationReadout(5, 7, ReadoutRecipe(**settings)).eval()


def _scene(readout: FixationReadout, seed: int = 0) -> Scene:
    generator = torch.Generator().manual_seed(seed)
    fine = torch.randn(5, GRID.rows, GRID.columns, generator=generator)
    coarse = torch.randn(7, COARSE.rows, COARSE.columns, generator=generator)
    log_center = center_on(torch.randn(9, 12, generator=generator), GRID, SIZE_DEG)
    return Scene(readout.maps(fine, coarse, GRID, COARSE), log_center, GRID, SIZE_DEG)


def _moment(xy, lasted=None) -> Moments:
    xy = torch.tensor(xy, dtype=torch.float32).reshape(1, -1, 2)
    lasted = torch.full(xy.shape[:2], math.nan) if lasted is None else torch.tensor([lasted], dtype=torch.float32)
    return Moments(xy, lasted)


def test_each_map_has_its_own_gaussian_blur():
    maps = torch.randn(2, 30, 40, generator=torch.Generator().manual_seed(0))
    found = blur_each(maps, torch.tensor([1.0, 2.5]))
    for blurred, plain, sigma in zip(found, maps, (1.0, 2.5)):
        expected = gaussian_filter(plain.numpy(), sigma, mode="nearest", radius=12)
        np.testing.assert_allclose(blurred.numpy(), expected, atol=1e-5)


@torch.no_grad()
def test_fixations_that_are_not_there_say_nothing():
    readout = _readout()
    scene, places = _scene(readout), GRID.places().reshape(1, -1, 2)
    short = _moment([(3.0, 2.0), (5.0, 4.0)], [200.0, 300.0])
    padded = Moments(
        torch.cat([short.xy_deg, torch.full((1, 6, 2), math.nan)], dim=1),
        torch.cat([short.duration_ms, torch.full((1, 6), math.nan)], dim=1),
    )
    torch.testing.assert_close(readout(scene, padded, places), readout(scene, short, places))


@torch.no_grad()
@pytest.mark.parametrize("n", [0, 1, 3, 4, 9])
def test_any_history_gives_finite_scores(n):
    readout = _readout()
    history = torch.rand(1, n, 2, generator=torch.Generator().manual_seed(n)) * 30 - 10
    score = readout(_scene(readout), Moments(history, torch.full((1, n), math.nan)), GRID.places().reshape(1, -1, 2))
    assert bool(torch.isfinite(score).all())


@torch.no_grad()
def test_moments_are_scored_apart_from_each_other():
    readout = _readout()
    scene, places = _scene(readout), GRID.places().reshape(1, -1, 2)
    several = Moments(torch.tensor([[[1.0, 2.0]], [[6.0, 3.0]]]), torch.tensor([[150.0], [math.nan]]))
    together = readout(scene, several, places.expand(2, -1, -1))
    one_by_one = [readout(scene, Moments(*(part[k : k + 1] for part in several)), places) for k in range(2)]
    torch.testing.assert_close(together, torch.cat(one_by_one))


@torch.no_grad()
def test_parts_that_are_left_out_have_no_say():
    places = GRID.places().reshape(1, -1, 2)
    readout = _readout(history=False)
    scene = _scene(readout)
    here, elsewhere = (readout(scene, moment, places) for moment in (_moment([(6.0, 3.0)], [250.0]), _moment([(1, 1)])))
    torch.testing.assert_close(here, elsewhere)
    readout = _readout(center_bias=False)
    scene, moment = _scene(readout), _moment([(6.0, 3.0)])
    other = scene._replace(log_center=-scene.log_center, size_deg=(9.0, 7.0))
    torch.testing.assert_close(readout(other, moment, places), readout(scene, moment, places))


@torch.no_grad()
def test_whitening_can_be_folded_into_the_readout():
    generator = torch.Generator().manual_seed(3)
    fine, coarse = (
        Whitening(torch.randn(n, n + 4, generator=generator), torch.randn(n, generator=generator)) for n in (5, 7)
    )
    plain_fine = torch.randn(9, GRID.rows, GRID.columns, generator=generator)
    plain_coarse = torch.randn(11, COARSE.rows, COARSE.columns, generator=generator)
    readout = _readout()
    expected = readout.maps(fine(plain_fine), coarse(plain_coarse), GRID, COARSE)
    found = without_whitening(readout, fine, coarse).maps(plain_fine, plain_coarse, GRID, COARSE)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_center_bias_keeps_its_mass_when_it_is_stretched():
    logs = 0.2 * torch.randn(1, 9 * 12, generator=torch.Generator().manual_seed(0))
    shares = torch.log_softmax(logs, 1).reshape(9, 12)
    log_center = center_on(shares + math.log(9 * 12), GRID, SIZE_DEG)
    assert float(log_center.exp().sum() * GRID.side**2) == pytest.approx(1, abs=0.05)
