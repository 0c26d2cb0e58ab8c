"""`scanpath stimuli`: pictures that the package draws, as files."""

from pathlib import Path
from typing import Annotated

import typer

stimuli = typer.Typer(help="Draw stimuli and write them as files.", no_args_is_help=True, rich_markup_mode=None)


@stimuli.callback()
def _group() -> None:
    """Draw stimuli and write them as files."""


@stimuli.command("asymmetry")
def asymmetry(
    out: Annotated[Path, typer.Option(help="New folder for pictures, targets, masks and the table.")],
    task: Annotated[list[str] | None, typer.Option(help="A task or condition; may be repeated; default all.")] = None,
    trials: Annotated[
        int | None, typer.Option(help="Displays per condition and set size; default as published.")
    ] = None,
    px_per_deg: Annotated[float, typer.Option(help="Pixels per degree of visual angle.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Another seed gives other displays.")] = 0,
) -> None:
    """Draw the displays of the six search asymmetry tasks."""
    from scanpath.cli.progress import progress_bar
    from scanpath.stimuli import asymmetry_trials, write_asymmetry

    with progress_bar("drawing", len(asymmetry_trials(task, n_trials=trials))) as advance:
        table = write_asymmetry(
            out,
            tasks=task,
            n_trials=trials,
            seed=seed,
            px_per_deg=px_per_deg,
            progress=lambda done, total: advance(1),
        )
    typer.echo(f"{len(table)} displays in {out}, listed in {out / 'displays.csv'}")
