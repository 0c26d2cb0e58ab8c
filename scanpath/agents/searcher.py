"""The trained searcher: the viewer, told how like the target each place is, fitted to people who search."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent, PriorityAgent, start_of
from scanpath.agents.calibrated import DrawsMaps
from scanpath.agents.catalog import create_agent
from scanpath.agents.target_found import FoundRule, study_window
from scanpath.agents.viewer import Viewer, scale_of
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import Scene
from scanpath.recognition.weights import Weights

#: Settings of the agent that draws the target's map that are no part of a searcher's file: they do not change the map,
#: or they are of one machine.
_NOT_KEPT = ("weights", "found_rule", "name", "label", "device")


class Searcher(Viewer):
    """Looks where people who search do: the trained viewer, with a map of likeness to the target among its inputs.

    The map is drawn once a picture by another agent that searches, before any place is closed to it, as seen from
    where the search starts. What the map is worth, near the eye and far from it and after how many fixations, is
    learned from people, as ``scanpath fit searcher`` does; there is no searcher in the package.

    Parameters
    ----------
    weights
        A searcher's file.
    backbone_weights
        Of the network that sees the picture, for a file that does not hold them.
    cue_weights
        Of the network of the agent that draws the target's map, where it has one; see that agent's ``weights``.
    found_rule
        When a search ends; default the window of `EccNet`.
    **settings
        As for `DensityAgent`: ``temperature``.

    References
    ----------
    Kümmerer, Bethge, Wallis (2022), DeepGaze III: modeling free-viewing human scanpaths with deep learning, Journal of
    Vision 22(5):7, doi:10.1167/jov.22.5.7 (the readout's idea; that of a target's map among its inputs is our own).
    """

    name = "searcher"
    chooses_first = False
    looks_for_target = True

    def __init__(
        self,
        *,
        weights: str | os.PathLike[str],
        backbone_weights: Weights | None = None,
        cue_weights: Weights | None = None,
        found_rule: FoundRule | None = None,
        **settings: Any,
    ) -> None:
        rule = found_rule or study_window(None)
        super().__init__(weights=weights, backbone_weights=backbone_weights, found_rule=rule, **settings)
        assert self.model.recipe.cue is not None  # the viewer has seen to it
        self.cue = _cue_agent(self.model.recipe.cue, cue_weights)

    def facts(self) -> dict[str, Any]:
        """Return what fixations depend on beside the settings: the files' contents."""
        return {**super().facts(), "cue": self.cue.facts()}

    def prepare(self, stimulus: Stimulus) -> tuple[Scene, ...]:
        """Look at the picture, and compare it with the target."""
        return self.model.scenes(stimulus.rgb, scale_of(stimulus), target_likeness(self.cue, stimulus))


def target_likeness(agent: Agent, stimulus: Stimulus) -> Tensor:
    """Return the map (H, W) of an agent that searches, as it is when the search starts and no place is closed to it.

    Raises
    ------
    InputError
        If the agent draws no map, or the picture comes without what it looks for.
    """
    if isinstance(agent, PriorityAgent):
        return agent.attention(stimulus, [] if agent.chooses_first else [start_of(stimulus)]).detach().cpu()
    if not isinstance(agent, DrawsMaps):
        raise InputError(f"Agent {agent.name!r} draws no map of likeness to a target; take one such as 'ivsn'.")
    return agent.priority(stimulus, np.array([start_of(stimulus)])).detach().cpu()


def cue_settings(agent: Agent) -> dict[str, Any]:
    """Return what a searcher's file keeps of the agent that draws its target's map.

    Raises
    ------
    InputError
        If the agent was not made by its name, so that it could not be made again.
    """
    if not agent.settings:
        raise InputError(f"The cue {agent.name!r} must be made by its name, as by create_agent('ivsn').")
    kept = {name: value for name, value in agent.settings.items() if name not in _NOT_KEPT}
    return {**kept, "checksum": _checksum(agent)}


def _cue_agent(cue: Mapping[str, Any], weights: Weights | None) -> Agent:
    """Make the agent again, and see that it sees with the same network."""
    settings = dict(cue)
    name, checksum = str(settings.pop("agent")), settings.pop("checksum")
    if weights is not None:
        settings["weights"] = weights
    agent = create_agent(name, **settings)
    if _checksum(agent) != checksum:
        raise InputError(
            f"This searcher's target was shown by {name!r} with other weights ({checksum}, these are "
            f"{_checksum(agent)}); give those it was fitted with as cue_weights."
        )
    return agent


def _checksum(agent: Agent) -> str | None:
    """Return what tells the weights of an agent's network from others; None for an agent without."""
    network = agent.facts().get("backbone")
    return str(network["checksum"]) if isinstance(network, dict) else None
