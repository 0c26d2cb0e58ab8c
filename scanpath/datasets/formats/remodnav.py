"""REMoDNaV's events: onset and duration in s, a label, and where each event began and ended.

References
----------
Dar, A. H., Wagner, A. S., & Hanke, M. (2021). REMoDNaV: robust eye-movement classification for dynamic stimulation.
Behavior Research Methods, 53, 399-414. https://doi.org/10.3758/s13428-020-01428-x
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.plain_table import Program, TableSettings

FIXATION = "FIXA"
#: Saccades, pursuit, and the oscillations after saccades; those with I are found between larger ones.
LABELS = (FIXATION, "SACC", "ISAC", "PURS", "HPSO", "IHPS", "LPSO", "ILPS")


def check_labels(labels: Iterable[object], source: str) -> None:
    """Raise for a label that REMoDNaV does not give: it may or may not mean a fixation."""
    unknown = sorted({str(label) for label in labels} - set(LABELS))
    if unknown:
        raise InputError(
            f"{source} has events labeled {', '.join(map(repr, unknown[:6]))}, which REMoDNaV does not write; say "
            "which rows are fixations with read_fixations(path, format='table', only={'label': ...})."
        )


class _Remodnav(Program):
    def prepare(
        self, cells: pd.DataFrame, settings: TableSettings, path: Path, changes: Changes
    ) -> tuple[pd.DataFrame, TableSettings, Program]:
        if "label" in cells.columns:
            check_labels(cells["label"].str.strip(), str(path))
        changes.add("assumed", "a fixation is where it began (start_x, start_y)")
        return cells, settings, self


REMODNAV = _Remodnav(
    "remodnav",
    "REMoDNaV events",
    known_by=(("onset", "duration", "label", "start_x", "start_y"),),
    columns={
        "stimulus": ("stimulus",),
        "subject": ("subject",),
        "trial": ("trial",),
        "x_px": ("start_x",),
        "y_px": ("start_y",),
        "onset_ms": ("onset",),
        "duration_ms": ("duration",),
    },
    settings={"frame": "px", "only": {"label": FIXATION}},
    time_units={"onset_ms": "s", "duration_ms": "s"},
).as_format()
