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


@stimuli.command("texture-path", short_help="Draw textures along a path, and triads of them.")
def texture_path(
    out: Annotated[Path, typer.Option(help="New folder for pictures, triads and the manifest.")],
    path: Annotated[
        str, typer.Option(help="frequency, frequency-bandwidth, orientation-bandwidth, or pair (of pictures).")
    ] = "frequency",
    first: Annotated[
        str | None, typer.Option(help="First value (cycles per degree, octaves, deg), or the pair's first picture.")
    ] = None,
    last: Annotated[str | None, typer.Option(help="Last value, or the pair's last picture.")] = None,
    levels: Annotated[int, typer.Option(help="Pictures on the path.")] = 13,
    size_px: Annotated[int, typer.Option(help="Side of the pictures; not for pair.")] = 512,
    px_per_deg: Annotated[float, typer.Option(help="Pixels per degree of visual angle.")] = 30.0,
    contrast: Annotated[float, typer.Option(help="Standard deviation of gray values over their mean.")] = 0.2,
    widest_gap: Annotated[int, typer.Option(help="Levels that neighbors in a triad may be apart.")] = 3,
    repeats: Annotated[int, typer.Option(help="How often each triad is asked.")] = 5,
    phases: Annotated[str, typer.Option(help="same in all levels, or own in each.")] = "same",
    seed: Annotated[int, typer.Option(help="Another seed gives other phases and another order.")] = 0,
) -> None:
    """Draw textures along a path, and list triads of them, for an experiment on how far apart they look."""
    from scanpath.stimuli import write_texture_path

    table = write_texture_path(
        out,
        path=path,
        n_levels=levels,
        first=first,
        last=last,
        size_px=size_px,
        px_per_deg=px_per_deg,
        contrast=contrast,
        widest_gap=widest_gap,
        repeats=repeats,
        phases=phases,
        seed=seed,
    )
    typer.echo(f"{levels} pictures in {out}, and {len(table)} trials in {out / 'triads.csv'}")
