"""What an agent is: something that, given a picture and where it has looked, says where to look next."""

import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import is_dataclass
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.agents.episode import Episode, Fixation, run_episodes
from scanpath.agents.history import History, as_history
from scanpath.agents.inhibition import Inhibition, NoInhibition
from scanpath.agents.selection import Selection, WinnerTakeAll
from scanpath.agents.target_found import FoundRule, Never
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus


class Agent(ABC):
    """An eye that moves over one picture at a time.

    To write one, say where it looks next; for an agent that picks places from a map, `PriorityAgent` is shorter.

    Parameters
    ----------
    name
        What tables call the agent; default its class's name. Random numbers follow it.
    found_rule
        When the search ends because the target is found; default never.

    Attributes
    ----------
    name
        A class may state its published name here.
    chooses_first
        Whether the first fixation is the agent's choice, made with an empty history. Otherwise it is where the eye is
        when the picture appears, which studies do not count as a saccade.
    ends_itself
        Whether `next_fixation` may return None to end the scanpath; tables then say in ``ended_by`` whether the
        target, the agent or the limit did. One that does so without having said so is refused.
    in_step
        Whether the pictures of a batch are looked at in step, rather than one after another.
    learned_from
        What it learned from, in a few words; runs and figures say so, as it limits what the scanpaths mean.

    Examples
    --------
    An agent that reads from left to right and stops at the border:

    >>> import scanpath as sp
    >>> class Reader(sp.Agent):
    ...     name = "reader"
    ...     ends_itself = True
    ...
    ...     def next_fixation(self, stimulus, history, generator):
    ...         x, y = history[-1]
    ...         return (x + 20, y) if x + 20 < stimulus.size[1] else None
    >>> blank = sp.Stimulus(torch.zeros(1, 60, 100), name="blank")
    >>> table = sp.simulate(Reader(), blank)
    >>> table["x_px"].tolist(), table["ended_by"][0]
    ([50.0, 70.0, 90.0], 'agent')
    """

    name: str = ""
    chooses_first: bool = False
    ends_itself: bool = False
    in_step: bool = False
    learned_from: str = ""

    def __init__(self, *, name: str | None = None, found_rule: FoundRule | None = None) -> None:
        if found_rule is not None and not hasattr(found_rule, "found"):
            raise InputError(f"found_rule must be a rule, such as InBox(margin_px=16), got {found_rule!r}.")
        self.name = name or self.name or type(self).__name__
        self.found_rule = found_rule or Never()
        self.settings: dict[str, object] = {}  # how it was built, for the record; filled by create_agent
        self._last: tuple[weakref.ref[Stimulus], Any] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def facts(self) -> dict[str, object]:
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

    def first_fixation(self, stimulus: Stimulus, generator: torch.Generator) -> tuple[float, float] | None:
        """Choose it, if this agent does; else where the eye is when the picture appears."""
        return self.next_fixation(stimulus, [], generator) if self.chooses_first else start_of(stimulus)

    @abstractmethod
    def next_fixation(
        self, stimulus: Stimulus, history: History, generator: torch.Generator
    ) -> tuple[float, float] | None:
        """Choose the next fixation, (x, y) in px, given all fixations so far; None ends the scanpath."""

    def choose(self, episodes: Sequence[Episode]) -> Sequence[Fixation | None]:
        """Choose the next fixation, the first one too, of each of some episodes.

        Agents whose fixations have times, or that look at several pictures at once, override this.
        """
        places = [self._place(one) for one in episodes]
        return [None if xy is None else Fixation(xy) for xy in places]

    def _place(self, episode: Episode) -> tuple[float, float] | None:
        """Choose where to look next, or where first."""
        stimulus, xy, generator = episode.stimulus, episode.xy, episode.generator
        return self.next_fixation(stimulus, xy, generator) if xy else self.first_fixation(stimulus, generator)

    def run(
        self, stimuli: Sequence[Stimulus], *, n_fixations: int, generators: Sequence[torch.Generator]
    ) -> list[Scanpath]:
        """Look at several pictures.

        Each picture has its own generator, so that the result does not depend on how pictures are grouped.
        """
        episodes = [
            Episode(stimulus, generator, n_fixations=n_fixations, found_rule=self.found_rule)
            for stimulus, generator in zip(stimuli, generators, strict=True)
        ]
        # one after another unless the agent gains from more: what it prepares takes memory
        for group in [episodes] if self.in_step else [[one] for one in episodes]:
            run_episodes(group, self.choose)
        return [one.scanpath(self.name, tells_end=self.ends_itself) for one in episodes]


