"""TPP-Gaze: where the next fixation lands and how long it lasts, by a neural point process (D'Amelio et al. 2025)."""

import math
import os
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from PIL import Image
from torch import Tensor

from scanpath._core.checks import check_positive
from scanpath._core.errors import InputError
from scanpath.agents.density import DensityAgent, log_normalized
from scanpath.agents.episode import Episode, Fixation
from scanpath.agents.history import durations_of, places
from scanpath.gaze.picture_writing import to_levels
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.tpp_gaze import MEAN_LOG_S, SIDE_PX, Expected, Mixture, TppGazeNetwork, duration_s
from scanpath.recognition.weights import checksum, load_strictly, read_weights

#: Kind of context -> how the names of its weights begin.
_KINDS = {"rnn": "context.rnn.", "transformer": "context.encoder."}


class TppGaze(DensityAgent):
    """Draws fixations and their durations from mixtures that a network foretells from picture and history.

    Gives the network of the original program, for the weights that its authors publish; there are none in the package.
    Densities are those of the original at the pixels' centers, and sum to 1 over the picture; the original moves what
    falls beside it onto its border.

    Parameters
    ----------
    weights
        The authors' ``model_rnn.pth`` or ``model_transformer.pth``, or the same as safetensors.
    seconds
        A scanpath ends before the fixation that would go on after so many seconds, and holds at least one; default
        never.
    scale_power
        Standard deviations of the places, where a picture's sides go from -1 to 1, are raised to this power: 1 as the
        network was trained; 2, which sharpens those below 1, in the authors' own program that draws scanpaths.
    **settings
        As for `DensityAgent`: ``temperature``, ``found_rule``.

    References
    ----------
    D'Amelio, Cartella, Cuculo, Lucchi, Cornia, Cucchiara, Boccignone (2025), TPP-Gaze: modelling gaze dynamics in space
    and time with neural temporal point processes, WACV, arXiv:2410.23409.
    """

    name = "tpp_gaze"
    chooses_first = True

    def __init__(
        self,
        *,
        weights: str | os.PathLike[str],
        seconds: float | None = None,
        scale_power: float = 1.0,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.seconds = None if seconds is None else check_positive("seconds", seconds)
        self.ends_itself = seconds is not None
        self.scale_power = check_positive("scale_power", scale_power)
        state = read_weights(weights)
        kinds = [kind for kind, begins in _KINDS.items() if any(key.startswith(begins) for key in state)]
        if len(kinds) != 1:
            raise InputError(f"{weights} holds no weights of TPP-Gaze; give the authors' model_rnn.pth, for example.")
        self.network = TppGazeNetwork(kinds[0]).eval().requires_grad_(False)
        load_strictly(self.network, state, weights)
        self.learned_from = f"what the file {os.path.basename(weights)} holds"

    def facts(self) -> dict[str, object]:
        """Return what fixations depend on beside the settings: the file's content."""
        return {**super().facts(), "checksum": checksum(self.network)}

    @torch.inference_mode()
    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Look at the picture, as Pillow squeezes it into the network's square."""
        square = Image.fromarray(to_levels(stimulus.rgb)).resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
        return self.network.look(torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255)

    @torch.inference_mode()
    def expected(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Expected:
        """Return what is expected of the next fixation; parameters as for `log_density`.

        A duration that is not known, None or NaN, counts as the mean of those that the original learned from.
        """
        xy = places(history_xy)
        lasted = np.full(len(xy), np.nan) if history_duration_ms is None else durations_of(history_duration_ms, len(xy))
        seconds = np.where(lasted > 0, lasted / 1000, math.exp(MEAN_LOG_S))
        height, width = stimulus.size
        shares = 2 * xy / np.maximum([width - 1, height - 1], 1) - 1
        history = (torch.from_numpy(part.astype(np.float32)) for part in (shares, seconds))
        found = self.network.expected(self.prepared(stimulus), *history)
        sharpened = found.place._replace(log_scale=self.scale_power * found.place.log_scale)
        return found._replace(place=sharpened)

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the natural logarithm of each pixel's probability of being looked at next, (H, W)."""
        return _over_pixels(self.expected(stimulus, history_xy, history_duration_ms).place, stimulus.size)

    def _next(self, episode: Episode) -> Fixation | None:
        """Draw duration and place, which the network foretells apart from each other."""
        stimulus, generator = episode.stimulus, episode.generator
        expected = self.expected(stimulus, episode.xy, episode.duration_ms)
        elapsed = sum(episode.duration_ms or ())
        lasts = 1000 * duration_s(float(expected.normalized_log_duration.draw(generator)))
        if self.seconds is not None and episode.xy and elapsed + lasts > 1000 * self.seconds:
            return None
        priority = _over_pixels(expected.place, stimulus.size).exp()
        return Fixation(self.selection.select(priority, generator), elapsed, lasts)


def _over_pixels(place: Mixture, size: tuple[int, int]) -> Tensor:
    """Return the logarithms (H, W) of a mixture's density at the pixels' centers, shifted to sum to 1."""
    mean, log_scale = place.mean.double(), place.log_scale.double()
    axes = [
        -0.5 * ((torch.linspace(-1, 1, side, dtype=torch.float64) - mean[:, [axis]]) / log_scale[:, [axis]].exp()) ** 2
        - log_scale[:, [axis]]
        for axis, side in ((0, size[1]), (1, size[0]))
    ]
    across, down = axes
    parts = place.log_weight.double()[:, None, None] + down[:, :, None] + across[:, None, :]
    return log_normalized(parts.logsumexp(0))
