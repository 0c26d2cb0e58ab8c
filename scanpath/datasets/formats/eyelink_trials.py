"""Which picture was shown when, in an EyeLink recording: its blocks, trials and messages as a timeline."""

import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from scanpath._core.errors import InputError
from scanpath.datasets.formats.eyelink_lines import Edge, Fixation, Recording
from scanpath.datasets.formats.eyelink_messages import Phrases, Place, Said, Screen

Size = tuple[float, float]
ASK_TRIALS = "give trial_message, a regular expression with a group (?P<trial>...) for the message that opens a trial"
#: Pictures that are named within one frame of the screen came on at once, in ms.
_AT_ONCE_MS = 8.0


class Shown(NamedTuple):
    """One showing of a picture; `time` is the zero of its fixations' onsets."""

    line: int
    time: float
    name: str
    place: Place | None
    trial: str | None
    number: int


@dataclass
class Timeline:
    """What was on the screen from which time on.

    Attributes
    ----------
    screens
        The screen itself, from which time on.
    times, shown
        The pictures from which time on, lowest first.
    unlabelled
        Numbers of the showings that follow no trial message of their own.
    assumed
        What the recording leaves open, and how it was taken.
    """

    screens: list[tuple[float, Screen]]
    times: list[float] = field(default_factory=list)
    shown: list[tuple[Shown, ...]] = field(default_factory=list)
    unlabelled: set[int] = field(default_factory=set)
    assumed: set[str] = field(default_factory=set)

    def show(self, time: float, pictures: tuple[Shown, ...]) -> None:
        """Let these pictures be on the screen from a time on, which is never before the latest change."""
        self.times.append(max(time, self.times[-1]) if self.times else time)
        self.shown.append(pictures)

    def at(self, time: float) -> tuple[Shown, ...]:
        """The pictures on the screen at a time, lowest first."""
        place = bisect.bisect_right(self.times, time)
        return self.shown[place - 1] if place else ()

    def screen_at(self, time: float) -> Screen | None:
        """The screen at a time; before the first message about it, the one which that states."""
        if not self.screens:
            return None
        place = bisect.bisect_right(self.screens, time, key=lambda one: one[0])
        return self.screens[max(place - 1, 0)][1]


@dataclass
class Trial:
    """The events from the begin of a trial to that of the next."""

    time: float
    label: str | None = None
    labelled_inside: bool = False
    started: float | None = None
    names: list[Said] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    fixations: list[Fixation] = field(default_factory=list)


@dataclass
class Session:
    """A recording whose messages have been interpreted.

    Attributes
    ----------
    recording
        The lines.
    said
        Edges of blocks and messages that say something, in order of time.
    screens
        The screen from which time on.
    """

    recording: Recording
    said: list[Edge | Said]
    screens: list[tuple[float, Screen]]

    @classmethod
    def of(cls, recording: Recording, phrases: Phrases, screen_px: tuple[int, int] | None) -> "Session":
        """Interpret the messages of a recording; a screen size that is given stands for all that it states."""
        said = _close_blocks(_said(recording, phrases), recording)
        screens = [(one.time, one.screen) for one in said if isinstance(one, Said) and one.screen]
        if screen_px is not None:
            screens = [(time, one._replace(width=screen_px[0], height=screen_px[1])) for time, one in screens]
            screens = screens or [(0.0, Screen(0.0, 0.0, *screen_px))]
        return cls(recording, said, screens)

    @property
    def names(self) -> list[Said]:
        """Messages that name a picture."""
        return [one for one in self.said if isinstance(one, Said) and one.picture is not None]

    @property
    def trial_messages(self) -> list[Said]:
        """Messages that open a trial."""
        return [one for one in self.said if isinstance(one, Said) and one.trial is not None]

    @property
    def ends(self) -> list[Said]:
        """Messages that the caller says end a picture."""
        return [one for one in self.said if isinstance(one, Said) and one.ends]

    def trials(self, *, names_lead: bool = False) -> list[Trial]:
        """Cut the recording into trials: at trial messages, and at blocks where these have none of their own.

        Parameters
        ----------
        names_lead
            Whether a name between two blocks belongs to the later one.
        """
        found: list[Trial] = []
        inside = False
        for one in self.said:
            last = found[-1] if found else None
            if isinstance(one, Edge):
                inside = one.opens
                if one.opens:
                    if last is None or (last.started is not None and _is_over(last)):
                        found.append(Trial(one.time))
                    found[-1].started = one.time if found[-1].started is None else found[-1].started
                continue
            if one.trial is not None:
                if last is None or last.label is not None or last.names or (last.started is not None and not inside):
                    found.append(last := Trial(one.time, started=one.time if inside else None))
                last.label, last.labelled_inside = one.trial, inside
            if one.picture is not None:
                if last is None or (names_lead and not inside and last.started is not None and one.trial is None):
                    found.append(last := Trial(one.time))
                last.names.append(one)
            if one.ends and last is not None:
                last.ends.append(one.time)
        self._deal_fixations(found)
        return found

    def _deal_fixations(self, trials: list[Trial]) -> None:
        times = [trial.time for trial in trials]
        for fixation in self.recording.fixations:
            if place := bisect.bisect_right(times, fixation.start_ms):
                trials[place - 1].fixations.append(fixation)


