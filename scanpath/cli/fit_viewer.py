"""`scanpath fit viewer`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from scanpath.cli.options import FitSeed, Origin, Pictures, PxPerDeg, origin_pairs


def viewer(
    people: Annotated[Path, typer.Option(help="Table of people's fixations, with subjects.")],
    pictures: Pictures,
    px_per_deg: PxPerDeg,
    out: Annotated[Path, typer.Option(help="File for the viewer (.safetensors).")],
    backbone: Annotated[
        str, typer.Option(help="Network that sees: of torchvision, timm:NAME, open_clip:NAME, or steerable.")
    ] = "squeezenet1_1",
    weights: Annotated[
        Path | None, typer.Option(help="File with the network's weights; default as $SCANPATH_WEIGHTS has them.")
    ] = None,
    folds: Annotated[int, typer.Option(help="Parts of the pictures that are left out in turn; 0 for none.")] = 5,
    epochs: Annotated[int, typer.Option(help="Most passes over the pictures.")] = 8,
    patience: Annotated[int, typer.Option(help="Passes without progress on left-out pictures that end a fold.")] = 2,
    members: Annotated[int, typer.Option(help="Readouts whose densities are averaged.")] = 1,
    history: Annotated[bool, typer.Option(help="Whether the last fixations are known.")] = True,
    seed: FitSeed = 0,
    origin: Origin = None,
) -> None:
    """Fit the viewer to people: where they look next, given the picture and the last fixations.

    A fit that was stopped goes on when it is called again.
    """
    from scanpath.cli.fit_pictures import people_and_pictures
    from scanpath.cli.progress import progress_bar, say
    from scanpath.guidance.fixation_readout import ReadoutRecipe
    from scanpath.training.viewer import ViewerFit, ViewerFitRecipe

    table, stimuli = people_and_pictures(people, pictures, px_per_deg)
    recipe = ViewerFitRecipe(
        backbone,
        epochs=epochs,
        patience=patience,
        folds=folds,
        members=members,
        seed=seed,
        readout=ReadoutRecipe(history=history),
    )
    fit = ViewerFit(table, stimuli, out=out, recipe=recipe, weights=weights, origin=origin_pairs(origin or []))
    with progress_bar("fitting", fit.n_steps, goes_on=True) as advance:
        result = fit.run(advance)
    report_fit(result.card)
    say(f"wrote {result.weights}; look with it: scanpath simulate --agent viewer --weights {result.weights} ...")


def report_fit(card: Mapping[str, Any]) -> None:
    """Say how well a fit does on pictures that were left out."""
    if card["left_out_bits"] is None:
        typer.echo("No pictures were left out, so how well it predicts others is not known; see --folds.")
    else:
        low, high = card["left_out_interval"]
        typer.echo(
            f"{card['left_out_bits']:.3f} [{low:.3f}, {high:.3f}] bits a fixation beyond the center bias, on pictures "
            f"that were left out ({card['people']} people, {card['pictures']} pictures, {card['fixations']} fixations)."
        )


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("viewer", short_help="Where people look next.")(viewer)
