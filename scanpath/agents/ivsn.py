"""IVSN: target-cued search with one attention map a picture (Zhang et al. 2018), and its form in the eccNET study."""

import copy
import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath.agents.agent import PriorityAgent, start_of
from scanpath.agents.eccnet import network
from scanpath.agents.history import History
from scanpath.agents.inhibition import CellOrSquareInhibition
from scanpath.agents.target_found import FoundRule, study_window
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.target_cue import scale_to_unit
from scanpath.recognition.backbone import Backbone
from scanpath.recognition.weights import Weights

#: White of the 2018 program, where the network was trained with 255.
WHITE = 256.0


class Ivsn(PriorityAgent):
    """Correlates one coarse level of features with the target's, once a picture, and visits the maxima in turn.

    This is the model as its 2018 program runs it. Pictures are cut at their own resolution; the study showed them at
    1024 x 1280 px, and its window sizes are for those. Blocks at the right and bottom edge are smaller and enlarged to
    the block size. The first fixation is already the map's maximum.

    Parameters
    ----------
    backbone, weights, preprocessing
        As for `EccNet`; max pooling, no eccentricity, the coarsest level alone.
    target_px
        Side to which the target is resized.
    block_px
        Side of the pieces that the network sees one by one; displays with slots are seen in one piece of this size.
    inhibition_px
        Side of the square closed around a fixation: rows y - size/2 + 1 to y + size/2. 200 for natural pictures, 100
        for Where's Waldo. On displays with slots the slot is closed instead.
    recognition_px
        Side of the window that must touch the target to find it; default 200, and 10 on displays with slots.
    found_rule
        When the search ends, instead of the window.
    device
        Where the network runs.

    References
    ----------
    Zhang, Feng, Ma, Lim, Zhao & Kreiman (2018). Finding any Waldo with zero-shot invariant and efficient visual
    search. Nature Communications 9, 3730. doi:10.1038/s41467-018-06217-x.
    """

    name = "ivsn"
    chooses_first = True

    def __init__(
        self,
        *,
        backbone: str | Backbone = "vgg16",
        weights: Weights | None = None,
        preprocessing: str | None = None,
        target_px: int = 28,
        block_px: int = 224,
        inhibition_px: int = 200,
        recognition_px: int | None = None,
        found_rule: FoundRule | None = None,
        device: str = "cpu",
    ) -> None:
        check_positive("inhibition_px", inhibition_px)
        rule = study_window(recognition_px, without_cells_px=200, shift_px=1, test_first=True)
        inhibition = CellOrSquareInhibition(inhibition_px, shift_px=1, from_first=True)
        super().__init__(inhibition=inhibition, found_rule=found_rule or rule)
        net = network(backbone, eccentricity=False, weights=weights, preprocessing=preprocessing, device=device)
        if net.preprocessing.scale == 255:
            net = copy.copy(net)
            net.preprocessing = dataclasses.replace(net.preprocessing, scale=WHITE)
        self.backbone = net
        self.target_px = check_count("target_px", target_px)
        self.block_px = check_count("block_px", block_px, least=32)

    def facts(self) -> dict[str, object]:
        """Return what fixations depend on beside the settings: rules set since, and the network."""
        return {"backbone": self.backbone.facts(), **super().facts()}

    def first_fixation(self, stimulus: Stimulus, generator: torch.Generator) -> tuple[float, float] | None:
        """Look at the map's maximum at once, as the model has no initial fixation, unless the stimulus gives one."""
        return super().first_fixation(stimulus, generator) if stimulus.start_xy is None else start_of(stimulus)

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the likeness to the target, (H, W) from 0 to 1; it does not depend on where the eye is."""
        return self.prepared(stimulus)

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Compute the map: displays with slots in one piece, other pictures block by block."""
        target = resized(stimulus.require_target(self.name).expand(3, -1, -1), (self.target_px, self.target_px))
        kernel = self.backbone.target_features(target[None].to(self.backbone.device))[-1]
        image, (height, width) = stimulus.rgb, stimulus.size
        step = max(height, width) if stimulus.cells is not None else self.block_px
        likeness = torch.zeros(height, width)
        for top in range(0, height, step):
            for left in range(0, width, step):
                block = image[:, top : top + step, left : left + step]
                likeness[top : top + step, left : left + step] = self.block_map(block, kernel)
        return scale_to_unit(likeness)

    def block_map(self, block: Tensor, kernel: Tensor) -> Tensor:
        """Return the map of one block, which the network sees at its own fixed size."""
        seen = resized(block, (self.block_px, self.block_px))[None].to(self.backbone.device)
        features = self.backbone(seen)[-1]
        # one px of padding around the correlation, as published: the map reaches slightly beyond the block
        likeness = F.conv2d(features, kernel, padding=1)[0]
        return resized(likeness.cpu(), (block.shape[-2], block.shape[-1]), mode="bicubic")[0]


def resized(image: Tensor, size: tuple[int, int], *, mode: str = "bilinear") -> Tensor:
    """Resize (C, H, W), with the filter widened when shrinking."""
    return F.interpolate(image[None], size=size, mode=mode, antialias=True, align_corners=False)[0]
