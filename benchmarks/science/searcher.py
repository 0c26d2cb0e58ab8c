"""The searcher on interiors, each picture scored by one that has not seen it: bits, finding, likeness to people.

    python benchmarks/science/searcher.py --root FOLDER --tables FOLDER [--cue eccnet] [--backbone steerable]

A fit that was stopped goes on; tables that are there already are not made again. Beside it: the viewer as it comes with
the package, and ivsn and eccnet with steerable features, whose maps are calibrated on the pictures of other folds.
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import fnmatch
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

import scanpath as sp
from scanpath._core.files import write_text
from scanpath.agents.density import Density, DensityAgent
from scanpath.agents.history import History
from scanpath.agents.target_found import InBox
from scanpath.datasets.dataset import Dataset
from scanpath.evaluation import predict_fixations, summarize_predictions
from scanpath.studies.interiors import MARGIN_PX, run_interiors
from scanpath.training.calibration import cross_calibrate
from scanpath.training.searcher import SearcherFit, SearcherFitRecipe

#: The data set does not state it; see its card.
PX_PER_DEG = 32.0
#: Fixations of a picture that calibrations use.
FIXATIONS_PER_PICTURE = 10


class LeftOut(DensityAgent):
    """For each picture the searcher that has not seen it."""

    def __init__(self, agents: Mapping[str, DensityAgent], name: str, found_rule: InBox) -> None:
        super().__init__(name=name, found_rule=found_rule)
        self.agents = dict(agents)

    def log_density(
        self, stimulus: sp.Stimulus, history_xy: np.ndarray, history_duration_ms: np.ndarray | None = None
    ) -> Tensor:
        """Ask the one."""
        return self.agents[stimulus.name].log_density(stimulus, history_xy, history_duration_ms)

    def duration_ms(self, stimulus: sp.Stimulus, history: History, generator: torch.Generator) -> float | None:
        """Ask the one."""
        return self.agents[stimulus.name].duration_ms(stimulus, history, generator)


def searcher(data: Dataset, people: pd.DataFrame, tables: Path, cue: str, backbone: str | None) -> LeftOut:
    """Fit it, or take it up where it was, and give each picture the one that has not seen it."""
    agent = sp.create_agent(cue, **({} if backbone is None else {"backbone": backbone}))
    recipe = SearcherFitRecipe(members=1, mirror=False, patience=SearcherFitRecipe().epochs)
    fit = SearcherFit(people, data.stimuli, agent, out=tables / f"{cue}.safetensors", recipe=recipe)
    result = fit.run()
    write_text(tables / f"{cue}_left_out.csv", result.scores.to_csv(index=False, lineterminator="\n"))
    rule = InBox(margin_px=MARGIN_PX)
    of_fold = [sp.create_agent("searcher", weights=path, found_rule=rule) for path in result.folds]
    agents = {row.picture: of_fold[row.fold] for row in result.scores.itertuples()}
    return LeftOut(agents, f"searcher, {cue}", rule)


def predict(
    data: Dataset, people: pd.DataFrame, tables: Path, n_people: int, only: str, fitted: Callable[[], LeftOut]
) -> None:
    """Put agents on the paths of a few people, the same for all."""
    chosen = people[["stimulus", "subject"]].drop_duplicates()
    chosen = chosen.groupby("stimulus").sample(n_people, random_state=np.random.default_rng(0))
    few = people.merge(chosen, on=["stimulus", "subject"])

    def calibrated(name: str) -> Density:
        agent = sp.create_agent(name, backbone="steerable")
        return cross_calibrate(agent, data.stimuli, people, fixations_per_picture=FIXATIONS_PER_PICTURE)

    known: dict[str, Callable[[], Density]] = {
        "searcher": fitted,
        "viewer": lambda: sp.create_agent("viewer"),
        "ivsn": lambda: calibrated("ivsn"),
        "eccnet": lambda: calibrated("eccnet"),
    }
    for name in fnmatch.filter(known, only):
        path = tables / f"{name}_bits.csv"
        if not path.exists():
            scores = predict_fixations(known[name](), data.stimuli, few)
            write_text(path, summarize_predictions(scores).to_csv(index=False, lineterminator="\n"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, help="folder of the data set")
    parser.add_argument("--tables", type=Path, required=True, help="folder for weights and tables")
    parser.add_argument("--cue", default="eccnet", help="agent that draws the target's map")
    parser.add_argument("--backbone", default="steerable", help="what it sees with; 'none' for an agent that has none")
    parser.add_argument("--people", type=int, default=2, help="people a picture whose fixations are predicted")
    parser.add_argument("--only", default="*", help="pattern of the names to predict with")
    options = parser.parse_args()
    options.tables.mkdir(parents=True, exist_ok=True)
    data = sp.load_dataset("interiors", root=options.root, px_per_deg=PX_PER_DEG)
    people = data.fixations[~data.fixations["after_target"]]
    backbone = None if options.backbone == "none" else options.backbone
    left_out = searcher(data, people, options.tables, options.cue, backbone)
    if not (options.tables / "performance.csv").exists():
        viewer = sp.create_agent("viewer", found_rule=left_out.found_rule)
        run_interiors([left_out, viewer], root=options.root, px_per_deg=PX_PER_DEG, out=options.tables)
    predict(data, people, options.tables, options.people, options.only, lambda: left_out)


if __name__ == "__main__":
    main()
