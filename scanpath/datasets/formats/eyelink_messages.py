"""What the messages of an EyeLink recording say: trials, pictures and their places, the screen.

The commands are those of Data Viewer (``!V IMGLOAD``, ``!V CLEAR``, TRIALID, TRIAL_RESULT); other experiments say the
same in words of their own, for which a pattern is given.

References
----------
SR Research. EyeLink Data Viewer user's manual, protocol for EyeLink data to viewer integration.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from scanpath._core.errors import InputError
from scanpath.datasets.formats.eyelink_lines import SETUP, Edge, Message
from scanpath.gaze.pictures import PICTURE_SUFFIXES

#: The message that Experiment Builder writes when it shows a picture; numbers behind the name are its place.
PICTURE_MESSAGE = r"(?i)^!V IMGLOAD\s+(?:(?:FILL|CENTER|TOP_LEFT)\s+)?(?P<stimulus>.*\S)"
TRIAL_MESSAGE = r"^TRIALID\s+(?P<trial>.*\S)"
_IMGLOAD = re.compile(r"!V IMGLOAD\s+(FILL|CENTER|TOP_LEFT)\s+(.*\S)", re.IGNORECASE)
_CLEAR = re.compile(r"!V CLEAR\b", re.IGNORECASE)
_RESULT = re.compile(r"TRIAL_RESULT\b")
_COORDS = re.compile(r"(DISPLAY|GAZE)_COORDS\b(.*)")
_PLACE = re.compile(r"(?:\s+-?\d+(?:\.\d+)?)*$")
_ENDING = re.compile(r"\.\w{1,5}$")
#: An ending behind a part of a name, as in "my face.svg" cut to "my"; numbers such as 12.5 have none.
_LATER_ENDING = re.compile(r"[^\s.]\.[A-Za-z]\w{1,4}(?!\S)")
#: The rest of a word, before and behind a part of it; signs of lists and of settings end a word.
_WORD = r"[^\s,;:|=&<>()\[\]{}\"']+"
_WORD_END, _WORD_BEGIN = re.compile(_WORD + "$"), re.compile("^" + _WORD)
_PICTURE = re.compile(r"\S(?:" + "|".join(map(re.escape, PICTURE_SUFFIXES)) + r")\b", re.IGNORECASE)
#: How many kinds of messages are shown where none names a picture.
_SHOWN = 12


class Screen(NamedTuple):
    """The screen in the tracker's coordinates."""

    left: float
    top: float
    width: int
    height: int


class Place(NamedTuple):
    """Where IMGLOAD puts a picture: by its center or corner, in its own size unless another one is given."""

    how: str
    x: float = 0.0
    y: float = 0.0
    size: tuple[float, float] | None = None

    def box(self, own_size: tuple[float, float] | None, screen: Screen) -> tuple[float, float, float, float] | None:
        """Left, top, width and height in px of the screen, or None where the picture's own size is needed for it."""
        if self.how == "FILL":
            return 0.0, 0.0, float(screen.width), float(screen.height)
        size = self.size or own_size
        if size is None:
            return None
        left, top = self.x - screen.left, self.y - screen.top
        if self.how == "CENTER":
            left, top = math.floor(left - size[0] / 2), math.floor(top - size[1] / 2)
        return float(left), float(top), *size


@dataclass(frozen=True)
class Said:
    """What one message says; fields are None where it says nothing of that kind."""

    line: int
    time: float
    trial: str | None = None
    picture: str | None = None
    place: Place | None = None
    clears: bool = False
    ends: bool = False
    results: bool = False
    screen: Screen | None = None
    tracker: bool = False
    delay: float = 0.0

    @property
    def anything(self) -> bool:
        """Whether it says something of any kind."""
        return self.clears or self.ends or self.results or not (self.trial is self.picture is self.screen is None)


