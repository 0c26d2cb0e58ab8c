"""The adapters hand DeepGaze what it asks for; the library itself is replaced by one that echoes its inputs."""

import sys
from types import SimpleNamespace
from typing import ClassVar

import pytest
import torch

from scanpath import InputError
from scanpath._core.errors import MissingDependencyError
from scanpath.guidance import deepgaze


class Echo:
    included_fixations = (-1, -2, -3, -4)
    calls: ClassVar[list] = []

    def __init__(self, pretrained):
        assert pretrained

    def eval(self):
        return self

    def __call__(self, image, bias, *history):
        Echo.calls.append((image, bias, *history))
        return bias + image.mean(1) / 100


@pytest.fixture
def library(monkeypatch):
    monkeypatch.setitem(sys.modules, "deepgaze_pytorch", SimpleNamespace(DeepGazeIIE=Echo, DeepGazeIII=Echo))
    deepgaze._model.cache_clear()
    Echo.calls.clear()
    yield
    deepgaze._model.cache_clear()


def test_pictures_are_scaled_and_densities_sum_to_one(library):
    picture = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    density = deepgaze.deepgaze_iie(picture)
    image, bias = Echo.calls[0]
    torch.testing.assert_close(image[0], 255 * picture)
    assert float(bias.exp().sum()) == pytest.approx(1)
    assert density.shape == (20, 30)
    assert float(density.sum()) == pytest.approx(1)


def test_history_is_the_last_four_newest_first_and_missing_ones_are_nan(library):
    picture = torch.zeros(1, 20, 30)
    deepgaze.deepgaze_iii(picture, [(i, 10 + i) for i in range(6)])
    assert Echo.calls[0][2].tolist() == [[5, 4, 3, 2]]
    assert Echo.calls[0][3].tolist() == [[15, 14, 13, 12]]
    deepgaze.deepgaze_iii(picture, [(7, 8)])
    assert Echo.calls[1][2][0, 0] == 7
    assert torch.isnan(Echo.calls[1][2][0, 1:]).all()
    with pytest.raises(InputError, match="center_bias"):
        deepgaze.deepgaze_iie(picture, center_bias=torch.zeros(3, 3))


def test_without_the_library_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "deepgaze_pytorch", None)
    deepgaze._model.cache_clear()
    with pytest.raises(MissingDependencyError, match="matthias-k/DeepGaze"):
        deepgaze.deepgaze_iie(torch.zeros(3, 8, 8))
