"""Where a picture looks like the target: features correlated with the target's, level by level, and combined."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.recognition.ground_map import GroundMap
from scanpath.recognition.rectangles import Patch, Rectangle

#: How levels are weighted: by each raw map's maximum, or all alike.
WEIGHTINGS = ("maximum", "equal")


def cue_map(features: Tensor, target: Tensor) -> Tensor:
    """Correlate a picture's features with the whole of a target's features; no feature is normalized.

    Parameters
    ----------
    features
        (C, H, W).
    target
        (C, h, w); its size may be even, then one more row and column is padded after than before.

    Returns
    -------
    Tensor
        (H, W).

    Examples
    --------
    >>> cue_map(torch.eye(3)[None], torch.ones(1, 1, 1))
    tensor([[1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.]])
    """
    extent = Rectangle(0, features.shape[-2], 0, features.shape[-1])
    return _cues_at(extent, lambda _: features[None], extent, target)


def cue_reach(target: Tensor) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many rows before and after a place, and how many columns, its likeness to a target (C, h, w) depends on.

    Examples
    --------
    >>> cue_reach(torch.ones(1, 3, 2))
    ((1, 1), (0, 1))
    """
    height, width = target.shape[-2:]
    return ((height - 1) // 2, height // 2), ((width - 1) // 2, width // 2)


def cue_patch(cells: Patch, ground: GroundMap, target: Tensor) -> tuple[Rectangle, Tensor]:
    """Correlate a level with a target's features wherever the cells that the picture reaches play a part.

    Parameters
    ----------
    cells
        What the picture reaches of a level.
    ground
        The level of the empty square.
    target
        (C, h, w), as for `cue_map`.

    Returns
    -------
    tuple
        The rectangle that has other values than without the picture, and the values (h, w).
    """
    (up, down), (left, right) = cue_reach(target)
    top, bottom, first, last = cells.rectangle
    place = Rectangle(top - down, bottom + up, first - right, last + left).within(ground.extent)
    return place, _cues_at(place, partial(cells.over, ground), ground.extent, target)


def empty_cues(ground: GroundMap, target: Tensor) -> Tensor:
    """Correlate a level of the empty square with a target's features: a map (side, side)."""
    (up, down), (left, right) = cue_reach(target)
    first, last = ground.span
    middle = torch.einsum("chw,c->", target, ground.middle)[None]

    def make(place: Rectangle) -> Tensor:
        return _cues_at(place, ground.cut, ground.extent, target)[None, None]

    return GroundMap.of(ground.side, middle, (first + max(up, left), last - max(down, right)), make).whole[0, 0]


def _cues_at(place: Rectangle, features: Callable[[Rectangle], Tensor], extent: Rectangle, target: Tensor) -> Tensor:
    """Return a rectangle of a level's `cue_map`; beyond the level's extent are zeros."""
    (up, down), (left, right) = cue_reach(target)
    seen = Rectangle(place.top - up, place.bottom + down, place.left - left, place.right + right)
    known = seen.within(extent)
    frame = (known.left - seen.left, seen.right - known.right, known.top - seen.top, seen.bottom - known.bottom)
    return F.conv2d(F.pad(features(known), frame), target[None])[0, 0]


def scale_to_unit(values: Tensor) -> Tensor:
    """Shift and scale a map to the range 0 to 1; a constant map becomes zeros.

    Examples
    --------
    >>> scale_to_unit(torch.tensor([2.0, 3.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    low, high = torch.aminmax(values)
    return torch.where(high > low, (values - low) / (high - low), 0)


def level_weights(maps: Sequence[Tensor], weighting: str) -> Tensor:
    """Weights of the levels, float64 and adding up to 1; equal if the maxima add up to nothing."""
    check_choice("level_weighting", weighting, WEIGHTINGS)
    if not maps:
        raise InputError("level_weights needs at least one map.")
    weights = torch.stack([level.max() for level in maps]).to(torch.float64)
    equal = torch.ones_like(weights)
    weights = equal if weighting == "equal" else torch.where(weights.sum() > 0, weights, equal)
    return weights / weights.sum()


def combine_levels(maps: Sequence[Tensor], weighting: str = "maximum") -> Tensor:
    """Add up maps of equal size, each scaled to 0 to 1 and weighted.

    Parameters
    ----------
    maps
        One (H, W) map a level.
    weighting
        "maximum": by the maximum of the raw map; "equal": all alike.

    Returns
    -------
    Tensor
        (H, W), float64.
    """
    weights = level_weights(maps, weighting)
    # each product is rounded to the maps' own precision, the sum is not, as in the published program
    scaled = [(scale_to_unit(level) * weight.to(level)).to(torch.float64) for level, weight in zip(maps, weights)]
    return torch.stack(scaled).sum(0)
