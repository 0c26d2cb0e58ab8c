"""`scanpath study free-viewing`, `captioning` and `caption-search`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import Jobs, RunSeed

if TYPE_CHECKING:
    from scanpath.studies.free_viewing import FreeViewing


def free_viewing(
    root: Annotated[Path | None, typer.Option(help="Folder of the data set osie.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder with squeezenet1_1* weights.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and the figure.")] = Path("free-viewing-study"),
    pictures: Annotated[int | None, typer.Option(help="Only the first so many pictures.")] = None,
    seed: RunSeed = 0,
    jobs: Jobs = 1,
) -> None:
    """Look freely at photographs with agents that need no task, and compare them with 15 people."""
    from scanpath.cli.progress import progress_bar
    from scanpath.studies.free_viewing import free_viewing_agents, n_scanpaths, run_free_viewing

    with progress_bar("looking", n_scanpaths(free_viewing_agents(weights), pictures or 60)) as advance:
        result = run_free_viewing(
            root=root, weights=weights, n_pictures=pictures, seed=seed, jobs=jobs, out=out, progress=advance
        )
    _report(result, out)


def captioning(
    root: Annotated[Path | None, typer.Option(help="Folder of the data set capmit1003.")] = None,
    model: Annotated[str, typer.Option(help="Image-text model: toy, or a name of open_clip.")] = "toy",
    pretrained: Annotated[str | None, typer.Option(help="Its weights: a tag of open_clip, or a file.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and the figure.")] = Path("captioning-study"),
    pictures: Annotated[int | None, typer.Option(help="Only the first so many pictures.")] = None,
    captions: Annotated[int | None, typer.Option(help="At most so many captions a picture.")] = None,
    seed: RunSeed = 0,
    jobs: Jobs = 1,
) -> None:
    """Look at pictures led by captions, and compare with the clicks of the people who wrote them."""
    from scanpath.cli.progress import progress_bar
    from scanpath.studies.captioning import run_captioning

    with progress_bar("looking", None) as advance:
        result = run_captioning(
            root=root,
            model=model,
            pretrained=pretrained,
            n_pictures=pictures,
            n_captions=captions,
            seed=seed,
            jobs=jobs,
            out=out,
            progress=advance,
        )
    _report(result, out)


def caption_search(
    train: Annotated[
        Path | None, typer.Option(help="Compare three training seeds; their models are in this folder or are trained.")
    ] = None,
    scenes: Annotated[int, typer.Option(help="Number of scenes.")] = 200,
    scene_seed: Annotated[int | None, typer.Option(help="Other scenes than the usual ones.")] = None,
    jobs: Jobs = 1,
) -> None:
    """Search drawn scenes for what captions say, with the package's own small CLIP, as a table."""
    from scanpath.studies.caption_search import main

    chosen = {"--train": train, "--scene-seed": scene_seed}
    more = [part for name, value in chosen.items() if value is not None for part in (name, str(value))]
    main(["--scenes", str(scenes), "--jobs", str(jobs), *more])


def _report(result: "FreeViewing", out: Path) -> None:
    from scanpath.cli.tables import print_table
    from scanpath.plotting import save_figure
    from scanpath.plotting.plausibility import plot_plausibility

    for pairing in ("plausibility", "mean similarity"):
        table = result.summary(pairing)
        typer.echo(f"{pairing}:")
        print_table(("who", *table.columns), table.reset_index().itertuples(index=False))
    save_figure(plot_plausibility(result.scores), out / "plausibility.png")
    typer.echo(f"Tables and figure: {out}")


def register(group: typer.Typer) -> None:
    """Add the commands to `scanpath study`."""
    group.command("free-viewing", short_help="Photographs without a task, beside 15 people.")(free_viewing)
    group.command("captioning", short_help="Pictures led by captions, beside clicks.")(captioning)
    group.command("caption-search", short_help="Drawn scenes searched by caption.")(caption_search)
