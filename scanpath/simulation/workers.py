"""Units to worker processes, through joblib; processes that die are replaced, and what killed them is found out."""

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

import cloudpickle
import joblib
import numpy as np
from joblib.parallel import get_active_backend

from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.gaze.scanpath import Scanpath
from scanpath.simulation.accelerators import claim
from scanpath.simulation.look import Looked, Looking, look
from scanpath.simulation.units import Unit

Key: TypeAlias = tuple[int, int, int]
Done = TypeVar("Done")
Sent = TypeVar("Sent")
#: Turns what was found into what is sent home; runs in the worker.
Finish: TypeAlias = Callable[[Unit, Looked], Done]
#: A call that joblib is to make, as `joblib.delayed` writes it down.
Task: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
#: How often a unit may see its workers die before it is run alone, and then picture by picture.
RETRIES = 2
_DIED = "the worker process died while looking at it (out of memory, or a crash in native code)"
#: Agents of the run this process works for; a worker keeps those of one run.
_agents: dict[str, Sequence[Agent]] = {}


def run_units(
    units: Iterable[Unit],
    agents: Sequence[Agent],
    how: Looking,
    finish: Finish[Done],
    *,
    jobs: int,
    accelerators: Sequence[str] = (),
) -> Iterator[tuple[Unit, Done]]:
    """Run units, in any order, and give each with what `finish` made of it.

    Units are taken from their iterable as workers become free, so that only a few are in memory.

    Parameters
    ----------
    units
        The work.
    agents
        Whom the units' numbers mean; they are sent to each worker once.
    how
        How pictures are looked at.
    finish
        Called in the worker with the unit and what was found.
    jobs
        Worker processes of joblib's active backend; 1 works in this process.
    accelerators
        Values of CUDA_VISIBLE_DEVICES, of which each worker takes one for itself.
    """
    if jobs == 1 and not accelerators:
        for unit in units:
            yield unit, finish(unit, look(agents[unit.agent], unit.stimuli, unit.seed, how))
        return
    yield from _Pool(agents, how, finish, jobs, accelerators).run(units)


class _Pool(Generic[Done]):
    """A pool that survives its workers."""

    def __init__(
        self, agents: Sequence[Agent], how: Looking, finish: Finish[Done], jobs: int, accelerators: Sequence[str]
    ) -> None:
        self.how, self.finish, self.jobs, self.accelerators = how, finish, jobs, tuple(accelerators)
        # as one array, which joblib shares between processes instead of sending it with every unit
        self.payload = np.frombuffer(cloudpickle.dumps(list(agents)), dtype=np.uint8)
        self.token = joblib.hash(self.payload)
        self.deaths: dict[Key, int] = {}

    def run(self, units: Iterable[Unit]) -> Iterator[tuple[Unit, Done]]:
        waiting: deque[Unit] = deque()
        source = iter(units)
        while True:
            feed = _Feed(waiting, source, self._task)
            try:
                for key, result in self._parallel(feed):
                    yield feed.running.pop(key), result
            except Exception as error:
                if not _is_death(error):
                    raise
            lost = feed.close()
            if not lost:
                return
            yield from self._again(lost, waiting)

    def _again(self, lost: Sequence[Unit], waiting: deque[Unit]) -> Iterator[tuple[Unit, Done]]:
        """Put units whose workers died back in front, and run those that were in too many deaths on their own."""
        for unit in sorted(lost, key=lambda one: one.key, reverse=True):
            self.deaths[unit.key] = self.deaths.get(unit.key, 0) + 1
            if self.deaths[unit.key] <= RETRIES:
                waiting.appendleft(unit)
            else:
                yield unit, self._alone(unit)

    def _alone(self, unit: Unit) -> Done:
        try:
            return self._one(unit, self.finish)
        except Exception as error:
            if not _is_death(error):
                raise
        found = Looked()
        for stimulus in unit.stimuli:
            try:
                part = self._one(unit.alone(stimulus), _keep)
                found.paths += part.paths
                found.failures |= part.failures
            except Exception as error:
                if not _is_death(error):
                    raise
                if not self.how.skip:
                    raise InputError(f"{stimulus.name}: {_DIED}.") from error
                found.failures[stimulus.name] = _DIED
        return self.finish(unit, found)

    def _one(self, unit: Unit, finish: Finish[Sent]) -> Sent:
        # a generator that gives one task and then has to be asked again keeps joblib from working in this process
        return next(iter(self._parallel([self._task(unit, finish)])))[1]

    def _parallel(self, tasks: Iterable[Task]) -> Any:
        jobs = max(2, self.jobs) if self.jobs > 0 else self.jobs
        if self.accelerators:
            jobs = max(2, len(self.accelerators))
        settings = {"n_jobs": jobs, "batch_size": 1, "max_nbytes": "256K"}
        if getattr(get_active_backend()[0], "supports_return_generator", False):
            parallel = joblib.Parallel(**settings, return_as="generator_unordered", pre_dispatch="2*n_jobs")
            return parallel(tasks)
        return self._rounds(iter(tasks), settings)

    def _rounds(self, tasks: Iterator[Task], settings: dict[str, Any]) -> Iterator[Any]:
        """For backends that give results only when all are there, such as Ray's: a few tasks a worker at a time."""
        size = 4 * joblib.effective_n_jobs(settings["n_jobs"])
        while group := list(islice(tasks, size)):
            yield from joblib.Parallel(**settings)(group)

    def _task(self, unit: Unit, finish: Finish | None = None) -> Task:
        return joblib.delayed(_work)(self.payload, self.token, unit, self.how, finish or self.finish, self.accelerators)


class _Feed:
    """Gives joblib its tasks and knows which units are under way; joblib asks from a thread of its own."""

    def __init__(self, waiting: deque[Unit], source: Iterator[Unit], task: Callable[[Unit], Task]) -> None:
        self._waiting, self._source, self._task = waiting, source, task
        self._lock = threading.Lock()
        self._open = True
        self.running: dict[Key, Unit] = {}

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> Task:
        with self._lock:
            if not self._open:
                raise StopIteration
            unit = self._waiting.popleft() if self._waiting else next(self._source)
            self.running[unit.key] = unit
            return self._task(unit)

    def close(self) -> list[Unit]:
        """Give out no more, and return the units that were given out and not finished."""
        with self._lock:
            self._open = False
            return list(self.running.values())


def _work(
    payload: np.ndarray, token: str, unit: Unit, how: Looking, finish: Finish[Done], accelerators: Sequence[str]
) -> tuple[Key, Done]:
    if token not in _agents:
        _end_with_parent()
        claim(accelerators)
        _agents.clear()
        _agents[token] = cloudpickle.loads(payload.tobytes())  # our own bytes, sent by the process that started us
    return unit.key, finish(unit, look(_agents[token][unit.agent], unit.stimuli, unit.seed, how))


def _end_with_parent() -> None:
    """Let a worker of this machine end when the process that started it is killed; loky's would wait for good."""
    if not multiprocessing.current_process().name.startswith("LokyProcess"):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def _keep(unit: Unit, found: Looked) -> Looked:
    return found


def keep_paths(unit: Unit, found: Looked) -> tuple[list[Scanpath], dict[str, str]]:
    """Send the scanpaths home as they are."""
    return found.paths, found.failures


def _is_death(error: BaseException) -> bool:
    """Whether a worker process was lost; each backend has its own error for it."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(
        names & {"TerminatedWorkerError", "BrokenProcessPool", "BrokenExecutor", "KilledWorker", "WorkerCrashedError"}
    )
