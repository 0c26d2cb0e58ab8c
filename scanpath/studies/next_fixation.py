"""Who says best where people look next: every agent as a density, given each person's own fixations so far.

Free viewing (OSIE, 60 photographs, 15 people) and search (interiors, 60 photographs, 57 people; fixations after the
target was found are left out). Agents whose maps are no fitted probabilities are calibrated first: four or five numbers
each, fitted to people on other pictures than those that are scored. Agents that come as densities of people are scored
as they are.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

import joblib
import pandas as pd

from scanpath import __version__
from scanpath._core.checks import check_choice, check_count, first_repeated
from scanpath._core.errors import InputError, unknown_name
from scanpath._core.files import write_text
from scanpath._core.random import numpy_generator
from scanpath.agents.agent import Agent
from scanpath.agents.calibrated import CalibratedAgent, Calibration, DrawsMaps
from scanpath.agents.catalog import create_agent, is_agent_name, list_agents
from scanpath.agents.density import Density
from scanpath.datasets import load_dataset
from scanpath.evaluation import (
    bootstrap_mean,
    compare_agents,
    picture_predictions,
    predict_fixations,
    summarize_predictions,
)
from scanpath.evaluation.inputs import Counted
from scanpath.evaluation.prediction import CHANCE, MARKS
from scanpath.gaze.stimulus import Stimulus
from scanpath.studies.free_viewing import free_viewing_agents
from scanpath.studies.interiors import interiors_agents
from scanpath.studies.kept_tables import keep_table, kept_table
from scanpath.training.calibration import NUMBERS, cross_calibrate

#: Data set -> pixels per degree where the card does not know them: a working assumption, see its card.
SCALES = {"osie": None, "interiors": 32.0}
#: Further agents, which need no weights, beside those of the studies of free viewing and of interiors.
FREE_VIEWERS = ("scenewalk", "viewer")
SEARCHERS = ("pixel_match", "bayesian", "ibs.correlation", "ibs.ssim", "itti_koch", *FREE_VIEWERS)
#: Parts that pictures are cut into: an agent's numbers for one part are fitted to the others.
FOLDS = 5
#: Fixations of a picture that a calibration uses; four or five numbers need no more.
FIXATIONS_PER_PICTURE = 20
#: What pairs of agents are compared by.
COMPARED = "information_gain"
_WHO = "people's marks"


@dataclass(frozen=True)
class NextFixation:
    """What the study found.

    Attributes
    ----------
    predictions
        One row a scored fixation and predictor: ``data`` and the columns of `predict_fixations`.
    scores
        One row a data set, predictor and metric, with 95 % intervals over pictures: `summarize_predictions`.
    by_number
        The same for each number of the fixation in its scanpath: ``data, agent, fixation, metric, value, low, high,
        n_pictures``.
    comparisons
        All pairs of predictors of a data set on ``information_gain``: `compare_agents`, corrected within the data set.
    calibrations
        One row an agent and number that was fitted to it: ``data, agent, number, value, low, high``.
    """

    predictions: pd.DataFrame = field(repr=False)
    scores: pd.DataFrame = field(repr=False)
    by_number: pd.DataFrame = field(repr=False)
    comparisons: pd.DataFrame = field(repr=False)
    calibrations: pd.DataFrame = field(repr=False)

    def summary(self, data: str) -> pd.DataFrame:
        """One row a predictor, the best first: bits with their interval, AUC, NSS, bits beyond a uniform density."""
        rows = self.scores[self.scores["data"] == data]
        wide = rows.pivot(index="agent", columns="metric", values="value")
        bits = rows[rows["metric"] == COMPARED].set_index("agent")
        wide["interval"] = [f"[{row.low:.2f}, {row.high:.2f}]" for row in bits.loc[wide.index].itertuples()]
        columns = [COMPARED, "interval", "auc", "nss", "gain_over_uniform"]
        return wide.sort_values(COMPARED, ascending=False)[columns]


class Task(NamedTuple):
    """One agent, or the marks, on one data set.

    Attributes
    ----------
    people
        All of them: what is fitted, and the center bias, come from their fixations.
    scored
        Those of them whose fixations are predicted; None for all.
    """

    data: str
    agent: Agent | None
    stimuli: Sequence[Stimulus]
    people: pd.DataFrame
    seed: int
    scored: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        """What its file is called."""
        return _WHO if self.agent is None else self.agent.name

    def facts(self) -> str:
        """What its predictions depend on, to tell whether a file holds them."""
        agent = {} if self.agent is None else {"settings": self.agent.settings, **self.agent.facts()}
        pictures = [[one.name, one.px_per_deg, one.checksum()] for one in self.stimuli]
        people = [None if table is None else _table_sum(table) for table in (self.people, self.scored)]
        facts = [__version__, NUMBERS, self.data, self.name, agent, pictures, people, self.seed]
        return json.dumps(facts, sort_keys=True)


def _table_sum(table: pd.DataFrame) -> int:
    """Return what tells a table from one with another value anywhere, such as a fixation that was put right."""
    return int(pd.util.hash_pandas_object(table.astype(str), index=False).sum())


class Predicted(NamedTuple):
    """The predictions of a task, and the calibration that they were made with, if there was one."""

    table: pd.DataFrame
    calibration: Calibration | None


def run_next_fixation(
    *,
    data: Sequence[str] = tuple(SCALES),
    root: Path | None = None,
    weights: Path | None = None,
    agents: Sequence[str] | None = None,
    n_pictures: int | None = None,
    n_people: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> NextFixation:
    """Score all agents on people's next fixations, in bits.

    Parameters
    ----------
    data
        "osie", "interiors" or both.
    root
        Folder of the data sets.
    weights
        Folder with ``squeezenet1_1*.safetensors`` and ``mobilenet_v2*.safetensors``; adds the agents that need them.
    agents
        Only these: names of the study's agents, or what `create_agent` takes, such as a calibration's file.
    n_pictures
        Only the first pictures of each set, for a quick look.
    n_people
        Predict the fixations of only so many people on each picture, drawn by chance, the same for all agents.
    seed
        Of the parts that pictures are cut into, and of intervals.
    jobs
        Worker processes; each takes one agent at a time.
    out
        Folder for the tables. Each agent's predictions are kept there, and a stopped study goes on after the last one.
    progress
        Called with the number of pictures that were done since the last call; see `n_steps`.

    Raises
    ------
    InputError
        If a name is unknown, a data set is not there, or `out` holds predictions of other settings.
    """
    tasks = [
        task
        for name in data
        for task in study_tasks(
            name, root=root, weights=weights, agents=agents, n_pictures=n_pictures, n_people=n_people, seed=seed
        )
    ]
    return score_tasks(tasks, jobs=jobs, out=out, progress=progress)


def study_tasks(
    data: str,
    *,
    root: Path | None = None,
    weights: Path | None = None,
    agents: Sequence[str] | None = None,
    n_pictures: int | None = None,
    n_people: int | None = None,
    seed: int = 0,
) -> list[Task]:
    """Return the marks and the agents of one of the two data sets, as `run_next_fixation` scores them."""
    known = load_dataset(check_choice("data set", data, tuple(SCALES)), root=root, px_per_deg=SCALES[data])
    people = known.fixations
    if "after_target" in people:
        people = people[~people["after_target"]]
    return people_tasks(
        data,
        known.stimuli,
        people,
        weights=weights,
        agents=agents,
        n_pictures=n_pictures,
        n_people=n_people,
        seed=seed,
    )


def people_tasks(
    data: str,
    stimuli: Sequence[Stimulus],
    people: pd.DataFrame,
    *,
    weights: Path | None = None,
    agents: Sequence[str] | None = None,
    n_pictures: int | None = None,
    n_people: int | None = None,
    seed: int = 0,
) -> list[Task]:
    """Return the marks and the agents for any people's table and its pictures, for `score_tasks`.

    Parameters
    ----------
    data
        What results call it; of "interiors" the searchers, of any other the free viewers are the usual agents.
    stimuli
        The pictures, with px_per_deg.
    people
        Their fixations, as a tidy table.
    weights, agents, n_pictures, n_people, seed
        As for `run_next_fixation`.

    Raises
    ------
    InputError
        If there are fewer than two pictures, or an agent is unknown or draws no map.
    """
    stimuli = stimuli[: None if n_pictures is None else check_count("n_pictures", n_pictures)]
    if len(stimuli) < 2:
        cut = f"n_pictures={n_pictures} leaves" if n_pictures is not None else "the table names"
        raise InputError(f"A center bias needs two pictures, and {cut} {len(stimuli)}.")
    people = people[people["stimulus"].isin([one.name for one in stimuli])]
    scored = None if n_people is None else _some_people(people, check_count("n_people", n_people), seed)
    chosen = _chosen(data, weights, agents)
    return [Task(data, agent, stimuli, people, seed, scored) for agent in (None, *chosen)]


def _some_people(people: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """Draw some of those who saw a picture, for each picture anew."""
    who = people[["stimulus", "subject"]].drop_duplicates()
    shuffled = who.sample(frac=1, random_state=numpy_generator(seed, "people"))
    return people.merge(shuffled.groupby("stimulus").head(n), on=["stimulus", "subject"])


def n_steps(tasks: Sequence[Task]) -> int:
    """Count what `score_tasks` tells its progress: pictures, twice those of an agent that is calibrated."""
    return sum(_n_steps(task) for task in tasks)


def score_tasks(
    tasks: Sequence[Task], *, jobs: int = 1, out: Path | None = None, progress: Callable[[int], None] | None = None
) -> NextFixation:
    """Score agents as `run_next_fixation` does, on any people and pictures (with px_per_deg).

    Parameters
    ----------
    tasks
        One for each agent and data set, and one with the agent None for the marks.
    jobs, out, progress
        As for `run_next_fixation`.

    Raises
    ------
    InputError
        If there is no task, two have one data set and agent by name, or `out` holds predictions of other settings.
    """
    advance = progress or _nobody
    if not tasks:
        raise InputError("There is nothing to score; name a data set.")
    twice = first_repeated([(task.data, task.name) for task in tasks])
    if twice is not None:
        raise InputError(
            f"Two data sets are called {twice[0]!r}, or one has two agents {twice[1]!r}, and tables could not tell "
            "them apart; rename one or run each alone."
        )
    found: list[Predicted | None] = [None if out is None else _kept(task, _file(out, task)) for task in tasks]
    todo = [place for place, one in enumerate(found) if one is None]
    advance(n_steps(tasks) - sum(_n_steps(tasks[place]) for place in todo))
    for place, predicted in _predicted(tasks, todo, jobs, advance):
        found[place] = predicted
        if out is not None:
            _keep(predicted, tasks[place], _file(out, tasks[place]))
    result = _result(tasks, [one for one in found if one is not None])
    if out is not None:
        for name in ("scores", "by_number", "comparisons", "calibrations"):
            write_text(out / f"{name}.csv", getattr(result, name).to_csv(index=False, lineterminator="\n"))
    return result


def _chosen(data: str, weights: Path | None, names: Sequence[str] | None) -> list[Agent]:
    """Build the agents of a data set that draw a map or a density."""
    sets: dict[str, Callable[[], list[Agent]]] = {
        "osie": lambda: [*free_viewing_agents(weights), *map(create_agent, FREE_VIEWERS)],
        "interiors": lambda: [*interiors_agents(weights), *map(create_agent, SEARCHERS)],
    }
    # random is the mark "uniform"
    usual = sets.get(data, sets["osie"])()
    mine = {one.name: one for one in usual if isinstance(one, DrawsMaps | Density) and one.name != "random"}
    if names is None:
        return list(mine.values())
    chosen: list[Agent] = []
    for name in dict.fromkeys(names):
        if name in mine:
            chosen.append(mine[name])
        elif is_agent_name(name):
            chosen.append(create_agent(name))
        elif name not in (elsewhere := {agent.name for other in set(sets) - {data} for agent in sets[other]()}):
            raise unknown_name("agent", name, [*mine, *elsewhere, *list_agents()])
    twice = first_repeated([agent.name for agent in chosen])
    if twice is not None:
        raise InputError(
            f"Two of the agents are called {twice!r}, and tables could not tell them apart; name only one."
        )
    mute = [agent.name for agent in chosen if not isinstance(agent, DrawsMaps | Density)]
    if mute:
        raise InputError(
            f"Agent {mute[0]!r} draws no map and has no density, so it predicts no fixation; leave it out."
        )
    return chosen


def is_trained(agent: Agent) -> bool:
    """Whether an agent is a density that was fitted to people, and is scored as it is."""
    made = agent.settings
    kind = str(made.get("agent")).partition(".")[0]
    fitted = kind == "viewer" or (kind == "scenewalk" and made.get("weights") is not None)
    return fitted or isinstance(agent, CalibratedAgent)


def _n_steps(task: Task) -> int:
    return len(task.stimuli) * (1 if task.agent is None or is_trained(task.agent) else 2)


def _nobody(done: int) -> None:
    pass


def _predicted(
    tasks: Sequence[Task], todo: Sequence[int], jobs: int, advance: Callable[[int], None]
) -> Iterator[tuple[int, Predicted]]:
    if jobs == 1 or len(todo) < 2:
        for place in todo:
            yield place, predict(tasks[place], advance)
        return
    calls = (joblib.delayed(_at)(place, tasks[place]) for place in todo)
    finished = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(calls)
    for place, done in cast("Iterator[tuple[int, Predicted]]", finished):
        advance(_n_steps(tasks[place]))
        yield place, done


def _at(place: int, task: Task) -> tuple[int, Predicted]:
    return place, predict(task, _nobody)


def predict(task: Task, advance: Callable[[int], None] = _nobody) -> Predicted:
    """Calibrate the agent of a task, if it is not a density of people yet, and score it; or score the marks."""
    agent, stimuli, people = task.agent, task.stimuli, task.people
    counted = Counted(advance)
    scored, known = (people, None) if task.scored is None else (task.scored, people)
    score = partial(predict_fixations, known=known, progress=counted)
    if agent is None:
        return Predicted(score(None, stimuli, scored, marks=MARKS), None)
    if is_trained(agent):
        return Predicted(score(cast(Density, agent), stimuli, scored, seed=task.seed), None)
    fitted = cross_calibrate(
        cast(DrawsMaps, agent),
        stimuli,
        people,
        min(FOLDS, len(stimuli)),
        task.seed,
        fixations_per_picture=FIXATIONS_PER_PICTURE,
        progress=counted,
    )
    return Predicted(score(fitted, stimuli, scored, seed=task.seed), fitted.calibration)


def _file(out: Path, task: Task) -> Path:
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", task.name)
    # two names that differ in what a file's name cannot hold have two files
    name = plain if plain == task.name else f"{plain}-{hashlib.sha256(task.name.encode()).hexdigest()[:8]}"
    return out / "predictions" / task.data / f"{name}.parquet"


def _kept(task: Task, path: Path) -> Predicted | None:
    """Return what an earlier run has kept of a task."""
    table = kept_table(path, task.facts(), "predictions")
    calibration = _calibration_file(path)
    return None if table is None else Predicted(table, Calibration.load(calibration) if calibration.exists() else None)


def _keep(predicted: Predicted, task: Task, path: Path) -> None:
    """Write the predictions, last of all, so that what is there is whole."""
    if predicted.calibration is not None:
        predicted.calibration.save(_calibration_file(path))
    keep_table(predicted.table, path, task.facts())


def _calibration_file(path: Path) -> Path:
    return path.with_name(f"{path.stem}.json")


def _result(tasks: Sequence[Task], found: Sequence[Predicted]) -> NextFixation:
    predictions = pd.concat([one.table.assign(data=task.data) for task, one in zip(tasks, found)], ignore_index=True)
    predictions.insert(0, "data", predictions.pop("data"))
    seed = tasks[0].seed
    scores, numbers, pairs = [], [], []
    for data, group in predictions.groupby("data", sort=False):
        scores.append(summarize_predictions(group, seed=seed).assign(data=data))
        numbers.append(_by_number(group, seed).assign(data=data))
        pictures = picture_predictions(group)
        pairs.append(compare_agents(pictures[pictures["metric"] == COMPARED], seed=seed).assign(data=data))
    calibrations = [
        {"data": task.data, "agent": task.name, "number": number, "value": value, "low": low, "high": high}
        for task, one in zip(tasks, found)
        if one.calibration is not None
        for number, value, low, high in _numbers(one.calibration)
    ]
    columns = ["data", "agent", "number", "value", "low", "high"]
    return NextFixation(
        predictions,
        _together(scores),
        _together(numbers),
        _together(pairs),
        pd.DataFrame(calibrations, columns=columns),
    )


def _together(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(tables, ignore_index=True)
    return table[["data", *table.columns.drop("data")]]


def _by_number(predictions: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Average the scores of each fixation's number over people, then over pictures."""
    rows = []
    for (agent, number), group in predictions.groupby(["agent", "fixation"], sort=False):
        pictures = group.groupby("stimulus")[list(CHANCE)].mean()
        mean, low, high = bootstrap_mean(pictures.to_numpy(), seed=seed)
        about = {"agent": agent, "fixation": number, "n_pictures": len(pictures)}
        rows += [
            about | {"metric": metric, "value": mean[k], "low": low[k], "high": high[k]}
            for k, metric in enumerate(CHANCE)
        ]
    return pd.DataFrame(rows)


def _numbers(calibration: Calibration) -> Iterator[tuple[str, float, float, float]]:
    intervals: Mapping[str, tuple[float, float]] = calibration.intervals
    for name, (low, high) in intervals.items():
        yield name, getattr(calibration.density, name), low, high
    yield ("held_out_bits", *calibration.held_out_bits)
