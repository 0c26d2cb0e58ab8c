"""Agents beside people who look at photographs freely: 60 scenes of OSIE, 15 people, the first ten fixations.

All agents that run without a download take part; a folder with ImageNet weights adds NeVA on a network and, where
captum is installed, Salient Relevance. The baselines "random" and "center" look five times at each picture. A start
that an agent did not choose is dropped, as people's first fixation on the start marker is not in the data.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from torch import nn

from scanpath._core.errors import MissingFileError
from scanpath._core.files import write_text
from scanpath.agents.agent import Agent
from scanpath.agents.catalog import create_agent
from scanpath.datasets import load_dataset
from scanpath.evaluation import compare_agents, evaluate, picture_scores
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import write_table
from scanpath.recognition.classifier import load_classifier
from scanpath.simulation import simulate

N_FIXATIONS = 10
#: Name of the measure -> metric, its settings, and the part that is reported (None: the mean of all but duration).
MEASURES = {
    "SBTDE 5x5": ("sbtde", {"bins": (5, 5), "outside": "clamp"}),
    "SBTDE 4x4": ("sbtde", {"bins": (4, 4), "outside": "clamp"}),
    "scaled TDE": ("scaled_tde", {}),
    "MultiMatch": ("multimatch", {}),
    "ScanMatch": ("scanmatch", {}),
}
PAIRINGS = {"plausibility": "best", "mean similarity": "leave_one_out"}
#: Looks at each picture of the baselines that draw random numbers.
N_LOOKS = 5
BASELINES = ("random", "center")
WALKERS = ("random", "center", "itti_koch", "spectral_residual", "levy", "g_eymol")


@dataclass(frozen=True)
class FreeViewing:
    """What the study found.

    Attributes
    ----------
    fixations
        The agents' tidy table, starts that were not chosen dropped.
    scores
        One row an agent, measure and pairing: the score with its 95 % interval over pictures, and people's ceiling.
    comparisons
        Paired permutation tests of all agents on SBTDE 5x5 plausibility, corrected by Holm's rule.
    """

    fixations: pd.DataFrame = field(repr=False)
    scores: pd.DataFrame = field(repr=False)
    comparisons: pd.DataFrame = field(repr=False)

    def summary(self, pairing: str = "plausibility") -> pd.DataFrame:
        """One row an agent, best first, with people on top: one column a measure."""
        rows = self.scores[self.scores["pairing"] == pairing]
        table = rows.pivot_table(index="agent", columns="measure", values="value", sort=False)
        table = table.sort_values("SBTDE 5x5", ascending=False)
        people = rows.groupby("measure", sort=False)["ceiling"].first()
        return pd.concat([people.to_frame("people").T, table])[list(MEASURES)]


def run_free_viewing(
    *,
    root: Path | None = None,
    weights: Path | None = None,
    n_pictures: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    out: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> FreeViewing:
    """Let all agents look at the photographs and compare them with the people.

    Parameters
    ----------
    root
        Folder of the data set OSIE.
    weights
        Folder with ``squeezenet1_1*.safetensors``; adds NeVA that classifies, NeVA that matches features, and Salient
        Relevance.
    n_pictures
        Only the first pictures, for a quick look.
    seed
        Names the run's random numbers.
    jobs
        Worker processes.
    out
        Folder for the tables.
    progress
        Called with the number of scanpaths that were finished since the last call.
    """
    data = load_dataset("osie", root=root)
    stimuli = data.stimuli[:n_pictures]
    names = [stimulus.name for stimulus in stimuli]
    people = data.fixations[data.fixations["stimulus"].isin(names) & (data.fixations["fixation"] < N_FIXATIONS)]
    agents = free_viewing_agents(weights)
    fixations = look(agents, stimuli, N_FIXATIONS, seed=seed, looks=N_LOOKS, jobs=jobs, progress=progress)
    result = score(fixations, people, stimuli, seed=seed)
    if out is not None:
        save(result, out)
    return result


def free_viewing_agents(weights: Path | None = None) -> list[Agent]:
    """Build the agents of the study."""
    agents = [create_agent(name) for name in WALKERS]
    agents.append(create_agent("neva", label="neva reconstruction", size=(224, 224)))
    agents.append(create_agent("nevaclip", label="nevaclip toy, picture", condition="picture"))
    if weights is not None:
        network = squeezenet_classifier(weights)
        for loss in ("classification", "feature_match"):
            agents.append(create_agent("neva", label=f"neva {loss}", model=network, loss=loss, size=(224, 224)))
        if importlib.util.find_spec("captum") is not None:
            agents.append(create_agent("salient_relevance", model=network))
    return agents


def n_scanpaths(agents: Sequence[Agent], n_pictures: int) -> int:
    """Count the scanpaths that the study makes, for a progress bar."""
    return n_pictures * sum(N_LOOKS if agent.name in BASELINES else 1 for agent in agents)


def look(
    agents: Sequence[Agent],
    stimuli: Sequence[Stimulus],
    n_fixations: int,
    *,
    seed: int,
    looks: int = 1,
    jobs: int = 1,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Simulate `n_fixations` that the agents choose; a start that is not chosen comes on top and is dropped.

    `BASELINES` look `looks` times at each picture, with the seeds from `seed` on.
    """
    parts = []
    for agent in agents:
        start = 0 if agent.chooses_first else 1
        seeds = range(seed, seed + (looks if agent.name in BASELINES else 1))
        table = simulate(agent, stimuli, n_fixations + start, list(seeds), jobs, progress=progress)
        table = table[table["fixation"] >= start].copy()
        table["fixation"] -= start
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def score(fixations: pd.DataFrame, people: pd.DataFrame, stimuli: Sequence[Stimulus], *, seed: int) -> FreeViewing:
    """Score the agents' fixations against people's by all measures and pairings, and test the differences."""
    sizes = {stimulus.name: (stimulus.size[1], stimulus.size[0]) for stimulus in stimuli}
    rows = []
    for measure, (metric, settings) in MEASURES.items():
        for name, pairing in PAIRINGS.items():
            table = evaluate(
                fixations,
                people,
                {metric: settings},
                pairing=pairing,
                screen_px=sizes,
                floors=["shuffled", "center"],
                seed=seed,
            )
            table = table[table["part"] != "duration"]  # these agents have no durations
            columns = ["value", "low", "high", "ceiling", "ceiling_low", "ceiling_high"]
            means = table.groupby("agent", sort=False)[columns].mean().reset_index()
            rows.append(means.assign(measure=measure, pairing=name, n_pictures=len(stimuli)))
    metric, settings = MEASURES["SBTDE 5x5"]
    per_picture = picture_scores(fixations, people, {metric: settings}, pairing="best", screen_px=sizes, seed=seed)
    return FreeViewing(fixations, pd.concat(rows, ignore_index=True), compare_agents(per_picture, seed=seed))


def save(result: FreeViewing, out: Path) -> None:
    """Write the fixations as Parquet and the tables as CSV."""
    write_table(result.fixations, out / "fixations.parquet")
    for name in ("scores", "comparisons"):
        write_text(out / f"{name}.csv", getattr(result, name).to_csv(index=False, lineterminator="\n"))


def squeezenet_classifier(folder: Path) -> nn.Module:
    """Load SqueezeNet 1.1 from a folder, for pictures in [0, 1]."""
    found = sorted(Path(folder).glob("squeezenet1_1*.safetensors"))
    if not found:
        raise MissingFileError(f"There is no file squeezenet1_1*.safetensors in {folder}; leave --weights out.")
    return load_classifier("squeezenet1_1", found[0])
