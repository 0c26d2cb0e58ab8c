"""What an agent is: something that, given a picture and where it has looked, says where to look next."""

import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import is_dataclass
from typing import Any

import torch
from torch import Tensor

from scanpath._core.checks import check_xy
from scanpath._core.errors import InputError
from scanpath.agents.inhibition import Inhibition, NoInhibition
from scanpath.agents.selection import Selection, WinnerTakeAll
from scanpath.agents.target_found import FoundRule, Never
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus

#: Fixations so far, oldest first: (n, 2) numbers, x and y in px.
History = Sequence[tuple[float, float]]


class Agent(ABC):
    """An eye that moves over one picture at a time.

    Parameters
    ----------
    name
        What tables call the agent.
    found_rule
        When the search ends because the target is found.
    """

    def __init__(self, *, name: str, found_rule: FoundRule | None = None) -> None:
        if found_rule is not None and not hasattr(found_rule, "found"):
            raise InputError(f"found_rule must be a rule, such as InBox(margin_px=16), got {found_rule!r}.")
        self.name = name
        self.found_rule = found_rule or Never()
        self.settings: dict[str, Any] = {}  # how it was built, for the record; filled by create_agent
        self._last: tuple[weakref.ref[Stimulus], Any] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def facts(self) -> dict[str, Any]:
        """Return what fixations depend on beside the settings, in a form that JSON can hold: rules set since, networks.

        A run that is continued compares it.
        """
        rules = {name: vars(self).get(name) for name in ("found_rule", "selection", "inhibition")}
        return {
            name: repr(rule) if is_dataclass(rule) else type(rule).__qualname__
            for name, rule in rules.items()
            if rule is not None
        }

    def prepare(self, stimulus: Stimulus) -> Any:
        """Compute what depends on the picture alone, such as the target's features; kept for the last picture."""
        return None

    def prepared(self, stimulus: Stimulus) -> Any:
        """Return `prepare(stimulus)`, computed once for the picture that is being looked at."""
        if self._last is None or self._last[0]() is not stimulus:
            self._last = None  # free the old picture's memory before the new one's is taken
            self._last = (weakref.ref(stimulus), self.prepare(stimulus))
        return self._last[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}  # workers prepare their own pictures

    def first_fixation(self, stimulus: Stimulus, generator: torch.Generator) -> tuple[float, float]:
        """Where the eye is when the picture appears: at the stimulus's start, else on the central pixel.

        A start beside the picture is moved to the nearest pixel, as agents see nothing but the picture.
        """
        height, width = stimulus.size
        if stimulus.start_xy is None:
            return float(width // 2), float(height // 2)
        x, y = stimulus.start_xy
        return min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)

    @abstractmethod
    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Choose the next fixation, (x, y) in px, given all fixations so far."""

    def run(
        self, stimuli: Sequence[Stimulus], *, n_fixations: int, generators: Sequence[torch.Generator]
    ) -> list[Scanpath]:
        """Look at several pictures; agents that gain from it override this to work on them as a batch.

        Each picture has its own generator, so that the result does not depend on how pictures are grouped.
        """
        from scanpath.agents.episode import run_episode

        return [
            run_episode(self, stimulus, n_fixations=n_fixations, generator=generator)
            for stimulus, generator in zip(stimuli, generators, strict=True)
        ]


class PriorityAgent(Agent):
    """An agent that draws a map of where looking is worthwhile and picks a place on it.

    Parameters
    ----------
    selection
        How a place is picked from the map; default the maximum.
    inhibition
        What becomes of places already looked at; default nothing.
    """

    def __init__(
        self,
        *,
        name: str,
        selection: Selection | None = None,
        inhibition: Inhibition | None = None,
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(name=name, found_rule=found_rule)
        self.selection = selection or WinnerTakeAll()
        self.inhibition = inhibition or NoInhibition()

    @abstractmethod
    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the (H, W) map before places already looked at are taken out; not negative."""

    def priority(self, stimulus: Stimulus, history_xy: Any) -> Tensor:
        """Return the (H, W) map the next fixation is picked from.

        Parameters
        ----------
        stimulus
            The picture and its task.
        history_xy
            (n, 2) fixations so far in px, the agent's own or a person's.
        """
        history = as_history(history_xy)
        return self.attention(stimulus, history) * self.inhibition.weight(stimulus, history)

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Pick the next fixation from the priority map."""
        return self.selection.select(self.priority(stimulus, history), generator)


def as_history(history_xy: Any) -> list[tuple[float, float]]:
    """Return fixations so far as a list of (x, y); there is always at least one, where the eye is now."""
    points = check_xy("history_xy", history_xy.detach().cpu() if isinstance(history_xy, Tensor) else history_xy)
    if len(points) == 0:
        raise InputError("history_xy is empty; it holds at least the fixation where the eye is now.")
    return [(float(x), float(y)) for x, y in points]
