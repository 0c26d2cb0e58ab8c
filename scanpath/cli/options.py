"""Options that several commands have, and how their text is read."""

from pathlib import Path
from typing import Annotated

import typer

Jobs = Annotated[int, typer.Option(help="Worker processes; -1 for one a core.")]
Root = Annotated[Path | None, typer.Option(help="Folder that holds the data set.")]
RunSeed = Annotated[int, typer.Option(help="Names the run's random numbers.")]
Metrics = Annotated[str, typer.Option(help="Names of metrics, separated by commas.")]
Floors = Annotated[str, typer.Option(help="Marks to score beside: shuffled, center or shuffled,center (both).")]


def split_names(text: str) -> list[str]:
    """Names separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def floor_names(text: str) -> list[str]:
    """Names of floors separated by commas; "both" stands for all there are."""
    from scanpath.evaluation.ceiling import FLOORS

    return list(FLOORS) if text.strip() == "both" else split_names(text)
