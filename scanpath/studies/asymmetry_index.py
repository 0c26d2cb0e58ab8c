"""From saccades to reaction times, search slopes and the asymmetry index, beside people's.

The analysis of Gupta et al. (2021). A model's reaction time is a fixed line in its number of saccades; a slope is the
rise of the mean reaction time with the number of items; the index compares the slopes of two conditions that exchange
target and distractor.
"""

from functools import cache
from importlib import resources
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scanpath._core.errors import InputError, unknown_name
from scanpath._core.random import numpy_generator
from scanpath.stimuli.search_arrays import ASYMMETRY_TASKS, AsymmetryTask

#: Reaction time = 376.271 ms + 252.359 ms a saccade: fitted once by the authors, the same for all models and tasks.
MS_PER_SACCADE = 252.359
INTERCEPT_MS = 376.271
_TRIAL_COLUMNS = ("agent", "condition", "set_size", "n_saccades")
_TASK_OF = {condition: task for task in ASYMMETRY_TASKS.values() for condition in task.conditions}

Count = TypeVar("Count", float, np.ndarray)


def reaction_time_ms(n_saccades: Count) -> Count:
    """Reaction time in ms of a search that needed so many saccades.

    Examples
    --------
    >>> round(reaction_time_ms(1), 3)
    628.63
    """
    return MS_PER_SACCADE * n_saccades + INTERCEPT_MS


def search_slope(set_sizes: ArrayLike, rt_ms: ArrayLike) -> np.ndarray:
    """Least-squares slopes of reaction time on set size, in ms an item.

    Parameters
    ----------
    set_sizes
        (sizes,) numbers of items, at least two different ones.
    rt_ms
        (..., sizes) reaction times.

    Examples
    --------
    >>> search_slope([3, 6, 9], [829, 1117, 1405]).round(6).item()
    96.0
    """
    sizes = np.asarray(set_sizes, dtype=np.float64)
    if sizes.ndim != 1 or len(np.unique(sizes)) < 2:
        raise InputError(f"A slope needs at least two different set sizes, got {np.ravel(set_sizes).tolist()}.")
    centered = sizes - sizes.mean()
    rt_ms = np.asarray(rt_ms, dtype=np.float64)
    # from the first value, so that a flat line has slope 0 exactly: the index divides by such slopes
    return (rt_ms - rt_ms[..., :1]) @ centered / (centered @ centered)


def asymmetry_index(slope_hard: ArrayLike, slope_easy: ArrayLike) -> np.ndarray:
    """(H - L) / (H + L) of two slopes cut at 0; above 0 is people's polarity, and 0 if neither slope is above 0.

    Cut slopes make it jump to 1 or -1 as soon as one condition is flat, however flat the other is: read it with the
    slopes and their intervals.

    Parameters
    ----------
    slope_hard, slope_easy
        Slopes of the condition that people search slower, and of the other one.

    Examples
    --------
    >>> asymmetry_index([96, 4.4, -1], [45, 0, -2]).round(3)
    array([0.362, 1.   , 0.   ])
    """
    hard, easy = (np.maximum(np.asarray(slope, dtype=np.float64), 0) for slope in (slope_hard, slope_easy))
    total = hard + easy
    return np.divide(hard - easy, total, out=np.zeros(np.broadcast_shapes(hard.shape, easy.shape)), where=total != 0)


