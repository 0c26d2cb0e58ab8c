"""Objects of a picture as boxes: checked, found on plain grounds, and exchanged with fixations by one rule.

A fixation belongs to the smallest object whose box holds it (of equally large ones, to the first); if none does, to the
object whose center is nearest (of equally near ones, to the first).
"""

import warnings
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import ndimage
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError, InputWarning
from scanpath.gaze.boxes import Box, center_of, check_box
from scanpath.gaze.pixels import box_window, first_edge
from scanpath.gaze.scanpath import ScanpathLike, as_scanpath

#: Gray levels, of 255, by which a pixel of the ground may differ from it: what compressed pictures ripple by.
GROUND_TOLERANCE = 8.0


def check_objects(objects: Sequence[Box] | ArrayLike, size: tuple[int, int], picture: str) -> tuple[Box, ...]:
    """Return objects as boxes, each of which a fixation can be on.

    Parameters
    ----------
    objects
        (N, 4) boxes (x, y, width, height) in px.
    size
        (height, width) of the picture.
    picture
        Its name.

    Raises
    ------
    InputError
        If there is no object, a box leaves the picture or has no pixel, or one is hidden under smaller ones.

    Warns
    -----
    InputWarning
        If objects overlap.
    """
    given = objects.detach().cpu().tolist() if isinstance(objects, Tensor) else objects
    try:
        rows = list(given)  # type: ignore[arg-type]  # what is no sequence raises here
    except TypeError:
        raise InputError(f"objects must be boxes [(x, y, width, height), ...] in px, got {objects!r}.") from None
    if not rows:
        raise InputError(f"objects of {picture!r} must hold at least one box; leave it out where there are none.")
    boxes = tuple(check_box(f"objects[{place}]", box, size, picture) for place, box in enumerate(rows))
    overlaps = _overlaps(boxes)
    if overlaps.any():
        _check_hidden(boxes, picture)
        first, second = (int(place) for place in np.argwhere(overlaps)[0])
        warnings.warn(
            f"{int(overlaps.sum())} pair(s) of objects of {picture!r} overlap, such as objects[{first}] and "
            f"objects[{second}]; a fixation on both counts for the smaller one.",
            InputWarning,
            stacklevel=3,
        )
    return boxes


def check_object_labels(labels: Sequence[str] | None, n_objects: int | None, picture: str) -> tuple[str, ...] | None:
    """Return the names of objects, one for each box, or None."""
    if labels is None:
        return None
    if n_objects is None:
        raise InputError(f"object_labels of {picture!r} name boxes, and there are none; give objects too.")
    if isinstance(labels, str) or len(labels) != n_objects:
        raise InputError(f"object_labels of {picture!r} must be {n_objects} texts, one for each box, got {labels!r}.")
    return tuple(str(label) for label in labels)


def fixated_objects(path: ScanpathLike, objects: Sequence[Box] | ArrayLike) -> list[int]:
    """Say which object each fixation is on.

    A fixation belongs to the smallest object whose box holds it (of equally large ones, to the first); if none does,
    to the object whose center is nearest. The box (x, y, width, height) reaches from x - 1/2 to x + width - 1/2, as
    pixel centers are at integers. Leave out the fixation that an experiment imposes: it is a choice of no object.

    Parameters
    ----------
    path
        A scanpath in px of the picture.
    objects
        (N, 4) boxes (x, y, width, height) in px.

    Returns
    -------
    list of int
        Index of the object of each fixation.

    Raises
    ------
    InputError
        If there are no objects, or they are no boxes.

    Examples
    --------
    >>> fixated_objects([(12, 12), (25, 14), (99, 0)], [(10, 10, 20, 20), (24, 12, 4, 4), (80, 40, 10, 10)])
    [0, 1, 2]
    """
    boxes = _as_boxes(objects)
    xy = as_scanpath(path).xy
    return _owners(xy, boxes).tolist()


