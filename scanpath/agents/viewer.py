"""The trained viewer: people's next fixation as a density, learned from recordings."""

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.agents.density import DensityAgent
from scanpath.agents.history import History, durations_of, places
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import Moments, Scene
from scanpath.guidance.viewer_model import load_viewer
from scanpath.recognition.weights import Weights

#: Where a picture has no scale it is taken to be seen as large as those the shipped viewer learned from: this many
#: degrees along the longer side.
USUAL_WIDTH_DEG = 100 / 3

#: What is said of a file that is of the other kind, by whether one that looks for a target is needed.
_OTHER_KIND = {
    False: "{} is a searcher, which is shown a target; use create_agent('searcher', weights=...).",
    True: "{} is a viewer, which is shown no target; fit a searcher with scanpath fit searcher.",
}


class Viewer(DensityAgent):
    """Looks where people do: a readout of network features and of the last fixations, trained on recordings.

    The one that comes with the package learned from 15 people's free viewing of 600 photographs of OSIE; ``scanpath
    fit viewer`` trains it on others. It chooses its first fixation, as the first one that people make on a picture is
    among those it learned from, and its fixations last as long as theirs do, drawn apart from where they are.

    Parameters
    ----------
    weights
        A viewer's file; None for the one that comes with the package.
    backbone_weights
        Of the network that sees, for a viewer whose file does not hold them.
    **settings
        As for `DensityAgent`: ``temperature``, ``found_rule``.

    References
    ----------
    Kümmerer, Bethge, Wallis (2022), DeepGaze III: modeling free-viewing human scanpaths with deep learning, Journal of
    Vision 22(5):7, doi:10.1167/jov.22.5.7 (the idea; the formulas are our own).

    Examples
    --------
    >>> from scanpath.agents import create_agent
    >>> viewer, picture = create_agent("viewer"), Stimulus(torch.rand(3, 60, 80), px_per_deg=12)
    >>> density = viewer.log_density(picture, [(40, 30)], [250]).exp()
    >>> density.shape, round(float(density.sum()), 6)
    (torch.Size([60, 80]), 1.0)
    """

    name = "viewer"
    chooses_first = True
    looks_for_target = False

    def __init__(
        self,
        *,
        weights: str | os.PathLike[str] | None = None,
        backbone_weights: Weights | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.model = load_viewer(weights, backbone_weights)
        if (self.model.recipe.cue is not None) != self.looks_for_target:
            raise InputError(_OTHER_KIND[self.looks_for_target].format(weights))
        known = self.model.card
        self.learned_from = (
            f"{known.get('people', 'some')} people's fixations on {known.get('pictures', 'some')} pictures"
        )
        self.fitted_on = tuple(self.model.card.get("picture_names", ()))

    @property
    def card(self) -> Mapping[str, Any]:
        """What is known of the viewer: recordings, pictures, licences, scores."""
        return self.model.card

    def facts(self) -> dict[str, Any]:
        """Return what fixations depend on beside the settings: the file's content."""
        return {**super().facts(), "viewer": self.model.checksum()}

    def prepare(self, stimulus: Stimulus) -> tuple[Scene, ...]:
        """Look at the picture before anybody has."""
        return self.model.scenes(stimulus.rgb, scale_of(stimulus))

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the natural logarithm of each pixel's probability of being looked at next, (H, W)."""
        moments = moment(history_xy, history_duration_ms, scale_of(stimulus))
        return self.model.log_density(self.prepared(stimulus), moments, stimulus.size)

    def duration_ms(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> float | None:
        """Draw how long a fixation lasts, if the recordings told."""
        return None if self.model.durations is None else self.model.durations.draw(generator)


def scale_of(stimulus: Stimulus) -> float:
    """Return a picture's px per degree; without one, it is taken to be 33 degrees long."""
    return stimulus.px_per_deg or max(stimulus.size) / USUAL_WIDTH_DEG


def moment(xy: Tensor | ArrayLike, duration_ms: Tensor | ArrayLike | None, px_per_deg: float) -> Moments:
    """Return one moment from fixations in px, oldest first, and how long they lasted."""
    points = places(xy)
    lasted = np.full(len(points), math.nan) if duration_ms is None else durations_of(duration_ms, len(points))
    lasted = np.where(lasted > 0, lasted, math.nan)
    newest_first = torch.from_numpy(points[::-1].copy()).float()
    times = torch.from_numpy(lasted[::-1].copy()).float()
    return Moments((newest_first[None] + 0.5) / px_per_deg, times[None])
