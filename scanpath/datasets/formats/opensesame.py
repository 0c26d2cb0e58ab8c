"""OpenSesame's log, a row a fixation: coordinates count from the center of the screen, y downward, times in ms.

Experiments name the variables that they log, so that columns of places and times are given by name, unless they are
called as below. The screen's size is logged with every row (width, height).
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.plain_table import Program, TableSettings


class _OpenSesame(Program):
    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, Program]:
        corner = "uniform_coordinates" in cells.columns and (cells["uniform_coordinates"].str.lower() == "no").all()
        if settings.frame is None:
            settings = replace(settings, frame="px" if corner else "centered")
        y_up = False if settings.y_up is None else settings.y_up
        return cells, replace(settings, y_up=y_up), self


OPENSESAME = _OpenSesame(
    "opensesame",
    "OpenSesame's log, a row a fixation",
    known_by=(("subject_nr", "subject_parity|opensesame_version|experiment_file|uniform_coordinates"),),
    columns={
        "stimulus": ("stimulus", "image", "picture", "image_?file", "stim_?file"),
        "subject": ("subject_nr",),
        "trial": ("trial_nr", "trial", "count_trial_sequence"),
        "x_px": ("fix(ation)?_?x",),
        "y_px": ("fix(ation)?_?y",),
        "onset_ms": ("fix(ation)?_?(onset|start)",),
        "offset_ms": ("fix(ation)?_?(offset|end)",),
        "duration_ms": ("fix(ation)?_?dur(ation)?",),
        "screen_width_px": ("width",),
        "screen_height_px": ("height",),
    },
    time_units={"onset_ms": "ms", "offset_ms": "ms", "duration_ms": "ms"},
    whose_px="screen",
).as_format()
