"""A stimulus: a picture, what is looked for in it, and its scale."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_positive, check_xy
from scanpath._core.errors import InputError
from scanpath.gaze.boxes import Box, center_of, check_box
from scanpath.gaze.objects import boxes_of_cells, check_object_labels, check_objects, find_objects, off_ground
from scanpath.gaze.pictures import as_image, content_checksum, picture_size, read_image
from scanpath.gaze.pixels import box_window

#: A picture as tensor or array, or the path of its file.
PictureSource: TypeAlias = Tensor | np.ndarray | str | os.PathLike[str]


class Stimulus:
    """One picture with its task: the target's picture, where the target is, a caption, and the scale.

    A picture given as a file is read when it is needed and not kept, so that thousands of stimuli cost no memory.

    Parameters
    ----------
    image
        Tensor or array (C, H, W) or (H, W) in [0, 1], or the path of a picture file.
    name
        Identifies the stimulus in tables and seeds; the file's name where a path was given.
    target
        Picture of what is looked for, in the same forms as `image`.
    target_box
        (x, y, width, height) in px: left, top and size of the target in the picture.
    target_mask
        (H, W), true or above one half where the target is; floats in [0, 1], booleans, or 0/255 integers.
    cells
        (H, W) integer labels of a display's slots: 0 for none, i + 1 for slot i.
    background
        Gray level 0 to 255 of a display's ground: what lies around the picture and fills inhibited slots.
    objects
        Boxes (x, y, width, height) in px of the things in the picture, for agents that look at things instead of
        pixels; see `require_objects` for displays that tell them otherwise.
    object_labels
        What each of them is.
    caption
        Words that describe what is looked for.
    px_per_deg
        Pixels per degree of visual angle.
    start_xy
        Where the eye is when the picture appears, (x, y) in px, such as the fixation mark of an experiment, also
        beside the picture; None means the agent's own default, the center.
    info
        Further facts for tables, such as ``{"dataset": ..., "condition": ..., "task": ...}``.

    Raises
    ------
    InputError
        If a picture cannot be used, a box leaves the picture, or shapes disagree.

    Warns
    -----
    InputWarning
        If objects overlap.

    Examples
    --------
    >>> stimulus = Stimulus(torch.zeros(1, 60, 80), name="blank", target_box=(10, 20, 8, 8))
    >>> stimulus.size, stimulus.target_center
    ((60, 80), (13.5, 23.5))
    """

    def __init__(
        self,
        image: PictureSource,
        *,
        name: str | None = None,
        target: PictureSource | None = None,
        target_box: Box | None = None,
        target_mask: Tensor | ArrayLike | None = None,
        cells: Tensor | ArrayLike | None = None,
        background: float | None = None,
        objects: Sequence[Box] | ArrayLike | None = None,
        object_labels: Sequence[str] | None = None,
        caption: str | None = None,
        px_per_deg: float | None = None,
        start_xy: tuple[float, float] | None = None,
        info: dict[str, Any] | None = None,
    ) -> None:
        self._image = _lazy(image, "image")
        self._target = None if target is None else _lazy(target, "target")
        self.name = str(name) if name is not None else (image_name(self._image) or "stimulus")
        self.size = _size(self._image)
        self.target_box = None if target_box is None else check_box("target_box", target_box, self.size, self.name)
        self.target_mask = None if target_mask is None else _check_mask(target_mask, self.size)
        self.cells = None if cells is None else _check_cells(cells, self.size)
        self.background = None if background is None else _check_gray(background)
        self.objects = None if objects is None else check_objects(objects, self.size, self.name)
        n_objects = None if self.objects is None else len(self.objects)
        self.object_labels = check_object_labels(object_labels, n_objects, self.name)
        self.caption = caption
        self.px_per_deg = None if px_per_deg is None else check_positive("px_per_deg", px_per_deg)
        self.start_xy = None if start_xy is None else tuple(map(float, check_xy("start_xy", start_xy)[0]))
        self.info = dict(info or {})

    def __repr__(self) -> str:
        height, width = self.size
        return f"Stimulus({self.name!r}, {width} x {height} px)"

    @property
    def image(self) -> Tensor:
        """Float32 (C, H, W) in [0, 1]; read from the file at each call where a path was given."""
        image = _load(self._image)
        if tuple(image.shape[-2:]) != self.size:
            raise InputError(
                f"{self.name} is {image.shape[-1]} x {image.shape[-2]} px, but its header said "
                f"{self.size[1]} x {self.size[0]} px when the stimulus was made; make the stimulus again."
            )
        return image

    def checksum(self) -> str:
        """Return the SHA-256 of the picture and of the target: of their files, or of pixels in memory."""
        return content_checksum([one for one in (self._image, self._target) if one is not None])

    @property
    def rgb(self) -> Tensor:
        """The image with three channels; gray is repeated."""
        image = self.image
        return image.expand(3, -1, -1) if image.shape[0] == 1 else image

    @property
    def target(self) -> Tensor | None:
        """Picture of the target, float32 (C, h, w), or None."""
        return None if self._target is None else _load(self._target)

    @property
    def target_center(self) -> tuple[float, float] | None:
        """Center of the target box in px, (x, y), or None."""
        if self.target_box is None:
            return None
        return center_of(self.target_box)

    @property
    def center_xy(self) -> tuple[float, float]:
        """Center of the picture in px, with pixel centers at integers."""
        height, width = self.size
        return (width - 1) / 2, (height - 1) / 2

    def require_target(self, who: str) -> Tensor:
        """Return the target's picture, cut from the target box if there is no separate one, or say what is missing."""
        if self._target is not None:
            return _load(self._target)
        if self.target_box is not None:
            return self.image[:, *box_window(self.target_box)]
        raise InputError(
            f"{who} looks for a target, and stimulus {self.name!r} has none; give target=<picture> or target_box."
        )

    def require_objects(self, who: str) -> tuple[Box, ...]:
        """Return the boxes of the things in the picture, or say what is missing.

        They are the `objects` that were given; else the slots in `cells` that show something else than the background,
        where that is known; else the connected things on the background.
        """
        if self.objects is not None:
            return self.objects
        found: tuple[Box, ...] = ()
        if self.cells is not None:
            found = tuple(box for box in boxes_of_cells(self.cells) if self._shows(box))
        elif self.background is not None:
            found = find_objects(self.image, self.background)
        if not found:
            raise InputError(
                f"{who} looks at objects, and {self.name!r} has none; give objects=[(x, y, width, height), ...] in px, "
                "or cells or the background of a display on which something is seen."
            )
        return found

    def _shows(self, box: Box) -> bool:
        """Whether something else than the background is seen in a box; taken for granted where that is not known."""
        return self.background is None or bool(off_ground(self.image, self.background)[box_window(box)].any())

    def require_px_per_deg(self, who: str) -> float:
        """Return the picture's scale, or say what needs it."""
        if self.px_per_deg is None:
            raise InputError(
                f"{who} works in degrees of visual angle, and stimulus {self.name!r} has no px_per_deg; give it, or "
                "Screen(...).px_per_deg from the screen's size and the viewing distance."
            )
        return self.px_per_deg


