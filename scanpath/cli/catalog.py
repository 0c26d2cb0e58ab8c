"""Commands that list what there is: agents and metrics."""

import re
import textwrap
from typing import Annotated

import typer

from scanpath.cli.advice import as_options

_WIDTH = 80


def agents(
    pattern: Annotated[str, typer.Argument(help="Names to list, as in '*net*'.")] = "*",
) -> None:
    """List the agents and the paper each one implements."""
    from scanpath.agents.catalog import agent_card, list_agents

    for name in list_agents(pattern):
        card = agent_card(name)
        typer.echo(f"{name}: {cited(card.paper)}" if card.paper else name)
        claim = as_options(card.claim, {"weights": "--weights"}, converting=False)
        typer.echo(textwrap.fill(claim, _WIDTH, initial_indent="  ", subsequent_indent="  "))


def cited(paper: str) -> str:
    """Cite a paper as text does: one or two authors by name, of more the first.

    Examples
    --------
    >>> cited("Zanca, Melacci, Gori (2020)"), cited("Najemnik, Geisler (2005)")
    ('Zanca et al. (2020)', 'Najemnik & Geisler (2005)')
    """
    people, _, year = paper.rpartition(" (")
    names = re.split(r", | & ", people)
    shown = f"{names[0]} et al." if len(names) > 2 else " & ".join(names)
    return f"{shown} ({year}"


def metrics(
    pattern: Annotated[str, typer.Argument(help="Names to list, as in '*auc*'.")] = "*",
) -> None:
    """List the metrics with their range, direction, unit and needs."""
    from scanpath.cli.tables import print_table
    from scanpath.metrics import METRICS

    rows = []
    for name in METRICS.names(pattern):
        metric = METRICS[name]
        low, high = metric.range
        better = {"similarity": "higher", "distance": "lower"}.get(metric.direction, "")
        rows.append((name, better, f"{low:g} to {high:g}", metric.unit or "", ", ".join(metric.needs)))
    print_table(("metric", "better", "range", "unit", "needs"), rows, wrap="needs")
