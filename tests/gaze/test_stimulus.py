import numpy as np
import pytest
import torch
from PIL import Image

from scanpath import InputError, Stimulus


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "room.png"
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8)).save(path)
    return path


def test_a_file_gives_name_and_size_without_being_kept(picture):
    stimulus = Stimulus(picture)
    assert (stimulus.name, stimulus.size) == ("room.png", (6, 8))
    assert stimulus.image.shape == (1, 6, 8)
    picture.unlink()
    with pytest.raises(InputError, match="no picture"):
        _ = stimulus.image


def test_gray_is_repeated_only_when_color_is_asked_for():
    stimulus = Stimulus(torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(0)))
    assert stimulus.image.shape == (1, 4, 4)
    assert torch.equal(stimulus.rgb[0], stimulus.rgb[2])


@pytest.mark.parametrize("box", [(0, 0, 9, 1), (-1, 0, 2, 2), (6, 4, 2, 3), (float("nan"), 0, 1, 1)])
def test_a_box_must_lie_inside(box):
    with pytest.raises(InputError, match="does not lie inside"):
        Stimulus(torch.zeros(1, 6, 8), target_box=box)


def test_masks_of_files_and_tensors_mean_the_same():
    truth = np.zeros((6, 8), bool)
    truth[2:4, 3:5] = True
    kinds = [truth, truth.astype(np.uint8) * 255, truth.astype(np.float32), torch.from_numpy(truth)[None], truth * 1]
    for kind in kinds:
        assert np.array_equal(Stimulus(torch.zeros(1, 6, 8), target_mask=kind).target_mask.numpy(), truth)


def test_a_box_holds_a_pixel():
    with pytest.raises(InputError, match="is empty"):
        Stimulus(torch.zeros(1, 6, 8), target_box=(0, 0, 0, 3))
    with pytest.raises(InputError, match=r"0\.4 x 3 px"):
        Stimulus(torch.zeros(1, 6, 8), target_box=(1, 1, 0.4, 3))
    assert Stimulus(torch.rand(1, 6, 8), target_box=(7, 4.5, 1, 1.5)).require_target("agent").numel() > 0


@pytest.mark.parametrize("value", [2, 0.3, np.nan, 999])
def test_masks_on_other_scales_are_not_taken_for_empty_ones(value):
    with pytest.raises(InputError, match="0 to 255"):
        Stimulus(torch.zeros(1, 6, 8), target_mask=np.full((6, 8), value))


@pytest.mark.parametrize("facts", [{"target_mask": "mask.png"}, {"cells": "cells.png"}, {"background": "gray"}])
def test_facts_that_are_no_numbers_are_named(facts):
    with pytest.raises(InputError, match=next(iter(facts))):
        Stimulus(torch.zeros(1, 6, 8), **facts)


def test_shapes_must_agree():
    with pytest.raises(InputError, match="target_mask must have"):
        Stimulus(torch.zeros(1, 6, 8), target_mask=np.zeros((3, 3)))
    with pytest.raises(InputError, match="cells must be integer"):
        Stimulus(torch.zeros(1, 6, 8), cells=np.zeros((6, 8)))
    with pytest.raises(InputError, match="cells must be integer"):
        Stimulus(torch.zeros(1, 6, 8), cells=np.full((6, 8), -1))


def test_the_target_is_cut_from_the_box_where_there_is_no_picture_of_it():
    image = torch.arange(48.0).reshape(1, 6, 8) / 48
    target = Stimulus(image, target_box=(2, 1, 3, 2)).require_target("A model")
    assert torch.equal(target, image[:, 1:3, 2:5])


def test_missing_facts_are_said_with_the_name_of_who_needs_them():
    stimulus = Stimulus(torch.zeros(1, 6, 8), name="plain")
    with pytest.raises(InputError, match=r"eccNET looks for a target, and stimulus 'plain' has none"):
        stimulus.require_target("eccNET")


@pytest.mark.parametrize("value", [0, -3, float("nan")])
def test_scale_must_be_positive(value):
    with pytest.raises(InputError, match="px_per_deg"):
        Stimulus(torch.zeros(1, 6, 8), px_per_deg=value)


def test_the_start_may_lie_beside_the_picture_but_not_nowhere():
    assert Stimulus(torch.zeros(1, 6, 8), start_xy=(9, 0)).start_xy == (9.0, 0.0)
    with pytest.raises(InputError, match="start_xy"):
        Stimulus(torch.zeros(1, 6, 8), start_xy=(0, float("nan")))