def _said(recording: Recording, phrases: Phrases) -> list[Edge | Said]:
    found: list[Edge | Said] = []
    seen: set[tuple[float, str]] = set()
    for event in recording.events:
        if isinstance(event, Edge):
            found.append(event)
        elif (said := phrases.read(event)).anything:
            if (event.time, event.whole) in seen:
                recording.repeated.append(event.line)
            else:
                found.append(said)
            seen.add((event.time, event.whole))
    # with delays, messages may be sent long after what they tell of, such as all at the end of a trial
    return sorted(found, key=lambda one: one.time)


def _close_blocks(said: list[Edge | Said], recording: Recording) -> list[Edge | Said]:
    """End each block that has no END: before the next trial if that is opened behind its fixations, or at the START."""
    begins = [one.start_ms for one in recording.fixations]
    closed: list[Edge | Said] = []
    unclosed: list[int] = []
    opened: Edge | None = None
    for one in said:
        if isinstance(one, Edge):
            if one.opens and opened:
                last = bisect.bisect_left(begins, one.time) - 1
                behind = begins[last] if last >= 0 and begins[last] >= opened.time else one.time
                later = [n for n, it in enumerate(closed) if isinstance(it, Said) and it.trial and it.time > behind]
                place = later[0] if later else len(closed)
                time = closed[place].time if place < len(closed) else one.time
                closed.insert(place, Edge(opened.line, time, False))
                unclosed.append(opened.line)
            opened = one if one.opens else None
        closed.append(one)
    if opened:
        unclosed.append(opened.line)
    recording.doubt(unclosed, "begins a block (START) that has no END", "begin blocks (START) that have no END")
    return closed


def named_late(session: Session) -> tuple[int, int]:
    """In how many trials the picture is named after all fixations have begun, and how many have both.

    Trials are those with a name and fixations.
    """
    names, fixations = session.names, session.recording.fixations
    if not names or not fixations:
        return 0, 0
    leads = names[0].time <= fixations[0].start_ms and not any(
        one.trial for one in session.said if isinstance(one, Said)
    )
    trials = [one for one in session.trials(names_lead=leads) if one.names and one.fixations]
    late = [one for one in trials if one.fixations[-1].start_ms < one.names[0].time]
    if len(trials) == 1 and not leads and fixations[-1].start_ms < names[-1].time:
        return 1, 1
    return len(late), len(trials)


class _StartMode:
    """Walks along a recording whose pictures are named when they appear."""

    def __init__(self, session: Session, size_of: Callable[[str], Size | None], where: str) -> None:
        self.session, self.size_of, self.where = session, size_of, where
        self.line = Timeline(session.screens)
        self.pictures: tuple[Shown, ...] = ()
        self.trial: str | None = None
        self.closed = self.trial_closed = 0
        self.number = 0
        self.group = 0.0  # when the first of the pictures that came on at once did
        self.inside = False

    def run(self) -> Timeline:
        for one in self.session.said:
            if isinstance(one, Edge):
                if not one.opens:
                    self._clear(one.time)
                    self.closed += 1
                self.inside = one.opens
                continue
            if one.clears or one.ends:
                self._clear(one.time)
            if one.results:
                self._clear(one.time)
                self.closed += self.inside
            if one.trial is not None:
                self._clear(one.time)
                self.trial, self.trial_closed = one.trial, self.closed
            if one.picture is not None:
                self._show(one)
        return self.line

    def _clear(self, time: float) -> None:
        self.pictures = ()
        self.line.show(time, ())

    def _show(self, said: Said) -> None:
        self.number += 1
        new = Shown(said.line, said.time, str(said.picture), said.place, self.trial, self.number)
        if self.trial_closed != self.closed or self.trial is None:
            self.line.unlabelled.add(new.number)
        if not self.pictures or new.time - self.pictures[-1].time >= _AT_ONCE_MS:
            self.group = new.time
        elif same := _same(self.pictures, new):
            new = same._replace(place=same.place or new.place)
            self.pictures = tuple(one for one in self.pictures if one != same)
        self.pictures = (*(one for one in self.pictures if self._stays(one, new)), new)
        self.line.show(new.time, self.pictures)

    def _stays(self, old: Shown, new: Shown) -> bool:
        """Whether a picture is still seen when another one appears."""
        at_once = old.time >= self.group
        if old.place is None or new.place is None:
            if at_once:
                raise _several(
                    self.where, (old, new), "and does not say where; give a stimulus_message that matches one"
                )
            return False
        if not at_once and (old.place == new.place or new.place.how == "FILL"):
            return False
        if not at_once and old.place.how == "FILL":
            self.line.assumed.add(_FOLLOWED)
            return False
        screen = self.line.screen_at(new.time)
        if screen is None:
            raise _several(
                self.where, (old, new), "and the screen's size is not stored; give screen_px=(width, height)"
            )
        boxes = [one.place.box(self.size_of(one.name), screen) for one in (old, new) if one.place]
        if None in boxes:
            raise _several(self.where, (old, new), _ASK_SIZE)
        lower, upper = (box for box in boxes if box)
        if _covers(upper, lower):
            return False
        stays = at_once or not _overlap(lower, upper)
        if not at_once:
            self.line.assumed.add(_STAYED if stays else _FOLLOWED)
        return stays


