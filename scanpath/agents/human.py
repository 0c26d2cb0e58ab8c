"""A person as an agent: the scanpath that someone made, on the same picture or on another one."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.agents.agent import PlannedAgent
from scanpath.agents.episode import Episode, Fixation
from scanpath.agents.history import History
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import read_table, scanpaths_from_table

if TYPE_CHECKING:
    import pandas as pd


class HumanAgent(PlannedAgent):
    """Does what a person did: replays one scanpath, drawn at random for each picture, with its times.

    Parameters
    ----------
    fixations
        Tidy fixation table with people's scanpaths, such as ``load_dataset(...).fixations``, or its file, Parquet or
        CSV.
    picture
        "same" replays a scanpath made on the stimulus's picture: what one person says of another. "other" replays
        one made on another picture: people's habits without the picture.
    exclude_subject
        A person who is never replayed: the one that is to be predicted.
    found_rule
        When a search ends; default a fixation inside the target's box.
    """

    name = "human"

    def __init__(
        self,
        *,
        fixations: "pd.DataFrame | str | os.PathLike[str]",
        picture: str = "same",
        exclude_subject: str | None = None,
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(found_rule=found_rule or InBox())
        table = read_table(fixations) if isinstance(fixations, str | os.PathLike) else fixations
        self.paths: dict[str, list[Scanpath]] = {}
        for path in scanpaths_from_table(table):
            self.paths.setdefault(str(path.info["stimulus"]), []).append(path)
        self.picture, self.exclude = check_choice("picture", picture, ("same", "other")), exclude_subject

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Return where the person who looked so far as `history` looked next; with none, where a person began."""
        so_far = np.asarray(history, dtype=np.float64).reshape(-1, 2)
        candidates = self._candidates(stimulus) if history else [self._draw(stimulus, generator)]
        for path in candidates:
            if len(path) > len(so_far) and np.array_equal(path.xy[: len(so_far)], so_far):
                return _fixations(path)[len(so_far)].xy
        raise InputError(f"No scanpath on {stimulus.name!r} goes on from these {len(so_far)} fixations.")

    def plan(self, episode: Episode) -> Sequence[Fixation]:
        """Draw the scanpath that is replayed."""
        return _fixations(self._draw(episode.stimulus, episode.generator))

    def _draw(self, stimulus: Stimulus, generator: torch.Generator) -> Scanpath:
        candidates = self._candidates(stimulus)
        return candidates[int(torch.randint(len(candidates), (), generator=generator))]

    def _candidates(self, stimulus: Stimulus) -> list[Scanpath]:
        names = [name for name in self.paths if (name == stimulus.name) == (self.picture == "same")]
        found = [path for name in names for path in self.paths[name] if path.info.get("subject") != self.exclude]
        if not found:
            raise InputError(f"Agent 'human' has no scanpath for {stimulus.name!r}; give fixations that hold some.")
        return found


def _fixations(path: Scanpath) -> list[Fixation]:
    unknown = [None] * len(path)
    times = [unknown if values is None else values.tolist() for values in (path.onset_ms, path.duration_ms)]
    return [Fixation((x, y), *when) for (x, y), *when in zip(path.xy.tolist(), *times)]
