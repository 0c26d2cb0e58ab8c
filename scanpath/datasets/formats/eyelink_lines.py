"""The lines of an EyeLink recording as text (edf2asc): recording blocks, messages and fixations, in order of time.

A file is read line by line and by the time on each line, so that lines that came out of order, or twice, change nothing
but are told of.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from scanpath._core.errors import InputError

EYES = {"L": "left", "R": "right"}
#: How messages of the tracker about itself begin.
SETUP = ("RECCFG", "ELCL", "THRESHOLDS", "PUPIL_DATA", "CAMERA", "!MODE", "!CMD", "!CAL", "VALIDATE", "DRIFTCORRECT",
         "RETRACE_INTERVAL")  # fmt: skip
_OTHER_LINES = {"SFIX", "SSACC", "ESACC", "SBLINK", "EBLINK", "INPUT", "BUTTON", "PRESCALER", "VPRESCALER", "PUPIL",
                "SAMPLES", "EVENTS", "**", "INFO"}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_DELAY = re.compile(r"(-?\d+)\s+(?=\D)")
#: How far the stated duration may be from end minus begin: the length of a sample, which is 4 ms at 250 Hz.
_SAMPLE_MS = 10.0
#: Values on an EFIX line with a head-referenced position and pupil before those of gaze, without and with resolution.
_WITH_HREF = (11, 13)


class Edge(NamedTuple):
    """Begin (START) or end (END) of a recording block."""

    line: int
    time: float
    opens: bool


class Message(NamedTuple):
    """A message, whole and without the delay in front: the ms by which its event came earlier than the message."""

    line: int
    time: float
    whole: str
    text: str
    delay: float


class Fixation(NamedTuple):
    """A fixation as the tracker found it, with positions in screen px; NaN where it has none."""

    line: int
    eye: str
    start_ms: float
    end_ms: float
    duration_ms: float
    x_px: float
    y_px: float


@dataclass
class Recording:
    """What the lines of a file hold.

    Attributes
    ----------
    events
        Edges of recording blocks and messages, in order of time.
    fixations
        In order of their begin.
    doubts
        What is probably damaged, a clause each.
    repeated
        Lines that stand there twice, and were taken once.
    """

    events: list[Edge | Message] = field(default_factory=list)
    fixations: list[Fixation] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)

    def doubt(self, lines: list[int], one: str, many: str) -> None:
        """Note a doubt about some lines, in the words for one or for many."""
        if lines:
            self.doubts.append(f"line {lines[0]} {one}" if len(lines) == 1 else f"{len(lines)} lines, the first "
                               f"of them {min(lines)}, {many}")  # fmt: skip


class _Scanner:
    """Reads line after line and keeps what is needed to tell that a line is not as the others are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found = Recording()
        self.seen: set[str] = set()
        self.begun: dict[tuple[str, float], int] = {}
        self.saccades: dict[tuple[str, float], int] = {}
        self.headers: set[str] = set()
        self.unknown: list[int] = []
        self.recording = False
        self.values: int | None = None
        self.units: set[str] = set()

    def take(self, number: int, line: str) -> None:
        parts = line.split()
        kind = parts[0]
        if kind in ("START", "END", "EFIX"):
            text = " ".join(parts)
            if text in self.seen:
                self.found.repeated.append(number)
                return
            self.seen.add(text)
        if kind == "MSG":
            self.found.events.append(_message(number, line))
        elif kind in ("START", "END"):
            self.recording = kind == "START"
            self.found.events.append(Edge(number, _number(parts[1]), self.recording))
        elif kind == "EFIX":
            self.found.fixations.append(self._fixation(number, parts))
        elif kind == "ESACC" and len(parts) > 4:
            self.saccades.setdefault((EYES[parts[1]], _number(parts[2])), number)
        elif kind == "SFIX":
            self.begun[parts[1], _number(parts[2])] = number
        elif kind == "EVENTS":
            self.units |= {parts[1], *({"GAZE", "HREF"} & set(parts))}
        elif line.startswith("** CONVERTED FROM"):
            self.headers.add(text := line.strip())
            if len(self.headers) > 1:
                raise InputError(f"{self.path} holds more than one recording ({text!r}, line {number}); split it.")
        elif self.recording and kind not in _OTHER_LINES and kind[0].isalpha():
            self.unknown.append(number)

    def _fixation(self, number: int, parts: list[str]) -> Fixation:
        if self.values not in (None, len(parts)) or len(parts) not in (8, 10, *_WITH_HREF):
            raise ValueError
        self.values = len(parts)
        _, eye, start, end, duration = parts[:5]
        x, y = parts[8:10] if len(parts) in _WITH_HREF else parts[5:7]
        times = [_number(text) for text in (start, end, duration)]
        if times[1] < times[0] or times[2] < 0:
            raise ValueError
        return Fixation(number, EYES[eye], *times, *(float("nan") if text == "." else _number(text) for text in (x, y)))

    def _check_units(self) -> None:
        """Refuse positions in other units than screen px; with head-referenced ones those of gaze may stand behind."""
        if self.values in _WITH_HREF or self.units <= {"GAZE"}:
            return
        if "GAZE" not in self.units:
            raise InputError(
                f"{self.path} has its events in {min(self.units)} units, which are not screen pixels; convert the .edf "
                "again with gaze positions (edf2asc without -href)."
            )
        raise InputError(
            f"{self.path} has events in GAZE and in {min(self.units - {'GAZE'})} units, and its EFIX lines do not say "
            "which; convert the .edf again with gaze positions only (edf2asc without -href)."
        )

    def finish(self) -> Recording:
        found = self.found
        self._check_units()
        times = [event.time for event in found.events]
        found.doubt(
            [later.line for later, before, now in zip(found.events[1:], times, times[1:]) if now < before],
            "is earlier than the line before it, and was put where its time says",
            "are earlier than the lines before them, and were put where their times say",
        )
        found.events.sort(key=lambda event: event.time)
        found.fixations.sort(key=lambda one: one.start_ms)
        found.doubt(self.unknown, "is of no known kind", "are of no known kind")
        ended = {(eye, one.start_ms) for one in found.fixations for eye, name in EYES.items() if name == one.eye}
        found.doubt(
            [line for key, line in self.begun.items() if key not in ended],
            "begins a fixation (SFIX) that has no end (EFIX)",
            "begin fixations (SFIX) that have no end (EFIX)",
        )
        found.doubt(
            [one.line for one in found.fixations if abs(one.end_ms - one.start_ms - one.duration_ms) > _SAMPLE_MS],
            "has a duration that is not its end minus its begin",
            "have durations that are not their end minus their begin",
        )
        _doubt_overlaps(found)
        self._doubt_gaps()
        return found

    def _doubt_gaps(self) -> None:
        """Between two fixations of a block the tracker finds a saccade, and between two saccades a fixation."""
        found = self.found
        events = [(eye, start, "saccade", line) for (eye, start), line in self.saccades.items()]
        with_saccades = {eye for eye, _ in self.saccades}
        events += [(one.eye, one.start_ms, "fixation", one.line) for one in found.fixations if one.eye in with_saccades]
        blocks = [one.time for one in found.events if isinstance(one, Edge) and one.opens]
        lines = [
            line
            for (eye, before, kind, _), (other, start, same, line) in pairwise(sorted(events))
            if (eye, kind) == (other, same) and bisect_right(blocks, before) == bisect_right(blocks, start)
        ]
        found.doubt(
            lines,
            "follows an event of its own kind, so that a fixation (EFIX) or saccade (ESACC) is missing",
            "follow events of their own kind, so that fixations (EFIX) or saccades (ESACC) are missing",
        )


