"""`scanpath score`: simulated scanpaths against people's."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from scanpath.cli.options import Floors, Metrics, Root, floor_names, split_names

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


def score(
    simulated: Annotated[Path, typer.Argument(help="Table (.parquet, .csv) or run's folder to be scored.")],
    human: Annotated[Path | None, typer.Argument(help="Table of the people's fixations.")] = None,
    metrics: Metrics = "multimatch,scanmatch",
    pairing: Annotated[
        str, typer.Option(help="Who is compared with whom: leave_one_out, best, pairwise or visions.")
    ] = "leave_one_out",
    floors: Floors = "",
    screen_px: Annotated[str | None, typer.Option(help="Size of the pictures, as in 1024x768.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Take the people from this data set instead.")] = None,
    root: Root = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    jobs: Annotated[int, typer.Option(help="Threads.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with provenance instead of a table.")] = False,
    figure: Annotated[Path | None, typer.Option(help="Also draw agents against ceiling and floors here.")] = None,
) -> None:
    """Score scanpaths against people's, with the people's own ceiling and 95 % bootstrap intervals."""
    from scanpath._core.errors import InputError
    from scanpath.evaluation import evaluate, write_evaluation
    from scanpath.gaze.table import load_table

    names = split_names(metrics)
    if not names:
        raise InputError("--metrics is empty; name at least one, as in --metrics multimatch,scanmatch.")
    table = load_table(simulated)  # what is doubtful in it is said by evaluate, of what it scores
    people, sizes = _people(human, dataset, root)
    result = evaluate(
        table,
        people,
        names,
        pairing=pairing,
        screen_px=_size(screen_px) or sizes,
        floors=floor_names(floors),
        seed=seed,
        jobs=jobs,
        progress=_with_bar,
    )
    if figure is not None:
        from scanpath.plotting import plot_scores, save_figure

        save_figure(plot_scores(result), figure)
    for sentence in result.attrs["scanpath"]["not_simulated"]:
        typer.echo(f"scanpath: {sentence}", err=True)
    if as_json:
        typer.echo(write_evaluation(result), nl=False)
    else:
        _print(result)


def _people(
    human: Path | None, dataset: str | None, root: Path | None
) -> tuple["pd.DataFrame", dict[str, tuple[int, int]] | None]:
    from scanpath._core.errors import InputError
    from scanpath.gaze.table import load_table

    if human is not None and dataset is None:
        return load_table(human), None
    if dataset is None or human is not None:
        raise InputError("Give the people's table or --dataset NAME, one of the two.")
    from scanpath.datasets import load_dataset

    data = load_dataset(dataset, root=root)
    return data.fixations, {stimulus.name: (stimulus.size[1], stimulus.size[0]) for stimulus in data.stimuli} or None


def _size(text: str | None) -> tuple[int, int] | None:
    from scanpath._core.errors import InputError

    if text is None:
        return None
    try:
        width, height = (int(side) for side in text.lower().split("x"))
    except ValueError:
        raise InputError(f"--screen-px must be WIDTHxHEIGHT, as in 1024x768; got {text!r}.") from None
    return width, height


def _with_bar(steps: Iterable[T]) -> Iterator[T]:
    from scanpath.cli.progress import progress_bar

    todo = list(steps)
    with progress_bar("scoring", len(todo)) as advance:
        for step in todo:
            yield step
            advance(1)


def _print(result: "pd.DataFrame") -> None:
    from scanpath.cli.tables import print_table

    undefined = bool(result["n_undefined"].any())
    rows = [
        (
            row["agent"],
            row["metric"] if row["part"] in ("", "value", row["metric"]) else f"{row['metric']}.{row['part']}",
            _short(row["value"]),
            f"{_short(row['low'])} to {_short(row['high'])}",
            _short(row["ceiling"]),
            int(row["n_pictures"]),
            *([int(row["n_undefined"])] if undefined else []),
        )
        for row in result.to_dict("records")
    ]
    headings = ["agent", "metric", "value", "95 % interval", "people", "n", *(["undefined"] if undefined else [])]
    print_table(headings, rows, wrap="agent")
    typer.echo(f"Pairing: {result['pairing'].iloc[0]}.")
    typer.echo("'people' is the same number for people among themselves; n counts pictures.")
    if undefined:
        typer.echo("'undefined' counts pairs without a value; --json gives the reasons.")


def _short(value: float) -> str:
    """Three digits behind the point, fewer where a number is long: 80 columns are few."""
    return f"{value:.{3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0}f}"
