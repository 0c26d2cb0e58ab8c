"""What a run is, checked once, and the loop over units by which every run goes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral

from scanpath import __version__
from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.gaze.stimulus import Stimulus
from scanpath.simulation.look import Looking
from scanpath.simulation.units import Unit, units
from scanpath.simulation.workers import Done, Finish, run_units


@dataclass(frozen=True)
class Plan:
    """Who looks, how often, how, and by how many workers."""

    agents: list[Agent]
    seeds: list[int]
    how: Looking
    jobs: int
    accelerators: Sequence[str]

    def facts(self) -> dict[str, object]:
        """Return what the rows of a run depend on, beside its stimuli."""
        return {
            "program": f"scanpath {__version__}",
            "agents": {one.name: one.settings for one in self.agents},
            "rules_and_networks": {one.name: one.facts() for one in self.agents},
            "learned_from": {one.name: one.learned_from for one in self.agents if one.learned_from},
            "seeds": list(self.seeds),
            "n_fixations": self.how.n_fixations,
        }

    def units(self, stimuli: Stimulus | Iterable[Stimulus], size: int) -> Iterator[Unit]:
        """Cut the work into units of `size` pictures."""
        return units(stimuli, size, n_agents=len(self.agents), seeds=self.seeds)

    def run(self, work: Iterable[Unit], finish: Finish[Done]) -> Iterator[tuple[Unit, Done]]:
        """Let the agents look, and give each unit with what `finish` made of it, in any order."""
        return run_units(work, self.agents, self.how, finish, jobs=self.jobs, accelerators=self.accelerators)


def make_plan(
    agents: Agent | Sequence[Agent],
    *,
    n_fixations: int,
    seeds: int | Sequence[int],
    jobs: int,
    batch_size: int,
    on_error: str,
    accelerators: Sequence[str] = (),
) -> Plan:
    """Check what a run is given."""
    one_each = list(agents) if isinstance(agents, Iterable) else [agents]
    for one in one_each:
        if not isinstance(one, Agent):
            raise InputError(f"An agent is needed, such as create_agent('eccnet') returns, got {_given(agents)}.")
    several = seeds if isinstance(seeds, Iterable) and not isinstance(seeds, str) else [seeds]
    numbers = [_seed(one) for one in several]
    _check_differ("agent", [one.name for one in one_each])
    _check_differ("seed", numbers)
    check_jobs(jobs)
    check_choice("on_error", on_error, ("raise", "skip"))
    how = Looking(check_count("n_fixations", n_fixations), check_count("batch_size", batch_size), on_error == "skip")
    return Plan(one_each, numbers, how, jobs, tuple(accelerators))


def _check_differ(kind: str, names: Sequence[str] | Sequence[int]) -> None:
    if not names:
        raise InputError(f"There is no {kind} to simulate; give at least one.")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError(f"Two {kind}s are both named {name!r}; names must differ to tell rows apart.")


def check_jobs(jobs: object) -> int:
    """Return `jobs` if it says how many workers there are."""
    if isinstance(jobs, bool) or not isinstance(jobs, Integral) or jobs == 0:
        raise InputError(f"jobs must be a whole number: 1 or more, or -1 for one worker a core; got {jobs!r}.")
    return int(jobs)


def _seed(seed: object) -> int:
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise InputError(f"seed must be a whole number, or several of them, got {seed!r}.")
    return int(seed)


def _given(value: object) -> str:
    return repr(value) if isinstance(value, str) else type(value).__name__
