"""The saliency map of Itti, Koch and Niebur, on pictures whose odd one out is known."""

import math

import numpy as np
import pytest
import torch

from scanpath.guidance import itti_koch
from scanpath.guidance.itti_koch import normalize

CENTERS = [(80 + 120 * column, 60 + 120 * row) for row in range(4) for column in range(5)]


def display(odd, kind):
    """Draw 20 items on 640 x 480 px, all alike but one."""
    rows, columns = torch.meshgrid(torch.arange(480.0), torch.arange(640.0), indexing="ij")
    image = torch.full((3, 480, 640), 0.45)
    for index, (x, y) in enumerate(CENTERS):
        angle = math.radians(90 if kind == "orientation" and index == odd else 0)
        along = (columns - x) * math.cos(angle) + (rows - y) * math.sin(angle)
        across = (rows - y) * math.cos(angle) - (columns - x) * math.sin(angle)
        bar = (along.abs() < 22) & (across.abs() < 7)
        usual, unusual = {
            "color": ((0.2, 0.7, 0.2), (0.8, 0.35, 0.2)),
            "intensity": ((0.55, 0.55, 0.55), (0.8, 0.8, 0.8)),
            "orientation": ((0.7, 0.7, 0.7), (0.7, 0.7, 0.7)),
        }[kind]
        image[:, bar] = torch.tensor(unusual if index == odd else usual)[:, None]
    return image


@pytest.mark.parametrize("kind", ["color", "orientation", "intensity"])
@pytest.mark.parametrize("odd", [6, 13])
def test_the_odd_one_pops_out(kind, odd):
    saliency = itti_koch(display(odd, kind))
    peaks = [float(saliency[y - 30 : y + 31, x - 30 : x + 31].max()) for x, y in CENTERS]
    assert int(np.argmax(peaks)) == odd
    assert saliency.max() == 1
    assert saliency.min() >= 0


def test_normalization_prefers_one_peak_to_many():
    one, many = torch.zeros(1, 1, 20, 20), torch.zeros(1, 1, 20, 20)
    one[..., 10, 10] = 0.5
    many[..., 2::5, 2::5] = 0.5
    assert normalize(one).max() == 1
    assert normalize(many).max() == 0
    assert normalize(torch.full((1, 1, 8, 8), 0.3)).max() == 0


def test_batches_gray_small_and_blank_pictures():
    pictures = torch.rand(2, 3, 45, 61, generator=torch.Generator().manual_seed(0))
    pictures[1] = 0.2
    maps = itti_koch(pictures)
    torch.testing.assert_close(maps[0], itti_koch(pictures[0]), atol=1e-6, rtol=1e-5)
    assert (maps[1] == 0).all()
    assert itti_koch(np.zeros((1, 9, 7), dtype=np.float32)).shape == (9, 7)
