"""What a network gets to see at a fixation: the whole square around it, only what is needed of it, or a fixed grid."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath._core.memory import give_back
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.sharpening import enlarge
from scanpath.guidance.target_cue import cue_map, cue_patch, empty_cues
from scanpath.recognition.backbone import PICTURE_STRIDE, Backbone
from scanpath.recognition.coarse_features import coarse_features
from scanpath.recognition.empty_ground import Ground, empty_ground
from scanpath.recognition.patchwise import FineFeatures
from scanpath.recognition.rectangles import Rectangle

#: A target's features (C, h, w), by the number of the network's level that they are compared with.
Targets = Mapping[int, Tensor]

#: Everything in which a picture differs from the original: labels to (top, bottom, left, right).
Changes = Mapping[int, Rectangle]

#: Side of the largest square that is seen at once; of an empty one of nearly this size VGG16 keeps 0.5 GB.
MOST_SEEN_PX = 4608

#: The same where a CPU runs the square through the network in one piece, which takes about 4 GB at this size.
MOST_WHOLE_PX = 2304

#: Pixels of the largest picture, of any proportions, also on a fixed grid, which is seen as a whole, and of the largest
#: target.
MOST_PIXELS, MOST_GRID_PIXELS, MOST_TARGET_PIXELS = 1 << 25, 1 << 23, 1 << 20

#: Pixels of squares that go through a network in one batch, at most, but at least one square.
TOGETHER_PX = 1 << 22

#: How many empty squares are kept at once, fewer where they are large.
GROUNDS_KEPT = 2

#: How features are computed.
FEATURES = ("patchwise", "whole", "fixed_grid")

#: Ground around the picture on a fixed grid.
GRID_MARGIN_PX = 16

#: Side of the empty square from which a fixed grid takes the features of the ground.
GRID_GROUND_PX = 256


class FieldOfView(Protocol):
    """How like its target a picture is as seen from a fixation, and the way back from such maps to the picture."""

    def cues(self, image: Tensor, fixation: tuple[int, int], changed: Changes) -> list[Tensor]:
        """Return one (h, w) map a level at 1/16 of the picture (3, H, W), fixated at column, row."""
        ...

    def in_picture(self, values: Tensor, fixation: tuple[int, int]) -> Tensor:
        """Return a map at 1/16 as a map of the picture's pixels, from 0 up, and 0 where nothing may be chosen."""
        ...


class WholeField:
    """The published way: a square centered on the fixation runs through the network, rings around its middle.

    Parameters
    ----------
    backbone
        The network.
    size
        The picture's (height, width).
    targets
        The target's features (C, h, w), by the number of the network's level that they are compared with.
    gray
        What lies around the picture, in [0, 1].
    margin_px
        The square reaches from the fixation as far as the picture is high, and this much further; nothing may be
        chosen in a rim of this width.
    """

    def __init__(
        self, backbone: Backbone, size: tuple[int, int], targets: Targets, *, gray: float, margin_px: int
    ) -> None:
        self.backbone = backbone
        self.size = size
        self.targets = targets
        self.gray = gray
        self.margin_px = margin_px
        self.half = size[0] + margin_px

    def cues(self, image: Tensor, fixation: tuple[int, int], changed: Changes) -> list[Tensor]:
        """Run the square through the network."""
        return cues_of(self.backbone(self.square(image, fixation)), self.targets)

    def square(self, image: Tensor, fixation: tuple[int, int]) -> Tensor:
        """Return what is seen, (1, 3, 2 half, 2 half)."""
        square = image.new_full((1, 3, 2 * self.half, 2 * self.half), self.gray)
        (rows, into_rows), (columns, into_columns) = self._overlap(fixation, self.half)
        square[0, :, into_rows, into_columns] = image[:, rows, columns]
        return square

    def in_picture(self, values: Tensor, fixation: tuple[int, int]) -> Tensor:
        """Enlarge the map to the square's pixels and cut out the picture."""
        found = values.new_zeros(self.size)
        (rows, from_rows), (columns, from_columns) = self._overlap(fixation, self.half - self.margin_px)
        side, margin = 2 * self.half, self.margin_px
        seen_rows, seen_columns = (slice(part.start + margin, part.stop + margin) for part in (from_rows, from_columns))
        seen = enlarge(values, (side, side), rows=seen_rows, columns=seen_columns)
        # the enlarged map has no lower value than this one, but for rounding
        found[rows, columns] = (seen - values.min()).clamp_min_(0)
        return found

    def _overlap(self, fixation: tuple[int, int], half: int) -> list[tuple[slice, slice]]:
        """Rows, then columns, of the picture within `half` px of the fixation, and where they are in that window."""
        found = []
        for center, length in zip(fixation[::-1], self.size):
            start, stop = max(center - half, 0), min(center + half, length)
            found.append((slice(start, stop), slice(start - center + half, stop - center + half)))
        return found


