"""Pairs of scanpaths to one number a picture, with what is undefined counted and named."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scanpath.evaluation.pairing import Pairing, observer_of
from scanpath.gaze.scanpath import Scanpath
from scanpath.metrics import METRICS, Metric, cluster_labels, count_reasons, fixation_clusters, pairwise
from scanpath.metrics.pairs import Labels


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric with its settings, as it is computed for one picture: its size, and where people's fixations crowd."""

    name: str
    settings: Mapping[str, Any]
    screen_px: tuple[float, float] | None = None
    crowds: np.ndarray | None = None

    @property
    def metric(self) -> Metric:
        """What the metric says about itself: parts, direction, symmetry."""
        return METRICS[self.name]

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the metric."""
        given = dict(self.settings)
        if self.metric.takes == "labels":
            given.pop("bandwidth_px", None)
        return given | ({} if self.screen_px is None else {"screen_px": self.screen_px})

    def on_picture(self, people: Sequence[Scanpath], size: tuple[float, float] | None) -> "Measure":
        """Return the measure for one picture: with its size, and for a metric on labels with people's clusters."""
        crowds = None
        if self.metric.takes == "labels" and any(map(len, people)):
            crowds = fixation_clusters(people, self.settings["bandwidth_px"])
        return Measure(self.name, self.settings, size, crowds)

    def _inputs(self, paths: Sequence[Scanpath]) -> Sequence[Scanpath | Labels]:
        """What the metric compares: the scanpaths, or the numbers of the clusters that their fixations fall into."""
        if self.metric.takes != "labels":
            return paths
        return [[] if self.crowds is None else cluster_labels(path, self.crowds) for path in paths]

    def scores(
        self, rows: Sequence[Scanpath], columns: Sequence[Scanpath], pairing: Pairing, jobs: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Score all pairs: values (rows, columns, parts), NaN where undefined, and the reasons in the same shape."""
        arguments = self.arguments()
        first, second = self._inputs(rows), None if rows is columns else self._inputs(columns)
        values, reasons = pairwise(self.name, first, second, jobs=jobs, return_reasons=True, **arguments)
        if pairing.ordered or self.metric.symmetric:
            return values, reasons
        other = first if second is None else second
        back, why = pairwise(self.name, other, first, jobs=jobs, return_reasons=True, **arguments)
        return (values + back.swapaxes(0, 1)) / 2, np.where(reasons == "", why.swapaxes(0, 1), reasons)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Scores of one group of scanpaths on one picture.

    Attributes
    ----------
    picture
        Name of the picture.
    values
        (rows, columns, parts): a row is one scanpath of the group, a column one person (one scanpath if all pairs
        count alike); NaN where the pair is undefined or left out.
    row_person, column_person
        Number of the row's or column's person in the list of people, -1 for an agent.
    n_pairs
        Pairs that were to be compared.
    undefined
        For each part, how many of them have no value, by reason.
    """

    picture: str
    values: np.ndarray
    row_person: np.ndarray
    column_person: np.ndarray
    n_pairs: int
    undefined: tuple[Counter, ...]

    def mean(self, how: str, higher: bool, weights: np.ndarray | None = None) -> np.ndarray:
        """One number a part, or one for each row of people's `weights` (draws, people): shape (draws, parts)."""
        if weights is None:
            weights = np.ones((1, 1 + max(self.row_person.max(initial=-1), self.column_person.max(initial=-1))))
        column = weights[:, self.column_person]
        row = np.where(self.row_person >= 0, weights[:, self.row_person], 1.0)
        defined = np.isfinite(self.values)
        known = np.where(defined, self.values, 0.0)
        if how == "best":
            return _weighted(_best(self.values, column, higher), row)
        total = np.tensordot(column, known, axes=(1, 1))
        count = np.tensordot(column, defined.astype(float), axes=(1, 1))
        if how == "pairs":
            return _ratio((row[:, :, None] * total).sum(axis=1), (row[:, :, None] * count).sum(axis=1))
        return _weighted(_ratio(total, count), row)


def score_block(
    measure: Measure,
    picture: str,
    rows: Sequence[Scanpath],
    columns: Sequence[Scanpath],
    pairing: Pairing,
    people: Mapping[str, int],
    jobs: int = 1,
) -> Block:
    """Compare the scanpaths of one group with those of the people who saw the same picture."""
    values, reasons = measure.scores(rows, columns, pairing, jobs)
    row_names, column_names = [observer_of(path) for path in rows], [observer_of(path) for path in columns]
    wanted = np.ones(values.shape[:2], dtype=bool)
    if not pairing.include_self:
        wanted &= np.array(row_names, dtype=object)[:, None] != np.array(column_names, dtype=object)[None]
    if pairing.both_found:
        wanted &= _found(rows)[:, None] & _found(columns)[None]
    undefined = tuple(Counter(count_reasons(reasons[wanted][:, part])) for part in range(values.shape[2]))
    values = np.where(wanted[:, :, None], values, np.nan)
    column_person = np.array([people[name] for name in column_names])
    if pairing.reduce != "pairs":
        values, column_person = _one_column_a_person(values, column_person, pairing, measure.metric.higher_is_better)
    row_person = np.array([people.get(name, -1) for name in row_names])
    return Block(picture, values, row_person, column_person, int(wanted.sum()), undefined)


def _one_column_a_person(
    values: np.ndarray, column_person: np.ndarray, pairing: Pairing, higher: bool
) -> tuple[np.ndarray, np.ndarray]:
    persons, inverse = np.unique(column_person, return_inverse=True)
    if len(persons) == len(column_person):
        return values, column_person
    merged = np.full((len(values), len(persons), values.shape[2]), np.nan)
    for number in range(len(persons)):
        trials = values[:, inverse == number]
        ones = np.ones((1, trials.shape[1]))
        if pairing.reduce == "best":
            merged[:, number] = _best(trials, ones, higher)[0]
        else:
            merged[:, number] = _ratio(np.nansum(trials, axis=1), np.isfinite(trials).sum(axis=1))
    return merged, persons


def _best(values: np.ndarray, column: np.ndarray, higher: bool) -> np.ndarray:
    """Best defined column of each row among those drawn, (draws, rows, parts); NaN where there is none."""
    worst = -np.inf if higher else np.inf
    known = np.where(np.isfinite(values), values, worst)
    best = np.empty((len(column), values.shape[0], values.shape[2]))
    for draw, weights in enumerate(column):
        drawn = known[:, weights > 0]
        best[draw] = drawn.max(axis=1, initial=worst) if higher else drawn.min(axis=1, initial=worst)
    return np.where(np.isfinite(best), best, np.nan)


def _weighted(values: np.ndarray, row: np.ndarray) -> np.ndarray:
    defined = np.isfinite(values)
    total = (row[:, :, None] * np.where(defined, values, 0.0)).sum(axis=1)
    return _ratio(total, (row[:, :, None] * defined).sum(axis=1))


def _ratio(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def _found(paths: Sequence[Scanpath]) -> np.ndarray:
    flags = [path.info.get("target_found") for path in paths]
    return np.array([not pd.isna(flag) and bool(flag) for flag in flags])  # NaN alone would be true
