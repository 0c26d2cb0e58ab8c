import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from scanpath import InputError
from scanpath.guidance import combine_levels, cue_map, level_weights, scale_to_unit
from scanpath.guidance.target_cue import cue_patch, empty_cues
from scanpath.recognition.ground_map import GroundMap
from scanpath.recognition.rectangles import Patch, Rectangle


@settings(max_examples=20, deadline=None)
@given(h=st.integers(1, 4), w=st.integers(1, 4), seed=st.integers(0, 1000))
def test_the_cue_is_the_correlation_with_one_more_row_behind_an_even_middle(h, w, seed):
    rng = np.random.default_rng(seed)
    features, target = rng.standard_normal((3, 9, 8)), rng.standard_normal((3, h, w))
    padded = np.pad(features, ((0, 0), ((h - 1) // 2, h // 2), ((w - 1) // 2, w // 2)))
    expected = sum(signal.correlate2d(a, b, mode="valid") for a, b in zip(padded, target))
    found = cue_map(torch.from_numpy(features), torch.from_numpy(target))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(h=st.integers(1, 5), w=st.integers(1, 5), data=st.data())
def test_a_cue_where_a_picture_is_and_that_of_empty_ground_elsewhere_make_the_cue_of_both(h, w, data):
    """The ground is 7s inside a border of chance values."""
    side, border = data.draw(st.integers(8, 30)), data.draw(st.integers(0, 3))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    drawn = torch.randint(-5, 6, (1, 2, side, side), generator=generator).float()
    empty = drawn.clone()
    empty[..., border : side - border, border : side - border] = 7
    ground = GroundMap.of(
        side, torch.full((2,), 7.0), (border, side - border), lambda rim: empty[(..., *rim.slices)].clone()
    )
    top, left = (data.draw(st.integers(0, side - 2)) for _ in range(2))
    place = Rectangle(top, data.draw(st.integers(top + 1, side)), left, data.draw(st.integers(left + 1, side)))
    picture = torch.randint(-5, 6, (1, 2, *place.size), generator=generator).float()
    target = torch.randint(-5, 6, (2, h, w), generator=generator).float()
    whole = empty.clone()
    place.put(whole, picture)
    found = empty_cues(ground, target)
    torch.testing.assert_close(found, cue_map(empty[0], target))
    where, values = cue_patch(Patch(picture, place), ground, target)
    where.put(found, values)
    torch.testing.assert_close(found, cue_map(whole[0], target))


def test_a_copy_of_the_target_stands_out_where_it_is():
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(8, 20, 24, generator=generator) * 0.3
    target = torch.rand(8, 3, 3, generator=generator)
    features[:, 10:13, 5:8] = target
    peak = int(cue_map(features, target).argmax())
    assert divmod(peak, 24) == (11, 6)


def test_scaling_uses_the_whole_range_and_a_constant_map_is_empty():
    scaled = scale_to_unit(torch.tensor([[3.0, -1.0], [7.0, 1.0]]))
    assert (scaled.min(), scaled.max()) == (0, 1)
    assert torch.equal(scale_to_unit(torch.full((2, 2), 4.0)), torch.zeros(2, 2))


def test_weights_are_the_maxima_or_equal():
    maps = [torch.tensor([[1.0, 6.0]]), torch.tensor([[2.0, 0.0]])]
    torch.testing.assert_close(level_weights(maps, "maximum"), torch.tensor([0.75, 0.25], dtype=torch.float64))
    torch.testing.assert_close(level_weights(maps, "equal"), torch.tensor([0.5, 0.5], dtype=torch.float64))


def test_maps_without_a_positive_sum_of_maxima_are_weighted_equally():
    maps = [torch.zeros(2, 2), torch.zeros(2, 2)]
    torch.testing.assert_close(level_weights(maps, "maximum"), torch.tensor([0.5, 0.5], dtype=torch.float64))
    assert torch.equal(combine_levels(maps), torch.zeros(2, 2, dtype=torch.float64))


def test_an_unknown_weighting_is_named():
    with pytest.raises(InputError, match="level_weighting"):
        level_weights([torch.ones(2, 2)], "max")
    with pytest.raises(InputError, match="at least one"):
        level_weights([], "equal")


def test_equals_the_original_program_from_its_raw_maps_on(shared):
    folder = shared / "goldens" / "eccnet"
    trials = {trial["id"]: trial for trial in json.loads((folder / "trials.json").read_text())}
    weighting = {"nl": "maximum", "l": "equal"}
    with np.load(folder / "first_maps.npz") as arrays:
        runs = [key.removesuffix("__raw") for key in arrays if key.endswith("__raw")]
        assert len(runs) > 10
        for run in runs:
            raw = [torch.from_numpy(level) for level in arrays[f"{run}__raw"]]
            how = weighting[trials[run.split("__")[0]]["weight_pattern"]]
            np.testing.assert_allclose(level_weights(raw, how).numpy(), arrays[f"{run}__w_l"], atol=1e-12)
            np.testing.assert_allclose(combine_levels(raw, how).numpy(), arrays[f"{run}__combined"], atol=1.2e-7)
