"""Commands that list what there is: agents and metrics."""

from typing import Annotated

import typer


def agents(
    pattern: Annotated[str, typer.Argument(help="Names to list, as in '*net*'.")] = "*",
) -> None:
    """List the agents and the paper each one implements."""
    from scanpath.agents.catalog import agent_card, list_agents
    from scanpath.cli.tables import print_table

    rows = [(name, *agent_card(name)) for name in list_agents(pattern)]
    print_table(("agent", "what it is", "paper"), rows)


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
        rows.append((name, metric.direction, f"{low:g} to {high:g}", metric.unit or "", ", ".join(metric.needs)))
    print_table(("metric", "kind", "range", "unit", "needs"), rows, wrap="needs")
