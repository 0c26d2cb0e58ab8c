"""EyeLink recordings as text (edf2asc): the fixations that the tracker itself found, from its EFIX lines.

The position on an EFIX line is the tracker's own average over the fixation, which other readers leave out; therefore
these lines are read here, without a library.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from scanpath._core.checks import check_size
from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import LASTED, Changes
from scanpath.datasets.formats.eyelink_doubts import say_doubts
from scanpath.datasets.formats.eyelink_lines import Recording, scan
from scanpath.datasets.formats.eyelink_messages import (
    PICTURE_MESSAGE,
    TRIAL_MESSAGE,
    Phrases,
    Screen,
    frequent_messages,
    pattern,
    pattern_with,
)
from scanpath.datasets.formats.eyelink_trials import (
    ASK_TRIALS,
    Session,
    Shown,
    Size,
    Timeline,
    looked_at,
    named_late,
    pictures_named_at_end,
    pictures_named_at_start,
)
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes
from scanpath.datasets.formats.placement import PictureAt, PictureSizes, SizePx, picture_sizes, to_picture_px
from scanpath.gaze.csv_text import marked_encoding
from scanpath.gaze.doubts import coded_row

_NAMED = ("start", "end")


def read(
    path: Path,
    changes: Changes,
    *,
    subject: str | None = None,
    stimulus_message: str = PICTURE_MESSAGE,
    trial_message: str = TRIAL_MESSAGE,
    end_message: str | None = None,
    named: str | None = None,
    eye: str | None = None,
    missing: Sequence[float] | float = (),
    encoding: str = "utf-8",
    picture_at: PictureAt | None = None,
    picture_px: PictureSizes | None = None,
    screen_px: SizePx | None = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read the fixations that began while a picture was shown.

    A fixation belongs to the picture on which it began; onsets are ms from when that picture appeared. A picture stays
    until another one is named, ``!V CLEAR``, TRIAL_RESULT, a message of one's own (`end_message`), the next trial, or
    the end of the recording block (END or, without it, the next START). Of several pictures at once, the one is taken
    whose place holds the fixation.

    Parameters
    ----------
    subject
        Name of the person; by default the file's name.
    stimulus_message
        Regular expression with a group ``stimulus``, for the message that says which picture is shown.
    trial_message
        Regular expression with a group ``trial``, for the message that opens a trial.
    end_message
        Regular expression for the message at which a picture leaves the screen, such as "^blank", where an experiment
        says that in words of its own; fixations that begin after it are left out and counted.
    named
        "start" if the message that names a picture comes when it appears, "end" if it comes when or after its trial
        ends, as ``!V TRIAL_VAR`` and OpenSesame's variables do; then all fixations of the trial belong to it, and
        onsets are ms from the begin of its recording. By default "start", and refused where it looks otherwise.
    eye
        "left" or "right", for binocular recordings.
    missing
        Numbers on EFIX lines that stand for a missing place, such as ``[-1, 1e8]``; such fixations are left out and
        counted. 0 counts only where x and y are 0.
    encoding
        Of the text.
    picture_at, picture_px, screen_px
        Where the picture was on the screen; see `to_picture_px`. By default its place is the one IMGLOAD states, and
        the screen's size is that of DISPLAY_COORDS or GAZE_COORDS.
    max_bytes
        Larger files are refused.
    """
    check_bytes(path, "the recording", path.stat().st_size, max_bytes)
    if named not in (None, *_NAMED):
        raise InputError(f"named must be one of {', '.join(map(repr, _NAMED))}, got {named!r}.")
    end = None if end_message is None else pattern(end_message, "end_message")
    phrases = Phrases(path, pattern_with("stimulus", stimulus_message), pattern_with("trial", trial_message), end)
    recording = _open(path, encoding)
    _choose_eye(recording, eye, changes, path)
    _lose(recording, missing)
    _check_codes(recording, path)
    size = None if screen_px is None else check_size("screen_px", screen_px)
    session = Session.of(recording, phrases, size)
    _check_named(session, named, stimulus_message, path)
    if end_message is not None and not session.ends:
        raise InputError(
            f"{path} has no message that matches end_message={end_message!r}. {frequent_messages(recording.events)}"
        )
    sizes = _Sizes(picture_px)
    make = pictures_named_at_end if named == "end" else pictures_named_at_start
    timeline = make(session, sizes.of, str(path))
    for text in sorted(timeline.assumed):
        changes.add("assumed", text)
    table = _deal(session, timeline, sizes.of, changes)
    if table.empty:
        late = "" if named == "end" else "; if these come after the fixations of their trials, give named='end'"
        raise InputError(
            f"{path} has no fixation with a position that began while a picture was shown, as the {len(session.names)} "
            f"messages say that match {stimulus_message!r}{late}."
        )
    say_doubts(session, phrases, table, timeline, changes)
    table["subject"] = subject or path.stem
    when = "recording began" if named == "end" else "picture's message"
    changes.add("offset", f"onsets from the recording's clock to ms after the {when}")
    if named != "end":
        _say_delays(session, changes)
    table = _tell_showings_apart(table, changes)
    table["fixation"] = table.groupby(["stimulus", "trial"], dropna=False).cumcount()
    several = any(len(shown) > 1 for shown in timeline.shown)
    return _place(table, changes, path, picture_at, sizes, several)


