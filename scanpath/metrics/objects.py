"""Scanpaths over objects: how they behave, how far a model's behavior is from people's, how well it foretells a choice.

Object scanpaths are sequences of labels, so that `sequence_score`, `fixation_edit_distance` and the other metrics of
labels take them as they are; here is what only makes sense for objects. Score a model by
`object_negative_log_likelihood` first: it is proper, while alignment scores are highest for the most probable scanpath,
which no person need ever have made.
"""

import warnings
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.errors import InputError, InputWarning, UndefinedError
from scanpath.metrics.metric import plain_metric

_SOURCE = "Fang, Yu, Zhang, van der Lans & Shi (2024), ECCV"
_DOI = "10.1007/978-3-031-73001-6_21"
#: How far from 1 the probabilities of a choice may sum.
_SUM_TOLERANCE = 1e-3


class ObjectBehavior(NamedTuple):
    """How a scanpath goes over objects; the three shares sum to 1.

    Attributes
    ----------
    last_is_target
        1 if the last fixation is on the target, else 0.
    length
        Number of fixations.
    first_visits, refixations, revisits
        Share of fixations that come to an object for the first time, stay on the same one, and come back to one.
    """

    last_is_target: float
    length: float
    first_visits: float
    refixations: float
    revisits: float


def object_behavior(objects: Iterable[Hashable], target: Hashable) -> ObjectBehavior:
    """Describe a scanpath over objects in five numbers.

    Parameters
    ----------
    objects
        The object of each fixation, such as `scanpath.fixated_objects` gives them; the fixation that an experiment
        imposes is left out.
    target
        The object that is looked for.

    Raises
    ------
    UndefinedError
        If there is no fixation ("empty").

    References
    ----------
    Fang et al. (2024), ECCV, https://doi.org/10.1007/978-3-031-73001-6_21.

    Examples
    --------
    >>> object_behavior([1, 1, 2, 1, 3], target=3)
    ObjectBehavior(last_is_target=1.0, length=5.0, first_visits=0.6, refixations=0.2, revisits=0.2)
    """
    sequence = list(objects)
    if not sequence:
        raise UndefinedError("object_behavior is undefined: a scanpath has no fixations.", "empty")
    n, stays = len(sequence), sum(one == other for one, other in pairwise(sequence))
    first = len(set(sequence))
    return ObjectBehavior(float(sequence[-1] == target), float(n), first / n, stays / n, (n - first - stays) / n)


def behavioral_differences(model: ArrayLike, human: ArrayLike) -> ObjectBehavior:
    """Give the relative difference of each of the five numbers between the means of a model and of people.

    Parameters
    ----------
    model, human
        (n, 5) numbers of `object_behavior`, one row a scanpath, or (5,) means.

    Returns
    -------
    ObjectBehavior
        abs(model - human) / human of each mean; NaN where people's mean is 0, as no share of nothing exists.

    Examples
    --------
    >>> behavioral_differences([(1, 6, 0.9, 0.1, 0)], [(1, 5, 0.6, 0.2, 0.2)]).length
    0.2
    """
    ours, theirs = _mean("model", model), _mean("human", human)
    known = theirs > 0
    relative = np.divide(np.abs(ours - theirs), theirs, out=np.full(5, np.nan), where=known)
    return ObjectBehavior(*relative.tolist())


@plain_metric(takes="search", range=(0, inf), direction="distance", reference=_SOURCE, doi=_DOI)
def behavioral_delta(model: ArrayLike, human: ArrayLike) -> float:
    """Average the relative differences of the five numbers of `object_behavior`; 0 is like people.

    They are differences of means over all scanpaths, so that the score says nothing of which objects are looked at.
    A number that is 0 on average for people has no relative difference: it is left out of the mean and told of, where
    the original divides by 0.

    Parameters
    ----------
    model, human
        (n, 5) numbers of `object_behavior`, one row a scanpath, or (5,) means.

    Raises
    ------
    UndefinedError
        If there is no scanpath ("empty").

    Warns
    -----
    InputWarning
        If a number is left out, with its name.

    References
    ----------
    Fang et al. (2024), ECCV, https://doi.org/10.1007/978-3-031-73001-6_21.

    Examples
    --------
    >>> people = [object_behavior([1, 1, 2, 1, 3], 3), object_behavior([2, 3], 3)]
    >>> round(behavioral_delta([object_behavior([1, 2, 2, 1, 3], 3)], people), 3)
    0.536
    """
    parts = behavioral_differences(model, human)
    missing = [name for name, part in parts._asdict().items() if np.isnan(part)]
    if missing:
        warnings.warn(
            f"People's {', '.join(missing)} are 0 on average, so that no relative difference exists; behavioral_delta "
            f"is the mean of the other {5 - len(missing)} parts.",
            InputWarning,
            stacklevel=3,
        )
    return float(np.nanmean(parts))  # length is never 0


