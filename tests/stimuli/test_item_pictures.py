"""Pictures of one item: the same for any number of them, and an item on plain ground in each."""

import numpy as np
import pytest

from scanpath import InputError
from scanpath.stimuli.item_pictures import item_pictures


def test_a_picture_does_not_depend_on_how_many_there_are():
    few, many = item_pictures(3, seed=4), item_pictures(11, seed=4)
    assert (few.images == many.images[:3]).all()
    assert (item_pictures(3, seed=5).images != few.images).any()


def test_items_lie_in_the_middle_of_plain_ground():
    drawn = item_pictures(24, size_px=20, side_px=80)
    for image in drawn.images:
        differs = np.argwhere((image != image[:, :1, :1]).any(axis=0))
        assert len(differs) > 20
        assert abs(differs - 39.5).max() < 22
    empty = item_pictures(24, size_px=20, side_px=80, empty=True)
    assert (empty.labels == -1).all()
    assert np.ptp(empty.images, axis=(2, 3)).max() == 0


def test_items_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="twice their size"):
        item_pictures(1, size_px=50, side_px=60)
