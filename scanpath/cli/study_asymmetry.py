"""`scanpath study asymmetry`: the search asymmetry study."""

from pathlib import Path
from typing import Annotated

import typer


def asymmetry(
    backbone: Annotated[str, typer.Option(help="Features the agents see with, such as steerable.")] = "vgg16",
    weights: Annotated[Path | None, typer.Option(help="File with the backbone's weights.")] = None,
    agents: Annotated[
        list[str] | None, typer.Option(help="Names, comma-separated or repeated; default eccNET and its controls.")
    ] = None,
    retrained: Annotated[
        list[str] | None, typer.Option(help="A further eccNET with other weights: LABEL=FILE; may be repeated.")
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="One of the six tasks; may be repeated; default all.")] = None,
    trials: Annotated[
        int | None, typer.Option(help="Displays per condition and set size; default as published, 30 or 36.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of displays and bootstrap.")] = 0,
    jobs: Annotated[int, typer.Option(help="Worker processes; -1 for one a core.")] = 1,
    device: Annotated[str, typer.Option(help="Where networks run, such as cuda.")] = "cpu",
    out: Annotated[Path, typer.Option(help="Folder for tables and the figure; a stopped run goes on there.")] = Path(
        "asymmetry-study"
    ),
) -> None:
    """Search the six asymmetry tasks with eccNET and its controls; reaction times, slopes and indices beside people."""
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.plotting import plot_asymmetry, save_figure
    from scanpath.studies.asymmetry import STUDY_AGENTS, n_searches, run_asymmetry

    names = [name.strip() for part in agents or STUDY_AGENTS for name in part.split(",") if name.strip()]
    others = dict(_pair(text) for text in retrained or [])
    tasks = list(dict.fromkeys(task)) if task else None
    total = n_searches(agents=len(set(names)) + len(others), tasks=tasks, n_trials=trials)
    with progress_bar("searching", total) as advance:
        result = run_asymmetry(
            backbone=backbone,
            weights=weights,
            agents=names,
            retrained=others,
            tasks=tasks,
            n_trials=trials,
            seed=seed,
            jobs=jobs,
            device=device,
            out=out,
            progress=advance,
        )
    save_figure(plot_asymmetry(result.reaction_times, result.index), out / "asymmetry.png")
    headings = ("agent", "task", "ms/item hard", "easy", "index", "from", "to", "people hard", "easy", "index")
    columns = ("slope_hard", "slope_easy", "index", "index_low", "index_high")
    human = ("human_slope_hard", "human_slope_easy", "human_index")
    rows = result.index[["agent", "task", *columns, *human]].itertuples(index=False)
    print_table(headings, [["" if cell != cell else cell for cell in row] for row in rows])
    typer.echo(f"Tables and figure: {out}")


def _pair(text: str) -> tuple[str, Path]:
    from scanpath._core.errors import InputError

    label, equals, file = text.partition("=")
    if not (label and equals and file):
        raise InputError(f"--retrained {text} must have the form LABEL=FILE.")
    return label, Path(file)


def register(group: typer.Typer) -> None:
    """Add the commands to `scanpath study`."""
    group.command("asymmetry")(asymmetry)
