"""A process that does a page's tasks, so that they can be canceled and the page stays quick."""

import multiprocessing
import signal
import threading
import uuid
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

#: Tasks that leave something on a desk, and how much of each kind is kept there.
GIVING, KEPT = ("open", "example", "people"), 4
#: What a worker tells: ("progress", ...), then one of ("result", ...) and ("error", ...).
Message = dict[str, Any]

CANCELED = "Canceled."
_GONE = "The work was stopped from outside, probably for want of memory: try a smaller copy of the picture."


class Worker:
    """One process with one desk; it does one task at a time.

    It starts at once, as loading takes seconds; what it kept is lost when a task is canceled, so the pictures and
    tables that it was given are given to the next one.

    Parameters
    ----------
    agents
        Somebody's own, which its desk offers beside the others.
    """

    def __init__(self, agents: Sequence[str] = ()) -> None:
        self._agents = tuple(agents)
        self._lock = threading.Lock()
        self._given: OrderedDict[str, tuple[str, dict[str, Any], bytes]] = OrderedDict()
        self._is_new = False
        self._canceled = False
        self._task: str | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, self._agents), daemon=True, name="scanpath-explore")
        self._process.start()
        theirs.close()

    @property
    def busy_with(self) -> str | None:
        """The task that is being done, or None."""
        return self._task

    def run(self, task: str, told: Mapping[str, Any] | None = None, content: bytes = b"") -> Iterator[Message]:
        """Do a task; yield how far it is, then its result or why there is none."""
        if not self._lock.acquire(blocking=False):
            yield {"error": f"One thing at a time: {self._task or 'a task'} is not done; wait, or cancel it."}
            return
        try:
            self._task, self._canceled = task, False
            yield from self._messages(task, dict(told or {}), content)
        finally:
            self._task = None
            self._lock.release()

    def _messages(self, task: str, told: dict[str, Any], content: bytes) -> Iterator[Message]:
        if task in GIVING:
            told["key"] = uuid.uuid4().hex
        for key in (told.get("scene") or {}).values():
            if isinstance(key, str) and key in self._given:
                self._given.move_to_end(key)
        done = False
        try:
            self._give_again()
            self._end.send((task, told, content))
            while not done:
                message = self._end.recv()
                done = "progress" not in message
                if task in GIVING and "result" in message:
                    self._keep(task, told, content)
                yield message
        except (EOFError, OSError):
            done = True
            self._renew()
            yield {"error": CANCELED if self._canceled else _GONE}
        finally:
            if not done:  # nobody listens any more
                self.cancel()
                self._renew()

    def _keep(self, task: str, told: dict[str, Any], content: bytes) -> None:
        """Keep what was given for the process that follows a canceled one."""
        self._given[told["key"]] = (task, told, content)
        while len(self._given) > 2 * KEPT:
            self._given.popitem(last=False)

    def _renew(self) -> None:
        self._process.join(5)
        self._end.close()
        self._start()
        self._is_new = True

    def _give_again(self) -> None:
        """Give a new process what the last one had."""
        if self._is_new:
            for given in self._given.values():
                self._end.send(given)
                self._end.recv()
            self._is_new = False

    def cancel(self) -> None:
        """End the task that is being done, if there is one."""
        if self._task is None:
            return
        self._canceled = True
        self._process.kill()

    def forget(self) -> bool:
        """Clear the desk for another page; say whether that was possible."""
        self._given.clear()
        return any("result" in message for message in self.run("forget"))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join(5)


def work(end: Connection, agents: Sequence[str] = ()) -> None:
    """Do tasks until the other end is closed; this is what the process runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends it
    from scanpath.explore.desk import Desk

    desk = Desk(agents)
    while True:
        try:
            task, told, content = end.recv()
        except (EOFError, OSError):
            return
        end.send(_done(desk, end, task, told, content))


def _done(desk: Any, end: Connection, task: str, told: Mapping[str, Any], content: bytes) -> Message:
    from scanpath._core.errors import ScanpathError

    def report(done: int, total: int, what: str) -> None:
        end.send({"progress": [done, total, what]})

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            result = desk.run(task, told, content, report)
        except ScanpathError as error:
            return {"error": str(error)}
        except MemoryError:
            return {"error": "There is not enough memory for this: try a smaller copy of the picture."}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
    remarks = dict.fromkeys(str(one.message) for one in said if issubclass(one.category, UserWarning))
    return {"result": result, "remarks": list(remarks)}
