"""Stimuli for an experiment on how far apart textures look: pictures along a path, and what to ask in which order."""

import json
import os

import numpy as np
import pandas as pd
from PIL import Image

from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_folder, file_sha256, require_file
from scanpath._core.random import derive_seed, numpy_generator
from scanpath.stimuli.comparisons import triads
from scanpath.stimuli.gaussian_textures import (
    PATHS,
    draw_from_power,
    path_levels,
    path_textures,
    picture_power,
    transport_power,
)

#: The path between the spectra of two pictures.
PAIR = "pair"
#: Whether all levels have the same random phases, so that only the spectrum differs, or each its own.
PHASES = ("same", "own")
TRIADS_NAME, MANIFEST_NAME = "triads.csv", "manifest.json"


def write_texture_path(
    out_dir: str | os.PathLike[str],
    *,
    path: str,
    n_levels: int = 13,
    first: float | str | os.PathLike[str] | None = None,
    last: float | str | os.PathLike[str] | None = None,
    size_px: int = 512,
    px_per_deg: float = 30.0,
    contrast: float = 0.2,
    widest_gap: int = 3,
    repeats: int = 5,
    phases: str = "same",
    seed: int = 0,
) -> pd.DataFrame:
    """Write the pictures of a path, a list of triads in random order, and a manifest to a new folder, or nothing.

    In the folder: ``level_00.png`` and on (gray, 8 bits), ``triads.csv`` and ``manifest.json`` with all settings, each
    level's parameter, the share of pixels that were clipped and the SHA-256 of each picture. An experiment fills in the
    column ``answer``: 1 where b and c look more different than a and b; `scanpath.difference_scale` takes the columns
    ``a, b, c`` and ``answer``.

    Parameters
    ----------
    out_dir
        Folder that does not exist yet or is empty.
    path
        "frequency", "frequency-bandwidth" or "orientation-bandwidth" of a Gaussian texture, or "pair": from the
        spectrum of one picture to that of another along the optimal transport of Gaussian textures.
    n_levels
        Pictures on the path.
    first, last
        Ends of the parameter (cycles per degree, octaves, degrees), default as published; for "pair" two picture files
        of one size, which then is the size of all.
    size_px
        Side of the square pictures; not for "pair". Orientations narrower than one frequency of the picture is from the
        next, 1 / (side in degrees * cycles per degree) radians, cannot be drawn.
    px_per_deg
        Pixels per degree at which they will be shown.
    contrast
        Standard deviation of gray values over their mean, the same at all levels.
    widest_gap, repeats
        Of the triads: levels that neighbors may be apart, and how often each is asked.
    phases
        "same" or "own".
    seed
        Names the phases and the order of trials.

    Returns
    -------
    pandas.DataFrame
        The triads as in the file: ``trial, repeat, a, b, c, picture_a, picture_b, picture_c, first_pair, answer``;
        ``first_pair`` is the pair to be shown first, in half of the trials "bc".

    Raises
    ------
    InputError
        If the folder holds something already, the path is unknown, or pictures are missing or differ in size.
    """
    check_choice("phases", phases, PHASES)
    levels, powers, size = _spectra(path, n_levels, first, last, size_px, px_per_deg)
    count = check_count("repeats", repeats)
    facts: dict[str, object] = {
        "path": path,
        "size_px": list(size),
        "px_per_deg": check_positive("px_per_deg", px_per_deg),
        "contrast": contrast,
        "phases": phases,
        "widest_gap": widest_gap,
        "repeats": repeats,
        "seed": seed,
        "answer": "1 where b and c look more different than a and b",
    }
    with atomic_folder(out_dir, hint="; give a new folder, so that no files of two sets get mixed.") as folder:
        pictures = []
        for level, (value, power) in enumerate(zip(levels, powers)):
            phase_seed = derive_seed(seed, path, 0 if phases == "same" else level)
            gray = draw_from_power(power, contrast=contrast, seed=phase_seed)
            name = f"level_{level:02d}.png"
            Image.fromarray(np.rint(np.clip(gray, 0, 1) * 255).astype(np.uint8)).save(folder / name)
            clipped = float(np.mean((gray < 0) | (gray > 1)))
            digest = file_sha256(folder / name)
            pictures.append({"file": name, "value": float(value), "clipped_share": clipped, "sha256": digest})
        table = _trials(len(powers), widest_gap, count, seed)
        table.to_csv(folder / TRIADS_NAME, index=False, lineterminator="\n")
        manifest = json.dumps({**facts, "levels": pictures}, indent=1)
        (folder / MANIFEST_NAME).write_text(manifest + "\n", encoding="utf-8")
    return table


def _spectra(
    path: str,
    n_levels: int,
    first: float | str | os.PathLike[str] | None,
    last: float | str | os.PathLike[str] | None,
    size_px: int,
    px_per_deg: float,
) -> tuple[np.ndarray, list[np.ndarray], tuple[int, int]]:
    """Values of the levels, their power spectra, and (height, width)."""
    if check_choice("path", path, (*PATHS, PAIR)) != PAIR:
        low, high = _end("first", first), _end("last", last)
        side = check_count("size_px", size_px, least=32)
        levels = path_levels(path, n_levels, first=low, last=high)
        return levels, [one.power((side, side), px_per_deg) for one in path_textures(path, levels)], (side, side)
    if first is None or last is None:
        raise InputError("The path 'pair' needs two pictures; give first=FILE and last=FILE.")
    one, other = (_read_power(str(file)) for file in (first, last))
    if one.shape != other.shape:
        raise InputError(f"Both pictures of a pair must have one size, got {one.shape} and {other.shape} (H, W).")
    levels = np.linspace(0, 1, check_count("n_levels", n_levels, least=3))
    return levels, [transport_power(one, other, float(share)) for share in levels], (one.shape[0], one.shape[1])


def _end(name: str, value: float | str | os.PathLike[str] | None) -> float | None:
    """Return an end of a path's parameter, which the command line gives as text."""
    if isinstance(value, os.PathLike):
        raise InputError(
            f"{name} must be a number for this path, got a file; only the path 'pair' goes between pictures."
        )
    try:
        return None if value is None else check_positive(name, float(value))
    except ValueError as error:
        raise InputError(f"{name} must be a positive number for this path, got {value!r}.") from error


def _read_power(file: str) -> np.ndarray:
    found = require_file(file, "picture")
    try:
        with Image.open(found) as image:
            gray = np.asarray(image.convert("L"), dtype=np.float64)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{file} is damaged and cannot be read ({error}).") from error
    power = picture_power(gray)
    return power / power.sum()


def _trials(n_levels: int, widest_gap: int, repeats: int, seed: int) -> pd.DataFrame:
    """Every triad once before any comes again, each time in another order."""
    questions, generator, parts = triads(n_levels, widest_gap=widest_gap), numpy_generator(seed, "trials"), []
    for repeat in range(repeats):
        table = pd.DataFrame(generator.permutation(questions), columns=["a", "b", "c"])
        table.insert(0, "repeat", repeat)
        parts.append(table)
    trials = pd.concat(parts, ignore_index=True)
    trials.insert(0, "trial", range(len(trials)))
    for name in "abc":
        trials[f"picture_{name}"] = [f"level_{level:02d}.png" for level in trials[name]]
    trials["first_pair"] = generator.permutation(np.resize(["ab", "bc"], len(trials)))
    trials["answer"] = ""
    return trials