def image_name(source: object) -> str | None:
    """File name of a picture given as a path, else None."""
    return source.name if isinstance(source, Path) else None


def _lazy(image: PictureSource, name: str) -> Tensor | Path:
    if isinstance(image, str | os.PathLike):
        return Path(image)
    return as_image(image, name=name)


def _load(source: Tensor | Path) -> Tensor:
    return source if isinstance(source, Tensor) else read_image(source)


def _size(source: Tensor | Path) -> tuple[int, int]:
    if isinstance(source, Path):
        return picture_size(source)
    return int(source.shape[-2]), int(source.shape[-1])


def _as_tensor(name: str, values: Tensor | ArrayLike) -> Tensor:
    if isinstance(values, Tensor):
        return values.detach().cpu()
    try:
        return torch.from_numpy(np.array(values))  # copied, as arrays may be read-only or change later
    except (TypeError, ValueError):
        kind = type(values).__name__
        raise InputError(f"{name} must be a tensor or array of numbers with the picture's shape, got {kind}.") from None


def _check_mask(mask: Tensor | ArrayLike, size: tuple[int, int]) -> Tensor:
    values = _as_tensor("target_mask", mask)
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if tuple(values.shape) != size:
        raise InputError(f"target_mask must have the picture's shape {size}, got {tuple(values.shape)}.")
    if values.dtype == torch.bool:
        return values
    top = float(values.max())
    # files hold 0 and 255, tensors 0 and 1: in both the target is the brighter half
    half = 0.5 if top <= 1 else 125.0
    if not (top == 0 or half < top <= 255):  # also for NaN
        raise InputError(f"target_mask must be booleans, 0 to 1, or 0 to 255, got values up to {top:g}.")
    return values > half


def _check_cells(cells: Tensor | ArrayLike, size: tuple[int, int]) -> Tensor:
    labels = _as_tensor("cells", cells)
    if tuple(labels.shape) != size or labels.is_floating_point() or bool((labels.to(torch.int64) < 0).any()):
        raise InputError(
            f"cells must be integer labels of shape {size}, 0 for none and i + 1 for slot i; "
            f"got {str(labels.dtype).removeprefix('torch.')} of shape {tuple(labels.shape)}."
        )
    return labels.to(torch.int64)


def _check_gray(background: float) -> float:
    try:
        gray = float(background)
    except (TypeError, ValueError):
        gray = math.nan
    if not 0 <= gray <= 255:
        raise InputError(f"background must be a gray level from 0 to 255, got {background!r}.")
    return gray
