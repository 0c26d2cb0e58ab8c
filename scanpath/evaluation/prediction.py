"""Next-fixation prediction: an agent's priority map, given a person's history, against where the person went next.

Scores of simulated scanpaths mix up where an agent errs; here it is put back on a person's path at every step.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError, InputWarning
from scanpath._core.memory import give_back
from scanpath.agents.density import Density, probabilities
from scanpath.evaluation.bootstrap import bootstrap_mean
from scanpath.evaluation.center_bias import CenterBias
from scanpath.evaluation.gold_mixture import GoldMixture
from scanpath.evaluation.inputs import Fixations, Progress, as_paths, paths_by_picture
from scanpath.gaze.pixels import resized
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.metrics import (
    AUC_CHANCE,
    LeaveOneOut,
    conditional_auc,
    conditional_information_gain,
    conditional_nss,
    fit_density,
)
from scanpath.metrics.maps import as_numbers

if TYPE_CHECKING:
    import torch

#: Scores of each fixation, with what a map that knows nothing gets on average.
CHANCE = {"auc": AUC_CHANCE["rank"], "nss": 0.0, "information_gain": 0.0, "gain_over_uniform": 0.0}
MARKS = ("uniform", "center bias", "gold standard", "gold mixture")

Maps = Callable[[Stimulus, Scanpath], Iterable[np.ndarray]]


class Priority(Protocol):
    """What draws a map of where to look next, given the fixations so far, such as a priority agent."""

    @property
    def name(self) -> str:
        """What its rows are called."""
        ...

    def priority(self, stimulus: Stimulus, history_xy: np.ndarray, /) -> "np.ndarray | torch.Tensor":
        """Return the map, (H, W)."""
        ...


def predict_fixations(
    agent: Priority | Density | None,
    stimuli: Sequence[Stimulus],
    human: Fixations,
    *,
    marks: Sequence[str] = (),
    known: Fixations | None = None,
    most_fixations: int | None = None,
    nss: str = "pysaliency",
    pixel: str = "nearest",
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Score an agent's maps at people's next fixations.

    For every fixation but the first the agent is given the person's fixations so far, and its map is scored where
    the person went: by its rank (AUC, chance 0.5), its standardized value (NSS), and the bits it knows beyond the
    center bias of the other pictures (``information_gain``) and beyond nothing (``gain_over_uniform``). An agent with a
    ``log_density`` is given the durations of the person's fixations too, where they are known. Other agents' maps are
    taken in proportion as densities; one that does not mean them so can score far below 0 bits. The first fixation,
    which the experiment often imposes, is neither scored nor part of any density.

    Parameters
    ----------
    agent
        Anything with a ``name`` and ``log_density(stimulus, history_xy, history_duration_ms) -> (H, W)``, or
        ``priority(stimulus, history_xy) -> (H, W)``, such as a priority agent; or None to score the marks alone.
    stimuli
        The pictures, found by their names.
    human
        Tidy fixation table, or list of `Scanpath`.
    marks
        What to score beside the agent: ``"uniform"``, ``"center bias"`` (fixations of the other pictures),
        ``"gold standard"`` (the other people's fixations on the same picture: about the most that can be known
        without the person's history) and ``"gold mixture"`` (these with the center bias and a uniform density, by
        weights that are fitted for each picture: a closer limit).
    known
        People whose fixations the center bias and the gold standards are made of, where `human` holds only some of
        them, under the same names; default `human`.
    most_fixations
        Use only so many fixations of each scanpath.
    nss
        Convention of `scanpath.metrics.conditional_nss`.
    pixel
        See `scanpath.metrics.maps.pixel_index`. Maps coarser than the picture are scored on their own grid.
    seed
        Of the sample that the width of the center bias is chosen from.
    progress
        Wraps the sequence of pictures, for a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row for each scored fixation and predictor: ``agent, stimulus, subject, trial, fixation, auc, nss,
        information_gain, gain_over_uniform, undefined``; a score without value is NaN, and ``undefined`` says why.
        `summarize_predictions` averages them.

    Raises
    ------
    InputError
        If a picture is missing, there is nothing to score, or no other picture can tell the center bias.

    Examples
    --------
    >>> class Peak:
    ...     name = "peak"
    ...     def priority(self, stimulus, history_xy):
    ...         return np.eye(4)
    >>> stimuli = [Stimulus(np.zeros((1, 4, 4), np.float32), name=name) for name in "ab"]
    >>> people = [Scanpath([(0, 0), (2, 2)], info={"stimulus": name, "subject": "s1"}) for name in "ab"]
    >>> table = predict_fixations(Peak(), stimuli, people)
    >>> table["auc"].tolist(), table["gain_over_uniform"].round(6).tolist()
    ([0.875, 0.875], [2.0, 2.0])
    """
    for mark in marks:
        check_choice("mark", mark, MARKS)
    paths = [_cut(path, most_fixations) for path in as_paths(human, "human")]
    if agent is None and not marks:
        raise InputError("There is nothing to score: give an agent or marks.")
    pictures = paths_by_picture(paths, stimuli, "human")
    _warn_of_known_pictures(agent, [stimulus.name for stimulus, _ in pictures])
    others = pictures
    if known is not None:
        others = paths_by_picture([_cut(one, most_fixations) for one in as_paths(known, "known")], stimuli, "known")
    looked = {stimulus.name: np.concatenate([path.xy[1:] for path in seen]) for stimulus, seen in others}
    center = CenterBias(looked, {stimulus.name: stimulus.size for stimulus, _ in others}, pixel=pixel, seed=seed)
    by_name = {stimulus.name: seen for stimulus, seen in others}
    rows: list[pd.DataFrame] = []
    for stimulus, seen in progress(pictures) if progress else pictures:
        predictors = {} if agent is None else {str(agent.name): _agent_maps(agent)}
        predictors |= _marks(marks, stimulus, by_name.get(stimulus.name, seen), center, pixel)
        for name, maps in predictors.items():
            rows += [_scored(name, maps, stimulus, path, center, nss, pixel) for path in seen if len(path) > 1]
        give_back()
    if not rows:
        raise InputError("No scanpath has a second fixation, so there is nothing to predict.")
    return pd.concat(rows, ignore_index=True)


