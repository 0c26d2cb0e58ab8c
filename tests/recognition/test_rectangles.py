import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scanpath.recognition.ground_map import GroundMap
from scanpath.recognition.rectangles import Endless, Patch, Reach, Rectangle, probe_reach

spans = st.tuples(st.integers(-20, 20), st.integers(1, 12)).map(lambda place: (place[0], place[0] + place[1]))
reaches = st.builds(Reach, st.integers(1, 4), st.integers(0, 5), st.integers(0, 5))


@given(reach=reaches, span=spans)
def test_an_output_is_affected_exactly_if_it_sees_an_input_of_the_span(reach, span):
    start, stop = reach.affected(*span)
    sees = [o for o in range(-60, 60) if set(range(*reach.sources(o, o + 1))) & set(range(*span))]
    # with a stride above the window some spans are seen by nobody
    assert list(range(start, max(start, stop))) == sees


@given(reach=reaches, span=spans)
def test_aligned_sources_begin_on_an_outputs_place_and_leave_nothing_out(reach, span):
    first, last = reach.aligned_sources(*span)
    assert first % reach.stride == 0
    assert set(range(*reach.sources(*span))) <= set(range(first, last))


rectangles = st.tuples(spans, spans).map(lambda both: Rectangle(*both[0], *both[1]))


@given(outer=rectangles, other=rectangles)
def test_the_rest_covers_what_is_left_once(outer, other):
    inner = outer.within(other)
    count = np.zeros((60, 60), dtype=int)
    for part in [*outer.without(inner), *([] if inner.empty else [inner])]:
        part.moved(20, 20).put(count, count[part.moved(20, 20).slices] + 1)
    expected = np.zeros((60, 60), dtype=int)
    outer.moved(20, 20).put(expected, 1)
    np.testing.assert_array_equal(count, expected)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (nn.Conv2d(2, 3, 3, padding=1), Reach(1, 1, 1)),
        (nn.Conv2d(2, 3, 1), Reach(1, 0, 0)),
        (nn.Conv2d(2, 3, 3, stride=2, padding=1), Reach(2, 1, 1)),
        (nn.Conv2d(2, 3, 11, stride=4, padding=5), Reach(4, 5, 5)),
        (nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 2, 5, padding=2)), Reach(1, 3, 3)),
        (nn.AvgPool2d(2), Reach(2, 0, 1)),
        (nn.Sequential(nn.Conv2d(2, 2, 3, stride=2, padding=1), nn.Conv2d(2, 2, 3, padding=1)), Reach(2, 3, 3)),
    ],
)
def test_the_reach_of_layers_is_found(layers, expected):
    assert probe_reach(layers, 2) == expected


def test_a_patch_lies_over_the_ground():
    patch = Patch(torch.ones(1, 2, 3, 3), Rectangle(4, 7, -1, 2))
    over = patch.over(Endless(torch.tensor([5.0, 6.0])), Rectangle(5, 9, 0, 3))
    expected = torch.tensor([5.0, 6.0])[None, :, None, None].expand(1, 2, 4, 3).clone()
    expected[:, :, :2, :2] = 1
    assert torch.equal(over, expected)
    assert over.is_contiguous(memory_format=torch.channels_last)


def test_a_patch_elsewhere_leaves_the_ground():
    patch = Patch(torch.ones(1, 1, 2, 2), Rectangle(0, 2, 0, 2))
    whole = torch.arange(144.0).reshape(1, 1, 12, 12)
    ground = GroundMap.of(12, torch.zeros(1), (0, 0), lambda rim: whole[(..., *rim.slices)])
    assert torch.equal(patch.over(ground, Rectangle(8, 10, 8, 11)), whole[..., 8:10, 8:11])
