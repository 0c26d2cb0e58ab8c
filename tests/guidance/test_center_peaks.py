"""Center-peaked maps of boxes: mass, place and shape, and the attention they score."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from scanpath import InputError, UndefinedError
from scanpath.guidance import center_peaked_map
from scanpath.guidance.center_peaks import SIGMA_SHARE
from scanpath.metrics import background_share, kl_divergence

BOX = (10, 4, 21, 9)


def test_the_map_is_a_gaussian_integrated_over_each_pixel():
    """Against SciPy's normal distribution on the edges of the pixels, pixel centers being whole numbers."""
    found = center_peaked_map([BOX], (30, 50)).numpy()
    x = norm.cdf(np.arange(51) - 0.5, loc=20, scale=21 * SIGMA_SHARE)
    y = norm.cdf(np.arange(31) - 0.5, loc=8, scale=9 * SIGMA_SHARE)
    wanted = np.outer(np.diff(y), np.diff(x))
    wanted[:4], wanted[13:], wanted[:, :10], wanted[:, 31:] = 0, 0, 0, 0
    assert wanted.sum() == pytest.approx(0.9612**2, abs=2e-4)  # of each axis, 0.9612 lie within the box
    np.testing.assert_allclose(found, wanted / wanted.sum(), atol=1e-15)


@pytest.mark.parametrize("box", [(0, 0, 7, 5), (43, 25, 7, 5), (3.25, 2.5, 9.5, 6.25), (0, 0, 50, 30), (4, 4, 1, 1)])
def test_mass_is_one_inside_the_box_and_peaks_in_its_middle(box):
    found = center_peaked_map([box], (30, 50))
    x, y, width, height = box
    inside = torch.zeros(30, 50, dtype=torch.bool)
    inside[int(y) : int(np.ceil(y + height)), int(x) : int(np.ceil(x + width))] = True
    assert float(found.sum()) == pytest.approx(1)
    assert float(found[~inside].abs().sum()) == 0
    row, column = divmod(int(found.argmax()), 50)
    assert abs(column - (x + (width - 1) / 2)) <= 0.5
    assert abs(row - (y + (height - 1) / 2)) <= 0.5


def test_boxes_share_by_their_weights():
    boxes = [(0, 0, 10, 10), (30, 10, 10, 10)]
    found = center_peaked_map(boxes, (30, 50), weights=[1, 3])
    assert float(found[:, 30:].sum()) == pytest.approx(0.75)
    assert float(center_peaked_map(boxes, (30, 50))[:, 30:].sum()) == pytest.approx(0.5)


def test_wide_gaussians_are_flat_in_the_box():
    found = center_peaked_map([BOX], (30, 50), sigma_share=100)
    np.testing.assert_allclose(found[4:13, 10:31], 1 / (21 * 9), rtol=1e-4)


def test_attention_is_scored_by_share_and_place():
    gold = center_peaked_map([BOX], (30, 50)).numpy()
    assert background_share(gold, gold) == 0
    assert background_share(np.ones((30, 50)), gold) == pytest.approx(1 - 21 * 9 / 1500)
    assert background_share(np.roll(gold, 25, axis=1), gold) == pytest.approx(1)
    assert kl_divergence(gold, gold) == pytest.approx(0, abs=1e-12)
    flat = (gold > 0).astype(float)
    assert background_share(flat, gold) == 0
    assert kl_divergence(flat, gold) > 0.2  # in the box, and yet not in its middle


def test_what_is_no_box_or_no_attention_is_refused():
    for boxes, settings, words in (
        ([], {}, "at least one box"),
        ([(40, 0, 20, 5)], {}, "not lie inside"),
        ([BOX], {"weights": [1, 2]}, "1 numbers"),
        ([BOX], {"weights": [0]}, "not all 0"),
        ([BOX], {"weights": ["half"]}, "1 numbers"),
        ([BOX], {"sigma_share": 0}, "sigma_share"),
    ):
        with pytest.raises(InputError, match=words):
            center_peaked_map(boxes, (30, 50), **settings)
    with pytest.raises(UndefinedError, match="0 everywhere"):
        background_share(np.zeros((3, 3)), np.ones((3, 3)))
    with pytest.raises(InputError, match="size"):
        background_share(np.ones((3, 3)), np.ones((3, 4)))
