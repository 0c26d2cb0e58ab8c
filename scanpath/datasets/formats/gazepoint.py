"""Gazepoint Analysis: ``User N_fixations.csv`` (a row a fixation) and ``User N_all_gaze.csv`` (a row a sample).

FPOGX and FPOGY are parts of the screen, (0, 0) its top left corner; FPOGS and FPOGD are seconds. While a fixation
lasts, each sample holds its state so far, so that its last valid one is the fixation. Numbers begin anew with each
picture (MEDIA_NAME).

References
----------
Gazepoint, Open Gaze API, version 2.0, section 5.
"""

from scanpath.datasets.formats.plain_table import Program

GAZEPOINT = Program(
    "gazepoint",
    "Gazepoint Analysis, fixations or all gaze (FPOGX, FPOGY)",
    known_by=(("FPOGX", "FPOGY", "FPOGID"),),
    columns={
        "stimulus": ("MEDIA_NAME",),
        "fixation": ("FPOGID",),
        "x_px": ("FPOGX",),
        "y_px": ("FPOGY",),
        "onset_ms": ("FPOGS",),
        "duration_ms": ("FPOGD",),
    },
    settings={"frame": "normalized", "rows": "growing", "only": {"FPOGV": ("1", "1.0", "1.00000")}},
    time_units={"onset_ms": "s", "duration_ms": "s"},
    whose_px="screen",
).as_format()
