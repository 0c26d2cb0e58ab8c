"""How far a ranking of agents moves when people's gaze is measured less well than it was."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.evaluation.inputs import Fixations, Progress, ScreenSize
from scanpath.evaluation.pairing import Pairing, as_pairing
from scanpath.evaluation.scores import Measure
from scanpath.evaluation.sides import Comparison, Metrics, measures_of
from scanpath.gaze.scanpath import Scanpath

#: Pixels per degree: of all pictures, or of each by its stimulus.
Scale = float | Mapping[str, float]


def ranking_under_noise(
    simulated: Fixations,
    human: Fixations,
    metrics: Metrics = ("multimatch", "scanmatch", "levenshtein"),
    *,
    px_per_deg: Scale,
    noise_deg: Sequence[float] = (0.5, 1.0),
    repeats: int = 20,
    pairing: Pairing | str | None = None,
    screen_px: ScreenSize | None = None,
    floors: Sequence[str] = (),
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Score agents again while people's fixations are moved by random errors, and count how often their order stays.

    Each of people's fixations is moved by Gaussian noise, independent in x and y, and held inside the picture where
    its size is known. Agents' fixations stay: they are not measured. Eye trackers were found to be off by 0.6 to 0.8
    deg on average [1]_, so an order of agents that does not survive this much is not one that a recording can tell.

    Parameters
    ----------
    simulated, human, metrics, pairing, screen_px, floors, jobs, progress
        As for `evaluate`.
    px_per_deg
        Pixels per degree of visual angle, of all pictures or by stimulus.
    noise_deg
        Standard deviations of the noise in x and in y, in degrees.
    repeats
        How often people's fixations are moved anew.
    seed
        Equal seeds give equal noise.

    Returns
    -------
    pandas.DataFrame
        One row for each metric, part, noise and pair of agents: ``metric, part, noise_deg, agent, other, difference``
        (mean of agent minus other as measured), ``noisy_difference`` (its mean over repeats), ``kept`` (share of
        repeats in which it has the same sign) and ``tau`` (Kendall's rank correlation of all agents' order with that as
        measured, mean over repeats). NaN where an agent has no value.

    Raises
    ------
    InputError
        If there is only one agent, or a scale or a noise is not positive.

    References
    ----------
    .. [1] Ehinger, B. V., Gross, K., Ibs, I. & Koenig, P. (2019). A new comprehensive eye-tracking test battery
       concurrently evaluating the Pupil Labs glasses and the EyeLink 1000. PeerJ, 7, e7086.
       https://doi.org/10.7717/peerj.7086

    Examples
    --------
    >>> def path(x, **who):
    ...     return Scanpath([(x, 50), (50, x)], info={"stimulus": "a", **who})
    >>> people = [path(10, subject="s1"), path(14, subject="s2")]
    >>> agents = [path(12, agent="near"), path(45, agent="far")]
    >>> table = ranking_under_noise(agents, people, ["dtw"], px_per_deg=10, noise_deg=[1.0], repeats=3)
    >>> table[["agent", "other", "kept", "tau"]].values.tolist()
    [['near', 'far', 1.0, 1.0]]
    """
    check_count("repeats", repeats)
    levels = [check_positive("noise_deg", level) for level in noise_deg]
    comparison = Comparison.prepare(simulated, human, as_pairing(pairing), screen_px, floors, seed)
    agents = list(comparison.groups)
    if len(agents) < 2:
        raise InputError(f"A ranking needs at least two agents, got {agents}.")
    measures = measures_of(metrics, comparison)
    scale = _scales(px_per_deg, comparison)
    clean = _means(comparison, measures, jobs)
    runs = [(level, repeat) for level in levels for repeat in range(repeats)]
    noisy: dict[float, list[dict[tuple[str, str], np.ndarray]]] = {level: [] for level in levels}
    for level, repeat in progress(runs) if progress else runs:
        noisy[level].append(_means(_disturbed(comparison, scale, level, (seed, repeat)), measures, jobs))
    rows = [
        row
        for (metric, part), means in clean.items()
        for level in levels
        for row in _pairs(agents, means, np.stack([run[metric, part] for run in noisy[level]]), metric, part, level)
    ]
    return pd.DataFrame(rows)


