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


@pytest.mark.parametrize("function", [sum_to_cells, spread_to_pixels])
def test_gradients_of_both_orders_agree_with_differences(function):
    taps = make_taps(pixels=6, n_cells=3, dtype=torch.float64)
    width = 6 if function is sum_to_cells else 3
    values = torch.rand(2, width, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: function(v, taps), values)
    assert torch.autograd.gradgradcheck(lambda v: function(v, taps).square(), values)


@pytest.mark.parametrize("function", [sum_to_cells, spread_to_pixels])
def test_gradients_flow_to_weights_that_ask_for_them(function):
    taps = make_taps(pixels=5, n_cells=3, dtype=torch.float64)
    values = torch.rand(2, 5 if function is sum_to_cells else 3, dtype=torch.float64)
    weight = taps.weight.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda w: function(values, WindowTaps(taps.index, w, 3)), weight)
