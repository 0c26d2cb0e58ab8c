"""Features on cells of equal visual angle."""

import pytest
import torch
from torch import nn

from scanpath import InputError
from scanpath.recognition.backbone import Preprocessing
from scanpath.recognition.feature_cells import (
    CellRecipe,
    FeatureGrid,
    View,
    cell_grid,
    fit_whitening,
    read_cells,
    recipe_from_json,
    recipe_to_json,
)
from scanpath.recognition.layers import LayeredNetwork


def _averages() -> LayeredNetwork:
    """A network that only averages, so that its units know the picture around the places they stand for."""
    network = nn.Sequential(nn.AvgPool2d(3, 2), nn.AvgPool2d(2), nn.AvgPool2d(3, 2), nn.AvgPool2d(2))
    return LayeredNetwork(network, name="averages", layers=["0", "1", "3"], preprocessing=Preprocessing())


@pytest.mark.parametrize(("size", "px_per_deg"), [((240, 320), 24.0), ((300, 200), 17.0), ((500, 700), 40.0)])
@pytest.mark.parametrize("layer", ["0", "1", "3"])
def test_features_lie_where_the_picture_has_them(size, px_per_deg, layer):
    height, width = size
    y, x = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
    ramps = torch.stack([x, y, torch.zeros_like(x)])
    recipe = CellRecipe(0.5, (View(18.0, (layer,), 3),))
    cells = read_cells(_averages(), ramps, px_per_deg, recipe)
    grid = cell_grid(size, px_per_deg * 0.5)
    centers_x, centers_y = grid.centers()
    inside = (slice(3, -3), slice(3, -3))
    expected_x = ((centers_x - 0.5) / width)[None].expand(grid.rows, -1)
    expected_y = ((centers_y - 0.5) / height)[:, None].expand(-1, grid.columns)
    torch.testing.assert_close(cells[0][inside], expected_x[inside], atol=2e-3, rtol=0)
    torch.testing.assert_close(cells[1][inside], expected_y[inside], atol=2e-3, rtol=0)


def test_cells_are_interpolated_at_any_place():
    grid = FeatureGrid(3, 4, 2.0)
    ramp = grid.places()[..., 0][None] * 10
    found = grid.at(ramp, torch.tensor([[1.0, 1.0], [2.5, 3.3], [0.0, 0.0], [99.0, 2.0]]))
    torch.testing.assert_close(found[:, 0], torch.tensor([10.0, 25.0, 10.0, 70.0]))


def test_whitened_features_do_not_correlate():
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(6, 6, generator=generator)
    samples = [mixing @ torch.randn(6, 400, generator=generator) + 3 for _ in range(5)]
    whitening = fit_whitening(samples, [(4, 3), (2, 5)])
    white = torch.cat([whitening(sample[:, None])[:, 0] for sample in samples], dim=1)
    covariance = torch.cov(white, correction=0)
    assert covariance.shape == (5, 5)
    for view in (covariance[:3, :3], covariance[3:, 3:]):
        torch.testing.assert_close(view, torch.eye(len(view)), atol=1e-3, rtol=0)
    torch.testing.assert_close(white.mean(1), torch.zeros(5), atol=1e-3, rtol=0)


def test_features_that_never_change_are_refused():
    with pytest.raises(InputError, match="same everywhere"):
        fit_whitening([torch.ones(3, 50)], [(3, 2)])


def test_recipes_survive_json():
    recipe = CellRecipe(1 / 3, (View(18.0, ("a", "b"), 7), View(9.0, ("b",), 2)))
    assert recipe_from_json(recipe_to_json(recipe)) == recipe


def test_layers_that_are_not_read_are_named():
    with pytest.raises(InputError, match="layer 2"):
        read_cells(_averages(), torch.rand(3, 64, 64), 18.0, CellRecipe(0.5, (View(18.0, ("2",), 3),)))
