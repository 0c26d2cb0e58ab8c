"""Boxes of objects from a CSV file: one row a box, for one picture or for many."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from scanpath._core.errors import InputError
from scanpath._core.files import require_file, write_text
from scanpath.gaze.boxes import Box
from scanpath.gaze.csv_text import numbers_in_text, read_cells

#: Names of the columns, and what else they may be called.
_SIDES = (
    ("x", "x_px", "left"),
    ("y", "y_px", "top"),
    ("width", "width_px", "w"),
    ("height", "height_px", "h"),
)
_LABELS = ("label", "object_label")
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no", "")


class PictureObjects(NamedTuple):
    """Objects of one picture: their boxes, what they are, and the box of the one that is looked for, if it is told."""

    objects: list[Box]
    object_labels: list[str] | None
    target_box: Box | None


@dataclass(frozen=True)
class ObjectTable:
    """Objects of pictures, as a file tells them.

    Parameters
    ----------
    path
        The file.
    boxes
        Boxes (x, y, width, height) in px by the picture's name; under None those of any picture.
    labels
        What each of them is, in the same way, or None.
    targets
        Which of them is looked for, in the same way, where one is.
    """

    path: Path
    boxes: Mapping[str | None, list[Box]]
    labels: Mapping[str | None, list[str]] | None
    targets: Mapping[str | None, Box]

    def has(self, picture: Path) -> bool:
        """Say whether the file has objects for a picture."""
        return any(name in self.boxes for name in (picture.name, picture.stem, None))

    def of(self, picture: Path) -> PictureObjects:
        """Return the objects of a picture.

        Raises
        ------
        InputError
            If the file has none for it.
        """
        for name in (picture.name, picture.stem, None):
            if name in self.boxes:
                labels = None if self.labels is None else self.labels[name]
                return PictureObjects(self.boxes[name], labels, self.targets.get(name))
        known = ", ".join(repr(name) for name in list(self.boxes)[:3])
        raise InputError(f"{self.path} has no objects for {picture.name!r}; it has those of {known}.")


def read_objects(path: str | os.PathLike[str]) -> ObjectTable:
    """Read boxes of objects.

    Parameters
    ----------
    path
        CSV file with the columns ``x``, ``y``, ``width`` and ``height`` in px, and where they are known ``label`` and
        ``stimulus``, the name of the picture that a box is on; without the latter the boxes are on any picture. A
        column ``target`` is true for the object that is looked for.

    Raises
    ------
    InputError
        If the file has no boxes, lacks a column, or a cell is no number.
    """
    file = require_file(path, "table of objects")
    cells = read_cells(file)
    if cells.empty:
        raise InputError(f"{file} has no boxes; give one row for each object.")
    sides = [_side(cells, names, file) for names in _SIDES]
    label = next((name for name in _LABELS if name in cells), None)
    pictures = list(cells["stimulus"]) if "stimulus" in cells else [None] * len(cells)
    boxes: dict[str | None, list[Box]] = {}
    labels: dict[str | None, list[str]] = {}
    targets: dict[str | None, Box] = {}
    wanted = _flags(cells, file)
    for row, (picture, *sides_px) in enumerate(zip(pictures, *sides)):
        x, y, width, height = sides_px
        boxes.setdefault(picture, []).append((x, y, width, height))
        if label is not None:
            labels.setdefault(picture, []).append(str(cells[label].iloc[row]))
        if wanted[row]:
            if picture in targets:
                raise InputError(f"{file} names two targets{'' if picture is None else f' on {picture!r}'}; name one.")
            targets[picture] = (x, y, width, height)
    return ObjectTable(file, boxes, labels if label is not None else None, targets)


def write_objects(path: str | os.PathLike[str], found: Mapping[str, PictureObjects]) -> None:
    """Write boxes of objects as `read_objects` takes them.

    Parameters
    ----------
    path
        CSV file.
    found
        Objects by the name of their picture.
    """
    rows = [
        {
            "stimulus": name,
            **dict(zip(("x", "y", "width", "height"), box)),
            **({} if one.object_labels is None else {"label": one.object_labels[place]}),
            **({} if one.target_box is None else {"target": box == one.target_box}),
        }
        for name, one in found.items()
        for place, box in enumerate(one.objects)
    ]
    write_text(path, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n", float_format="%g"))


def _flags(cells: pd.DataFrame, file: Path) -> list[bool]:
    """Which rows are the target's."""
    if "target" not in cells:
        return [False] * len(cells)
    words = [str(word).strip().lower() for word in cells["target"]]
    unknown = next((word for word in words if word not in _TRUE + _FALSE), None)
    if unknown is not None:
        raise InputError(f"{file}: column 'target' must hold true or false, got {unknown!r}.")
    return [word in _TRUE for word in words]


def _side(cells: pd.DataFrame, names: tuple[str, ...], file: Path) -> list[float]:
    name = next((name for name in names if name in cells), None)
    if name is None:
        raise InputError(
            f"{file} must have the columns x, y, width and height in px, and lacks {names[0]}; it has "
            f"{', '.join(map(repr, cells))}."
        )
    try:
        numbers = numbers_in_text(cells[name]).astype("Float64")
    except ValueError:
        numbers = pd.Series([pd.NA] * len(cells), dtype="Float64")
    if numbers.isna().any():
        raise InputError(f"{file}: column {name!r} must hold a number in px in every row.")
    return [float(number) for number in numbers]
