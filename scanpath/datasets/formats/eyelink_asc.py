"""EyeLink recordings as text (edf2asc): the fixations that the tracker itself found, from its EFIX lines.

The position on an EFIX line is the tracker's own average over the fixation, which other readers leave out; therefore
these lines are read here, without a library.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes
from scanpath.datasets.formats.placement import to_picture_px

#: The message that Experiment Builder writes when it shows a picture.
PICTURE_MESSAGE = r"!V IMGLOAD\s+\S+\s+(?P<stimulus>\S+)"
TRIAL_MESSAGE = r"TRIALID\s+(?P<trial>\S+)"
_EYES = {"L": "left", "R": "right"}
#: How many of a recording's messages are shown where none names a picture.
_SHOWN = 12
#: How messages of the tracker about itself begin.
_SETUP = ("RECCFG", "ELCL", "THRESHOLDS", "PUPIL_DATA", "CAMERA", "!MODE", "!CMD", "!CAL", "VALIDATE", "DRIFTCORRECT")


def read(
    path: Path,
    changes: Changes,
    *,
    subject: str | None = None,
    stimulus_message: str = PICTURE_MESSAGE,
    trial_message: str = TRIAL_MESSAGE,
    eye: str | None = None,
    encoding: str = "utf-8",
    picture_at: Any = None,
    picture_px: Any = None,
    screen_px: Any = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read the fixations between a picture's message and the end of its trial.

    Onsets are ms from the picture's message. A fixation that had begun before is kept with its negative onset if it
    ended after it, because the eye was there when the picture appeared.

    Parameters
    ----------
    subject
        Name of the person; by default the file's name.
    stimulus_message
        Regular expression with a group ``stimulus``, for the message that says which picture is shown.
    trial_message
        Regular expression with a group ``trial``, for the message that opens a trial.
    eye
        "left" or "right", for binocular recordings.
    encoding
        Of the text.
    picture_at, picture_px, screen_px
        Where the picture was on the screen; see `to_picture_px`. The screen's size is read from DISPLAY_COORDS.
    max_bytes
        Larger files are refused.
    """
    check_bytes(path, "the recording", path.stat().st_size, max_bytes)
    patterns = _pattern(stimulus_message, "stimulus"), _pattern(trial_message, "trial")
    try:
        with path.open(encoding=encoding, errors="strict") as lines:
            found = _parse(lines, *patterns, path)
    except (UnicodeDecodeError, LookupError):
        raise InputError(f"{path} is not {encoding} text; say what it is with encoding, such as 'latin-1'.") from None
    if not found.rows:
        raise InputError(_nothing_found(found, stimulus_message, path))
    table = _one_eye(pd.DataFrame(found.rows), eye, changes, path)
    changes.add("dropped", "fixations while no picture was shown", n=found.outside)
    table["subject"] = subject or path.stem
    changes.add("offset", "onsets from the recording's clock to ms after the picture's message")
    missing = table["x_px"].isna() | table["y_px"].isna()
    changes.add("dropped", "fixations without a position", n=int(missing.sum()))
    table = table[~missing].reset_index(drop=True)
    table = _tell_showings_apart(table, changes)
    table["fixation"] = table.groupby(["stimulus", "trial"], dropna=False).cumcount()
    return to_picture_px(
        table,
        changes,
        what=f"{path.name}: positions on EFIX lines",
        picture_at=picture_at,
        picture_px=picture_px,
        screen_px=screen_px or found.screen,
    )


