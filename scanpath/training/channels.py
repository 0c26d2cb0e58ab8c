"""Which factors lead gaze, and by how many bits: a conditional logit over cells of the picture."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import log_softmax
from scipy.stats import t as student

from scanpath._core.errors import InputError, unknown_name
from scanpath._core.files import write_text
from scanpath._core.random import numpy_generator
from scanpath.agents.calibrated import DrawsMaps, drawn_map
from scanpath.agents.catalog import create_agent, is_agent_name, list_agents
from scanpath.evaluation.bootstrap import bootstrap_mean
from scanpath.evaluation.center_bias import CenterBias
from scanpath.evaluation.inputs import Fixations, Progress, as_paths
from scanpath.gaze.pixels import pixel_of, resized
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.priority_density import cell_grid, cell_px, log_blurred, to_cells
from scanpath.training.looked_at import Step, drawn_steps, fit_facts, looked_at

#: Cells along a picture's longer side among which the next fixation is chosen.
CELLS_ALONG = 32
#: Blur of maps, in degrees: about how far a fixation lies from what it is for.
BLUR_DEG = 1.0
#: Channels that are no agent's map.
CENTER, HISTORY = "center", "history"
#: Added to distances before their logarithm, in degrees, so that the cell of the eye itself has one.
NEAREST_DEG = 0.5
#: Standard deviation, in degrees, of how near an earlier fixation counts as a return to it.
RETURN_DEG = 2.0
#: Terms of the channel `HISTORY` and their units.
HISTORY_TERMS = {
    "log distance": "log deg",
    "distance": "deg",
    "return": "1 on an earlier fixation",
    "onward": "cosine of the turn",
}
#: Keeps the fit of terms that are equal in all cells from having no answer.
_RIDGE = 1e-9
_STEPS = 50
_UNIT = "sd of the log map"


@dataclass(frozen=True)
class ChannelsFit:
    """What leads gaze.

    Attributes
    ----------
    weights
        One row a term: ``channel, term, unit, weight, low, high``; a weight says by how much the logarithm of the
        odds of a cell grows with one unit of the term. 95 % intervals over pictures, by the jackknife.
    bits
        One row a channel, in bits a fixation on pictures left out: ``alone`` (beyond a uniform choice of cells, the
        channel by itself) and ``lost`` (what goes when the channel alone is taken out), each with ``_low`` and
        ``_high``, 95 % bootstrap intervals over pictures.
    total_bits
        Of all channels together beyond a uniform choice: mean, low, high.
    people
        What it was fitted to: ``data, pictures, n_subjects, n_fixations, folds, seed``.
    """

    weights: pd.DataFrame = field(repr=False)
    bits: pd.DataFrame = field(repr=False)
    total_bits: tuple[float, float, float]
    people: Mapping[str, Any] = field(repr=False)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write ``weights.csv``, ``bits.csv`` and ``channels.json``, which holds both and what they were fitted to."""
        tables = {"weights": self.weights, "bits": self.bits}
        for name, table in tables.items():
            write_text(Path(folder) / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))
        rows = {
            name: json.loads(table.to_json(orient="records", double_precision=10)) for name, table in tables.items()
        }
        total = dict(zip(("value", "low", "high"), self.total_bits))
        text = json.dumps({**rows, "total_bits": total, "people": dict(self.people)}, indent=1, allow_nan=False)
        write_text(Path(folder) / "channels.json", text + "\n")


class Choices(NamedTuple):
    """What was chosen on one picture: the terms of each cell before each fixation, (n, cells, terms), and the cell."""

    terms: np.ndarray
    cell: np.ndarray


