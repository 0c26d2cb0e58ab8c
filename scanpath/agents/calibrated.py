"""Any agent that draws a map, as one that says how probable each place is."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.files import require_file, write_text
from scanpath.agents.agent import Agent, PriorityAgent
from scanpath.agents.density import DensityAgent
from scanpath.agents.history import as_history, places
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.priority_density import PriorityDensity

#: What a calibration's file says that it is.
FORMAT = "scanpath calibration 1"


@runtime_checkable
class DrawsMaps(Protocol):
    """An agent that draws a map of where to look next, given the fixations so far."""

    name: str
    settings: dict[str, Any]

    def priority(self, stimulus: Stimulus, history_xy: np.ndarray, /) -> Tensor:
        """Return the map, (H, W)."""
        ...


@dataclass(frozen=True)
class Calibration:
    """How an agent's maps become densities, with how sure that is and whose fixations it was fitted to.

    Attributes
    ----------
    agent
        The agent's name and settings, as `create_agent` takes them: ``{"agent": name, ...}``.
    density
        The numbers. ``inhibition`` is one of them only where it was fitted; it is 1 otherwise.
    intervals
        95 % interval of each number, from fits that leave one fold of the pictures out in turn (jackknife).
    held_out_bits
        Bits a fixation beyond the center bias, on pictures that the numbers were not fitted to: mean, low and high
        over pictures.
    people
        What the numbers were fitted to: ``pictures`` (their names), ``n_subjects``, ``n_fixations``, ``data``.
    """

    agent: Mapping[str, Any]
    density: PriorityDensity
    intervals: Mapping[str, tuple[float, float]]
    held_out_bits: tuple[float, float, float]
    people: Mapping[str, Any]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON, for `create_agent` and ``--agent``; the name must end in .json."""
        if not str(path).endswith(".json"):
            raise InputError(f"A calibration is written as JSON; give a name that ends in .json, got {path}.")
        names = ["power", "blur_deg", "center_weight", "uniform_share"]
        if "inhibition" in self.intervals or self.density.inhibition != 1:
            names.append("inhibition")
        text = {
            "format": FORMAT,
            "agent": dict(self.agent),
            "numbers": {name: getattr(self.density, name) for name in names},
            "intervals": {name: list(values) for name, values in self.intervals.items()},
            "held_out_bits": dict(zip(("value", "low", "high"), self.held_out_bits)),
            "people": dict(self.people),
            "center": [list(row) for row in self.density.center],
        }
        write_text(path, json.dumps(text, indent=1, allow_nan=False) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Calibration":
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file is no calibration.
        """
        file = require_file(path, "calibration")
        try:
            text = json.loads(file.read_text(encoding="utf-8"))
            if text["format"] != FORMAT:
                raise ValueError(f"its format is {text['format']!r}")
            bits = text["held_out_bits"]
            return cls(
                agent=text["agent"],
                density=PriorityDensity(**text["numbers"], center=tuple(tuple(row) for row in text["center"])),
                intervals={name: (low, high) for name, (low, high) in text["intervals"].items()},
                held_out_bits=(bits["value"], bits["low"], bits["high"]),
                people=text["people"],
            )
        except (KeyError, TypeError, ValueError) as error:
            why = f"it has no {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
            raise InputError(f"{path} is no calibration as scanpath.calibrate saves it: {why}.") from error


class LastDensity:
    """Makes densities of an agent's maps, and keeps the last: many maps stay as they are from fixation to fixation."""

    def __init__(self) -> None:
        self._numbers: PriorityDensity | None = None
        self._last: tuple[tuple[Any, ...], Tensor, Tensor] | None = None

    def of(
        self, agent: DrawsMaps, numbers: PriorityDensity, stimulus: Stimulus, history_xy: Tensor | ArrayLike
    ) -> Tensor:
        """Return the logarithm of each pixel's probability, (H, W), that some numbers make of an agent's map."""
        drawn = drawn_map(agent, stimulus, history_xy, inhibition=numbers.inhibition)
        px_per_deg = stimulus.require_px_per_deg(agent.name)
        made_of = (stimulus.size, px_per_deg)
        same = self._numbers is numbers and self._last is not None and self._last[0] == made_of
        if self._last is None or not same or not torch.equal(self._last[1], drawn):
            density = numbers.log_density(drawn, stimulus.size, px_per_deg=px_per_deg)
            # a copy, as agents may fill one map again and again
            self._numbers, self._last = numbers, (made_of, drawn.detach().clone(), density)
        return self._last[2]


class CalibratedAgent(DensityAgent):
    """Another agent, whose maps are taken as densities by a few numbers that were fitted to people.

    Parameters
    ----------
    agent
        The agent that draws the maps, with ``priority(stimulus, history_xy)``.
    calibration
        The numbers, from `scanpath.calibrate`, or the file that they were saved in.
    temperature
        See `DensityAgent`.
    found_rule
        When a search ends; default the other agent's rule, else a fixation inside the target's box.
    """

    def __init__(
        self,
        *,
        agent: DrawsMaps,
        calibration: Calibration | str | os.PathLike[str],
        temperature: float = 1.0,
        found_rule: FoundRule | None = None,
    ) -> None:
        rule = agent.found_rule if isinstance(agent, Agent) else InBox()
        super().__init__(name=agent.name, temperature=temperature, found_rule=found_rule or rule)
        self.agent = agent
        self.calibration = calibration if isinstance(calibration, Calibration) else Calibration.load(calibration)
        self.fitted_on = tuple(self.calibration.people.get("pictures", ()))
        self._densities = LastDensity()

    def facts(self) -> dict[str, Any]:
        """Return what fixations depend on beside the settings: the numbers, and the other agent's own facts."""
        numbers = vars(self.calibration.density) | {"center": None}
        return super().facts() | {
            "calibration": numbers,
            **(self.agent.facts() if isinstance(self.agent, Agent) else {}),
        }

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the logarithm of each pixel's probability, (H, W), from the other agent's map."""
        return self._densities.of(self.agent, self.calibration.density, stimulus, history_xy)


@dataclass(frozen=True)
class CrossCalibratedAgent:
    """Another agent, whose density of each picture is made by numbers that were fitted to other pictures.

    For scores on the pictures that people's fixations come from; made by `scanpath.training.cross_calibrate`.

    Attributes
    ----------
    agent
        The agent that draws the maps.
    calibration
        The numbers fitted to all pictures, for pictures elsewhere.
    left_out
        For each picture, by its name, the numbers that its own fixations have no part in.
    """

    agent: DrawsMaps
    calibration: Calibration
    left_out: Mapping[str, PriorityDensity]
    _densities: LastDensity = field(default_factory=LastDensity, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The other agent's name."""
        return self.agent.name

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the logarithm of each pixel's probability, (H, W), by numbers fitted to other pictures.

        Raises
        ------
        InputError
            If the picture had no part in the calibration.
        """
        if stimulus.name not in self.left_out:
            raise InputError(
                f"{stimulus.name!r} had no part in this calibration of {self.name!r}; use scanpath.calibrate for "
                "pictures elsewhere."
            )
        return self._densities.of(self.agent, self.left_out[stimulus.name], stimulus, history_xy)


def drawn_map(
    agent: DrawsMaps, stimulus: Stimulus, history_xy: Tensor | ArrayLike, *, inhibition: float = 1.0
) -> Tensor:
    """Return an agent's map, given fixations so far, with some of its inhibition of places that were looked at.

    With no fixation it is that of an agent that chooses its first one: its attention, as nothing is inhibited yet. The
    inhibition of an agent that draws only whole maps stays as it is.
    """
    history = places(history_xy)
    if isinstance(agent, PriorityAgent) and len(history) == 0:
        return agent.attention(stimulus, [])
    if inhibition == 1 or not inhibits_apart(agent):
        return agent.priority(stimulus, history)
    if inhibition == 0:
        return agent.attention(stimulus, as_history(history))
    attention, priority = attention_and_priority(agent, stimulus, history)
    return attention + inhibition * (priority - attention)


def inhibits_apart(agent: object) -> TypeGuard[PriorityAgent]:
    """Whether an agent's map is its attention times what its inhibition leaves open, so that both can be had."""
    return isinstance(agent, PriorityAgent) and type(agent).priority is PriorityAgent.priority


def attention_and_priority(
    agent: PriorityAgent, stimulus: Stimulus, history_xy: Tensor | ArrayLike
) -> tuple[Tensor, Tensor]:
    """Return an agent's map without its inhibition of places that were looked at, and with it."""
    history = as_history(history_xy)
    attention = agent.attention(stimulus, history)
    return attention, attention * agent.inhibition.weight(stimulus, history)
