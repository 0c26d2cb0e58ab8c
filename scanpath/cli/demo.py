"""`scanpath demo`: the main job in one command, without network or weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from scanpath.gaze.stimulus import Stimulus

#: The two halves of one search asymmetry: people find a curve among lines faster than a line among curves.
CONDITIONS = {"curve_in_lines": "curve among lines", "line_in_curves": "line among curves"}
SET_SIZE = 16
DISPLAYS = 4
N_FIXATIONS = 15
RECOGNITION_PX = 10


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the figure and the table.")] = Path("scanpath-demo"),
    seed: Annotated[int, typer.Option(help="Another seed gives other displays.")] = 0,
) -> None:
    """Search eight drawn displays with three agents: a table, a figure of the scanpaths and a Parquet file."""
    from scanpath.agents.catalog import create_agent
    from scanpath.agents.target_found import WindowOverlap
    from scanpath.cli.progress import progress_bar
    from scanpath.plotting import save_figure
    from scanpath.simulation import simulate
    from scanpath.stimuli import asymmetry_display

    stimuli = [
        asymmetry_display(condition, SET_SIZE, trial=trial, seed=seed)
        for condition in CONDITIONS
        for trial in range(DISPLAYS)
    ]
    rule = WindowOverlap(RECOGNITION_PX)  # the study's, for all, so that they can be compared
    agents = [create_agent(name, backbone="steerable", found_rule=rule) for name in ("eccnet", "ivsn.gupta2021")]
    agents.append(create_agent("random", found_rule=rule))
    with progress_bar("searching", len(agents) * len(stimuli)) as advance:
        table = simulate(agents, stimuli, N_FIXATIONS, seed, out=out / "fixations.parquet", progress=advance)
    _print(table, [agent.name for agent in agents])
    figure = save_figure(_draw(table, stimuli, [agent.name for agent in agents]), out / "scanpaths.png")
    typer.echo(f"\nFigure of the scanpaths   {figure}")
    typer.echo(f"Table of the fixations    {out / 'fixations.parquet'}")
    typer.echo(
        "On your own picture       scanpath simulate --agent eccnet --backbone steerable --target TARGET.png "
        "--figures out PICTURE.png"
    )


def _print(table: "pd.DataFrame", agents: list[str]) -> None:
    from scanpath.cli.tables import print_table

    trials = table.groupby(["agent", "condition", "stimulus"], sort=False).agg(
        found=("target_found", "first"), saccades=("fixation", "max")
    )
    rows = []
    for agent in agents:
        row: list[object] = [agent]
        for condition in CONDITIONS:
            group = trials.xs((agent, condition))
            hits = group[group["found"]]
            mean = f"{hits['saccades'].mean():.1f} saccades" if len(hits) else "-"
            row.append(f"{len(hits)} of {len(group)}, {mean}")
        rows.append(row)
    print_table(("agent", *(f"{text}: found" for text in CONDITIONS.values())), rows)


def _draw(table: "pd.DataFrame", stimuli: list["Stimulus"], agents: list[str]) -> "Axes":
    from scanpath.gaze.table import scanpaths_from_table
    from scanpath.plotting import new_axes, plot_scanpath
    from scanpath.plotting.figures import COLORS

    shown = [stimuli[0], stimuli[DISPLAYS]]
    paths = {(path.info["agent"], path.info["stimulus"]): path for path in scanpaths_from_table(table)}
    axes = new_axes(len(shown), len(agents), panel_inches=(4.0, 4.2))
    panels = iter(axes)
    for stimulus in shown:
        for agent, color in zip(agents, COLORS):
            path = paths[agent, stimulus.name]
            saccades = "1 saccade" if len(path) == 2 else f"{len(path) - 1} saccades"
            end = f"found after {saccades}" if path.info["target_found"] else "not found"
            title = f"{agent}: {CONDITIONS[stimulus.info['condition']]}\n{end}"
            plot_scanpath(path, stimulus, ax=next(panels), color=color, title=title)
    return axes[0]
