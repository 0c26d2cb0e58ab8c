"""The likelihood of people's fixations under densities that are made of maps, and the numbers that make it greatest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize, minimize_scalar
from scipy.special import ndtr

from scanpath.guidance.priority_density import FLOOR, PriorityDensity, blurred, center_cells, log_blurred, scaled
from scanpath.metrics import fit_density

#: Rows and columns of the center bias that a calibration keeps.
CENTER_GRID = (24, 32)
#: Fixations that its width is chosen from; more change it by less than the steps of the search.
CENTER_SAMPLE = 3000
#: No cell of it is less likely than this share of a uniform density makes it.
CENTER_LEAST = 1e-3
#: Widest blur that is tried, in degrees.
WIDEST_DEG = 8.0
#: Power, center weight, uniform share and inhibition: limits, and where searches start, with the map and with the
#: center bias; where inhibition is fitted, from little and from much of it.
LIMITS = ((0.0, 50.0), (0.0, 5.0), (1e-4, 0.999), (0.0, 1.0))
STARTS = ((1.0, 1.0, 0.05, 1.0), (0.0, 1.0, 1e-3, 1.0))
INHIBITED_STARTS = ((1.0, 1.0, 0.05, 0.1), (1.0, 1.0, 0.05, 0.9), (0.0, 1.0, 1e-3, 0.5))


@dataclass
class Seen:
    """What one picture gives to the fit.

    Attributes
    ----------
    attention
        (n, h, w) the agent's map before each fixation, on cells, without its inhibition of places that were looked at;
        (1, h, w) where it is the same before all.
    priority
        The same with all of its inhibition; the same array where there is none, or it cannot be told from the map.
    cell
        (n,) flat index of the cell that was fixated.
    shares
        (n, 2) where in the picture, in shares of its width and height.
    cells_per_deg
        Scale of the maps.
    """

    attention: np.ndarray
    priority: np.ndarray
    cell: np.ndarray
    shares: np.ndarray
    cells_per_deg: float

    @property
    def inhibits(self) -> bool:
        """Whether inhibition changes a map."""
        return self.priority is not self.attention


class Blurred(NamedTuple):
    """One picture's maps under one blur, and what is weighted beside them.

    Attributes
    ----------
    sharp
        (n or 1, cells) attention, and what inhibition takes of it (not positive), before the blur.
    blurred
        The same two, blurred.
    logs
        The logarithm of the map, where inhibition does not change it; then the others are empty.
    center
        (cells,) logarithm of the center bias.
    cell
        (n,) what was fixated.
    """

    sharp: tuple[np.ndarray, ...]
    blurred: tuple[np.ndarray, ...]
    logs: np.ndarray | None
    center: np.ndarray
    cell: np.ndarray

    def log_map(self, inhibition: float) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the logarithm of the map, (n or 1, cells), and its slope with inhibition, if it has one."""
        if self.logs is not None:
            return self.logs, None
        pairs = (self.sharp, self.blurred)
        # where nothing is inhibited, all moments may share one map
        sharp, blurred = (one + inhibition * taken if inhibition else one for one, taken in pairs)
        highest = sharp.argmax(axis=1, keepdims=True)
        top = np.take_along_axis(sharp, highest, axis=1)
        if not (top > 0).all():  # all is closed: no place is better than another
            blurred, top = np.where(top > 0, blurred, 1.0), np.where(top > 0, top, 1.0)
        to_one = blurred / top
        taken, taken_blurred = self.sharp[1], self.blurred[1]
        fall = np.take_along_axis(taken, np.broadcast_to(highest, (len(taken), 1)), axis=1)
        return np.log(to_one + FLOOR), (taken_blurred - to_one * fall) / top / (to_one + FLOOR)


def most_likely(seen: Sequence[Seen]) -> PriorityDensity:
    """Return the most likely numbers: the blur by a search, the others under each blur by their gradient."""
    center, without = _centers(seen)
    starts = INHIBITED_STARTS if any(one.inhibits for one in seen) else STARTS
    best: dict[float, tuple[float, np.ndarray]] = {}

    def loss(blur_deg: float, begin: Sequence[ArrayLike]) -> float:
        parts = [_blurred(one, blur_deg, others) for one, others in zip(seen, without)]
        best[blur_deg] = min((_descended(start, parts) for start in begin), key=lambda one: one[0])
        return best[blur_deg][0]

    def likeliest() -> float:
        return min(best, key=lambda blur_deg: best[blur_deg][0])

    loss(0.0, starts)
    # steps of a factor are alike to a blur; half a percent of it is far below what people's fixations tell
    minimize_scalar(
        lambda log_deg: loss(float(np.exp(log_deg)), [best[likeliest()][1]]),
        bounds=(np.log(0.1), np.log(WIDEST_DEG)),
        method="bounded",
        options={"xatol": 0.05, "maxiter": 12},
    )
    # with a uniform share the likelihood can have two peaks: once more from all starts
    blur_deg = likeliest()
    loss(blur_deg, [*starts, best[blur_deg][1]])
    power, center_weight, uniform, inhibition = map(float, best[blur_deg][1])
    return PriorityDensity(power, blur_deg, center_weight, uniform, center, inhibition)


