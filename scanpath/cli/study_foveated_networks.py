"""`scanpath study foveated-networks`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import Jobs, RunSeed, given_or

if TYPE_CHECKING:
    from scanpath.foveation.conditions import FoveationConditions
    from scanpath.studies.foveated_networks import FoveatedDesign
    from scanpath.studies.foveated_pictures import PictureSource
    from scanpath.studies.foveated_scores import FoveatedScores

_NETWORKS = ("small-alexnet", "small-resnet")
#: Drawn scenes a class to learn from and to test on, trainings, and those of a quick look with its epochs.
_SCENES, _RUNS, _QUICK_SCENES, _QUICK_RUNS, _QUICK_EPOCHS = (120, 64), 5, (12, 6), 2, 2
_DRAWN_PX, _FOLDER_PX = 64, 256


def foveated_networks(
    pictures: Annotated[
        Path | None,
        typer.Option(help="Folder of class folders, or of train and val with such folders; default drawn scenes."),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="small-alexnet, small-resnet, alexnet or resnet18; may be repeated; default both small ones."
        ),
    ] = None,
    runs: Annotated[int | None, typer.Option(help="Trainings of each network under each condition; default 5.")] = None,
    epochs: Annotated[
        list[str] | None, typer.Option(help="Other epochs than the recipe's: NETWORK=NUMBER; may be repeated.")
    ] = None,
    size_px: Annotated[
        int | None, typer.Option(help="Side of the pictures; default 64 drawn, 256 in a folder.")
    ] = None,
    width_deg: Annotated[float, typer.Option(help="Visual angle of a picture's side.")] = 26.0,
    scaling: Annotated[float, typer.Option(help="Width of the texture's windows over their eccentricity.")] = 0.4,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A look at what comes out: few scenes, 2 runs of 2 epochs, unless given."),
    ] = False,
    device: Annotated[str, typer.Option(help="Where networks run, such as cuda.")] = "cpu",
    jobs: Jobs = 1,
    out: Annotated[Path, typer.Option(help="Folder for everything; a stopped study goes on there.")] = Path(
        "foveated-networks-study"
    ),
    seed: RunSeed = 0,
) -> None:
    """Train networks on foveated texture and on blurs that lose as much, and ask what they then live on."""
    from scanpath.cli.progress import progress_bar, say
    from scanpath.plotting import plot_condition_pictures, plot_foveated_networks, plot_representations, save_figure
    from scanpath.studies.foveated_networks import FoveatedNetworks
    from scanpath.studies.foveated_scores import score_networks

    design = _design(network, runs, epochs, width_deg, scaling, quick, seed)
    source = _source(pictures, size_px, quick, seed)
    study = FoveatedNetworks(source, design, out, device=device)
    say("matching the blurs to the texture ...")
    folder = study.copies()
    with progress_bar("foveating", len(folder.shards()), goes_on=True) as advance:
        folder.make(jobs=jobs, progress=advance)
    _tell_failures(folder.failures())
    with progress_bar("training", study.n_epochs, goes_on=True) as advance:
        study.train(advance)
    with progress_bar("asking", study.n_questions, goes_on=True) as advance:
        answers = study.ask(advance)
    found = score_networks(answers, folder.labels("test"), study.similarities(), seed=seed)
    found.save(out)
    save_figure(plot_condition_pictures(study.examples())[0], out / "conditions.png")
    for name in design.networks:
        mine = (table[table["network"] == name] for table in (found.curves, found.paired))
        save_figure(plot_foveated_networks(*mine, title=name)[0], out / f"{name}.png")
    save_figure(plot_representations(found.representations)[0], out / "representations.png")
    _show(found, folder.conditions)
    typer.echo(f"\nTables and figures: {out}")


def _design(
    network: list[str] | None,
    runs: int | None,
    epochs: list[str] | None,
    width_deg: float,
    scaling: float,
    quick: bool,
    seed: int,
) -> "FoveatedDesign":
    from scanpath.studies.foveated_networks import FoveatedDesign

    names = tuple(dict.fromkeys(network or _NETWORKS))
    given = dict.fromkeys(names, _QUICK_EPOCHS) if quick else {}
    given |= dict(_epochs(text) for text in epochs or [])
    count = given_or(runs, _QUICK_RUNS if quick else _RUNS)
    return FoveatedDesign(names, count, given, width_deg, scaling, seed)


def _epochs(text: str) -> tuple[str, int]:
    from scanpath._core.errors import InputError

    name, equals, number = text.partition("=")
    if not (name and equals and number.isdecimal() and int(number) > 0):
        raise InputError(f"--epochs takes NETWORK=NUMBER, as in alexnet=120, got {text!r}.")
    return name, int(number)


def _source(pictures: Path | None, size_px: int | None, quick: bool, seed: int) -> "PictureSource":
    from scanpath.studies.foveated_pictures import DrawnSource, FolderSource

    if pictures is not None:
        return FolderSource(pictures, size_px=_FOLDER_PX if size_px is None else size_px, seed=seed)
    train, test = _QUICK_SCENES if quick else _SCENES
    return DrawnSource(train, test, _DRAWN_PX if size_px is None else size_px, seed)


def _tell_failures(failures: list[str]) -> None:
    from scanpath.cli.progress import say

    if failures:
        say(f"scanpath: {len(failures)} pictures cannot be read and are left out; the first: {failures[0]}")


def _show(found: "FoveatedScores", conditions: "FoveationConditions") -> None:
    from scanpath.cli.tables import print_table
    from scanpath.foveation.conditions import CONDITIONS

    rings = ", ".join(f"{sigma:.2f}" for sigma in conditions.rings.sigma_px)
    typer.echo(f"Blurs matched to the texture: uniform {conditions.sigma_px:.2f} px; rings from inside {rings} px.")
    open_gaps = [gap for gap in conditions.rings.gap if gap > 0.01]
    if open_gaps:
        typer.echo(f"In {len(open_gaps)} rings the blur loses less than the texture, by up to {max(open_gaps):.3f}.")
    matched = found.matching[["condition", "similarity", "difference"]]
    print_table(("test pictures", "similarity to reference", "minus texture's"), matched.itertuples(index=False))
    for name, scores in found.scores.groupby("network", sort=False):
        typer.echo(f"\n{name}: mean [95 % interval over runs and test pictures]")
        wide = scores.assign(text=[_interval(*row) for row in scores[["mean", "low", "high"]].itertuples(index=False)])
        wide = wide.pivot(index="measure", columns="condition", values="text")
        wide = wide.loc[scores["measure"].unique(), list(CONDITIONS)]
        print_table(("measure", *CONDITIONS), wide.reset_index().itertuples(index=False))
    columns = ["network", "claim", "measure", "condition", "against", "paper", "found"]
    rows = [
        (*row[:5], _interval(*row[5:8]), *row[8:])
        for row in found.claims[[*columns[:5], "difference", "low", "high", *columns[5:]]].itertuples(index=False)
    ]
    typer.echo("\nWhat the paper says, and whether it is found here")
    print_table((*columns[:5], "difference", "paper", "found"), rows)
    typer.echo("\nWhat must hold for these pictures to stand in for photographs")
    gates = [
        (row.network, row.gate, row.value, "passed" if row.passed else "MISSED") for row in found.gates.itertuples()
    ]
    print_table(("network", "gate", "value", ""), gates)


def _interval(mean: float, low: float, high: float) -> str:
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath study`."""
    group.command("foveated-networks", short_help="Networks on foveated texture and on blurs.")(foveated_networks)
