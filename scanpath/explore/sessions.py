"""The pages that are open: a few, each with a worker of its own."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanpath._core.errors import InputError
from scanpath.explore.worker import Worker

#: A worker takes some hundred MB.
MOST_SESSIONS = 3


@dataclass(frozen=True)
class Preset:
    """What the command line gave for the page to begin with.

    Attributes
    ----------
    picture, people
        (name, content) of the files.
    agents
        Names of somebody's own.
    """

    picture: tuple[str, bytes] | None = None
    people: tuple[str, bytes] | None = None
    agents: tuple[str, ...] = ()


def check_agents(names: Sequence[str]) -> None:
    """Refuse agents of somebody's own that cannot be built, before a page or widget opens; what loads them is heavy."""
    if names:
        from scanpath.explore.offers import offers

        offers(names)


class Sessions:
    """Open pages by name; the one that was used least recently goes when there are too many.

    Parameters
    ----------
    make
        Makes a worker; a test may give a quicker one.
    """

    def __init__(self, make: Callable[[], Worker] = Worker) -> None:
        self._make = make
        self._open: OrderedDict[str, Worker] = OrderedDict()
        self._spare: Worker | None = None
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Start a worker for the page that will open next."""
        with self._lock:
            self._spare = self._spare or self._make()

    def new(self) -> str:
        """Open a session and return its name."""
        with self._lock:
            worker, self._spare = self._spare or self._make(), None
            name = secrets.token_urlsafe(16)
            self._open[name] = worker
            while len(self._open) > MOST_SESSIONS:
                self._open.popitem(last=False)[1].close()
            return name

    def __getitem__(self, name: str) -> Worker:
        """Return a session's worker, or say that the page must be opened again."""
        with self._lock:
            if name not in self._open:
                raise InputError(f"This page was closed, as only {MOST_SESSIONS} are kept open: load it again.")
            self._open.move_to_end(name)
            return self._open[name]

    def close(self, name: str) -> None:
        """Close a session, if it is open; its worker, cleared, waits for the next page."""
        with self._lock:
            worker = self._open.pop(name, None)
        if worker is None:
            return
        if worker.busy_with is None and worker.forget():
            with self._lock:
                if self._spare is None:
                    self._spare = worker
                    return
        worker.close()

    def close_all(self) -> None:
        """End all workers."""
        with self._lock:
            workers = [*self._open.values(), *([self._spare] if self._spare else [])]
            self._open.clear()
            self._spare = None
        for worker in workers:
            worker.close()
