"""Where a picture looks like the target: features correlated with the target's, level by level, and combined."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError

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
    height, width = target.shape[-2:]
    likeness = F.conv2d(features[None], target[None], padding=(height // 2, width // 2))[0, 0]
    return likeness[1 - height % 2 :, 1 - width % 2 :]


def scale_to_unit(values: Tensor) -> Tensor:
    """Shift and scale a map to the range 0 to 1; a constant map becomes zeros.

    Examples
    --------
    >>> scale_to_unit(torch.tensor([2.0, 3.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    low, high = torch.aminmax(values)
    return (values - low) / (high - low) if high > low else torch.zeros_like(values)


def level_weights(maps: Sequence[Tensor], weighting: str) -> Tensor:
    """Weights of the levels, float64 and adding up to 1; equal if the maxima add up to nothing."""
    check_choice("level_weighting", weighting, WEIGHTINGS)
    if not maps:
        raise InputError("level_weights needs at least one map.")
    weights = torch.stack([level.max() for level in maps]).to(torch.float64).cpu()
    if weighting == "equal" or not float(weights.sum()) > 0:
        weights = torch.ones_like(weights)
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
