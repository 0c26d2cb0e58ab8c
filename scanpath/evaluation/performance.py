"""Search performance of agents and people: the share of targets found within n fixations, with its uncertainty."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath.evaluation.bootstrap import bootstrap_weights, interval
from scanpath.evaluation.inputs import Fixations, as_paths
from scanpath.gaze.csv_text import TEXT
from scanpath.gaze.frames import is_frame
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import SCANPATH_KEYS, check_table, table_from_scanpaths
from scanpath.metrics.search import Box, on_target, success_counts, success_curve

#: Boxes by stimulus, or stimuli that have one.
Targets: TypeAlias = Mapping[str, Box] | Iterable[Stimulus]
AVERAGES = ("people", "trials")


def search_performance(
    table: Fixations,
    targets: Targets | None = None,
    *,
    n_fixations: int = 10,
    rule: str = "box",
    margin_px: float = 0.0,
    window_px: tuple[int, int] = (0, 0),
    censoring: str = "ignore",
    average: str = "people",
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Share of targets found within 1 to `n_fixations` fixations, for every agent and for people.

    A curve is made for each person (each seed of an agent) and averaged over them; intervals resample the pictures.
    People's trials often stop early by design: `censoring` then decides what the curve means, see
    `scanpath.metrics.cumulative_performance`. Fixation numbers are those recorded in the table, so that fixations
    that were dropped (off the picture) still count.

    Parameters
    ----------
    table
        Tidy fixation table, or list of `Scanpath`. A trial without any fixation is not in a table and so not
        counted.
    targets
        The targets' boxes: a mapping of stimulus to (x, y, width, height) in px, or stimuli that have a
        ``target_box``. Not needed for the rule ``"flag"``.
    n_fixations
        Length of the curve, the start fixation included.
    rule
        See `scanpath.metrics.on_target`; or ``"flag"``: a trial recorded as ``target_found`` found the target with
        its last fixation.
    margin_px, window_px
        Of the rule.
    censoring
        ``"ignore"``, ``"allowed"`` (needs the column ``max_saccades`` or ``max_fixations``) or ``"kaplan_meier"``.
        The last one takes the end of an unfound trial for a coincidence: where the experiment itself ended trials
        at the target, use its own verdict (``"flag"``) or a margin that agrees with it, or the estimate is too low.
    average
        ``"people"``: one curve a person, then their mean. ``"trials"``: all trials of an agent alike; the steadier
        choice for ``"kaplan_meier"`` when people have few trials.
    draws, confidence, seed
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Rows ``within 1`` ... ``within n`` and ``auc`` (trapezoids over n scaled to [0, 1]) for each agent: ``agent,
        metric, part, n_fixations, value, low, high, n_pictures, n_trials, rule, censoring``; ``n_trials`` are those
        that can tell about this n. People who cannot tell drop out of the mean; where nobody can, the value is NaN,
        and with it the area.

    Examples
    --------
    >>> from scanpath import Scanpath
    >>> path = Scanpath([(0, 0), (40, 40)], info={"stimulus": "a", "agent": "mine"})
    >>> search_performance([path], {"a": (30, 30, 20, 20)}, n_fixations=2)[["part", "value"]].values.tolist()
    [['within 1', 0.0], ['within 2', 1.0], ['auc', 0.5]]
    """
    check_choice("average", average, AVERAGES)
    check_count("n_fixations", n_fixations)
    fixations = check_table(table) if is_frame(table) else table_from_scanpaths(as_paths(table, "table"))
    trials = search_trials(fixations, targets, rule=rule, margin_px=margin_px, window_px=window_px)
    rows = []
    for agent, group in trials.groupby("agent", sort=False):
        gained, able = _sums(group, n_fixations, censoring, average)
        value, low, high = _interval(gained, able, censoring, draws, confidence, seed)
        about = {"agent": agent, "metric": "cumulative_performance"}
        told = {"n_pictures": gained.shape[1], "rule": rule, "censoring": censoring}
        counts = [*able.sum(axis=(0, 1)).astype(int), len(group)]
        for number in range(n_fixations + 1):
            area = number == n_fixations
            part = {"part": "auc" if area else f"within {number + 1}", "n_fixations": np.nan if area else number + 1}
            marks = {"value": value[number], "low": low[number], "high": high[number]}
            rows.append(about | part | marks | {"n_trials": int(counts[number])} | told)
    result = pd.DataFrame(rows)
    order = ["agent", "metric", "part", "n_fixations", "value", "low", "high", "n_pictures", "n_trials"]
    return result[[*order, "rule", "censoring"]]


