"""`scanpath foveate`: pictures as they reach the fovea and the periphery."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanpath.cli.options import Jobs

if TYPE_CHECKING:
    from scanpath.foveation.views import View
    from scanpath.geometry.screen import Screen


def foveate(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A picture or a folder of pictures.")],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A picture; a folder for stimuli; with --path a .gif or .mp4.")
    ],
    px_per_deg: Annotated[float | None, typer.Option(help="Pixels per degree of visual angle.")] = None,
    screen: Annotated[str | None, typer.Option(help="Instead: resolution of the screen, such as 1920x1080.")] = None,
    width_cm: Annotated[float | None, typer.Option(help="Width of the screen's lit area.")] = None,
    distance_cm: Annotated[float | None, typer.Option(help="From the eye to the screen.")] = None,
    at: Annotated[list[str] | None, typer.Option(help="Fixation x,y in px; blur takes several.")] = None,
    fixations: Annotated[
        Path | None,
        typer.Option(help="Table of fixations (columns stimulus, x_px, y_px): a stimulus each, with a manifest."),
    ] = None,
    path: Annotated[Path | None, typer.Option(help="Table of fixations to follow on one picture.")] = None,
    who: Annotated[str | None, typer.Option(help="Subject or agent in the table, where it has several.")] = None,
    trial: Annotated[str | None, typer.Option(help="Trial in the table, where it has several.")] = None,
    form: Annotated[
        str,
        typer.Option(help="Of --fixations: each, together (all of a scanpath in one picture, blur only), gif or mp4."),
    ] = "each",
    kind: Annotated[str, typer.Option(help="blur, texture, noise_texture, neurofovea, metamer or logpolar.")] = "blur",
    law: Annotated[
        str | None, typer.Option(help="Of the blur: geisler_perry (default), linear, watson, svis, image_foveation.")
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(help="Of the blur: its standard deviation is the law's times this; 1 is the law's own, 3 shows."),
    ] = None,
    quality: Annotated[str | None, typer.Option(help="Of the blur: fast, standard (default) or precise.")] = None,
    light: Annotated[
        str | None,
        typer.Option(help="Of the blur: encoded (default, the file's values) or linear (decoded by the sRGB curve)."),
    ] = None,
    scaling: Annotated[
        float | None,
        typer.Option(help="Of textures (default 0.4) and metamers (0.5): window size over eccentricity."),
    ] = None,
    fovea_deg: Annotated[
        float | None, typer.Option(help="Of textures and metamers: radius of what is kept; default 1.82.")
    ] = None,
    statistics: Annotated[
        str | None, typer.Option(help="Of metamers: luminance, energy (default) or portilla_simoncelli.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Of metamers: most evaluations; default 300.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Of neurofovea: VGG-19 weights.")] = None,
    decoder: Annotated[Path | None, typer.Option(help="Of neurofovea: the decoder's weights.")] = None,
    seed: Annotated[int, typer.Option(help="Of textures and metamers.")] = 0,
    background: Annotated[
        float | None, typer.Option(help="Gray level, 0 to 1, that shows through transparent pixels.")
    ] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Draw a sheet of each: original, foveated, difference, degrees.")
    ] = False,
    jobs: Jobs = 1,
) -> None:
    """Show pictures as seen from a fixation, or make the foveated stimuli of an experiment.

    A person who looks at the fixation from the right distance hardly sees the blur of the default law: it halves the
    contrast of detail at the limit of acuity. To make it visible, raise --strength: at 3 the standard deviation of the
    blur is three times the law's at every eccentricity, or take --law linear (0.04 deg for each deg beyond 1 deg).

    Stimuli: scanpath foveate photos/ stimuli/ --fixations places.csv --screen 1920x1080 --width-cm 53 --distance-cm 60
    makes a PNG for each fixation and manifest.csv with every setting, seed and SHA-256. The same command goes on where
    it was stopped; other settings need another folder. Pictures are taken to be shown at one pixel a pixel in the
    middle of the screen, and the scale is that of the screen's center.

    PNG files keep 8 bits, gray stays gray, 16-bit gray stays 16 bit, an ICC profile goes along, the camera's
    orientation is applied. Everything is computed on the values as stored, sRGB in most files; --light linear blurs
    light instead.
    """
    from scanpath._core.errors import InputError
    from scanpath.cli.foveate_path import follow

    if (fixations is not None) + (path is not None) + bool(at) != 1:
        raise InputError("Give --at x,y or --path TABLE or --fixations TABLE, one of the three.")
    _check_kind(kind, at, background)
    points = [_point(text) for text in at or []]
    named = {"law": law, "strength": strength, "quality": quality, "light": light, "scaling": scaling}
    named |= {"fovea_deg": fovea_deg, "statistics": statistics, "steps": steps}
    named |= {name: None if file is None else str(file) for name, file in (("weights", weights), ("decoder", decoder))}
    scale = {"px_per_deg": px_per_deg, "screen": _screen(screen, width_cm, distance_cm, px_per_deg)}
    if path is None and (fixations is not None or source.is_dir()):
        chosen = {"at": points or None, "form": form, "who": who, "trial": trial, "kind": kind, "control": control}
        _make_stimuli(source, out, fixations, jobs, seed=seed, background=background, **scale, **chosen, **named)
        return
    _refuse_for_one(form, jobs)
    view = _view(kind, scale, named)
    if path is None:
        _make_picture(source, out, points, view, seed, background, control)
    elif control:
        raise InputError("--control goes with pictures, not with --path; make them by --fixations TABLE.")
    else:
        follow(source, out, path, who, trial, view, seed, background)


def _check_kind(kind: str, at: list[str] | None, background: float | None) -> None:
    from scanpath._core.checks import check_choice, check_share
    from scanpath._core.errors import InputError
    from scanpath.foveation.views import VIEWS

    check_choice("kind", kind, tuple(VIEWS))
    if background is not None:
        check_share("background", background)
    if len(at or []) > 1 and kind != "blur":
        raise InputError(f"--kind {kind} takes one --at, got {len(at or [])}; only blur combines several fixations.")


def _refuse_for_one(form: str, jobs: int) -> None:
    from scanpath._core.errors import InputError

    if form != "each" or jobs != 1:
        name = "--form" if form != "each" else "--jobs"
        raise InputError(f"{name} is for the stimuli of a folder or of --fixations TABLE; leave it out.")


def _screen(
    resolution: str | None, width_cm: float | None, distance_cm: float | None, px_per_deg: float | None
) -> "Screen | None":
    """Build the screen of square pixels that the three options describe, or None without them."""
    from scanpath._core.errors import InputError
    from scanpath.geometry.screen import Screen

    given = (resolution, width_cm, distance_cm)
    if all(value is None for value in given):
        if px_per_deg is None:
            raise InputError(
                "Say how large a degree is: --px-per-deg N, or --screen 1920x1080 --width-cm 53 --distance-cm 60."
            )
        return None
    if resolution is None or width_cm is None or distance_cm is None or px_per_deg is not None:
        raise InputError("--screen, --width-cm and --distance-cm belong together, in the place of --px-per-deg.")
    try:
        width_px, height_px = (int(side) for side in resolution.lower().split("x"))
    except ValueError:
        raise InputError(f"--screen must be WIDTHxHEIGHT in px, such as 1920x1080, got {resolution!r}.") from None
    height_cm = width_cm * height_px / width_px if width_px else 0.0
    return Screen(
        width_px=width_px, height_px=height_px, width_cm=width_cm, height_cm=height_cm, distance_cm=distance_cm
    )


def _view(kind: str, scale: dict[str, Any], named: dict[str, Any]) -> "View":
    from scanpath.foveation.views import View
    from scanpath.geometry.screen import resolve_px_per_deg

    return View.of(kind, px_per_deg=resolve_px_per_deg(**scale), **named)


def _make_stimuli(source: Path, out: Path, fixations: Path | None, jobs: int, **asked: Any) -> None:
    """Make the stimuli of a folder; what is there already is kept, so that a stopped run can be continued."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import progress_bar, say
    from scanpath.studies.foveated_stimuli import plan_stimuli

    run = plan_stimuli(source, out, fixations, **asked)
    _say_what_was_there(run)
    try:
        with progress_bar("foveating", len(run.waiting)) as advance:
            run.make(jobs=jobs, on_error="skip", progress=advance)
    except KeyboardInterrupt:
        there = sum(one.file in run.folder.made for one in run.stimuli)
        say(f"stopped with {there} of {len(run.stimuli)} stimuli in {out}; the same command goes on")
        raise
    for name, reason in run.failures.items():
        say(f"skipped {name}: {reason}")
    there, failed = sum(one.file in run.folder.made for one in run.stimuli), len(run.failures)
    if there == 0 or (failed and fixations is not None):
        raise InputError(
            f"{there} stimuli are in {out}, and {failed} pictures or stimuli failed for the reasons above; the same "
            "command goes on when they are gone."
        )
    typer.echo(f"{there} of {there + failed} stimuli in {out}; {out / 'manifest.csv'} says how each was made")


