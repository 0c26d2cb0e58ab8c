import importlib.util

import pytest
import torch

import scanpath as sp
from scanpath.foveation import cvvdp_quality


def test_without_the_library_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pycvvdp", None)
    with pytest.raises(ImportError, match="pip install cvvdp"):
        cvvdp_quality(torch.rand(1, 64, 64), torch.rand(1, 64, 64), px_per_deg=30)


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(sp.InputError, match="one shape"):
        cvvdp_quality(torch.rand(1, 64, 64), torch.rand(1, 64, 32), px_per_deg=30)


@pytest.mark.skipif(importlib.util.find_spec("pycvvdp") is None, reason="needs cvvdp")
def test_a_stronger_blur_has_less_quality():
    picture = torch.rand(3, 96, 96, generator=torch.Generator().manual_seed(0))
    seen = [sp.foveated_blur(picture, (48, 48), px_per_deg=12, strength=s) for s in (1, 3, 9)]
    qualities = [cvvdp_quality(picture, one, px_per_deg=12) for one in (picture, *seen)]
    assert qualities[0] == pytest.approx(10)
    assert qualities == sorted(qualities, reverse=True)
