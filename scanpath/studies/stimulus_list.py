"""Which stimuli are to be made of which pictures and fixations, and what each file is called."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, check_xy
from scanpath._core.errors import InputError, unknown_name
from scanpath._core.files import require_file
from scanpath._core.random import derive_seed
from scanpath.gaze.csv_text import plain_extra, read_cells
from scanpath.gaze.frames import TableLike, as_pandas
from scanpath.gaze.pictures import find_pictures, picture_size
from scanpath.gaze.pixels import on_picture
from scanpath.gaze.table import BASE_COLUMNS, OPTIONAL_COLUMNS, SCANPATH_KEYS, check_table, read_table, scanpath_keys

#: What becomes of the fixations of a scanpath: a picture of each, one picture of all, or a film.
FORMS = ("each", "together", "gif", "mp4")
#: How long a fixation without a duration lasts in a film.
FILM_MS = 300.0
#: Who looked, in what; never the picture.
_KEYS = tuple(key for key in SCANPATH_KEYS if key != "stimulus")


@dataclass(frozen=True)
class Picture:
    """A picture file, its name in file names, and its size in px as displayed."""

    path: Path
    label: str
    width: int
    height: int


@dataclass(frozen=True)
class PlannedStimulus:
    """One file that is to be made.

    Attributes
    ----------
    file
        Its name in the folder.
    picture
        What it is made of.
    fixations
        One dict a fixation: x_px, y_px and, of a table, its row, fixation, duration_ms and who looked.
    seed
        Of its random numbers; 31 bits, derived from the run's seed, the picture's name and the fixation.
    """

    file: str
    picture: Picture
    fixations: tuple[dict[str, Any], ...]
    seed: int

    @property
    def xy(self) -> list[tuple[float, float]]:
        """Fixations in px."""
        return [(one["x_px"], one["y_px"]) for one in self.fixations]

    @property
    def duration_ms(self) -> list[float]:
        """How long each fixation lasts in a film."""
        times = [one.get("duration_ms") for one in self.fixations]
        return [FILM_MS if ms is None else float(ms) for ms in times]


def list_pictures(source: str | os.PathLike[str]) -> tuple[list[Picture], dict[str, str]]:
    """Pictures of a folder, or the one that a file is, and those whose header cannot be read with the reason."""
    folder = Path(source)
    paths = find_pictures(folder) if folder.is_dir() else [require_file(folder, "picture")]
    stems = [path.stem.casefold() for path in paths]
    found, failures = [], {}
    for path in paths:
        try:
            height, width = picture_size(path)
        except InputError as error:
            if not folder.is_dir():
                raise
            failures[path.name] = str(error)
            continue
        # a.png and a.jpg keep their endings, so that each has a name of its own
        label = path.stem if stems.count(path.stem.casefold()) == 1 else path.name
        found.append(Picture(path, label, width, height))
    return found, failures


def read_places(table: str | os.PathLike[str] | TableLike) -> pd.DataFrame:
    """Read a fixation table; one of chosen places needs the columns stimulus, x_px and y_px alone.

    Where neither a subject nor an agent is named, the places are the experimenter's, and where `fixation` is absent
    they are numbered from 0 on each picture, in the order of the rows.
    """
    if not isinstance(table, str | os.PathLike):
        return check_table(_with_numbers(as_pandas(table, "The table"), "The table"))
    path = Path(table)
    if path.suffix.lower() != ".csv" or path.is_dir():
        return read_table(path)
    cells = read_cells(require_file(path, "table"))
    if {"subject", "agent"} & set(cells.columns) and "fixation" in cells.columns:
        return read_table(path)
    schema = BASE_COLUMNS | OPTIONAL_COLUMNS
    frame = pd.DataFrame({name: cells[name] if name in schema else plain_extra(cells[name]) for name in cells.columns})
    return check_table(_with_numbers(frame, str(path)), source=str(path))


def plan_at(pictures: Sequence[Picture], at: object, kind: str, seed: int) -> list[PlannedStimulus]:
    """Plan a stimulus of each picture, all seen from the same fixations."""
    xy = check_xy("at", at)
    planned = []
    for picture in pictures:
        for x, y in xy.tolist():
            if not on_picture(np.array([x, y]), (picture.width, picture.height)):
                raise InputError(
                    f"The fixation {x:g},{y:g} lies outside the picture {picture.path.name} of {picture.width} x "
                    f"{picture.height} px; give x,y in px from the top left."
                )
        fixations = tuple({"fixation": n, "x_px": x, "y_px": y} for n, (x, y) in enumerate(xy.tolist()))
        planned.append(_planned(picture, [], fixations, "each" if len(xy) == 1 else "together", kind, seed))
    return planned


def plan_table(
    pictures: Sequence[Picture],
    table: pd.DataFrame,
    form: str,
    kind: str,
    seed: int,
    *,
    who: str | None = None,
    trial: str | None = None,
    source: str = "The table",
) -> list[PlannedStimulus]:
    """Plan the stimuli of a table's fixations on pictures.

    Raises
    ------
    InputError
        If nothing is left to be made, a picture is not there, a fixation lies outside its picture, or two stimuli
        would have one name.
    """
    check_choice("form", form, FORMS)
    rows = _chosen(table, who, trial, source)
    by_name = {picture.path.name: picture for picture in pictures}
    for name in dict.fromkeys(rows["stimulus"]):
        if name not in by_name:
            raise unknown_name(f"picture, which {source} has fixations on", name, by_name)
    _refuse_outside(rows, by_name, source)
    keys = [key for key in scanpath_keys(rows) if key in _KEYS]
    telling = [key for key in keys if rows[key].nunique(dropna=False) > 1]
    planned = []
    for _, path in rows.groupby(["stimulus", *keys], sort=False, dropna=False):
        path = path.sort_values("fixation", kind="stable")
        picture = by_name[path["stimulus"].iloc[0]]
        who_looked = [str(value) for value in path[telling].iloc[0] if pd.notna(value)]
        facts = [_fixation_facts(row, keys) for row in path.reset_index(names="row").to_dict("records")]
        groups = [(one,) for one in facts] if form == "each" else [tuple(facts)]
        planned += [_planned(picture, who_looked, group, form, kind, seed) for group in groups]
    _refuse_same_names(planned)
    return planned


def _with_numbers(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Add what a list of chosen places may leave out."""
    frame = frame.reset_index(drop=True)
    if not {"subject", "agent"} & set(frame.columns):
        frame["subject"] = None
    if "fixation" not in frame.columns and "stimulus" in frame.columns:
        keys = [key for key in SCANPATH_KEYS if key in frame.columns]
        frame["fixation"] = frame.groupby(keys, sort=False, dropna=False).cumcount()
    return frame


