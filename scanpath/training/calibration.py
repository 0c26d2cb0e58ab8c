"""Fit the few numbers that make densities of any agent's maps, to people's fixations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import ndtr

from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.agents.calibrated import CalibratedAgent, Calibration, CrossCalibratedAgent, DrawsMaps, drawn_map
from scanpath.evaluation.bootstrap import bootstrap_mean
from scanpath.evaluation.inputs import Fixations, Progress, as_paths
from scanpath.gaze.pixels import pixel_of
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.priority_density import PriorityDensity, cell_px, center_cells, log_blurred, to_cells
from scanpath.metrics import fit_density
from scanpath.training.looked_at import Step, drawn_steps, fit_facts, looked_at

#: Rows and columns of the center bias that a calibration keeps.
CENTER_GRID = (24, 32)
#: Fixations that its width is chosen from; more change it by less than the steps of the search.
CENTER_SAMPLE = 3000
#: No cell of it is less likely than this share of a uniform density makes it.
CENTER_LEAST = 1e-3
#: Widest blur that is tried, in degrees.
WIDEST_DEG = 8.0
#: Power, center weight and uniform share: where searches start, with the map and with the center bias, and limits.
STARTS = ((1.0, 1.0, 0.05), (0.0, 1.0, 1e-3))
LIMITS = ((0.0, 50.0), (0.0, 5.0), (1e-4, 0.999))
_NUMBERS = ("power", "blur_deg", "center_weight", "uniform_share")


@dataclass
class Seen:
    """What one picture gives to the fit.

    Attributes
    ----------
    maps
        (n, h, w) the agent's map before each fixation, on cells; (1, h, w) where it is the same before all.
    cell
        (n,) flat index of the cell that was fixated.
    shares
        (n, 2) where in the picture, in shares of its width and height.
    cells_per_deg
        Scale of the maps.
    """

    maps: np.ndarray
    cell: np.ndarray
    shares: np.ndarray
    cells_per_deg: float


def calibrate(
    agent: DrawsMaps,
    stimuli: Sequence[Stimulus],
    people: Fixations,
    folds: int = 5,
    seed: int = 0,
    *,
    fixations_per_picture: int = 40,
    progress: Progress | None = None,
) -> CalibratedAgent:
    """Make an agent's maps a probability of where people look next, by maximum likelihood.

    A map of priority is no probability: taken in proportion, a model can score many bits below chance for being drawn
    too flat or for places that it excludes. Four numbers, the same for all pictures, put that right: a power, a blur
    in degrees, and the weights of a center bias and of a uniform density (`PriorityDensity`). What is left is what
    the map knows.

    Parameters
    ----------
    agent
        Anything with a ``name`` and ``priority(stimulus, history_xy) -> (H, W)``.
    stimuli
        The pictures, with px_per_deg.
    people
        Tidy fixation table, or list of `Scanpath`. The first fixation of each, which an experiment often imposes, is
        history alone.
    folds
        Parts that the pictures are cut into: the numbers of all parts but one are tried on the one.
    seed
        Of the parts and of the fixations that are drawn.
    fixations_per_picture
        Most fixations of a picture that are used, drawn at random; each needs a map.
    progress
        Wraps the sequence of pictures, for a progress bar.

    Returns
    -------
    CalibratedAgent
        An agent of the same name with a ``log_density``; its ``calibration`` holds the numbers, their intervals and
        the bits a fixation beyond the center bias on pictures left out, and can be saved.

    Raises
    ------
    InputError
        If there are fewer pictures than folds, a picture has no px_per_deg, or nobody's scanpath has a second
        fixation.

    Examples
    --------
    >>> import scanpath as sp, torch
    >>> generator = torch.Generator().manual_seed(1)
    >>> pictures = [torch.rand(1, 30, 40, generator=generator) for _ in range(4)]
    >>> stimuli = [sp.Stimulus(one, name=f"{n}", px_per_deg=10) for n, one in enumerate(pictures)]
    >>> people = sp.simulate(sp.create_agent("center"), stimuli, n_fixations=6)
    >>> agent = calibrate(sp.create_agent("spectral_residual"), stimuli, people, folds=2)
    >>> agent.name, round(float(agent.log_density(stimuli[0], [(20, 15)]).exp().sum()), 6)
    ('spectral_residual', 1.0)
    """
    fitted = cross_calibrate(
        agent, stimuli, people, folds, seed, fixations_per_picture=fixations_per_picture, progress=progress
    )
    return CalibratedAgent(agent=agent, calibration=fitted.calibration)


def cross_calibrate(
    agent: DrawsMaps,
    stimuli: Sequence[Stimulus],
    people: Fixations,
    folds: int = 5,
    seed: int = 0,
    *,
    fixations_per_picture: int = 40,
    progress: Progress | None = None,
) -> CrossCalibratedAgent:
    """Calibrate an agent as `calibrate` does, for scores on the same pictures: each gets numbers of the other parts.

    Parameters
    ----------
    agent, stimuli, people, folds, seed, fixations_per_picture, progress
        As for `calibrate`.

    Returns
    -------
    CrossCalibratedAgent
        Its density of a picture comes from numbers, and from a center bias, that were fitted to the pictures of other
        parts; its ``calibration`` is what `calibrate` returns.

    Raises
    ------
    InputError
        As `calibrate`.

    Examples
    --------
    >>> import scanpath as sp, torch
    >>> generator = torch.Generator().manual_seed(1)
    >>> pictures = [torch.rand(1, 30, 40, generator=generator) for _ in range(4)]
    >>> stimuli = [sp.Stimulus(one, name=f"{n}", px_per_deg=10) for n, one in enumerate(pictures)]
    >>> people = sp.simulate(sp.create_agent("center"), stimuli, n_fixations=6)
    >>> agent = cross_calibrate(sp.create_agent("spectral_residual"), stimuli, people, folds=2)
    >>> table = sp.evaluation.predict_fixations(agent, stimuli, people)
    >>> sorted(set(table["agent"])), len(table)
    (['spectral_residual'], 20)
    """
    if not isinstance(agent, DrawsMaps):
        name = getattr(agent, "name", type(agent).__name__)
        raise InputError(f"Agent {name!r} draws no map: calibrate needs priority(stimulus, history_xy).")
    paths = as_paths(people, "people")
    looked = looked_at(paths, stimuli, folds, "A calibration")
    names = [stimulus.name for stimulus, _ in looked]
    seen = [
        _seen(agent, stimulus, drawn_steps(stimulus, some, fixations_per_picture, seed))
        for stimulus, some in (progress(looked) if progress else looked)
    ]
    fold = numpy_generator(seed, "folds").permutation(len(names)) % folds
    left_out = [_fitted([one for one, f in zip(seen, fold) if f != part]) for part in range(folds)]
    gains = np.array([_gain(left_out[f], one) for one, f in zip(seen, fold)])
    mean, low, high = (float(value) for value in bootstrap_mean(gains, seed=seed))
    density = _fitted(seen)
    facts = fit_facts(paths, names, sum(len(one.cell) for one in seen), folds, seed)
    made = {**(getattr(agent, "settings", None) or {"agent": agent.name})}
    calibration = Calibration(made, density, _intervals(density, left_out), (mean, low, high), facts)
    return CrossCalibratedAgent(agent, calibration, {name: left_out[part] for name, part in zip(names, fold)})


def _seen(agent: DrawsMaps, stimulus: Stimulus, steps: Sequence[Step]) -> Seen:
    """Draw the agent's map before some fixations of a picture."""
    size = stimulus.size
    maps = np.stack([to_cells(drawn_map(agent, stimulus, one.history_xy), size) for one in steps])
    if (maps == maps[0]).all():
        maps = maps[:1]
    shares = (pixel_of(np.stack([one.xy for one in steps])) + 0.5) / np.array(size[::-1])
    column, row = np.minimum((shares * maps.shape[:0:-1]).astype(int), np.array(maps.shape[:0:-1]) - 1).T
    scale = stimulus.require_px_per_deg("A calibration") / cell_px(size)
    return Seen(maps, row * maps.shape[2] + column, shares, scale)


