"""`scanpath fit viewer`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scanpath.gaze.stimulus import Stimulus


def viewer(
    people: Annotated[Path, typer.Option(help="Table of people's fixations, with subjects.")],
    pictures: Annotated[
        Path, typer.Option(help="Folder of the pictures, under the names in the table.", exists=True, file_okay=False)
    ],
    px_per_deg: Annotated[float, typer.Option(help="Pixels of the pictures per degree of visual angle.")],
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
    seed: Annotated[int, typer.Option(help="Names all random numbers.")] = 0,
    origin: Annotated[
        list[str] | None, typer.Option(help="For the card, as in recordings='Lab X, 2026, CC BY'; may be repeated.")
    ] = None,
) -> None:
    """Fit the viewer to people: where they look next, given the picture and the last fixations.

    A fit that was stopped goes on when it is called again.
    """
    from scanpath.cli.progress import progress_bar, say
    from scanpath.gaze.table import read_table
    from scanpath.guidance.fixation_readout import ReadoutRecipe
    from scanpath.training.viewer import ViewerFit, ViewerFitRecipe

    table = read_table(people)
    recipe = ViewerFitRecipe(
        backbone,
        epochs=epochs,
        patience=patience,
        folds=folds,
        members=members,
        seed=seed,
        readout=ReadoutRecipe(history=history),
    )
    named = set(table["stimulus"])
    fit = ViewerFit(
        table,
        _stimuli(pictures, named, px_per_deg),
        out=out,
        recipe=recipe,
        weights=weights,
        origin=origin_pairs(origin or []),
    )
    with progress_bar("fitting", fit.n_steps) as advance:
        result = fit.run(advance)
    report_fit(result.card)
    say(f"wrote {result.weights}; look with it: scanpath simulate --agent viewer --weights {result.weights} ...")


def _stimuli(folder: Path, named: set[str], px_per_deg: float) -> "list[Stimulus]":
    from scanpath.gaze.pictures import find_pictures
    from scanpath.gaze.stimulus import Stimulus

    return [
        Stimulus(path, name=path.name if path.name in named else path.stem, px_per_deg=px_per_deg)
        for path in find_pictures(folder)
        if {path.name, path.stem} & named
    ]


def origin_pairs(texts: list[str]) -> dict[str, str]:
    """Read what --origin says of recordings and pictures."""
    from scanpath._core.errors import InputError

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"--origin takes name=text, got {text!r}.")
        found[name] = value
    return found


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
    group.command("viewer")(viewer)