@dataclass
class Phrases:
    """The patterns that a recording's messages are read by, and what was seen that makes them doubtful."""

    path: Path
    stimulus: re.Pattern[str]
    trial: re.Pattern[str]
    end: re.Pattern[str] | None = None
    taken: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    def read(self, message: Message) -> Said:
        """Interpret one message; its event's time is that of the message less its delay."""
        text = message.text
        trial, numbered = self._find(self.trial, "trial", message)
        picture, named = self._find(self.stimulus, "stimulus", message)
        # a number in front that a pattern takes is no delay
        delay = 0.0 if numbered or named else message.delay
        return Said(
            line=message.line,
            time=message.time - delay,
            trial=trial,
            picture=picture,
            place=self._place(text, message.line) if picture else None,
            clears=bool(_CLEAR.match(text)),
            ends=self.end is not None and bool(self.end.search(text) or self.end.search(message.whole)),
            results=bool(_RESULT.match(text)),
            screen=self._screen(text, message.line),
            tracker=text.startswith("GAZE_COORDS"),
            delay=delay,
        )

    def _find(self, pattern: re.Pattern[str], group: str, message: Message) -> tuple[str | None, bool]:
        """Name that a pattern finds in a message, and whether it is found only with the number in front of it."""
        match = pattern.search(message.text)
        whole = match is None
        match = match or pattern.search(message.whole)
        if match is None or not (match[group] or "").strip():
            return None, False
        name, behind = match[group].strip(), match.string[match.end(group) :]
        if _IMGLOAD.match(match.string):
            numbers = _numbers_behind(match.string)
            name, behind = name.removesuffix(numbers).strip(), behind.removesuffix(numbers)
        if behind[:1].isspace() and behind.strip() and not _ENDING.search(name):
            if group == "stimulus" and _PICTURE.search(behind):
                raise InputError(
                    f"{self.path}: {group}_message cuts {(name + behind)!r} (line {message.line}) at a space; let its "
                    f"group run on, as (?P<{group}>.+) does."
                )
            if group == "stimulus" and _LATER_ENDING.search(behind):
                self.cut.append(f"{name!r} of {name + behind!r} (line {message.line})")
            of = name + behind
        else:
            of = "".join([*_WORD_END.findall(match.string[: match.start(group)]), name, *_WORD_BEGIN.findall(behind)])
        self.taken.setdefault((group, name), {})[of] = None
        return name, whole

    def _place(self, text: str, line: int) -> Place | None:
        match = _IMGLOAD.match(text)
        if match is None:
            return None
        how = match[1].upper()
        if how == "FILL":
            return Place(how)
        numbers = [float(number) for number in _numbers_behind(text).split()]
        if len(numbers) not in (0, 2, 4) or any(size <= 0 for size in numbers[2:]):
            raise InputError(
                f"{self.path}: line {line} is damaged: {text!r} should have a place (x, y) and may have a size behind."
            )
        if not numbers:
            return None
        return Place(how, numbers[0], numbers[1], (numbers[2], numbers[3]) if numbers[2:] else None)

    def _screen(self, text: str, line: int) -> Screen | None:
        match = _COORDS.match(text)
        if match is None:
            return None
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", match[2])]
        if len(numbers) < 4:
            return None
        left, top, right, bottom = numbers[:4]
        if right <= left or bottom <= top:
            raise InputError(
                f"{self.path}: line {line} has a screen from ({left:g}, {top:g}) to ({right:g}, {bottom:g}); positions "
                "are read only where x grows to the right and y downward."
            )
        # a screen has an even number of pixels, so its last one is odd; many experiments write its size instead
        more = 0 if left == top == 0 and right % 2 == bottom % 2 == 0 else 1
        return Screen(left, top, round(right - left) + more, round(bottom - top) + more)

    def doubts(self) -> list[str]:
        """What is doubtful about the names that the patterns took."""
        found = [
            f"stimulus_message takes {text}; if that is one name, let its group run on, as (?P<stimulus>.+) does"
            for text in self.cut[:1]
        ]
        for (group, name), texts in self.taken.items():
            if len(texts) > 1:
                few = ", ".join(map(repr, list(texts)[:3]))
                found.append(
                    f"{group}_message takes {name!r} for all of {few}; if these are different, let its group run on, "
                    f"as (?P<{group}>.+) does"
                )
        return found


def pattern(text: str, setting: str) -> re.Pattern[str]:
    """Compile the regular expression that a setting is."""
    try:
        return re.compile(text)
    except (re.error, TypeError) as error:
        raise InputError(f"{setting} is no regular expression ({error}): {text!r}.") from error


def pattern_with(group: str, text: str) -> re.Pattern[str]:
    """Compile the pattern of a setting, which must have a group of the given name."""
    found = pattern(text, f"{group}_message")
    if group not in found.groupindex:
        raise InputError(f"{group}_message must have a group (?P<{group}>...), got {text!r}.")
    return found


def kind_of(text: str) -> str:
    """A message without what differs from trial to trial: its numbers, and a picture's name with all behind it."""
    words = re.sub(r"-?\d+(?:\.\d+)?", "#", text).split()
    if _PICTURE.search(text):
        words = words[: min(3 if words[0].upper() == "!V" else 2, len(words) - 1)]
    return " ".join(words)


def frequent_messages(events: list[Edge | Message], *, propose: bool = True) -> str:
    """Say which messages are the most frequent ones, those first that seem to name a picture, and propose a pattern."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for text in (one.text for one in events if isinstance(one, Message)):
        if text and not text.startswith((*SETUP, "GAZE_COORDS", "DISPLAY_COORDS")):
            counts[kind := kind_of(text)] += 1
            first.setdefault(kind, text)
    if not counts:
        return "It has no messages of an experiment."
    ranked = sorted(counts, key=lambda kind: (not _PICTURE.search(first[kind]), -counts[kind]))
    shown = [f"{first[kind]!r} ({counts[kind]} like it)" if counts[kind] > 1 else repr(first[kind]) for kind in ranked]
    best = ranked[0]
    proposed = propose and _PICTURE.search(first[best]) and best and "#" not in best
    return (f"It may be {best + ' (?P<stimulus>.+)'!r}. " if proposed else "") + (
        f"Its most frequent messages are {', '.join(shown[:_SHOWN])}."
    )


def _numbers_behind(text: str) -> str:
    """The numbers behind the name in an IMGLOAD message, as text; a name may itself hold spaces and numbers."""
    match = _IMGLOAD.match(text)
    if match is None:
        return ""
    place = _PLACE.search(match[2])
    numbers = place[0].split() if place else []
    name = match[2][: len(match[2]) - len(place[0])] if place else match[2]
    if not _ENDING.search(name):
        # without an ending a number may belong to the name, as in "scene 01 960 540"
        keep = 0 if match[1].upper() == "FILL" else 4 if len(numbers) >= 4 else 2 if len(numbers) >= 2 else 0
        numbers = numbers[len(numbers) - keep :]
    if not numbers:
        return ""
    tail = re.search(r"\s+" + r"\s+".join(map(re.escape, numbers)) + "$", text)
    return tail[0] if tail else ""