def _fitted(seen: Sequence[Seen]) -> PriorityDensity:
    """Return the most likely numbers: the blur by a search, the others under each blur by their gradient."""
    center, without = _centers(seen)
    best: dict[float, tuple[float, np.ndarray]] = {}

    def loss(blur_deg: float) -> float:
        parts = [_logs(one, blur_deg, others) for one, others in zip(seen, without)]
        # the best from all starts: with a uniform share the likelihood can have two peaks
        found = min((_descended(start, parts) for start in STARTS), key=lambda one: one[0])
        best[blur_deg] = found
        return found[0]

    loss(0.0)
    # steps of a factor are alike to a blur; half a percent of it is far below what people's fixations tell
    minimize_scalar(
        lambda log_deg: loss(float(np.exp(log_deg))),
        bounds=(np.log(0.1), np.log(WIDEST_DEG)),
        method="bounded",
        options={"xatol": 0.05, "maxiter": 12},
    )
    blur_deg = min(best, key=lambda deg: best[deg][0])
    power, center_weight, uniform = best[blur_deg][1]
    return PriorityDensity(float(power), blur_deg, float(center_weight), float(uniform), center)


def _descended(start: Sequence[float], parts: Sequence[tuple[np.ndarray, ...]]) -> tuple[float, np.ndarray]:
    """Return the least surprise that a descent from a start finds, and where."""
    found = minimize(_loss, start, (parts,), jac=True, bounds=LIMITS, method="L-BFGS-B", options={"ftol": 1e-9})
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


