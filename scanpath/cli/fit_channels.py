"""`scanpath fit channels`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import FitSeed, Pictures, PxPerDeg, Targets, split_names

if TYPE_CHECKING:
    from scanpath.agents.agent import Agent
    from scanpath.agents.calibrated import DrawsMaps


def channels(
    channels: Annotated[
        str, typer.Option(help="Separated by commas: center, history, and names of agents that draw maps.")
    ],
    people: Annotated[Path, typer.Option(help="Table of people's fixations, with subjects.")],
    pictures: Pictures,
    px_per_deg: PxPerDeg,
    out: Annotated[Path, typer.Option(help="Folder for the tables and the figure.")] = Path("channels-fit"),
    targets: Targets = None,
    backbone: Annotated[str | None, typer.Option(help="Features that agents see with, such as steerable.")] = None,
    weights: Annotated[Path | None, typer.Option(help="File with the backbone's weights.")] = None,
    folds: Annotated[int, typer.Option(help="Parts of the pictures that are left out in turn.")] = 5,
    fixations: Annotated[int, typer.Option(help="Most fixations of a picture that are used.")] = 40,
    seed: FitSeed = 0,
) -> None:
    """Find out which factors lead your people's gaze, and by how many bits each."""
    from scanpath.cli.fit_pictures import people_and_pictures
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.evaluation.inputs import Counted
    from scanpath.plotting import plot_channels, save_figure
    from scanpath.training.channels import fit_channels

    table, stimuli = people_and_pictures(people, pictures, px_per_deg, targets)
    chosen = _chosen(split_names(channels), backbone, weights)
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


def _chosen(names: list[str], backbone: str | None, weights: Path | None) -> "list[str | DrawsMaps]":
    """Build the channels; features go to those agents that see with some, so that others can run beside them."""
    from scanpath._core.errors import InputError
    from scanpath.agents.catalog import agent_settings
    from scanpath.cli.fit_pictures import agent_that_sees
    from scanpath.training.channels import channel_agent

    unused = {key: value for key, value in (("backbone", backbone), ("weights", weights)) if value is not None}

    def create(name: str) -> "Agent":
        known = agent_settings(name)
        for key in known:
            unused.pop(key, None)
        return agent_that_sees(name, backbone if "backbone" in known else None, weights if "weights" in known else None)

    chosen = [channel_agent(name, create) for name in names]
    for key, value in unused.items():
        raise InputError(f"--{key} {value} is for agents that have one, and {', '.join(names)} has none.")
    return chosen


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("channels", short_help="Which factors lead gaze, by how many bits.")(channels)
