"""`scanpath fit oat`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.fit_viewer import origin_pairs

if TYPE_CHECKING:
    from scanpath.gaze.stimulus import Stimulus
    from scanpath.training.oat import OatFitResult


def oat(
    people: Annotated[Path, typer.Option(help="Table of people's fixations, with subjects.")],
    pictures: Annotated[
        Path, typer.Option(help="Folder of the pictures, under the names in the table.", exists=True, file_okay=False)
    ],
    objects: Annotated[
        Path,
        typer.Option(help="CSV file of boxes: stimulus, x, y, width, height in px, target (true or false)."),
    ],
    out: Annotated[Path, typer.Option(help="File for the model (.safetensors).")],
    targets: Annotated[
        Path | None,
        typer.Option(help="Folder of pictures of the targets; default as they are in the pictures.", file_okay=False),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Most passes over the scanpaths.")] = 40,
    patience: Annotated[int, typer.Option(help="Passes without progress on left-out layouts that end the fit.")] = 6,
    left_out: Annotated[float, typer.Option(help="Share of layouts and of target objects left out for scores.")] = 0.1,
    time_limit: Annotated[
        int | None, typer.Option(help="Fixations at which scanpaths were cut; default people ended them.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Model to go on from, where scanpaths are few: a file, or demo.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Names all random numbers.")] = 0,
    origin: Annotated[
        list[str] | None, typer.Option(help="For the card, as in recordings='Lab X, 2026, CC BY'; may be repeated.")
    ] = None,
) -> None:
    """Fit OAT to people: which object they look at next, and when they end their search.

    A fit that was stopped goes on when it is called again.
    """
    from scanpath.cli.progress import progress_bar
    from scanpath.gaze.table import read_table
    from scanpath.guidance.oat_model import load_oat
    from scanpath.training.oat import OatFit, OatFitRecipe

    first = None if start is None else load_oat(start)
    table = read_table(people)
    recipe = OatFitRecipe(epochs=epochs, patience=patience, left_out=left_out, time_limit=time_limit, seed=seed)
    stimuli = _stimuli(pictures, set(table["stimulus"]), objects, targets)
    fit = OatFit(table, stimuli, out=out, recipe=recipe, origin=origin_pairs(origin or []), start=first)
    with progress_bar("fitting", fit.n_steps) as advance:
        result = fit.run(advance)
    _report(result)


def _stimuli(folder: Path, named: set[str], objects: Path, targets: Path | None) -> "list[Stimulus]":
    from scanpath.gaze.object_files import read_objects
    from scanpath.gaze.pictures import find_pictures
    from scanpath.gaze.stimulus import Stimulus

    boxes = read_objects(objects)
    shown = {} if targets is None else {path.stem: path for path in find_pictures(targets)}
    return [
        Stimulus(
            path,
            name=path.name if path.name in named else path.stem,
            target=shown.get(path.stem),
            **boxes.of(path)._asdict(),
        )
        for path in find_pictures(folder)
        if {path.name, path.stem} & named
    ]


def _report(result: "OatFitResult") -> None:
    from scanpath.cli.progress import say

    card = result.card
    for name, nll in card["nll"].items():
        typer.echo(f"{name}: {nll:.3f} nats a choice, {card['nll_uniform'][name]:.3f} if all were equally probable")
    if not card["nll"]:
        typer.echo("Nothing was left out, so how well it predicts others is not known; see --left-out.")
    say(f"wrote {result.weights}; look with it: scanpath simulate --agent oat --weights {result.weights} ...")


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("oat")(oat)