def _open(path: Path, encoding: str) -> Recording:
    """Read the lines, of which some must be fixations."""
    with path.open("rb") as file:
        head = file.read(4096)
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        # a byte order mark says what the text is
        encoding = marked_encoding(head) or "utf-8-sig"
    name = encoding.removesuffix("-sig")
    wrong = f"{path} is not {name} text; say what it is with encoding, such as 'latin-1', 'cp1252' or 'utf-16'."
    if encoding == "utf-8-sig" and b"\0" in head:
        raise InputError(f"{wrong} If it is the .edf itself, convert it with edf2asc.")
    try:
        with path.open(encoding=encoding, errors="strict") as lines:
            recording = scan(lines, path)
    except (UnicodeError, LookupError):
        raise InputError(wrong) from None
    if not recording.fixations:
        raise InputError(
            f"{path} has no fixation (EFIX line); convert the .edf again with events (edf2asc without -s)."
        )
    return recording


def _choose_eye(recording: Recording, eye: str | None, changes: Changes, path: Path) -> None:
    counts = Counter(one.eye for one in recording.fixations)
    if eye is None:
        if len(counts) > 1:
            both = " and ".join(f"{count} of the {name}" for name, count in sorted(counts.items()))
            raise InputError(
                f"{path} holds fixations of both eyes ({both}); choose one with eye='left' or eye='right'."
            )
        return
    kept = [one for one in recording.fixations if one.eye == eye.lower()]
    if not kept:
        raise InputError(f"{path} holds no fixation of the eye {eye!r}; it has {', '.join(sorted(counts))}.")
    changes.add("dropped", f"fixations of the other eye (eye={eye!r})", n=len(recording.fixations) - len(kept))
    recording.fixations = kept