_STAYED = "pictures beside which IMGLOAD put others, without !V CLEAR, stayed on the screen"
_FOLLOWED = "pictures over a part of which IMGLOAD put others, without !V CLEAR, left the screen then"
_ASK_SIZE = (
    "and which one was looked at depends on their sizes: give picture_px, (width, height) or a folder of pictures"
)


def pictures_named_at_start(session: Session, size_of: Callable[[str], Size | None], where: str) -> Timeline:
    """Timeline of a recording whose pictures are named when they appear.

    A picture stays until another one is named in its place, ``!V CLEAR``, the end of its trial or of its block.
    """
    return _StartMode(session, size_of, where).run()


def pictures_named_at_end(session: Session, size_of: Callable[[str], Size | None], where: str) -> Timeline:
    """Timeline of a recording whose trials name their picture anywhere: it was shown from the block's begin on."""
    line, number = Timeline(session.screens), 0
    for trial in session.trials():
        time = trial.time if trial.started is None else trial.started
        shown: tuple[Shown, ...] = ()
        for said in trial.names:
            number += 1
            new = Shown(said.line, time, str(said.picture), said.place, trial.label, number)
            if same := _same(shown, new):
                new = same._replace(place=same.place or new.place)
            shown = (*(one for one in shown if one != same), new)
            if trial.label is None:
                line.unlabelled.add(new.number)
        if len(shown) > 1 and trial.fixations:
            _check_apart(shown, line.screen_at(trial.fixations[-1].end_ms), size_of, where)
        line.show(trial.time, shown)
        if ends := [end for end in trial.ends if end > time]:
            line.show(ends[0], ())
    return line


def _same(pictures: tuple[Shown, ...], new: Shown) -> Shown | None:
    """The picture that is named once more, by the same place or by one message that does not say where."""
    same = [
        one for one in pictures if one.name == new.name and (one.place == new.place or not (one.place and new.place))
    ]
    return same[0] if same else None


def looked_at(
    pictures: tuple[Shown, ...], x: float, y: float, screen: Screen | None, size_of: Callable[[str], Size | None]
) -> Shown | None:
    """The picture that holds a position on the screen, the uppermost one; None where none of several does."""
    if len(pictures) == 1:
        return pictures[0]
    for one in reversed(pictures):
        box = one.place.box(size_of(one.name), screen) if one.place and screen else None
        if box and -0.5 <= x - box[0] < box[2] - 0.5 and -0.5 <= y - box[1] < box[3] - 0.5:
            return one
    return None


def _is_over(trial: Trial) -> bool:
    """Whether the next block is another trial: not, where trials are opened between blocks and this one goes on."""
    return bool(trial.names) or trial.label is None or trial.labelled_inside


def _check_apart(
    shown: tuple[Shown, ...], screen: Screen | None, size_of: Callable[[str], Size | None], where: str
) -> None:
    trials = "" if shown[0].trial is not None else f" or, if they are of several trials, {ASK_TRIALS}"
    ask = f"give a stimulus_message that matches one of them{trials}"
    if screen is None or any(one.place is None for one in shown):
        raise _several(where, shown, f"in one trial; {ask}")
    boxes = [one.place.box(size_of(one.name), screen) for one in shown if one.place]
    if None in boxes:
        raise _several(where, shown, _ASK_SIZE)
    for a, b in _pairs([box for box in boxes if box]):
        if _overlap(a, b):
            raise _several(where, shown, f"in one trial, one over the other; {ask}")


def _pairs(boxes: list[tuple[float, float, float, float]]) -> Iterator[tuple[tuple[float, ...], tuple[float, ...]]]:
    return ((a, b) for number, a in enumerate(boxes) for b in boxes[number + 1 :])


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _covers(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] <= b[0] and a[1] <= b[1] and a[0] + a[2] >= b[0] + b[2] and a[1] + a[3] >= b[1] + b[3]


def _several(where: str, pictures: tuple[Shown, ...], what: str) -> InputError:
    names = " and ".join(repr(one.name) for one in pictures[:2])
    return InputError(f"{where} names {names} (lines {pictures[0].line} and {pictures[1].line}) at once, {what}.")
