"""`scanpath fit channels`."""

from pathlib import Path
from typing import Annotated

import typer

from scanpath.cli.options import split_names


def channels(
    channels: Annotated[
        str, typer.Option(help="Separated by commas: center, history, and names of agents that draw maps.")
    ],
    people: Annotated[Path, typer.Option(help="Table of people's fixations, with subjects.")],
    pictures: Annotated[
        Path, typer.Option(help="Folder of the pictures, under the names in the table.", exists=True, file_okay=False)
    ],
    px_per_deg: Annotated[float, typer.Option(help="Pixels of the pictures per degree of visual angle.")],
    out: Annotated[Path, typer.Option(help="Folder for the tables and the figure.")] = Path("channels-fit"),
    targets: Annotated[
        Path | None, typer.Option(help="Folder of pictures of what is looked for, under the pictures' names.")
    ] = None,
    backbone: Annotated[str | None, typer.Option(help="Features that agents see with, such as steerable.")] = None,
    weights: Annotated[Path | None, typer.Option(help="File with the backbone's weights.")] = None,
    folds: Annotated[int, typer.Option(help="Parts of the pictures that are left out in turn.")] = 5,
    fixations: Annotated[int, typer.Option(help="Most fixations of a picture that are used.")] = 40,
    seed: Annotated[int, typer.Option(help="Of the parts, and of the fixations that are drawn.")] = 0,
) -> None:
    """Find out which factors lead your people's gaze, and by how many bits each."""
    from scanpath.cli.fit_pictures import drawing_agent, people_and_pictures
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.evaluation.inputs import Counted
    from scanpath.plotting import plot_channels, save_figure
    from scanpath.training.channels import channel_agent, fit_channels

    table, stimuli = people_and_pictures(people, pictures, px_per_deg, targets)
    chosen = [
        channel_agent(name, lambda agent: drawing_agent(agent, backbone, weights)) for name in split_names(channels)
    ]
    with progress_bar("drawing maps", len(stimuli)) as advance:
        fit = fit_channels(
            chosen,
            stimuli,
            table,
            folds=folds,
            seed=seed,
            fixations_per_picture=fixations,
            progress=Counted(advance),
        )
    fit.save(out)
    save_figure(plot_channels(fit.bits), out / "channels.png")
    headings = ("channel", "bits alone", "from", "to", "bits lost without it", "from", "to")
    print_table(headings, fit.bits.itertuples(index=False))
    print_table(("channel", "term", "unit", "weight", "from", "to"), fit.weights.itertuples(index=False))
    value, low, high = fit.total_bits
    typer.echo(f"All together: {value:.3f} [{low:.3f}, {high:.3f}] bits a fixation. Tables and figure: {out}")


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("channels")(channels)
