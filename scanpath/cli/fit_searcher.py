"""`scanpath fit searcher`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.fit_viewer import origin_pairs, report_fit
from scanpath.cli.options import Root

if TYPE_CHECKING:
    import pandas as pd

    from scanpath.agents.agent import Agent
    from scanpath.gaze.stimulus import Stimulus


def searcher(
    out: Annotated[Path, typer.Option(help="File for the searcher (.safetensors).")],
    people: Annotated[Path | None, typer.Option(help="Table of the fixations of people who searched.")] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of the pictures, under the names in the table.", file_okay=False)
    ] = None,
    targets: Annotated[
        Path | None, typer.Option(help="Folder of pictures of what was looked for, under the same names.")
    ] = None,
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
    seed: Annotated[int, typer.Option(help="Names all random numbers.")] = 0,
    origin: Annotated[
        list[str] | None, typer.Option(help="For the card, as in recordings='Lab X, 2026, CC BY'; may be repeated.")
    ] = None,
) -> None:
    """Fit the searcher to people: where they look next, given the picture, the target and the last fixations.

    A fit that was stopped goes on when it is called again.
    """
    from scanpath.cli.progress import progress_bar, say
    from scanpath.training.searcher import SearcherFit, SearcherFitRecipe

    table, stimuli = _data(people, pictures, targets, px_per_deg, dataset, root)
    recipe = SearcherFitRecipe(epochs=epochs, patience=patience, folds=folds, members=members, seed=seed)
    agent = _cue(cue, backbone, weights)
    fit = SearcherFit(table, stimuli, agent, out=out, start=start, recipe=recipe, origin=origin_pairs(origin or []))
    with progress_bar("fitting", fit.n_steps) as advance:
        result = fit.run(advance)
    report_fit(result.card)
    say(f"wrote {result.weights}; search with it: scanpath simulate --agent searcher --weights {result.weights} ...")


def _cue(name: str, backbone: str | None, weights: Path | None) -> "Agent":
    from scanpath.agents.catalog import create_agent

    given = {"backbone": backbone, "weights": None if weights is None else str(weights)}
    return create_agent(name, **{key: value for key, value in given.items() if value is not None})


def _data(
    people: Path | None,
    pictures: Path | None,
    targets: Path | None,
    px_per_deg: float | None,
    dataset: str | None,
    root: Path | None,
) -> "tuple[pd.DataFrame, list[Stimulus]]":
    from scanpath._core.errors import InputError
    from scanpath.datasets import load_dataset
    from scanpath.gaze.table import read_table

    if dataset is not None:
        if people or pictures or targets:
            raise InputError("--dataset has people, pictures and targets of its own; leave the other options out.")
        data = load_dataset(dataset, root=root, px_per_deg=px_per_deg)
        return _until_found(data.fixations), list(data.stimuli)
    if people is None or pictures is None or targets is None or px_per_deg is None:
        raise InputError("Give --people, --pictures, --targets and --px-per-deg, or a --dataset that has them.")
    table = read_table(people)
    return _until_found(table), _stimuli(pictures, targets, set(table["stimulus"]), px_per_deg)


def _until_found(table: "pd.DataFrame") -> "pd.DataFrame":
    """Leave out fixations that a table marks as made after the target was found."""
    from scanpath.cli.progress import say

    if "after_target" not in table:
        return table
    after = table["after_target"].fillna(False).astype(bool)
    say(f"left out {int(after.sum())} of {len(table)} fixations, made after the target was found")
    return table[~after]


def _stimuli(pictures: Path, targets: Path, named: set[str], px_per_deg: float) -> "list[Stimulus]":
    from scanpath._core.errors import InputError
    from scanpath.gaze.pictures import find_pictures
    from scanpath.gaze.stimulus import Stimulus

    shown = {path.stem: path for path in find_pictures(targets)}
    found = []
    for path in find_pictures(pictures):
        name = path.name if path.name in named else path.stem
        if name in named:
            if path.stem not in shown:
                raise InputError(f"There is no picture of what was looked for in {path.name}; put it into {targets}.")
            found.append(Stimulus(path, name=name, target=shown[path.stem], px_per_deg=px_per_deg))
    return found


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("searcher")(searcher)
