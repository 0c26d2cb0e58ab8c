"""Does the eye find what it is told to? NevaClip with the small CLIP, on drawn scenes with known answers.

``scanpath study caption-search --train DIR`` prints the table for models of three training seeds: the package's own,
and two that are trained first, which takes minutes each. Without ``--train`` it uses the package's own alone.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath.agents.catalog import create_agent
from scanpath.agents.target_found import InBox, Never
from scanpath.evaluation.bootstrap import bootstrap_weights
from scanpath.gaze.stimulus import Stimulus
from scanpath.simulation import simulate
from scanpath.stimuli.captioned_scenes import captioned_scenes

N_FIXATIONS = 3
#: Row of the table -> which of a scene's captions leads the eye.
CONDITIONS = {
    "its own caption": "caption",
    "an absent object's caption": "absent_caption",
    "an absent object's, nothing shared": "foreign_caption",
    "another present object's caption": "other_caption",
    "its twin's caption (other place)": "twin_caption",
}
#: Names the scenes of the study; no model is trained or tuned on them.
SCENE_SEED = 1_000_003
N_DRAWS = 4000
TRUE, ABSENT, CHANCE, RANDOM = "its own caption", "an absent object's caption", "chance by area", "random fixations"


@dataclass(frozen=True)
class CaptionSearch:
    """What the study found.

    Attributes
    ----------
    hits
        One row a scene, model and condition: whether the target was reached by the first fixation and within three.
    table
        One row a condition: shares with 95 % intervals, and the least and largest share of a model.
    ratios
        The true caption's share over the absent object's and over chance, with 95 % intervals.
    """

    hits: pd.DataFrame = field(repr=False)
    table: pd.DataFrame
    ratios: pd.DataFrame


def run_caption_search(
    models: Sequence[str | os.PathLike[str] | None] = (None,),
    *,
    n_scenes: int = 200,
    seed: int = SCENE_SEED,
    jobs: int = 1,
    progress: Callable[[int], None] | None = None,
) -> CaptionSearch:
    """Let NevaClip search every scene under every caption, with each model.

    A target is reached when a fixation falls into its box. Intervals are percentile bootstrap intervals over models and
    scenes at once: both are drawn with replacement, independently, so that they speak of other training seeds and
    other scenes; with one model, of other scenes alone. Chance by area is 1 - (1 - a)^3 with a the box's share of the
    picture.

    Parameters
    ----------
    models
        Files of the training program; None is the package's own.
    n_scenes, seed
        The scenes; the seed must differ from the models' training seeds.
    jobs
        Worker processes.
    progress
        Called with the number of scanpaths that were finished since the last call.
    """
    scenes = captioned_scenes(check_count("n_scenes", n_scenes), seed)
    parts = [_floor(scenes, seed)]
    for number, model in enumerate(models):
        for row, condition in CONDITIONS.items():
            shown = [scene for scene in scenes if condition == "caption" or scene.info[condition]]
            if not shown:
                continue
            agent = create_agent("nevaclip", pretrained=model, condition=condition)
            fixations = simulate(agent, shown, N_FIXATIONS, seed, jobs, progress=progress)
            parts.append(_hits(fixations, row, f"model {number}"))
    hits = pd.concat(parts, ignore_index=True)
    hits = pd.concat([hits, _kinds(hits, scenes)], ignore_index=True)
    names = [row for row in _ROWS if (hits["condition"] == row).any()]
    table = pd.DataFrame([_summary(hits, row) for row in names])
    ratios = pd.DataFrame([_ratio(hits, floor) for floor in (ABSENT, CHANCE)])
    return CaptionSearch(hits, table, ratios)


_ROWS = (
    TRUE,
    "  scenes without a twin",
    "  scenes with a twin",
    "  combinations held out of training",
    *list(CONDITIONS)[1:],
    RANDOM,
    CHANCE,
)


def _hits(fixations: pd.DataFrame, condition: str, model: str) -> pd.DataFrame:
    on_target = fixations.groupby("stimulus")["on_target"]
    found = pd.DataFrame({"first": on_target.first(), "within": on_target.any()}).astype(float).reset_index()
    return found.assign(condition=condition, model=model)


def _floor(scenes: Sequence[Stimulus], seed: int) -> pd.DataFrame:
    walk = simulate(create_agent("random", found_rule=Never()), scenes, N_FIXATIONS + 1, seed, batch_size=64)
    # the random agent starts at the center; its draws count from the second fixation on, whether the center hits or not
    walk = walk[walk["fixation"] > 0]
    target = {scene.name: scene for scene in scenes}
    places = zip(walk["stimulus"], walk["x_px"], walk["y_px"])
    hit = [bool(InBox().found(target[name], (x, y), 1)) for name, x, y in places]
    drawn = _hits(walk.assign(on_target=hit), RANDOM, "random")
    area = np.array([_target_share(scene) for scene in scenes])
    chance = pd.DataFrame({"stimulus": list(target), "first": area, "within": 1 - (1 - area) ** N_FIXATIONS})
    return pd.concat([drawn, chance.assign(condition=CHANCE, model="area")], ignore_index=True)


def _target_share(scene: Stimulus) -> float:
    """Share of the picture's area that the target's box covers."""
    if scene.target_box is None:
        raise InputError(f"Scene {scene.name!r} has no target_box; chance is its share of the picture.")
    *_, width, height = scene.target_box
    return width * height / (scene.size[0] * scene.size[1])


def _kinds(hits: pd.DataFrame, scenes: Sequence[Stimulus]) -> pd.DataFrame:
    """Repeat the true caption's rows for the kinds of scenes that are reported by themselves."""
    true = hits[hits["condition"] == TRUE]
    twin = true["stimulus"].map({scene.name: scene.info["twin_caption"] is not None for scene in scenes})
    held_out = true["stimulus"].map({scene.name: scene.info["held_out"] for scene in scenes})
    return pd.concat(
        [
            true[~twin].assign(condition="  scenes without a twin"),
            true[twin].assign(condition="  scenes with a twin"),
            true[held_out].assign(condition="  combinations held out of training"),
        ]
    )