def _lose(recording: Recording, missing: Sequence[float] | float) -> None:
    """Take away places that the caller calls missing."""
    try:
        codes = np.atleast_1d(np.asarray(missing, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError(f"missing must be a number or a list of them, such as [-1, 1e8], got {missing!r}.") from None
    xy = np.array([(one.x_px, one.y_px) for one in recording.fixations])
    lost = np.isin(xy, codes[codes != 0]).any(axis=1) | ((0 in codes) & (xy == 0).all(axis=1))
    recording.fixations = [
        one._replace(x_px=np.nan, y_px=np.nan) if gone else one for one, gone in zip(recording.fixations, lost)
    ]


def _check_codes(recording: Recording, path: Path) -> None:
    """Look for codes among the tracker's own numbers, as one that is moved looks like a place."""
    coded = coded_row(pd.DataFrame(recording.fixations))
    if coded is not None:
        row, code = coded
        raise InputError(
            f"{path}: line {recording.fixations[row].line} (EFIX) has {code} as a place, which is a code for missing "
            f"gaze or no pixel; leave such fixations out with missing=[{code}]."
        )


def _check_named(session: Session, named: str | None, stimulus_message: str, path: Path) -> None:
    """Refuse a recording that names no picture, or does so too late where it is not said to."""
    if not session.names:
        raise InputError(
            f"{path} has no message that matches {stimulus_message!r}; give stimulus_message, a regular expression "
            f"with a group (?P<stimulus>...) for the picture's name. {frequent_messages(session.recording.events)}"
        )
    if named is not None:
        return
    late, trials = named_late(session)
    if late and 2 * late >= trials:
        several = len({one.picture for one in session.names}) > 1
        if trials == 1 and several and not session.trial_messages:
            messages = frequent_messages(session.recording.events, propose=False)
            raise InputError(
                f"{path} names {len(session.names)} pictures in one trial, the last of them (line "
                f"{session.names[-1].line}) after all fixations; {ASK_TRIALS}, and then named='end', or named='start' "
                f"if each name is that of the picture that appears then. {messages}"
            )
        raise InputError(
            f"{path} names its pictures after the fixations of their trials have begun (in {late} of {trials} trials; "
            f"the first name is on line {session.names[0].line}); give named='end' if each name is that of the trial "
            "before it, or named='start' if it is that of the picture that appears then."
        )
    if late:
        session.recording.doubts.append(
            f"in {late} of {trials} trials the picture is named after all fixations have begun, which are therefore "
            "not taken for its own; give named='end' if each name is that of the trial before it, or named='start' if "
            "it is that of the picture that appears then"
        )


class _Sizes:
    """Sizes of pictures by name, looked up where they are needed."""

    def __init__(self, picture_px: PictureSizes | None) -> None:
        self.picture_px = picture_px
        self.of = cache(self._of)

    def _of(self, name: str) -> Size | None:
        if self.picture_px is None:
            return None
        width, height = picture_sizes(pd.Series([name]), self.picture_px)[0]
        return float(width), float(height)


def _deal(
    session: Session, timeline: Timeline, size_of: Callable[[str], Size | None], changes: Changes
) -> pd.DataFrame:
    """Give each fixation to the picture on which it began, in px from the top left of the screen."""
    rows = []
    left = Counter[str]()
    for fixation in session.recording.fixations:
        screen = timeline.screen_at(fixation.end_ms)
        x, y = fixation.x_px - (screen.left if screen else 0), fixation.y_px - (screen.top if screen else 0)
        shown, later = timeline.at(fixation.start_ms), timeline.at(fixation.end_ms)
        if not shown:
            left["before" if later else "outside"] += 1
            continue
        if np.isnan(x) or np.isnan(y):
            left["nowhere"] += 1
            continue
        picture = looked_at(shown, x, y, screen, size_of)
        if picture is None:
            left["beside"] += 1
            continue
        left["spanning"] += bool(later) and picture not in later
        rows.append(_row(fixation.eye, x, y, fixation.duration_ms, fixation.start_ms, picture, screen))
    changes.add("dropped", "fixations that began while no picture was shown", n=left["outside"])
    changes.add("dropped", "fixations that began before the picture into which they lasted", n=left["before"])
    changes.add("dropped", "fixations beside all of several pictures shown at once", n=left["beside"])
    changes.add("dropped", "fixations without a position", n=left["nowhere"])
    changes.add("assumed", LASTED, n=left["spanning"])
    _say_screens(timeline, changes)
    return pd.DataFrame(rows)


def _row(
    eye: str, x: float, y: float, duration_ms: float, start_ms: float, picture: Shown, screen: Screen | None
) -> dict[str, object]:
    return {
        "stimulus": picture.name,
        "trial": picture.trial,
        "eye": eye,
        "x_px": x,
        "y_px": y,
        "onset_ms": start_ms - picture.time,
        "duration_ms": duration_ms,
        "shown": picture,
        "screen": screen,
    }


def _say_delays(session: Session, changes: Changes) -> None:
    delayed = [one for one in session.names if one.delay]
    if delayed:
        changes.add(
            "offset",
            f"{len(delayed)} pictures from when they were named to when they appeared, by the ms in front of the "
            f"messages, such as {delayed[0].delay:g} (if these are something else, let stimulus_message begin with "
            r"them, as '^\d+ ...' does)",
        )


def _say_screens(timeline: Timeline, changes: Changes) -> None:
    screens = list(dict.fromkeys(screen for _, screen in timeline.screens))
    if len({(one.width, one.height) for one in screens}) > 1:
        sizes = ", then ".join(f"{one.width} x {one.height}" for one in screens)
        changes.add("assumed", f"the screen was {sizes} px, each from its message on")
    corners = sorted({(one.left, one.top) for one in screens} - {(0.0, 0.0)})
    if corners:
        changes.add("offset", f"the tracker's px to px from the top left of the screen, at {corners}")


def _place(
    table: pd.DataFrame, changes: Changes, path: Path, picture_at: PictureAt | None, sizes: _Sizes, several: bool
) -> pd.DataFrame:
    """Turn screen px into picture px by the place that is given, or by the one that IMGLOAD states."""
    shown, screens = table.pop("shown"), table.pop("screen")
    place: PictureAt | np.ndarray | None = picture_at
    known = [one.place is not None for one in shown]
    if picture_at is None and all(known):
        place = np.array([_box(one, screen, sizes, path) for one, screen in zip(shown, screens)])
        changes.add("assumed", "pictures lay where IMGLOAD says")
    elif picture_at is not None and any(known):
        if several and picture_at != "screen":
            raise InputError(
                f"{path} shows several pictures at once, which cannot all be at picture_at={picture_at!r}; leave it "
                "out to take their places from IMGLOAD."
            )
        changes.add("assumed", "pictures lay where picture_at says, whatever IMGLOAD says")
    pixels = [(np.nan, np.nan) if screen is None else (screen.width, screen.height) for screen in screens]
    return to_picture_px(
        table,
        changes,
        what=f"{path.name}: positions on EFIX lines",
        picture_at=place,
        picture_px=sizes.picture_px,
        screen_px=None if None in set(screens) else np.array(pixels),
    )


def _box(shown: Shown, screen: Screen | None, sizes: _Sizes, path: Path) -> tuple[float, float, float, float]:
    """Place of a picture on the screen; its size is NaN where it was shown in its own."""
    place = shown.place
    if place is None:
        raise ValueError("a picture without a place")
    if place.how == "FILL" and screen is None:
        raise InputError(f"{path} says that {shown.name!r} fills the screen: give screen_px=(width, height).")
    screen = screen or Screen(0.0, 0.0, 0, 0)
    if place.how == "TOP_LEFT" and place.size is None:
        return place.x - screen.left, place.y - screen.top, np.nan, np.nan
    box = place.box(sizes.of(shown.name), screen)
    if box is None:
        raise InputError(
            f"{path} says where the center of {shown.name!r} was (line {shown.line}), and its size is needed for its "
            "place: give picture_px, (width, height) or a folder of pictures."
        )
    return box


def _tell_showings_apart(table: pd.DataFrame, changes: Changes) -> pd.DataFrame:
    """Number the showings where a picture was shown twice under the same trial, as each is a scanpath of its own."""
    keys = ["stimulus", "trial"]
    number = pd.Series([one.number for one in table["shown"]], index=table.index, name="showing")
    if table.assign(showing=number).drop_duplicates("showing").duplicated(keys).any():
        rank = table.assign(showing=number).groupby(keys, dropna=False)["showing"].rank(method="dense")
        text = rank.astype(int).astype(str)
        table["trial"] = text.where(table["trial"].isna(), table["trial"].astype(str) + "-" + text)
        changes.add("renamed", "trial to trial and number of the showing, as a picture was shown twice in one")
    return table


EYELINK_ASC = Format("eyelink_asc", "SR Research EyeLink recording as text (.asc)", read)
