"""`scanpath fit scenewalk`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanpath.cli.options import FitSeed, Pictures, PxPerDeg, split_names

if TYPE_CHECKING:
    from scanpath.training.scenewalk import SceneWalkFit


def scenewalk(
    people: Annotated[Path, typer.Option(help="Table of people's fixations, with durations and subjects.")],
    pictures: Pictures,
    px_per_deg: PxPerDeg,
    out: Annotated[Path, typer.Option(help="JSON file for the parameters.")],
    configuration: Annotated[
        str, typer.Option(help="subtractive or divisive; then +center, +post, +pre, +both, +return, +oculomotor_add.")
    ] = "subtractive",
    density: Annotated[
        str, typer.Option(help="Where there is something to see: people, or an agent's name, such as itti_koch.")
    ] = "people",
    fitted: Annotated[str | None, typer.Option(help="Parameters to fit, separated by commas.")] = None,
    start: Annotated[
        list[str] | None, typer.Option("--set", help="Where a parameter begins or is held, as in name=value.")
    ] = None,
    starts: Annotated[int, typer.Option(help="Searches, from different places.")] = 1,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    seed: FitSeed = 0,
) -> None:
    """Fit SceneWalk to people by maximum likelihood; a fit that was stopped goes on when it is called again."""
    from scanpath.cli.fit_pictures import people_and_pictures
    from scanpath.cli.progress import progress_bar, say
    from scanpath.training.scenewalk import fit_scenewalk

    _, stimuli = people_and_pictures(people, pictures, px_per_deg)
    checkpoint = out.with_name(f"{out.name}.unfinished")
    with progress_bar("fitting", None, goes_on=True) as advance:
        result = fit_scenewalk(
            people,
            stimuli,
            configuration=configuration,
            density=density,
            parameters=_numbers(start or []),
            fitted=None if fitted is None else split_names(fitted),
            starts=starts,
            confidence=confidence,
            seed=seed,
            checkpoint=checkpoint,
            progress=advance,
        )
    result.save(out)
    checkpoint.unlink(missing_ok=True)
    _report(result)
    say(f"wrote {out}")
    other = " --set density=itti_koch" if result.density == "people" else ""
    say(f"to look with it: scanpath simulate --agent scenewalk --weights {out}{other} --px-per-deg N PICTURE")


def _numbers(pairs: list[str]) -> dict[str, float]:
    from scanpath._core.errors import InputError

    numbers = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            numbers[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"--set takes name=value with a number, got {pair!r}.") from None
    return numbers


def _report(fit: "SceneWalkFit") -> None:
    from scanpath.cli.tables import print_table
    from scanpath.guidance.scenewalk_parameters import read_configuration

    rows = []
    for name in read_configuration(fit.configuration).parameters():
        remark = "" if name in fit.intervals else "no interval" if name in fit.without_interval else "held"
        edges = [f"{edge:.4g}" for edge in fit.intervals.get(name, ())] or ["", ""]
        rows.append((name, f"{fit.parameters[name]:.4g}", *edges, remark))
    share = f"{fit.confidence:.0%}"
    print_table(("parameter", "value", f"low {share}", f"high {share}", ""), rows)
    n = fit.data
    typer.echo(
        f"{fit.bits_per_fixation:.3f} bits a fixation beyond uniform, {fit.density_bits_per_fixation:.3f} of them from "
        f"the density alone ({n['people']} people, {n['pictures']} pictures, {n['fixations']} fixations)."
    )


def register(group: typer.Typer) -> None:
    """Add the command to `scanpath fit`."""
    group.command("scenewalk", short_help="SceneWalk, by maximum likelihood.")(scenewalk)
