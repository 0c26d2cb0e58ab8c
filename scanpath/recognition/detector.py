"""Objects of photographs, found by a detector of torchvision."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from scanpath._core.checks import check_share
from scanpath._core.errors import InputError, unknown_name
from scanpath.gaze.boxes import Box
from scanpath.gaze.objects import in_view
from scanpath.recognition.weights import Weights, read_weights


class Detections(NamedTuple):
    """What a detector found, most certain first.

    Attributes
    ----------
    objects
        Boxes (x, y, width, height) in px, whole pixels within the picture.
    labels
        COCO's categories, which torchvision's detectors know, or the class number where it is none.
    scores
        How certain it is.
    """

    objects: tuple[Box, ...]
    labels: tuple[str, ...]
    scores: tuple[float, ...]


def detect_objects(
    image: Tensor, weights: Weights, *, detector: str = "fasterrcnn_resnet50_fpn", least_score: float = 0.5
) -> Detections:
    """Find objects in a photograph, for `scanpath.Stimulus(objects=..., object_labels=...)`.

    A detector finds what it was trained on, which need not be what is looked for. Boxes that smaller ones hide are left
    out, as no fixation can be on them.

    Parameters
    ----------
    image
        (3, H, W) in [0, 1].
    weights
        A file with the detector's state dict, which is never downloaded here; ``{"seed": n}`` for random ones.
    detector
        One of torchvision's detectors.
    least_score
        Boxes of which it is less certain are left out, and of boxes of the same pixels all but the first.

    Raises
    ------
    InputError
        If there is no such detector, or the weights do not fit it.
    """
    from torchvision import models

    known = models.list_models(module=models.detection)
    if detector not in known:
        raise unknown_name("detector", detector, known)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(weights["seed"] if isinstance(weights, dict) else 0)
        network = models.get_model(detector, weights=None, weights_backbone=None)
    if not isinstance(weights, dict):
        try:
            network.load_state_dict(read_weights(weights))  # type: ignore[arg-type]  # no mapping is left
        except RuntimeError as error:
            raise InputError(f"{weights} does not fit {detector}: {str(error).splitlines()[0]}") from error
    with torch.inference_mode():
        found = network.eval()([image])[0]
    categories = models.get_model_weights(detector)["DEFAULT"].meta["categories"]
    return _whole(found, image.shape[-2:], check_share("least_score", least_score), categories)


def _whole(
    found: dict[str, Tensor], size: tuple[int, ...], least_score: float, categories: Sequence[str] = ()
) -> Detections:
    """Bring boxes of two corners to whole pixels, and leave out those that are nothing, there twice or hidden."""
    height, width = size
    kept: dict[Box, tuple[str, float]] = {}
    corners = found["boxes"].round().clamp(min=0)
    for (left, top, right, bottom), label, score in zip(
        corners.tolist(), found["labels"].tolist(), found["scores"].tolist()
    ):
        box = (left, top, min(right, width) - left, min(bottom, height) - top)
        if score >= least_score and min(box[2:]) >= 1:
            name = str(categories[label]) if 0 <= label < len(categories) else str(label)
            kept.setdefault(box, (name, score))
    if not kept:
        return Detections((), (), ())
    boxes, told = list(kept), list(kept.values())
    shown = in_view(boxes)
    labels, scores = zip(*(told[place] for place in shown))
    return Detections(tuple(boxes[place] for place in shown), labels, scores)
