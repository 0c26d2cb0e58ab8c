"""Agents against 57 people who searched 60 indoor photographs for a patch cut from each.

Every agent starts where the people started, gets the target's picture, and stops when a fixation lands within
`MARGIN_PX` of the target's box. Nothing here is tuned on the people's fixations: all settings are defaults.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from scanpath._core.errors import MissingFileError
from scanpath._core.files import write_text
from scanpath.agents.agent import Agent
from scanpath.agents.catalog import create_agent
from scanpath.agents.target_found import InBox
from scanpath.datasets import load_dataset
from scanpath.datasets.dataset import Dataset
from scanpath.evaluation import evaluate, search_performance
from scanpath.gaze.table import write_table
from scanpath.simulation import simulate

#: Half of the 32-px window that counts as foveal in the published benchmark of this set (ViSioNS).
MARGIN_PX = 16.0
N_FIXATIONS = 13
NETWORKS = ("squeezenet1_1", "mobilenet_v2")
METRICS = ("multimatch", "scanmatch")


@dataclass(frozen=True)
class InteriorsResult:
    """What the study found.

    Attributes
    ----------
    fixations
        The agents' tidy table.
    performance
        Share of targets found within n fixations, agents and people.
    scores
        Scanpath similarity to people, with the people's ceiling.
    """

    fixations: pd.DataFrame = field(repr=False)
    performance: pd.DataFrame = field(repr=False)
    scores: pd.DataFrame = field(repr=False)

    def curves(self) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Share found and its interval against the number of fixations, for the figure."""
        points = self.performance.dropna(subset=["n_fixations"])
        return {
            str(agent): (rows["value"].to_numpy(), rows["low"].to_numpy(), rows["high"].to_numpy())
            for agent, rows in points.groupby("agent", sort=False)
        }

    def summary(self) -> list[tuple[str, float, float, float, str, float, str]]:
        """One row a searcher: found within 4, 8 and 13 fixations, area under the curve, the two similarities.

        The area and ScanMatch come with their 95 % intervals over pictures.
        """
        share = {(row[0], row[1]): row[2:] for row in self.performance[["agent", "part", *_INTERVAL]].to_numpy()}
        similar = self.scores[self.scores["part"].isin(_SIMILARITY_PARTS)]
        multimatch = similar[similar["metric"] == "multimatch"].groupby("agent")[["value", "ceiling"]].mean()
        scanmatch = similar[similar["metric"] == "scanmatch"].set_index("agent")
        rows = []
        for agent in dict.fromkeys(self.performance["agent"]):
            early, middle, late = (float(share[agent, f"within {n}"][0]) for n in (4, 8, N_FIXATIONS))
            area = _with_interval(*share[agent, "auc"])
            people = agent == "people"
            scored = multimatch.index[0] if people else agent  # every agent's row carries the same ceiling
            columns = ["ceiling", "ceiling_low", "ceiling_high"] if people else _INTERVAL
            mean = float(multimatch[columns[0]][scored])
            similarity = _with_interval(*scanmatch[columns].loc[scored].to_numpy())
            rows.append((agent, early, middle, late, area, mean, similarity))
        return rows


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.3f} ({low:.3f}-{high:.3f})"


_INTERVAL = ["value", "low", "high"]
#: MultiMatch without duration, which these agents do not have; ScanMatch has one part.
_SIMILARITY_PARTS = ("vector", "direction", "length", "position", "value")


def run_interiors(
    agents: Sequence[Agent] | None = None,
    *,
    root: Path | None = None,
    weights: Path | None = None,
    px_per_deg: float | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[int], None] | None = None,
    out: Path | None = None,
) -> InteriorsResult:
    """Run the agents on the pictures and score them against the people.

    Parameters
    ----------
    agents
        Who searches; default those of `interiors_agents`.
    root
        Folder of the data set.
    weights
        Of these; folder with ``squeezenet1_1*.safetensors`` and ``mobilenet_v2*.safetensors``; without it only the
        agents that need no weights run.
    px_per_deg
        For agents that see in degrees; default none, as the data set does not state it.
    seed
        Of the agents and of the bootstrap.
    jobs
        Worker processes.
    progress
        Called with the number of scanpaths finished.
    out
        Folder for ``fixations.parquet``, ``performance.csv`` and ``scores.csv``.

    Raises
    ------
    InputError
        If the data set or a named weight file is not there.
    """
    data = load_dataset("interiors", root=root, px_per_deg=px_per_deg)
    fixations = simulate(agents or interiors_agents(weights), data.stimuli, N_FIXATIONS, seed, jobs, progress=progress)
    people = data.fixations[~data.fixations["after_target"]]
    scores = evaluate(fixations, people, METRICS, screen_px=_sizes(data), seed=seed, jobs=jobs)
    result = InteriorsResult(fixations, _performance(fixations, people, data, seed), scores)
    if out is not None:
        write_table(fixations, out / "fixations.parquet")
        for name in ("performance", "scores"):
            write_text(out / f"{name}.csv", getattr(result, name).to_csv(index=False, lineterminator="\n"))
    return result


def interiors_agents(weights: Path | None) -> list[Agent]:
    """Build the agents of the study, each labeled with the features it sees with."""
    rule = InBox(margin_px=MARGIN_PX)  # one for all, so that they can be compared
    agents = [create_agent(name, found_rule=rule) for name in ("random", "center")]
    for backbone in ("steerable", *(NETWORKS if weights else ())):
        settings = {"weights": str(_weight_file(weights, backbone))} if weights and backbone in NETWORKS else {}
        for name in ("ivsn", "eccnet"):
            label = f"{name} {backbone}"
            agents.append(create_agent(name, label=label, backbone=backbone, found_rule=rule, **settings))
    return agents


def _performance(fixations: pd.DataFrame, people: pd.DataFrame, data: Dataset, seed: int) -> pd.DataFrame:
    performance = partial(
        search_performance, targets=data.stimuli, n_fixations=N_FIXATIONS, margin_px=MARGIN_PX, seed=seed
    )
    # people's trials were ended after 2, 4, 8 or 12 saccades by design: a trial counts for n if it could have had n
    parts = [performance(fixations, censoring="ignore"), performance(people, censoring="allowed")]
    return pd.concat(parts, ignore_index=True)


def _sizes(data: Dataset) -> dict[str, tuple[int, int]]:
    return {stimulus.name: (stimulus.size[1], stimulus.size[0]) for stimulus in data.stimuli}


def _weight_file(folder: Path, backbone: str) -> Path:
    found = sorted(folder.glob(f"{backbone}*.safetensors")) or sorted(folder.glob(f"{backbone}*.pth"))
    if not found:
        raise MissingFileError(f"There is no file {backbone}*.safetensors or .pth in {folder}; leave --weights out.")
    return found[0]
