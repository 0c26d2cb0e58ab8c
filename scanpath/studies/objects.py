"""Agents that look at objects beside shoppers whose rule is known, on drawn shelves that nobody has learned from.

Every choice of a shopper has a known probability, so that it is known how well any agent could foretell it. The
shoppers are drawn by a rule: scores say what can be learned, and nothing of people.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from scanpath import __version__
from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath._core.files import write_text
from scanpath._core.random import derive_seed, numpy_generator, torch_generator
from scanpath.agents.oat import Oat
from scanpath.guidance.oat_model import DEMO, OatModel, load_oat
from scanpath.stimuli import shelf
from scanpath.studies.kept_tables import keep_table, kept_table
from scanpath.studies.object_baselines import baselines
from scanpath.studies.object_scores import (
    GREEDY,
    OAT,
    PEOPLE,
    PersonSearch,
    Search,
    Trial,
    by_training,
    oat_choices,
    paired,
    score_trial,
    summary,
)
from scanpath.training.drawn_shoppers import Shopper
from scanpath.training.oat_demo import N_STEPS, fit_demo

#: Name of a set of shelves -> rows, columns, and the kind of target.
SHELVES: Mapping[str, tuple[int, int, str]] = {
    "3x9": (3, 9, "usual"),
    "3x9-unseen": (3, 9, "unseen"),
    "6x14": (6, 14, "usual"),
}
N_SHOPPERS, N_RUNS = 4, 4
_LEAST_SHELVES = 2
#: Name of a training -> its weights.
Models: TypeAlias = Mapping[str, str | Path | OatModel]
_TABLES = ("scores", "paired", "trainings")


@dataclass(frozen=True)
class ObjectStudy:
    """What the study found.

    Attributes
    ----------
    scores
        One row a set of pictures, agent and measure: mean over trainings, and 95 % interval over pictures.
    paired
        One row a set of pictures and other agent: how much higher OAT's sequence score is, with its paired interval.
    trainings
        One row a set of pictures, training and measure: the mean over pictures.
    """

    scores: pd.DataFrame = field(repr=False)
    paired: pd.DataFrame = field(repr=False)
    trainings: pd.DataFrame = field(repr=False)

    def save(self, folder: Path) -> None:
        """Write the tables as CSV files."""
        for name in _TABLES:
            write_text(folder / f"{name}.csv", getattr(self, name).to_csv(index=False, lineterminator="\n"))


def run_objects(
    models: Models | None = None,
    *,
    n_shelves: int = 60,
    sets: Sequence[str] = tuple(SHELVES),
    seed: int = 0,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> ObjectStudy:
    """Compare OAT with baselines and shoppers on drawn shelves.

    Parameters
    ----------
    models
        Name of a training -> its weights, as for the agent "oat"; default the demo alone.
    n_shelves, sets, seed, out, progress
        As for `score_shelves`; `out` has the tables of the study, too.
    """
    found = score_shelves(models, n_shelves=n_shelves, sets=sets, seed=seed, out=out, progress=progress)
    study = object_study(found, seed)
    if out is not None:
        study.save(out)
    return study


def score_shelves(
    models: Models | None = None,
    *,
    n_shelves: int = 60,
    sets: Sequence[str] = tuple(SHELVES),
    seed: int = 0,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, pd.DataFrame]:
    """Score OAT, baselines and shoppers on each of some drawn shelves.

    Parameters
    ----------
    models
        As for `run_objects`.
    n_shelves
        In each set.
    sets
        Names in `SHELVES`.
    seed
        Decides shelves, shoppers and draws; a seed that no training used gives fresh layouts.
    out
        Folder, or None. Scores of each set and training are kept there, and a stopped study goes on.
    progress
        Called with 1 after each shelf of each set and training.

    Returns
    -------
    dict
        Rows of `score_trial` by the name of the set, with the columns ``shelf`` and ``training``.
    """
    if n_shelves < _LEAST_SHELVES:
        raise InputError(f"n_shelves must be at least {_LEAST_SHELVES}, for intervals over shelves, got {n_shelves}.")
    advance = progress or (lambda done: None)
    known = {training: load_oat(one) if not isinstance(one, OatModel) else one for training, one in _or_demo(models)}
    found = {}
    for name in sets:
        check_choice("set of shelves", name, tuple(SHELVES))
        parts = []
        for training, model in known.items():
            facts = json.dumps([__version__, name, n_shelves, seed, model.checksum()])
            file = None if out is None else out / "shelves" / f"{name}-{training}.parquet"
            table = None if file is None else kept_table(file, facts, "scores")
            if table is None:
                table = _score_set(name, n_shelves, seed, model, advance)
                if file is not None:
                    keep_table(table, file, facts)
            else:
                advance(n_shelves)
            parts.append(table.assign(training=training))
        found[name] = pd.concat(parts, ignore_index=True)
    return found


def _or_demo(models: Models | None) -> list[tuple[str, str | Path | OatModel]]:
    return list((models or {DEMO: DEMO}).items())


def object_study(found: Mapping[str, pd.DataFrame], seed: int) -> ObjectStudy:
    """Sum up scores of pictures, by the name of their set."""
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in _TABLES}
    for name, shelves in found.items():
        # what does not depend on the training is the same in all of them
        once = shelves["agent"].isin([OAT, GREEDY]) | (shelves["training"] == shelves["training"].iloc[0])
        for kind, table in (
            ("scores", summary(shelves[once], seed)),
            ("paired", paired(shelves[once], seed)),
            ("trainings", by_training(shelves[once])),
        ):
            table.insert(0, "set", name)
            tables[kind].append(table)
    return ObjectStudy(**{name: pd.concat(some, ignore_index=True) for name, some in tables.items()})


def train_models(n_seeds: int, folder: Path, progress: Callable[[int], None] | None = None) -> Models:
    """Return the demo, and train others like it with other seeds, shelves and shoppers.

    Parameters
    ----------
    n_seeds
        How many in all. Each training takes some five minutes of one core.
    folder
        Where they are written; one that is there is not trained again, and one that was stopped goes on.
    progress
        Called with the number of scanpaths that were gone through.
    """
    models: dict[str, str | Path | OatModel] = {DEMO: DEMO}
    for seed in range(1, check_count("seeds", n_seeds)):
        file = folder / f"seed-{seed}.safetensors"
        if not file.exists():
            fit_demo(file, progress, seed=seed)
        elif progress is not None:
            progress(N_STEPS)
        models[f"seed-{seed}"] = file
    return models


def _score_set(name: str, n_shelves: int, seed: int, model: OatModel, advance: Callable[[int], None]) -> pd.DataFrame:
    sampled, greedy = (Oat(weights=model, decoding=how) for how in ("sample", "greedy"))
    tables = []
    for number in range(n_shelves):
        trial, shopper = _trial(name, number, seed)
        n_fixations = shopper.rule.longest + 1
        searches = {
            OAT: object_runs(sampled, trial, N_RUNS, n_fixations, seed),
            GREEDY: object_runs(greedy, trial, 1, n_fixations, seed),
        }
        by_rule = baselines(trial, numpy_generator(seed, "baselines", trial.stimulus.name))
        searches |= {other: [search] for other, search in by_rule.items()}
        choices = {OAT: oat_choices(sampled, trial), PEOPLE: [_by_rule(shopper, one) for one in trial.people]}
        tables.append(score_trial(trial, searches, choices).assign(shelf=number))
        advance(1)
    return pd.concat(tables, ignore_index=True)


def _trial(name: str, number: int, seed: int) -> tuple[Trial, Shopper]:
    rows, columns, target = SHELVES[name]
    # far from the seeds of training, which are small
    fresh = derive_seed(seed, "object study") % 2**31 + 10**6
    stimulus = shelf(rows, columns, target=target, trial=number, seed=fresh)
    shopper = Shopper(stimulus)
    searches = [shopper.draw(numpy_generator(fresh, "shopper", stimulus.name, one)) for one in range(N_SHOPPERS)]
    people = [PersonSearch(search, len(search) < shopper.rule.longest) for search in searches]
    return Trial(stimulus, shopper.target, people, shopper.likeness), shopper


def object_runs(agent: Oat, trial: Trial, n_runs: int, n_fixations: int, seed: int) -> list[Search]:
    """Let OAT search a picture several times."""
    generators = [torch_generator(seed, agent.decoding, trial.stimulus.name, run) for run in range(n_runs)]
    paths = agent.run([trial.stimulus] * n_runs, n_fixations=n_fixations, generators=generators)
    return [path.info["object_index"][1:] for path in paths]


def _by_rule(shopper: Shopper, person: PersonSearch) -> np.ndarray:
    steps = [shopper.probabilities(person.objects[:step]) for step in range(len(person.objects) + 1)]
    with np.errstate(divide="ignore"):  # what the rule never does
        return np.log(np.stack(steps))
