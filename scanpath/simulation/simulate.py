"""Let agents look at pictures and put every fixation into one tidy table."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import joblib
import pandas as pd
import torch

from scanpath import __version__
from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError, ScanpathError
from scanpath._core.random import torch_generator
from scanpath.agents.agent import Agent
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import check_table, write_table


def simulate(
    agent: Agent | Sequence[Agent],
    stimuli: Iterable[Stimulus],
    n_fixations: int = 10,
    seed: int = 0,
    jobs: int = 1,
    out: str | os.PathLike[str] | None = None,
    *,
    batch_size: int = 8,
    on_error: str = "raise",
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Let agents look at pictures and return their fixations as a tidy table.

    Each scanpath has its own random numbers, derived from the seed, the agent's name and the stimulus's name, so
    the table does not depend on `jobs`, `batch_size` or the order of the stimuli.

    Parameters
    ----------
    agent
        One agent or several with different names.
    stimuli
        Pictures with different names.
    n_fixations
        The most fixations a scanpath has, the first one, which is not chosen by the agent, included.
    seed
        Names the run's random numbers.
    jobs
        Worker processes; -1 for one a core. Each works on one thread, so that sums are made in one order.
    out
        Where to write the table, too, as ``.parquet`` or ``.csv``.
    batch_size
        Pictures handed to an agent at once.
    on_error
        "raise" stops at the first picture that cannot be used; "skip" goes on and lists it in
        ``table.attrs["scanpath"]["failures"]``.
    progress
        Called with the number of scanpaths that were finished since the last call.

    Returns
    -------
    pandas.DataFrame
        One row a fixation: x_px, y_px and the keys of the scanpath; times are null, as these agents have none.

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
    agents = [agent] if isinstance(agent, Agent) else list(agent)
    pictures = list(stimuli)
    check_count("n_fixations", n_fixations)
    check_count("batch_size", batch_size)
    check_choice("on_error", on_error, ("raise", "skip"))
    _check_names("agent", [one.name for one in agents])
    _check_names("stimulus", [one.name for one in pictures])
    tasks = [(one, group) for one in agents for group in _groups(pictures, batch_size)]
    work = (joblib.delayed(_look)(one, group, n_fixations, seed, on_error) for one, group in tasks)
    paths: list[Scanpath] = []
    failures: dict[str, str] = {}
    for found, failed in joblib.Parallel(n_jobs=jobs, return_as="generator")(work):
        paths += found
        failures |= failed
        if progress is not None:
            progress(len(found) + len(failed))
    table = _tabulate(paths, seed)
    table.attrs["scanpath"] = {
        "program": f"scanpath {__version__}",
        "seed": seed,
        "n_fixations": n_fixations,
        "agents": {one.name: one.settings for one in agents},
        "size_px": {one.name: [one.size[1], one.size[0]] for one in pictures},
        "failures": failures,
    }
    if out is not None:
        write_table(table, out)
    return table


def _look(
    agent: Agent, group: Sequence[Stimulus], n_fixations: int, seed: int, on_error: str
) -> tuple[list[Scanpath], dict[str, str]]:
    """Run one agent on one group of pictures; where the group fails, find the picture that did."""
    try:
        return _run(agent, group, n_fixations, seed), {}
    except ScanpathError as error:
        if on_error == "raise":
            raise
        if len(group) == 1:
            return [], {group[0].name: str(error)}
    parts = [_look(agent, [stimulus], n_fixations, seed, on_error) for stimulus in group]
    return [path for found, _ in parts for path in found], {k: v for _, failed in parts for k, v in failed.items()}


def _run(agent: Agent, group: Sequence[Stimulus], n_fixations: int, seed: int) -> list[Scanpath]:
    generators = [torch_generator(seed, agent.name, stimulus.name) for stimulus in group]
    with _one_thread():
        return agent.run(group, n_fixations=n_fixations, generators=generators)


@contextmanager
def _one_thread() -> Iterator[None]:
    # the order of a sum may follow the number of threads, and a near-tie the order of the sum
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _groups(pictures: Iterable[Stimulus], size: int) -> Iterator[list[Stimulus]]:
    rest = iter(pictures)
    while group := list(islice(rest, size)):
        yield group


def _tabulate(paths: Sequence[Scanpath], seed: int) -> pd.DataFrame:
    rows: dict[str, list[Any]] = {}
    extra = {key for path in paths for key in path.info if key not in _PER_PATH}
    columns = ["fixation", "x_px", "y_px", "seed", *_PER_PATH, *sorted(extra)]
    for name in columns:
        rows[name] = []
    for path in paths:
        n = len(path)
        rows["fixation"] += range(n)
        rows["x_px"] += path.xy[:, 0].tolist()
        rows["y_px"] += path.xy[:, 1].tolist()
        rows["seed"] += [seed] * n
        rows["on_target"] += list(path.info.get("on_target") or [None] * n)
        for name in (*_PER_PATH, *sorted(extra)):
            if name != "on_target":
                rows[name] += [path.info.get(name)] * n
    return check_table(pd.DataFrame(rows, columns=columns), source="The simulated table")


_PER_PATH = ("dataset", "stimulus", "agent", "task", "condition", "target_found", "on_target")


def _check_names(kind: str, names: Sequence[str]) -> None:
    if not names:
        raise InputError(f"There is no {kind} to simulate; give at least one.")
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise InputError(f"Two {kind}s are both named {sorted(twice)[0]!r}; names must differ to tell rows apart.")
