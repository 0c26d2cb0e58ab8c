import numpy as np
import pytest
import torch

import scanpath as sp


def test_adapters_of_deepgaze_are_public_and_take_arrays(monkeypatch):
    import sys
    from types import SimpleNamespace

    from scanpath.guidance import deepgaze

    class Flat:
        def __init__(self, pretrained):
            pass

        def eval(self):
            return lambda image, bias: bias

    monkeypatch.setitem(sys.modules, "deepgaze_pytorch", SimpleNamespace(DeepGazeIIE=Flat))
    deepgaze._model.cache_clear()
    density = sp.guidance.deepgaze_iie(np.zeros((3, 8, 10), dtype=np.float32))
    deepgaze._model.cache_clear()
    assert isinstance(density, np.ndarray)
    assert density.sum() == pytest.approx(1)


def test_maps_fill_the_picture_with_a_peak_of_one():
    from scanpath.guidance.sharpening import enlarge_to_peak_one

    maps = torch.stack([torch.zeros(1, 2, 2), torch.arange(4.0).reshape(1, 2, 2)])
    full = enlarge_to_peak_one(maps, (6, 8))
    assert full.shape == (2, 1, 6, 8)
    assert full.amax((1, 2, 3)).tolist() == [0, 1]
