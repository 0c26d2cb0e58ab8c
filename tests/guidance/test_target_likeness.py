"""What a map of likeness to a target says of each cell."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from scanpath import InputError
from scanpath.guidance.fixation_readout import CUE_DEG, N_CUE_CHANNELS
from scanpath.guidance.target_likeness import likeness_channels
from scanpath.recognition.feature_cells import cell_grid

GRID = cell_grid((6.0, 8.0), 1 / 3)


def _likeness(seed: int = 0) -> torch.Tensor:
    return torch.rand(72, 96, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=20)
@given(scale=st.floats(0.01, 100), offset=st.floats(-5, 5), seed=st.integers(0, 50))
def test_the_unit_of_the_map_does_not_matter(scale, offset, seed):
    expected = likeness_channels(_likeness(seed), 12, GRID)
    found = likeness_channels(scale * (_likeness(seed) + offset), 12, GRID)
    torch.testing.assert_close(found[::2], expected[::2], atol=0.02, rtol=0.02)
    assert found.shape == (N_CUE_CHANNELS, GRID.rows, GRID.columns)


def test_ranks_say_how_few_cells_are_as_like_the_target():
    channels = likeness_channels(_likeness(), 12, GRID)
    for width in range(len(CUE_DEG)):
        standard, rank = channels[2 * width].flatten().numpy(), channels[2 * width + 1].flatten().numpy()
        as_like = rankdata(-standard, method="max")
        np.testing.assert_allclose(np.exp(-2 * rank), as_like / len(standard), rtol=1e-4)
        assert standard.mean() == pytest.approx(0, abs=1e-4)
        assert standard.std() == pytest.approx(1, abs=1e-4)


def test_the_place_most_like_the_target_is_where_it_was():
    likeness = torch.zeros(72, 96)
    likeness[24:36, 60:72] = 1.0
    channels = likeness_channels(likeness, 12, GRID)
    for one in channels:
        row, column = divmod(int(one.argmax()), GRID.columns)
        assert abs((row + 0.5) / 3 - 30 / 12) < 0.7
        assert abs((column + 0.5) / 3 - 66 / 12) < 0.7


def test_a_map_that_is_the_same_everywhere_says_nothing():
    assert not likeness_channels(torch.full((72, 96), 0.7), 12, GRID).any()


def test_maps_with_gaps_are_refused():
    likeness = _likeness()
    likeness[3, 4] = float("nan")
    with pytest.raises(InputError, match="finite"):
        likeness_channels(likeness, 12, GRID)
