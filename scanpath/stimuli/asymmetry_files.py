"""The asymmetry displays as files: pictures, targets, masks and one table."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from scanpath._core.checks import check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_folder, require_file
from scanpath.gaze.stimulus import Stimulus
from scanpath.stimuli.asymmetry_items import DESIGN_PX_PER_DEG
from scanpath.stimuli.search_arrays import asymmetry_display, asymmetry_trials

TABLE_NAME = "displays.csv"


def write_asymmetry(
    out_dir: str | os.PathLike[str],
    *,
    tasks: Sequence[str] | None = None,
    n_trials: int | None = None,
    seed: int = 0,
    px_per_deg: float = DESIGN_PX_PER_DEG,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Write the displays of the search asymmetry tasks to a new folder, all of them or none.

    In the folder: ``pictures/``, ``targets/`` and ``masks/`` with one PNG a display, ``cells/`` with one label image a
    task (0 none, i + 1 cell i), and ``displays.csv`` with one row a display.

    Parameters
    ----------
    out_dir
        Folder that does not exist yet or is empty.
    tasks, n_trials, seed, px_per_deg
        As for `asymmetry_displays`.
    progress
        Called with the number of displays done and the number of all.

    Returns
    -------
    pandas.DataFrame
        The table: ``name, task, condition, set_size, trial, seed, px_per_deg, background``, the target's canvas
        ``target_x_px, target_y_px, target_width_px, target_height_px``, and the files ``picture, target, mask, cells``.

    Raises
    ------
    InputError
        If the folder holds something already, or a task, a number or the scale is not usable.
    """
    px_per_deg = check_positive("px_per_deg", px_per_deg)
    trials = asymmetry_trials(tasks, n_trials=n_trials)
    rows = []
    with atomic_folder(out_dir, hint="; give a new folder, so that no files of two sets get mixed.") as folder:
        for done, (condition, set_size, trial) in enumerate(trials, start=1):
            display = asymmetry_display(condition, set_size, trial=trial, seed=seed, px_per_deg=px_per_deg)
            rows.append({**_write_display(display, folder), "seed": seed})
            if progress is not None:
                progress(done, len(trials))
        table = pd.DataFrame(rows)
        table.to_csv(folder / TABLE_NAME, index=False, lineterminator="\n")
    return table


def read_asymmetry(folder: str | os.PathLike[str]) -> Iterator[Stimulus]:
    """Read displays back from a folder that `write_asymmetry` made, in the order of its table.

    Raises
    ------
    InputError
        If the folder has no table, or a file of it is missing or damaged.
    """
    folder = Path(folder)
    table = pd.read_csv(require_file(folder / TABLE_NAME, "table of displays"), dtype={"trial": "str"})
    cells: dict[str, np.ndarray] = {}
    for row in table.to_dict("records"):
        if row["cells"] not in cells:
            cells[row["cells"]] = _read_gray(folder / row["cells"]).astype(np.int64)
        yield Stimulus(
            require_file(folder / row["picture"], "picture"),
            name=row["name"],
            target=require_file(folder / row["target"], "target's picture"),
            target_box=tuple(row[f"target_{side}_px"] for side in ("x", "y", "width", "height")),
            target_mask=_read_gray(folder / row["mask"]) > 127,
            cells=cells[row["cells"]],
            background=row["background"],
            px_per_deg=row["px_per_deg"],
            info={
                "dataset": "search_asymmetry",
                **{key: row[key] for key in ("task", "condition", "set_size", "trial")},
            },
        )


def _write_display(display: Stimulus, folder: Path) -> dict[str, object]:
    target, mask, cells, box = display.target, display.target_mask, display.cells, display.target_box
    if target is None or mask is None or cells is None or box is None:
        raise InputError(f"Display {display.name!r} lacks its target, mask, cells or box and cannot be written.")
    files = {kind: f"{kind}s/{display.name}.png" for kind in ("picture", "target", "mask")}
    files["cells"] = f"cells/{display.info['task']}.png"
    pixels = {
        "picture": _levels(display.image[0].numpy()),
        "target": _levels(target[0].numpy()),
        "mask": mask.numpy().astype(np.uint8) * 255,
        "cells": cells.numpy().astype(np.uint8),
    }
    for kind, file in files.items():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        if kind != "cells" or not path.exists():
            Image.fromarray(pixels[kind]).save(path)
    x, y, width, height = (int(side) for side in box)
    return {
        "name": display.name,
        **{key: display.info[key] for key in ("task", "condition", "set_size", "trial")},
        "px_per_deg": display.px_per_deg,
        "background": display.background,
        "target_x_px": x,
        "target_y_px": y,
        "target_width_px": width,
        "target_height_px": height,
        **files,
    }


def _levels(gray: np.ndarray) -> np.ndarray:
    return np.rint(gray * 255).astype(np.uint8)


def _read_gray(path: Path) -> np.ndarray:
    path = require_file(path, "image")
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path} is damaged and cannot be read ({error}).") from error
