"""Does eccNET's search asymmetry need VGG16, or eccentricity? The six tasks with three other front ends, each twice.

    python benchmarks/science/asymmetry_features.py --weights FOLDER [--blocks 10] [--trials 3] --out FOLDER

The published agent runs with mobilenet_v2 and squeezenet1_1 (ImageNet weights from FOLDER or $SCANPATH_WEIGHTS) and
with the steerable filters, which are not trained; each with eccentricity-dependent pooling and without it, all else
equal (average pooling in both). All settings are the published ones; nothing is chosen or fitted by the results.

Trials come in blocks: block k draws its displays from seed k, and after each block that all front ends have finished
the report is written anew from the trials so far. A stopped run continues where it was. The paper has 30 or 36 trials
a condition and set size. Writes asymmetry_features.json and asymmetry_features.md.
"""

# threads are pinned before NumPy and its friends look

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import platform
import time
from pathlib import Path

import pandas as pd
import torch

from scanpath._core.files import write_text
from scanpath.recognition.weights import FOLDER_VARIABLE, find_weights
from scanpath.stimuli import ASYMMETRY_TASKS
from scanpath.studies.asymmetry import run_asymmetry
from scanpath.studies.asymmetry_index import asymmetry_table

NETWORKS = ("mobilenet_v2", "squeezenet1_1")
#: From the per-trial results published with the study (github.com/kreimanlab/VisualSearchAsymmetry), VGG16 features:
#: slopes hard and easy in ms an item, and index; without eccentricity the index alone (its pooling is max, too).
PUBLISHED_ECCNET = {
    "curvature": (4.43, 0.00, 1.000),
    "lighting_direction": (8.09, 0.00, 1.000),
    "intersection_cross": (96.97, 32.71, 0.495),
    "intersection_LT": (99.31, 11.68, 0.789),
    "orientation_homo": (0.00, 100.39, -1.000),
    "orientation_hetero": (13.86, 1.62, 0.791),
    "mean": (None, None, 0.513),
}
PUBLISHED_WITHOUT = {
    "curvature": 0.962,
    "lighting_direction": -1.000,
    "intersection_cross": -0.679,
    "intersection_LT": 0.803,
    "orientation_homo": 1.000,
    "orientation_hetero": -1.000,
    "mean": 0.014,
}
TITLES = {True: "with eccentricity", False: "without"}


def run_block(backbone: str, eccentricity: bool, block: int, trials: int, out: Path) -> pd.DataFrame:
    """One front end on one block's displays; trials with a column for the condition of this benchmark."""
    pooling = {} if backbone == "steerable" else {"pooling": "avg"}
    result = run_asymmetry(
        backbone=backbone,
        weights=find_weights(backbone) if backbone in NETWORKS else None,
        agents=["eccnet"],
        settings={"eccentricity": eccentricity, **pooling},
        n_trials=trials,
        seed=block,
        n_bootstrap=0,
        out=out / f"{backbone}-{'eccentric' if eccentricity else 'even'}-{trials}-{block}",
    )
    return result.trials.assign(agent=f"{backbone} {TITLES[eccentricity]}", block=block)


def report(trials: pd.DataFrame, blocks: int, per_block: int, seconds: float) -> tuple[dict, str]:
    """Turn pooled trials into the JSON record and the Markdown page."""
    table = asymmetry_table(trials, n_bootstrap=5000)
    n = blocks * per_block
    command = (
        "python benchmarks/science/asymmetry_features.py --weights FOLDER "
        f"--blocks {blocks} --trials {per_block} --out FOLDER"
    )
    facts = {
        "trials_per_cell": n,
        "blocks": blocks,
        "cpu_seconds_of_this_run": round(seconds),
        "command": command,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "rows": json.loads(table.to_json(orient="records")),
        "not_found": trials.groupby("agent")["n_saccades"].apply(lambda counts: int(counts.isna().sum())).to_dict(),
        "mean_saccades": {
            agent: {f"{condition} {size}": round(float(value), 3) for (condition, size), value in part.items()}
            for agent, part in (
                (agent, rows.groupby(["condition", "set_size"], sort=False)["n_saccades"].mean().astype(float))
                for agent, rows in trials.groupby("agent", sort=False)
            )
        },
    }
    return facts, markdown(table, n, blocks, per_block, command)


