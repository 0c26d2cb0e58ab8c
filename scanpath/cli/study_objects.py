"""`scanpath study objects`."""

from pathlib import Path
from typing import Annotated

import typer

from scanpath.cli.options import RunSeed


def objects(
    weights: Annotated[str, typer.Option(help="File of scanpath fit oat; default the demo.")] = "demo",
    shelves: Annotated[int, typer.Option(help="Shelves in each set.")] = 60,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("objects-study"),
    seed: RunSeed = 0,
) -> None:
    """Search drawn shelves, object by object, beside shoppers whose rule is known."""
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.studies.objects import SHELVES, run_objects

    with progress_bar("searching", len(SHELVES) * shelves) as advance:
        result = run_objects(weights=weights, n_shelves=shelves, seed=seed, out=out, progress=advance)
    for name, scores in result.scores.groupby("shelves", sort=False):
        measures = scores["measure"].unique()
        cells = scores.set_index(["agent", "measure"])["mean"].unstack(sort=False)[measures]
        rows = [(agent, *(f"{value:.3f}" for value in row)) for agent, row in zip(cells.index, cells.to_numpy())]
        typer.echo(f"\n{name}")
        print_table(("agent", *measures), rows)
    typer.echo(f"Tables with intervals: {out}")


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath study`."""
    group.command("objects")(objects)
