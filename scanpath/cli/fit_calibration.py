"""`scanpath fit calibration`."""

from pathlib import Path
from typing import Annotated

import typer

from scanpath.cli.options import FitSeed, Pictures, PxPerDeg, Targets


def calibration(
    agent: Annotated[str, typer.Option(help="Name of an agent that draws maps.")],
    people: Annotated[Path, typer.Option(help="Table of people's fixations.")],
    pictures: Pictures,
    px_per_deg: PxPerDeg,
    out: Annotated[Path, typer.Option(help="File for the numbers (.json); simulate --agent takes it.")],
    targets: Targets = None,
    backbone: Annotated[str | None, typer.Option(help="Features the agent sees with, such as steerable.")] = None,
    weights: Annotated[Path | None, typer.Option(help="File with the backbone's weights.")] = None,
    folds: Annotated[int, typer.Option(help="Parts of the pictures that are left out in turn.")] = 5,
    fixations: Annotated[int, typer.Option(help="Most fixations of a picture that are used.")] = 40,
    seed: FitSeed = 0,
) -> None:
    """Make an agent's maps a probability of where your people look next, by four numbers or five."""
    from scanpath._core.errors import InputError
    from scanpath.agents.calibrated import DrawsMaps
    from scanpath.cli.fit_pictures import agent_that_sees, people_and_pictures
    from scanpath.cli.progress import progress_bar, say
    from scanpath.cli.tables import print_table
    from scanpath.evaluation.inputs import Counted
    from scanpath.training.calibration import calibrate

    if out.suffix != ".json":
        raise InputError(f"--out {out} must end in .json.")  # before the fit, not after it
    table, stimuli = people_and_pictures(people, pictures, px_per_deg, targets)
    drawing = agent_that_sees(agent, backbone, weights)
    if not isinstance(drawing, DrawsMaps):
        raise InputError(f"Agent {agent!r} draws no map, so there is nothing to calibrate.")
    with progress_bar("drawing maps", len(stimuli)) as advance:
        fitted = calibrate(
            drawing, stimuli, table, folds, seed, fixations_per_picture=fixations, progress=Counted(advance)
        ).calibration
    fitted.save(out)
    rows = [
        (name, f"{getattr(fitted.density, name):.4g}", f"{low:.4g}", f"{high:.4g}")
        for name, (low, high) in fitted.intervals.items()
    ]
    value, low, high = (f"{bits:.3f}" for bits in fitted.held_out_bits)
    print_table(("number", "value", "low 95%", "high 95%"), rows)
    typer.echo(f"{value} [{low}, {high}] bits a fixation beyond the center bias, on pictures left out.")
    say(f"wrote {out}; to look with it: scanpath simulate --agent {out} PICTURE --px-per-deg {px_per_deg:g}")


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("calibration", short_help="Make an agent's maps a probability.")(calibration)
