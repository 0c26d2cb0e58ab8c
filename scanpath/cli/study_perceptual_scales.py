"""`scanpath study perceptual-scales`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import RunSeed, given_or

if TYPE_CHECKING:
    import pandas as pd

#: Side of the pictures and how many a level, by default and for a quick look.
_USUAL, _QUICK = (256, 4), (128, 1)


def perceptual_scales(
    human: Annotated[
        Path | None, typer.Option(help="Folder preds_analysis/data of JonathanVacher/perceptual_metric.")
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="Also a network of scanpath's backbones; may be repeated.")
    ] = None,
    weights: Annotated[str, typer.Option(help="Its weights, for one network: imagenet, or a file.")] = "imagenet",
    size_px: Annotated[
        int | None, typer.Option(help="Side of the drawn pictures, a multiple of 16; default 256.")
    ] = None,
    px_per_deg: Annotated[float, typer.Option(help="Pixels of the pictures per degree of visual angle.")] = 30.0,
    pictures: Annotated[int | None, typer.Option(help="Pictures drawn at each level; default 4.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A quick look: one small picture at each level, unless given.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for tables and the figure.")] = Path("perceptual-scales-study"),
    seed: RunSeed = 0,
) -> None:
    """Predict how far apart textures look by Fisher information, beside a straight line and people."""
    import pandas as pd

    from scanpath.cli.progress import progress_bar
    from scanpath.plotting import plot_perceptual_scales, save_figure
    from scanpath.recognition import create_backbone
    from scanpath.studies.perceptual_scales import PerceptualScales, predict_scales, read_people, score_people

    people = {} if human is None else read_people(human)
    backbones = [create_backbone("steerable", eccentricity=False)]
    backbones += [create_backbone(name, eccentricity=False, weights=weights) for name in network or []]
    side, count = map(given_or, (size_px, pictures), _QUICK if quick else _USUAL)
    with progress_bar("predicting", 3) as advance:
        predictions = predict_scales(
            size_px=side, px_per_deg=px_per_deg, n_pictures=count, backbones=backbones, seed=seed, progress=advance
        )
    tables = (pd.DataFrame(), pd.DataFrame())
    if people:
        tables = score_people(people, predictions, draws=200 if quick else 1000, seed=seed)
    study = PerceptualScales(predictions, *tables)
    study.save(out)
    _show(study.predictions, study.people)
    save_figure(plot_perceptual_scales(study.predictions, study.fitted)[0], out / "perceptual_scales.png")
    typer.echo(f"\nTables and figure: {out}")


def _show(predictions: "pd.DataFrame", people: "pd.DataFrame") -> None:
    from scanpath.cli.tables import print_table
    from scanpath.studies.perceptual_scales import LINE

    middle = predictions[predictions["level"] == predictions["level"].max() // 2]
    wide = middle.pivot(index="prediction", columns="path", values="scale")
    wide = wide.loc[predictions["prediction"].unique(), predictions["path"].unique()]
    print_table(("scale of the middle level", *wide.columns), wide.reset_index().itertuples(index=False))
    if not len(people):
        typer.echo("\nNo answers of people were given (--human FOLDER).")
        return
    typer.echo("\nMinus log-likelihood of people's answers; lower is better, and the straight line knows nothing")
    shown = people.pivot(index="condition", columns="scale", values="minus_log_likelihood")
    shown = shown.reindex(columns=people["scale"].unique()).map(lambda value: "" if value != value else f"{value:.1f}")
    print_table(("condition", *shown.columns), shown.reset_index().itertuples(index=False))
    told = people[people["condition"].isin(people.loc[people["scale"] == "closed form", "condition"])]
    wide = told.pivot(index="condition", columns="scale", values="minus_log_likelihood")
    worse = list(wide.index[wide["closed form"] > wide[LINE]])
    said = f": {', '.join(worse)}" if worse else ""
    typer.echo(f"\nThe straight line beats the closed form in {len(worse)} of {len(wide)} conditions{said}.")


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath study`."""
    group.command("perceptual-scales", short_help="How far apart textures look.")(perceptual_scales)
