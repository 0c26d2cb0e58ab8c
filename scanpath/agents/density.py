"""Agents whose map is a probability: for every pixel, how likely it is that the eye lands there next."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_number
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.agents.episode import Episode, Fixation
from scanpath.agents.history import History
from scanpath.agents.selection import ProportionalSampling, Selection, WinnerTakeAll
from scanpath.agents.target_found import FoundRule
from scanpath.gaze.stimulus import Stimulus

#: How far from 1 the probabilities of a map may sum in single precision.
SUM_TOLERANCE = 1e-3


@runtime_checkable
class Density(Protocol):
    """Anything that gives the probability of the next fixation, such as a `DensityAgent`."""

    @property
    def name(self) -> str:
        """What its rows are called."""
        ...

    def log_density(
        self,
        stimulus: Stimulus,
        history_xy: Tensor | ArrayLike,
        history_duration_ms: Tensor | ArrayLike | None = None,
        /,
    ) -> Tensor:
        """Return the natural logarithm of each pixel's probability, (H, W)."""
        ...


class DensityAgent(Agent):
    """An agent that says for every pixel how probable it is that the eye lands there next.

    Its scanpaths are draws from that density, and people's fixations can be scored under it in bits:
    `scanpath.evaluation.predict_fixations` puts it on their paths.

    Parameters
    ----------
    name, found_rule
        As for `Agent`.
    temperature
        How the next fixation is picked: 1 draws from the density, less than 1 from a sharper one (its power
        1 / temperature), 0 always takes the most probable pixel. The density itself does not depend on it.

    Attributes
    ----------
    fitted_on
        Names of the pictures whose fixations it was fitted to; who scores it on them is warned.

    Examples
    --------
    An agent that knows no more than the center, twice as sure of it as of any other pixel:

    >>> import scanpath as sp
    >>> class Middle(sp.DensityAgent):
    ...     name = "middle"
    ...     def log_density(self, stimulus, history_xy, history_duration_ms=None):
    ...         weight = torch.ones(stimulus.size)
    ...         weight[stimulus.size[0] // 2, stimulus.size[1] // 2] = 2
    ...         return (weight / weight.sum()).log()
    >>> stimulus = sp.Stimulus(torch.zeros(1, 3, 3), name="blank")
    >>> table = sp.simulate(Middle(temperature=0), stimulus, n_fixations=2)
    >>> table[["x_px", "y_px"]].values.tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    fitted_on: Collection[str] = ()

    def __init__(
        self, *, name: str | None = None, temperature: float = 1.0, found_rule: FoundRule | None = None
    ) -> None:
        super().__init__(name=name, found_rule=found_rule)
        self.selection = selection_at(temperature)

    @abstractmethod
    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the natural logarithm of the probability of each pixel, (H, W); the probabilities sum to 1.

        Parameters
        ----------
        stimulus
            The picture and its task.
        history_xy
            (n, 2) fixations so far in px, oldest first, the agent's own or a person's; empty for the first fixation
            of an agent that chooses it.
        history_duration_ms
            How long each of them lasted, (n,), the present one included; None where that is not known.
        """

    def priority(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the (H, W) probabilities that the next fixation is drawn from.

        Raises
        ------
        InputError
            If they do not sum to 1.
        """
        return probabilities(self, stimulus, history_xy, history_duration_ms)

    def duration_ms(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> float | None:
        """Draw how long the last fixation of a history lasts; None for an agent that knows nothing of it."""
        return None

    def next_fixation(
        self, stimulus: Stimulus, history: History, generator: torch.Generator
    ) -> tuple[float, float] | None:
        """Pick the next fixation from its density."""
        return self.selection.select(self.priority(stimulus, history), generator)

    def choose(self, episodes: Sequence[Episode]) -> Sequence[Fixation | None]:
        """Pick the next fixation of each episode, given where and how long it has looked, and say how long it lasts."""
        return [self._next(one) for one in episodes]

    def _next(self, episode: Episode) -> Fixation | None:
        xy = self._place(episode)
        if xy is None:
            return None
        lasts = self.duration_ms(episode.stimulus, [*episode.xy, xy], episode.generator)
        # saccades take no time here: densities are of places and rests
        return Fixation(xy, None if lasts is None else sum(episode.duration_ms or ()), lasts)

    def _place(self, episode: Episode) -> tuple[float, float] | None:
        """Pick a place from the density, given how long each fixation lasted where that is known."""
        if not episode.xy or episode.duration_ms is None:
            return super()._place(episode)
        priority = self.priority(episode.stimulus, episode.xy, episode.duration_ms)
        return self.selection.select(priority, episode.generator)


def probabilities(
    agent: Density,
    stimulus: Stimulus,
    history_xy: Tensor | ArrayLike,
    history_duration_ms: Tensor | ArrayLike | None = None,
) -> Tensor:
    """Return the (H, W) probabilities of the next fixation under an agent's density, in double precision.

    Parameters
    ----------
    agent
        What gives the density.
    stimulus, history_xy, history_duration_ms
        As in `DensityAgent.log_density`.

    Raises
    ------
    InputError
        If they do not sum to 1.
    """
    density = agent.log_density(stimulus, history_xy, history_duration_ms).detach().to("cpu", torch.float64).exp()
    total = float(density.sum())
    if not abs(total - 1) <= SUM_TOLERANCE:
        raise InputError(
            f"log_density of {agent.name} must give natural logarithms of probabilities that sum to 1 over the "
            f"picture, got a sum of {total:.4g}; subtract torch.logsumexp over its pixels."
        )
    return density


def log_normalized(log_weight: Tensor) -> Tensor:
    """Shift an (H, W) map of logarithms so that their exponentials sum to 1, in double precision."""
    log_weight = log_weight.to(torch.float64)
    return log_weight - torch.logsumexp(log_weight.flatten(), 0)


def selection_at(temperature: float) -> Selection:
    """Return how a place is drawn from a density that is raised to the power 1 / temperature; at 0, its maximum."""
    if check_number("temperature", temperature) < 0:
        raise InputError(f"temperature must be 0 (the most probable place) or more (1 draws), got {temperature!r}.")
    return WinnerTakeAll() if temperature == 0 else ProportionalSampling(1 / temperature)
