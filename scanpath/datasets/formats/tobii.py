"""Tobii Pro Lab's data export, a row a sample, and that of Tobii Studio before it.

Each sample repeats the place (DACS: px of the screen; MCS: of the picture) and the duration of its fixation. Recent
versions write units in brackets behind names. The export says where on the screen the picture was, and how large.
Time is in microseconds or, in older versions and Studio, in ms; where the name does not tell, it is told by comparing
with the durations, which are always in ms.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.plain_table import Program, TableSettings
from scanpath.datasets.formats.table_columns import UNITS_MS, check_unit, numbers, settle_decimal, unit_told
from scanpath.gaze.csv_text import TEXT

_ONSET = "Onset in the presentation [ms]"
_TRIAL = "Presentation"


class _Tobii(Program):
    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, Program]:
        columns = {**self.columns, **{name: (re.escape(own),) for own, name in settings.columns.items()}}
        only = dict(settings.only)
        snapshots = [name for name in cells.columns if re.match(r"Mapped fixation X \[", name)]
        whose: str = self.whose_px
        frame: str | None = settings.frame
        kind = _find(cells, r"Eye movement type", "GazeEventType")
        if _find(cells, *columns["stimulus"]) is None and len(snapshots) == 1:
            snapshot = snapshots[0].partition("[")[2].rstrip("]")
            columns |= {key: (re.escape(f"{said} [{snapshot}]"),) for key, said in _MAPPED.items()}
            kind = _find(cells, re.escape(f"Mapped eye movement type [{snapshot}]"))
            whose, frame = "picture", frame or "px"
            if settings.stimulus is None:
                settings = replace(settings, stimulus=snapshot)
        else:
            columns, whose, frame = _places(cells, columns, settings, whose)
        if kind is None:
            raise InputError(f"{path} has no column 'Eye movement type'; add it to the export in Pro Lab.")
        only.setdefault(kind, "Fixation")
        sensor = _find(cells, "Sensor")
        if sensor and (cells[sensor] == "Eye Tracker").any():
            only.setdefault(sensor, "Eye Tracker")
        known = [name for patterns in columns.values() if (name := _find(cells, *patterns))]
        settings = replace(settings, decimal=settle_decimal(cells, known, settings, changes))
        attrs = dict(cells.attrs)
        cells = _presentations(cells, columns, kind, settings, path, changes)
        cells.attrs = attrs
        columns = {**columns, "trial": (_TRIAL,), "onset_ms": (re.escape(_ONSET),)}
        return cells, replace(settings, only=only, frame=frame), replace(self, columns=columns, whose_px=whose)


_MAPPED = {"x_px": "Mapped fixation X", "y_px": "Mapped fixation Y", "fixation": "Mapped eye movement type index"}


def _find(cells: pd.DataFrame, *patterns: str) -> str | None:
    for pattern in patterns:
        for name in cells.columns:
            if re.fullmatch(pattern, name, re.IGNORECASE):
                return str(name)
    return None


def _places(
    cells: pd.DataFrame, columns: dict[str, tuple[str, ...]], settings: TableSettings, whose: str
) -> tuple[dict[str, tuple[str, ...]], str, str | None]:
    """Which of the places to take: those on the screen where the picture's place on it is told, else the picture's."""
    on_screen = _find(cells, *columns["x_px"])
    told = _find(cells, *columns["picture_left_px"]) or settings.picture_at is not None
    sized = settings.picture_px is not None or _find(cells, *columns["picture_width_px"], *columns["shown_width_px"])
    parts, px = _find(cells, *_PARTS["x_px"]), _find(cells, *_MEDIA_PX["x_px"])
    if on_screen and (told or not ((parts and sized) or px)):
        return columns, whose, settings.frame or "px"
    if parts and (sized or not px):
        if settings.picture_px is None and not _find(cells, *columns["picture_width_px"]):
            columns |= {f"picture_{side}_px": columns[f"shown_{side}_px"] for side in ("width", "height")}
        return columns | _PARTS, "picture", settings.frame or "normalized"
    return (columns | _MEDIA_PX if px else columns), "picture", settings.frame or "px"


def _presentations(
    cells: pd.DataFrame,
    columns: dict[str, tuple[str, ...]],
    kind: str,
    settings: TableSettings,
    path: Path,
    changes: Changes,
) -> pd.DataFrame:
    """Order rows by time, number the presentations of a picture, and count time from the beginning of each."""
    whose = [name for name in (_find(cells, *columns["subject"]), _find(cells, *columns["recording"])) if name]
    recording = cells[whose].agg(" / ".join, axis=1) if whose else pd.Series("", index=cells.index)
    time = _find(cells, *columns["onset_ms"])
    if time is not None:
        values = numbers(cells[time], settings, path)
        order = pd.DataFrame({"recording": pd.factorize(recording)[0], "time": values}).sort_values(
            ["recording", "time"], kind="stable"
        )
        cells, recording, values = cells.loc[order.index], recording.loc[order.index], values.reindex(order.index)
    stimulus = _find(cells, *columns["stimulus"])
    shown = cells[stimulus].str.strip() if stimulus else pd.Series("all", index=cells.index)
    there = shown != ""
    key = recording + "\n" + shown
    begins = (key[there] != key[there].shift()).reindex(cells.index, fill_value=False)
    run = begins.cumsum()
    look = key[begins].groupby(key[begins], sort=False).cumcount()
    look.index = run[begins].to_numpy()
    again = run.map(look).fillna(0).astype(int)
    trial = cells[whose[-1]] if len(whose) > 1 else pd.Series("", index=cells.index)
    if again.any():
        changes.add("assumed", "a picture that was shown again is another trial")
        trial = (trial + " " + (again + 1).astype(str)).str.strip()
    cells = cells.assign(**{_TRIAL: trial.astype(TEXT)})
    if time is None:
        return cells
    unit = unit_told(time) or _unit_of(values, cells, kind, columns, recording, settings, path, changes)
    ms = values.mul(UNITS_MS[unit])
    start = ms[there].groupby(run[there]).min()
    changes.add("offset", f"{time!r} (in {unit}) counts from the first sample with the picture")
    return cells.assign(**{_ONSET: ms - run.map(start).fillna(0.0)})


def _unit_of(
    time: pd.Series,
    cells: pd.DataFrame,
    kind: str,
    columns: dict[str, tuple[str, ...]],
    recording: pd.Series,
    settings: TableSettings,
    path: Path,
    changes: Changes,
) -> str:
    """Tell the unit of time by comparing the starts of successive events with the durations between them."""
    if isinstance(settings.time_unit, str):
        return check_unit(settings.time_unit)
    duration, index = _find(cells, *columns["duration_ms"]), _find(cells, *columns["fixation"])
    if duration is not None and index is not None:
        events = pd.DataFrame(
            {"key": recording + cells[kind] + cells[index], "time": time, "recording": recording}
        ).assign(ms=numbers(cells[duration], settings, path))
        starts = events[(events["key"] != events["key"].shift())]
        between = starts["time"].shift(-1) - starts["time"]
        ratio = (between / starts["ms"])[starts["recording"] == starts["recording"].shift(-1)].dropna()
        median = float(ratio.median()) if len(ratio) else np.nan
        for unit, factor in (("ms", 1.0), ("us", 1000.0)):
            if 0.5 * factor <= median <= 2 * factor:
                changes.add("assumed", f"time is in {unit}, as it advances so from event to event")
                return unit
    raise InputError(f"{path}: the unit of the recording's time cannot be told; give time_unit='us' or 'ms'.")


def _both(pattern: str) -> dict[str, tuple[str, ...]]:
    return {f"{axis}_px": (pattern.format(axis.upper()),) for axis in "xy"}


_PARTS = _both(r"Fixation point {} [\[(]MCS ?norm[\])]")
_MEDIA_PX = _both(r"FixationPoint{} \(MCSpx\)|Fixation point {0} [\[(]MCS ?px[\])]".replace("{}", "{0}"))
_ON_SCREEN = _both(r"Fixation ?point ?{}( ?[\[(](DACS|ADCS) ?px[\])])?")

TOBII = _Tobii(
    "tobii",
    "Tobii Pro Lab or Studio, data export (TSV)",
    known_by=(
        ("Eye movement type", r"Fixation point X.*"),
        ("GazeEventType", r"FixationPointX.*"),
        (r"Mapped fixation X \[.*", r"Recording timestamp.*"),
    ),
    columns={
        "stimulus": ("Presented Media name", "Presented Stimulus name", "MediaName"),
        "subject": ("Participant name", "ParticipantName"),
        "recording": ("Recording name", "RecordingName"),
        "fixation": ("Eye movement type index", "FixationIndex"),
        **_ON_SCREEN,
        "onset_ms": (r"Recording ?timestamp( \[\S+\])?",),
        "duration_ms": (r"(Gaze|Eye movement) ?event ?duration( \[ms\])?",),
        "picture_left_px": (r"Presented Media position X [\[(]DACS ?px[\])]", r"MediaPosX \(ADCSpx\)"),
        "picture_top_px": (r"Presented Media position Y [\[(]DACS ?px[\])]", r"MediaPosY \(ADCSpx\)"),
        "shown_width_px": (r"Presented Media width( \[px\])?", "MediaWidth"),
        "shown_height_px": (r"Presented Media height( \[px\])?", "MediaHeight"),
        "picture_width_px": (r"Original Media width( \[px\])?",),
        "picture_height_px": (r"Original Media height( \[px\])?",),
    },
    settings={"rows": "repeated"},
    time_units={"onset_ms": "ms", "duration_ms": "ms"},
    whose_px="screen",
    counts_through=True,
).as_format()
