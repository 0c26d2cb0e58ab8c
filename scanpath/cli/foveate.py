"""`scanpath foveate`: pictures as they reach the fovea and the periphery."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from scanpath.gaze.scanpath import Scanpath

#: Turns a picture (C, H, W) and fixations [(x, y), ...] into the picture that is seen.
Transform = Callable[["Tensor", list[tuple[float, float]]], "Tensor"]
#: Reads a picture file as (C, H, W).
Reader = Callable[[Path], "Tensor"]
KINDS = ("blur", "texture", "logpolar")
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
ANIMATIONS = (".gif", ".mp4")


def foveate(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A picture or a folder of pictures.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A picture, a folder, or with --path a .gif or .mp4.")],
    px_per_deg: Annotated[float, typer.Option(help="Pixels per degree of visual angle.")],
    at: Annotated[list[str] | None, typer.Option(help="Fixation x,y in px; blur takes several.")] = None,
    path: Annotated[Path | None, typer.Option(help="Table of fixations to follow: a frame each.")] = None,
    who: Annotated[str | None, typer.Option(help="Subject or agent in the table, where it has several.")] = None,
    kind: Annotated[str, typer.Option(help="blur, texture or logpolar.")] = "blur",
    law: Annotated[
        str, typer.Option(help="Of the blur: geisler_perry, linear, watson, svis, image_foveation.")
    ] = "geisler_perry",
    strength: Annotated[float, typer.Option(help="Of the blur; 1 is the law's own.")] = 1.0,
    scaling: Annotated[float, typer.Option(help="Of the texture: window size over eccentricity.")] = 0.4,
    seed: Annotated[int, typer.Option(help="Of the texture.")] = 0,
    background: Annotated[
        float | None, typer.Option(help="Gray level, 0 to 1, that shows through transparent pixels.")
    ] = None,
) -> None:
    """Show pictures as seen from a fixation: blurred, as texture, or as the log-polar map of the cortex."""
    from scanpath._core.checks import check_choice, check_positive
    from scanpath._core.errors import InputError
    from scanpath.gaze.pictures import read_image

    check_choice("kind", kind, KINDS)
    check_positive("px_per_deg", px_per_deg)
    if (path is None) == (not at):
        raise InputError("Give --at x,y or --path TABLE, one of the two.")
    fixations = [_point(text) for text in at or []]
    if len(fixations) > 1 and kind != "blur":
        raise InputError(f"--kind {kind} takes one --at, got {len(fixations)}; only blur combines several fixations.")
    transform = _transform(kind, px_per_deg, law, strength, scaling, seed)
    read = partial(read_image, background=background)
    if path is not None:
        _follow(source, out, path, who, transform, read)
    elif source.is_dir():
        _folder(source, out, fixations, transform, read)
    else:
        _picture(source, out, fixations, transform, read)


def _transform(kind: str, px_per_deg: float, law: str, strength: float, scaling: float, seed: int) -> Transform:
    import torch

    import scanpath as sp
    from scanpath._core.checks import check_positive

    check_positive("scaling", scaling)
    if kind == "blur":
        sp.foveated_blur(torch.zeros(1, 1, 1), (0, 0), px_per_deg=px_per_deg, law=law, strength=strength)  # a mistake?
        return lambda image, xy: sp.foveated_blur(
            image, _points(xy), px_per_deg=px_per_deg, law=law, strength=strength, several=True
        )
    if kind == "texture":
        return lambda image, xy: sp.foveated_texture(
            image, _points(xy)[0], px_per_deg=px_per_deg, scaling=scaling, seed=seed
        )
    return lambda image, xy: sp.log_polar(
        image, _points(xy)[0], shape=_cortex_shape(image), px_per_deg=px_per_deg, outside="zero"
    )


def _cortex_shape(image: "Tensor") -> tuple[int, int]:
    # as many places as the picture has along its longer side, and a full turn three times that
    side = max(2, *image.shape[-2:])
    return side // 2, side


def _picture(source: Path, out: Path, fixations: list[tuple[float, float]], transform: Transform, read: Reader) -> None:
    from scanpath._core.errors import InputError

    if out.suffix.lower() not in PICTURES:
        raise InputError(f"OUT {out} must be a picture file, such as {out.stem or 'seen'}.png.")
    image = read(source)
    _save(transform(image, _on_picture(image, fixations)), out)
    typer.echo(str(out))


def _folder(source: Path, out: Path, fixations: list[tuple[float, float]], transform: Transform, read: Reader) -> None:
    """Work through a folder; what is there already is kept, so that a stopped run can be continued."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import progress_bar, say
    from scanpath.gaze.pictures import find_pictures

    if out.exists() and (not out.is_dir() or out.resolve() == source.resolve()):
        raise InputError(f"OUT {out} must be a folder other than IN.")
    pictures = find_pictures(source)
    stems = [picture.stem for picture in pictures]
    done = kept = 0
    with progress_bar("foveating", len(pictures)) as advance:
        for picture in pictures:
            # a.png and a.jpg keep their endings, so that each is written
            target = out / f"{picture.stem if stems.count(picture.stem) == 1 else picture.name}.png"
            try:
                if target.exists():
                    kept += 1
                else:
                    image = read(picture)
                    _save(transform(image, _on_picture(image, fixations)), target)
                done += 1
            except InputError as error:
                say(f"skipped {picture.name}: {error}")
            advance(1)
    if done == 0:
        raise InputError(f"None of the {len(pictures)} pictures in {source} could be used; the reasons are above.")
    if kept:
        say(f"{kept} of them were there before and were kept, whatever they show; for other settings give a new folder")
    typer.echo(f"{done} of {len(pictures)} pictures in {out}")


