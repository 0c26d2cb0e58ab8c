"""Saliency maps beside people: map metrics on a set of pictures, with the gold standard and the center bias."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError, UndefinedError
from scanpath.evaluation.bootstrap import bootstrap_mean
from scanpath.evaluation.center_bias import CenterBias
from scanpath.evaluation.coordinates import check_frames
from scanpath.evaluation.inputs import Fixations, as_paths
from scanpath.gaze.pixels import on_picture
from scanpath.metrics import METRICS, DensityFit, LeaveOneOut, fit_density, fixation_density, other_fixations
from scanpath.metrics.conditional import MACHINE_EPSILON
from scanpath.metrics.maps import MapLike, as_map, refuse_no_density

Maps = Mapping[str, MapLike]
CENTER = "floor: center"
FOLDS = 5
#: Names of the parameters that `evaluate_maps` has something for.
GIVEN = ("map", "log_density", "xy", "gold", "other_xy", "baseline_log_density")


@dataclass(frozen=True, slots=True)
class _Picture:
    """What a map is scored against on one picture."""

    name: str
    size: tuple[int, int]
    people: Mapping[str, np.ndarray]
    xy: np.ndarray
    other_xy: np.ndarray | None
    center: np.ndarray | None

    def argument(self, name: str, values: MapLike, xy: np.ndarray, gold: np.ndarray) -> MapLike:
        """What a map metric's parameter of this name stands for."""
        match name:
            case "map":
                return values
            case "log_density":
                return _log_density(values)
            case "xy":
                return xy
            case "gold":
                return gold
        other = self.other_xy if name == "other_xy" else self.center
        if other is None:
            raise UndefinedError(f"{name} needs people's fixations on another picture.", "no_other_picture")
        return other if name == "other_xy" else _log_density(other)


