"""What in an EyeLink recording is probably damaged, told in one sentence each, so that nothing differs in silence."""

import re
import warnings
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from scanpath._core.errors import InputWarning
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.eyelink_lines import SETUP, Edge, Message, Recording
from scanpath.datasets.formats.eyelink_messages import Phrases, Said, kind_of
from scanpath.datasets.formats.eyelink_trials import Session, Shown, Timeline
from scanpath.gaze.pictures import PICTURE_SUFFIXES
from scanpath.gaze.pixels import on_picture

#: Commands, by whose first letters a line that was cut can be told; the second ones need something behind.
_WHOLE = ("!V CLEAR", "TRIAL_RESULT")
_BEGUN = ("!V IMGLOAD FILL", "!V IMGLOAD CENTER", "!V IMGLOAD TOP_LEFT", "TRIALID", "GAZE_COORDS", "DISPLAY_COORDS")
_INTEGER = re.compile(r"-?\d{1,9}")
#: Words by which experiments say that a picture is gone, as they stand in "blank", "IMAGE_OFFSET", "trialEnd 3".
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_THING = "(?:trial|stim|stimulus|image|img|picture|pic|display|screen|scene)"
_GONE = re.compile(
    rf"\w*(?:blank|clear|offset|off)|(?:blank|clear)\w*|{_THING}?(?:end|stop)s?|(?:end|stop){_THING}|ended|stopped|gone|"
    r"hide|hidden|removed?|disappear\w*",
    re.IGNORECASE,
)
#: Up to this time between two messages, in ms, pictures may have been drawn one after the other to be seen together.
_TOGETHER_MS = 50.0


def say_doubts(session: Session, phrases: Phrases, table: pd.DataFrame, timeline: Timeline, changes: Changes) -> None:
    """Warn of what is probably damaged, and record what can be sound but is not as usual.

    Parameters
    ----------
    session, phrases
        The recording, and how its messages were read.
    table
        With columns x_px and y_px on the screen, shown and screen.
    timeline
        What was on the screen when.
    changes
        Where to record it.
    """
    recording = session.recording
    _doubt_blocks(session)
    _doubt_end(recording)
    _doubt_cut_messages(recording)
    _doubt_names({str(one.picture): one.line for one in session.names}, recording)
    _doubt_flashes(session, {shown.line for shown in table["shown"]})
    _doubt_ends(session, timeline)
    trials = [str(one.trial) for one in session.trial_messages]
    if trials:
        recording.doubt(
            [shown.line for shown in dict.fromkeys(table["shown"]) if shown.number in timeline.unlabelled],
            "names a picture without a trial message of its own",
            "name pictures without trial messages of their own",
        )
    for clause in [*recording.doubts, *phrases.doubts(), *_off_screen(table)]:
        warnings.warn(f"{phrases.path}: {clause}.", InputWarning, stacklevel=5)
    again = len(trials) - len(set(trials))
    changes.add("assumed", "trials may have the same name: it is given again by some trial messages", n=again)
    for text in [*_uneven(session), *_absent(trials)]:
        changes.add("assumed", f"the recording is complete, though {text}")


def _doubt_blocks(session: Session) -> None:
    """Note lines that stand there twice, ends of blocks without a begin, and fixations outside of all blocks."""
    recording = session.recording
    ends: list[int] = []
    blocks: list[tuple[float, float]] = []
    opened: Edge | None = None
    for one in (one for one in session.said if isinstance(one, Edge)):
        if opened:
            blocks.append((opened.time, one.time))
        elif not one.opens:
            ends.append(one.line)
        opened = one if one.opens else None
    if opened:
        blocks.append((opened.time, float("inf")))
    recording.doubt(
        recording.repeated, "stands there twice, and was taken once", "stand there twice, and were taken once"
    )
    recording.doubt(ends, "ends a block (END) that has no START", "end blocks (END) that have no START")
    starts = [start for start, _ in blocks]
    place = [bisect_right(starts, one.start_ms) for one in recording.fixations]
    recording.doubt(
        [one.line for one, n in zip(recording.fixations, place) if not n or one.start_ms > blocks[n - 1][1]],
        "is a fixation outside of all recording blocks (START to END)",
        "are fixations outside of all recording blocks (START to END)",
    )