def _shares(hits: pd.DataFrame, condition: str, part: str) -> pd.DataFrame:
    """Return whether the target was reached, one row a model and one column a scene."""
    return hits[hits["condition"] == condition].pivot_table(index="model", columns="stimulus", values=part)


def _resampled(shares: np.ndarray) -> np.ndarray:
    """Return the mean of (models, scenes) in each bootstrap sample; equally many scenes get the same draws."""
    scenes = bootstrap_weights(shares.shape[1], N_DRAWS, 0, "scenes") / shares.shape[1]
    models = bootstrap_weights(shares.shape[0], N_DRAWS, 0, "models") / shares.shape[0]
    return np.einsum("dm,ms,ds->d", models, shares, scenes, optimize=True)


def _summary(hits: pd.DataFrame, condition: str) -> dict[str, object]:
    shares = {part: _shares(hits, condition, part) for part in ("within", "first")}
    per_model = shares["within"].mean(axis=1)
    row: dict[str, object] = {"condition": condition, "n_scenes": shares["within"].shape[1]}
    for part, table in shares.items():
        low, high = np.quantile(_resampled(table.to_numpy()), [0.025, 0.975])
        row |= {part: table.to_numpy().mean(), f"{part}_low": low, f"{part}_high": high}
    return row | {"least_model": per_model.min(), "largest_model": per_model.max(), "n_models": len(per_model)}


def _ratio(hits: pd.DataFrame, floor: str) -> dict[str, object]:
    top, bottom = (_shares(hits, condition, "within").to_numpy() for condition in (TRUE, floor))
    low, high = np.quantile(_resampled(top) / np.maximum(_resampled(bottom), 1e-9), [0.025, 0.975])
    return {"ratio": f"own caption / {floor}", "value": top.mean() / max(bottom.mean(), 1e-9), "low": low, "high": high}


def format_caption_search(result: CaptionSearch) -> str:
    """Write the table and the ratios as Markdown."""
    lines = [
        "| the eye is led by | reached within 3 fixations | by the first | models, least to most | scenes |",
        "|---|---|---|---|---|",
    ]
    for row in result.table.to_dict("records"):
        within, first = (
            f"{row[part]:.3f} [{row[f'{part}_low']:.3f}, {row[f'{part}_high']:.3f}]" for part in ("within", "first")
        )
        spread = f"{row['least_model']:.3f} to {row['largest_model']:.3f}" if row["n_models"] > 1 else ""
        name = row["condition"].replace("  ", "&nbsp;&nbsp;")
        lines.append(f"| {name} | {within} | {first} | {spread} | {row['n_scenes']} |")
    lines += [
        "",
        *(f"{row.ratio}: {row.value:.1f} [{row.low:.1f}, {row.high:.1f}]" for row in result.ratios.itertuples()),
    ]
    return "\n".join(lines)


def train_models(folder: str | os.PathLike[str], seeds: Sequence[int]) -> list[Path]:
    """Train the models that a folder lacks; each is resumed where it was stopped.

    The package's own model is that of the training program's default seed, and is not trained again.
    """
    from scanpath.recognition.toy_clip import shipped_weights
    from scanpath.training.toy_clip import ToyClipRecipe
    from scanpath.training.toy_clip import main as train

    files = []
    for seed in seeds:
        file = Path(folder) / f"toy_clip-seed{seed}.safetensors"
        if not file.exists() and seed == ToyClipRecipe.seed:
            file = shipped_weights()
        elif not file.exists():
            train(["--out", str(file), "--seed", str(seed)])
        files.append(file)
    return files


def main(arguments: list[str] | None = None) -> None:
    """Print the table; with ``--train DIR`` for three models trained there."""
    from rich.console import Console
    from rich.progress import Progress

    parser = argparse.ArgumentParser(description="Caption-guided search on drawn scenes, as a table.")
    parser.add_argument("--train", type=Path, help="folder of trained models; missing ones are trained")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="training seeds, with --train")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--scene-seed", type=int, default=SCENE_SEED, help="other scenes than the usual ones")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    models = [None] if options.train is None else train_models(options.train, options.seeds)
    with Progress(console=Console(stderr=True)) as bar:
        # a scene without a twin has one condition less, so that the bar may end before its end
        task = bar.add_task("searching", total=len(models) * len(CONDITIONS) * options.scenes)
        result = run_caption_search(
            models,
            n_scenes=options.scenes,
            seed=options.scene_seed,
            jobs=options.jobs,
            progress=lambda done: bar.advance(task, done),
        )
        bar.update(task, completed=len(models) * len(CONDITIONS) * options.scenes)
    print(format_caption_search(result))


if __name__ == "__main__":
    main()
