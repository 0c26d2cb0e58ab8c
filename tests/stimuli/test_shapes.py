import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath.stimuli.shapes import arc, difference, disc, pixel_block, rectangle, render, ring, rotated, union


def test_whole_pixels_are_covered_wholly():
    image = render(pixel_block(2, 4, 1, 6), 9, 9)
    expected = np.zeros((9, 9))
    expected[2:5, 1:7] = 1
    np.testing.assert_array_equal(image, expected)


def test_half_pixels_are_covered_by_half():
    image = render(rectangle(0, 4, -0.5, 4.5), 5, 5)
    np.testing.assert_allclose(image, np.tile([0.5, 1, 1, 1, 0.5], (5, 1)))


@settings(max_examples=30, deadline=None)
@given(angle=st.floats(-360, 360), size=st.integers(20, 90))
def test_turning_keeps_area_and_center(angle, size):
    bar = rotated(rectangle(20, 40, 27, 32), angle, 30, 29.5)
    image = render(bar, 60, size)
    sample = 60 / (8 * size)  # edges are placed to one sample
    assert image.sum() * (60 / size) ** 2 == pytest.approx(100, abs=25 * sample)
    rows, columns = np.indices(image.shape)
    center = [(image * axis).sum() / image.sum() for axis in (columns, rows)]
    expected = [(value + 0.5) * size / 60 - 0.5 for value in (30, 29.5)]
    np.testing.assert_allclose(center, expected, atol=0.13)


def test_positive_turns_are_counter_clockwise_on_the_screen():
    right = disc(40, 30, 4)  # to the right of the middle; a quarter turn takes it above, where y is smaller
    image = render(rotated(right, 90, 30, 30), 61, 61)
    assert np.unravel_index(image.argmax(), image.shape)[0] < 25
    np.testing.assert_allclose(image, render(disc(30, 20, 4), 61, 61), atol=0.02)


def test_round_shapes_have_their_areas():
    assert render(disc(29.5, 29.5, 20), 60, 60).sum() == pytest.approx(math.pi * 400, rel=2e-3)
    assert render(ring(29.5, 29.5, 20, 12), 60, 60).sum() == pytest.approx(math.pi * (400 - 144), rel=2e-3)


def test_an_arc_has_its_length_times_its_width_and_two_half_discs():
    image = render(arc(24, -2, 30, 52, 127, 6), 48, 96)
    expected = 30 * math.radians(75) * 6 + math.pi * 9
    assert image.sum() / 4 == pytest.approx(expected, rel=5e-3)


def test_an_arc_may_cross_the_leftward_horizontal():
    across = render(arc(30, 30, 20, 150, 210, 5), 61, 61)
    np.testing.assert_allclose(across, render(rotated(arc(30, 30, 20, 60, 120, 5), -90, 30, 30), 61, 61), atol=0.05)


def test_union_and_difference_are_those_of_sets():
    one, other = disc(10, 10, 6), disc(15, 10, 6)
    both, only = render(union(one, other), 26, 26), render(difference(one, other), 26, 26)
    np.testing.assert_allclose(both, only + render(other, 26, 26))


def test_large_canvases_are_rendered_in_strips_without_seams():
    small, large = render(disc(50, 50, 40), 101, 101), render(disc(50, 50, 40), 101, 808)
    np.testing.assert_allclose(large.reshape(101, 8, 101, 8).mean(axis=(1, 3)), small, atol=0.02)
