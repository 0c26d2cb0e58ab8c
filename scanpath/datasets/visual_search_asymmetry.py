"""Published results of the visual search asymmetry study (Gupta et al. 2021): people's and models' fixations.

No pictures. Natural search (object arrays, natural design, Waldo) comes as fixations of 15 people and two models; the
six asymmetry tasks come as saccades per trial and fixations of the models, and mean reaction times of people.
"""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.dataset import Dataset, DatasetFolder
from scanpath.gaze.csv_text import TEXT
from scanpath.gaze.table import check_table

#: Width and height in px of the screen that the natural searches' coordinates refer to.
SCREEN_PX = (1280, 1024)


@dataclass(frozen=True, eq=False, repr=False)
class VisualSearchAsymmetry(Dataset):
    """The natural searches as `fixations` and `trials`, and the asymmetry tasks as tables read on first use.

    In `fixations` and `trials` the column `dataset` is ``ObjArr``, ``NaturalDesign`` or ``Waldo``; people have a
    `subject` and no `agent`, models (``eccNET``, ``IVSN``) the reverse. Coordinates are px of a 1280 x 1024 screen
    (`SCREEN_PX`); those of ``ObjArr`` are the nominal places of seven slots, whose number is in `slot`.

    ``trials.published_found_index`` is the fixation at which the target was found, null if it was not. For people in
    ``ObjArr`` and ``NaturalDesign`` it does not belong to the fixations of its row (a fault of the source): use it in
    aggregate only.

    Attributes
    ----------
    folder
        The files.
    """

    folder: DatasetFolder

    @cached_property
    def targets(self) -> pd.DataFrame:
        """Target centers of the natural searches: dataset, stimulus, x_px, y_px, slot (object arrays only)."""
        raw = self.folder.table("search_targets.csv")
        return pd.DataFrame(
            {
                "dataset": raw["dataset"],
                "stimulus": _names(raw["dataset"], raw["stimulus"]),
                "x_px": raw["target_x"],
                "y_px": raw["target_y"],
                "slot": _null_below_zero(raw["target_slot"]),
            }
        )

    @cached_property
    def published_cumulative_performance(self) -> pd.DataFrame:
        """Share of targets found by each fixation, as published with the natural searches."""
        return self.folder.table("search_cumulative_performance.csv")

    @cached_property
    def published_scanmatch(self) -> pd.DataFrame:
        """Published ScanMatch scores; those of natural design and Waldo were computed with x and y swapped."""
        return self.folder.table("search_scanmatch_scores.csv")

    @cached_property
    def asymmetry_trials(self) -> pd.DataFrame:
        """One row a trial of the six tasks and twelve models; `n_fix` counts saccades until the target."""
        return self.folder.table("asymmetry_trials.csv")

    @cached_property
    def asymmetry_summary(self) -> pd.DataFrame:
        """Mean saccades and reaction times per model, condition and set size."""
        return self.folder.table("asymmetry_summary.csv")

    @cached_property
    def asymmetry_index(self) -> pd.DataFrame:
        """Slopes and asymmetry index per model and task, beside people's."""
        return self.folder.table("asymmetry_index.csv")

    @cached_property
    def asymmetry_human_rt(self) -> pd.DataFrame:
        """People's mean reaction times per condition and set size."""
        return self.folder.table("asymmetry_human_rt.csv")

    @cached_property
    def asymmetry_fixations(self) -> pd.DataFrame:
        """Tidy table of ten models' fixations in the six tasks, in px of displays at 30 px per degree."""
        raw = self.folder.table("asymmetry_model_fixations.parquet")
        numbers = raw["row_in_file"].map("{:03d}".format).astype(TEXT)
        return check_table(
            pd.DataFrame(
                {
                    "dataset": self.name,
                    "stimulus": raw["condition"].astype(TEXT) + "-" + numbers,
                    "fixation": raw["fix"],
                    "x_px": raw["x"],
                    "y_px": raw["y"],
                    "agent": raw["model"],
                    "task": "search",
                    "condition": raw["condition"],
                    "set_size": raw["set_size"].astype("int64"),
                }
            )
        )


def load(folder: DatasetFolder, px_per_deg: float | None) -> VisualSearchAsymmetry:
    """Read the natural searches; the other tables are read when they are asked for."""
    if px_per_deg is not None:
        raise InputError(
            "visual_search_asymmetry has no pictures whose scale could be set; leave px_per_deg out "
            "(degrees in its source are px * 5 / 156)."
        )
    raw = folder.table("search_fixations.parquet")
    fixations = check_table(
        pd.DataFrame(
            {
                **_who(raw, raw["stimulus"]),
                "fixation": raw["fix"],
                "x_px": raw["x"],
                "y_px": raw["y"],
                "slot": _null_below_zero(raw["slot"]),
            }
        )
    )
    return VisualSearchAsymmetry(folder.card, folder.path, [], fixations, _trials(folder), folder)


def _trials(folder: DatasetFolder) -> pd.DataFrame:
    raw = folder.table("search_trials.parquet")
    return pd.DataFrame(
        {
            **_who(raw, raw["stimulus_row"]),
            "n_fixations": raw["n_fix"],
            "published_found_index": _null_below_zero(raw["cp_index"]),
        }
    )


def _who(raw: pd.DataFrame, number: pd.Series) -> dict[str, object]:
    people = raw["agent"] == "human"
    return {
        "dataset": raw["dataset"].astype(TEXT),
        "stimulus": _names(raw["dataset"], number),
        "subject": raw["subject"].astype(TEXT).where(people),
        "agent": raw["agent"].astype(TEXT).mask(people),
        "task": "search",
    }


def _names(dataset: pd.Series, number: pd.Series) -> pd.Series:
    return dataset.astype(TEXT) + "-" + number.map("{:03d}".format).astype(TEXT)


def _null_below_zero(values: pd.Series) -> pd.Series:
    return values.astype("Int64").mask(values < 0)
