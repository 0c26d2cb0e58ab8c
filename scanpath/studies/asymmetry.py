"""The search asymmetry study of Gupta et al. (2021), end to end: displays, eccNET and its controls, indices.

Each agent searches the displays of the six tasks; saccades become reaction times by the published line, slopes and the
asymmetry index follow, beside those of people. Nothing is fitted to the people here: all constants are the paper's.

An agent makes at most as many saccades as its display has slots. The original allowed one more, whose hit it recorded
as not found; found searches and their counts are the same in both. As in the original, the two controls without a
network, and they alone, find a target that lies at the center without a saccade.
"""

import json
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath import __version__
from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath._core.files import file_sha256, write_text
from scanpath.agents.agent import Agent
from scanpath.agents.catalog import agent_settings, chooses_first, create_agent
from scanpath.agents.target_found import WindowOverlap
from scanpath.gaze.table import write_table
from scanpath.recognition.weights import find_weights
from scanpath.simulation.plan import check_jobs
from scanpath.simulation.run import simulate_to_folder
from scanpath.simulation.simulate import simulate
from scanpath.stimuli.search_arrays import ASYMMETRY_TASKS, asymmetry_displays, asymmetry_trials
from scanpath.studies.asymmetry_index import asymmetry_table, mean_reaction_times, trials_from_fixations

#: eccNET and the controls of the paper that need no other weights.
STUDY_AGENTS = ("eccnet", "eccnet.single_level", "eccnet.no_eccentricity", "ivsn.gupta2021", "pixel_match", "chance")

_BARS_AND_CURVES = ((3, 1.0), (5, 3.0))
_CROSSINGS = ((5, 3.0), (7, 5.0))
#: Taps and sigma of center and surround by which the combined map is sharpened, as published for each experiment.
SHARPENING = {
    "curvature": _BARS_AND_CURVES,
    "lighting_direction": ((3, 0.0), (5, 1.0)),
    "intersection_cross": _CROSSINGS,
    "intersection_LT": _CROSSINGS,
    "orientation_homo": _BARS_AND_CURVES,
    "orientation_hetero": _BARS_AND_CURVES,
}
MARGIN_PX = 64
RECOGNITION_PX = 10
#: Displays in one part of a run that is continued after an interruption.
_SHARD_SIZE = 6


@dataclass(frozen=True)
class AsymmetryResult:
    """What the study found.

    Attributes
    ----------
    fixations
        Tidy table of all searches.
    trials
        One row a search: ``agent, seed, task, condition, set_size, stimulus, n_saccades`` (null: not found).
    reaction_times
        From `mean_reaction_times`: one row an agent, condition and set size, beside people's.
    index
        From `asymmetry_table`: slopes and index with bootstrap intervals, one row an agent and task, beside people's.
    facts
        What the numbers depend on, in a form that JSON can hold.
    """

    fixations: pd.DataFrame = field(repr=False)
    trials: pd.DataFrame = field(repr=False)
    reaction_times: pd.DataFrame = field(repr=False)
    index: pd.DataFrame = field(repr=False)
    facts: dict[str, Any] = field(repr=False)

    def slopes(self) -> pd.DataFrame:
        """One row an agent and condition: slope in ms an item, its interval, and people's."""
        rows = []
        for row in self.index[self.index["task"] != "mean"].to_dict("records"):
            for role in ("hard", "easy"):
                slope = {"slope": row[f"slope_{role}"], "human_slope": row[f"human_slope_{role}"]}
                slope |= {f"slope_{end}": row.get(f"slope_{role}_{end}", np.nan) for end in ("low", "high")}
                rows.append(
                    {"agent": row["agent"], "task": row["task"], "condition": row[role], "people_find_it": role} | slope
                )
        names = ["agent", "task", "condition", "people_find_it", "slope", "slope_low", "slope_high", "human_slope"]
        return pd.DataFrame(rows, columns=names)


