"""Scores of searches over objects beside people's on the same pictures, with intervals over pictures.

Each measure is a ratio of sums over pictures: nats by choices, everything else by pictures, so that each picture counts
the same. Trainings of one network are averaged on each picture first.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scanpath.agents.oat import Oat
from scanpath.evaluation.bootstrap import bootstrap_weights, interval
from scanpath.gaze.objects import object_places
from scanpath.gaze.stimulus import Stimulus
from scanpath.metrics import behavioral_differences, fixation_edit_distance, object_behavior, sequence_score

OAT, GREEDY, PEOPLE, UNIFORM = "oat", "oat, greedy", "other searchers", "uniform"
_PARTS = ("last = target", "length", "first visits", "refixations", "revisits")
#: What each picture has for each agent, beside sums of nats.
_PLAIN = ("sequence score", "FED", "attention similarity", *_PARTS)
_DRAWS = 2000
Search = list[int]


class PersonSearch(NamedTuple):
    """The objects that somebody looked at, and whether they ended the search themselves."""

    objects: Search
    ended: bool


class Trial(NamedTuple):
    """One picture with its objects, which of them is looked for, and the searches of people or of a rule.

    Attributes
    ----------
    likeness
        (N,) how much each object looks like the target, or None where that is not known.
    """

    stimulus: Stimulus
    target: int
    people: list[PersonSearch]
    likeness: np.ndarray | None = None


def score_trial(
    trial: Trial, searches: Mapping[str, list[Search]], choices: Mapping[str, list[np.ndarray]]
) -> pd.DataFrame:
    """Score all agents on one picture.

    Parameters
    ----------
    trial
        The picture.
    searches
        Searches of each agent.
    choices
        For each agent that has them, natural logarithms of the probability of every choice along each person's search,
        (n + 1, N + 1).

    Returns
    -------
    pandas.DataFrame
        One row an agent: ``agent, nats, choices`` and the measures of `summary`.
    """
    people = [one.objects for one in trial.people]
    rows = []
    for name, runs in {**searches, PEOPLE: people}.items():
        pairs = [
            (run, person)
            for place, run in enumerate(runs)
            for other, person in enumerate(people)
            if name != PEOPLE or place != other
        ]
        rows.append(
            {
                "agent": name,
                "sequence score": _mean([sequence_score(*pair) for pair in pairs]),
                "FED": _mean([fixation_edit_distance(*pair) for pair in pairs]),
                **dict(zip(_PARTS, np.mean([tuple(object_behavior(run, trial.target)) for run in runs], axis=0))),
            }
        )
    table = pd.DataFrame(rows).set_index("agent")
    for name, log_probabilities in {**choices, UNIFORM: _uniform(trial)}.items():
        nats, similarity = zip(*map(_foretold, log_probabilities, trial.people))
        table.loc[name, ["nats", "choices"]] = np.concatenate(nats).sum(), sum(map(len, nats))
        table.loc[name, "attention similarity"] = _mean(similarity)
    return table.reset_index()


def oat_choices(agent: Oat, trial: Trial) -> list[np.ndarray]:
    """Return what OAT held probable along each person's search."""
    places = object_places(trial.stimulus.require_objects("The study"))
    start = trial.stimulus.center_xy
    paths = [np.concatenate([[start], places[one.objects]]) for one in trial.people]
    return [agent.search_log_probabilities(trial.stimulus, path).double().numpy() for path in paths]


