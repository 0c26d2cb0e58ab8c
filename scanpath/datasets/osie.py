"""OSIE: 15 people look freely at 60 natural scenes for three seconds each (Xu et al. 2014), as a subset."""

import pandas as pd

from scanpath.datasets.dataset import Dataset, DatasetFolder
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import check_table

_TASK = "free_viewing"


def load(folder: DatasetFolder, px_per_deg: float | None) -> Dataset:
    """Read the set; it has no onsets, and one look of a person at a picture is one trial."""
    raw = folder.table("fixations.parquet")
    fixations = check_table(
        pd.DataFrame(
            {
                "dataset": "osie",
                "stimulus": raw["image"],
                "subject": raw["subject"],
                "fixation": raw["index"],
                "x_px": raw["x"],
                "y_px": raw["y"],
                "duration_ms": raw["duration_ms"],
                "task": _TASK,
            }
        )
    )
    keys = ["dataset", "stimulus", "subject", "trial", "task"]
    trials = fixations.groupby(keys, sort=False, dropna=False).size().rename("n_fixations").reset_index()
    info = {"dataset": "osie", "task": _TASK}
    scale = px_per_deg or folder.card.px_per_deg
    pictures = folder.pictures("images/*.jpg").values()
    stimuli = [Stimulus(path, px_per_deg=scale, info=dict(info)) for path in pictures]
    return Dataset(folder.card, folder.path, stimuli, fixations, trials)
