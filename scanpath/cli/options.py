"""Options that several commands have, and how their text is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

T = TypeVar("T")
Jobs = Annotated[int, typer.Option(help="Worker processes; -1 for one a core.")]
Root = Annotated[Path | None, typer.Option(help="Folder that holds the data set.")]
RunSeed = Annotated[int, typer.Option(help="Names the run's random numbers.")]
Metrics = Annotated[str, typer.Option(help="Names of metrics, separated by commas.")]
Pictures = Annotated[Path, typer.Option(help="Folder of the pictures, under the names in the table.")]
PxPerDeg = Annotated[float, typer.Option(help="Pixels of the pictures per degree of visual angle.")]
Targets = Annotated[
    Path | None, typer.Option(help="Folder of pictures of what is looked for, under the pictures' names.")
]
Origin = Annotated[
    list[str] | None, typer.Option(help="For the card, as in recordings='Lab X, 2026, CC BY'; may be repeated.")
]
FitSeed = Annotated[int, typer.Option(help="Names all random numbers.")]
Floors = Annotated[str, typer.Option(help="Marks to score beside: shuffled, center or shuffled,center (both).")]


def given_or(given: T | None, default: T) -> T:
    """What was given on the command line, else the default, which a quick look chooses."""
    return default if given is None else given


def split_names(text: str) -> list[str]:
    """Names separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def floor_names(text: str) -> list[str]:
    """Names of floors separated by commas; "both" stands for all there are."""
    from scanpath.evaluation.ceiling import FLOORS

    return list(FLOORS) if text.strip() == "both" else split_names(text)


def origin_pairs(texts: Sequence[str]) -> dict[str, str]:
    """Read what --origin says of recordings and pictures."""
    from scanpath._core.errors import InputError

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"--origin takes name=text, got {text!r}.")
        found[name] = value
    return found
