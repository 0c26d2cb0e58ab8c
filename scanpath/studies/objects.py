"""Agents that look at objects beside shoppers whose rule is known, on drawn shelves that nobody has learned from.

Every choice of a shopper has a known probability, so that it is known how well any agent could foretell it. The
shoppers are drawn by a rule: scores say what can be learned, and nothing of people. Baselines that do not end a search
themselves are told when to stop, or know where the target is, which makes them stronger than they could be.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError
from scanpath._core.files import write_text
from scanpath._core.random import derive_seed, numpy_generator, torch_generator
from scanpath.agents.oat import Oat
from scanpath.evaluation.bootstrap import bootstrap_mean, bootstrap_weights, interval
from scanpath.gaze.objects import object_places
from scanpath.gaze.stimulus import Stimulus
from scanpath.metrics import behavioral_differences, fixation_edit_distance, object_behavior, sequence_score
from scanpath.stimuli import shelf
from scanpath.training.drawn_shoppers import Shopper

#: Name of a set of shelves -> rows, columns, and the kind of target.
SHELVES: Mapping[str, tuple[int, int, str]] = {
    "3 x 9": (3, 9, "usual"),
    "3 x 9, unseen targets": (3, 9, "unseen"),
    "6 x 14": (6, 14, "usual"),
}
N_SHOPPERS, N_RUNS = 4, 4
_DRAWS = 2000
_LEAST_SHELVES = 2
Search = list[int]


class Trial(NamedTuple):
    """One shelf, the shopper's rule on it, and searches of shoppers."""

    stimulus: Stimulus
    shopper: Shopper
    people: list[Search]


@dataclass(frozen=True)
class ObjectStudy:
    """What the study found.

    Attributes
    ----------
    scores
        One row a set of shelves, agent and measure: mean, and 95 % interval over shelves.
    paired
        One row a set of shelves and baseline: how much higher OAT's sequence score is, with its paired interval.
    """

    scores: pd.DataFrame = field(repr=False)
    paired: pd.DataFrame = field(repr=False)


