"""Tables for people, at 80 columns."""

from collections.abc import Iterable, Sequence

#: What stands in columns of numbers where there is none.
_NO_NUMBER = ("", "undefined", "<.001")


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, wrap: str | None = None
) -> None:
    """Print a table to stdout; numbers are right-aligned, the rest left-aligned.

    Where a terminal is too narrow, the cells of the column `wrap` are broken (those of all columns by default).
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, heading in enumerate(headings):
        numeric = all(_is_number(row[index]) or row[index] in _NO_NUMBER for row in rows)
        whole = wrap is not None and heading != wrap
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        # Text, not markup: what comes from data is shown as it is
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console()
    if not console.is_terminal:
        # there is no width to fit, and a folded cell would be hard to read by programs
        console = Console(width=max(console.width, 200))
    console.print(table)


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]  # numbers that are already written out count too
    except (TypeError, ValueError):
        return False
    return True


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
