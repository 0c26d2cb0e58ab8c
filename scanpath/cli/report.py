"""`scanpath report`: a run as one page for the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import Floors, Metrics, Root, floor_names, split_names

if TYPE_CHECKING:
    from scanpath.report.page import Run
    from scanpath.report.scenes import Pictures


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", short_help="Write a page: scanpaths to play, scores, differences.")(report)


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or a table (.parquet, .csv).")],
    out: Annotated[Path, typer.Option(help="Page to write.")] = Path("report.html"),
    human: Annotated[
        Path | None, typer.Option(help="Table of people's fixations, for scores and beside agents.")
    ] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder of the pictures.")] = None,
    objects: Annotated[
        Path | None, typer.Option(help="CSV file of the boxes of objects on them, for searches over objects.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Take people and pictures from this data set.")] = None,
    root: Root = None,
    metrics: Metrics = "multimatch,scanmatch",
    floors: Floors = "",
    px_per_deg: Annotated[float | None, typer.Option(help="Scale of the pictures, for the foveated view.")] = None,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Scanpath report",
    max_pictures: Annotated[int, typer.Option(help="Most pictures on the page.")] = 12,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and the floors.")] = 0,
) -> None:
    """Write one page with playable scanpaths, densities, scores, differences between agents, plots and provenance.

    It opens without a network.
    """
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import say
    from scanpath.report import write_report

    people: Run | None = human
    shown: Pictures | None = pictures
    if dataset is not None:
        if human is not None or pictures is not None:
            raise InputError("Give --dataset, or --human and --pictures, not both.")
        from scanpath.datasets import load_dataset

        data = load_dataset(dataset, root=root, px_per_deg=px_per_deg)
        people, shown = data.fixations, data.stimuli
    path = write_report(
        run,
        out,
        human=people,
        pictures=shown,
        objects=objects,
        px_per_deg=px_per_deg,
        metrics=split_names(metrics),
        floors=floor_names(floors),
        title=title,
        max_pictures=max_pictures,
        seed=seed,
    )
    say(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")