def object_places(objects: Sequence[Box] | ArrayLike) -> np.ndarray:
    """Return where the eye lands on each object, so that `fixated_objects` gives the object back.

    That is the box's center, or where a smaller object covers it, the nearest pixel that belongs to the object.

    Parameters
    ----------
    objects
        (N, 4) boxes (x, y, width, height) in px.

    Returns
    -------
    numpy.ndarray
        (N, 2) x and y in px.

    Raises
    ------
    InputError
        If an object is hidden under smaller ones.

    Examples
    --------
    >>> object_places([(0, 0, 11, 11), (4, 4, 3, 3)]).tolist()
    [[5.0, 3.0], [5.0, 5.0]]
    """
    boxes = _as_boxes(objects)
    places = np.array([center_of(tuple(box)) for box in boxes.tolist()])
    for index in np.flatnonzero(_owners(places, boxes) != np.arange(len(boxes))):
        own = _own_pixels(boxes, int(index))
        if not len(own):
            raise InputError(_hidden(int(index)))
        places[index] = own[np.hypot(*(own - places[index]).T).argmin()]
    return places


def in_view(objects: Sequence[Box] | ArrayLike) -> list[int]:
    """Return which objects a fixation can be on: all but those that smaller ones hide.

    Examples
    --------
    >>> in_view([(0, 0, 6, 3), (0, 0, 3, 3), (3, 0, 3, 3), (5, 2, 9, 9)])
    [1, 2, 3]
    """
    boxes = _as_boxes(objects)
    return [place for place in range(len(boxes)) if len(_own_pixels(boxes, place))]


def boxes_of_cells(cells: Tensor) -> tuple[Box, ...]:
    """Return the box of each slot of a display, from its (H, W) labels; slots that are nowhere are left out.

    Examples
    --------
    >>> boxes_of_cells(torch.tensor([[1, 1, 0], [1, 1, 2]]))
    ((0.0, 0.0, 2.0, 2.0), (2.0, 1.0, 1.0, 1.0))
    """
    found = ndimage.find_objects(cells.cpu().numpy())
    return tuple(_box_of(slices) for slices in found if slices is not None)


def find_objects(image: Tensor, background: float, *, gap_px: int = 2, least_px: int = 4) -> tuple[Box, ...]:
    """Find the things that lie on a plain ground: connected components, each in its box.

    Parameters
    ----------
    image
        (C, H, W) in [0, 1].
    background
        Gray level of the ground, 0 to 255; pixels within 8 levels of it are ground.
    gap_px
        Parts that lie no further apart than that many px of ground are one thing, such as an i and its dot.
    least_px
        Things with fewer pixels are specks, and left out.

    Returns
    -------
    tuple of (x, y, width, height)
        In px, from top to bottom and then from left to right.

    Raises
    ------
    InputError
        If the background is no gray level.

    Examples
    --------
    >>> picture = torch.zeros(1, 20, 30)
    >>> picture[0, 2:6, 3:8] = 1
    >>> picture[0, 10:14, 20:22] = 0.5
    >>> find_objects(picture, background=0)
    ((3.0, 2.0, 5.0, 4.0), (20.0, 10.0, 2.0, 4.0))
    """
    if not 0 <= background <= 255:
        raise InputError(f"background must be a gray level from 0 to 255, got {background}.")
    seen = off_ground(image, background)
    reach = check_count("gap_px", gap_px, least=0)
    # each thing grows by gap_px in all, so that those touch which lie no further apart
    joined = ndimage.binary_dilation(seen, np.ones((reach + 1, reach + 1), bool))
    labels, n_found = cast("tuple[np.ndarray, int]", ndimage.label(joined, np.ones((3, 3), bool)))
    labels = np.where(seen, labels, 0)
    sizes = np.bincount(labels.ravel(), minlength=n_found + 1)
    least = check_positive("least_px", least_px)
    slices = [part for place, part in enumerate(ndimage.find_objects(labels)) if part and sizes[place + 1] >= least]
    return tuple(sorted((_box_of(part) for part in slices), key=lambda box: (box[1], box[0])))


def off_ground(image: Tensor, background: float) -> np.ndarray:
    """Say of each pixel of a picture whether it differs from the ground, (H, W)."""
    difference = (image.detach().cpu().to(torch.float32) * 255 - background).abs().amax(0)
    return (difference > GROUND_TOLERANCE).numpy()


