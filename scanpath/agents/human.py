"""A person as an agent: the scanpath that someone made, on the same picture or on another one."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent, History
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import read_table, scanpaths_from_table

if TYPE_CHECKING:
    import pandas as pd


class HumanAgent(Agent):
    """Replays one person's scanpath, drawn at random for each picture; `human` explains the parameters."""

    chooses_first = True

    def __init__(
        self, *, paths: dict[str, list[Scanpath]], picture: str, exclude: str | None, found_rule: FoundRule
    ) -> None:
        super().__init__(name="human", found_rule=found_rule)
        self.paths, self.exclude = paths, exclude
        self.picture = check_choice("picture", picture, ("same", "other"))

    def first_fixation(self, stimulus: Stimulus, generator: torch.Generator) -> tuple[float, float]:
        """Return where a person looked first."""
        return _place(self._draw(stimulus, generator), 0)

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Return where the person who looked so far as `history` looked next."""
        so_far = np.asarray(history, dtype=np.float64)
        for path in self._candidates(stimulus):
            if len(path) > len(so_far) and np.array_equal(path.xy[: len(so_far)], so_far):
                return _place(path, len(so_far))
        raise InputError(f"No scanpath on {stimulus.name!r} goes on from these {len(so_far)} fixations.")

    def run(
        self, stimuli: Sequence[Stimulus], *, n_fixations: int, generators: Sequence[torch.Generator]
    ) -> list[Scanpath]:
        """Replay a scanpath for each picture, with its times, up to `n_fixations`."""
        paths = []
        for stimulus, generator in zip(stimuli, generators, strict=True):
            path = self._draw(stimulus, generator)[:n_fixations]
            on_target = [self.found_rule.found(stimulus, tuple(xy), index) for index, xy in enumerate(path.xy)]
            stop = on_target.index(True) + 1 if True in on_target else len(path)
            info = {
                **stimulus.info,
                "stimulus": stimulus.name,
                "agent": self.name,
                "target_found": on_target[stop - 1],
                "on_target": on_target[:stop],
            }
            cut = path[:stop]
            paths.append(Scanpath(cut.xy, cut.duration_ms, cut.onset_ms, info))
        return paths

    def _draw(self, stimulus: Stimulus, generator: torch.Generator) -> Scanpath:
        candidates = self._candidates(stimulus)
        return candidates[int(torch.randint(len(candidates), (), generator=generator))]

    def _candidates(self, stimulus: Stimulus) -> list[Scanpath]:
        names = [name for name in self.paths if (name == stimulus.name) == (self.picture == "same")]
        found = [path for name in names for path in self.paths[name] if path.info.get("subject") != self.exclude]
        if not found:
            raise InputError(f"Agent 'human' has no scanpath for {stimulus.name!r}; give fixations that hold some.")
        return found


def human(
    *,
    fixations: "pd.DataFrame | str | os.PathLike[str]",
    picture: str = "same",
    exclude_subject: str | None = None,
    found_rule: FoundRule | None = None,
) -> HumanAgent:
    """Build the agent that does what a person did.

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
    by_picture: dict[str, list[Scanpath]] = {}
    table = read_table(fixations) if isinstance(fixations, str | os.PathLike) else fixations
    for path in scanpaths_from_table(table):
        by_picture.setdefault(str(path.info["stimulus"]), []).append(path)
    return HumanAgent(paths=by_picture, picture=picture, exclude=exclude_subject, found_rule=found_rule or InBox())


def _place(path: Any, index: int) -> tuple[float, float]:
    return float(path.xy[index, 0]), float(path.xy[index, 1])
