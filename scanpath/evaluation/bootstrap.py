"""How sure a mean over pictures is: bootstrap intervals."""

from collections.abc import Sequence

import numpy as np

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.evaluation.scores import Block

#: What is drawn anew in each bootstrap sample.
RESAMPLED = ("pictures", "pictures+people")


def bootstrap_weights(n: int, draws: int, seed: int, purpose: str) -> np.ndarray:
    """How often each of `n` items is drawn in each bootstrap sample, shape (draws, n).

    The weights depend on the seed and the purpose alone, so that two agents are compared on the same samples.
    """
    generator = numpy_generator(seed, "bootstrap", purpose, n)
    return generator.multinomial(n, np.full(n, 1.0 / n), size=draws).astype(np.float64)


def bootstrap_mean(
    values: np.ndarray, *, draws: int = 2000, confidence: float = 0.95, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the first axis with its percentile bootstrap interval.

    Items are drawn with replacement; NaN counts as not observed. Percentile intervals are a little narrow for fewer
    than about 20 items.

    Parameters
    ----------
    values
        (n,) or (n, parts): one value a picture.
    draws
        Bootstrap samples.
    confidence
        Share of the bootstrap distribution inside the interval.
    seed
        Equal seeds give equal intervals on every machine.

    Returns
    -------
    tuple
        mean, low, high, each a scalar array or of shape (parts,); NaN where no item is defined, and an interval of
        NaN where only one is.

    Examples
    --------
    >>> mean, low, high = bootstrap_mean(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> float(mean), bool(low < mean < high)
    (2.5, True)
    """
    values = np.asarray(values, dtype=np.float64)
    table = values.reshape(len(values), -1)
    weights = bootstrap_weights(len(table), check_count("draws", draws), seed, "pictures")
    mean = weighted_mean(table, np.ones((1, len(table))))[0]
    low, high = interval(weighted_mean(table, weights), confidence)
    alone = np.isfinite(table).sum(axis=0) < 2
    low, high = np.where(alone, np.nan, low), np.where(alone, np.nan, high)
    return mean.reshape(values.shape[1:]), low.reshape(values.shape[1:]), high.reshape(values.shape[1:])


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means of (n, parts) under each row of weights (draws, n), NaN left out: shape (draws, parts)."""
    defined = np.isfinite(values)
    count = weights @ defined
    total = weights @ np.where(defined, values, 0.0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def interval(samples: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Central interval of bootstrap samples (draws, parts) that holds the share `confidence`."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence}.")
    tail = (1 - confidence) / 2
    empty = ~np.isfinite(samples).any(axis=0)
    safe = np.where(empty, 0.0, samples)
    low, high = np.nanquantile(safe, [tail, 1 - tail], axis=0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def block_interval(
    blocks: Sequence[Block],
    how: str,
    higher: bool,
    n_people: int,
    *,
    draws: int,
    confidence: float,
    seed: int,
    resampled: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over pictures of the blocks' numbers, with its interval over pictures, or over pictures and people."""
    check_choice("way of resampling", resampled, RESAMPLED)
    values = np.concatenate([block.mean(how, higher) for block in blocks])
    mean, low, high = bootstrap_mean(values, draws=draws, confidence=confidence, seed=seed)
    if resampled == "pictures" or len(blocks) < 2:
        return mean, low, high
    pictures = bootstrap_weights(len(blocks), draws, seed, "pictures")
    people = bootstrap_weights(n_people, draws, seed, "people")
    drawn = np.stack([block.mean(how, higher, people) for block in blocks], axis=1)
    samples = np.stack([weighted_mean(drawn[i], pictures[i : i + 1])[0] for i in range(draws)])
    return mean, *interval(samples, confidence)