def fit_channels(
    channels: Sequence[str | DrawsMaps],
    stimuli: Sequence[Stimulus],
    people: Fixations,
    *,
    folds: int = 5,
    seed: int = 0,
    fixations_per_picture: int = 40,
    progress: Progress | None = None,
) -> ChannelsFit:
    """Find out which factors lead people's gaze, by how much each pulls and how many bits it is worth.

    Before each fixation a cell of the picture is chosen, 32 along its longer side, with the probability softmax(sum of
    weight times term) [1]_. Terms of an agent are the logarithm of its map, blurred by 1 degree and standardized over
    the cells; of ``"center"`` the logarithm of the center bias of the other pictures, standardized too; of
    ``"history"`` the distance in degrees from the present fixation and its logarithm (together a gamma density of
    amplitudes), the nearness of earlier fixations, and the cosine of the turn. The likelihood is concave, so that there
    is one answer.

    Parameters
    ----------
    channels
        ``"center"``, ``"history"``, names of agents that draw maps, or such agents.
    stimuli
        The pictures, with px_per_deg, and with a target where a channel looks for one.
    people
        Tidy fixation table with subjects, or list of `Scanpath`. The first fixation of each is history alone.
    folds
        Parts that the pictures are cut into: weights of all parts but one are tried on the one.
    seed
        Of the parts and of the fixations that are drawn.
    fixations_per_picture
        Most fixations of a picture that are used, drawn at random.
    progress
        Wraps the sequence of pictures, for a progress bar.

    Raises
    ------
    InputError
        If a channel is unknown or given twice, people have no subjects, a picture has no px_per_deg, or there are fewer
        pictures than folds.

    References
    ----------
    .. [1] McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In P. Zarembka (ed.),
       Frontiers in Econometrics, 105-142. Academic Press.

    Examples
    --------
    >>> import scanpath as sp, torch
    >>> generator = torch.Generator().manual_seed(1)
    >>> pictures = [torch.rand(1, 30, 40, generator=generator) for _ in range(4)]
    >>> stimuli = [sp.Stimulus(one, name=f"{n}", px_per_deg=10) for n, one in enumerate(pictures)]
    >>> people = sp.simulate(sp.create_agent("center"), stimuli, n_fixations=6).assign(subject="s1")
    >>> fit = fit_channels(["center", "history"], stimuli, people, folds=2)
    >>> fit.weights["term"].tolist()
    ['center', 'log distance', 'distance', 'return', 'onward']
    """
    drawing = _channels(channels)
    paths = as_paths(people, "people")
    if any(path.info.get("subject") is None for path in paths):
        raise InputError("People's scanpaths need 'subject', to tell how many people the weights are of.")
    looked = looked_at(paths, stimuli, folds, "A fit of channels")
    names = [stimulus.name for stimulus, _ in looked]
    center = CenterBias(
        {stimulus.name: np.concatenate([path.xy[1:] for path in some]) for stimulus, some in looked},
        {stimulus.name: stimulus.size for stimulus, _ in looked},
        seed=seed,
    )
    choices = [
        _choices(drawing, stimulus, drawn_steps(stimulus, some, fixations_per_picture, seed), center)
        for stimulus, some in (progress(looked) if progress else looked)
    ]
    facts = fit_facts(paths, names, sum(len(one.cell) for one in choices), folds, seed)
    part = numpy_generator(seed, "folds").permutation(len(names)) % folds
    weights = maximum_likelihood(choices)
    bits, total = _bits(choices, part, _columns(drawing), weights, seed)
    return ChannelsFit(_weight_table(drawing, weights, choices), bits, total, facts)


def maximum_likelihood(choices: Sequence[Choices], start: np.ndarray | None = None) -> np.ndarray:
    """Return the weights (terms,) under which the choices are likeliest, each picture alike, by Newton's method."""
    weights = np.zeros(choices[0].terms.shape[2]) if start is None else start
    value, slope, curve = _likelihood(choices, weights)
    for _ in range(_STEPS):
        curve[np.diag_indices_from(curve)] += _RIDGE * max(float(np.trace(curve)), 1.0)
        step = np.linalg.solve(curve, slope)
        gain = float(step @ slope)
        if gain < 1e-10:
            break
        size = 1.0
        while True:  # the likelihood is concave, so that some part of the step is uphill
            new, new_slope, new_curve = _likelihood(choices, weights + size * step)
            if new >= value + 1e-4 * size * gain or size < 1e-8:
                break
            size /= 2
        weights, value, slope, curve = weights + size * step, new, new_slope, new_curve
    return weights