@dataclass
class _Recording:
    """What a recording holds, and where its lines have come to."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    outside: int = 0
    shown: int = 0
    screen: tuple[int, int] | None = None
    trial: str | None = None
    picture: tuple[str, float] | None = None
    messages: dict[str, None] = field(default_factory=dict)


def _parse(
    lines: Iterator[str], stimulus_pattern: re.Pattern[str], trial_pattern: re.Pattern[str], path: Path
) -> _Recording:
    found = _Recording()
    for number, line in enumerate(lines, start=1):
        parts = line.split()
        if len(parts) < 2:
            continue
        try:
            _take(line, parts, found, stimulus_pattern, trial_pattern)
        except (ValueError, IndexError):
            raise InputError(f"{path}: line {number} is damaged: {line.strip()[:80]!r}.") from None
        if parts[0] == "EVENTS" and parts[1] != "GAZE":
            raise InputError(
                f"{path} has its events in {parts[1]} units, which are not screen pixels; convert the .edf again "
                "with gaze positions (edf2asc without -href)."
            )
    return found


def _take(
    line: str,
    parts: list[str],
    found: _Recording,
    stimulus_pattern: re.Pattern[str],
    trial_pattern: re.Pattern[str],
) -> None:
    if parts[0] == "MSG":
        time, message = _message(line)
        if match := trial_pattern.search(message):
            found.trial, found.picture = match["trial"], None
        if match := stimulus_pattern.search(message):
            found.picture = match["stimulus"], time
            found.shown += 1
        if "DISPLAY_COORDS" in message or "GAZE_COORDS" in message:
            found.screen = _screen(message) or found.screen
        elif found.trial is not None and len(found.messages) < _SHOWN and not message.startswith(_SETUP):
            found.messages[message] = None
    elif parts[0] == "END":
        found.picture = None
    elif parts[0] == "EFIX" and len(parts) >= 7:
        fixation = _fixation(parts, found.trial, found.picture or ("", 0.0))
        if found.picture is None or float(parts[3]) <= found.picture[1]:
            found.outside += 1
        else:
            found.rows.append(fixation | {"shown": found.shown})


def _nothing_found(found: _Recording, pattern: str, path: Path) -> str:
    if not found.outside:
        return f"{path} has no fixation (EFIX line); convert the .edf again with events (edf2asc without -s)."
    messages = f" Its messages are, for example, {', '.join(map(repr, found.messages))}." if found.messages else ""
    return (
        f"{path} has no fixation (EFIX line) after a message that matches {pattern!r}; give stimulus_message, a "
        f"regular expression with a group (?P<stimulus>...) for the picture's name.{messages}"
    )


def _fixation(parts: list[str], trial: str | None, picture: tuple[str, float]) -> dict[str, Any]:
    _, eye, start, _, duration, x, y = parts[:7]
    return {
        "stimulus": picture[0],
        "trial": trial,
        "eye": _EYES.get(eye, eye.lower()),
        "x_px": _number(x),
        "y_px": _number(y),
        "onset_ms": float(start) - picture[1],
        "duration_ms": float(duration),
    }


def _message(line: str) -> tuple[float, str]:
    parts = line.split(maxsplit=2)
    message = parts[2].strip() if len(parts) > 2 else ""
    # Experiment Builder puts the delay between the event and its message in front, as in "-3 !V IMGLOAD ..."
    delay = re.match(r"(-?\d+)\s+(?=\D)", message)
    return float(parts[1]) - (float(delay[1]) if delay else 0.0), message


def _screen(message: str) -> tuple[int, int] | None:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", message.split("COORDS", 1)[1])]
    if len(numbers) < 4:
        return None
    return round(numbers[2] - numbers[0]) + 1, round(numbers[3] - numbers[1]) + 1


def _number(text: str) -> float:
    return float("nan") if text == "." else float(text)


def _pattern(text: str, group: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise InputError(f"{group}_message is no regular expression ({error}): {text!r}.") from error
    if group not in pattern.groupindex:
        raise InputError(f"{group}_message must have a group (?P<{group}>...), got {text!r}.")
    return pattern


def _one_eye(table: pd.DataFrame, eye: str | None, changes: Changes, path: Path) -> pd.DataFrame:
    eyes = sorted(table["eye"].unique())
    if eye is None:
        if len(eyes) > 1:
            raise InputError(f"{path} holds fixations of both eyes; choose one with eye='left' or eye='right'.")
        return table
    keep = table["eye"] == eye.lower()
    if not keep.any():
        raise InputError(f"{path} holds no fixation of the eye {eye!r}; it has {', '.join(eyes)}.")
    changes.add("dropped", f"fixations of the other eye (eye={eye!r})", n=int((~keep).sum()))
    return table[keep].reset_index(drop=True)


def _tell_showings_apart(table: pd.DataFrame, changes: Changes) -> pd.DataFrame:
    """Number the showings where a picture was shown twice under the same trial, as each is a scanpath of its own."""
    keys = ["stimulus", "trial"]
    if table.drop_duplicates("shown").duplicated(keys).any():
        number = table.groupby(keys, dropna=False)["shown"].rank(method="dense").astype(int).astype(str)
        table["trial"] = number.where(table["trial"].isna(), table["trial"].astype(str) + "-" + number)
        changes.add("renamed", "trial to trial and number of the showing, as a picture was shown twice in one")
    return table.drop(columns="shown")


EYELINK_ASC = Format("eyelink_asc", "SR Research EyeLink recording as text (.asc)", read)