def run_objects(
    *,
    weights: str | Path = "demo",
    n_shelves: int = 60,
    sets: Sequence[str] = tuple(SHELVES),
    seed: int = 0,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> ObjectStudy:
    """Compare OAT with baselines and shoppers.

    Parameters
    ----------
    weights
        As for the agent "oat".
    n_shelves
        In each set.
    sets
        Names in `SHELVES`.
    seed
        Decides shelves, shoppers and draws; a seed that no training used gives fresh layouts.
    out
        Folder for the tables, or None.
    progress
        Called with 1 after each shelf.
    """
    if n_shelves < _LEAST_SHELVES:
        raise InputError(f"n_shelves must be at least {_LEAST_SHELVES}, for intervals over shelves, got {n_shelves}.")
    sampled, greedy = (Oat(weights=weights, decoding=how) for how in ("sample", "greedy"))
    rows: list[pd.DataFrame] = []
    pairs: list[dict[str, object]] = []
    for name in sets:
        found: list[pd.DataFrame] = []
        for number in range(n_shelves):
            trial = _trial(name, number, seed)
            found.append(_score_trial(trial, _searches(trial, sampled, greedy, seed), sampled).assign(shelf=number))
            if progress is not None:
                progress(1)
        table = pd.concat(found)
        rows.append(_summary(table, seed).assign(shelves=name))
        pairs += [{"shelves": name, **row} for row in _paired(table, seed)]
    study = ObjectStudy(pd.concat(rows, ignore_index=True), pd.DataFrame(pairs))
    if out is not None:
        write_text(out / "scores.csv", study.scores.to_csv(index=False))
        write_text(out / "paired.csv", study.paired.to_csv(index=False))
    return study


def _trial(name: str, number: int, seed: int) -> Trial:
    rows, columns, target = SHELVES[name]
    # far from the seeds of training, which are small
    fresh = derive_seed(seed, "object study") % 2**31 + 10**6
    stimulus = shelf(rows, columns, target=target, trial=number, seed=fresh)
    shopper = Shopper(stimulus)
    people = [shopper.draw(numpy_generator(fresh, "shopper", stimulus.name, one)) for one in range(N_SHOPPERS)]
    return Trial(stimulus, shopper, people)


def _searches(trial: Trial, sampled: Oat, greedy: Oat, seed: int) -> dict[str, list[Search]]:
    found = {"oat": _looked(sampled, trial, N_RUNS, seed), "oat, greedy": _looked(greedy, trial, 1, seed)}
    for name, order in baselines(trial, numpy_generator(seed, "baselines", trial.stimulus.name)).items():
        found[name] = [order]
    return found


def _looked(agent: Oat, trial: Trial, n_runs: int, seed: int) -> list[Search]:
    generators = [torch_generator(seed, agent.decoding, trial.stimulus.name, run) for run in range(n_runs)]
    n_fixations = trial.shopper.rule.longest + 1
    paths = agent.run([trial.stimulus] * n_runs, n_fixations=n_fixations, generators=generators)
    return [path.info["object_index"][1:] for path in paths]


def baselines(trial: Trial, generator: np.random.Generator) -> dict[str, Search]:
    """Return searches by simple rules; all but the first end on the target, as if they were told.

    Parameters
    ----------
    trial
        The shelf.
    generator
        Of the random one, which looks at as many objects as a shopper did.
    """
    places, target = object_places(trial.stimulus.require_objects("The study")), trial.shopper.target
    center = np.asarray(trial.stimulus.center_xy)
    from_center = np.argsort(np.hypot(*(places - center).T), kind="stable").tolist()
    alike = np.lexsort((np.hypot(*(places - center).T), -trial.shopper.likeness)).tolist()
    length = len(trial.people[int(generator.integers(len(trial.people)))])
    orders = {
        "row scan": list(range(len(places))),
        "center out": from_center,
        "nearest unvisited": _nearest(places, center),
        "similarity ranked": alike,
    }
    found = {"random object": generator.integers(len(places), size=length).tolist()}
    found |= {name: order[: order.index(target) + 1] for name, order in orders.items()}
    return found | {"straight to target": [target]}


def _nearest(places: np.ndarray, here: np.ndarray) -> Search:
    left, order = list(range(len(places))), []
    while left:
        nearest = min(left, key=lambda one: float(np.hypot(*(places[one] - here))))
        left.remove(nearest)
        order.append(nearest)
        here = places[nearest]
    return order


def _score_trial(trial: Trial, searches: Mapping[str, list[Search]], oat: Oat) -> pd.DataFrame:
    target, people = trial.shopper.target, trial.people
    rows = []
    for name, runs in {**searches, "other shoppers": people}.items():
        pairs = [
            (run, person)
            for place, run in enumerate(runs)
            for other, person in enumerate(people)
            if name != "other shoppers" or place != other
        ]
        score = float(np.mean([sequence_score(*pair) for pair in pairs]))
        edits = float(np.mean([fixation_edit_distance(*pair) for pair in pairs]))
        behavior = np.mean([tuple(object_behavior(run, target)) for run in runs], axis=0)
        rows.append({"agent": name, "sequence score": score, "FED": edits, "nll": np.nan, "behavior": behavior})
    table = pd.DataFrame(rows).set_index("agent")
    table.loc["oat", "nll"] = float(np.mean([_nll(trial, person, oat) for person in people]))
    table.loc["other shoppers", "nll"] = float(np.mean([_rule_nll(trial, person) for person in people]))
    return table.reset_index()


def _nll(trial: Trial, search: Search, oat: Oat) -> float:
    places = object_places(trial.stimulus.require_objects("The study"))
    history = [trial.stimulus.center_xy, *map(tuple, places[search].tolist())]
    choices = _choices(trial, search)
    nats = [
        -float(oat.object_log_probabilities(trial.stimulus, history[: step + 1])[choice])
        for step, choice in enumerate(choices)
    ]
    return float(np.mean(nats))


def _rule_nll(trial: Trial, search: Search) -> float:
    choices = _choices(trial, search)
    return float(
        np.mean([-np.log(trial.shopper.probabilities(search[:step])[one]) for step, one in enumerate(choices)])
    )


def _choices(trial: Trial, search: Search) -> list[int]:
    cut = len(search) >= trial.shopper.rule.longest
    return search if cut else [*search, len(trial.shopper.places)]


def _summary(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    human = np.stack(table.loc[table["agent"] == "other shoppers", "behavior"].tolist())
    weights = bootstrap_weights(len(human), _DRAWS, seed, "shelves")
    rows = []
    for agent, mine in table.groupby("agent", sort=False):
        behavior = np.stack(mine["behavior"].tolist())
        values = {
            "nll": mine["nll"].to_numpy(),
            "last = target": behavior[:, 0],
            "length": behavior[:, 1],
            "sequence score": mine["sequence score"].to_numpy(),
            "FED": mine["FED"].to_numpy(),
        }
        for measure, one in values.items():
            if np.isfinite(one).all():
                mean, low, high = bootstrap_mean(one, draws=_DRAWS, seed=seed)
                rows.append({"agent": agent, "measure": measure, "mean": mean, "low": low, "high": high})
        drawn = np.array([_delta(w @ behavior, w @ human) for w in weights])
        low, high = interval(drawn[:, None], 0.95)
        delta = _delta(behavior.mean(0), human.mean(0))
        rows.append({"agent": agent, "measure": "delta", "mean": delta, "low": low[0], "high": high[0]})
    return pd.DataFrame(rows).astype({"mean": float, "low": float, "high": float})


def _delta(model: np.ndarray, human: np.ndarray) -> float:
    """Behavioral delta of means, or of sums over equally many shelves; parts that shoppers never show are left out."""
    return float(np.nanmean(behavioral_differences(model, human)))


def _paired(table: pd.DataFrame, seed: int) -> list[dict[str, object]]:
    scores = table.pivot(index="shelf", columns="agent", values="sequence score")
    rows: list[dict[str, object]] = []
    for other in scores.columns.drop(["oat", "oat, greedy", "other shoppers"]):
        mean, low, high = bootstrap_mean((scores["oat"] - scores[other]).to_numpy(), draws=_DRAWS, seed=seed)
        rows.append({"baseline": other, "difference": float(mean), "low": float(low), "high": float(high)})
    return rows