def _descended(start: ArrayLike, parts: Sequence[Blurred]) -> tuple[float, np.ndarray]:
    """Return the least surprise that a descent from a start finds, and where."""
    found = minimize(
        _loss,
        np.asarray(start, dtype=np.float64),
        (parts,),
        jac=True,
        bounds=LIMITS,
        method="L-BFGS-B",
        options={"ftol": 1e-9},
    )
    return float(found.fun), np.clip(found.x, *np.array(LIMITS).T)


def _centers(seen: Sequence[Seen]) -> tuple[tuple[tuple[float, ...], ...], list[np.ndarray]]:
    """Smooth fixations, in shares of their pictures, on the grid that a calibration keeps.

    Returns the center bias of all pictures, and for each picture that of the others: a bias that knows the fixations it
    is weighted by would get too much weight.
    """
    points = np.concatenate([one.shares for one in seen])
    groups = np.repeat(np.arange(len(seen)), [len(one.shares) for one in seen])
    step, side = max(len(points) // CENTER_SAMPLE, 1), 1000
    fit = fit_density(
        side * points[::step],
        size=(side, side),
        groups=groups[::step].tolist() if len(seen) > 1 else None,
        pixel="floor",
    )
    width, uniform = fit.bandwidth_px / side, max(fit.uniform_share, CENTER_LEAST)
    each = np.stack([_mass(one.shares, width) for one in seen])
    every = _smoothed(each.sum(0), uniform)
    others = [_smoothed(each.sum(0) - mine, uniform) for mine in each]
    return tuple(tuple(float(f"{value:.5g}") for value in row) for row in every), others


def _mass(shares: np.ndarray, width: float) -> np.ndarray:
    """Return what Gaussians at some places have in each cell of the grid, summed over the places."""
    down, across = (
        np.diff(ndtr((np.linspace(0, 1, cells + 1) - shares[:, axis, None]) / width), axis=1)
        for axis, cells in zip((1, 0), CENTER_GRID)
    )
    return down.T @ across


def _smoothed(mass: np.ndarray, uniform: float) -> np.ndarray:
    total = mass.sum()
    # one picture has no others
    known = mass / total if total > np.finfo(float).eps else np.full(mass.shape, 1 / mass.size)
    return (1 - uniform) * np.maximum(known, 0.0) + uniform / mass.size


def _blurred(one: Seen, blur_deg: float, center: np.ndarray) -> Blurred:
    """Blur a picture's maps, and put the center bias on their cells."""
    log_center = center_cells(center, one.attention.shape[1:]).ravel()
    sigma = blur_deg * one.cells_per_deg
    if not one.inhibits:
        logs = log_blurred(scaled(one.attention), sigma).reshape(len(one.attention), -1)
        return Blurred((), (), logs, log_center, one.cell)
    sharp = one.attention, one.priority - one.attention
    maps = (blurred(cells, sigma).reshape(len(cells), -1) for cells in sharp)
    return Blurred(tuple(cells.reshape(len(cells), -1) for cells in sharp), tuple(maps), None, log_center, one.cell)


def _loss(numbers: np.ndarray, parts: Sequence[Blurred]) -> tuple[float, np.ndarray]:
    """Return the mean surprise of the fixations, in nats a cell, each picture alike, and its gradient."""
    total, slope = 0.0, np.zeros(4)
    for part in parts:
        surprise, gradient = _surprise(numbers, part)
        total += surprise.mean() / len(parts)
        slope += gradient.mean(1) / len(parts)
    return total, slope


def _surprise(numbers: np.ndarray, part: Blurred) -> tuple[np.ndarray, np.ndarray]:
    """Return minus the log probability of each fixation, (n,), and its gradient, (4, n)."""
    power, weight, uniform, inhibition = numbers
    logs, slope = part.log_map(inhibition)
    z = power * logs + weight * part.center
    z -= z.max(axis=1, keepdims=True)
    share = np.exp(z)
    share /= share.sum(axis=1, keepdims=True)
    cell, all_rows = part.cell, np.arange(len(part.cell))

    def here_of(terms: np.ndarray) -> np.ndarray:
        return terms[all_rows if len(terms) == len(cell) else 0, cell]

    def pull(terms: np.ndarray) -> np.ndarray:
        return here_of(terms) - (share[:, None] @ terms[:, :, None])[:, 0, 0]

    here = here_of(share)
    center = part.center[cell] - share @ part.center
    pulls = np.stack([pull(logs), center, np.zeros(len(cell)) if slope is None else power * pull(slope)])
    p = (1 - uniform) * here + uniform / logs.shape[1]
    pulls *= (1 - uniform) * here / p
    return -np.log(p), -np.stack([pulls[0], pulls[1], (1 / logs.shape[1] - here) / p, pulls[2]])


def gained_bits(density: PriorityDensity, one: Seen) -> float:
    """Return the mean bits a fixation on one picture beyond the center bias of the pictures fitted to."""
    part = _blurred(one, density.blur_deg, np.asarray(density.center))
    numbers = np.array([density.power, density.center_weight, density.uniform_share, density.inhibition])
    with_map, _ = _surprise(numbers, part)
    without, _ = _surprise(np.array([0.0, 1.0, 0.0, 1.0]), part)
    return float((without - with_map).mean() / np.log(2))