def search_trials(
    table: pd.DataFrame,
    targets: Targets | None = None,
    *,
    rule: str = "box",
    margin_px: float = 0.0,
    window_px: tuple[int, int] = (0, 0),
) -> pd.DataFrame:
    """One row a trial: ``agent, observer, stimulus, found, observed, allowed``.

    ``found`` is the number of the finding fixation counted from 0, NaN if none; ``observed`` the fixations the
    trial had; ``allowed`` the most it could have had (``max_fixations``, or ``max_saccades`` + 1), NaN if not told.
    """
    fixations = check_table(table).sort_values("fixation", kind="stable")
    keys = [name for name in SCANPATH_KEYS if name in fixations.columns]
    fixations["_hit"] = _hits(fixations, targets, rule, margin_px, window_px)
    fixations["_number"] = fixations["fixation"].where(fixations["_hit"]).astype("float64")
    for name in {"max_fixations", "max_saccades"} - set(fixations.columns):
        fixations[name] = np.nan
    grouped = fixations.groupby(keys, sort=False, dropna=False)
    trials = grouped.agg(
        found=("_number", "min"),
        last=("fixation", "max"),
        max_fixations=("max_fixations", "max"),
        max_saccades=("max_saccades", "max"),
    ).reset_index()
    agent = trials["agent"] if "agent" in trials else pd.Series([None] * len(trials), dtype=object)
    who = trials[[key for key in ("agent", "seed", "subject") if key in trials]].astype(TEXT).fillna("")
    observer = who.iloc[:, 0].str.cat(who.iloc[:, 1:], sep=" ")
    result = pd.DataFrame({"agent": agent.fillna("people").astype(TEXT), "observer": observer})
    result["stimulus"], result["found"] = trials["stimulus"], trials["found"]
    result["observed"] = trials["last"].astype("float64") + 1
    result["allowed"] = trials["max_fixations"].astype("float64").fillna(trials["max_saccades"].astype("float64") + 1)
    return result


def _hits(
    fixations: pd.DataFrame, targets: Targets | None, rule: str, margin_px: float, window_px: tuple[int, int]
) -> np.ndarray:
    if rule == "flag":
        return _flagged(fixations)
    boxes = _boxes(targets)
    hits = np.zeros(len(fixations), dtype=bool)
    stimuli = fixations["stimulus"].to_numpy()
    xy = fixations[["x_px", "y_px"]].to_numpy()
    for stimulus in pd.unique(stimuli):
        if stimulus not in boxes:
            raise InputError(f"targets has no box for {stimulus!r}; give (x, y, width, height) for every stimulus.")
        here = stimuli == stimulus
        hits[here] = on_target(xy[here], boxes[stimulus], rule=rule, margin_px=margin_px, window_px=window_px)
    return hits


def _flagged(fixations: pd.DataFrame) -> np.ndarray:
    if "target_found" not in fixations or fixations["target_found"].isna().all():
        raise InputError("The rule 'flag' needs the column target_found, which the table does not have.")
    keys = [name for name in SCANPATH_KEYS if name in fixations.columns]
    last = fixations.groupby(keys, sort=False, dropna=False)["fixation"].transform("max")
    return (fixations["target_found"].fillna(False) & (fixations["fixation"] == last)).to_numpy(dtype=bool)


def _boxes(targets: Targets | None) -> dict[str, Box]:
    if targets is None:
        raise InputError("Give targets={stimulus: (x, y, width, height)} or stimuli with boxes, or use rule='flag'.")
    if isinstance(targets, Mapping):
        return {str(name): box for name, box in targets.items()}
    if not isinstance(targets, Iterable):
        raise InputError(f"targets must be a mapping of boxes or a list of stimuli, got {type(targets).__name__}.")
    return {each.name: each.target_box for each in targets if isinstance(each, Stimulus) and each.target_box}


def _sums(trials: pd.DataFrame, n_fixations: int, censoring: str, average: str) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the trials' counts for each observer (or all) and picture, (observers, pictures, n)."""
    if censoring == "allowed" and trials["allowed"].isna().any():
        raise InputError(
            "censoring='allowed' needs a column max_saccades or max_fixations that says each trial's limit."
        )
    counts = success_counts(
        trials["found"],
        n_fixations,
        censoring=censoring,
        allowed=trials["allowed"] if censoring == "allowed" else None,
        observed=trials["observed"] if censoring == "kaplan_meier" else None,
    )
    observer = pd.factorize(trials["observer"])[0] if average == "people" else np.zeros(len(trials), dtype=int)
    picture = pd.factorize(trials["stimulus"], sort=True)[0]
    sums = []
    for count in counts:
        table = np.zeros((observer.max() + 1, picture.max() + 1, n_fixations))
        np.add.at(table, (observer, picture), count)
        sums.append(table)
    return sums[0], sums[1]


def _interval(
    gained: np.ndarray, able: np.ndarray, censoring: str, draws: int, confidence: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights = bootstrap_weights(gained.shape[1], check_count("draws", draws), seed, "pictures")
    value = _curves(gained, able, np.ones((1, gained.shape[1])), censoring)[0]
    low, high = interval(_curves(gained, able, weights, censoring), confidence)
    unsure = np.isnan(value) | (gained.shape[1] < 2)
    return value, np.where(unsure, np.nan, low), np.where(unsure, np.nan, high)


def _curves(gained: np.ndarray, able: np.ndarray, weights: np.ndarray, censoring: str) -> np.ndarray:
    """Mean curve over observers and its area under each row of picture weights, (draws, n + 1)."""
    all_gained, all_able = (np.tensordot(weights, table, axes=(1, 1)) for table in (gained, able))
    curves = success_curve(all_gained, all_able, censoring)
    known = np.isfinite(curves)
    count = known.sum(axis=1)
    mean = np.divide(np.nansum(curves, axis=1), count, out=np.full(count.shape, np.nan), where=count > 0)
    n = mean.shape[1]
    area = mean[:, 0] if n == 1 else np.trapezoid(mean, dx=1 / (n - 1), axis=1)
    return np.column_stack([mean, area])
