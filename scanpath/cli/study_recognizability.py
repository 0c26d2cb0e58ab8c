"""`scanpath study recognizability`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import RunSeed, given_or

if TYPE_CHECKING:
    from scanpath.studies.recognizability import Recognizability

#: Networks, items shown and learned from, by default and for a quick look, and the eccentricities of that.
_USUAL, _QUICK, _QUICK_DEG = (3, 64, 2000), (1, 32, 800), (0.0, 4.0, 8.0, 16.0)


def recognizability(
    size_deg: Annotated[
        list[float] | None, typer.Option(help="Size of the items; may be repeated; 1, 2 and 4.")
    ] = None,
    eccentricity_deg: Annotated[
        list[float] | None, typer.Option(help="From fixation to item; may be repeated; default 0 to 24.")
    ] = None,
    strength: Annotated[float, typer.Option(help="How many times the exaggerated blur is as wide.")] = 8.0,
    items: Annotated[int | None, typer.Option(help="Items shown at each eccentricity; default 64.")] = None,
    training_items: Annotated[
        int | None, typer.Option(help="Items that each network learns from; default 2000.")
    ] = None,
    networks: Annotated[int | None, typer.Option(help="Networks, each trained on items of its own; default 3.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Unless given: one network, items of 2 deg, four eccentricities.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for tables and figure; there a stopped study goes on.")] = Path(
        "recognizability-study"
    ),
    seed: RunSeed = 0,
) -> None:
    """Tell at what eccentricity drawn items stop being recognizable, through texture and through blur."""
    from scanpath._core.checks import check_count, check_number, check_positive
    from scanpath.cli.progress import progress_bar
    from scanpath.plotting import plot_recognizability, save_figure
    from scanpath.stimuli.items import SHAPES
    from scanpath.studies.recognizability import ECCENTRICITIES_DEG, run_recognizability

    numbers = zip((networks, items, training_items), _QUICK if quick else _USUAL)
    n_networks, n_items, n_training = (given_or(given, default) for given, default in numbers)
    places = _QUICK_DEG if quick else ECCENTRICITIES_DEG
    given = dict.fromkeys(size_deg or ([2.0] if quick else [1.0, 2.0, 4.0]))
    sizes = [check_positive("--size-deg", one) for one in given]
    seen_at = [check_number("--eccentricity-deg", one) for one in eccentricity_deg or places]
    check_count("--items", n_items), check_count("--networks", n_networks)
    check_count("--training-items", n_training, least=len(SHAPES))
    with progress_bar("training and looking", n_networks * len(sizes)) as advance:
        result = run_recognizability(
            sizes_deg=sizes,
            eccentricities_deg=seen_at,
            strength=check_positive("--strength", strength),
            n_items=n_items,
            n_training=n_training,
            n_seeds=n_networks,
            seed=seed,
            out=out,
            progress=advance,
        )
    result.save(out)
    _show(result)
    save_figure(plot_recognizability(result.curves())[0], out / "recognizability.png")
    typer.echo(f"\nTables and figure: {out}")


def _show(result: "Recognizability") -> None:
    from scanpath.cli.tables import print_table
    from scanpath.studies.recognizability import CHANCE, HALF_WAY

    curves = result.curves()
    curves["shown"] = [f"{right:.2f} {index:.2f}" for right, index in zip(curves["accuracy"], curves["index"])]
    wide = curves.pivot(index=["size_deg", "view"], columns="eccentricity_deg", values="shown")
    typer.echo(f"Share named rightly (chance {CHANCE:.3f}) and recognizability index, by eccentricity in deg")
    print_table(
        ("size, deg", "view", *(f"{one:g}" for one in wide.columns)), wide.reset_index().itertuples(index=False)
    )
    typer.echo(f"\nWhere the share falls to {HALF_WAY:.2f}, and how well the index tells right from wrong")
    first = curves["eccentricity_deg"].min()
    rows = [[row.size_deg, row.view, _threshold(row.threshold_deg, first), _or_none(row.auc)] for row in _rows(result)]
    print_table(("size, deg", "view", "threshold, deg", "AUC"), rows)


def _rows(result: "Recognizability") -> list:
    return list(result.summary().itertuples(index=False))


def _threshold(value: float, first: float) -> str:
    return f"at most {first:.2f}" if value <= first else _or_none(value)


def _or_none(value: float) -> str:
    return "none" if value != value else f"{value:.2f}"


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath study`."""
    group.command("recognizability", short_help="Where drawn items stop being recognized.")(recognizability)