def _logs(one: Seen, blur_deg: float, center: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the two maps that are weighted, in logarithms, and what was fixated."""
    logs = log_blurred(one.maps, blur_deg * one.cells_per_deg).reshape(len(one.maps), -1)
    return logs, center_cells(center, one.maps.shape[1:]).ravel(), one.cell


def _loss(numbers: np.ndarray, parts: Sequence[tuple[np.ndarray, ...]]) -> tuple[float, np.ndarray]:
    """Return the mean surprise of the fixations, in nats a cell, each picture alike, and its gradient."""
    total, slope = 0.0, np.zeros(3)
    for logs, center, cell in parts:
        surprise, gradient = _surprise(numbers, logs, center, cell)
        total += surprise.mean() / len(parts)
        slope += gradient.mean(1) / len(parts)
    return total, slope


def _surprise(
    numbers: np.ndarray, logs: np.ndarray, center: np.ndarray, cell: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return minus the log probability of each fixation, (n,), and its gradient, (3, n)."""
    power, weight, uniform = numbers
    z = power * logs + weight * center
    z -= z.max(axis=1, keepdims=True)
    share = np.exp(z)
    share /= share.sum(axis=1, keepdims=True)
    row = np.arange(len(cell)) if len(logs) == len(cell) else np.zeros(len(cell), dtype=int)
    here = share[row, cell]
    pull = np.stack(
        [
            logs[row, cell] - np.einsum("nc,nc->n", share, logs)[row],
            center[cell] - (share @ center)[row],
        ]
    )
    p = (1 - uniform) * here + uniform / logs.shape[1]
    gradient = np.concatenate([(1 - uniform) * here / p * pull, ((1 / logs.shape[1] - here) / p)[None]])
    return -np.log(p), -gradient


def _gain(density: PriorityDensity, one: Seen) -> float:
    """Return the mean bits a fixation on one picture beyond the center bias of the pictures fitted to."""
    logs, center, cell = _logs(one, density.blur_deg, np.asarray(density.center))
    numbers = np.array([density.power, density.center_weight, density.uniform_share])
    with_map, _ = _surprise(numbers, logs, center, cell)
    without, _ = _surprise(np.array([0.0, 1.0, 0.0]), logs, center, cell)
    return float((without - with_map).mean() / np.log(2))


def _intervals(density: PriorityDensity, left_out: Sequence[PriorityDensity]) -> Mapping[str, tuple[float, float]]:
    """Return 95 % intervals from the spread of fits that leave out one fold each (delete-a-group jackknife)."""
    found = {}
    for name in _NUMBERS:
        value, values = getattr(density, name), np.array([getattr(one, name) for one in left_out])
        error = float(np.sqrt((len(values) - 1) * values.var()))
        found[name] = max(value - 1.96 * error, 0.0), value + 1.96 * error
    return found
