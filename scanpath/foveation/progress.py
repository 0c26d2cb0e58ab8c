"""A bar for work that takes a while: on standard error, with the number that should fall."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str, steps: int, value: str) -> Iterator[Callable[[int, float], None]]:
    """Show a bar inside the block; give the function that takes the step that is done and its value.

    Parameters
    ----------
    title
        What is being done, in a word.
    steps
        How many steps there are.
    value
        Name of the number that is shown beside the steps.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(title),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}  " + value + " {task.fields[value]:.4f}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task(title, total=steps, value=math.nan)

    def show(step: int, number: float) -> None:
        bar.start()  # not before there is something to show: a mistake in the settings is then told alone
        bar.update(task, completed=step, value=number)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()