def _chosen(table: pd.DataFrame, who: str | None, trial: str | None, source: str) -> pd.DataFrame:
    """Rows of one person or agent, and of one trial, where these are named."""
    rows = table
    if who is not None:
        names = [table[key] for key in ("subject", "agent") if key in table.columns]
        rows = rows[np.logical_or.reduce([(name == who).fillna(False).to_numpy(dtype=bool) for name in names])]
        if rows.empty:
            known = dict.fromkeys(str(name) for column in names for name in column.dropna())
            raise unknown_name(f"subject or agent in {source}", who, known)
    if trial is not None:
        rows = rows[(rows["trial"] == trial).fillna(False).to_numpy(dtype=bool)]
        if rows.empty:
            raise unknown_name(f"trial in {source}", trial, dict.fromkeys(table["trial"].dropna()))
    if rows.empty:
        raise InputError(f"{source} has no fixation; give a table with one row for each.")
    return rows


def _refuse_outside(rows: pd.DataFrame, pictures: dict[str, Picture], source: str) -> None:
    """Refuse fixations that are not on their picture, the first by name."""
    sizes = np.array([(pictures[name].width, pictures[name].height) for name in rows["stimulus"]])
    outside = ~on_picture(rows[["x_px", "y_px"]].to_numpy(dtype=float), sizes)
    if outside.any():
        first = int(outside.argmax())
        row, (width, height) = rows.iloc[first], sizes[first]
        others = f", and so do {outside.sum() - 1} others" if outside.sum() > 1 else ""
        raise InputError(
            f"{source}: the fixation {row['x_px']:g},{row['y_px']:g} in row {rows.index[first]} (the first is 0) lies "
            f"outside the picture {row['stimulus']} of {width} x {height} px{others}; take such rows out."
        )


def _fixation_facts(row: dict[Any, Any], keys: Sequence[str]) -> dict[str, Any]:
    """What the manifest tells of a fixation, as plain values."""
    wanted = ("row", *keys, "fixation", "x_px", "y_px", "duration_ms")
    return {
        name: row[name].item() if hasattr(row[name], "item") else row[name] for name in wanted if pd.notna(row[name])
    }


def _planned(
    picture: Picture, who: Iterable[str], fixations: tuple[dict[str, Any], ...], form: str, kind: str, seed: int
) -> PlannedStimulus:
    """Name a stimulus by its picture, who looked, where, and the kind; derive its seed from picture and place."""
    where = []
    if form == "each":
        (one,) = fixations
        number = [f"f{one['fixation']:02d}"] if "row" in one else []
        where = [*number, f"x{_short(one['x_px'])}", f"y{_short(one['y_px'])}"]
    elif form == "together":
        where = [f"{len(fixations)}-fixations"]
    words = [picture.label, *who, *where, kind]
    file = "_".join(quote(word, safe=" ()[],;=+@~") for word in words) + (
        f".{form}" if form in ("gif", "mp4") else ".png"
    )
    places = (f"{one['x_px']!r},{one['y_px']!r}" for one in fixations)
    return PlannedStimulus(file, picture, fixations, derive_seed(seed, picture.path.name, *places) >> 32)


def _short(coordinate: float) -> str:
    """Write a coordinate to a tenth of a px."""
    return f"{round(coordinate, 1):g}"


def _refuse_same_names(planned: Sequence[PlannedStimulus]) -> None:
    seen: dict[str, PlannedStimulus] = {}
    for one in planned:
        other = seen.setdefault(one.file.casefold(), one)
        if other is not one:
            raise InputError(
                f"Two stimuli would be named {one.file}; tell them apart by the columns subject, trial or fixation."
            )