def scan(lines: Iterable[str], path: Path) -> Recording:
    """Read the lines of a recording.

    Raises
    ------
    InputError
        If a line is damaged, events are in other units than screen px, or the file holds two recordings.
    """
    scanner = _Scanner(path)
    for number, line in enumerate(lines, start=1):
        if line[:1].isdigit() or line.isspace():
            continue  # a sample begins with its time
        try:
            scanner.take(number, line)
        except InputError:
            raise
        except (ValueError, IndexError, KeyError):
            raise InputError(f"{path}: line {number} is damaged: {line.strip()[:80]!r}.") from None
    return scanner.finish()


def _doubt_overlaps(found: Recording) -> None:
    for eye in EYES.values():
        own = [one for one in found.fixations if one.eye == eye]
        found.doubt(
            [later.line for before, later in pairwise(own) if later.start_ms < before.end_ms],
            "begins a fixation before the one before it ended",
            "begin fixations before the ones before them ended",
        )


def _message(number: int, line: str) -> Message:
    parts = line.split(maxsplit=2)
    text = parts[2].strip() if len(parts) > 2 else ""
    # Experiment Builder puts the delay between the event and its message in front, as in "-3 !V IMGLOAD ..."
    delay = _DELAY.match(text)
    return Message(
        number, _number(parts[1]), text, text[delay.end() :] if delay else text, float(delay[1]) if delay else 0.0
    )


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return float(text)