def best_match(box: Box, objects: Sequence[Box] | ArrayLike) -> int | None:
    """Return the object that shares most with a box (intersection over union), or None if none shares a pixel.

    Examples
    --------
    >>> best_match((0, 0, 10, 10), [(8, 8, 10, 10), (1, 1, 9, 9)])
    1
    """
    boxes = _as_boxes(objects)
    shared = _intersections(np.asarray([box], dtype=np.float64), boxes)[0]
    share = shared / (boxes[:, 2] * boxes[:, 3] + box[2] * box[3] - shared)
    return int(share.argmax()) if share.any() else None


def _as_boxes(objects: Sequence[Box] | ArrayLike) -> np.ndarray:
    try:
        boxes: np.ndarray = np.asarray(objects, dtype=np.float64)
    except (TypeError, ValueError):
        boxes = np.zeros(0)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not len(boxes):
        raise InputError(f"objects must be at least one box [(x, y, width, height), ...] in px, got {objects!r:.80}.")
    if not (np.isfinite(boxes).all() and (boxes[:, 2:] >= 1).all()):
        raise InputError("objects must be finite boxes (x, y, width, height), at least 1 px wide and high.")
    return boxes


def _owners(xy: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which box each place belongs to, (n,)."""
    near = boxes[:, :2] + first_edge("nearest")
    inside = np.all((near <= xy[:, None]) & (xy[:, None] < near + boxes[:, 2:]), axis=2)
    area = np.where(inside, boxes[:, 2] * boxes[:, 3], np.inf)
    centers = boxes[:, :2] + (boxes[:, 2:] - 1) / 2
    distance = np.hypot(*(xy[:, None] - centers).T).T
    return np.where(inside.any(axis=1), area.argmin(axis=1), distance.argmin(axis=1))


def _own_pixels(boxes: np.ndarray, index: int) -> np.ndarray:
    """Pixels (n, 2) of a box that belong to it and to no smaller one."""
    rows, columns = box_window(tuple(boxes[index]))
    own = np.ones((rows.stop - rows.start, columns.stop - columns.start), dtype=bool)
    area = boxes[:, 2] * boxes[:, 3]
    before = np.arange(len(boxes)) < index
    for box in boxes[(area < area[index]) | ((area == area[index]) & before)]:
        across, along = box_window(tuple(box))
        top, left = max(across.start - rows.start, 0), max(along.start - columns.start, 0)
        own[top : max(across.stop - rows.start, 0), left : max(along.stop - columns.start, 0)] = False
    y, x = np.nonzero(own)
    return np.stack([x + columns.start, y + rows.start], axis=1).astype(np.float64)


def _check_hidden(boxes: Sequence[Box], picture: str) -> None:
    as_array = np.asarray(boxes)
    twice = next((place for place, box in enumerate(boxes) if box in boxes[:place]), None)
    if twice is not None:
        raise InputError(f"objects[{twice}] of {picture!r} is the same box as objects[{boxes.index(boxes[twice])}].")
    for index in np.flatnonzero(_overlaps(boxes).any(axis=0) | _overlaps(boxes).any(axis=1)):
        if not len(_own_pixels(as_array, int(index))):
            raise InputError(f"In {picture!r}, {_hidden(int(index))}")


def _hidden(index: int) -> str:
    return f"objects[{index}] is hidden under smaller objects, so that no fixation can be on it; leave it out."


def _overlaps(boxes: Sequence[Box]) -> np.ndarray:
    """Whether boxes i and j > i share area, (N, N)."""
    array = np.asarray(boxes)
    return np.triu(_intersections(array, array) > 0, 1)


def _intersections(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Area that each of some boxes shares with each of others."""
    near = np.maximum(first[:, None, :2], second[None, :, :2])
    far = np.minimum((first[:, :2] + first[:, 2:])[:, None], (second[:, :2] + second[:, 2:])[None])
    return np.clip(far - near, 0, None).prod(axis=2)


def _box_of(slices: tuple[slice, ...]) -> Box:
    rows, columns = slices
    return (float(columns.start), float(rows.start), float(columns.stop - columns.start), float(rows.stop - rows.start))
