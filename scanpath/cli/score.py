"""`scanpath score`: simulated scanpaths against people's, and agents against each other."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from scanpath.cli.comparison import between, folded, part_name, print_comparison, short
from scanpath.cli.options import Floors, Metrics, Root, floor_names, split_names
from scanpath.cli.progress import say

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
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Also compare agents by a mixed model of pictures and people.")
    ] = False,
    noise_deg: Annotated[
        str | None,
        typer.Option(help="Also see if the agents' order stays when people's fixations move by this, as in 0.5,1."),
    ] = None,
    px_per_deg: Annotated[float | None, typer.Option(help="Pixels per degree, for --noise-deg.")] = None,
    repeats: Annotated[int, typer.Option(help="How often --noise-deg moves the fixations anew.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the bootstrap, the permutations and the noise.")] = 0,
    jobs: Annotated[int, typer.Option(help="Threads.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with provenance instead of a table.")] = False,
    figure: Annotated[Path | None, typer.Option(help="Also draw agents against ceiling and floors here.")] = None,
) -> None:
    """Score scanpaths against people's, with the people's own ceiling and 95 % bootstrap intervals.

    With two agents or more it also says how they differ: mean paired differences over pictures, permutation tests.
    """
    from scanpath._core.errors import InputError
    from scanpath.evaluation import evaluate_agents, write_evaluation
    from scanpath.gaze.table import load_table

    names = split_names(metrics)
    if not names:
        raise InputError("--metrics is empty; name at least one, as in --metrics multimatch,scanmatch.")
    levels = _levels(noise_deg)
    table = load_table(simulated)  # what is doubtful in it is said by evaluate, of what it scores
    people, sizes, scales = _people(human, dataset, root)
    for file, read in ((simulated, table), (human or dataset, people)):
        if read.empty:
            raise InputError(f"{file} holds no fixation, so there is nothing to score.")
    settings: dict[str, Any] = {
        "pairing": pairing,
        "floors": floor_names(floors),
        "screen_px": _size(screen_px) or sizes,
    }
    shared = settings | {"seed": seed, "jobs": jobs, "progress": _with_bar}
    found = evaluate_agents(table, people, names, **shared)
    more: dict[str, Any] = {"differences": found.differences, "sentences": found.sentences}
    if mixed:
        from scanpath.evaluation import mixed_model

        more["mixed_model"] = mixed_model(found.people)
    if levels:
        more["noise"] = _under_noise(table, people, names, px_per_deg or scales, levels, repeats, shared)
    if figure is not None:
        from scanpath.plotting import plot_scores, save_figure

        save_figure(plot_scores(found.scores), figure)
    for sentence in found.scores.attrs["scanpath"]["not_simulated"]:
        say(sentence)
    if as_json:
        typer.echo(write_evaluation(found.scores, more=more), nl=False)
    else:
        _print(found.scores)
        print_comparison(more)


def _levels(text: str | None) -> list[float]:
    """Noise in degrees, as in 0.5,1."""
    from scanpath._core.errors import InputError

    try:
        levels = [float(part) for part in split_names(text or "")]
    except ValueError:
        levels = [-1.0]
    if any(not 0 < level < float("inf") for level in levels):
        raise InputError(f"--noise-deg must be positive numbers of degrees, as in 0.5,1; got {text!r}.")
    return levels


def _under_noise(
    table: "pd.DataFrame",
    people: "pd.DataFrame",
    names: list[str],
    scale: float | Mapping[str, float] | None,
    levels: list[float],
    repeats: int,
    settings: Mapping[str, Any],
) -> "pd.DataFrame":
    import warnings

    from scanpath._core.errors import InputError, InputWarning
    from scanpath.evaluation import ranking_under_noise

    if scale is None:
        raise InputError("--noise-deg needs the pictures' scale; give --px-per-deg, or a --dataset that knows it.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # what is doubtful was said of the scores
        return ranking_under_noise(
            table, people, names, px_per_deg=scale, noise_deg=levels, repeats=repeats, **settings
        )


def _people(
    human: Path | None, dataset: str | None, root: Path | None
) -> tuple["pd.DataFrame", dict[str, tuple[int, int]] | None, dict[str, float] | None]:
    """Fixations of people, and where a data set tells them the pictures' sizes and scales."""
    from scanpath._core.errors import InputError
    from scanpath.gaze.table import load_table

    if human is not None and dataset is None:
        return load_table(human), None, None
    if dataset is None or human is not None:
        raise InputError("Give the people's table or --dataset NAME, one of the two.")
    from scanpath.datasets import load_dataset

    data = load_dataset(dataset, root=root)
    sizes = {stimulus.name: (stimulus.size[1], stimulus.size[0]) for stimulus in data.stimuli}
    scales = {stimulus.name: stimulus.px_per_deg for stimulus in data.stimuli if stimulus.px_per_deg}
    return data.fixations, sizes or None, scales or None


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
            part_name(row),
            short(row["value"]),
            between(row),
            short(row["ceiling"]),
            int(row["n_pictures"]),
            *([int(row["n_undefined"])] if undefined else []),
        )
        for row in result.to_dict("records")
    ]
    headings = ["agent", "metric", "value", "95 % interval", "people", "n", *(["undefined"] if undefined else [])]
    print_table(headings, rows, wrap="agent")
    typer.echo(folded(f"Pairing: {result['pairing'].iloc[0]}."))
    typer.echo("'people' is the same number for people among themselves; n counts pictures.")
    if undefined:
        typer.echo("'undefined' counts pairs without a value; --json gives the reasons.")
