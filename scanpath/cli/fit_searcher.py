"""`scanpath fit searcher`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.fit_viewer import report_fit
from scanpath.cli.options import FitSeed, Origin, Root, Targets, origin_pairs

if TYPE_CHECKING:
    import pandas as pd

    from scanpath.gaze.stimulus import Stimulus


def searcher(
    out: Annotated[Path, typer.Option(help="File for the searcher (.safetensors).")],
    people: Annotated[Path | None, typer.Option(help="Table of the fixations of people who searched.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder of the pictures, under the names in the table.")] = None,
    targets: Targets = None,
    px_per_deg: Annotated[float | None, typer.Option(help="Pixels of the pictures per degree of visual angle.")] = None,
    dataset: Annotated[str | None, typer.Option(help="A data set instead of people, pictures and targets.")] = None,
    root: Root = None,
    cue: Annotated[str, typer.Option(help="Agent that draws the target's map.")] = "ivsn",
    backbone: Annotated[
        str | None, typer.Option(help="Network that this agent sees with, such as steerable, which needs no weights.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="File with that network's weights.")] = None,
    start: Annotated[Path | None, typer.Option(help="Viewer to begin with; default the package's own.")] = None,
    folds: Annotated[int, typer.Option(help="Parts of the pictures that are left out in turn; 0 for none.")] = 5,
    epochs: Annotated[int, typer.Option(help="Most passes over the pictures.")] = 5,
    patience: Annotated[int, typer.Option(help="Passes without progress on left-out pictures that end a fold.")] = 2,
    members: Annotated[int | None, typer.Option(help="Readouts of the viewer that are taken; default all.")] = None,
    seed: FitSeed = 0,
    origin: Origin = None,
) -> None:
    """Fit the searcher to people: where they look next, given the picture, the target and the last fixations.

    A fit that was stopped goes on when it is called again.
    """
    from scanpath.cli.fit_pictures import agent_that_sees
    from scanpath.cli.progress import progress_bar, say
    from scanpath.training.searcher import SearcherFit, SearcherFitRecipe

    table, stimuli = _data(people, pictures, targets, px_per_deg, dataset, root)
    recipe = SearcherFitRecipe(epochs=epochs, patience=patience, folds=folds, members=members, seed=seed)
    agent = agent_that_sees(cue, backbone, weights)
    fit = SearcherFit(table, stimuli, agent, out=out, start=start, recipe=recipe, origin=origin_pairs(origin or []))
    with progress_bar("fitting", fit.n_steps, goes_on=True) as advance:
        result = fit.run(advance)
    report_fit(result.card)
    say(f"wrote {result.weights}; search with it: scanpath simulate --agent searcher --weights {result.weights} ...")


def _data(
    people: Path | None,
    pictures: Path | None,
    targets: Path | None,
    px_per_deg: float | None,
    dataset: str | None,
    root: Path | None,
) -> "tuple[pd.DataFrame, list[Stimulus]]":
    from scanpath._core.errors import InputError
    from scanpath.cli.fit_pictures import people_and_pictures
    from scanpath.datasets import load_dataset

    if dataset is not None:
        if people or pictures or targets:
            raise InputError("--dataset has people, pictures and targets of its own; leave the other options out.")
        data = load_dataset(dataset, root=root, px_per_deg=px_per_deg)
        return _until_found(data.fixations), list(data.stimuli)
    if people is None or pictures is None or targets is None or px_per_deg is None:
        raise InputError("Give --people, --pictures, --targets and --px-per-deg, or a --dataset that has them.")
    table, stimuli = people_and_pictures(people, pictures, px_per_deg, targets)
    return _until_found(table), stimuli


def _until_found(table: "pd.DataFrame") -> "pd.DataFrame":
    """Leave out fixations that a table marks as made after the target was found."""
    from scanpath.cli.progress import say

    if "after_target" not in table:
        return table
    after = table["after_target"].fillna(False).astype(bool)
    say(f"left out {int(after.sum())} of {len(table)} fixations, made after the target was found")
    return table[~after]


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("searcher", short_help="Where people look next in a search.")(searcher)
