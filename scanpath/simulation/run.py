"""Runs that outlive their processes: a folder of shards, continued where it stopped."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import read_table
from scanpath.simulation.plan import Plan, make_plan
from scanpath.simulation.shards import RunFolder, ShardFacts, encode
from scanpath.simulation.units import Unit, fingerprint
from scanpath.simulation.workers import Key

#: Pictures in a shard unless the caller says otherwise.
SHARD_SIZE = 16


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    path
        Its folder; ``pandas.read_parquet(path)`` gives the tidy table.
    n_scanpaths, n_fixations
        What the folder holds.
    n_resumed
        How many of the scanpaths were there before.
    failures
        (stimulus, agent, seed) of what could not be looked at, with the reason; also in ``_failures.csv``.
    """

    path: Path
    n_scanpaths: int
    n_fixations: int
    n_resumed: int
    failures: dict[tuple[str, str, int], str] = field(repr=False)

    def table(self) -> pd.DataFrame:
        """Read the whole table."""
        return read_table(self.path)


@dataclass
class _Tally:
    """What of a run is done, in this call or before, told to a progress function as it grows."""

    plan: Plan
    progress: Callable[[int], None] | None
    keys: list[Key] = field(default_factory=list)
    scanpaths: int = 0
    fixations: int = 0
    resumed: int = 0
    failures: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def add(self, unit: Unit, facts: ShardFacts, *, resumed: bool) -> None:
        """Count a shard that is in the folder."""
        agent = self.plan.agents[unit.agent].name
        self.scanpaths += facts.n_scanpaths
        self.fixations += facts.n_fixations
        self.resumed += facts.n_scanpaths if resumed else 0
        self.failures |= {(name, agent, unit.seed): reason for name, reason in facts.failures.items()}
        if self.progress is not None:
            self.progress(facts.n_scanpaths + len(facts.failures))


def simulate_to_folder(
    agents: Agent | Sequence[Agent],
    stimuli: Stimulus | Iterable[Stimulus],
    out: str | os.PathLike[str],
    *,
    n_fixations: int = 10,
    seeds: int | Sequence[int] = 0,
    jobs: int = 1,
    batch_size: int = 8,
    shard_size: int = SHARD_SIZE,
    on_error: str = "raise",
    retry_failures: bool = False,
    accelerators: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
) -> Run:
    """Let agents look at any number of pictures and write their fixations as shards into a folder.

    Stimuli are read from their iterable as they are needed and shards are written as they are done, so that memory
    does not grow with the number of pictures. A run that was stopped, also by ``kill -9``, is continued by calling this
    again with the same arguments; no scanpath is lost or made twice. The shards' bytes depend on the agents, stimuli,
    seeds, `n_fixations` and `shard_size` alone: not on `jobs`, `batch_size`, the backend or interruptions.

    Workers are joblib's. For a cluster, call this inside ``joblib.parallel_config(backend="dask")`` (or "ray") with
    ``jobs=-1``. A worker that dies is replaced and its work repeated; a picture that kills workers again and again is
    recorded as a failure.

    Parameters
    ----------
    agents
        One agent or several with different names.
    stimuli
        Pictures with different names, also a generator; the same ones in the same order when a run is continued.
    out
        Folder of the run.
    n_fixations
        The most fixations a scanpath has.
    seeds
        One seed or several; each gives every agent another look at every picture.
    jobs
        Worker processes; -1 for one a core (or a worker of the cluster), 1 for this process.
    batch_size
        Pictures handed to an agent at once.
    shard_size
        Pictures in one shard of one agent and seed: what a stopped worker loses at most, and what one worker takes at
        a time. Give more, such as 4096, for runs of millions of pictures.
    on_error
        "raise" stops at the first picture that fails, and the run can be continued; "skip" records it with its reason
        and goes on.
    retry_failures
        Look again at what failed when the run was last worked on.
    accelerators
        Devices as CUDA_VISIBLE_DEVICES names them, such as ``["0", "1"]``: one worker each, in place of `jobs`.
    progress
        Called with the number of scanpaths that were done since the last call, those of earlier runs included.

    Returns
    -------
    Run
        What the folder holds.

    Raises
    ------
    InputError
        If names repeat, or the folder holds another run or other stimuli.

    Examples
    --------
    >>> import scanpath as sp, tempfile, torch
    >>> stimuli = (sp.Stimulus(torch.zeros(1, 40, 60), name=f"{i}") for i in range(100))
    >>> run = simulate_to_folder(sp.create_agent("random"), stimuli, tempfile.mkdtemp(), n_fixations=3, seeds=[0, 1])
    >>> run.n_scanpaths, run.n_fixations, len(pd.read_parquet(run.path))
    (200, 600, 600)
    """
    plan = make_plan(
        agents,
        n_fixations=n_fixations,
        seeds=seeds,
        jobs=jobs,
        batch_size=batch_size,
        on_error=on_error,
        accelerators=accelerators,
    )
    identity = plan.facts() | {"shard_size": check_count("shard_size", shard_size)}
    folder, tally = RunFolder(Path(out), identity), _Tally(plan, progress)
    with folder.locked(jobs):
        missing = _missing(plan.units(stimuli, shard_size), folder, tally, retry_failures=retry_failures)
        for unit, content in plan.run(missing, partial(encode, identity=identity)):
            folder.write(unit.key, content)
            facts = folder.facts(unit.key)
            assert facts is not None
            tally.add(unit, facts, resumed=False)
        folder.finish(sorted(tally.keys), [one.name for one in plan.agents], plan.seeds)
    return Run(Path(out), tally.scanpaths, tally.fixations, tally.resumed, tally.failures)


def _missing(units: Iterable[Unit], folder: RunFolder, tally: _Tally, *, retry_failures: bool) -> Iterator[Unit]:
    """Pass on the units that the folder does not hold yet, and count the others."""
    group: Sequence[Stimulus] = ()
    expected = ""
    for unit in units:
        tally.keys.append(unit.key)
        if unit.stimuli is not group:
            group, expected = unit.stimuli, fingerprint(unit.stimuli)
        facts = folder.facts(unit.key)
        if facts is not None and facts.fingerprint != expected:
            raise InputError(
                f"{folder.path} holds other stimuli than {unit.stimuli[0].name!r} and those after it in its shard "
                f"{unit.chunk}; continue it with the same stimuli in the same order, or give another folder."
            )
        if facts is None or (retry_failures and facts.failures):
            yield unit
        else:
            tally.add(unit, facts, resumed=True)
