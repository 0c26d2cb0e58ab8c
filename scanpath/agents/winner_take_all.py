"""Bottom-up agents: the most salient place wins, is inhibited, and the next one wins."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from scanpath._core.checks import check_positive, check_share
from scanpath._core.errors import InputError
from scanpath.agents.agent import History, PriorityAgent
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.stimulus import Stimulus
from scanpath.recognition.classifier import as_classifier


@dataclass(frozen=True)
class FadingDisc:
    """A soft disc around each fixation is inhibited, and recovers as further fixations are made.

    J_t = min(1, keep * J_{t-1} + exp(-d^2 / (2 r^2))), and a place's weight is 1 - J.

    Parameters
    ----------
    radius
        r as a share of the picture's smaller side; the 1998 paper's disc has one sixth.
    keep
        What is left of the inhibition one fixation later.
    """

    radius: float = 1 / 6
    keep: float = 0.9

    def __post_init__(self) -> None:
        check_positive("inhibition_radius", self.radius)
        check_share("inhibition_keep", self.keep)

    def weight(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return 1 minus the inhibition."""
        height, width = stimulus.size
        rows, columns = torch.arange(height)[:, None], torch.arange(width)[None]
        spread = 2 * (self.radius * min(height, width)) ** 2
        inhibited = torch.zeros(stimulus.size)
        for x, y in history:
            disc = torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / spread)
            inhibited = (self.keep * inhibited + disc).clamp_max(1)
        return 1 - inhibited


class SaliencyAgent(PriorityAgent):
    """Goes to the maxima of one map of the picture in turn; the first fixation is the highest."""

    chooses_first = True

    def __init__(
        self, *, name: str, saliency: Callable[[Stimulus], Tensor], inhibition: FadingDisc, found_rule: FoundRule
    ) -> None:
        super().__init__(name=name, inhibition=inhibition, found_rule=found_rule)
        self.saliency = saliency

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the saliency map."""
        return self.saliency(stimulus)

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the saliency map (H, W), whatever was looked at."""
        return self.prepared(stimulus)

    def first_fixation(self, stimulus: Stimulus, generator: torch.Generator) -> tuple[float, float]:
        """Return the most salient place."""
        return self.selection.select(self.attention(stimulus, []), generator)


def itti_koch(
    *, inhibition_radius: float = 1 / 6, inhibition_keep: float = 0.9, found_rule: FoundRule | None = None
) -> SaliencyAgent:
    """Build the agent of Itti, Koch and Niebur (1998): saliency map, winner-take-all, inhibition of return.

    Parameters
    ----------
    inhibition_radius
        Radius of the inhibited disc as a share of the picture's smaller side.
    inhibition_keep
        What is left of an inhibition one fixation later.
    found_rule
        When a search ends; default a fixation inside the target's box.

    References
    ----------
    Itti, Koch, Niebur (1998), A model of saliency-based visual attention for rapid scene analysis, IEEE PAMI 20(11),
    doi:10.1109/34.730558.
    """
    return _agent("itti_koch", itti_koch_map, inhibition_radius, inhibition_keep, found_rule)


def spectral_residual(
    *, inhibition_radius: float = 1 / 6, inhibition_keep: float = 0.9, found_rule: FoundRule | None = None
) -> SaliencyAgent:
    """Build the agent that follows the spectral residual map; see `itti_koch` for the settings.

    References
    ----------
    Hou, Zhang (2007), Saliency detection: a spectral residual approach, CVPR, doi:10.1109/CVPR.2007.383267.
    """
    return _agent("spectral_residual", spectral_map, inhibition_radius, inhibition_keep, found_rule)


def salient_relevance(
    *,
    model: str | torch.nn.Module = "squeezenet1_1",
    weights: str | os.PathLike[str] | Mapping[str, int] | None = None,
    inhibition_radius: float = 1 / 6,
    inhibition_keep: float = 0.9,
    found_rule: FoundRule | None = None,
) -> SaliencyAgent:
    """Build the agent that follows what makes a network decide, as seen in context; see `itti_koch`.

    Parameters
    ----------
    model
        Name of a torchvision network, or a convolutional classifier, pictures (B, 3, 224, 224) in [0, 1] to
        (B, classes); needs the library captum.
    weights
        Of a network that is given by name, as in `scanpath.recognition.load_classifier`.

    References
    ----------
    Li, Tian, Mueller, Chen (2017), Beyond saliency: understanding convolutional neural networks from saliency
    prediction on layer-wise relevance propagation, arXiv:1712.08268.
    """
    saliency = partial(_relevance_map, model=as_classifier(model, weights))
    return _agent("salient_relevance", saliency, inhibition_radius, inhibition_keep, found_rule)


def clip_attention(
    *,
    model: str = "ViT-B-32",
    pretrained: str | os.PathLike[str] | Mapping[str, int] | None = None,
    general: str = "a picture",
    inhibition_radius: float = 1 / 6,
    inhibition_keep: float = 0.9,
    found_rule: FoundRule | None = None,
) -> SaliencyAgent:
    """Build the agent that follows a CLIP transformer's attention to the caption, against a general query.

    Parameters
    ----------
    model, pretrained
        A vision transformer of open_clip and its weights, as in `scanpath.recognition.load_language_model`.
    general
        The query that says nothing of the task.
    """
    from scanpath.recognition.language import load_language_model

    saliency = partial(_clip_map, clip=load_language_model(model, pretrained), general=general)
    return _agent("clip_attention", saliency, inhibition_radius, inhibition_keep, found_rule)


def _agent(
    name: str, saliency: Callable[[Stimulus], Tensor], radius: float, keep: float, found_rule: FoundRule | None
) -> SaliencyAgent:
    inhibition = FadingDisc(radius, keep)
    return SaliencyAgent(name=name, saliency=saliency, inhibition=inhibition, found_rule=found_rule or InBox())


def itti_koch_map(stimulus: Stimulus) -> Tensor:
    """Return the map of Itti, Koch and Niebur (H, W)."""
    from scanpath.guidance.itti_koch import itti_koch as saliency

    return saliency(stimulus.image)


def spectral_map(stimulus: Stimulus) -> Tensor:
    """Return the spectral residual map (H, W)."""
    from scanpath.guidance.spectral_residual import spectral_residual as saliency

    return saliency(stimulus.image)


def _relevance_map(stimulus: Stimulus, model: torch.nn.Module) -> Tensor:
    from scanpath.guidance.salient_relevance import salient_relevance as saliency

    return saliency(stimulus.rgb, model)


def _clip_map(stimulus: Stimulus, clip: object, general: str) -> Tensor:
    from scanpath.guidance.clip_attention import clip_attention as saliency

    if stimulus.caption is None:
        raise InputError(f"clip_attention follows a caption, and stimulus {stimulus.name!r} has none; give caption=.")
    return saliency(stimulus.rgb, clip, stimulus.caption, general=general)