def summarize_predictions(
    predictions: pd.DataFrame, *, draws: int = 2000, confidence: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Average per-fixation scores over fixations, then scanpaths, then pictures, with intervals over pictures.

    Parameters
    ----------
    predictions
        The table of `predict_fixations`.
    draws, confidence, seed
        See `scanpath.evaluation.bootstrap_mean`.

    Returns
    -------
    pandas.DataFrame
        ``agent, metric, value, low, high, chance, n_pictures, n_fixations, n_undefined, undefined``.
    """
    rows = []
    for agent, group in predictions.groupby("agent", sort=False):
        pictures = _picture_means(group)
        for metric, chance in CHANCE.items():
            values = pictures[metric].to_numpy()
            mean, low, high = bootstrap_mean(values, draws=draws, confidence=confidence, seed=seed)
            reasons = group["undefined"][group[metric].isna()].value_counts().sort_index()
            row = {"agent": agent, "metric": metric, "value": float(mean), "low": float(low), "high": float(high)}
            row |= {"chance": chance, "n_pictures": int(np.isfinite(values).sum())}
            row |= {"n_fixations": int(group[metric].notna().sum()), "n_undefined": int(group[metric].isna().sum())}
            rows.append(row | {"undefined": ", ".join(f"{name}: {count}" for name, count in reasons.items())})
    return pd.DataFrame(rows)


def _warn_of_known_pictures(agent: Priority | Density | None, names: Sequence[str]) -> None:
    fitted = set(getattr(agent, "fitted_on", ()))
    known = [name for name in names if name in fitted]
    if agent is not None and known:
        warnings.warn(
            f"{agent.name} was fitted to {len(known)} of these {len(names)} pictures, such as {known[0]}: what it "
            "scores on them is no prediction.",
            InputWarning,
            stacklevel=3,
        )


def picture_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Average per-fixation scores over fixations, then scanpaths, one row an agent, picture and metric.

    Parameters
    ----------
    predictions
        The table of `predict_fixations`, or several of them one below the other.

    Returns
    -------
    pandas.DataFrame
        ``agent, picture, metric, part, value``, as `compare_agents` takes them.
    """
    tables = [
        _picture_means(group).rename_axis("picture").reset_index().assign(agent=agent)
        for agent, group in predictions.groupby("agent", sort=False)
    ]
    wide = pd.concat(tables, ignore_index=True)
    long = wide.melt(["agent", "picture"], list(CHANCE), var_name="metric")
    return long.assign(part="value")[["agent", "picture", "metric", "part", "value"]]


def _picture_means(predictions: pd.DataFrame) -> pd.DataFrame:
    trials = predictions.groupby(["stimulus", "subject", "trial"], dropna=False, sort=False)[list(CHANCE)].mean()
    return trials.groupby("stimulus").mean()


def _cut(path: Scanpath, most: int | None) -> Scanpath:
    return path if most is None else path[: check_count("most_fixations", most, least=2)]


def _agent_maps(agent: Priority | Density) -> Maps:
    def maps(stimulus: Stimulus, path: Scanpath) -> Iterator[np.ndarray]:
        last: np.ndarray | None = None
        for n in range(1, len(path)):
            if isinstance(agent, Density):
                durations = None if path.duration_ms is None else path.duration_ms[:n]
                drawn: np.ndarray | torch.Tensor = probabilities(agent, stimulus, path.xy[:n], durations)
            else:
                drawn = agent.priority(stimulus, path.xy[:n])
            # a copy, as agents may fill one array again and again; a map that stays is one object, measured once
            copy = np.array(as_numbers(drawn, f"The map of {agent.name}"))
            last = last if last is not None and np.array_equal(last, copy) else copy
            yield last

    return maps


def _always(density: np.ndarray) -> Maps:
    return lambda stimulus, path: np.broadcast_to(density, (len(path) - 1, *density.shape))


def _marks(
    marks: Sequence[str], stimulus: Stimulus, seen: Sequence[Scanpath], center: CenterBias, pixel: str
) -> dict[str, Maps]:
    found: dict[str, Maps] = {}
    if "uniform" in marks:
        found["uniform"] = _always(np.full(stimulus.size, 1.0 / np.prod(stimulus.size)))
    if "center bias" in marks:
        found["center bias"] = _always(center.density(stimulus.name, stimulus.size))
    if "gold standard" in marks:
        densities = _gold_standards(stimulus, seen, pixel)
        found["gold standard"] = lambda stimulus, path: _always(densities(path))(stimulus, path)
    if "gold mixture" in marks:
        mixture = GoldMixture(_by_person(seen), center.density(stimulus.name, stimulus.size), pixel=pixel)
        found["gold mixture"] = lambda stimulus, path: _always(mixture.density(_person(path)))(stimulus, path)
    return found


def _by_person(seen: Sequence[Scanpath]) -> dict[str, np.ndarray]:
    people: dict[str, list[np.ndarray]] = {}
    for path in seen:
        people.setdefault(_person(path), []).append(path.xy[1:])
    return {person: np.concatenate(xy) for person, xy in people.items()}


def _gold_standards(stimulus: Stimulus, seen: Sequence[Scanpath], pixel: str) -> Callable[[Scanpath], np.ndarray]:
    looked = _by_person(seen)
    if len(looked) < 2:
        raise InputError(f"A gold standard needs two people, {stimulus.name!r} was seen by {len(looked)}.")
    groups = [person for person, xy in looked.items() for _ in xy]
    fit = fit_density(np.concatenate(list(looked.values())), size=stimulus.size, groups=groups, pixel=pixel)
    others = LeaveOneOut(looked, stimulus.size, fit=fit, pixel=pixel)
    return lambda path: others.density(_person(path))


def _person(path: Scanpath) -> str:
    if path.info.get("subject") is None:
        raise InputError("People's scanpaths need 'subject', so that nobody is predicted from their own fixations.")
    return str(path.info["subject"])


def _scored(
    name: str, maps: Maps, stimulus: Stimulus, path: Scanpath, center: CenterBias, nss: str, pixel: str
) -> pd.DataFrame:
    drawn = maps(stimulus, path)
    drawn = drawn if isinstance(drawn, np.ndarray) else list(drawn)
    size = drawn[0].shape
    if len(size) != 2:
        raise InputError(f"{name} must give maps of shape (height, width), got {size}.")
    xy = resized(path.xy[1:], stimulus.size[::-1], size[::-1], pixel)
    baseline = np.broadcast_to(center.density(stimulus.name, size), (len(xy), *size))
    auc, reasons = conditional_auc(drawn, xy, pixel=pixel, return_reasons=True)
    value, no_nss = conditional_nss(drawn, xy, convention=nss, pixel=pixel, return_reasons=True)
    gain, no_gain = conditional_information_gain(drawn, baseline, xy, pixel=pixel, return_reasons=True)
    why = np.where(reasons != "", reasons, np.where(no_nss != "", no_nss, no_gain))
    return pd.DataFrame(
        {
            "agent": name,
            "stimulus": stimulus.name,
            "subject": path.info.get("subject"),
            "trial": path.info.get("trial"),
            "fixation": np.arange(1, len(path)),
            "auc": auc,
            "nss": value,
            "information_gain": gain,
            "gain_over_uniform": conditional_information_gain(drawn, None, xy, pixel=pixel),
            "undefined": why.astype(str),
        }
    )
