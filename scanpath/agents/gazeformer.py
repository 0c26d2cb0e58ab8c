"""Gazeformer: a whole search scanpath at once, for targets given in words (Mondal et al. 2023)."""

import os
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from scanpath._core.errors import InputError, unknown_name
from scanpath.agents.agent import PlannedAgent
from scanpath.agents.episode import Episode, Fixation
from scanpath.agents.history import History
from scanpath.agents.target_found import FoundRule
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.gazeformer import FRAME_PX, LONGEST, SHOWN_PX, WORDS, CocoFeatures, GazeformerNetwork, Planned
from scanpath.recognition.weights import checksum, load_strictly, read_weights

_BODY = "backbone.body."
#: Places are kept this far from the far borders of the network's frame, as the original does.
_MARGIN_PX = 2


class Gazeformer(PlannedAgent):
    """Plans up to seven fixations of a search, with durations, from the picture and the words for the target.

    Gives the network of the original program, for the checkpoint that its authors publish; there is none in the
    package. The first fixation is at the center; the others are drawn, each by itself, from Gaussians of its column,
    row and duration, cut at 0. The picture is squeezed into the network's frame. The words for the target are the
    stimulus's ``caption``.

    Parameters
    ----------
    weights
        The authors' checkpoint, such as ``gazeformer_cocosearch_TP.pkg``, or its model's state dict.
    backbone_weights
        Torchvision's ``maskrcnn_resnet50_fpn_coco-*.pth``, of which the ResNet-50 is used.
    embeddings
        Vectors (768,) of words, by the words: a mapping, or a safetensors file. The original's are those of
        ``SentenceTransformer("sentence-transformers/stsb-roberta-base-v2").encode(words)``.
    found_rule
        When a search ends before its plan; default never.

    References
    ----------
    Mondal, Yang, Ahn, Samaras, Zelinsky, Hoai (2023), Gazeformer: scalable, effective and fast prediction of
    goal-directed human attention, CVPR, doi:10.1109/CVPR52729.2023.00145.
    """

    name = "gazeformer"

    def __init__(
        self,
        *,
        weights: str | os.PathLike[str],
        backbone_weights: str | os.PathLike[str],
        embeddings: str | os.PathLike[str] | Mapping[str, Tensor],
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(found_rule=found_rule)
        self.network = GazeformerNetwork().eval().requires_grad_(False)
        load_strictly(self.network, read_weights(weights), weights)
        self.backbone = CocoFeatures().eval().requires_grad_(False)
        body = {
            f"body.{name.removeprefix(_BODY)}": value
            for name, value in read_weights(backbone_weights).items()
            if name.startswith(_BODY)
        }
        load_strictly(self.backbone, body, backbone_weights)
        self.embeddings = dict(embeddings if isinstance(embeddings, Mapping) else read_weights(embeddings))
        for words, vector in self.embeddings.items():
            if tuple(vector.shape) != (WORDS,):
                raise InputError(f"The vector of {words!r} must have shape ({WORDS},), got {tuple(vector.shape)}.")
        self.learned_from = f"what the file {os.path.basename(weights)} holds"

    def facts(self) -> dict[str, object]:
        """Return what fixations depend on beside the settings: the files' contents."""
        networks = {"network": checksum(self.network), "backbone": checksum(self.backbone)}
        return {**super().facts(), **networks}

    @torch.inference_mode()
    def prepare(self, stimulus: Stimulus) -> Planned:
        """Look at the picture and plan."""
        if stimulus.caption is None:
            raise InputError(
                f"Gazeformer searches for what words say, and {stimulus.name!r} has no caption; give caption=..."
            )
        if stimulus.caption not in self.embeddings:
            raise unknown_name("target with a vector", stimulus.caption, list(self.embeddings))
        words = torch.as_tensor(self.embeddings[stimulus.caption], dtype=torch.float32)
        shown = F.interpolate(stimulus.rgb[None], SHOWN_PX, mode="bilinear", antialias=True, align_corners=False)[0]
        return self.network(self.backbone(shown), words)

    def plan(self, episode: Episode) -> list[Fixation]:
        """Draw the fixations, until one that is more likely not to be."""
        onset_ms, fixations = 0.0, []
        for number in range(LONGEST):
            drawn = self._drawn(episode.stimulus, number, episode.generator)
            if drawn is None:
                break
            fixations.append(Fixation(drawn[0], onset_ms, drawn[1]))
            onset_ms += drawn[1]
        return fixations

    def next_fixation(
        self, stimulus: Stimulus, history: History, generator: torch.Generator
    ) -> tuple[float, float] | None:
        """Draw the fixation that follows as many as there are in the history; where they were makes no difference."""
        drawn = self._drawn(stimulus, len(history), generator)
        return None if drawn is None else drawn[0]

    def _drawn(
        self, stimulus: Stimulus, number: int, generator: torch.Generator
    ) -> tuple[tuple[float, float], float] | None:
        """Draw place and duration of one fixation; None where the scanpath has ended."""
        planned = self.prepared(stimulus)
        if number >= LONGEST or (number > 0 and float(planned.log_exists[number].exp()) < 0.5):
            return None
        noise = torch.randn(3, generator=generator).tolist()
        parts: Sequence[tuple[Tensor, Tensor]] = (planned.y, planned.x, planned.duration)
        y, x, duration_ms = (
            max(0.0, float(mean[number]) + float(spread[number]) * z) for (mean, spread), z in zip(parts, noise)
        )
        if number == 0:
            y, x = FRAME_PX[0] / 2, FRAME_PX[1] / 2
        y, x = min(y, FRAME_PX[0] - _MARGIN_PX), min(x, FRAME_PX[1] - _MARGIN_PX)
        height, width = stimulus.size
        return (x * width / FRAME_PX[1], y * height / FRAME_PX[0]), duration_ms
