"""Scanpaths in the cells of a map, as SceneWalk takes them, and what is wrong with those that it cannot take."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.errors import InputError

#: A fixation longer than this was not measured in seconds.
LONGEST_S = 60.0
#: ((x of the left border, right border), (y of the upper border, lower border)) in degrees.
Range: TypeAlias = Sequence[Sequence[float]]


class Paths(NamedTuple):
    """B scanpaths of up to n fixations on a map of H rows and W columns.

    Parameters
    ----------
    cells
        (B, n, 2) column and row of each fixation; (0, 0) after the end.
    places
        (B, n, 2) x and y in cells, with fractions.
    duration_s
        (B, n), 0 after the end and for the last fixation if nothing depends on it.
    known
        (B, n) whether there is a fixation.
    cells_per_deg
        (2,) in x and y.
    """

    cells: Tensor
    places: Tensor
    duration_s: Tensor
    known: Tensor
    cells_per_deg: Tensor

    @property
    def n(self) -> int:
        """The most fixations of a scanpath."""
        return self.cells.shape[1]


def paths_on(
    size: Sequence[int],
    x_deg: Tensor | ArrayLike,
    y_deg: Tensor | ArrayLike,
    duration_s: Tensor | ArrayLike,
    range_deg: Range,
    *,
    device: torch.device,
    least: int = 2,
) -> Paths:
    """Check scanpaths and find their cells; see `scenewalk_log_likelihood` for what is given.

    Parameters
    ----------
    size
        (H, W) of the map.
    x_deg, y_deg, duration_s, range_deg
        The scanpaths.
    device
        Where the result is to be.
    least
        The fewest fixations; with 1 the last one's duration counts too.
    """
    given = {"x_deg": x_deg, "y_deg": y_deg, "duration_s": duration_s}
    x, y, duration = (_numbers(name, value, device) for name, value in given.items())
    if not x.shape == y.shape == duration.shape or x.ndim != 2 or 0 in x.shape or x.shape[1] < least:
        shapes = ", ".join(str(tuple(np.shape(value))) for value in given.values())
        raise InputError(
            f"x_deg, y_deg and duration_s must have one shape, (n,) or (B, n) with n of at least {least}, got {shapes}."
        )
    low, high = _borders(range_deg, device)
    xy = torch.stack([x, y], -1)
    known = torch.isfinite(xy).all(-1)
    _check_known(known)
    outside = known & ((xy < low) | (xy > high)).any(-1)
    if outside.any():
        b, k = outside.nonzero()[0].tolist()
        raise InputError(
            f"Fixation {k} of scanpath {b} lies at ({x[b, k]:.4g}, {y[b, k]:.4g}) deg, outside the picture "
            f"({low[0]:g} to {high[0]:g}, {low[1]:g} to {high[1]:g}); drop such fixations or give the right range_deg."
        )
    counts = torch.tensor([size[1], size[0]], device=device)
    places = torch.where(known[..., None], xy - low, 0.0) / (high - low) * counts
    cells = torch.minimum(torch.floor(places).long(), counts - 1)  # the far borders belong to the last cells
    read = known if least == 1 else torch.cat([known[:, 1:], torch.zeros_like(known[:, :1])], 1)
    return Paths(cells, places, _durations(duration, read), known, counts / (high - low))


def _numbers(name: str, value: Tensor | ArrayLike, device: torch.device) -> Tensor:
    try:
        numbers = value if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError(f"{name} must be numbers of shape (n,) or (B, n), got {value!r:.80}.") from None
    numbers = numbers.to(device, torch.float64)
    return numbers[None] if numbers.ndim == 1 else numbers


def _borders(range_deg: Range, device: torch.device) -> tuple[Tensor, Tensor]:
    borders = np.asarray(range_deg, dtype=np.float64)
    if borders.shape != (2, 2) or not np.isfinite(borders).all() or not (borders[:, 0] < borders[:, 1]).all():
        raise InputError(f"range_deg must be ((x low, x high), (y low, y high)) in degrees, got {range_deg!r}.")
    low, high = torch.from_numpy(borders.T.copy()).to(device)
    return low, high


def _check_known(known: Tensor) -> None:
    gap = known[:, 1:] & ~known[:, :-1]
    if gap.any():
        b, k = gap.nonzero()[0].tolist()
        raise InputError(f"Fixation {k} of scanpath {b} has no place, but one follows it; cut the scanpath there.")
    if not known[:, 0].all():
        raise InputError(f"Scanpath {int((~known[:, 0]).nonzero()[0])} has no fixation; leave it out.")


def _durations(duration: Tensor, read: Tensor) -> Tensor:
    missing = read & ~torch.isfinite(duration)
    if missing.any():
        b, k = missing.nonzero()[0].tolist()
        raise InputError(
            f"Fixation {k} of scanpath {b} has no duration; SceneWalk needs how long each fixation lasted, in s."
        )
    duration = torch.where(read, duration, 0.0)
    worst = duration.detach().abs().max()
    if bool((duration < 0).any()) or worst > LONGEST_S:
        raise InputError(
            f"duration_s must lie between 0 and {LONGEST_S:g} s, got {duration.detach().min():g} to {worst:g}; "
            "divide durations in ms by 1000."
        )
    return duration
