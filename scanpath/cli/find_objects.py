"""`scanpath objects`: boxes of the objects of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from scanpath.gaze.object_files import PictureObjects


def objects(
    pictures: Annotated[list[Path], typer.Argument(help="Picture files or folders of pictures.")],
    out: Annotated[Path, typer.Option(help="CSV file of boxes to write, for --objects of other commands.")],
    background: Annotated[
        float | None, typer.Option(help="Gray level of a plain ground, 0 to 255; what lies on it are the objects.")
    ] = None,
    gap_px: Annotated[int, typer.Option(help="Parts no further apart are one thing.")] = 2,
    least_px: Annotated[int, typer.Option(help="Things with fewer pixels are specks, and left out.")] = 4,
    detector: Annotated[str | None, typer.Option(help="A detector of torchvision instead, for photographs.")] = None,
    weights: Annotated[Path | None, typer.Option(help="File with the detector's weights.")] = None,
    least_score: Annotated[float, typer.Option(help="What the detector is less certain of is left out.")] = 0.5,
    figures: Annotated[Path | None, typer.Option(help="Folder for a figure of each picture's boxes.")] = None,
) -> None:
    """Find the objects of pictures: things on a plain ground, or what a detector knows."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import progress_bar, say
    from scanpath.gaze.object_files import write_objects
    from scanpath.gaze.pictures import find_pictures

    if (background is None) == (detector is None):
        raise InputError("Give --background LEVEL or --detector NAME, one of the two.")
    if (detector is None) != (weights is None):
        raise InputError("--detector NAME needs --weights FILE with its weights, and only it has some.")
    if out.suffix.lower() != ".csv":
        raise InputError(f"--out {out} must end in .csv.")
    files = [member for path in pictures for member in (find_pictures(path) if path.is_dir() else [path])]
    found: dict[str, PictureObjects] = {}
    with progress_bar("looking for objects", len(files)) as advance:
        for file in files:
            if background is not None:
                one = _on_ground(file, background, gap_px, least_px)
            else:
                one = _detected(file, str(detector), weights, least_score)
            if one.objects:
                found[file.name] = one
            else:
                say(f"{file.name} has no objects")
            if figures is not None and one.objects:
                _draw(file, one, figures)
            advance(1)
    if not found:
        raise InputError("No picture has an object; give another background, or a lower least_px or least_score.")
    write_objects(out, found)
    say(f"wrote {sum(len(one.objects) for one in found.values())} boxes of {len(found)} pictures to {out}")


def _on_ground(file: Path, background: float, gap_px: int, least_px: int) -> "PictureObjects":
    from scanpath.gaze.object_files import PictureObjects
    from scanpath.gaze.objects import find_objects, in_view
    from scanpath.gaze.pictures import read_image

    boxes = find_objects(read_image(file), background, gap_px=gap_px, least_px=least_px)
    return PictureObjects([boxes[place] for place in in_view(boxes)] if boxes else [], None, None)


def _detected(file: Path, detector: str, weights: Path | None, least_score: float) -> "PictureObjects":
    from scanpath.gaze.object_files import PictureObjects
    from scanpath.gaze.stimulus import Stimulus
    from scanpath.recognition import detect_objects

    assert weights is not None  # a detector comes with its weights
    found = detect_objects(Stimulus(file).rgb, weights, detector=detector, least_score=least_score)
    return PictureObjects(list(found.objects), list(found.labels), None)


def _draw(file: Path, one: "PictureObjects", folder: Path) -> None:
    from scanpath.gaze.stimulus import Stimulus
    from scanpath.plotting import plot_objects, save_figure

    stimulus = Stimulus(file, objects=one.objects, object_labels=one.object_labels)
    save_figure(plot_objects(stimulus, title=file.name), folder / f"{file.stem}_objects.png")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("objects", short_help="Find the objects of pictures and write their boxes.")(objects)
