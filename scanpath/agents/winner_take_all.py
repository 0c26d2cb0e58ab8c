"""Bottom-up agents: the most salient place wins, is inhibited, and the next one wins."""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.agents.agent import PriorityAgent
from scanpath.agents.history import History
from scanpath.agents.inhibition import FadingDisc
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.clip_attention import clip_attention
from scanpath.guidance.itti_koch import itti_koch
from scanpath.guidance.salient_relevance import salient_relevance
from scanpath.guidance.spectral_residual import spectral_residual
from scanpath.recognition.classifier import as_classifier
from scanpath.recognition.language import load_language_model
from scanpath.recognition.weights import Weights


class SaliencyAgent(PriorityAgent):
    """Goes to the maxima of one map of the picture in turn; the first fixation is the highest.

    Parameters
    ----------
    inhibition_radius
        Radius of the inhibited disc as a share of the picture's smaller side.
    inhibition_keep
        What is left of an inhibition one fixation later.
    found_rule
        When a search ends; default a fixation inside the target's box.
    """

    chooses_first = True

    def __init__(
        self, *, inhibition_radius: float = 1 / 6, inhibition_keep: float = 0.9, found_rule: FoundRule | None = None
    ) -> None:
        super().__init__(inhibition=FadingDisc(inhibition_radius, inhibition_keep), found_rule=found_rule or InBox())

    @abstractmethod
    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the saliency map (H, W)."""

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the saliency map (H, W), whatever was looked at."""
        return self.prepared(stimulus)


class IttiKoch(SaliencyAgent):
    """Saliency map, winner-take-all and inhibition of return, as of 1998; `SaliencyAgent` has the settings.

    References
    ----------
    Itti, Koch, Niebur (1998), A model of saliency-based visual attention for rapid scene analysis, IEEE PAMI 20(11),
    doi:10.1109/34.730558.
    """

    name = "itti_koch"

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the map of color, intensity and orientation contrast."""
        return itti_koch_map(stimulus)


class SpectralResidual(SaliencyAgent):
    """Follows the spectral residual map; `SaliencyAgent` has the settings.

    References
    ----------
    Hou, Zhang (2007), Saliency detection: a spectral residual approach, CVPR, doi:10.1109/CVPR.2007.383267.
    """

    name = "spectral_residual"

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw what is unexpected in the picture's spectrum."""
        return spectral_map(stimulus)


class SalientRelevance(SaliencyAgent):
    """Follows what makes a network decide, as seen in context.

    Parameters
    ----------
    model
        Name of a torchvision network, or a convolutional classifier, pictures (B, 3, 224, 224) in [0, 1] to
        (B, classes); needs the library captum.
    weights
        Of a network that is given by name, as in `scanpath.recognition.load_classifier`.
    **settings
        As for `SaliencyAgent`.

    References
    ----------
    Li, Tian, Mueller, Chen (2017), Beyond saliency: understanding convolutional neural networks from saliency
    prediction on layer-wise relevance propagation, arXiv:1712.08268.
    """

    name = "salient_relevance"

    def __init__(
        self,
        *,
        model: str | torch.nn.Module = "squeezenet1_1",
        weights: Weights | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.model = as_classifier(model, weights)

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the relevance of pixels for the network's decision."""
        return salient_relevance(stimulus.rgb, self.model)


class ClipAttention(SaliencyAgent):
    """Follows a CLIP transformer's attention to the caption, against a general query.

    Parameters
    ----------
    model, pretrained
        A vision transformer of open_clip and its weights, as in `scanpath.recognition.load_language_model`.
    general
        The query that says nothing of the task.
    **settings
        As for `SaliencyAgent`.
    """

    name = "clip_attention"

    def __init__(
        self,
        *,
        model: str = "ViT-B-32",
        pretrained: Weights | None = None,
        general: str = "a picture",
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.clip, self.general = load_language_model(model, pretrained), general
        self.learned_from = self.clip.learned_from

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the attention to the caption."""
        if stimulus.caption is None:
            raise InputError(
                f"clip_attention follows a caption, and stimulus {stimulus.name!r} has none; give caption=."
            )
        return clip_attention(stimulus.rgb, self.clip, stimulus.caption, general=self.general)


def itti_koch_map(stimulus: Stimulus) -> Tensor:
    """Return the map of Itti, Koch and Niebur (H, W)."""
    return itti_koch(stimulus.image)


def spectral_map(stimulus: Stimulus) -> Tensor:
    """Return the spectral residual map (H, W)."""
    return spectral_residual(stimulus.image)
