"""`scanpath fit oat`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import FitSeed, Origin, Pictures, origin_pairs

if TYPE_CHECKING:
    from scanpath.training.oat import OatFitResult


def oat(
    people: Annotated[Path, typer.Option(help="Table of people's fixations, with subjects.")],
    pictures: Pictures,
    objects: Annotated[
        Path,
        typer.Option(help="CSV file of boxes: stimulus, x, y, width, height in px, target (true or false)."),
    ],
    out: Annotated[Path, typer.Option(help="File for the model (.safetensors).")],
    targets: Annotated[
        Path | None,
        typer.Option(help="Folder of pictures of the targets; default as they are in the pictures."),
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
    seed: FitSeed = 0,
    origin: Origin = None,
) -> None:
    """Fit OAT to people: which object they look at next, and when they end their search.

    A fit that was stopped goes on when it is called again.
    """
    from scanpath.cli.fit_pictures import people_and_pictures
    from scanpath.cli.progress import progress_bar
    from scanpath.guidance.oat_model import load_oat
    from scanpath.training.oat import OatFit, OatFitRecipe

    first = None if start is None else load_oat(start)
    recipe = OatFitRecipe(epochs=epochs, patience=patience, left_out=left_out, time_limit=time_limit, seed=seed)
    table, stimuli = people_and_pictures(people, pictures, None, targets, objects)
    fit = OatFit(table, stimuli, out=out, recipe=recipe, origin=origin_pairs(origin or []), start=first)
    with progress_bar("fitting", fit.n_steps, goes_on=True) as advance:
        result = fit.run(advance)
    _report(result)


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
    group.command("oat", short_help="OAT: which object people look at next.")(oat)