def _scales(px_per_deg: Scale, comparison: Comparison) -> dict[str, float]:
    """Pixels per degree of each picture."""
    if not isinstance(px_per_deg, Mapping):
        return dict.fromkeys(comparison.people, check_positive("px_per_deg", px_per_deg))
    scales = {}
    for picture, paths in comparison.people.items():
        stimulus = str(paths[0].info.get("stimulus", picture))
        if stimulus not in px_per_deg:
            raise InputError(f"px_per_deg has no scale for {stimulus!r}; give one for every stimulus, or one for all.")
        scales[picture] = check_positive(f"px_per_deg[{stimulus!r}]", px_per_deg[stimulus])
    return scales


def _disturbed(
    comparison: Comparison, scale: Mapping[str, float], noise_deg: float, draw: tuple[int, int]
) -> Comparison:
    """Return the comparison with people's fixations moved."""
    people = {}
    for picture, paths in comparison.people.items():
        generator = numpy_generator(draw[0], "measurement noise", repr(noise_deg), draw[1], picture)
        most = None if comparison.sizes is None else np.array(comparison.sizes[picture]) - 1
        people[picture] = [_moved(path, generator, noise_deg * scale[picture], most) for path in paths]
    return replace(comparison, people=people)


def _moved(path: Scanpath, generator: np.random.Generator, sigma_px: float, most: np.ndarray | None) -> Scanpath:
    xy = path.xy + generator.normal(0, sigma_px, path.xy.shape)
    if most is not None:
        inside = ((path.xy >= 0) & (path.xy <= most)).all(axis=1)
        xy[inside] = np.clip(xy[inside], 0, most)  # what was off the picture may stay there
    return Scanpath(xy, path.duration_ms, path.onset_ms, path.info)


def _means(comparison: Comparison, measures: Sequence[Measure], jobs: int) -> dict[tuple[str, str], np.ndarray]:
    """Each agent's mean over the pictures, for each metric part."""
    scored = comparison.score(measures, jobs, ceiling=False)
    means = {}
    for measure in measures:
        how, higher = comparison.pairing.reduce, measure.metric.higher_is_better
        values = [
            np.concatenate([block.mean(how, higher) for block in blocks])
            for blocks in scored[measure.name].groups.values()
        ]
        for number, part in enumerate(measure.metric.parts):
            columns = [agent[:, number][np.isfinite(agent[:, number])] for agent in values]
            means[measure.name, part] = np.array([column.mean() if len(column) else np.nan for column in columns])
    return means


def _pairs(
    agents: Sequence[str], clean: np.ndarray, noisy: np.ndarray, metric: str, part: str, noise_deg: float
) -> list[dict[str, object]]:
    """Rows of one metric part and noise: agents' means (agents,) as measured and (repeats, agents) with noise."""
    rows: list[dict[str, object]] = []
    agreement = []
    for i, j in combinations(range(len(agents)), 2):
        difference, moved = clean[i] - clean[j], noisy[:, i] - noisy[:, j]
        defined = bool(np.isfinite(difference) and np.isfinite(moved).all())
        same = np.sign(moved) == np.sign(difference)
        if defined:
            agreement.append(np.sign(moved) * np.sign(difference))
        about: dict[str, object] = {
            "metric": metric,
            "part": part,
            "noise_deg": noise_deg,
            "agent": agents[i],
            "other": agents[j],
        }
        facts: dict[str, object] = {"difference": difference, "noisy_difference": moved.mean() if defined else np.nan}
        rows.append(about | facts | {"kept": float(same.mean()) if defined else np.nan})
    # without ties, Kendall's tau is the mean over pairs of +1 (same order) and -1
    tau = float(np.mean(agreement)) if agreement else np.nan
    return [row | {"tau": tau} for row in rows]