def run_asymmetry(
    *,
    backbone: str = "vgg16",
    weights: str | Path | None = None,
    agents: Sequence[str] = STUDY_AGENTS,
    retrained: Mapping[str, str | Path] | None = None,
    tasks: Sequence[str] | None = None,
    n_trials: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    device: str = "cpu",
    settings: Mapping[str, Any] | None = None,
    n_bootstrap: int = 2000,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> AsymmetryResult:
    """Let agents search the displays of the asymmetry tasks and compute slopes and indices.

    Parameters
    ----------
    backbone
        Features that eccNET and its controls see with; the paper's are "vgg16", "steerable" needs no weights.
    weights
        File with the backbone's weights; without it those of `create_backbone`.
    agents
        Names of agents; settings such as the backbone go to those that have them.
    retrained
        Label -> weights file: further eccNETs, whose networks of the same kind were trained on other pictures.
    tasks
        Names of tasks from `ASYMMETRY_TASKS`; all six by default.
    n_trials
        Displays per condition and set size; the published 30 or 36 by default.
    seed
        Of the displays, the agents and the bootstrap.
    jobs
        Worker processes.
    device
        Where networks run.
    settings
        Further settings, in place of the paper's, for the agents that have them.
    n_bootstrap
        Samples of the bootstrap.
    out
        Folder for ``fixations.parquet``, ``trials.csv``, ``reaction_times.csv``, ``slopes.csv``, ``index.csv`` and
        ``study.json``. Its subfolder ``runs`` keeps the parts of a stopped run, which the same call continues; further
        agents and tasks can be run later, and the tables hold those of the last call.
    progress
        Called with the number of searches finished since the last call, those of earlier runs included.

    Raises
    ------
    InputError
        If a name is unknown, weights cannot be used, or `out` holds a study with other displays or weights.

    References
    ----------
    Gupta, Zhang, Wu, Wolfe & Kreiman (2021). Visual search asymmetry: deep nets and humans share similar inherent
    biases. NeurIPS 34. doi:10.48550/arXiv.2106.02953
    """
    names = list(dict.fromkeys(ASYMMETRY_TASKS if tasks is None else tasks))
    for name in names:
        check_choice("asymmetry task", name, tuple(ASYMMETRY_TASKS))
    if not names:
        raise InputError(f"There is no task to search in; give some of {', '.join(ASYMMETRY_TASKS)}.")
    n_searches(agents=1, tasks=names, n_trials=n_trials)  # a mistake should leave no folder behind
    check_jobs(jobs)
    check_count("n_bootstrap", n_bootstrap, least=0)
    displays = {"seed": seed, "n_trials": n_trials}
    facts = _identity(backbone, weights, retrained or {}, displays)
    if out is not None:
        _check_same(out / "study.json", facts)
    common = {"backbone": backbone, "device": device, "margin_px": MARGIN_PX, "recognition_px": RECOGNITION_PX}
    facts |= {"settings": {}, "tasks": names}
    tables = []
    for task in names:
        own = {**common, "sharpening": SHARPENING[task], **(settings or {})}
        searchers = study_agents(agents, weights, retrained or {}, own)
        if out is not None and not (out / "study.json").exists():  # only once there is something to search with
            write_text(out / "study.json", json.dumps(facts, indent=1))
        for agent in searchers:
            searched = agent.settings | {"first_is_a_saccade": agent.chooses_first}
            facts["settings"].setdefault(agent.name, {})[task] = searched
            folder = None if out is None else out / "runs" / agent.name / task
            tables.append(_search(agent, task, displays, jobs, folder, progress))
    fixations = pd.concat(tables, ignore_index=True)
    trials = _trials(fixations, facts["settings"])
    index = asymmetry_table(trials, n_bootstrap=n_bootstrap, seed=seed)
    result = AsymmetryResult(fixations, trials, mean_reaction_times(trials), index, facts)
    if out is not None:
        _write(result, out)
    return result


def n_searches(*, agents: int, tasks: Sequence[str] | None = None, n_trials: int | None = None) -> int:
    """Count the searches of a study by so many agents.

    Examples
    --------
    >>> n_searches(agents=4)
    5088
    """
    return agents * len(asymmetry_trials(tasks, n_trials=n_trials))


def study_agents(
    names: Sequence[str],
    weights: str | Path | None,
    retrained: Mapping[str, str | Path],
    settings: Mapping[str, Any],
) -> list[Agent]:
    """Build the agents, each with those of the settings that it has."""
    labels = [*dict.fromkeys(names), *retrained]
    _check_labels(labels)
    built = []
    for label in labels:
        name, file = ("eccnet", retrained[label]) if label in retrained else (label, weights)
        known = agent_settings(name)
        given = dict(settings)
        if file is not None and "weights" in known:
            given |= {"weights": str(file), "preprocessing": _preprocessing(file)}
        given = {key: value for key, value in given.items() if key in known and value is not None}
        if "recognition_px" not in known:  # agents of other studies end their searches by this one's rule
            given.setdefault("found_rule", WindowOverlap(RECOGNITION_PX, test_first=chooses_first(name)))
        built.append(create_agent(name, label=label, **given))
    return built


def _check_labels(labels: Sequence[str]) -> None:
    if not labels:
        raise InputError("There is no agent to search; give at least one.")
    if len(set(labels)) < len(labels):
        raise InputError(f"Labels of retrained networks must differ from the agents' names, got {', '.join(labels)}.")
    for label in labels:
        if not re.fullmatch(r"[\w.+-]*\w[\w.+-]*", label):  # a label names a folder
            raise InputError(f"A label may hold letters, digits, and . + - _ only, got {label!r}.")


def _search(
    agent: Agent,
    task: str,
    displays: dict[str, Any],
    jobs: int,
    folder: Path | None,
    progress: Callable[[int], None] | None,
) -> pd.DataFrame:
    stimuli = asymmetry_displays([task], **displays)
    n_fixations = ASYMMETRY_TASKS[task].grid ** 2 + (0 if agent.chooses_first else 1)
    if folder is None:
        return simulate(agent, stimuli, n_fixations, displays["seed"], jobs, batch_size=_SHARD_SIZE, progress=progress)
    return simulate_to_folder(
        agent,
        stimuli,
        folder,
        n_fixations=n_fixations,
        seeds=displays["seed"],
        jobs=jobs,
        batch_size=_SHARD_SIZE,
        shard_size=_SHARD_SIZE,
        on_error="raise",
        progress=progress,
    ).table()


def _trials(fixations: pd.DataFrame, settings: dict[str, dict[str, Any]]) -> pd.DataFrame:
    trials = trials_from_fixations(fixations)
    further = {name: int(next(iter(of_task.values()))["first_is_a_saccade"]) for name, of_task in settings.items()}
    trials["n_saccades"] += trials["agent"].map(further).astype("Int64")
    return trials


def _identity(
    backbone: str, weights: str | Path | None, retrained: Mapping[str, str | Path], displays: dict[str, Any]
) -> dict[str, Any]:
    """What must agree when a study is continued; networks by content, as files move."""
    found = find_weights(backbone) if weights is None and backbone != "steerable" else weights
    files = {"usual": found, **retrained}
    return {
        "backbone": backbone,
        "weights": {label: {"file": Path(file).name, "sha256": _sha256(file)} for label, file in files.items() if file},
        **displays,
    }


def _check_same(path: Path, facts: dict[str, Any]) -> None:
    if not path.exists():
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    for name in ("backbone", "seed", "n_trials"):
        if before.get(name) != facts[name]:
            raise InputError(
                f"{path.parent} holds a study with {name} {before.get(name)}, not {facts[name]}; give another folder."
            )
    for label in before["weights"].keys() & facts["weights"].keys():
        if before["weights"][label]["sha256"] != facts["weights"][label]["sha256"]:
            file = facts["weights"][label]["file"]
            raise InputError(f"{path.parent} holds a study with other weights than {file}; give another folder.")


def _write(result: AsymmetryResult, out: Path) -> None:
    write_table(result.fixations, out / "fixations.parquet")
    tables = {
        "trials": result.trials,
        "reaction_times": result.reaction_times,
        "slopes": result.slopes(),
        "index": result.index,
    }
    for name, table in tables.items():
        write_text(out / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
    programs = ("numpy", "pandas", "torch", "torchvision")
    facts = {
        **result.facts,
        "program": f"scanpath {__version__}",
        "with": {"python": platform.python_version(), **{name: version(name) for name in programs}},
        "most_saccades": "as many as slots; a target not found counts as the largest set size of its task",
    }
    write_text(out / "study.json", json.dumps(facts, indent=1))


def _preprocessing(weights: str | Path) -> str | None:
    """Return what a file of ours says its network expects; None leaves it to the backbone."""
    if Path(weights).suffix != ".safetensors" or not Path(weights).is_file():
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, "pt") as file:
            return (file.metadata() or {}).get("preprocessing")
    except SafetensorError:  # reading the weights says what is wrong
        return None


def _sha256(file: str | Path) -> str | None:
    if not Path(file).is_file():  # building the agent says what is wrong
        return None
    return file_sha256(file)
