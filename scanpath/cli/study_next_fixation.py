"""`scanpath study next-fixation`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from scanpath.cli.options import Jobs, RunSeed, split_names


def next_fixation(
    root: Annotated[Path | None, typer.Option(help="Folder of the data sets osie and interiors.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder with squeezenet1_1* and mobilenet_v2* weights.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and figures; a stopped study goes on there.")] = Path(
        "next-fixation-study"
    ),
    data: Annotated[str, typer.Option(help="Data sets, separated by commas.")] = "osie,interiors",
    agents: Annotated[
        str | None, typer.Option(help="Only these, separated by commas: names, or files of calibrations.")
    ] = None,
    pictures: Annotated[int | None, typer.Option(help="Only the first so many pictures of each set.")] = None,
    people: Annotated[
        int | None, typer.Option(help="Predict only so many people on each picture, drawn by chance.")
    ] = None,
    seed: RunSeed = 0,
    jobs: Jobs = 1,
) -> None:
    """Score every agent, as a density, on where people look next given their own fixations; in bits a fixation."""
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.plotting import plot_next_fixation, save_figure
    from scanpath.studies.next_fixation import n_steps, score_tasks, study_tasks

    named = None if agents is None else split_names(agents)
    tasks_of = partial(
        study_tasks, root=root, weights=weights, agents=named, n_pictures=pictures, n_people=people, seed=seed
    )
    tasks = [task for name in split_names(data) for task in tasks_of(name)]
    with progress_bar("predicting", n_steps(tasks)) as advance:
        result = score_tasks(tasks, jobs=jobs, out=out, progress=advance)
    for name, scores in result.scores.groupby("data", sort=False):
        headings = (str(name), "bits beyond center", "interval", "AUC", "NSS", "bits beyond uniform")
        print_table(headings, result.summary(str(name)).reset_index().itertuples(index=False))
        by_number = result.by_number[result.by_number["data"] == name]
        save_figure(plot_next_fixation(scores, by_number), out / f"next_fixation_{name}.png")
    typer.echo(f"Tables and figures: {out}")


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath study`."""
    group.command("next-fixation")(next_fixation)
