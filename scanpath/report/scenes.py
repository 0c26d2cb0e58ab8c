"""Pictures and scanpaths as the page shows them."""

import base64
import io
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from PIL import Image
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath.gaze.pictures import find_pictures
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import PictureSource, Stimulus
from scanpath.gaze.table import scanpaths_from_table
from scanpath.geometry.magnification import geisler_perry_sigma
from scanpath.report.densities import densities

#: What was looked at: stimuli, a folder of pictures or one picture's file, or a mapping of names to pictures.
Pictures: TypeAlias = str | os.PathLike[str] | Mapping[str, PictureSource] | Iterable[Stimulus]

#: Eccentricities at which the page is told the blur; it draws straight lines in between.
_STEPS = 48
#: Targets are shrunk to this side.
_TARGET_PX = 120


def as_stimuli(pictures: Pictures | None, px_per_deg: float | None) -> dict[str, Stimulus]:
    """Stimuli by name, from stimuli, a folder of pictures, or a mapping of names to files."""
    if pictures is None:
        return {}
    if isinstance(pictures, str | os.PathLike):
        folder = Path(pictures)
        files = find_pictures(folder) if folder.is_dir() else [folder]
        return {file.name: Stimulus(file, px_per_deg=px_per_deg) for file in files}
    if isinstance(pictures, Mapping):
        return {str(name): Stimulus(file, name=str(name), px_per_deg=px_per_deg) for name, file in pictures.items()}
    return {stimulus.name: stimulus for stimulus in pictures}


def scenes(
    tables: Iterable[pd.DataFrame],
    stimuli: Mapping[str, Stimulus],
    sizes: Mapping[str, tuple[int, int]],
    *,
    px_per_deg: float | None,
    max_pictures: int,
    max_side_px: int,
    max_observers: int,
) -> list[dict[str, Any]]:
    """What the page's script needs: for each picture its image, its facts and the scanpaths on it.

    Pictures are chosen evenly over all names in their order.
    """
    by_name: dict[str, list[Scanpath]] = {}
    for table in tables:
        for path in scanpaths_from_table(table):
            by_name.setdefault(str(path.info["stimulus"]), []).append(path)
    names = list(by_name)
    if len(names) > max_pictures:
        names = [names[int((i + 0.5) * len(names) / max_pictures)] for i in range(max_pictures)]
    return [
        _scene(name, by_name[name], stimuli.get(name), sizes.get(name), px_per_deg, max_side_px, max_observers)
        for name in names
    ]


def _scene(
    name: str,
    paths: list[Scanpath],
    stimulus: Stimulus | None,
    size: tuple[int, int] | None,
    px_per_deg: float | None,
    max_side_px: int,
    max_observers: int,
) -> dict[str, Any]:
    width, height = _size(paths, stimulus, size)
    scale = min(1.0, max_side_px / max(width, height))
    known = stimulus.px_per_deg if stimulus is not None and stimulus.px_per_deg else px_per_deg
    return {
        "name": name,
        "caption": stimulus.caption if stimulus is not None else None,
        "width": width,
        "height": height,
        "scale": scale,
        "source": None if stimulus is None else picture_uri(stimulus, scale),
        "target": None if stimulus is None else _target_uri(stimulus),
        "box": None if stimulus is None or stimulus.target_box is None else list(stimulus.target_box),
        "sigma": None if known is None else sigma_steps(known, math.hypot(width, height), scale),
        "step": math.hypot(width, height) * scale / (_STEPS - 1),
        "paths": [_path(path) for path in _some(paths, max_observers)],
        "left_out": len(paths) - len(_some(paths, max_observers)),
        "densities": densities(_by_kind(paths), (width, height), known),
    }


def sigma_steps(px_per_deg: float, reach_px: float, scale: float) -> list[float]:
    """Blur (Gaussian sigma in px as shown) at steps of eccentricity from 0 to the picture's diagonal.

    Examples
    --------
    >>> sigma = sigma_steps(30.0, 1200.0, 1.0)
    >>> round(sigma[0], 3), round(sigma[-1], 3)
    (0.143, 2.635)
    """
    sigma_deg = geisler_perry_sigma(np.linspace(0, reach_px / px_per_deg, _STEPS))
    return [round(float(value), 5) for value in sigma_deg * px_per_deg * scale]


def _size(paths: list[Scanpath], stimulus: Stimulus | None, size: tuple[int, int] | None) -> tuple[int, int]:
    if stimulus is not None:
        return stimulus.size[1], stimulus.size[0]
    if size is not None:
        return int(size[0]), int(size[1])
    # without picture and size, the frame is what was looked at
    xy = np.concatenate([path.xy for path in paths if len(path)] or [np.zeros((1, 2))])
    width, height = (max(1, math.ceil(side) + 1) for side in xy.max(axis=0))
    return width, height


def _some(paths: list[Scanpath], max_observers: int) -> list[Scanpath]:
    agents = [path for path in paths if "agent" in path.info]
    people = [path for path in paths if "agent" not in path.info]
    return agents[:max_observers] + people[:max_observers]


def _by_kind(paths: list[Scanpath]) -> dict[str, list[Scanpath]]:
    """Scanpaths of people together, and of each agent."""
    groups: dict[str, list[Scanpath]] = {}
    for path in sorted(paths, key=lambda path: "agent" in path.info):
        groups.setdefault(str(path.info["agent"]) if "agent" in path.info else "people", []).append(path)
    return groups


def _path(path: Scanpath) -> dict[str, Any]:
    agent = path.info.get("agent")
    who = str(agent if agent is not None else path.info.get("subject", "somebody"))
    marks = [f"{key} {path.info[key]}" for key in ("seed", "trial", "condition") if key in path.info]
    times = path.duration_ms
    return {
        "who": who,
        "kind": "agent" if agent is not None else "person",
        "label": ", ".join([f"person {who}" if who.isdecimal() else who, *marks]),
        "xy": np.round(path.xy, 2).tolist(),
        "ms": None if times is None else [None if math.isnan(value) else round(float(value), 1) for value in times],
        "found": path.info.get("target_found"),
    }


def picture_uri(stimulus: Stimulus, scale: float) -> str | None:
    """Return a picture, shrunk, as text that a page can hold; None where it cannot be read any more."""
    try:
        return _jpeg(stimulus.rgb, scale)
    except InputError:  # a picture that went missing leaves an empty frame, as the scanpaths still say something
        return None


def _target_uri(stimulus: Stimulus) -> str | None:
    try:
        target = stimulus.target
    except InputError:
        return None
    if target is None:
        return None
    rgb = target.expand(3, -1, -1) if target.shape[0] == 1 else target[:3]
    return _jpeg(rgb, min(1.0, _TARGET_PX / max(rgb.shape[1:])))


def _jpeg(rgb: Tensor, scale: float) -> str:
    picture = Image.fromarray(rgb.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy())
    if scale < 1:
        side = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(side, Image.Resampling.LANCZOS)
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode("ascii")