def markdown(table: pd.DataFrame, n: int, blocks: int, per_block: int, command: str) -> str:
    """Write the page."""
    lines = [
        "# Search asymmetry with other features than VGG16",
        "",
        f"`{command}`",
        "",
        f"Displays: {n} a condition and set size, in blocks of {per_block} with seeds 0 to {blocks - 1}; the paper has",
        "30 or 36. Settings are the published ones throughout; nothing was tuned. Square brackets: 95 % bootstrap",
        "intervals over trials, too narrow where these are few. The index is (hard - easy) / (hard + easy) of slopes",
        "cut at 0: one flat condition makes it 1 or -1, so read it with the slope difference. Above 0 is people's",
        "polarity. *people* and *published eccNET* (VGG16) are from the study's tables; its control without",
        "eccentricity also changes to max pooling, ours does not.",
        "Slopes are in ms an item.",
        "",
        "## Mean index",
        "",
        "| features | with eccentricity | without |",
        "|---|---|---|",
    ]
    means = table[table["task"] == "mean"].set_index("agent")
    for backbone in (*NETWORKS, "steerable"):
        cells = [interval(means.loc[f"{backbone} {title}"], "index", 2) for title in TITLES.values()]
        lines.append(f"| {backbone} | {' | '.join(cells)} |")
    lines.append(f"| *published, VGG16* | {PUBLISHED_ECCNET['mean'][2]} | {PUBLISHED_WITHOUT['mean']} |")
    lines += [f"| *people* | {means['human_index'].iloc[0]:.3f} | |", "", *polarity_lines(table)]
    for task in ASYMMETRY_TASKS:
        lines += task_lines(table[table["task"] == task], task)
    return "\n".join(lines)


def polarity_lines(table: pd.DataFrame) -> list[str]:
    """Count in how many tasks each front end has people's polarity, and how much of that eccentricity changes."""
    lines = [
        "## Features or eccentricity?",
        "",
        "Tasks of six whose interval of hard - easy lies above 0 (people's polarity) or below 0 (the opposite); then",
        "tasks in which the intervals with and without eccentricity do not overlap.",
        "",
        "| features | people's: with | without | opposite: with | without | changed by eccentricity |",
        "|---|---|---|---|---|---|",
    ]
    tasks = table[table["task"] != "mean"]
    for backbone in (*NETWORKS, "steerable"):
        on, off = (tasks[tasks["agent"] == f"{backbone} {title}"].set_index("task") for title in TITLES.values())
        low, high = "slope_difference_low", "slope_difference_high"
        counts = [int((part[low] > 0).sum()) for part in (on, off)] + [
            int((part[high] < 0).sum()) for part in (on, off)
        ]
        apart = [task for task in on.index if on[low][task] > off[high][task] or off[low][task] > on[high][task]]
        lines.append(f"| {backbone} | {' | '.join(map(str, counts))} | {', '.join(apart) or 'none'} |")
    return [*lines, ""]


def task_lines(rows: pd.DataFrame, task: str) -> list[str]:
    """One task's table: slopes in ms an item, their difference, index."""
    first = rows.iloc[0]
    slopes = PUBLISHED_ECCNET[task]
    lines = [
        f"## {task} (hard {first['hard']}, easy {first['easy']})",
        "",
        "| features | slope hard | slope easy | hard - easy | index |",
        "|---|---|---|---|---|",
    ]
    for _, row in rows.iterrows():
        cells = [interval(row, name, 1) for name in ("slope_hard", "slope_easy", "slope_difference")]
        lines.append(f"| {row['agent']} | {' | '.join(cells)} | {interval(row, 'index', 2)} |")
    lines += [
        f"| *published eccNET* | {slopes[0]:.1f} | {slopes[1]:.1f} | {slopes[0] - slopes[1]:.1f} | {slopes[2]:.2f} |",
        f"| *published, without* | | | | {PUBLISHED_WITHOUT[task]:.2f} |",
    ]
    human = [first[f"human_slope_{role}"] for role in ("hard", "easy")]
    lines += [
        f"| *people* | {human[0]:.1f} | {human[1]:.1f} | {human[0] - human[1]:.1f} | {first['human_index']:.2f} |"
    ]
    return [*lines, ""]


def interval(row: pd.Series, name: str, digits: int) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{row[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, help=f"folder with the networks' weights; default ${FOLDER_VARIABLE}")
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--trials", type=int, default=3, help="per condition, set size and block")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.weights is not None:
        os.environ[FOLDER_VARIABLE] = str(options.weights)
    missing = [name for name in NETWORKS if find_weights(name) is None]
    if missing:
        parser.error(f"no weights of {', '.join(missing)} in --weights or ${FOLDER_VARIABLE}")
    parts, started = [], time.process_time()
    for block in range(options.blocks):
        for backbone in (*NETWORKS, "steerable"):
            for eccentricity in TITLES:
                parts.append(run_block(backbone, eccentricity, block, options.trials, options.out / "runs"))
                spent = time.process_time() - started
                print(f"block {block}: {backbone} {TITLES[eccentricity]}, {spent:.0f} CPU s so far", flush=True)
        facts, page = report(pd.concat(parts), block + 1, options.trials, time.process_time() - started)
        write_text(options.out / "asymmetry_features.json", json.dumps(facts, indent=1))
        write_text(options.out / "asymmetry_features.md", page)


if __name__ == "__main__":
    main()
