"""A progress bar on stderr, so that stdout stays a result."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    what: str, total: int | None, *, goes_on: bool = False, stopped: str = ""
) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while the block runs and give the function that advances it.

    Where stderr is no terminal, nothing is drawn. When Ctrl-C stops it, work that `goes_on` says so, and other work
    what `stopped` says.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task(what, total=total)
            yield lambda done: progress.advance(task, done)
    except KeyboardInterrupt:
        if goes_on or stopped:
            say(f"scanpath: stopped; {stopped or 'the same command goes on from here.'}")
        raise


def say(message: str) -> None:
    """Write a remark to stderr."""
    import typer

    typer.echo(message, err=True)