@plain_metric(takes="search", range=(0, inf), direction="distance", unit="nat", reference=_SOURCE, doi=_DOI)
def object_negative_log_likelihood(log_probabilities: ArrayLike, choices: Sequence[int]) -> float:
    """Average how improbable each choice of an object was under a model, in nats a choice.

    Parameters
    ----------
    log_probabilities
        (n, K) natural logarithms of the probability of each of K choices before each of n of them: objects, and
        whatever else may be chosen, such as to end the search.
    choices
        (n,) which of them was made.

    Raises
    ------
    UndefinedError
        If there is no choice ("empty"), or one was impossible under the model ("zero_density").

    Examples
    --------
    >>> round(object_negative_log_likelihood(np.log([[0.5, 0.5], [0.25, 0.75]]), [0, 1]), 4)
    0.4904
    """
    chosen = _of_choices("log_probabilities", np.exp(_table(log_probabilities)), choices)
    if (chosen == 0).any():
        raise UndefinedError(
            "object_negative_log_likelihood is undefined: a choice that was made has probability 0.", "zero_density"
        )
    return float(-np.log(chosen).mean()) + 0.0


@plain_metric(takes="search", range=(0, 1), direction="similarity", reference=_SOURCE, doi=_DOI)
def attention_similarity(probabilities: ArrayLike, objects: Sequence[int]) -> float:
    """Average the overlap of a model's attention over objects with the object that was then looked at.

    The overlap with a distribution that is all on one object is the probability of that object. The original takes the
    probabilities over objects, the end, and an idle slot, and leaves the end of the scanpath out.

    Parameters
    ----------
    probabilities
        (n, K) probability of each of K choices before each fixation, people's scanpath so far being given.
    objects
        (n,) which object was looked at.

    Raises
    ------
    UndefinedError
        If there is no fixation ("empty").

    Examples
    --------
    >>> attention_similarity([[0.5, 0.5], [0.25, 0.75]], [0, 1])
    0.625
    """
    return float(_of_choices("probabilities", _table(probabilities), objects).mean())


def _mean(name: str, values: ArrayLike) -> np.ndarray:
    try:
        rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        rows = np.zeros((1, 0))
    if np.size(values) == 0:
        raise UndefinedError(f"behavioral_delta is undefined: {name} has no scanpaths.", "empty")
    if rows.ndim != 2 or rows.shape[1] != 5 or not np.isfinite(rows).all() or (rows < 0).any():
        raise InputError(f"{name} must be rows of the five numbers of object_behavior, got shape {np.shape(values)}.")
    return np.asarray(rows.mean(axis=0))


def _table(values: ArrayLike) -> np.ndarray:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise InputError(f"Probabilities of choices must have shape (n, K), got {table.shape}.")
    return table


def _of_choices(name: str, probabilities: np.ndarray, choices: Sequence[int]) -> np.ndarray:
    """Probability of each choice that was made, (n,)."""
    n, n_choices = probabilities.shape
    made = np.asarray(choices)
    if made.shape != (n,) or not (np.issubdtype(made.dtype, np.integer) or n == 0):
        raise InputError(f"There must be one choice, a whole number, for each of the {n} rows of {name}.")
    if n == 0:
        raise UndefinedError("There is no choice to score.", "empty")
    if (made < 0).any() or (made >= n_choices).any():
        raise InputError(f"Choices must be 0 to {n_choices - 1}, the columns of {name}, got {int(made.max())}.")
    if not (np.abs(probabilities.sum(axis=1) - 1) <= _SUM_TOLERANCE).all() or (probabilities < 0).any():
        raise InputError(f"Each row of {name} must be a distribution; its probabilities must sum to 1.")
    return np.asarray(probabilities[np.arange(n), made])
