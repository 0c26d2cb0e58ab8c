"""Commands that list what there is: agents and metrics."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated

import typer


def agents(
    pattern: Annotated[str, typer.Argument(help="Names to list, as in '*net*'.")] = "*",
) -> None:
    """List the agents and the paper each one implements."""
    from scanpath.agents.catalog import AGENTS
    from scanpath.cli.tables import print_table

    rows = [(name, _claim(AGENTS[name]), _paper(AGENTS[name])) for name in AGENTS.names(pattern)]
    print_table(("agent", "what it is", "paper"), rows)


def _claim(build: Callable[..., object]) -> str:
    """First line of a builder's docstring; a variant of another builder says how it differs."""
    if isinstance(build, functools.partial):
        changes = (f"{key}={value!r}" for key, value in build.keywords.items() if key != "name")
        return f"{build.func.__name__} with {', '.join(changes)}"
    claim = (inspect.getdoc(build) or "").splitlines()[0]
    return claim.removeprefix("Build ").removeprefix("the agent that ")


def _paper(build: Callable[..., object]) -> str:
    """Authors and year of the first reference in a builder's docstring."""
    text = inspect.getdoc(getattr(build, "func", build)) or ""
    found = re.search(r"References\n-+\n(.+?\(\d{4}\))", text, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def metrics(
    pattern: Annotated[str, typer.Argument(help="Names to list, as in '*auc*'.")] = "*",
) -> None:
    """List the metrics with their range, direction, unit and needs."""
    from scanpath.cli.tables import print_table
    from scanpath.metrics import METRICS

    rows = []
    for name in METRICS.names(pattern):
        spec = METRICS[name]
        low, high = spec.range
        rows.append((name, spec.direction, f"{low:g} to {high:g}", spec.unit or "", ", ".join(spec.needs)))
    print_table(("metric", "kind", "range", "unit", "needs"), rows, wrap="needs")
