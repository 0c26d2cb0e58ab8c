"""EyeLink recordings as text (edf2asc): the fixations that the tracker itself found, from its EFIX lines.

The position on an EFIX line is the tracker's own average over the fixation, which other readers leave out; therefore
these lines are read here, without a library.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.formats.catalog import Format
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes
from scanpath.datasets.formats.placement import to_picture_px

#: The message that Experiment Builder writes when it shows a picture.
PICTURE_MESSAGE = r"!V IMGLOAD \S+ (?P<stimulus>\S+)"
TRIAL_MESSAGE = r"TRIALID\s+(?P<trial>\S+)"
_EYES = {"L": "left", "R": "right"}


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
            rows, screen, outside = _parse(lines, *patterns)
    except (UnicodeDecodeError, LookupError):
        raise InputError(f"{path} is not {encoding} text; say what it is with encoding, such as 'latin-1'.") from None
    if not rows:
        raise InputError(
            f"{path} has no fixation (EFIX line) after a message that matches {stimulus_message!r}; give "
            "stimulus_message, a regular expression with a group (?P<stimulus>...) for the picture's name."
        )
    table = _one_eye(pd.DataFrame(rows), eye, changes, path)
    changes.add("dropped", "fixations while no picture was shown", n=outside)
    table["subject"] = subject or path.stem
    changes.add("offset", "onsets from the recording's clock to ms after the picture's message")
    missing = table["x_px"].isna() | table["y_px"].isna()
    changes.add("dropped", "fixations without a position", n=int(missing.sum()))
    table = table[~missing].reset_index(drop=True)
    table["fixation"] = table.groupby(["stimulus", "trial"], dropna=False).cumcount()
    return to_picture_px(
        table,
        changes,
        what=f"{path.name}: positions on EFIX lines",
        picture_at=picture_at,
        picture_px=picture_px,
        screen_px=screen_px or screen,
    )


def _parse(
    lines: Iterator[str], stimulus_pattern: re.Pattern[str], trial_pattern: re.Pattern[str]
) -> tuple[list[dict[str, Any]], tuple[int, int] | None, int]:
    rows: list[dict[str, Any]] = []
    screen: tuple[int, int] | None = None
    trial: str | None = None
    picture: tuple[str, float] | None = None
    outside = 0
    for line in lines:
        parts = line.split()
        if len(parts) < 2:
            continue
        if parts[0] == "MSG":
            time, message = _message(line)
            if found := trial_pattern.search(message):
                trial, picture = found["trial"], None
            if found := stimulus_pattern.search(message):
                picture = found["stimulus"], time
            if "DISPLAY_COORDS" in message or "GAZE_COORDS" in message:
                screen = _screen(message) or screen
        elif parts[0] == "END":
            picture = None
        elif parts[0] == "EFIX" and len(parts) >= 7:
            if picture is None or float(parts[3]) <= picture[1]:
                outside += 1
            else:
                rows.append(_fixation(parts, trial, picture))
    return rows, screen, outside


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


EYELINK_ASC = Format("eyelink_asc", "SR Research EyeLink recording as text (.asc)", read)
