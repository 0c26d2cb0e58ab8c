"""`scanpath study asymmetry` and `asymmetry-training`: the search asymmetry study, and networks trained for it."""

from pathlib import Path
from typing import Annotated

import typer

from scanpath.cli.options import Jobs, split_names


def asymmetry(
    backbone: Annotated[str, typer.Option(help="Features the agents see with, such as steerable.")] = "vgg16",
    weights: Annotated[Path | None, typer.Option(help="File with the backbone's weights.")] = None,
    agents: Annotated[
        list[str] | None, typer.Option(help="Names, comma-separated or repeated; default eccNET and its controls.")
    ] = None,
    retrained: Annotated[
        list[str] | None, typer.Option(help="A further eccNET with other weights: LABEL=FILE; may be repeated.")
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="One of the six tasks; may be repeated; default all.")] = None,
    trials: Annotated[
        int | None, typer.Option(help="Displays per condition and set size; default as published, 30 or 36.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of displays and bootstrap.")] = 0,
    jobs: Jobs = 1,
    device: Annotated[str, typer.Option(help="Where networks run, such as cuda.")] = "cpu",
    out: Annotated[Path, typer.Option(help="Folder for tables and the figure; a stopped run goes on there.")] = Path(
        "asymmetry-study"
    ),
) -> None:
    """Search the six asymmetry tasks with eccNET and its controls; reaction times, slopes and indices beside people."""
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.plotting import plot_asymmetry, save_figure
    from scanpath.studies.asymmetry import STUDY_AGENTS, n_searches, run_asymmetry

    names = [name for part in agents or STUDY_AGENTS for name in split_names(part)]
    others = dict(_pair(text) for text in retrained or [])
    tasks = list(dict.fromkeys(task)) if task else None
    total = n_searches(agents=len(set(names)) + len(others), tasks=tasks, n_trials=trials)
    with progress_bar("searching", total) as advance:
        result = run_asymmetry(
            backbone=backbone,
            weights=weights,
            agents=names,
            retrained=others,
            tasks=tasks,
            n_trials=trials,
            seed=seed,
            jobs=jobs,
            device=device,
            out=out,
            progress=advance,
        )
    save_figure(plot_asymmetry(result.reaction_times, result.index), out / "asymmetry.png")
    headings = ("agent", "task", "ms/item hard", "easy", "index", "from", "to", "people hard", "easy", "index")
    columns = ("slope_hard", "slope_easy", "index", "index_low", "index_high")
    human = ("human_slope_hard", "human_slope_easy", "human_index")
    rows = result.index[["agent", "task", *columns, *human]].itertuples(index=False)
    print_table(headings, [["" if cell != cell else cell for cell in row] for row in rows])
    typer.echo(f"Tables and figure: {out}")


def asymmetry_training(
    folder: Annotated[Path, typer.Argument(help="Pictures: one subfolder a class, or such ones in train and val.")],
    regime: Annotated[str, typer.Option(help="plain, rotated, fisheye or lines.")],
    backbone: Annotated[str, typer.Option(help="A torchvision network of scanpath.list_backbones().")] = "vgg16",
    weights: Annotated[Path | None, typer.Option(help="File to start from; default its ImageNet weights.")] = None,
    scratch: Annotated[bool, typer.Option("--scratch", help="Start from random weights, as the study did.")] = False,
    epochs: Annotated[int, typer.Option(help="Passes over the pictures.")] = 60,
    batch_size: Annotated[int, typer.Option(help="Pictures a step.")] = 150,
    learning_rate: Annotated[float, typer.Option(help="Of AdamW.")] = 1e-4,
    weight_decay: Annotated[float, typer.Option(help="Share of the weights taken away at a step.")] = 1e-5,
    seed: Annotated[int, typer.Option(help="Names all random numbers.")] = 0,
    device: Annotated[str, typer.Option(help="Where it trains, such as cuda.")] = "cpu",
    workers: Annotated[int, typer.Option(help="Processes that read pictures.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for weights and history; a stopped training goes on there.")] = Path(
        "asymmetry-training"
    ),
) -> None:
    """Train a network on pictures that are rotated, seen through a fisheye, or overlaid with lines."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import progress_bar, say
    from scanpath.cli.tables import print_table
    from scanpath.training.asymmetry import AsymmetryTraining, TrainingRecipe

    if scratch and weights is not None:
        raise InputError("Give --weights or --scratch, one of the two.")
    recipe = TrainingRecipe(
        regime,
        backbone,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        seed=seed,
    )
    start = {"seed": seed} if scratch else weights or "imagenet"
    training = AsymmetryTraining(folder, recipe, out=out, weights=start, device=device, workers=workers)
    with progress_bar("training", training.n_steps) as advance:
        result = training.run(advance)
    for name, reason in result.skipped.items():
        say(f"skipped {name}: {reason}")
    print_table(tuple(result.history.columns), result.history.tail(5).itertuples(index=False))
    typer.echo(f"Best validation accuracy {result.best_accuracy:.3f}: {result.weights}")


def _pair(text: str) -> tuple[str, Path]:
    from scanpath._core.errors import InputError

    label, equals, file = text.partition("=")
    if not (label and equals and file):
        raise InputError(f"--retrained {text} must have the form LABEL=FILE.")
    return label, Path(file)


def register(group: typer.Typer) -> None:
    """Add the commands to `scanpath study`."""
    group.command("asymmetry", short_help="Six search asymmetries: eccNET and controls.")(asymmetry)
    group.command("asymmetry-training", short_help="Train a network on changed pictures.")(asymmetry_training)
