"""SMI: events of BeGaze, as its event statistics (one line of names) or as text (a table for each kind of event).

The text has lines of facts that begin with ``##``, names after "Table Header for Fixations:", and times in
microseconds of the tracker's clock. Messages of the experiment that name a picture tell what was looked at.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.plain_table import Program, TableSettings
from scanpath.gaze.pictures import PICTURE_SUFFIXES

_HEADER = "table header for fixations"
_MESSAGE = re.compile(r"^UserEvent\s*[\t,]\s*(\d+)\s*[\t,]\s*\d+\s*[\t,]\s*(\d+)\s*[\t,]\s*#?\s*(?:Message:\s*)?(.*)$")


class _Smi(Program):
    def lines(self, text: str, path: Path, changes: Changes) -> list[tuple[int, str]]:
        lines = super().lines(text, path, changes)
        start = next((place for place, (_, line) in enumerate(lines) if line.lower().startswith(_HEADER)), None)
        if start is None:
            kept = [(number, line) for number, line in lines if not line.startswith("##")]
            changes.add("dropped", "lines of facts ('##')", n=len(lines) - len(kept))
            return kept
        number, names = next(((n, line) for n, line in lines[start + 1 :] if line.strip()), (0, ""))
        if not names.startswith("Event Type"):
            raise InputError(
                f"{path}: line {number} should name the columns of fixations, beginning with 'Event Type'."
            )
        sign = names.removeprefix("Event Type")[:1] or "\t"
        for n, line in lines[start:]:
            if line.strip() and not _KNOWN.match(line):
                raise InputError(f"{path}: line {n} is {line[:40]!r}, which is no event; the file may be damaged.")
        rows = [(n, line) for n, line in lines if line.startswith("Fixation ")]
        changes.add("dropped", "events of other kinds", n=sum(bool(_OTHER.match(line)) for _, line in lines))
        extra = {"Eye": [line.removeprefix("Fixation ")[:1] for _, line in rows]}
        subject = next((line for _, line in lines if re.match(r"##\s*Subject:", line)), None)
        if subject and subject.partition(":")[2].strip():
            extra["Subject"] = [subject.partition(":")[2].strip(" \t,")] * len(rows)
        extra |= _pictures(lines, rows, sign, path, changes)
        joined = [sign.join([line, *values]) for (_, line), *values in zip(rows, *extra.values())]
        return [(number, sign.join([names.rstrip(sign), *extra])), *zip((n for n, _ in rows), joined)]

    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, Program]:
        only = {name: ("Fixation", "Visual Intake") for name in ("Category",) if name in cells.columns}
        clock = "Event Type" in cells.columns and "Since picture [us]" not in cells.columns
        return cells, replace(settings, only={**only, **settings.only}), replace(self, from_first=clock)


_OTHER = re.compile(r"(Saccade|Blink) [LR]")
_KNOWN = re.compile(r"(Fixation|Saccade|Blink) [LRB]|UserEvent|Trigger|Table Header|Event Type|##", re.IGNORECASE)


def _pictures(
    lines: list[tuple[int, str]], rows: list[tuple[int, str]], sign: str, path: Path, changes: Changes
) -> dict[str, list[str]]:
    """The picture that the last message before each fixation names, and its onset since then."""
    told = [(int(match[2]), match[3].strip()) for _, line in lines if (match := _MESSAGE.match(line))]
    told = sorted((time, name) for time, name in told if name.lower().endswith(PICTURE_SUFFIXES))
    if not told:
        return {}
    changes.add("assumed", "a picture is there from the message that names it to the next")
    names, onsets = [], []
    for number, line in rows:
        cells = line.split(sign)
        if len(cells) < 4 or not cells[3].strip().isdecimal():
            raise InputError(f"{path}: line {number} has no start of the fixation; the file may be cut off.")
        shown = [(time, name) for time, name in told if time <= int(cells[3])]
        names.append(shown[-1][1] if shown else "")
        onsets.append(str(int(cells[3]) - shown[-1][0]) if shown else "0")
    return {"Picture": names, "Since picture [us]": onsets}


SMI = _Smi(
    "smi",
    "SMI BeGaze, event statistics or events as text",
    known_by=(
        (r"Event Start Trial Time \[ms\]", r"(Fixation|Visual Intake) Position X \[px\]"),
        ("Event Type", "Trial", "Number", "Start", "Location X"),
    ),
    columns={
        "stimulus": ("Stimulus", "Picture"),
        "subject": ("Participant", "Subject"),
        "trial": ("Trial",),
        "fixation": ("Index", "Number"),
        "x_px": (r"(Fixation|Visual Intake) Position X \[px\]", "Location X"),
        "y_px": (r"(Fixation|Visual Intake) Position Y \[px\]", "Location Y"),
        "onset_ms": (r"Event Start Trial Time \[ms\]", r"Since picture \[us\]", "Start"),
        "offset_ms": (r"Event End Trial Time \[ms\]",),
        "duration_ms": (r"Event Duration \[ms\]", "Duration"),
        "eye": ("Eye L/R", "Eye"),
    },
    settings={"frame": "px", "missing": ("-",)},
    time_units={"onset_ms": "us", "duration_ms": "us"},
    whose_px="screen",
).as_format()