def channel_agent(name: str, create: Callable[[str], object] = create_agent) -> str | DrawsMaps:
    """Return a channel by its name: the name itself of those that are no agent's map, else the agent.

    Parameters
    ----------
    name
        ``"center"``, ``"history"``, or an agent's name or calibration's file.
    create
        What builds an agent by its name.

    Raises
    ------
    InputError
        If no channel has the name, or the agent draws no map.
    """
    if name in (CENTER, HISTORY):
        return name
    if not is_agent_name(name):
        raise unknown_name("channel", name, [CENTER, HISTORY, *list_agents()])
    agent = create(name)
    if not isinstance(agent, DrawsMaps):
        raise InputError(f"Agent {name!r} draws no map, so it is no channel; give one that does.")
    return agent


def _channels(channels: Sequence[str | DrawsMaps]) -> dict[str, DrawsMaps | None]:
    """Return the agent of each channel; None for those that are no agent's map."""
    found: dict[str, DrawsMaps | None] = {}
    for channel in channels:
        chosen = channel_agent(channel) if isinstance(channel, str) else channel
        name = chosen if isinstance(chosen, str) else chosen.name
        if name in found:
            raise InputError(f"Channel {name!r} is given twice; name it once, or give one of the agents another name.")
        found[name] = None if isinstance(chosen, str) else chosen
    if not found:
        raise InputError("There is no channel; give center, history or names of agents that draw maps.")
    return found


def _choices(
    channels: Mapping[str, DrawsMaps | None], stimulus: Stimulus, steps: Sequence[Step], center: CenterBias
) -> Choices:
    """Describe the cells of a picture before some of the fixations, and say which was chosen."""
    size, grid = stimulus.size, cell_grid(stimulus.size, CELLS_ALONG)
    described = [describe(channels, stimulus, one.history_xy, center) for one in steps]
    xy = np.stack([one.xy for one in steps])
    column, row = pixel_of(resized(xy, size[::-1], grid[::-1])).astype(int).T
    return Choices(np.stack(described), row * grid[1] + column)


def describe(
    channels: Mapping[str, DrawsMaps | None], stimulus: Stimulus, history_xy: np.ndarray, center: CenterBias
) -> np.ndarray:
    """Return the terms of all cells of a picture, (cells, terms) in single precision, given the fixations so far."""
    size, scale = stimulus.size, stimulus.require_px_per_deg("A fit of channels")
    grid = cell_grid(size, CELLS_ALONG)
    terms: list[np.ndarray] = []
    for name, agent in channels.items():
        if agent is not None:
            cells = to_cells(drawn_map(agent, stimulus, history_xy), size, CELLS_ALONG)
            terms.append(_standardized(log_blurred(cells, BLUR_DEG * scale / cell_px(size, CELLS_ALONG))))
        elif name == CENTER:
            terms.append(_standardized(np.log(center.density(stimulus.name, grid))))
        else:
            terms += _history_terms(grid, size, np.asarray(history_xy, dtype=np.float64), scale)
    return np.stack([one.ravel() for one in terms], axis=1).astype(np.float32)


def _history_terms(
    grid: tuple[int, int], size: tuple[int, int], history: np.ndarray, px_per_deg: float
) -> list[np.ndarray]:
    rows, columns = np.indices(grid)
    cells = resized(np.stack([columns, rows], axis=-1), grid[::-1], size[::-1]) / px_per_deg
    history = history / px_per_deg
    way = cells - history[-1]
    distance = np.hypot(way[..., 0], way[..., 1])
    earlier = np.zeros(grid)
    for xy in history[:-1]:
        squared = ((cells - xy) ** 2).sum(-1)
        earlier = np.maximum(earlier, np.exp(-squared / (2 * RETURN_DEG**2)))
    before = history[-1] - history[-2] if len(history) > 1 else np.zeros(2)
    length = distance * np.hypot(before[0], before[1])
    onward = np.divide(way @ before, length, out=np.zeros(grid), where=length > 0)
    return [np.log(distance + NEAREST_DEG), distance, earlier, onward]


def _standardized(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)


def _columns(channels: Mapping[str, DrawsMaps | None]) -> dict[str, list[int]]:
    """Return the columns of the terms of each channel."""
    found: dict[str, list[int]] = {}
    for name in channels:
        start = sum(map(len, found.values()))
        found[name] = list(range(start, start + (len(HISTORY_TERMS) if name == HISTORY else 1)))
    return found