class PriorityAgent(Agent):
    """An agent that draws a map of where looking is worthwhile and picks a place on it.

    Parameters
    ----------
    name, found_rule
        As for `Agent`.
    selection
        How a place is picked from the map; default the maximum.
    inhibition
        What becomes of places already looked at; default nothing.

    Examples
    --------
    An agent that visits what is bright, one place after another:

    >>> import scanpath as sp
    >>> class Moth(sp.PriorityAgent):
    ...     def attention(self, stimulus, history):
    ...         return stimulus.image.mean(0)
    >>> moth = Moth(name="moth", inhibition=sp.SquareInhibition(size_px=5), found_rule=sp.InBox())
    >>> picture = torch.zeros(1, 40, 60)
    >>> picture[0, 10, 20], picture[0, 30, 50] = 1, 0.5
    >>> table = sp.simulate(moth, sp.Stimulus(picture, name="two lamps", target_box=(48, 28, 5, 5)))
    >>> table[["x_px", "y_px"]].values.tolist()
    [[30.0, 20.0], [20.0, 10.0], [50.0, 30.0]]
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        selection: Selection | None = None,
        inhibition: Inhibition | None = None,
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(name=name, found_rule=found_rule)
        self.selection = selection or WinnerTakeAll()
        self.inhibition = inhibition or NoInhibition()

    @abstractmethod
    def attention(self, stimulus: Stimulus, history: History) -> Tensor:
        """Return the (H, W) map before places already looked at are taken out; not negative.

        The history is empty for an agent that chooses its first fixation.
        """

    def attention_together(self, episodes: Sequence[Episode]) -> list[Tensor]:
        """Return the map of each of some episodes, all with a history; agents that look in step override this."""
        return [self.attention(one.stimulus, one.xy) for one in episodes]

    def priority(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike) -> Tensor:
        """Return the (H, W) map the next fixation is picked from.

        Parameters
        ----------
        stimulus
            The picture and its task.
        history_xy
            (n, 2) fixations so far in px, the agent's own or a person's.
        """
        history = as_history(history_xy)
        return self._open(self.attention(stimulus, history), stimulus, history)

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Pick the next fixation from the priority map, or the first from the map of attention."""
        priority = self.priority(stimulus, history) if history else self.attention(stimulus, history)
        return self.selection.select(priority, generator)

    def choose(self, episodes: Sequence[Episode]) -> Sequence[Fixation | None]:
        """Choose the next fixations, from maps that are drawn together where the agent looks in step."""
        if not self.in_step or not all(one.xy for one in episodes):  # all have a first fixation after one step
            return super().choose(episodes)
        maps = zip(self.attention_together(episodes), episodes, strict=True)
        return [
            Fixation(self.selection.select(self._open(attention, one.stimulus, one.xy), one.generator))
            for attention, one in maps
        ]

    def _open(self, attention: Tensor, stimulus: Stimulus, history: History) -> Tensor:
        """Return the priority map: attention where the inhibition leaves places open, on attention's device."""
        return attention * self.inhibition.weight(stimulus, history).to(attention.device, non_blocking=True)


class PlannedAgent(Agent):
    """An agent that knows its whole scanpath, with its times, when the picture appears.

    Asked for one fixation, from any history, it says what `next_fixation` says; left alone it follows its plan.

    Examples
    --------
    An agent that rests at the left and at the right border, for 300 ms each:

    >>> import scanpath as sp
    >>> from scanpath.agents import Fixation
    >>> class TwoSides(sp.agents.PlannedAgent):
    ...     def plan(self, episode):
    ...         height, width = episode.stimulus.size
    ...         return [Fixation((x, height // 2), onset, 300.0) for x, onset in ((0, 0.0), (width - 1, 320.0))]
    ...
    ...     def next_fixation(self, stimulus, history, generator):
    ...         return (stimulus.size[1] - 1, stimulus.size[0] // 2) if history else (0, stimulus.size[0] // 2)
    >>> sp.simulate(TwoSides(), sp.Stimulus(torch.zeros(1, 20, 40), name="blank"))["duration_ms"].tolist()
    [300.0, 300.0]
    """

    chooses_first = True
    ends_itself = True

    @abstractmethod
    def plan(self, episode: Episode) -> Sequence[Fixation]:
        """Return the fixations of an episode that begins, from the first on; it ends when they do."""

    def choose(self, episodes: Sequence[Episode]) -> Sequence[Fixation | None]:
        """Plan each episode as it begins, and follow the plan until it ends."""
        for one in episodes:
            if not one.xy:
                one.kept = iter(self.plan(one))
        return [next(one.kept, None) for one in episodes]


def run_episode(agent: Agent, stimulus: Stimulus, *, n_fixations: int, generator: torch.Generator) -> Scanpath:
    """Let an agent look at a picture until it finds the target, ends the scanpath, or has made its fixations.

    Parameters
    ----------
    agent
        Who looks.
    stimulus
        The picture and its task.
    n_fixations
        The most fixations, the first one included.
    generator
        Source of all the episode's randomness.

    Returns
    -------
    Scanpath
        Fixations in px, with times if the agent has them; ``info`` has ``target_found`` (None where nothing is looked
        for) and ``on_target``, one entry a fixation.

    Examples
    --------
    >>> from scanpath.agents import create_agent
    >>> stimulus = Stimulus(torch.zeros(1, 48, 64), name="blank")
    >>> path = run_episode(create_agent("random"), stimulus, n_fixations=3, generator=torch.Generator())
    >>> len(path)
    3
    """
    return agent.run([stimulus], n_fixations=n_fixations, generators=[generator])[0]


def start_of(stimulus: Stimulus) -> tuple[float, float]:
    """Return where the eye is when the picture appears: at the stimulus's start, else on the central pixel.

    A start beside the picture is moved to the nearest pixel, as agents see nothing but the picture.
    """
    height, width = stimulus.size
    if stimulus.start_xy is None:
        return float(width // 2), float(height // 2)
    x, y = stimulus.start_xy
    return min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
