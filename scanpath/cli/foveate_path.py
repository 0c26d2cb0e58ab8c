"""`scanpath foveate --path`: a film of one scanpath on one picture, or its frames."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path
from scanpath.cli.progress import progress_bar, say

if TYPE_CHECKING:
    from torch import Tensor

    from scanpath.foveation.views import View
    from scanpath.studies.stimulus_list import PlannedStimulus


def follow(
    source: Path,
    out: Path,
    table: Path,
    who: str | None,
    trial: str | None,
    view: "View",
    seed: int,
    background: float | None,
) -> None:
    """Write a frame a fixation: an animation that lasts as the fixations do, or numbered pictures in a folder."""
    import typer

    from scanpath.gaze.picture_writing import FILM_SUFFIXES, PictureKind, require_film_writer, write_film, write_picture
    from scanpath.gaze.pictures import read_image
    from scanpath.studies.stimulus_list import FILM_MS

    if source.is_dir():
        raise InputError(f"--path follows one picture, and {source} is a folder; give --fixations TABLE --form gif.")
    image = read_image(source, background=background)
    path = _only_scanpath(source, table, who, trial, view.kind, seed)
    film = out.suffix.lower() in FILM_SUFFIXES
    if not film and (out.is_file() or (out.suffix and not out.is_dir())):
        raise InputError(f"OUT {out} must be a .gif or .mp4 file, or a folder for numbered pictures, with --path.")
    if out.suffix.lower() == ".mp4":
        require_film_writer()
    if film and all("duration_ms" not in one for one in path.fixations):
        say(f"{table} has no durations, so each fixation lasts {FILM_MS:g} ms")
    kind = PictureKind.of(source)
    with progress_bar("foveating", len(path.xy)) as advance:
        frames = _counted((view.see(image, [xy], seed)[0] for xy in path.xy), advance)
        if film:
            with atomic_path(out) as temporary:
                write_film(frames, path.duration_ms, temporary)
        else:
            for number, frame in enumerate(frames):
                with atomic_path(out / f"{source.stem}_{number:03d}.png") as temporary:
                    write_picture(frame, temporary, like=kind)
    typer.echo(str(out))


def _only_scanpath(
    source: Path, table: Path, who: str | None, trial: str | None, kind: str, seed: int
) -> "PlannedStimulus":
    """Return the one scanpath on a picture, or say how to choose it."""
    from scanpath.studies.stimulus_list import list_pictures, plan_table, read_places

    rows = read_places(table)
    rows = rows[(rows["stimulus"] == source.name).to_numpy(dtype=bool)]
    planned: list[PlannedStimulus] = []
    if len(rows):
        pictures, _ = list_pictures(source)
        planned = plan_table(pictures, rows, "gif", kind, seed, who=who, trial=trial, source=str(table))
    if len(planned) == 1:
        return planned[0]
    names = list(dict.fromkeys(one.get("subject") or one.get("agent") for plan in planned for one in plan.fixations))
    option = "--trial" if planned and len(names) == 1 else "--who"
    known = [one.get("trial") for plan in planned for one in plan.fixations[:1]] if option == "--trial" else names
    raise InputError(
        f"{table} has {len(planned)} scanpaths on {source.name!r} to choose from; give {option}, one of: "
        f"{', '.join(str(name) for name in known) or 'nobody'}."
    )


def _counted(frames: "Iterable[Tensor]", advance: Callable[[int], None]) -> "Iterator[Tensor]":
    for frame in frames:
        yield frame
        advance(1)