def _follow(source: Path, out: Path, table: Path, who: str | None, transform: Transform, read: Reader) -> None:
    """Write a frame a fixation: an animation that lasts as the fixations do, or numbered pictures in a folder."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import progress_bar

    image = read(source)
    scanpath = _scanpath(table, source.name, who)
    animation = out.suffix.lower() in ANIMATIONS
    if not animation and (out.is_file() or (out.suffix and not out.is_dir())):
        raise InputError(f"OUT {out} must be a .gif or .mp4 file, or a folder for numbered pictures, with --path.")
    seconds = [0.3 if ms is None or ms != ms else float(ms) / 1000 for ms in _durations(scanpath)]
    with progress_bar("foveating", len(scanpath)) as advance:
        frames = _frames(image, scanpath, transform, advance)
        if animation:
            _animate(list(frames), seconds, out)
        else:
            for number, frame in enumerate(frames):
                _write_pixels(frame, out / f"{source.stem}_{number:03d}.png")
    typer.echo(str(out))


def _frames(
    image: "Tensor", scanpath: "Scanpath", transform: Transform, advance: Callable[[int], None]
) -> "Iterator[np.ndarray]":
    for x, y in scanpath.xy:
        yield _pixels(transform(image, [(float(x), float(y))]))
        advance(1)


def _durations(scanpath: "Scanpath") -> list[float | None]:
    return [None] * len(scanpath) if scanpath.duration_ms is None else scanpath.duration_ms.tolist()


def _scanpath(table: Path, picture: str, who: str | None) -> "Scanpath":
    from scanpath._core.errors import InputError
    from scanpath.gaze.table import read_table, scanpaths_from_table

    paths = [path for path in scanpaths_from_table(read_table(table)) if path.info["stimulus"] == picture]
    names = [path.info.get("subject") or path.info.get("agent") for path in paths]
    if who is not None:
        paths = [path for path, name in zip(paths, names) if name == who]
    if len(paths) != 1:
        known = ", ".join(str(name) for name in dict.fromkeys(names)) or "nobody"
        raise InputError(
            f"{table} has {len(paths)} scanpaths on {picture!r} to choose from; give --who, one of: {known}."
        )
    return paths[0]


def _animate(frames: "list[np.ndarray]", seconds: list[float], out: Path) -> None:
    import numpy as np
    from PIL import Image

    from scanpath._core.files import atomic_path
    from scanpath._core.optional import require

    if out.suffix.lower() == ".gif":
        pictures = [Image.fromarray(frame) for frame in frames]
        with atomic_path(out) as temporary:
            milliseconds = [round(1000 * value) for value in seconds]
            pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
        return
    ffmpeg = require("imageio_ffmpeg", package="imageio-ffmpeg", purpose="Writing .mp4")
    # players expect color at half the resolution, so sides must be even: the last row or column is repeated
    frames = [
        np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge") for frame in frames
    ]
    rate, (height, width) = 30, frames[0].shape[:2]
    with atomic_path(out) as temporary:
        writer = ffmpeg.write_frames(str(temporary), (width, height), fps=rate, macro_block_size=2, quality=8)
        writer.send(None)
        for frame, lasting in zip(frames, seconds):
            for _ in range(max(1, round(lasting * rate))):
                writer.send(frame)
        writer.close()


def _save(image: "Tensor", target: Path) -> None:
    _write_pixels(_pixels(image), target)


def _write_pixels(values: "np.ndarray", target: Path) -> None:
    from PIL import Image

    from scanpath._core.files import atomic_path

    with atomic_path(target) as temporary:
        Image.fromarray(values).save(temporary)


def _pixels(image: "Tensor") -> "np.ndarray":
    """8-bit RGB (H, W, 3); blur and texture may overshoot white or black by a little."""
    rgb = image.expand(3, -1, -1) if image.shape[0] == 1 else image
    return (rgb.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()


def _on_picture(image: "Tensor", fixations: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return fixations of the command line if all lie on the picture; nobody means a place beside it."""
    import numpy as np

    from scanpath._core.errors import InputError
    from scanpath.gaze.pixels import on_picture

    height, width = image.shape[-2:]
    for x, y in fixations:
        if not on_picture(np.array([x, y]), (width, height)):
            raise InputError(
                f"--at {x:g},{y:g} lies outside the picture of {width} x {height} px; give x,y in px from the top left."
            )
    return fixations


def _points(xy: list[tuple[float, float]]) -> "Tensor":
    import torch

    return torch.tensor(xy, dtype=torch.float32)


def _point(text: str) -> tuple[float, float]:
    from scanpath._core.checks import check_xy
    from scanpath._core.errors import InputError

    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--at must be x,y in px, got {text!r}.") from None
    check_xy("--at", (x, y))
    return x, y
