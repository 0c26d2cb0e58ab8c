"""Search without features: the target's pixels slid over the picture's, a control in the eccNET study."""

import torch
from scipy import signal
from torch import Tensor

from scanpath._core.checks import check_choice, check_positive
from scanpath.agents.agent import PriorityAgent
from scanpath.agents.history import History
from scanpath.agents.inhibition import CellOrSquareInhibition
from scanpath.agents.target_found import FoundRule, study_window
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.sharpening import blurred, gaussian_kernel
from scanpath.recognition.backbone import CAFFE, TORCHVISION

#: Gaussian over the map: taps and sigma in px.
SMOOTHING = (7, 3.0)

_PREPROCESSING = {"caffe": CAFFE, "torchvision": TORCHVISION}


class PixelMatch(PriorityAgent):
    """Correlates the picture with the target pixel by pixel and visits the maxima in turn.

    As the correlation is of raw values, it finds what is bright where the target is rather than what looks like it:
    that is the point of the control.

    Parameters
    ----------
    preprocessing
        What black is: "caffe" and "torchvision" subtract the means those networks expect, "caffe" in the study.
    inhibition_px, recognition_px, found_rule
        As for `EccNet`; the first fixation may find the target.

    References
    ----------
    Gupta, Zhang, Wu, Wolfe & Kreiman (2021). Visual search asymmetry: deep nets and humans share similar inherent
    biases. NeurIPS 34. arXiv:2106.02953.
    """

    name = "pixel_match"

    def __init__(
        self,
        *,
        preprocessing: str = "caffe",
        inhibition_px: int = 64,
        recognition_px: int | None = None,
        found_rule: FoundRule | None = None,
    ) -> None:
        check_positive("inhibition_px", inhibition_px)
        rule = study_window(recognition_px, test_first=True)
        super().__init__(inhibition=CellOrSquareInhibition(inhibition_px), found_rule=found_rule or rule)
        self.preprocessing = _PREPROCESSING[check_choice("preprocessing", preprocessing, tuple(_PREPROCESSING))]

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Correlate, once a picture: (H, W) float64 from 0 up."""
        target = self.preprocessing(stimulus.require_target(self.name).expand(3, -1, -1)).double().numpy()
        picture = self.preprocessing(stimulus.rgb).double().numpy()
        # 'same' borders: one more row and column of an even target lie after its middle than before it
        rows, columns = ((side - 1) // 2 for side in target.shape[-2:])
        full = signal.fftconvolve(picture, target[:, ::-1, ::-1], axes=(1, 2)).sum(0)
        below, right = target.shape[1] - 1 - rows, target.shape[2] - 1 - columns
        likeness = torch.from_numpy(full[below : below + picture.shape[1], right : right + picture.shape[2]].copy())
        smooth = blurred(likeness, gaussian_kernel(*SMOOTHING))
        return smooth - smooth.min()

    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the likeness of pixels to the target's; it does not depend on where the eye is."""
        return self.prepared(stimulus)