def _likelihood(choices: Sequence[Choices], weights: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the mean log likelihood in nats, its gradient, and minus its second derivatives."""
    parts = [_of_picture(one, weights) for one in choices]
    value, slope, curve = (sum(part[k] for part in parts) / len(parts) for k in range(3))
    return float(value), np.asarray(slope), np.asarray(curve)


def _of_picture(one: Choices, weights: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    n, each = len(one.cell), np.arange(len(one.cell))
    logs = log_softmax(one.terms @ weights, axis=1)
    share = np.exp(logs)
    mean = np.einsum("nc,nck->nk", share, one.terms)
    second = np.tensordot(share[:, :, None] * one.terms, one.terms, axes=([0, 1], [0, 1]))
    slope = (one.terms[each, one.cell] - mean).mean(0)
    return float(logs[each, one.cell].mean()), slope, second / n - mean.T @ mean / n


def _picture_bits(one: Choices, weights: np.ndarray) -> float:
    """Return the mean bits a fixation beyond a uniform choice of cells."""
    logs = log_softmax(one.terms @ weights, axis=1)
    return float((logs[np.arange(len(one.cell)), one.cell].mean() + np.log(logs.shape[1])) / np.log(2))


def _bits(
    choices: Sequence[Choices], part: np.ndarray, columns: Mapping[str, list[int]], weights: np.ndarray, seed: int
) -> tuple[pd.DataFrame, tuple[float, float, float]]:
    """Try all channels, each alone, and all but each, on pictures left out."""

    def left_out(kept: list[int]) -> np.ndarray:
        if not kept:
            return np.zeros(len(choices))
        some = [Choices(one.terms[:, :, kept], one.cell) for one in choices]
        found = np.empty(len(some))
        for fold in np.unique(part):
            fitted = maximum_likelihood([one for one, f in zip(some, part) if f != fold], weights[kept])
            for place in np.flatnonzero(part == fold):
                found[place] = _picture_bits(some[place], fitted)
        return found

    every = [place for places in columns.values() for place in places]
    whole = left_out(every)
    rows = []
    for channel, places in columns.items():
        rest = left_out([place for place in every if place not in places])
        row: dict[str, str | float] = {"channel": channel}
        for measure, values in (("alone", left_out(places)), ("lost", whole - rest)):
            mean, low, high = bootstrap_mean(values, seed=seed)
            row |= {measure: float(mean), f"{measure}_low": float(low), f"{measure}_high": float(high)}
        rows.append(row)
    value, lowest, highest = (float(one) for one in bootstrap_mean(whole, seed=seed))
    return pd.DataFrame(rows), (value, lowest, highest)


def _weight_table(
    channels: Mapping[str, DrawsMaps | None], weights: np.ndarray, choices: Sequence[Choices]
) -> pd.DataFrame:
    error = jackknife_errors(choices, weights)
    half = float(student.ppf(0.975, len(choices) - 1)) * error
    terms = [
        (channel, term, unit)
        for channel in channels
        for term, unit in (HISTORY_TERMS.items() if channel == HISTORY else [(channel, _UNIT)])
    ]
    table = pd.DataFrame(terms, columns=["channel", "term", "unit"])
    return table.assign(weight=weights, low=weights - half, high=weights + half)


def jackknife_errors(choices: Sequence[Choices], weights: np.ndarray) -> np.ndarray:
    """Return the standard error of each weight, from fits that leave out one picture each.

    Each of them is one Newton step away from the fit to all, which is as good as exact with many pictures.
    """
    parts = [_of_picture(one, weights) for one in choices]
    slopes, curves = (np.stack([part[k] for part in parts]) for k in (1, 2))
    rest = curves.sum(0) - curves
    rest += _RIDGE * np.trace(curves.sum(0)) * np.eye(len(weights))
    moved = np.linalg.solve(rest, (slopes.sum(0) - slopes)[:, :, None])[:, :, 0]
    n = len(choices)
    return np.sqrt((n - 1) / n * ((moved - moved.mean(0)) ** 2).sum(0))