def _say_what_was_there(run: Any) -> None:
    from scanpath.cli.progress import say

    kept = len(run.stimuli) - len(run.waiting)
    if run.unused:
        say(f"without a fixation in the table: {len(run.unused)} of the pictures, such as {run.unused[0]}")
    if kept:
        say(f"{kept} of {len(run.stimuli)} stimuli were there before, of the same pictures and settings, and are kept")


def _make_picture(
    source: Path,
    out: Path,
    points: list[tuple[float, float]],
    view: "View",
    seed: int,
    background: float | None,
    control: bool,
) -> None:
    from scanpath._core.errors import InputError
    from scanpath._core.files import atomic_path
    from scanpath.cli.progress import say
    from scanpath.gaze.picture_writing import PictureKind, check_picture_ending, write_picture
    from scanpath.gaze.pictures import read_image
    from scanpath.plotting import plot_foveation, save_figure

    check_picture_ending(out)
    image = read_image(source, background=background)
    if out.resolve() == source.resolve():
        raise InputError(f"OUT {out} is the picture itself; give another name.")
    _check_on_picture(points, (image.shape[-1], image.shape[-2]))
    seen, _ = view.see(image, points, seed)
    if control and seen.shape[-2:] != image.shape[-2:]:
        raise InputError(f"--control compares a picture with its original, and --kind {view.kind} gives none.")
    if out.exists():
        say(f"{out} was there and is replaced")
    with atomic_path(out) as temporary:
        write_picture(seen, temporary, like=PictureKind.of(source))
    typer.echo(str(out))
    if control:
        axes = plot_foveation(image, seen, points, px_per_deg=view.px_per_deg, title=f"{out.name}, {view.kind}")
        typer.echo(str(save_figure(axes[0], out.with_name(f"{out.stem}_control.png"), dpi=100)))


def _check_on_picture(points: list[tuple[float, float]], size_px: tuple[int, int]) -> None:
    """Refuse a fixation of the command line that is not on the picture; nobody means a place beside it."""
    import numpy as np

    from scanpath._core.errors import InputError
    from scanpath.gaze.pixels import on_picture

    for x, y in points:
        if not on_picture(np.array([x, y]), size_px):
            raise InputError(
                f"--at {x:g},{y:g} lies outside the picture of {size_px[0]} x {size_px[1]} px; give x,y in px from the "
                "top left."
            )


def _point(text: str) -> tuple[float, float]:
    from scanpath._core.checks import check_xy
    from scanpath._core.errors import InputError

    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--at must be x,y in px, got {text!r}.") from None
    check_xy("--at", (x, y))
    return x, y
