"""SceneWalk as an agent: looks where attention that fades and inhibition that stays send the eye next."""

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import require_file
from scanpath.agents.density import DensityAgent, log_normalized
from scanpath.agents.history import History, as_history, durations_of
from scanpath.agents.scene_density import DensitySource, People, SceneDensity
from scanpath.agents.target_found import FoundRule
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.scenewalk import scenewalk_maps
from scanpath.guidance.scenewalk_parameters import Parameter, complete_parameters, read_configuration

#: What a file of fitted parameters says it is.
FORMAT = "scanpath scenewalk 1"


class SceneWalk(DensityAgent):
    """Looks where attention, which follows the eye and fades, outweighs inhibition, which builds up where it was.

    The density of the next fixation depends on where and how long the eye has rested. The eye starts at the center.

    Parameters
    ----------
    density
        Where there is something to look at: the name of an agent with a map, such as ``"center"`` or ``"itti_koch"``;
        ``"people"``; or a function of the stimulus that returns a map (H, W). Default ``"itti_koch"``, or what the
        parameters of `weights` were fitted with.
    people
        Table of people's fixations, or its file, for ``density="people"``.
    configuration
        Which parts the model has; see `scanpath.guidance.scenewalk_parameters.read_configuration`. Default
        ``"subtractive"``, or that of `weights`.
    parameters
        Numbers by name over the defaults or those of `weights`. The defaults are the constants of the published
        program's demonstration, not the papers' estimates; those of extensions are round numbers to start a fit from.
    weights
        File that `scanpath fit scenewalk` has written.
    duration_shape, duration_scale_ms
        Simulated fixations last as long as a gamma distribution says, 250 ms on average; so long counts each fixation
        of a history whose durations are not known.
    temperature, found_rule
        See `DensityAgent`.

    References
    ----------
    Engbert, Trukenbrod, Barthelmé, Wichmann (2015), Spatial statistics and attentional dynamics in scene viewing,
    Journal of Vision 15(1):14, doi:10.1167/15.1.14.

    Examples
    --------
    >>> import scanpath as sp
    >>> agent = sp.create_agent("scenewalk", density="center", parameters={"attention_sd_deg": 4.0})
    >>> picture = sp.Stimulus(torch.zeros(1, 120, 160), name="blank", px_per_deg=10)
    >>> sp.simulate(agent, picture, n_fixations=3)[["fixation", "onset_ms"]].shape
    (3, 2)
    """

    name = "scenewalk"

    def __init__(
        self,
        *,
        density: DensitySource | None = None,
        people: People | None = None,
        configuration: str | None = None,
        parameters: Mapping[str, Parameter] | None = None,
        weights: str | os.PathLike[str] | None = None,
        duration_shape: float = 100.0,
        duration_scale_ms: float = 2.5,
        temperature: float = 1.0,
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(temperature=temperature, found_rule=found_rule)
        fitted = {} if weights is None else read_fitted(weights)
        self.configuration = configuration or fitted.get("configuration", "subtractive")
        read_configuration(self.configuration)
        self.parameters = complete_parameters({**fitted.get("parameters", {}), **(parameters or {})})
        self.density = SceneDensity(density or fitted.get("density", "itti_koch"), people)
        self.duration_shape = check_positive("duration_shape", duration_shape)
        self.duration_scale_ms = check_positive("duration_scale_ms", duration_scale_ms)

    def prepare(self, stimulus: Stimulus) -> Tensor:
        """Draw the map of where there is something to look at, on the model's own grid."""
        return self.density.on(stimulus)

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the logarithm of the probability of each pixel, (H, W).

        Parameters
        ----------
        stimulus
            The picture; it must state its `px_per_deg`.
        history_xy
            (n, 2) fixations so far in px; those beside the picture count as on its nearest pixel.
        history_duration_ms
            (n,) how long each lasted; where that is None or NaN, the mean of simulated ones.
        """
        px_per_deg = stimulus.require_px_per_deg("SceneWalk")
        height, width = stimulus.size
        xy = np.clip(np.array(as_history(history_xy)), 0, (width - 1, height - 1))
        x_deg, y_deg = (xy.T + 0.5) / px_per_deg
        maps = scenewalk_maps(
            self.prepared(stimulus),
            x_deg,
            y_deg,
            self._durations(history_duration_ms, len(xy)) / 1000,
            range_deg=((0, width / px_per_deg), (0, height / px_per_deg)),
            configuration=self.configuration,
            parameters=self.parameters,
        )
        return to_pixels(maps.density.detach(), stimulus.size)

    def duration_ms(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> float:
        """Draw how long a fixation lasts from the gamma distribution."""
        seed = int(torch.randint(2**63 - 1, (), generator=generator))
        return float(np.random.default_rng(seed).gamma(self.duration_shape, self.duration_scale_ms))

    def _durations(self, given: Tensor | ArrayLike | None, n: int) -> np.ndarray:
        usual = self.duration_shape * self.duration_scale_ms
        durations = np.full(n, usual) if given is None else durations_of(given, n)
        return np.where(np.isnan(durations), usual, durations)


def to_pixels(cells: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the logarithm of each pixel's probability, (H, W), from the density's cells in which the centers lie."""
    row, column = (
        ((torch.arange(side) + 0.5) / side * count).long() for side, count in zip(size, cells.shape, strict=True)
    )
    return log_normalized(torch.log(cells[row[:, None], column]))


def read_fitted(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `scanpath fit scenewalk` has written: "configuration", "parameters", "density" and how they came."""
    text = require_file(path, "file of fitted parameters").read_bytes()
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InputError(f"{path} holds no parameters of SceneWalk; give a file that `scanpath fit scenewalk` wrote.")
    return found
