"""The work cut into units whose borders depend on nothing but the pictures' order."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from scanpath._core.errors import InputError
from scanpath.gaze.pictures import content_checksum
from scanpath.gaze.stimulus import Stimulus


@dataclass(frozen=True)
class Unit:
    """One agent, one seed and some successive pictures.

    Attributes
    ----------
    chunk, agent, seed_number
        Numbers of the group of pictures, of the agent, and of the seed in the list of seeds.
    seed
        The seed itself.
    stimuli
        The pictures.
    """

    chunk: int
    agent: int
    seed_number: int
    seed: int
    stimuli: tuple[Stimulus, ...]

    @property
    def key(self) -> tuple[int, int, int]:
        """What orders units; rows of a table follow it."""
        return self.chunk, self.agent, self.seed_number

    def alone(self, stimulus: Stimulus) -> "Unit":
        """Return the same unit with one of its pictures."""
        return Unit(self.chunk, self.agent, self.seed_number, self.seed, (stimulus,))


def cut(stimuli: Stimulus | Iterable[Stimulus], size: int) -> Iterator[tuple[int, tuple[Stimulus, ...]]]:
    """Number groups of `size` successive pictures, reading no further than the group; names must differ."""
    if isinstance(stimuli, str | Path) or not isinstance(stimuli, Stimulus | Iterable):
        raise InputError(f"stimuli must be Stimulus objects, got {stimuli!r}; make one with Stimulus(picture).")
    rest = iter([stimuli] if isinstance(stimuli, Stimulus) else stimuli)
    known: set[str] = set()
    number = 0
    while group := tuple(islice(rest, size)):
        for stimulus in group:
            if not isinstance(stimulus, Stimulus):
                raise InputError(
                    f"stimuli must be Stimulus objects, got {type(stimulus).__name__}; make one with Stimulus(picture)."
                )
            if stimulus.name in known:
                raise InputError(f"Two stimuli are both named {stimulus.name!r}; names must differ to tell rows apart.")
            known.add(stimulus.name)
        yield number, group
        number += 1
    if not known:
        raise InputError("There is no stimulus to simulate; give at least one.")


def units(stimuli: Stimulus | Iterable[Stimulus], size: int, *, n_agents: int, seeds: Sequence[int]) -> Iterator[Unit]:
    """Give all units in order: groups of `size` pictures, for each the agents, for each the seeds."""
    for chunk, group in cut(stimuli, size):
        for agent in range(n_agents):
            for number, seed in enumerate(seeds):
                yield Unit(chunk, agent, number, seed, group)


def fingerprint(stimuli: Sequence[Stimulus]) -> str:
    """Checksum of what tables and searches depend on, without reading the pictures."""
    facts = [
        [
            one.name,
            one.size,
            one.target_box,
            one.caption,
            one.px_per_deg,
            one.start_xy,
            one.background,
            # small, unlike pictures
            *(None if part is None else content_checksum([part]) for part in (one._target, one.target_mask, one.cells)),
            sorted(map(str, one.info.items())),
        ]
        for one in stimuli
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
