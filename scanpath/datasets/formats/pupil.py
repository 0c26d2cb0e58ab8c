"""Pupil Labs' fixations: of Pupil Core as Pupil Player exports them, of Neon and Invisible as Pupil Cloud does.

Core writes parts of the scene camera's picture or of a surface, (0, 0) at the bottom left, times in s, durations in
ms. A fixation that is mapped to a surface has a row for each frame of the camera. Cloud writes px of the scene camera
or of the reference image, or parts of a surface with (0, 0) at the top left, and times in ns since 1970.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.plain_table import Program, TableSettings


class _PupilCore(Program):
    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, Program]:
        on_surface = next((name for name in ("on_surf", "on_srf") if name in cells.columns), None)
        if on_surface is None:
            return cells, settings, self
        only = {on_surface: "true", **settings.only}
        rows = "samples" if settings.rows == "growing" else settings.rows
        return cells, replace(settings, only=only, rows=rows), replace(self, whose_px="picture")


class _PupilCloud(Program):
    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, Program]:
        detected = {name: name for name in cells.columns if name.lower().startswith("fixation detected ")}
        if not detected:
            return cells, settings, self
        only = {**dict.fromkeys(detected, "true"), **settings.only}
        normalized = any("[normalized]" in name for name in cells.columns)
        frame = settings.frame or ("normalized" if normalized else "px")
        return cells, replace(settings, only=only, frame=frame), replace(self, whose_px="picture")


PUPIL_CORE = _PupilCore(
    "pupil_core",
    "Pupil Core, fixations.csv and fixations_on_surface_*.csv of Pupil Player",
    known_by=(("norm_pos_x", "norm_pos_y", "start_timestamp", "duration", "(fixation_)?id"),),
    columns={
        "fixation": ("fixation_id", "id"),
        "x_px": ("norm_pos_x",),
        "y_px": ("norm_pos_y",),
        "onset_ms": ("start_timestamp",),
        "duration_ms": ("duration",),
    },
    settings={"frame": "normalized", "y_up": True, "rows": "growing"},
    time_units={"onset_ms": "s", "duration_ms": "ms"},
    whose_px="scene",
    from_first=True,
).as_format()

PUPIL_CLOUD = _PupilCloud(
    "pupil_cloud",
    "Pupil Neon and Invisible, fixations.csv of Pupil Cloud",
    known_by=((r"fixation id", r"start timestamp \[ns\]", r"duration \[ms\]"),),
    columns={
        "trial": ("section id", "recording id"),
        "fixation": ("fixation id",),
        "x_px": (r"fixation x \[px\]", r"fixation (position on surface )?x \[normalized\]"),
        "y_px": (r"fixation y \[px\]", r"fixation (position on surface )?y \[normalized\]"),
        "onset_ms": (r"start timestamp \[ns\]",),
        "duration_ms": (r"duration \[ms\]",),
    },
    whose_px="scene",
    from_first=True,
).as_format()
