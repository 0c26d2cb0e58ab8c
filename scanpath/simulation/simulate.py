"""Let agents look at pictures and put every fixation into one tidy table."""

import os
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from scanpath.agents.agent import Agent
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import is_table_file, write_table
from scanpath.simulation.look import tabulate
from scanpath.simulation.plan import make_plan
from scanpath.simulation.run import SHARD_SIZE, simulate_to_folder
from scanpath.simulation.units import cut
from scanpath.simulation.workers import keep_paths


def simulate(
    agent: Agent | Sequence[Agent],
    stimuli: Stimulus | Iterable[Stimulus],
    n_fixations: int = 10,
    seed: int | Sequence[int] = 0,
    jobs: int = 1,
    out: str | os.PathLike[str] | None = None,
    *,
    batch_size: int = 8,
    shard_size: int = SHARD_SIZE,
    on_error: str = "raise",
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Let agents look at pictures and return their fixations as a tidy table.

    Each scanpath has its own random numbers, derived from the seed, the agent's name and the stimulus's name, so
    the table does not depend on `jobs`, `batch_size` or the order of the stimuli. For more pictures than fit into
    memory, or a run that should survive interruptions, see `simulate_to_folder`.

    Parameters
    ----------
    agent
        One agent or several with different names.
    stimuli
        One picture or several with different names.
    n_fixations
        The most fixations a scanpath has, the first one included.
    seed
        Names the run's random numbers; several seeds give several looks of every agent at every picture.
    jobs
        Worker processes; -1 for one a core. Each works on one thread, so that sums are made in one order.
    out
        Where to write the table, too: a ``.parquet`` or ``.csv`` file, or a folder of shards that a stopped run is
        continued in.
    batch_size
        Pictures handed to an agent at once.
    shard_size
        Pictures in one shard where `out` is a folder: what a stopped worker loses at most.
    on_error
        "raise" stops at the first picture that cannot be used; "skip" goes on and lists it in
        ``table.attrs["scanpath"]["failures"]``.
    progress
        Called with the number of scanpaths that were finished since the last call.

    Returns
    -------
    pandas.DataFrame
        One row a fixation: x_px, y_px and the keys of the scanpath; times are null of agents that have none.

    Raises
    ------
    InputError
        If two stimuli or agents share a name, or a picture cannot be used and `on_error` is "raise".

    Examples
    --------
    >>> import scanpath as sp, torch
    >>> table = sp.simulate(sp.create_agent("random"), [sp.Stimulus(torch.zeros(1, 40, 60), name="a")], n_fixations=3)
    >>> table[["stimulus", "agent", "fixation"]].values.tolist()
    [['a', 'random', 0], ['a', 'random', 1], ['a', 'random', 2]]
    """
    plan = make_plan(agent, n_fixations=n_fixations, seeds=seed, jobs=jobs, batch_size=batch_size, on_error=on_error)
    if out is not None and not is_table_file(out):
        return simulate_to_folder(
            plan.agents,
            stimuli,
            out,
            n_fixations=n_fixations,
            seeds=plan.seeds,
            jobs=jobs,
            batch_size=batch_size,
            shard_size=shard_size,
            on_error=on_error,
            progress=progress,
        ).table()
    pictures = [stimulus for _, group in cut(stimuli, batch_size) for stimulus in group]
    found: dict[tuple[int, int, int], list[tuple[int, Scanpath]]] = {}
    failures: dict[str, str] = {}
    for unit, (paths, failed) in plan.run(plan.units(pictures, batch_size), keep_paths):
        found[unit.agent, unit.seed_number, unit.chunk] = [(unit.seed, path) for path in paths]
        failures |= failed
        if progress is not None:
            progress(len(paths) + len(failed))
    table = tabulate([path for key in sorted(found) for path in found[key]])
    table.attrs["scanpath"] = {
        **plan.facts(),
        "seed": plan.seeds[0] if len(plan.seeds) == 1 else plan.seeds,
        "size_px": {one.name: [one.size[1], one.size[0]] for one in pictures},
        "failures": failures,
    }
    if out is not None:
        write_table(table, out)
    return table