@cache
def _human_table() -> pd.DataFrame:
    with (resources.files("scanpath.studies") / "data" / "asymmetry_human_rt.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def human_reaction_times() -> pd.DataFrame:
    """People's mean reaction times in the six tasks: ``task, condition, set_size, rt_ms, source``.

    As Gupta et al. (2021) took them from earlier studies: quoted lines, or measurements in printed figures.

    References
    ----------
    Gupta, Zhang, Wu, Wolfe & Kreiman (2021), NeurIPS 34. doi:10.48550/arXiv.2106.02953

    Examples
    --------
    >>> human_reaction_times().query("condition == 'Ls'")["rt_ms"].tolist()
    [573.0, 672.0, 771.0]
    """
    return _human_table().copy()


def trials_from_fixations(fixations: pd.DataFrame) -> pd.DataFrame:
    """Count the saccades of each search in a tidy table of agents on asymmetry displays.

    Parameters
    ----------
    fixations
        Tidy table with ``agent, stimulus, condition, set_size, target_found`` and, for several runs, ``seed``; every
        scanpath begins with the start fixation and ends when the target is found.

    Returns
    -------
    pandas.DataFrame
        ``agent, seed, task, condition, set_size, stimulus, n_saccades``; null where the target was not found.
    """
    needed = ("agent", "stimulus", "condition", "set_size", "target_found")
    missing = [name for name in needed if name not in fixations.columns]
    if missing:
        raise InputError(f"The table of fixations needs {', '.join(needed)}; it lacks {', '.join(missing)}.")
    keys = ["agent", *(["seed"] if "seed" in fixations.columns else []), "condition", "set_size", "stimulus"]
    groups = fixations.groupby(keys, sort=False, dropna=False)
    trials = groups.agg(last=("fixation", "max"), found=("target_found", "max")).reset_index()
    trials["n_saccades"] = trials["last"].astype("Int64").where(trials["found"].astype("boolean").fillna(False))
    trials["task"] = [_task_of(condition).name for condition in trials["condition"]]
    return trials[[*keys[:-3], "task", *keys[-3:], "n_saccades"]]


def mean_reaction_times(trials: pd.DataFrame) -> pd.DataFrame:
    """Mean reaction time per agent, condition and set size.

    A target that was not found counts as the largest set size of its task, as published.

    Parameters
    ----------
    trials
        One row a search: ``agent, condition, set_size, n_saccades`` (null: not found).

    Returns
    -------
    pandas.DataFrame
        ``agent, task, condition, set_size, n_trials, n_not_found, mean_saccades, rt_ms, sem_ms, human_rt_ms``.
    """
    human = _human_table().set_index(["condition", "set_size"])["rt_ms"]
    rows = []
    for (agent, condition, set_size), group in _checked(trials).groupby(["agent", "condition", "set_size"], sort=False):
        task = _task_of(str(condition))
        counts = _counts(group, task)
        rows.append(
            {
                "agent": agent,
                "task": task.name,
                "condition": condition,
                "set_size": set_size,
                "n_trials": len(counts),
                "n_not_found": int(group["n_saccades"].isna().sum()),
                "mean_saccades": counts.mean(),
                "rt_ms": reaction_time_ms(counts.mean()),
                "sem_ms": MS_PER_SACCADE * counts.std() / np.sqrt(len(counts)),
                "human_rt_ms": human.get((condition, set_size), np.nan),
            }
        )
    return pd.DataFrame(rows)


def asymmetry_table(
    trials: pd.DataFrame, *, n_bootstrap: int = 2000, confidence: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Slopes and asymmetry index per agent and task, beside people's, with bootstrap intervals over trials.

    Trials are drawn again within each condition and set size. The index is a cut ratio: its bootstrap distribution
    can sit on -1, 0 and 1, and its interval then says so.

    Parameters
    ----------
    trials
        One row a search: ``agent, condition, set_size, n_saccades`` (null: not found, counted as the largest set
        size of the task).
    n_bootstrap
        Number of bootstrap samples; 0 leaves intervals out.
    confidence
        Share of the samples that an interval holds.
    seed
        Of the bootstrap; each agent, condition and set size has its own draws.

    Returns
    -------
    pandas.DataFrame
        One row an agent and task that has both conditions: ``agent, task, hard, easy``, then ``slope_hard``,
        ``slope_easy``, ``slope_difference`` (hard less easy; ms an item) and ``index``, each also as ``..._low`` and
        ``..._high``, and ``human_slope_hard``, ``human_slope_easy``, ``human_index``. Agents
        with all six tasks have a last row ``task = "mean"`` with the mean index.

    Examples
    --------
    >>> trials = human_reaction_times().assign(agent="people", n_saccades=lambda t: (t.rt_ms - 376.271) / 252.359)
    >>> asymmetry_table(trials, n_bootstrap=0).set_index("task")["index"].round(3)["mean"].item()
    0.564
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence!r}.")
    rows = []
    for agent, own in _checked(trials).groupby("agent", sort=False):
        indices, human = [], []
        for task in ASYMMETRY_TASKS.values():
            if not set(task.conditions) <= set(own["condition"]):
                continue
            slopes = [_slopes(own[own["condition"] == name], task, n_bootstrap, seed) for name in task.conditions]
            index = asymmetry_index(*slopes)
            facts = _human_facts(task)
            indices.append(index)
            human.append(facts["human_index"])
            estimates = {"slope_hard": slopes[0], "slope_easy": slopes[1]}
            estimates |= {"slope_difference": slopes[0] - slopes[1], "index": index}
            row = {"agent": agent, "task": task.name, "hard": task.hard, "easy": task.easy}
            rows.append({**row, **_intervals(estimates, confidence), **facts})
        if len(indices) == len(ASYMMETRY_TASKS):
            mean = _intervals({"index": np.mean(indices, axis=0)}, confidence)
            rows.append({"agent": agent, "task": "mean", **mean, "human_index": float(np.mean(human))})
    if not rows:
        raise InputError("No agent has both conditions of a task; the index compares two conditions.")
    return pd.DataFrame(rows)


def _slopes(trials: pd.DataFrame, task: AsymmetryTask, n_bootstrap: int, seed: int) -> np.ndarray:
    """The slope of one agent and condition, and behind it those of the bootstrap samples."""
    sizes, means = [], []
    agent, condition = (str(trials[name].iloc[0]) for name in ("agent", "condition"))
    for set_size in np.unique(trials["set_size"].dropna()):
        counts = _counts(trials[trials["set_size"] == set_size], task)
        generator = numpy_generator(seed, "asymmetry", agent, condition, int(set_size))
        drawn = generator.integers(len(counts), size=(n_bootstrap, len(counts)))
        sizes.append(set_size)
        means.append(np.concatenate([[counts.mean()], counts[drawn].mean(axis=1)]))
    return search_slope(sizes, reaction_time_ms(np.stack(means, axis=-1)))


def _intervals(estimates: dict[str, np.ndarray], confidence: float) -> dict[str, float]:
    values = {}
    for name, samples in estimates.items():
        values[name] = float(samples[0])
        if len(samples) > 1:
            tail = (1 - confidence) / 2
            values[f"{name}_low"], values[f"{name}_high"] = np.quantile(samples[1:], [tail, 1 - tail])
    return values


def _human_facts(task: AsymmetryTask) -> dict[str, float]:
    table = _human_table()
    slopes = []
    for condition in task.conditions:
        rows = table[table["condition"] == condition]
        slopes.append(float(search_slope(rows["set_size"], rows["rt_ms"])))
    index = float(asymmetry_index(*slopes))
    return {"human_slope_hard": slopes[0], "human_slope_easy": slopes[1], "human_index": index}


def _counts(trials: pd.DataFrame, task: AsymmetryTask) -> np.ndarray:
    return trials["n_saccades"].astype("Float64").fillna(max(task.set_sizes)).to_numpy(dtype=np.float64)


def _checked(trials: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in _TRIAL_COLUMNS if name not in trials.columns]
    if missing:
        raise InputError(f"The table of trials needs {', '.join(_TRIAL_COLUMNS)}; it lacks {', '.join(missing)}.")
    if (trials["n_saccades"].dropna() < 0).any():
        raise InputError("n_saccades must not be negative; use null for a target that was not found.")
    return trials


def _task_of(condition: str) -> AsymmetryTask:
    if condition not in _TASK_OF:
        raise unknown_name("asymmetry condition", condition, _TASK_OF)
    return _TASK_OF[condition]