def _doubt_end(recording: Recording) -> None:
    """Note it where the last block lacks a message that stands in or after all others, as a cut file does."""
    events = recording.events
    edges = [number for number, one in enumerate(events) if isinstance(one, Edge) and one.opens]
    if len(edges) < 3:
        return
    kinds = [_kinds(recording, start, end) for start, end in pairwise([0, *edges, len(events)])]
    # what stands before the first block prepares a block, and so is not behind the last one
    lacking = set.intersection(*kinds[1:-1]) - kinds[-1] - kinds[0]
    if lacking:
        recording.doubts.append(
            f"in and after the last block, which begins on line {events[edges[-1]].line}, there is no message like "
            f"{min(lacking)!r}, as there is for all others; the end of the file may be missing"
        )


def _kinds(recording: Recording, start: int, end: int) -> set[str]:
    messages = [one.text for one in recording.events[start:end] if isinstance(one, Message) and one.text]
    return {kind_of(text) for text in messages if not text.startswith(SETUP)}


def _doubt_cut_messages(recording: Recording) -> None:
    """Note commands that break off, where the same command stands elsewhere in full."""
    texts = [(event.line, event.text) for event in recording.events if isinstance(event, Message) and event.text]
    whole = {word for word in _WHOLE for _, text in texts if text.startswith(word)}
    begun = {word for word in _BEGUN for _, text in texts if text.startswith(word + " ")}
    cut = {word[:n] for word in whole | begun for n in range(1, len(word))} | begun
    recording.doubt([line for line, text in texts if text in cut], "breaks off in a message", "break off in a message")


def _doubt_names(names: dict[str, int], recording: Recording) -> None:
    """Note names without a picture's ending, where others have one."""
    other = [line for name, line in names.items() if not name.lower().endswith(PICTURE_SUFFIXES)]
    if len(other) < len(names):
        recording.doubt(other, "names a picture without a picture's ending", "name pictures without a picture's ending")


def _doubt_flashes(session: Session, looked_at: set[int]) -> None:
    """Note pictures without a place that another one followed so soon that both may have been on the screen."""
    session.recording.doubt(
        [
            one.line
            for one, later in pairwise(session.names)
            if one.line not in looked_at
            and one.place is None
            and one.picture != later.picture
            and later.time - one.time <= _TOGETHER_MS
        ],
        f"names a picture that another one follows within {_TOGETHER_MS:g} ms, so that all fixations are of that one; "
        "if both were on the screen, give a stimulus_message that matches the one whose fixations are wanted",
        f"name pictures that others follow within {_TOGETHER_MS:g} ms, so that all fixations are of those; if both "
        "were on the screen, give a stimulus_message that matches the one whose fixations are wanted",
    )


