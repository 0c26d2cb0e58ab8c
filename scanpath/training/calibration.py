"""Fit the few numbers that make densities of any agent's maps, to people's fixations."""

from collections.abc import Mapping, Sequence

import numpy as np

from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.agents.calibrated import (
    CalibratedAgent,
    Calibration,
    CrossCalibratedAgent,
    DrawsMaps,
    attention_and_priority,
    drawn_map,
    inhibits_apart,
)
from scanpath.evaluation.bootstrap import bootstrap_mean
from scanpath.evaluation.inputs import Fixations, Progress, as_paths
from scanpath.gaze.pixels import pixel_of
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.priority_density import PriorityDensity, averaged, cell_px
from scanpath.training.looked_at import Step, drawn_steps, fit_facts, looked_at
from scanpath.training.priority_likelihood import Seen, gained_bits, most_likely

#: What is fitted; the last only for agents that inhibit places.
NUMBERS = ("power", "blur_deg", "center_weight", "uniform_share", "inhibition")


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
    in degrees, and the weights of a center bias and of a uniform density (`PriorityDensity`). For a `PriorityAgent`
    that inhibits places it has looked at there is a fifth, how much of that is kept: all of it (1) is the agent as
    published, and people often look again where it excludes. What is left is what the map knows.

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
    left_out = [most_likely([one for one, f in zip(seen, fold) if f != part]) for part in range(folds)]
    gains = np.array([gained_bits(left_out[f], one) for one, f in zip(seen, fold)])
    mean, low, high = (float(value) for value in bootstrap_mean(gains, seed=seed))
    density = most_likely(seen)
    facts = fit_facts(paths, names, sum(len(one.cell) for one in seen), folds, seed)
    made = {**(getattr(agent, "settings", None) or {"agent": agent.name})}
    intervals = _intervals(density, left_out, inhibits=any(one.inhibits for one in seen))
    calibration = Calibration(made, density, intervals, (mean, low, high), facts)
    return CrossCalibratedAgent(agent, calibration, {name: left_out[part] for name, part in zip(names, fold)})


def _seen(agent: DrawsMaps, stimulus: Stimulus, steps: Sequence[Step]) -> Seen:
    """Draw the agent's map before some fixations of a picture."""
    attention, priority = _maps(agent, stimulus, [one.history_xy for one in steps])
    shares = (pixel_of(np.stack([one.xy for one in steps])) + 0.5) / np.array(stimulus.size[::-1])
    grid = attention.shape[:0:-1]
    column, row = np.minimum((shares * grid).astype(int), np.array(grid) - 1).T
    scale = stimulus.require_px_per_deg("A calibration") / cell_px(stimulus.size)
    return Seen(attention, priority, row * grid[0] + column, shares, scale)


def _maps(agent: DrawsMaps, stimulus: Stimulus, histories: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Draw an agent's maps on cells without its inhibition and with it; one of either where all are the same."""
    size = stimulus.size
    if not inhibits_apart(agent):
        maps = _distinct([averaged(drawn_map(agent, stimulus, one), size) for one in histories])
        return maps, maps
    # averages of sums are sums of averages: any share of the inhibition can be had from these two
    pairs = (attention_and_priority(agent, stimulus, one) for one in histories)
    both = [tuple(averaged(one, size) for one in pair) for pair in pairs]
    attention, priority = (_distinct(maps) for maps in zip(*both))
    return attention, attention if np.array_equal(attention, priority) else priority


def _distinct(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Stack maps, or return one where all are the same."""
    stacked = np.stack(maps)
    return stacked[:1] if (stacked == stacked[0]).all() else stacked


def _intervals(
    density: PriorityDensity, left_out: Sequence[PriorityDensity], inhibits: bool
) -> Mapping[str, tuple[float, float]]:
    """Return 95 % intervals from the spread of fits that leave out one fold each (delete-a-group jackknife)."""
    found = {}
    for name in NUMBERS if inhibits else NUMBERS[:-1]:
        value, values = getattr(density, name), np.array([getattr(one, name) for one in left_out])
        error = float(np.sqrt((len(values) - 1) * values.var()))
        high = value + 1.96 * error
        found[name] = max(value - 1.96 * error, 0.0), min(high, 1.0) if name == "inhibition" else high
    return found
