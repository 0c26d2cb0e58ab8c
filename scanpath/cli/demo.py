"""`scanpath demo`: the main job in one command, without network or weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    pass


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the figure and the table.")] = Path("scanpath-demo"),
    seed: Annotated[int, typer.Option(help="Another seed gives other displays.")] = 0,
) -> None:
    """Search eight displays with three agents: a table, a figure of the scanpaths and a Parquet file."""
    from scanpath.agents import create_agent
    from scanpath.cli.progress import progress_bar
    from scanpath.cli.tables import print_table
    from scanpath.plotting import save_figure
    from scanpath.simulation import simulate

    stimuli = _displays(seed)
    agents = [
        create_agent("eccnet", backbone="steerable"),
        create_agent("ivsn", backbone="steerable"),
        create_agent("random"),
    ]
    with progress_bar("searching", len(agents) * len(stimuli)) as advance:
        table = simulate(agents, stimuli, n_fixations=12, seed=seed, out=out / "fixations.parquet", progress=advance)
    rows = []
    for agent in agents:
        trials = table[table["agent"] == agent.name].groupby("stimulus")
        found, saccades = trials["target_found"].first(), trials["fixation"].max()
        mean = float(saccades[found].mean()) if found.any() else float("nan")
        rows.append((agent.name, f"{int(found.sum())} of {len(found)}", mean))
    print_table(("agent", "targets found", "mean saccades to target"), rows)
    typer.echo(
        f"\nScanpaths: {save_figure(_draw(table, stimuli, [agent.name for agent in agents]), out / 'scanpaths.png')}"
    )
    typer.echo(f"Fixations: {out / 'fixations.parquet'}")
    typer.echo(
        "Next: scanpath simulate --agent eccnet --backbone steerable --target T.png --out run.parquet YOUR_PICTURE.png"
    )
