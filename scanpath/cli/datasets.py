"""`scanpath datasets`: list, show, fetch and verify data sets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from scanpath.datasets.download import Progress

datasets = typer.Typer(help="People's eye movements: what there is, and where it comes from.", no_args_is_help=True)
_ROOT = typer.Option("--root", help="Folder of data sets; default: the variable SCANPATH_DATA.")


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(datasets, name="datasets")


@datasets.command("list", short_help="List the data sets that have a card.")
def list_(
    pattern: Annotated[str, typer.Argument(help="Names to list, as in 'coco*'.")] = "*",
) -> None:
    """List the data sets that have a card: task, people, pictures, scale, licence."""
    from scanpath.cli.tables import print_table
    from scanpath.datasets import dataset_card, list_cards, list_datasets

    loadable = set(list_datasets())
    rows = []
    for name in list_cards(pattern):
        card = dataset_card(name)
        use = "load" if name in loadable else "fetch" if card.downloads else "card"
        numbers = [str(value) if value is not None else "unknown" for value in (card.n_people, card.n_pictures)]
        scale = "unknown" if card.px_per_deg is None else f"{card.px_per_deg:g}"
        rows.append((name, card.task, *numbers, scale, card.license, use))
    print_table(("data set", "task", "people", "pictures", "px/deg", "licence", "use"), rows)


@datasets.command(short_help="Show a data set's card.")
def show(name: Annotated[str, typer.Argument(help="Name of a data set.")]) -> None:
    """Show a data set's card: licence, apparatus, known faults, citation."""
    from scanpath.datasets import dataset_card

    typer.echo(str(dataset_card(name)))


@datasets.command(short_help="Download a data set, or go on with it.")
def fetch(
    name: Annotated[str, typer.Argument(help="Name of a data set.")],
    root: Annotated[Path | None, _ROOT] = None,
    accept_license: Annotated[bool, typer.Option(help="Accept the licence that is shown.")] = False,
    max_bytes: Annotated[int | None, typer.Option(help="Allow archives to unpack to this many bytes.")] = None,
    max_ratio: Annotated[float | None, typer.Option(help="Allow archives to unpack to this many times.")] = None,
) -> None:
    """Download a data set, or continue where an earlier download stopped; every file is checked."""
    from scanpath.cli.progress import say
    from scanpath.datasets import dataset_card, fetch_dataset
    from scanpath.datasets.archives import Limits
    from scanpath.datasets.fetch import license_text

    card = dataset_card(name)
    if card.downloads:
        say(license_text(card).rstrip())
    usual = Limits()
    limits = Limits(
        max_bytes=usual.max_bytes if max_bytes is None else max_bytes,
        max_ratio=usual.max_ratio if max_ratio is None else max_ratio,
    )
    with _bars() as progress:
        files = fetch_dataset(name, root=root, accept_license=accept_license, progress=progress, limits=limits)
    for file in files:
        how = "checked" if file.checked else f"no checksum is published; SHA-256 {file.sha256} was recorded"
        typer.echo(f"{file.path}: {'fetched' if file.new else 'was there'}, {how}")


@datasets.command(short_help="Compare a data set's files with its card.")
def verify(
    name: Annotated[str, typer.Argument(help="Name of a data set.")],
    root: Annotated[Path | None, _ROOT] = None,
) -> None:
    """Compare every file of a data set with its card; exit code 2 if one is changed or missing."""
    from scanpath.cli.tables import print_table
    from scanpath.datasets import list_datasets, verify_dataset, verify_downloads

    rows: list[tuple[object, ...]] = []
    if name in list_datasets():
        rows += [tuple(row) for row in verify_dataset(name, root=root).itertuples(index=False)]
    if not rows or root is not None:
        rows += list(verify_downloads(name, root=root).items())
    print_table(("file", "status"), rows)
    if any(status != "ok" for _, status in rows):
        raise typer.Exit(2)


@contextmanager
def _bars() -> Iterator[Callable[[str], "Progress"]]:
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
    )
    with progress.Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def start(file: str) -> "Progress":
            task = bars.add_task(file, total=None)

            def update(done: int, total: int | None) -> None:
                bars.update(task, completed=done, total=total)

            return update

        yield start