def _doubt_ends(session: Session, timeline: Timeline) -> None:
    """Note a message that seems to say, once in a trial, that the picture is gone, and is followed by its fixations."""
    recording = session.recording
    begins = [one.start_ms for one in recording.fixations]
    read = {one.line for one in session.said}
    found: dict[str, list[tuple[int, Message, int]]] = defaultdict(list)
    for event in recording.events:
        if isinstance(event, Edge) or event.line in read or event.text.startswith((*SETUP, "!V")):
            continue
        time = event.time - event.delay
        shown = timeline.at(time)
        kind = _kind_of_end(event.text, shown)
        if kind is None or time - shown[-1].time <= _TOGETHER_MS:
            continue
        later = begins[bisect_left(begins, time) :]
        number = shown[-1].number
        # what was shown changes in order of time, so that no later fixation is looked at than the picture's last
        after = next((n for n, begin in enumerate(later) if number not in _numbers(timeline.at(begin))), len(later))
        found[kind].append((number, event, after))
    showings = len({number for shown in timeline.shown for number in _numbers(shown)})
    most = ("", 0)
    for kind, ends in found.items():
        counts = Counter(number for number, _, _ in ends)
        once = 2 * sum(count == 1 for count in counts.values()) > len(counts) >= min(2, showings)
        n = sum({number: after for number, _, after in reversed(ends)}.values())
        most = max(most, (kind, n if once else 0), key=lambda one: one[1])
    kind, n = most
    if n:
        event, more = found[kind][0][1], len(found[kind]) - 1
        recording.doubts.append(
            f"{n} fixation{'s' if n > 1 else ''} taken for a picture's own began after a message that may say that it "
            f"was gone, {event.text!r} (line {event.line}{f' and {more} like it' if more else ''}); if it was, "
            f"end_message={kind!r} leaves them out"
        )


def _numbers(shown: tuple[Shown, ...]) -> set[int]:
    return {one.number for one in shown}


def _kind_of_end(text: str, shown: tuple[Shown, ...]) -> str | None:
    """Pattern of a message up to its word for an end, whatever the picture and numbers; None where it has none."""
    if not shown:
        return None
    for name in (shown[-1].name, shown[-1].name.rpartition(".")[0]):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "#", text) if name else text
    end = next((word.end() for word in _WORDS.finditer(text) if _GONE.fullmatch(word[0])), None)
    if end is None:
        return None
    return "^" + re.sub(r"#|\d+", ".*", re.escape(text[:end]).replace(r"\ ", " ").replace(r"\#", "#"))


def _off_screen(table: pd.DataFrame) -> Iterator[str]:
    """Say it where most fixations are not on the screen, as with positions that are no px of it."""
    known = table[table["screen"].notna()]
    if known.empty:
        return
    sizes = np.array([(one.width, one.height) for one in known["screen"]])
    xy = known[["x_px", "y_px"]].to_numpy()
    off = int((~on_picture(xy, sizes)).sum())
    if 2 * off > len(known):
        yield (
            f"{off} of {len(known)} fixations are off the screen of {sizes[0][0]} x {sizes[0][1]} px; if its size is "
            "another, give screen_px=(width, height), and if positions are head-referenced, convert it without -href"
        )


def _uneven(session: Session) -> Iterator[str]:
    """Say it where most trials have a message of a kind, and a few lack it or have more."""
    said = [one for one in session.said if isinstance(one, Said)]
    blocks = sum(isinstance(one, Edge) and one.opens for one in session.said)
    counts = {
        "trial messages": sum(one.trial is not None for one in said),
        "names of pictures": len(session.names),
        "!V CLEAR": sum(one.clears for one in said),
        "TRIAL_RESULT": sum(one.results for one in said),
        "GAZE_COORDS": sum(one.tracker for one in said),
    }
    for trials, what in ((blocks, "recording blocks"), (counts["trial messages"], "trial messages")):
        odd = [f"{count} {name}" for name, count in counts.items() if 2 * count > trials > 1 and count % trials]
        if odd:
            yield f"it has {', '.join(odd)} for {trials} {what}"


def _absent(trials: list[str]) -> Iterator[str]:
    """Say it where a few numbers of trials are absent, or a few trials have no number."""
    numbers = {int(label) for label in trials if _INTEGER.fullmatch(label)}
    other = [label for label in trials if not _INTEGER.fullmatch(label)]
    if not numbers:
        return
    if 0 < len(other) < len(numbers):
        yield f"not all trials are numbers: {', '.join(map(repr, other[:3]))}"
    absent = max(numbers) - min(numbers) + 1 - len(numbers)
    if 0 < absent <= max(1, len(numbers) // 5):
        few = sorted(set(range(min(numbers), max(numbers))) - numbers)
        yield f"of its trials {min(numbers)} to {max(numbers)} some are absent, such as {few[0]}"