def cues_of(levels: Sequence[Tensor], targets: Targets) -> list[Tensor]:
    """Correlate each level (1, C, h, w) that has a target with the whole of it."""
    return [cue_map(levels[number][0], target) for number, target in targets.items()]


def cues_together(
    fields: Sequence[WholeField], images: Sequence[Tensor], fixations: Sequence[tuple[int, int]]
) -> list[list[Tensor]]:
    """Run the squares of several pictures through the network, those of one size and scale in batches."""
    found: list[list[Tensor]] = [[] for _ in fields]
    batches: dict[tuple[int, float], list[int]] = {}
    for index, field in enumerate(fields):
        batches.setdefault((field.half, field.backbone.px_per_deg), []).append(index)
    for (half, _), alike in batches.items():
        step = max(1, TOGETHER_PX // (2 * half) ** 2)
        for batch in (alike[start : start + step] for start in range(0, len(alike), step)):
            squares = torch.cat([fields[index].square(images[index], fixations[index]) for index in batch])
            levels = [level.split(1) for level in fields[batch[0]].backbone(squares)]
            for index, *own in zip(batch, *levels):
                found[index] = cues_of(own, fields[index].targets)
    return found


class PatchwiseField(WholeField):
    """The same features from the part of the square that differs from an empty one, reused between fixations.

    Parameters
    ----------
    backbone, size, targets, gray, margin_px
        As for `WholeField`.
    ground
        Features of an empty square as large as the one that is seen, of the same gray.
    """

    def __init__(
        self,
        backbone: Backbone,
        size: tuple[int, int],
        targets: Targets,
        *,
        gray: float,
        margin_px: int,
        ground: Ground,
    ) -> None:
        super().__init__(backbone, size, targets, gray=gray, margin_px=margin_px)
        self.ground = ground
        self.fine = FineFeatures(ground, size)
        with torch.inference_mode():  # how like the target the square is without the picture
            self._empty_cues = {number: empty_cues(ground.levels[number], one) for number, one in targets.items()}

    @torch.inference_mode()
    def cues(self, image: Tensor, fixation: tuple[int, int], changed: Changes) -> list[Tensor]:
        """Compute what the picture reaches; elsewhere the square looks as it does without the picture."""
        origin = (fixation[1] - self.half, fixation[0] - self.half)
        levels = coarse_features(self.ground, self.fine.in_square(image, origin, changed))
        found = {}
        for number, (cells, ground) in enumerate(zip(levels, self.ground.levels, strict=True)):
            if number in self.targets:
                found[number] = self._empty_cues[number].clone()
                place, values = cue_patch(cells, ground, self.targets[number])
                place.put(found[number], values)
            if not self.fine.kept:  # of a large picture: what was used for this level is not for the next
                give_back()
        return [found[number] for number in self.targets]


class FixedGridField:
    """Our own faster approximation: one grid per picture, over which only the rings move.

    The published square moves with the fixation, and with it the grids of all pools, so that what a cell pools
    depends on where the eye is in more than the window's size. Here grids stay, cells are whole blocks of 16 px, and
    features finer than the first eccentric pool are computed once a picture.

    Parameters
    ----------
    backbone, size, targets
        As for `WholeField`.
    margin_px
        How far beyond the picture's height rings are made.
    ground
        Features of an empty square with a side of `GRID_GROUND_PX`.
    """

    def __init__(
        self, backbone: Backbone, size: tuple[int, int], targets: Targets, *, margin_px: int, ground: Ground
    ) -> None:
        self.backbone = backbone
        self.size = size
        self.targets = targets
        self.field_px = 2 * (size[0] + margin_px)
        rows, columns = (-(-(side + 2 * GRID_MARGIN_PX) // PICTURE_STRIDE) for side in size)
        self.cells = rows, columns
        self.fine = FineFeatures(ground, size)

    @torch.inference_mode()
    def cues(self, image: Tensor, fixation: tuple[int, int], changed: Changes) -> list[Tensor]:
        """Pool the picture's fine features around the fixation and go on from there."""
        patch = self.fine.on_ground(image, (-GRID_MARGIN_PX, -GRID_MARGIN_PX), changed)
        rows, columns = (side * PICTURE_STRIDE // self.fine.scale for side in self.cells)
        fine = patch.over(self.fine.beyond, Rectangle(0, rows, 0, columns))
        center = (fixation[0] + GRID_MARGIN_PX, fixation[1] + GRID_MARGIN_PX)
        return cues_of(self.backbone.coarse(fine, center, self.field_px), self.targets)

    def in_picture(self, values: Tensor, fixation: tuple[int, int]) -> Tensor:
        """Spread each cell over its block of pixels and cut out the picture."""
        rows, columns = (side * PICTURE_STRIDE for side in self.cells)
        values = enlarge(values - values.min(), (rows, columns))
        return values[GRID_MARGIN_PX:, GRID_MARGIN_PX:][: self.size[0], : self.size[1]]


class FieldsOfView:
    """Gives each picture its field of view, and keeps what those of pictures of one size share.

    Parameters
    ----------
    features
        "whole", "patchwise" or "fixed_grid".
    margin_px
        See `WholeField`.
    """

    def __init__(self, features: str, *, margin_px: int) -> None:
        self.features = check_choice("features", features, FEATURES)
        self.margin_px = check_count("margin_px", margin_px, least=0)
        self._grounds: dict[tuple[int, float, int, float], Ground] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_grounds": {}}  # large, and quickly made again

    def of(self, backbone: Backbone, stimulus: Stimulus, targets: Targets, gray: float) -> FieldOfView:
        """Return the field of view on a picture with ground of some gray, or say that it is too large."""
        self._check_memory(stimulus, on_cpu=backbone.device.type == "cpu")
        if backbone.windows == "smooth" and self.features == "patchwise":
            raise InputError('windows="smooth" needs features="fixed_grid" or "whole"; "patchwise" knows rings alone.')
        size, margin_px = stimulus.size, self.margin_px
        if self.features == "whole":
            return WholeField(backbone, size, targets, gray=gray, margin_px=margin_px)
        if self.features == "fixed_grid":
            ground = self._ground(backbone, GRID_GROUND_PX, gray)
            return FixedGridField(backbone, size, targets, margin_px=margin_px, ground=ground)
        ground = self._ground(backbone, 2 * (size[0] + margin_px), gray)
        return PatchwiseField(backbone, size, targets, gray=gray, margin_px=margin_px, ground=ground)

    def _check_memory(self, stimulus: Stimulus, *, on_cpu: bool) -> None:
        """Refuse what would take many GB, and say what fits."""
        height, width = stimulus.size
        most_side = MOST_WHOLE_PX if self.features == "whole" and on_cpu else MOST_SEEN_PX
        most_height = height if self.features == "fixed_grid" else most_side // 2 - self.margin_px
        most_pixels = MOST_GRID_PIXELS if self.features == "fixed_grid" else MOST_PIXELS
        share = min(most_height / height, math.sqrt(most_pixels / (height * width)))
        if share >= 1:
            return
        if most_height < 1:
            raise InputError(f"margin_px must be less than {most_side // 2}, got {self.margin_px}.")
        raise InputError(
            f"{stimulus.name!r} of {width} x {height} px would take too much memory, as a square of twice its height "
            f"and margin is seen at once; {max(1, int(width * share))} x {max(1, int(height * share))} px fit with "
            f"features={self.features!r}. Shrink the picture, with its target, its boxes and px_per_deg."
        )

    def _ground(self, backbone: Backbone, side: int, gray: float) -> Ground:
        """Features of an empty square; the last few are kept."""
        key = (id(backbone.stages[0].body), backbone.px_per_deg, side, gray)
        if key not in self._grounds:
            while self._grounds and (
                len(self._grounds) >= GROUNDS_KEPT
                or side**2 + sum(ground.side**2 for ground in self._grounds.values()) > MOST_SEEN_PX**2
            ):
                self._grounds.pop(next(iter(self._grounds)))
            self._grounds[key] = empty_ground(backbone, side, gray)
        return self._grounds[key]


def seen_target(stimulus: Stimulus, who: str) -> Tensor:
    """Return the target's picture (3, h, w), or say that there is none or that it is too large to be compared."""
    target = stimulus.require_target(who).expand(3, -1, -1)
    height, width = target.shape[-2:]
    if height * width > MOST_TARGET_PIXELS:
        raise InputError(
            f"The target of {stimulus.name!r} is {width} x {height} px, which would take too much memory; give it at "
            "the size that it has in the picture."
        )
    return target
