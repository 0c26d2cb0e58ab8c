"""`scanpath study next-fixation`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanpath.cli.options import Jobs, RunSeed, split_names

if TYPE_CHECKING:
    from scanpath.studies.next_fixation import Task


def next_fixation(
    root: Annotated[
        Path | None, typer.Option(help="Folder of the data sets osie and interiors, or of the pictures of a table.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder with squeezenet1_1* and mobilenet_v2* weights.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and figures; a stopped study goes on there.")] = Path(
        "next-fixation-study"
    ),
    data: Annotated[
        str,
        typer.Option(help="Data sets, separated by commas; or a table of people's fixations (.csv, .parquet)."),
    ] = "osie,interiors",
    px_per_deg: Annotated[
        float | None, typer.Option(help="Of a table's pictures: pixels per degree of visual angle.")
    ] = None,
    agents: Annotated[
        str | None,
        typer.Option(
            help="Only these, separated by commas: names, module:name of one's own, or files of calibrations."
        ),
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
    from scanpath.studies.next_fixation import n_steps, score_tasks

    named = None if agents is None else split_names(agents)
    settings = {"weights": weights, "agents": named, "n_pictures": pictures, "n_people": people, "seed": seed}
    tasks = [task for name in split_names(data) for task in _tasks(name, root, px_per_deg, settings)]
    with progress_bar("predicting", n_steps(tasks), goes_on=True) as advance:
        result = score_tasks(tasks, jobs=jobs, out=out, progress=advance)
    for name, scores in result.scores.groupby("data", sort=False):
        headings = (str(name), "bits beyond center", "interval", "AUC", "NSS", "bits beyond uniform")
        print_table(headings, result.summary(str(name)).reset_index().itertuples(index=False))
        by_number = result.by_number[result.by_number["data"] == name]
        save_figure(plot_next_fixation(scores, by_number), out / f"next_fixation_{name}.png")
    typer.echo(f"Tables and figures: {out}")


def _tasks(data: str, root: Path | None, px_per_deg: float | None, settings: dict[str, Any]) -> list["Task"]:
    """Return what is to be scored on a data set, or on the people of a table and the pictures that it names."""
    from scanpath._core.errors import InputError
    from scanpath.cli.fit_pictures import people_and_pictures
    from scanpath.gaze.table import is_table_file
    from scanpath.studies.next_fixation import people_tasks, study_tasks

    if not is_table_file(data):
        if px_per_deg is not None:
            raise InputError(f"--px-per-deg is for a table of one's own, and {data} has its scale; leave it out.")
        return study_tasks(data, root=root, **settings)
    if root is None or px_per_deg is None:
        raise InputError(f"--data {data} is a table; give --root FOLDER with its pictures, and --px-per-deg.")
    people, stimuli = people_and_pictures(Path(data), root, px_per_deg)
    return people_tasks(Path(data).stem, stimuli, people, **settings)


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath study`."""
    group.command("next-fixation", short_help="Where people look next, in bits a fixation.")(next_fixation)
