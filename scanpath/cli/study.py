"""`scanpath study`: published experiments, end to end."""

from pathlib import Path
from typing import Annotated

import typer

from scanpath.cli import (
    study_asymmetry,
    study_foveated_networks,
    study_free_viewing,
    study_next_fixation,
    study_objects,
    study_perceptual_scales,
    study_recognizability,
)
from scanpath.cli.options import Jobs, RunSeed

study = typer.Typer(help="Run a published experiment, end to end.", no_args_is_help=True, rich_markup_mode=None)


@study.callback()
def _group() -> None:
    """Run a published experiment, end to end."""


@study.command("interiors", short_help="60 indoor photographs: agents beside 57 people.")
def interiors(
    root: Annotated[Path | None, typer.Option(help="Folder of the data set.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder with squeezenet1_1* and mobilenet_v2* weights.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and the figure.")] = Path("interiors-study"),
    seed: RunSeed = 0,
    jobs: Jobs = 1,
) -> None:
    """Search 60 indoor photographs with eight agents and compare them with 57 people."""
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.plotting import plot_performance, save_figure
    from scanpath.studies.interiors import N_FIXATIONS, interiors_agents, run_interiors

    with progress_bar("searching", 60 * len(interiors_agents(weights))) as advance:
        result = run_interiors(root=root, weights=weights, seed=seed, jobs=jobs, progress=advance, out=out)
    headings = ("searcher", "found by 4", "by 8", f"by {N_FIXATIONS}", "AUC", "MultiMatch", "ScanMatch")
    print_table(headings, result.summary())
    save_figure(plot_performance(result.curves()), out / "performance.png")
    typer.echo(f"Tables and figure: {out}")


@study.command("natural-search", short_help="Three natural searches: eccNET, IVSN and people.")
def natural_search(
    root: Annotated[Path | None, typer.Option(help="Folder of the data set visual_search_asymmetry.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("natural-search-study"),
) -> None:
    """Score the published fixations of three natural searches: people, eccNET and IVSN."""
    from scanpath.cli.progress import say
    from scanpath.cli.tables import print_table
    from scanpath.studies.natural_search import run_natural_search

    result = run_natural_search(root=root, out=out, progress=say)
    print_table(tuple(result.similarity.columns), result.similarity.itertuples(index=False))
    typer.echo(f"Tables: {out}")


study_asymmetry.register(study)
study_foveated_networks.register(study)
study_free_viewing.register(study)
study_next_fixation.register(study)
study_objects.register(study)
study_perceptual_scales.register(study)
study_recognizability.register(study)