def evaluate_maps(
    maps: Mapping[str, Maps],
    human: Fixations,
    metrics: Sequence[str] = ("auc", "nss", "shuffled_auc", "information_gain", "correlation", "kl_divergence"),
    *,
    fit: DensityFit | None = None,
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Score models' saliency maps against people's fixations on a set of pictures.

    Each picture counts once. The ceiling is the gold standard: each person's fixations scored on the density of the
    others'. The floor is the center bias: the density of fixations on the other pictures. Maps are taken in
    proportion as densities for the information gain, which is over the center bias.

    Parameters
    ----------
    maps
        For each model, its maps (H, W) by stimulus, in the pictures' pixels.
    human
        Tidy fixation table, or list of `Scanpath`; all fixations of all people are pooled. Fixations off the map
        cannot be scored; they are left out and counted.
    metrics
        Any metric of one map: against fixations (such as ``auc, nss, information_gain``), or of two maps (such as
        ``correlation``), which are compared with the density of all fixations and have no ceiling here.
    fit
        Width and uniform share of the people's densities; by default cross-validated over the people of each
        picture. The center bias has its own, cross-validated over the pictures.
    draws, confidence, seed
        See `scanpath.evaluation.bootstrap_mean`.

    Returns
    -------
    pandas.DataFrame
        As `scanpath.evaluate`, with ``n_fixations`` and ``n_off_map`` in place of pairs: ``agent, metric, part,
        value, low, high, ceiling, ceiling_low, ceiling_high, better, n_pictures, n_fixations, n_off_map, undefined``
        (pictures without a value, by reason).

    Raises
    ------
    InputError
        If a model lacks a map, two models' maps of a picture differ in size, or nobody looked at a picture.

    Examples
    --------
    >>> from scanpath import Scanpath
    >>> people = [
    ...     Scanpath([(x, 3), (x, 4)], info={"stimulus": name, "subject": who})
    ...     for name, x in (("a", 2), ("b", 12))
    ...     for who in ("s1", "s2")
    ... ]
    >>> ramp = np.tile(np.arange(16.0), (8, 1))
    >>> table = evaluate_maps({"ramp": {"a": ramp[:, ::-1], "b": ramp}}, people, ["auc"])
    >>> table[["agent", "value", "n_fixations"]].values[0].tolist()
    ['ramp', 0.8125, 8]
    """
    _check_metrics(metrics)
    looked, sizes, n_off_map = _looked(human, maps)
    agents = [*maps, CENTER] if len(looked) > 1 else list(maps)
    scored: dict[str, list[dict[str, tuple[float, str]]]] = {agent: [] for agent in agents}
    ceiling, n_fixations = [], 0
    for picture in _pictures(looked, sizes, seed):
        width = _fit(picture) if fit is None else fit
        density = fixation_density(
            picture.xy, picture.size, bandwidth_px=width.bandwidth_px, uniform_share=width.uniform_share
        )
        for agent in agents:
            values = maps[agent][picture.name] if agent != CENTER or picture.center is None else picture.center
            scored[agent].append(_scores(values, picture, density, metrics))
        ceiling.append(_ceiling(picture, width, metrics))
        n_fixations += len(picture.xy)
    interval = {"draws": draws, "confidence": confidence, "seed": seed}
    counts = {"n_pictures": len(looked), "n_fixations": n_fixations, "n_off_map": n_off_map}
    return pd.DataFrame(
        [row for agent in agents for row in _rows(agent, scored[agent], ceiling, metrics, interval, counts)]
    )


def _check_metrics(metrics: Sequence[str]) -> None:
    for name in metrics:
        takes, inputs = METRICS[name].takes, METRICS[name].inputs
        if "maps" in inputs:
            raise InputError(
                f"{name} takes a map for each fixation; use {name.removeprefix('conditional_')!r} for one map a "
                "picture, or predict_fixations for maps that change."
            )
        if takes not in ("map and fixations", "maps"):
            raise InputError(f"{name} takes {takes}, not a map; scanpaths are scored by evaluate.")
        for missing in set(inputs) - set(GIVEN):
            raise InputError(f"{name} needs {missing}, which evaluate_maps does not know; call {name} itself.")


def _log_density(values: MapLike) -> np.ndarray:
    """Log of a map taken in proportion; a 0 costs 52 bits and not infinitely many, as in published programs."""
    array = as_map(values)
    refuse_no_density(array)
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum(dtype=np.float64)
    if not np.isfinite(total):
        raise UndefinedError("The map holds NaN or infinite values, or its sum overflows.", "nan")
    if array.min() < 0 or total == 0:
        raise UndefinedError("The map is no density.", "negative" if array.min() < 0 else "zero_density")
    return np.log(MACHINE_EPSILON + array / total)


def _rows(
    agent: str,
    scored: Sequence[Mapping[str, tuple[float, str]]],
    ceiling: Sequence[Mapping[str, tuple[float, str]]],
    metrics: Sequence[str],
    interval: Mapping[str, Any],
    counts: Mapping[str, int],
) -> Iterator[dict[str, Any]]:
    for metric in metrics:
        row: dict[str, Any] = {"agent": agent, "metric": metric, "part": "value"}
        row |= _interval([each[metric] for each in scored], interval, ("value", "low", "high"))
        row |= _interval([each[metric] for each in ceiling], interval, ("ceiling", "ceiling_low", "ceiling_high"))
        row |= {"better": "higher" if METRICS[metric].higher_is_better else "lower"} | dict(counts)
        reasons = Counter(each[metric][1] for each in scored if each[metric][1])
        row["n_pictures"] -= reasons.total()
        yield row | {"undefined": ", ".join(f"{why}: {count}" for why, count in sorted(reasons.items()))}


def _looked(
    human: Fixations, maps: Mapping[str, Maps]
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, tuple[int, int]], int]:
    """Fixations on the map for each picture and person, the pictures' sizes, and how many fixations fell off."""
    if not maps:
        raise InputError("maps must hold at least one model's maps: {model: {stimulus: map}}.")
    first = next(iter(maps.values()))
    seen: list[np.ndarray] = []
    found: dict[str, dict[str, list[np.ndarray]]] = {}
    sizes: dict[str, tuple[int, int]] = {}
    off_map = 0
    for path in as_paths(human, "human"):
        name = str(path.info.get("stimulus"))
        if name not in first:
            continue
        if name not in sizes:
            sizes[name] = _same_size(name, maps)
        height, width = sizes[name]
        inside = on_picture(path.xy, (width, height))
        off_map += int((~inside).sum())
        seen.append(np.column_stack([path.xy, np.tile((width, height), (len(path), 1))]))
        found.setdefault(name, {}).setdefault(str(path.info.get("subject")), []).append(path.xy[inside])
    if seen:
        xy_and_size = np.concatenate(seen)
        check_frames({"human": xy_and_size[:, :2]}, {"human": xy_and_size[:, 2:]})
    looked = {name: {who: np.concatenate(xy) for who, xy in people.items()} for name, people in sorted(found.items())}
    looked = {name: people for name, people in looked.items() if sum(map(len, people.values()))}
    if not looked:
        raise InputError("No map belongs to a picture that people looked at; maps are found by the stimulus's name.")
    return looked, sizes, off_map


def _same_size(name: str, maps: Mapping[str, Maps]) -> tuple[int, int]:
    sizes = {}
    for agent, mine in maps.items():
        if name not in mine:
            raise InputError(f"{agent} has no map for {name!r}; give one for every picture.")
        sizes[agent] = as_map(mine[name], f"map of {agent} for {name!r}").shape
    if len(set(sizes.values())) > 1:
        raise InputError(f"Maps of {name!r} differ in size between models: {sizes}; bring them to the picture's.")
    return next(iter(sizes.values()))


def _pictures(
    looked: Mapping[str, Mapping[str, np.ndarray]], sizes: Mapping[str, tuple[int, int]], seed: int
) -> Iterator[_Picture]:
    """One picture at a time, so that memory does not grow with their number."""
    pooled = {name: np.concatenate(list(people.values())) for name, people in looked.items()}
    center = CenterBias(pooled, sizes, seed=seed)
    alone = sum(len(xy) > 0 for xy in pooled.values()) < 2
    for index, (name, people) in enumerate(looked.items()):
        others = None if alone else other_fixations(list(pooled.values()), [sizes[each] for each in looked], index)
        bias = None if alone else center.density(name, sizes[name])
        yield _Picture(name, sizes[name], people, pooled[name], others, bias)


def _scores(
    values: MapLike, picture: _Picture, gold: np.ndarray, metrics: Sequence[str]
) -> dict[str, tuple[float, str]]:
    """Value and reason (one of them empty) of each metric."""
    return {metric: _score(metric, values, picture.xy, picture, gold) for metric in metrics}


def _score(metric: str, values: MapLike, xy: np.ndarray, picture: _Picture, gold: np.ndarray) -> tuple[float, str]:
    try:
        given = {name: picture.argument(name, values, xy, gold) for name in METRICS[metric].inputs}
        return METRICS[metric].function(**given), ""
    except UndefinedError as error:
        return np.nan, error.reason


def _ceiling(picture: _Picture, fit: DensityFit, metrics: Sequence[str]) -> dict[str, tuple[float, str]]:
    """Mean over people of their fixations' score on the density of the others'."""
    found: dict[str, list[float]] = {metric: [] for metric in metrics}
    people = {who: xy for who, xy in picture.people.items() if len(xy)}
    if len(people) > 1:
        others = LeaveOneOut(people, picture.size, fit=fit)
        for who, xy in people.items():
            density = others.density(who)
            for metric in {name for name in metrics if METRICS[name].takes == "map and fixations"}:
                found[metric].append(_score(metric, density, xy, picture, density)[0])
    return {metric: (_mean(values), "") for metric, values in found.items()}


def _fit(picture: _Picture) -> DensityFit:
    groups = [who for who, xy in picture.people.items() for _ in xy]
    many = len(set(groups)) > 1
    if not many and len(picture.xy) < FOLDS:
        return DensityFit(max(picture.size) / 20, 0.1, np.nan)
    return fit_density(picture.xy, size=picture.size, groups=groups if many else None, folds=FOLDS)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan


def _interval(
    values: Sequence[tuple[float, str]], interval: Mapping[str, Any], names: tuple[str, str, str]
) -> dict[str, float]:
    numbers = np.array([value for value, _ in values])
    return {name: float(mark) for name, mark in zip(names, bootstrap_mean(numbers, **interval))}
