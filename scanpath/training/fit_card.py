"""What a fit to people says of itself in its file."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch

from scanpath.evaluation.bootstrap import bootstrap_mean
from scanpath.guidance.viewer_model import Durations
from scanpath.training.gaze_moments import PictureGaze
from scanpath.training.readout_training import CrossValidation, LearningRecipe


def fit_card(
    model: str,
    origin: Mapping[str, str],
    gaze: Mapping[str, PictureGaze],
    people: Collection[str],
    found: CrossValidation,
    recipe: LearningRecipe,
) -> dict[str, Any]:
    """Return the card of a fit, in a form that JSON can hold.

    Parameters
    ----------
    model
        What it is, in a line.
    origin
        Names, licences and citations of recordings and pictures.
    gaze
        What people did on each picture.
    people
        Who they were; the card has their number.
    found
        What leaving pictures out told.
    recipe
        The fit's settings.
    """
    from scanpath import __version__

    card = {
        "model": model,
        "made_by": f"scanpath {__version__}",
        "origin": dict(origin),
        "pictures": len(gaze),
        "picture_names": sorted(gaze),
        "people": len(people),
        "fixations": sum(len(one.next_deg) for one in gaze.values()),
        **_left_out(found.scores, recipe.seed),
        "passes": found.n_epochs,
        "recipe": asdict(recipe),
    }
    plain: dict[str, Any] = json.loads(json.dumps(card))
    return plain


def logged_durations(gaze: Mapping[str, PictureGaze]) -> Durations | None:
    """Return how long fixations last: the present one at each moment, so that each but the last ones counts once."""
    logs = torch.cat([one.moments.duration_ms[:, 0] for one in gaze.values()]).log()
    logs = logs[torch.isfinite(logs)]
    return Durations(float(logs.mean()), float(logs.std())) if len(logs) > 1 else None


def _left_out(scores: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return the mean bits beyond the center bias on pictures that were left out, and its 95 % interval over them."""
    if scores.empty:
        return {"left_out_bits": None, "left_out_interval": None}
    mean, low, high = (round(float(value), 4) for value in bootstrap_mean(scores["bits"].to_numpy(), seed=seed))
    return {"left_out_bits": mean, "left_out_interval": [low, high]}
