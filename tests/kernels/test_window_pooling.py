from functools import partial

import numpy as np
import pytest
import torch

from scanpath.kernels.window_pooling import (
    WindowTaps,
    spread_to_pixels,
    spread_to_pixels_reference,
    sum_to_cells,
    sum_to_cells_reference,
)


def make_taps(pixels=50, n_cells=7, taps=4, dtype=torch.float32, requires_grad=False):
    generator = torch.Generator().manual_seed(3)
    index = torch.randint(n_cells, (pixels, taps), generator=generator, dtype=torch.int32)
    weight = torch.rand(pixels, taps, generator=generator, dtype=dtype).requires_grad_(requires_grad)
    return WindowTaps(index, weight, n_cells)


def make_patches(size=(21, 30), dtype=torch.float32):
    """Taps on four corners of a coarse grid: neighbors share cells, so that they are worth sorting into tiles."""
    y, x = torch.meshgrid(*(torch.arange(side) for side in size), indexing="ij")
    cell = (y // 9) * 5 + x // 10
    index = torch.stack([cell, cell + 1, cell + 5, cell + 6], -1).reshape(-1, 4).to(torch.int32)
    weight = torch.rand(index.shape, generator=torch.Generator().manual_seed(5), dtype=dtype)
    return WindowTaps(index, weight, 20, size)


def as_matrix(taps):
    """(cells, pixels) matrix, filled one tap at a time: a pixel may name a cell twice."""
    matrix = np.zeros((taps.n_cells, len(taps.index)))
    for pixel, (cells, weights) in enumerate(zip(taps.index.tolist(), taps.weight.detach().tolist())):
        for cell, weight in zip(cells, weights):
            matrix[cell, pixel] += weight
    return torch.from_numpy(matrix)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("pool", [sum_to_cells, sum_to_cells_reference])
def test_pooling_is_the_product_with_the_window_matrix(pool, dtype):
    taps = make_taps()
    maps = torch.rand(3, 50, dtype=dtype)
    expected = maps.double() @ as_matrix(taps).T
    torch.testing.assert_close(pool(maps, taps).double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("spread", [spread_to_pixels, spread_to_pixels_reference])
def test_spreading_is_the_transpose(spread):
    taps = make_taps()
    values = torch.rand(3, 7)
    torch.testing.assert_close(spread(values, taps).double(), values.double() @ as_matrix(taps), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("maps", [0, 1, 3, 11])
def test_tiles_give_both_products_with_the_window_matrix(maps, dtype):
    taps = make_patches(dtype=dtype)
    assert taps.tiles(dtype) is not None
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    pixels, cells = torch.rand(maps, 21 * 30, dtype=dtype), torch.rand(maps, 20, dtype=dtype)
    close = partial(torch.testing.assert_close, rtol=tolerance, atol=tolerance)
    close(sum_to_cells(pixels, taps).double(), pixels.double() @ as_matrix(taps).T)
    close(spread_to_pixels(cells, taps).double(), cells.double() @ as_matrix(taps))


def test_pooling_of_a_map_does_not_depend_on_those_beside_it():
    taps = make_patches()
    maps, values = torch.rand(11, 21 * 30), torch.rand(11, 20)
    assert torch.equal(sum_to_cells(maps, taps)[7], sum_to_cells(maps[7:8], taps)[0])
    assert torch.equal(spread_to_pixels(values, taps)[7], spread_to_pixels(values[7:8], taps)[0])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_stays_in_its_own_cells_and_pixels(value):
    taps = make_patches()
    maps, values = torch.rand(1, 21 * 30), torch.rand(1, 20)
    maps[0, 0], values[0, 0] = value, value
    assert torch.equal(sum_to_cells(maps, taps)[0].isfinite(), as_matrix(taps)[:, 0] == 0)
    assert torch.equal(spread_to_pixels(values, taps)[0].isfinite(), as_matrix(taps)[0] == 0)


def test_cells_of_few_pixels_are_left_in_a_sparse_matrix():
    index = torch.arange(24 * 24, dtype=torch.int32)[:, None]
    assert WindowTaps(index, torch.ones(24 * 24, 1), 24 * 24, (24, 24)).tiles(torch.float32) is None


@pytest.mark.parametrize("function", [sum_to_cells, spread_to_pixels])
def test_gradients_of_both_orders_agree_with_differences(function):
    taps = make_taps(pixels=6, n_cells=3, dtype=torch.float64)
    width = 6 if function is sum_to_cells else 3
    values = torch.rand(2, width, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: function(v, taps), values)
    assert torch.autograd.gradgradcheck(lambda v: function(v, taps).square(), values)


@pytest.mark.parametrize("function", [sum_to_cells, spread_to_pixels])
def test_gradients_through_tiles_agree_with_differences(function):
    taps = make_patches((9, 10), torch.float64)
    assert taps.tiles(torch.float64) is not None
    values = torch.rand(2, 90 if function is sum_to_cells else 20, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: function(v, taps), values)


@pytest.mark.parametrize("function", [sum_to_cells, spread_to_pixels])
def test_gradients_flow_to_weights_that_ask_for_them(function):
    taps = make_taps(pixels=5, n_cells=3, dtype=torch.float64)
    values = torch.rand(2, 5 if function is sum_to_cells else 3, dtype=torch.float64)
    weight = taps.weight.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda w: function(values, WindowTaps(taps.index, w, 3)), weight)
