"""`scanpath study objects`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import RunSeed, given_or, split_names

if TYPE_CHECKING:
    import pandas as pd

    from scanpath.studies.object_people import PeopleData
    from scanpath.studies.objects import Models, ObjectStudy

#: Shelves in each set, by default and in a quick look.
_USUAL, _QUICK = 60, 8
#: Columns of the printed table; the files have all measures.
_SHOWN = ("nll", "sequence score", "FED", "last = target", "length", "delta")


def objects(
    weights: Annotated[str, typer.Option(help="File of scanpath fit oat; default the demo.")] = "demo",
    seeds: Annotated[
        int, typer.Option(help="Trainings: the demo, and others like it, at some three minutes of one core each.")
    ] = 1,
    sets: Annotated[
        str | None,
        typer.Option(help="Which of 3x9, 3x9-unseen, 6x14, objarr, sti; default all that need no files or have them."),
    ] = None,
    shelves: Annotated[int | None, typer.Option(help=f"Drawn shelves in each set; default {_USUAL}.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"A quick look: {_QUICK} shelves in each set, unless --shelves is given.")
    ] = False,
    objarr: Annotated[
        Path | None, typer.Option(help="Folder with objarr_objects.csv and search_fixations.parquet.")
    ] = None,
    sti: Annotated[
        Path | None, typer.Option(help="Folder with sti_amazon_trials.csv and sti_amazon_fixations.parquet.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and models; a stopped study goes on.")] = Path(
        "objects-study"
    ),
    seed: RunSeed = 0,
) -> None:
    """Search drawn shelves, object by object, beside shoppers whose rule is known; and beside people, given files."""
    from scanpath.cli.progress import progress_bar
    from scanpath.studies.object_people import n_steps, score_people
    from scanpath.studies.objects import object_study, score_shelves

    drawn, people = _sets(sets, {"objarr": objarr, "sti": sti})
    n_shelves = given_or(shelves, _QUICK if quick else _USUAL)
    models = _models(weights, seeds, out) if drawn else {}
    with progress_bar("searching", len(models) * len(drawn) * n_shelves) as advance:
        found = score_shelves(models, n_shelves=n_shelves, sets=drawn, seed=seed, out=out, progress=advance)
    for data in people:
        with progress_bar(f"fitting {data.name}", n_steps(data)) as advance:
            found |= score_people(data, seed=seed, out=out, progress=advance)
    study = object_study(found, seed)
    study.save(out)
    _show(study, out)


def _sets(sets: str | None, folders: dict[str, Path | None]) -> "tuple[list[str], list[PeopleData]]":
    """Return the drawn sets and people's searches that are asked for."""
    from scanpath._core.errors import InputError, unknown_name
    from scanpath.studies.object_people import read_objarr, read_sti
    from scanpath.studies.objects import SHELVES

    readers = {"objarr": read_objarr, "sti": read_sti}
    known = [*SHELVES, *readers]
    given = [name for name in readers if folders[name] is not None]
    asked = list(dict.fromkeys([*SHELVES, *given] if sets is None else split_names(sets)))
    unknown = next((name for name in asked if name not in known), None)
    if unknown is not None:
        raise unknown_name("set", unknown, known)
    if not asked:
        raise InputError(f"--sets must name at least one of {', '.join(known)}.")
    people = []
    for name, read in readers.items():
        folder = folders[name]
        if name in asked and folder is None:
            raise InputError(f"The set {name} needs its files; give --{name} FOLDER.")
        if name not in asked and folder is not None:
            raise InputError(f"--{name} is given, and --sets leaves {name} out; name it, or leave the files out.")
        if folder is not None:
            people.append(read(folder))
    return [name for name in asked if name in SHELVES], people


def _models(weights: str, seeds: int, out: Path) -> "Models":
    """Return the models that search drawn shelves; train those that are missing."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import progress_bar
    from scanpath.guidance.oat_model import DEMO, load_oat
    from scanpath.studies.objects import train_models
    from scanpath.training.oat_demo import N_STEPS

    if weights != DEMO:
        if seeds != 1:
            raise InputError("--seeds trains models like the demo; leave it out where --weights is given.")
        return {Path(weights).stem: load_oat(weights)}
    with progress_bar("training", (seeds - 1) * N_STEPS) as advance:
        return train_models(seeds, out / "models", advance)


def _show(study: "ObjectStudy", out: Path) -> None:
    from scanpath.cli.tables import print_table
    from scanpath.plotting import plot_object_scores, save_figure

    for name, scores in study.scores.groupby("set", sort=False):
        measures = [one for one in _SHOWN if one in set(scores["measure"])]
        wide = scores.pivot(index="agent", columns="measure", values="mean").loc[scores["agent"].unique(), measures]
        rows = [(agent, *map(_number, row)) for agent, row in zip(wide.index, wide.to_numpy())]
        typer.echo(f"\n{name}")
        print_table(("agent", *measures), rows)
        _say_pair(study.paired[study.paired["set"] == name])
        save_figure(plot_object_scores(scores, title=str(name))[0], out / f"objects_{name}.png")
    typer.echo(f"\nTables with intervals, and figures: {out}")


def _number(value: float) -> str:
    return "" if value != value else f"{value:.3f}"


def _say_pair(paired: "pd.DataFrame") -> None:
    row = paired.set_index("baseline").loc["center out"]
    typer.echo(
        f"OAT's sequence score beyond that of center out: {row['difference']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    )


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath study`."""
    group.command("objects", short_help="Drawn shelves searched object by object.")(objects)
