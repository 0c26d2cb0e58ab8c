"""Fixations found in samples by pymovements, with a method and thresholds that are all stated.

References
----------
Salvucci, D. D., & Goldberg, J. H. (2000). Identifying fixations and saccades in eye-tracking protocols. Proceedings of
ETRA, 71-78. https://doi.org/10.1145/355017.355028
Krakowczyk, D. G., et al. (2023). pymovements: A Python package for eye movement data processing. Proceedings of ETRA,
Article 53. https://doi.org/10.1145/3588015.3590134
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError, unknown_name
from scanpath._core.optional import require
from scanpath.datasets.formats.changes import Changes
from scanpath.gaze.table import SCANPATH_KEYS

#: Thresholds of each method.
METHODS = {"ivt": "velocity_deg_s", "idt": "dispersion_deg"}


def find_fixations(samples: pd.DataFrame, detect: Mapping[str, Any], path: Path, changes: Changes) -> pd.DataFrame:
    """Return one row a fixation that is found in the samples of each scanpath.

    A fixation lies at the mean of its samples and lasts as long as pymovements says. Lost samples end it.
    Velocities are central differences.

    Parameters
    ----------
    samples
        Table with a row a sample: onset_ms, x_px and y_px in px of the picture, NaN where gaze was lost.
    detect
        ``method``: "ivt" (velocity) with ``velocity_deg_s``, or "idt" (dispersion) with ``dispersion_deg``;
        ``minimum_ms``, the shortest fixation; ``px_per_deg`` of the picture as it was seen.

    Raises
    ------
    InputError
        If a threshold is not stated, or samples have no time.
    """
    method, numbers = _stated(detect)
    if "onset_ms" not in samples or samples["onset_ms"].isna().any():
        raise InputError(f"{path}: detect= needs the time of every sample: columns={{'their name': 'onset_ms'}}.")
    events = require("pymovements", purpose="Finding fixations in samples").events
    keys = [name for name in SCANPATH_KEYS if name in samples]
    found = []
    for _, rows in samples.groupby(keys, dropna=False, sort=False):
        rows = rows.sort_values("onset_ms", kind="stable").drop_duplicates("onset_ms").reset_index(drop=True)
        for start_us, end_us in _spans(rows, method, numbers, events):
            inside = rows[rows["onset_ms"].between(start_us / 1000 - 1e-3, end_us / 1000 + 1e-3)]
            # pymovements ends I-DT's fixations with the sample that no longer belongs to them
            if method == "idt" and _dispersion_px(inside) > numbers["dispersion_deg"] * numbers["px_per_deg"]:
                inside = inside[:-1]
            first = inside.iloc[0].copy()
            first["x_px"], first["y_px"] = inside["x_px"].mean(), inside["y_px"].mean()
            first["duration_ms"] = (end_us - start_us) / 1000
            found.append(first)
    if not found:
        raise InputError(f"{path}: no fixation is found with detect={dict(detect)}.")
    stated = ", ".join(f"{name} {value:g}" for name, value in numbers.items())
    changes.add("assumed", f"fixations are found by {method} of pymovements ({stated}) in {len(samples)} samples")
    return pd.DataFrame(found).reset_index(drop=True).astype({"x_px": float, "y_px": float, "onset_ms": float})


def _stated(detect: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    method = str(detect.get("method"))
    if method not in METHODS:
        raise unknown_name("method of detect= ('method')", method, METHODS)
    needed = (METHODS[method], "minimum_ms", "px_per_deg")
    for name in detect:
        if name not in ("method", *needed):
            raise unknown_name(f"threshold of detect= ({method})", name, needed)
    try:
        numbers = {name: float(detect[name]) for name in needed}
    except (KeyError, TypeError, ValueError):
        numbers = {}
    if not numbers or not all(np.isfinite(value) and value > 0 for value in numbers.values()):
        raise InputError(f"detect= with the method {method!r} needs {', '.join(needed)}, numbers above 0.")
    return method, numbers


def _dispersion_px(samples: pd.DataFrame) -> float:
    """Width plus height of where samples lie."""
    return float(sum(samples[name].max() - samples[name].min() for name in ("x_px", "y_px")))


def _spans(rows: pd.DataFrame, method: str, numbers: Mapping[str, float], events: Any) -> list[tuple[int, int]]:
    """First and last sample of each fixation, in whole microseconds."""
    if len(rows) < 2:
        return []
    degrees = rows[["x_px", "y_px"]].to_numpy(dtype=np.float64) / numbers["px_per_deg"]
    time_us = np.round(rows["onset_ms"].to_numpy() * 1000).astype(np.int64)
    shortest_us = round(numbers["minimum_ms"] * 1000)
    spans: list[tuple[int, int]] = []
    gone = rows[["x_px", "y_px"]].isna().any(axis=1).to_numpy()
    # runs of samples that are there: fixations never go on through lost gaze
    for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(gone.astype(int))) + 1):
        if gone[run[0]] or len(run) < 2:
            continue
        part, time = degrees[run], time_us[run]
        if method == "ivt":
            velocity = np.gradient(part, time / 1e6, axis=0)
            frame = events.ivt(velocity, time, shortest_us, numbers["velocity_deg_s"]).frame
        else:
            frame = events.idt(part, time, shortest_us, numbers["dispersion_deg"]).frame
        spans += list(zip(frame["onset"].to_list(), frame["offset"].to_list()))
    return spans
