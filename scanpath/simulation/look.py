"""What a worker does: one agent looks at some pictures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch

from scanpath._core.errors import ScanpathError
from scanpath._core.memory import keep_freed_memory
from scanpath._core.random import torch_generator
from scanpath.agents.agent import Agent
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import check_table, fixation_cells

_PER_PATH = ("dataset", "stimulus", "agent", "task", "condition", "target_found", "on_target")

#: What an agent may tell of each fixation.
_PER_FIXATION = ("on_target", "object_index", "object_label")


@dataclass(frozen=True)
class Looking:
    """How pictures are looked at.

    Attributes
    ----------
    n_fixations
        The most fixations a scanpath has.
    batch_size
        Pictures handed to an agent at once.
    skip
        Whether a picture that fails is recorded and left out, or stops the run.
    """

    n_fixations: int
    batch_size: int
    skip: bool


@dataclass
class Looked:
    """What came of it: scanpaths in the order of the stimuli, and why some stimuli have none."""

    paths: list[Scanpath] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def look(agent: Agent, stimuli: Sequence[Stimulus], seed: int, how: Looking) -> Looked:
    """Run one agent over stimuli, in batches; where a batch fails, find the picture that did."""
    keep_freed_memory()
    found = Looked()
    for start in range(0, len(stimuli), how.batch_size):
        _look_at_batch(agent, stimuli[start : start + how.batch_size], seed, how, found)
    return found


def _look_at_batch(agent: Agent, batch: Sequence[Stimulus], seed: int, how: Looking, found: Looked) -> None:
    try:
        # each scanpath has its own random numbers, named by whose they are and not by when they are drawn
        generators = [torch_generator(seed, agent.name, stimulus.name) for stimulus in batch]
        with one_thread():
            found.paths += agent.run(batch, n_fixations=how.n_fixations, generators=generators)
        return
    except Exception as error:
        if not how.skip:
            raise
        if len(batch) == 1:
            found.failures[batch[0].name] = reason(error)
            return
    for stimulus in batch:
        _look_at_batch(agent, [stimulus], seed, how, found)


def reason(error: BaseException) -> str:
    """Say in one line why a picture failed; an error that is not ours comes with its type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ScanpathError) else f"{type(error).__name__}: {text}"


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: the order of a sum may follow the number of threads, and a near-tie the order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def tabulate(paths: Sequence[tuple[int, Scanpath]]) -> pd.DataFrame:
    """Put scanpaths, each with its seed, into one tidy table."""
    return check_table(pd.DataFrame(cells_of(paths)), source="The simulated table")


def cells_of(paths: Sequence[tuple[int, Scanpath]]) -> dict[str, np.ndarray | list[object]]:
    """Return the columns of scanpaths, each with its seed, as agents and stimuli gave them."""
    extra = sorted({key for _, path in paths for key in path.info if key not in _PER_PATH})
    about = [{**path.info, "seed": seed} for seed, path in paths]
    names = ("seed", *_PER_PATH, *extra)
    return fixation_cells([path for _, path in paths], about, names, of_fixations=_PER_FIXATION)
