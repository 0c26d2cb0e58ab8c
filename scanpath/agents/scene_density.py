"""Where there is something to look at in a picture, as a model of scanpaths takes it: a coarse map from any source."""

import os
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent, PriorityAgent, start_of
from scanpath.agents.catalog import create_agent
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import read_table, scanpaths_from_table
from scanpath.metrics import LeaveOneOut, fit_density

if TYPE_CHECKING:
    import pandas as pd

#: Rows and columns of the map.
CELLS = (128, 128)
#: Name of an agent, "people", or a function of the stimulus that returns a map (H, W).
DensitySource: TypeAlias = str | Callable[[Stimulus], Tensor]
#: A table of people's fixations or its file.
People: TypeAlias = Union["pd.DataFrame", str, os.PathLike[str]]


class SceneDensity:
    """Maps of where to look in a picture, whatever was looked at before: an agent's, a function's, or people's.

    Parameters
    ----------
    source
        Name of an agent with a map, such as ``"center"`` or ``"itti_koch"``; ``"people"``, the density of people's
        fixations on the picture but for the first of each; or a function of the stimulus.
    people
        The fixations that ``"people"`` means, as a table or its file.
    """

    def __init__(self, source: DensitySource, people: People | None = None) -> None:
        self.source = source
        self._agent: Agent | None = None
        self._looked: dict[str, dict[Hashable, list[np.ndarray]]] = {}
        self._last: tuple[str, LeaveOneOut[Hashable]] | None = None
        if source == "people":
            if people is None:
                raise InputError(
                    "density='people' needs people=, a table of their fixations or its file; or give another density, "
                    "such as 'itti_koch'."
                )
            self._collect(read_table(people) if isinstance(people, str | os.PathLike) else people)
        elif isinstance(source, str):
            self._agent = create_agent(source)
            if not (isinstance(self._agent, PriorityAgent) or hasattr(self._agent, "priority")):
                raise InputError(f"Agent {source!r} draws no map; give one that does, such as 'itti_koch', as density.")
        elif not callable(source):
            raise InputError(f"density must be an agent's name, 'people' or a function, got {source!r}.")

    def on(self, stimulus: Stimulus, *, without: Hashable | None = None) -> Tensor:
        """Return the map of a picture on the coarse grid, float64, sum 1.

        Parameters
        ----------
        stimulus
            The picture.
        without
            Whose own fixations are left out of people's density.
        """
        drawn = self._drawn(stimulus, without).detach().to("cpu", torch.float64)
        if drawn.ndim != 2 or not torch.isfinite(drawn).all() or drawn.min() < 0:
            raise InputError(f"The density of {stimulus.name!r} must be a map (H, W) of finite numbers of at least 0.")
        coarse = F.interpolate(drawn[None, None], CELLS, mode="area")[0, 0]
        if coarse.max() <= 0:
            coarse = torch.ones_like(coarse)  # a map without anything salient
        return coarse / coarse.sum()

    def _drawn(self, stimulus: Stimulus, without: Hashable | None) -> Tensor:
        if self.source == "people":
            return torch.from_numpy(self._people(stimulus).density(without))
        if callable(self.source):
            return torch.as_tensor(self.source(stimulus))
        start = [start_of(stimulus)]
        if isinstance(self._agent, PriorityAgent):
            return self._agent.attention(stimulus, start)  # nothing is inhibited before it was looked at
        agent: Any = self._agent
        return torch.as_tensor(agent.priority(stimulus, start))

    def _collect(self, table: "pd.DataFrame") -> None:
        for path in scanpaths_from_table(table):
            seen = self._looked.setdefault(str(path.info["stimulus"]), {})
            seen.setdefault(path.info.get("subject"), []).append(path.xy[1:])

    def _people(self, stimulus: Stimulus) -> LeaveOneOut[Hashable]:
        name = stimulus.name
        if self._last is None or self._last[0] != name:
            looked = {who: np.concatenate(parts) for who, parts in self._looked.get(name, {}).items()}
            if len(looked) < 2:
                raise InputError(
                    f"A density of people needs two of them on each picture, {name!r} was seen by {len(looked)}; give "
                    "more people or another density, such as 'itti_koch'."
                )
            groups = [who for who, xy in looked.items() for _ in xy]
            fit = fit_density(np.concatenate(list(looked.values())), size=stimulus.size, groups=groups)
            # the key None is nobody's, so that leaving it out keeps everybody
            self._last = name, LeaveOneOut({None: np.zeros((0, 2)), **looked}, stimulus.size, fit=fit)
        return self._last[1]
