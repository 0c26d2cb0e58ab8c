"""Scores of a whole distribution of scanpaths, of which a model gives draws and people gave some."""

from typing import Any

import numpy as np

from scanpath._core.errors import InputError, UndefinedError
from scanpath.metrics.metric import METRICS, Metric, count_reasons
from scanpath.metrics.pairwise import SequenceSet, pairwise


def crps(
    metric: str | Metric, simulated: SequenceSet, human: SequenceSet, *, fair: bool = False, **settings: Any
) -> float | np.ndarray:
    """Measure how far a model's scanpaths are from people's as distributions: the continuous ranked probability score.

    For draws x_1 ... x_m of the model and a person's scanpath y it is ::

        mean_i d(x_i, y) - mean_ij d(x_i, x_j) / 2

    averaged over people; with ``d = |x - y|`` of numbers the CRPS, with other distances the energy score [1]_. A best
    match, or a mean match, rewards a model that always gives the most typical scanpath; here draws that are all
    alike pay for it by the second term, and draws that are spread too far by the first. For a distance of negative
    type (absolute and Euclidean distances are) no model has a lower expectation than the one that people's scanpaths
    are draws of. Alignments such as DTW are not known to be of negative type; read them as a description.

    Parameters
    ----------
    metric
        Name of a metric on two scanpaths, or two sequences of labels. One of similarity counts as its largest value
        minus the similarity.
    simulated
        The model's draws on one picture, two or more.
    human
        People's scanpaths on the same picture.
    fair
        Whether the draws' mean distance leaves out each with itself, so that the score does not depend on how many
        draws there are, but may be negative [2]_. Otherwise it is that of the draws alone, taken as the distribution.
    **settings
        Of the metric, for example ``screen_px=(1280, 720)``.

    Returns
    -------
    float or numpy.ndarray
        In the metric's unit, less is better; for a metric of several parts one value a part, NaN where undefined.

    Raises
    ------
    InputError
        If the metric is a similarity without an upper bound, or there are no two draws.
    UndefinedError
        If the metric is undefined for one of the pairs in every part.

    References
    ----------
    .. [1] Gneiting, T. & Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. Journal of
       the American Statistical Association, 102, 359-378. https://doi.org/10.1198/016214506000001437
    .. [2] Ferro, C. A. T. (2014). Fair scores for ensemble forecasts. Quarterly Journal of the Royal Meteorological
       Society, 140, 1917-1923. https://doi.org/10.1002/qj.2270

    Examples
    --------
    People look left or right. A model that does so too is better than one that always looks between:

    >>> people = [[(10, 50)], [(90, 50)]]
    >>> crps("hausdorff", people, people), crps("hausdorff", [[(50, 50)], [(50, 50)]], people)
    (20.0, 40.0)
    """
    draws = _draws(simulated)
    to_people = _distances(metric, draws, list(human), settings).mean(axis=(0, 1))
    return _out(to_people - _spread(metric, draws, fair, settings) / 2)


def diversity(metric: str | Metric, simulated: SequenceSet, **settings: Any) -> float | np.ndarray:
    """Measure how far a model's scanpaths are from each other: their mean distance, each pair of two draws once.

    Beside the same number of people it says whether a model varies as people do.

    Parameters
    ----------
    metric, simulated, **settings
        As in `crps`.

    Returns
    -------
    float or numpy.ndarray
        In the metric's unit; for a metric of several parts one value a part.

    Examples
    --------
    >>> diversity("hausdorff", [[(10, 50)], [(90, 50)]])
    80.0
    """
    return _out(_spread(metric, _draws(simulated), True, settings))


def _draws(simulated: SequenceSet) -> list[Any]:
    draws = list(simulated)
    if len(draws) < 2:
        raise InputError(f"A distribution needs two or more draws of the model, got {len(draws)}; simulate more seeds.")
    return draws


def _spread(metric: str | Metric, draws: list[Any], fair: bool, settings: dict[str, Any]) -> np.ndarray:
    """Return the mean distance of two draws, (parts,)."""
    between = _distances(metric, draws, None, settings)
    n = len(draws)
    # each with itself is as far as it is, 0 for what is a distance
    off = between[~np.eye(n, dtype=bool)]
    return off.mean(axis=0) if fair else off.mean(axis=0) * (n - 1) / n


def _distances(
    metric: str | Metric, first: list[Any], second: list[Any] | None, settings: dict[str, Any]
) -> np.ndarray:
    """Return how far each is from each, (n, m, parts); a part without a value for some pair is NaN throughout."""
    metric = METRICS[metric] if isinstance(metric, str) else metric
    top = metric.range[1]
    if metric.direction == "similarity" and not np.isfinite(top):
        raise InputError(f"{metric.name} is a similarity without an upper bound, so it says of no pair how far it is.")
    values, reasons = pairwise(metric, first, second, return_reasons=True, **settings)
    off_diagonal = np.ones(values.shape[:2], dtype=bool) if second is not None else ~np.eye(len(first), dtype=bool)
    if np.isnan(values[off_diagonal]).any(axis=0).all():
        counts = ", ".join(f"{reason}: {count}" for reason, count in count_reasons(reasons).items())
        reason = next(iter(count_reasons(reasons)))
        raise UndefinedError(f"{metric.name} is undefined for some pairs of scanpaths ({counts}).", reason)
    return top - values if metric.direction == "similarity" else values


def _out(values: np.ndarray) -> float | np.ndarray:
    return float(values[0]) if len(values) == 1 else values
