"""PsychoPy: its file of trials, and fixation events of ioHub's eye trackers saved as a table.

Coordinates count from the center of the window, y upward, in the window's units, which the files do not say: "pix",
"norm", "height" or "deg". Times are in s.
"""

from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.plain_table import Program, TableSettings


class _PsychoPy(Program):
    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, Program]:
        if settings.frame is None:
            raise InputError(
                f"{path} is a file of PsychoPy, which does not say its units: give frame='pix', 'norm' or 'height', "
                "or, for 'deg', frame='degrees', y_up=True and px_per_deg=."
            )
        return cells, settings, self


PSYCHOPY = _PsychoPy(
    "psychopy",
    "PsychoPy, a file of trials or ioHub's fixation events",
    known_by=(("psychopyVersion",), ("average_gaze_x", "average_gaze_y")),
    columns={
        "stimulus": ("stimulus", "image", "picture", "image_?file", "stim_?file"),
        "subject": ("participant", "subject"),
        "trial": ("trial_id", r"trials\.thisN", "trial", "session_id"),
        "x_px": ("average_gaze_x",),
        "y_px": ("average_gaze_y",),
        "onset_ms": ("start_time",),
        "offset_ms": ("time",),
        "duration_ms": ("duration",),
        "eye": ("eye",),
    },
    time_units={"onset_ms": "s", "offset_ms": "s", "duration_ms": "s"},
    whose_px="screen",
    from_first=True,
).as_format()
