"""Where a table's coordinates are: its frame, the screen, and the picture on it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.placement import HOW_TO_GIVE, picture_sizes, to_picture_px
from scanpath.datasets.formats.reference_frame import FRAMES, WHAT_FRAMES_ARE, Sizes, points_up, to_px
from scanpath.gaze.doubts import refuse_codes, refuse_strays
from scanpath.gaze.pixels import resized

if TYPE_CHECKING:
    from scanpath.datasets.formats.plain_table import Program, TableSettings

#: Names of columns that tell that numbers are no px.
_NO_PX = re.compile(r"(^|[\s_(\[])(deg|degrees?|norm|normali[sz]ed|mm|cm|%)([\s_)\]]|$)|°", re.IGNORECASE)
_PX = re.compile(r"(^|[\s_(\[])(px|pix|pixels?)[\])]?$", re.IGNORECASE)


def place_in_picture(
    table: pd.DataFrame,
    theirs: Mapping[str, str],
    program: "Program",
    given: "TableSettings",
    path: Path,
    changes: Changes,
) -> pd.DataFrame:
    """Return the table with coordinates in px of the picture, and without fixations of no picture.

    Raises
    ------
    InputError
        If the frame, the size of the screen or the picture's place on it is needed and not said.
    """
    blank = table["stimulus"].isna()
    changes.add("dropped", "fixations while no picture was there", n=int(blank.sum()))
    table = table[~blank].reset_index(drop=True)
    frame = check_choice("frame", given.frame or _told_frame(theirs, given, path), FRAMES)
    own_size, whose = _size(table, frame, program, given, path)
    refuse_codes(table, str(path))
    x, y = (table[name].to_numpy(dtype=np.float64) for name in ("x_px", "y_px"))
    table["x_px"], table["y_px"] = to_px(x, y, frame, size_px=own_size, y_up=given.y_up, px_per_deg=given.px_per_deg)
    if own_size is not None:
        refuse_strays(
            table, np.column_stack([np.broadcast_to(side, len(table)) for side in own_size]), str(path), whose
        )
    if frame != "px" or given.y_up:
        upward = points_up(frame, given.y_up)
        turned = ", y from upward to downward" if upward else ", y downward"
        changes.add("flip" if upward else "scale", f"coordinates {_SAID[frame]} of the {whose} to px{turned}")
    placed = _by_columns(table, given, changes) if whose == "screen" else None
    if placed is not None:
        return placed
    if whose == "screen" or given.picture_at is not None:
        return to_picture_px(
            table,
            changes,
            what=f"{path.name}: coordinates" + (" of the scene camera" if program.whose_px == "scene" else ""),
            picture_at=given.picture_at,
            picture_px=given.picture_px,
            screen_px=given.screen_px,
        )
    if given.size_px is not None:
        return _scaled(table, given, changes)
    if any(theirs[name] != name for name in ("x_px", "y_px")):
        changes.add("assumed", "coordinates are the picture's (if the screen's, give picture_at='screen')")
    return table


_SAID = {
    "px": "in px",
    "normalized": "from 0 to 1",
    "centered": "in px from the center",
    "degrees": "in degrees from the center",
    "pix": "in px from the center",
    "norm": "from -1 to 1",
    "height": "in heights from the center",
}


def _told_frame(theirs: Mapping[str, str], given: "TableSettings", path: Path) -> str:
    for name in ("x_px", "y_px"):
        own = theirs[name]
        if _NO_PX.search(own) or (not _PX.search(own) and given.columns.get(own) != name):
            raise InputError(f"{path}: {own!r} does not tell what its numbers are: give frame={WHAT_FRAMES_ARE}.")
    return "px"


def _size(
    table: pd.DataFrame, frame: str, program: "Program", given: "TableSettings", path: Path
) -> tuple[Sizes | None, str]:
    """Width and height that coordinates refer to, and what has them: the screen or the picture."""
    by_row = {"screen_width_px", "screen_height_px"} <= set(table.columns) and (frame != "px" or bool(given.y_up))
    if by_row and given.screen_px is None:
        return (table["screen_width_px"].to_numpy(float), table["screen_height_px"].to_numpy(float)), "screen"
    if given.screen_px is not None:
        width, height = check_size("screen_px", given.screen_px)
        return (float(width), float(height)), "screen"
    if program.whose_px != "picture":
        if frame != "px" or given.y_up:
            whose = "scene camera" if program.whose_px == "scene" else "screen"
            raise InputError(
                f"{path} ({program.name}): coordinates are {_SAID[frame]} of the {whose}, and its size is not stored: "
                "give screen_px=(width, height)."
            )
        return None, "screen"
    if given.size_px is not None:
        width, height = check_size("size_px", given.size_px)
        return (float(width), float(height)), "picture"
    if {"picture_width_px", "picture_height_px"} <= set(table.columns) and given.picture_px is None:
        return (table["picture_width_px"].to_numpy(float), table["picture_height_px"].to_numpy(float)), "picture"
    if given.picture_px is not None:
        sizes = picture_sizes(table["stimulus"], given.picture_px)
        return (sizes[:, 0], sizes[:, 1]), "picture"
    if frame != "px" or given.y_up:
        raise InputError(
            f"{path}: coordinates are {_SAID[frame]}: give screen_px=(width, height) if that is of the screen, or "
            "picture_px=(width, height) if it is of the picture."
        )
    return None, "picture"


def _by_columns(table: pd.DataFrame, given: "TableSettings", changes: Changes) -> pd.DataFrame | None:
    """Place by columns that say where the picture was on the screen; None where they do not."""
    if given.picture_at is not None or not {"picture_left_px", "picture_top_px"} <= set(table.columns):
        return None
    sides: list[np.ndarray] = [table[name].to_numpy(float) for name in ("picture_left_px", "picture_top_px")]
    if np.isnan(sides).any():
        raise InputError(f"Where the picture was is missing in some rows: {HOW_TO_GIVE}.")
    scale = [np.ones(len(table)), np.ones(len(table))]
    shown = [table.get(f"shown_{side}_px") for side in ("width", "height")]
    if given.picture_px is not None:
        own: list[np.ndarray] | None = list(picture_sizes(table["stimulus"], given.picture_px).T)
    else:
        kept = [table.get(f"picture_{side}_px") for side in ("width", "height")]
        own = None if any(one is None for one in kept) else [one.to_numpy(float) for one in kept if one is not None]
    if own is not None and all(one is not None for one in shown):
        scale = [size / one.to_numpy(float) for size, one in zip(own, shown) if one is not None]
    else:
        changes.add("assumed", "pictures were shown in their own size (if not, give picture_px=)")
    for name, corner, factor in zip(("x_px", "y_px"), sides, scale):
        if not np.isfinite(factor).all():
            raise InputError("The size of the picture is missing or 0 in some rows: give picture_px=(width, height).")
        table[name] = (table[name] - corner + 0.5) * factor - 0.5
    corners = sorted({(float(a), float(b)) for a, b in zip(*sides)})
    changes.add("offset", f"screen px to picture px, by the picture's place in each row, such as {corners[0]}")
    if any((factor != 1).any() for factor in scale):
        changes.add("scale", "from the size as shown to the picture's own, by the sizes in each row")
    return table


def _scaled(table: pd.DataFrame, given: "TableSettings", changes: Changes) -> pd.DataFrame:
    if given.picture_px is None:
        raise InputError(
            "size_px is what the picture was scaled to; give its own size, too: picture_px=(width, height)."
        )
    width, height = check_size("size_px", given.size_px)
    sizes = picture_sizes(table["stimulus"], given.picture_px)
    for name, from_px, to in (("x_px", width, sizes[:, 0]), ("y_px", height, sizes[:, 1])):
        table[name] = resized(table[name].to_numpy(), from_px, to)
    changes.add("scale", f"from px of {width} x {height} to those of picture_px")
    return table