def summary(shelves: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Average over pictures, with 95 % bootstrap intervals.

    Parameters
    ----------
    shelves
        Rows of `score_trial` with the columns ``shelf`` and ``training``.
    seed
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        ``agent, measure, mean, low, high``. The measures are nats a choice (``nll``), how many more they are than those
        of the rule that made the searches where there is one (``nll beyond the rule``), the score and the distance of
        alignments, ``attention similarity``, the five parts of behavior, and ``delta``.
    """
    picture = shelves["shelf"].to_numpy()
    weights = np.vstack(
        [np.ones(len(np.unique(picture))), bootstrap_weights(len(np.unique(picture)), _DRAWS, seed, "shelves")]
    )
    theirs = _Sums(shelves[shelves["agent"] == PEOPLE], weights)
    rows = []
    for agent, mine in shelves.groupby("agent", sort=False):
        trainings = [_Sums(one, weights) for _, one in mine.groupby("training", sort=False)]
        measures = {name: np.mean([one.values[name] for one in trainings], axis=0) for name in trainings[0].values}
        measures["nll beyond the rule"] = measures["nll"] - theirs.values["nll"]
        measures["delta"] = np.mean([_delta(one, theirs) for one in trainings], axis=0)
        for measure, values in measures.items():
            if np.isfinite(values).all():
                low, high = interval(values[1:, None], 0.95)
                rows.append({"agent": agent, "measure": measure, "mean": values[0], "low": low[0], "high": high[0]})
    return pd.DataFrame(rows).astype({"mean": float, "low": float, "high": float})


def by_training(shelves: pd.DataFrame) -> pd.DataFrame:
    """Average over pictures for each training by itself: ``training, agent, measure, mean``."""
    once = np.ones((1, shelves["shelf"].nunique()))
    theirs = _Sums(shelves[shelves["agent"] == PEOPLE], once)
    rows = []
    for (agent, training), mine in shelves[shelves["agent"].isin([OAT, GREEDY])].groupby(
        ["agent", "training"], sort=False
    ):
        sums = _Sums(mine, once)
        values = {
            **sums.values,
            "nll beyond the rule": sums.values["nll"] - theirs.values["nll"],
            "delta": _delta(sums, theirs),
        }
        rows += [
            {"training": training, "agent": agent, "measure": measure, "mean": float(value[0])}
            for measure, value in values.items()
            if np.isfinite(value[0])
        ]
    return pd.DataFrame(rows, columns=["training", "agent", "measure", "mean"])


def paired(shelves: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Say how much higher OAT's sequence score is than each other agent's on the same pictures.

    Returns
    -------
    pandas.DataFrame
        ``baseline, difference, low, high``.
    """
    scores = shelves.pivot_table(index="shelf", columns="agent", values="sequence score", sort=False)
    weights = bootstrap_weights(len(scores), _DRAWS, seed, "shelves")
    rows = []
    for other in scores.columns.drop(OAT):
        difference = (scores[OAT] - scores[other]).to_numpy()
        low, high = interval((weights @ difference / weights.sum(1))[:, None], 0.95)
        rows.append({"baseline": other, "difference": difference.mean(), "low": low[0], "high": high[0]})
    return pd.DataFrame(rows)


class _Sums:
    """Measures of one agent and one training under each row of weights (draws, n) of pictures."""

    def __init__(self, rows: pd.DataFrame, weights: np.ndarray) -> None:
        rows = rows.sort_values("shelf")
        count = weights.sum(axis=1)
        choices = weights @ rows["choices"].to_numpy(float)
        self.values = {"nll": np.divide(weights @ rows["nats"].to_numpy(float), choices)}
        self.values |= {name: weights @ rows[name].to_numpy(float) / count for name in _PLAIN}

    def behavior(self) -> np.ndarray:
        """The five numbers, (draws, 5)."""
        return np.stack([self.values[name] for name in _PARTS], axis=1)


def _delta(model: _Sums, human: _Sums) -> np.ndarray:
    """Behavioral delta under each row of weights; parts that people never show are left out."""
    if not np.isfinite(model.behavior()).all():
        return np.full(len(model.behavior()), np.nan)
    return np.array([np.nanmean(behavioral_differences(*pair)) for pair in zip(model.behavior(), human.behavior())])


def _foretold(log_probabilities: np.ndarray, person: PersonSearch) -> tuple[np.ndarray, float]:
    """Nats of each choice of a person, and the mean probability of what was fixated."""
    end = log_probabilities.shape[1] - 1
    choices = [*person.objects, end] if person.ended else person.objects
    chosen = log_probabilities[np.arange(len(choices)), choices]
    return -chosen, float(np.exp(chosen[: len(person.objects)]).mean())


def _uniform(trial: Trial) -> list[np.ndarray]:
    """Every object, and after the first fixation the end, equally probable."""
    n = len(trial.stimulus.require_objects("The study"))
    tables = [np.full((len(one.objects) + 1, n + 1), -np.log(n + 1)) for one in trial.people]
    for table in tables:
        table[0] = -np.log(n)
    return tables


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
