"""Detectors of torchvision, with random weights: boxes that a stimulus takes."""

import pytest
import torch

from scanpath import InputError, InputWarning
from scanpath.gaze.objects import check_objects
from scanpath.recognition.detector import _whole, detect_objects

SMALL = "ssdlite320_mobilenet_v3_large"


def test_detections_are_boxes_of_the_picture():
    image = torch.rand(3, 60, 80, generator=torch.Generator().manual_seed(0))
    found = detect_objects(image, {"seed": 1}, detector=SMALL, least_score=0.0)
    assert len(found.objects) == len(found.labels) == len(found.scores) > 0
    assert list(found.scores) == sorted(found.scores, reverse=True)
    with pytest.warns(InputWarning, match="overlap"):
        assert check_objects(found.objects, (60, 80), "picture") == found.objects
    assert not any(label.isdecimal() for label in found.labels)


def test_boxes_become_whole_pixels_and_doubtful_ones_are_left_out():
    corners = torch.tensor([[-0.4, 1.6, 10.2, 9.9], [0, 2, 10, 10], [5, 5, 5.3, 9], [70, 50, 90, 70], [1, 1, 9, 9]])
    raw = {"boxes": corners, "labels": torch.tensor([3, 4, 5, 6, 7]), "scores": torch.tensor([0.9, 0.8, 0.7, 0.6, 0.1])}
    found = _whole(raw, (60, 80), 0.5)
    assert found.objects == ((0, 2, 10, 8), (70, 50, 10, 10))
    assert found.labels == ("3", "6")


def test_the_same_weights_from_a_file_find_the_same(tmp_path):
    from safetensors.torch import save_file
    from torchvision import models

    image = torch.rand(3, 60, 80, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = models.get_model(SMALL, weights=None, weights_backbone=None)
    save_file(network.state_dict(), tmp_path / "random.safetensors")
    from_file = detect_objects(image, tmp_path / "random.safetensors", detector=SMALL, least_score=0.0)
    assert from_file == detect_objects(image, {"seed": 1}, detector=SMALL, least_score=0.0)


def test_boxes_that_smaller_ones_hide_are_left_out():
    corners = torch.tensor([[0.0, 0, 10, 5], [0, 0, 5, 5], [5, 0, 10, 5]])
    raw = {"boxes": corners, "labels": torch.tensor([1, 2, 3]), "scores": torch.tensor([0.9, 0.8, 0.7])}
    assert _whole(raw, (60, 80), 0.5, ("nothing", "person", "bicycle")).labels == ("bicycle", "3")


def test_unknown_detectors_and_other_weights_are_refused(tmp_path):
    from safetensors.torch import save_file

    with pytest.raises(InputError, match="detector"):
        detect_objects(torch.zeros(3, 9, 9), {"seed": 0}, detector="yolo")
    save_file({"a": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match="does not fit"):
        detect_objects(torch.zeros(3, 9, 9), tmp_path / "w.safetensors", detector=SMALL)
