"""Convolution in tiles, beside torch's own in double precision."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath.kernels import convolution_cpu
from scanpath.kernels.convolution import convolve_3x3, tiled_kernels


def problem(size, channels=5, kernels=7, batch=2, seed=0):
    """Maps, kernels and a bias."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, channels, *size, generator=generator)
    weight = torch.randn(kernels, channels, 3, 3, generator=generator) / (9 * channels) ** 0.5
    return x, weight, torch.randn(kernels, generator=generator)


def error(found, x, weight, bias):
    """Largest distance to the convolution in double precision."""
    return float((found - F.conv2d(x.double(), weight.double(), bias.double())).abs().max())


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.integers(3, 12), st.integers(3, 12)), st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_tiles_give_the_convolution_at_every_size(size, channels, kernels, seed):
    x, weight, bias = problem(size, channels, kernels, seed=seed)
    found = convolve_3x3(x, weight, bias, tiled_kernels(weight), kernel="cpu")
    assert found.shape == (2, kernels, size[0] - 2, size[1] - 2)
    assert error(found, x, weight, bias) < 1e-5


def test_parts_of_the_tiles_give_what_all_at_once_give(monkeypatch):
    x, weight, bias = problem((21, 18))
    monkeypatch.setattr(convolution_cpu, "TILES", 7)
    assert error(convolve_3x3(x, weight, bias, tiled_kernels(weight)), x, weight, bias) < 1e-5


def test_many_channels_are_rounded_about_as_much_as_by_torch():
    x, weight, bias = problem((20, 20), 512, 64)
    in_tiles = error(convolve_3x3(x, weight, bias, tiled_kernels(weight)), x, weight, bias)
    assert in_tiles <= 2 * error(F.conv2d(x, weight, bias), x, weight, bias)


def test_without_a_bias_nothing_is_added():
    x, weight, bias = problem((8, 8))
    found = convolve_3x3(x, weight, None, tiled_kernels(weight))
    assert error(found, x, weight, 0 * bias) < 1e-5


def test_maps_that_require_gradients_are_convolved_by_torch():
    x, weight, bias = problem((8, 8))
    assert convolve_3x3(x.requires_grad_(), weight, bias, tiled_kernels(weight)).requires_grad


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_layout_in_memory_changes_nothing(layout):
    x, weight, bias = problem((9, 14))
    found = convolve_3x3(x.contiguous(memory_format=layout), weight, bias, tiled_kernels(weight))
    assert torch.equal(found, convolve_3x3(x, weight, bias, tiled_kernels(weight)))
