"""Interiors: 57 people search 60 indoor photographs for a small patch that is always there.

The set of Sclar et al. (2020) and Bujia et al. (2022), as a subset with corrected coordinates; the card says what was
wrong with the published ones.
"""

import pandas as pd

from scanpath.datasets.dataset import Dataset, DatasetFolder
from scanpath.gaze.csv_text import TEXT
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import check_table

_TASK = "search"
_FACTS = ("max_saccades", "standard_cap", "starts_at_init")


def load(folder: DatasetFolder, px_per_deg: float | None) -> Dataset:
    """Read the set; stimuli carry the template that was searched for and its box."""
    raw_trials = folder.table("trials.parquet")
    trials = _trials(raw_trials)
    return Dataset(
        folder.card,
        folder.path,
        _stimuli(folder, raw_trials, px_per_deg or folder.card.px_per_deg),
        _fixations(folder.table("fixations.parquet"), trials),
        trials,
    )


def _trials(raw: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **_keys(raw),
            "target_found": raw["found"].astype("boolean"),
            "max_saccades": raw["max_saccades"],
            "standard_cap": raw["standard_cap"],
            "n_fixations": raw["n_fixations"],
            "n_inside": raw["n_inside"],
            "first_on_target": _index(raw["first_on_target"]),
            "first_on_target_16px": _index(raw["first_on_target_16px"]),
            "search_rt_ms": raw["search_rt_s"] * 1000,
            "template": raw["template"],
            **{f"target_{side}_px": raw[f"target_{side}"] for side in "xywh"},
            "init_x_px": raw["init_x"].astype("float64"),
            "init_y_px": raw["init_y"].astype("float64"),
            "starts_at_init": raw["starts_at_init"],
            "screen_width_px": raw["screen_w"],
            "screen_height_px": raw["screen_h"],
        }
    )


def _fixations(raw: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            **_keys(raw),
            "fixation": raw["index"],
            "x_px": raw["x"],
            "y_px": raw["y"],
            "onset_ms": raw["onset_ms"],
            "duration_ms": raw["duration_ms"],
            "target_found": raw["found"],
            "on_target": raw["on_target"],
            "after_target": raw["after_target"],
        }
    )
    return check_table(
        table.merge(trials[["stimulus", "subject", *_FACTS]], on=["stimulus", "subject"], validate="m:1")
    )


def _keys(raw: pd.DataFrame) -> dict[str, object]:
    return {
        "dataset": "interiors",
        "stimulus": raw["image"].astype(TEXT),
        "subject": raw["subject"].astype(TEXT),
        "trial": raw["trial_order"].astype(TEXT),
        "task": _TASK,
    }


def _stimuli(folder: DatasetFolder, trials: pd.DataFrame, px_per_deg: float | None) -> list[Stimulus]:
    pictures, templates = folder.pictures("images/*.jpg"), folder.pictures("templates/*.jpg")
    # the mark stood 32 px higher or lower by the screen's height; agents start where most people did
    marks = trials.groupby("image")[["init_x", "init_y"]].agg(_most_frequent)
    stimuli = []
    for row in trials.drop_duplicates("image").sort_values("image").to_dict("records"):
        stimuli.append(
            Stimulus(
                pictures[row["image"]],
                target=templates[row["template"]],
                target_box=(row["target_x"], row["target_y"], row["target_w"], row["target_h"]),
                px_per_deg=px_per_deg,
                start_xy=tuple(marks.loc[row["image"]]),
                info={"dataset": "interiors", "task": _TASK},
            )
        )
    return stimuli


def _most_frequent(values: pd.Series) -> float:
    return values.mode().iloc[0]


def _index(values: pd.Series) -> pd.Series:
    return values.astype("Int64").mask(values < 0)
