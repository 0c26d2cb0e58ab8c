"""What `scanpath score` prints of how agents differ."""

import re
import textwrap
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd


def print_comparison(found: Mapping[str, Any]) -> None:
    """Print the tables of differences, and the sentences, as far as there are any."""
    if len(found["differences"]):
        _print_differences(found["differences"])
        typer.echo("")
        for sentence in found["sentences"]:
            typer.echo(folded(sentence))
    if "mixed_model" in found:
        _print_mixed(found["mixed_model"])
    if "noise" in found:
        _print_noise(found["noise"])


def folded(sentence: str) -> str:
    """Fold a sentence at 80 columns, but not within "p = .003"."""
    kept = re.sub(r"(95) (%)|(\w+) (=) (\S+)", lambda found: found.group().replace(" ", "\0"), sentence)
    return textwrap.fill(kept, 80, subsequent_indent="  ", break_on_hyphens=False).replace("\0", " ")


def part_name(row: Mapping[Any, Any]) -> str:
    """Name of a metric's part."""
    return str(row["metric"] if row["part"] in ("", "value", row["metric"]) else f"{row['metric']}.{row['part']}")


def short(value: float) -> str:
    """Three digits behind the point, fewer where a number is long: 80 columns are few."""
    return f"{value:.{3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0}f}" if isfinite(value) else "undefined"


def between(row: Mapping[Any, Any]) -> str:
    """An interval, or nothing where there is none."""
    return f"{short(row['low'])} to {short(row['high'])}" if isfinite(row["low"]) else ""


def _pair(row: Mapping[Any, Any]) -> str:
    return f"{row['agent']} - {row['other']}"


def _p(value: float) -> str:
    return "undefined" if not isfinite(value) else "<.001" if value < 0.001 else f"{value:.3f}"


def _print_differences(differences: "pd.DataFrame") -> None:
    from scanpath.cli.tables import print_table

    defined = differences[differences["n_pictures"] > 0]
    counted = defined["n_pictures"].nunique() > 1
    rows = [
        (
            part_name(row),
            _pair(row),
            short(row["difference"]),
            between(row),
            _p(row["p_holm"]),
            f"{row['d_z']:.2f}" if isfinite(row["d_z"]) else "",
            *([int(row["n_pictures"])] if counted else []),
        )
        for row in defined.to_dict("records")
    ]
    headings = ("metric", "agents", "diff.", "95 % interval", "p", "d_z", *(["n"] if counted else []))
    typer.echo("")
    print_table(headings, _without_repeats(rows), wrap="agents")


def _print_mixed(result: "pd.DataFrame") -> None:
    from scanpath.cli.tables import print_table

    rows = [
        (part_name(row), _pair(row), short(row["difference"]), between(row), _p(row["p_holm"]), _df(row["df"]))
        for row in result.to_dict("records")
    ]
    typer.echo("\nMixed model, pictures and people both random:")
    print_table(("metric", "agents", "diff.", "95 % interval", "p", "df"), _without_repeats(rows), wrap="agents")


def _df(value: float) -> str:
    return f"{value:.0f}" if isfinite(value) else ""


def _print_noise(result: "pd.DataFrame") -> None:
    from scanpath.cli.tables import print_table

    levels = list(dict.fromkeys(result["noise_deg"]))
    rows = []
    for (metric, part), group in result.groupby(["metric", "part"], sort=False):
        if group["kept"].isna().all():
            continue
        name = part_name({"metric": metric, "part": part})
        for (agent, other), pair in group.groupby(["agent", "other"], sort=False):
            kept = pair.set_index("noise_deg")["kept"]
            rows.append((name, f"{agent} - {other}", *(_percent(kept[level]) for level in levels)))
        tau = group.drop_duplicates("noise_deg").set_index("noise_deg")["tau"]
        rows.append((name, "all: Kendall's tau", *(_tau(tau[level]) for level in levels)))
    typer.echo("\nHow often the order stays when people's fixations move by noise:")
    print_table(
        ("metric", "agents", *(f"% at {level:g} deg" for level in levels)), _without_repeats(rows), wrap="agents"
    )
    typer.echo("Noise: Gaussian, of this SD in x and in y, in every one of people's fixations.")
    typer.echo("Agents' fixations stay where they are: they are not measured.")


def _percent(value: float) -> str:
    return f"{100 * value:.0f}" if isfinite(value) else ""


def _tau(value: float) -> str:
    return f"{value:.2f}" if isfinite(value) else ""


def _without_repeats(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Name each metric on its first row alone."""
    names = [None, *(row[0] for row in rows)]
    return [("" if name == before else name, *row[1:]) for before, name, row in zip(names, names[1:], rows)]
