"""One eye on one picture, and the one loop by which every agent looks."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath.agents.target_found import FoundRule
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus


class Fixation(NamedTuple):
    """Where the eye rests, and when, if that is known."""

    xy: tuple[float, float]
    onset_ms: float | None = None
    duration_ms: float | None = None


class Episode:
    """One eye on one picture: what it looks at, what it has fixated, and whether it goes on.

    Parameters
    ----------
    stimulus
        The picture and its task.
    generator
        Source of all the episode's randomness.
    n_fixations
        The most fixations, the first one included.
    found_rule
        Says which fixation finds the target.

    Attributes
    ----------
    xy
        Fixations so far, (x, y) in px.
    on_target
        For each of them, whether it finds the target; None where nothing is looked for.
    ended
        Whether the agent ended the scanpath of its own accord.
    kept
        What the agent wants to keep until the episode's next fixation.
    """

    def __init__(
        self, stimulus: Stimulus, generator: torch.Generator, *, n_fixations: int, found_rule: FoundRule
    ) -> None:
        self.stimulus, self.generator, self.found_rule = stimulus, generator, found_rule
        self.n_fixations = check_count("n_fixations", n_fixations)
        self.xy: list[tuple[float, float]] = []
        self.on_target: list[bool | None] = []
        self.ended = False
        self.kept: Any = None
        self._times: list[tuple[float | None, float | None]] = []

    @property
    def duration_ms(self) -> list[float] | None:
        """How long each fixation so far lasted, (n,); None where one of them is not known."""
        known = [duration for _, duration in self._times if duration is not None]
        return known if self.xy and len(known) == len(self.xy) else None

    @property
    def found(self) -> bool | None:
        """Whether the last fixation found the target; None where nothing is looked for."""
        return self.on_target[-1] if self.on_target else None

    @property
    def going(self) -> bool:
        """The stop rule: the target is not found, fixations are left, and the agent has not ended the scanpath."""
        return not self.ended and not self.found and len(self.xy) < self.n_fixations

    def add(self, fixation: Fixation | None) -> None:
        """Note the next fixation; None is the agent's own end."""
        if fixation is None:
            self.ended = True
            return
        self.xy.append(fixation.xy)
        self._times.append(fixation[1:])
        self.on_target.append(self.found_rule.found(self.stimulus, fixation.xy, len(self.xy) - 1))

    def scanpath(self, agent: str, *, tells_end: bool) -> Scanpath:
        """Return what was fixated, with ``ended_by`` ("target", "agent" or "limit") in ``info`` if that is to be told.

        Parameters
        ----------
        agent
            What tables call the agent.
        tells_end
            Whether the agent can end a scanpath, so that a reader wants to know what did.

        Raises
        ------
        InputError
            If the agent ended the scanpath before the first fixation, or though it says that it never does.
        """
        if not self.xy:
            raise InputError(f"Agent {agent!r} ended its scanpath on {self.stimulus.name!r} before any fixation.")
        if self.ended and not tells_end:
            raise InputError(
                f"Agent {agent!r} ended its scanpath on {self.stimulus.name!r} after {len(self.xy)} of "
                f"{self.n_fixations} fixations; an agent that may do so states ends_itself = True in its class."
            )
        info = {
            **self.stimulus.info,
            "stimulus": self.stimulus.name,
            "agent": agent,
            "target_found": self.found,
            "on_target": self.on_target,
        }
        if tells_end:
            info["ended_by"] = "target" if self.found else "agent" if self.ended else "limit"
        onset_ms, duration_ms = (None if None in times else np.array(times) for times in zip(*self._times))
        return Scanpath(np.array(self.xy), duration_ms, onset_ms, info)


def run_episodes(episodes: Sequence[Episode], choose: Callable[[Sequence[Episode]], Sequence[Fixation | None]]) -> None:
    """Run episodes in step until all have ended.

    Parameters
    ----------
    episodes
        The episodes; one picture is a list of one.
    choose
        Gives the next fixation, or None for the agent's own end, of each episode that goes on.
    """
    while going := [episode for episode in episodes if episode.going]:
        for episode, fixation in zip(going, choose(going), strict=True):
            episode.add(fixation)
