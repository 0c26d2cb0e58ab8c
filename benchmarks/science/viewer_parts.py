"""What each part of the viewer gives: fits without it, or to fewer pictures, scored on 60 that were not learned from.

    python benchmarks/science/viewer_parts.py --root FOLDER --weights FOLDER --tables FOLDER [--only "whole/no mirror"]

FOLDER of --root holds the 600 pictures of OSIE that the viewer learned from: fixations.parquet, with the columns of the
data set's own file, and images/. A tenth of them, the same for all parts, is left out. A fit that was stopped goes on,
and one that is done is not made again; every pass is in parts.csv.
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch

import scanpath as sp
from scanpath._core.files import write_text
from scanpath._core.random import numpy_generator
from scanpath.evaluation import bootstrap_mean, predict_fixations, summarize_predictions
from scanpath.guidance.fixation_readout import ReadoutRecipe
from scanpath.training.feature_cache import FeatureCache
from scanpath.training.viewer import ViewerFit, ViewerFitRecipe

#: As the card of OSIE has it.
PX_PER_DEG = 24.0
#: Of ten parts of the pictures the first is left out.
FOLDS = 10
COLUMNS = {"image": "stimulus", "index": "fixation", "x": "x_px", "y": "y_px"}


@dataclass(frozen=True)
class Part:
    """One row: what is changed of the whole."""

    network: str = "squeezenet1_1"
    mirror: bool = True
    readout: dict[str, Any] = field(default_factory=dict)
    n_pictures: int | None = None
    epochs: int = 5


PARTS = {
    "whole": Part(),
    "no mirror": Part(mirror=False),
    "mobilenet_v2": Part("mobilenet_v2"),
    "mobilenet_v2, no mirror": Part("mobilenet_v2", mirror=False),
    "steerable, no mirror": Part("steerable", mirror=False),
    "no history": Part(readout={"history": False}),
    "no blur": Part(readout={"blur": False}),
    "no center bias": Part(readout={"center_bias": False}),
    "300 pictures": Part(n_pictures=300, epochs=6),
    "150 pictures": Part(n_pictures=150, epochs=8),
    "75 pictures": Part(n_pictures=75, epochs=12),
}


def people_and_pictures(root: Path) -> tuple[pd.DataFrame, list[sp.Stimulus]]:
    """Read the data set's own table, and the pictures that it names."""
    raw = pd.read_parquet(root / "fixations.parquet").rename(columns=COLUMNS)
    people = raw[[*COLUMNS.values(), "subject", "duration_ms"]].assign(dataset="osie")
    names = sorted(people["stimulus"].unique())
    return people, [sp.Stimulus(root / "images" / name, name=name, px_per_deg=PX_PER_DEG) for name in names]


def network_weights(folder: Path, network: str) -> str | None:
    """Find a network's file; the steerable filters have none."""
    return None if network == "steerable" else str(next(iter(sorted(folder.glob(f"{network}*.safetensors")))))


def passes_of(
    part: Part, name: str, people: pd.DataFrame, stimuli: list[sp.Stimulus], options: argparse.Namespace
) -> pd.DataFrame:
    """Fit without a part; one row a pass and picture that was left out."""
    epochs = options.passes or part.epochs
    recipe = ViewerFitRecipe(
        part.network,
        epochs=epochs,
        patience=epochs,
        folds=FOLDS,
        n_samples=48,
        mirror=part.mirror,
        readout=ReadoutRecipe(**part.readout),
    )
    out = options.tables / f"{name.replace(' ', '-')}-{epochs}.safetensors"
    weights = network_weights(options.weights, part.network)
    fit = ViewerFit(people, stimuli, out=out, recipe=recipe, weights=weights)
    # networks whose fits never mirror a picture are not shown mirror images
    mirrored = any(one.mirror for one in PARTS.values() if one.network == part.network)
    folder = options.tables / f"features-{part.network}"
    features = FeatureCache(folder, stimuli, fit.network, fit.cells, mirrored=mirrored)
    features.fill()
    held, rest = split([one.name for one in stimuli])
    training = fit._training(features, "fold0", rest[: part.n_pictures], held)
    training.run(epochs, lambda done: None)
    rows = [
        {"part": name, "passes": epochs, "after": number, "picture": picture, "bits": bits}
        for number, scores in enumerate(training.curve, 1)
        for picture, bits in scores.items()
    ]
    return pd.DataFrame(rows)


def split(pictures: list[str]) -> tuple[list[str], list[str]]:
    """Return the names that are left out, and the others, as a fit of ten folds has them in its first."""
    names = sorted(pictures)
    held = [names[index] for index in numpy_generator(0, "folds").permutation(len(names))[::FOLDS]]
    return held, [name for name in names if name not in set(held)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="folder of the 600 pictures and their table")
    parser.add_argument("--weights", type=Path, required=True, help="folder of the networks' weights")
    parser.add_argument("--tables", type=Path, required=True, help="folder for features, fits and the table")
    parser.add_argument("--only", default=None, help=f"which of {', '.join(PARTS)}; separated by '/'")
    parser.add_argument("--passes", type=int, default=None, help="passes over the pictures, instead of the table's")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.tables.mkdir(parents=True, exist_ok=True)
    people, stimuli = people_and_pictures(options.root)
    held, _ = split([one.name for one in stimuli])
    for name in PARTS if options.only is None else options.only.split("/"):
        epochs = options.passes or PARTS[name].epochs
        path = options.tables / f"{name.replace(' ', '-')}-{epochs}.csv"
        if not path.exists():
            passes = passes_of(PARTS[name], name, people, stimuli, options)
            write_text(path, passes.to_csv(index=False, lineterminator="\n"))
        table = pd.read_csv(path)
        each = table.groupby("after")["bits"].mean()
        mean, low, high = bootstrap_mean(table.loc[table["after"] == each.idxmax(), "bits"].to_numpy())
        curve = ", ".join(f"{bits:.2f}" for bits in each)
        print(
            f"{name}: {mean:.2f} [{low:.2f}, {high:.2f}] after pass {each.idxmax()} of {epochs} ({curve})", flush=True
        )
    seen = people[people["stimulus"].isin(held)]
    gold = predict_fixations(None, [one for one in stimuli if one.name in held], seen, marks=("gold standard",))
    value = summarize_predictions(gold).set_index("metric").loc["information_gain", "value"]
    print(f"gold standard of the {len(held)} pictures: {value:.2f}")


if __name__ == "__main__":
    main()
