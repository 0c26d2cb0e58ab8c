"""Is one agent better than another? Paired permutation tests over pictures, corrected for how many were made."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.random import numpy_generator
from scanpath.evaluation.bootstrap import bootstrap_mean
from scanpath.evaluation.sides import FLOOR

#: Up to this many pairs all sign patterns are tried, so that the p value is exact.
EXACT_PAIRS = 14
#: Columns of the table of `compare_agents`.
DIFFERENCE_COLUMNS = (
    *("metric", "part", "agent", "other", "difference", "low", "high", "d_z", "share_larger", "p", "p_holm"),
    "n_pictures",
)


def paired_permutation_test(
    first: np.ndarray, second: np.ndarray, *, permutations: int = 10000, seed: int = 0
) -> float:
    """Two-sided p value of a mean paired difference, from sign flips.

    If the two agents were exchangeable on every picture, each difference could as well have the other sign. With up
    to 14 pairs every pattern of signs is tried; with more, `permutations` random ones, counting the observed one,
    so that p is never 0 [1]_.

    Parameters
    ----------
    first, second
        (n,) scores on the same n pictures; pairs with a NaN are left out.
    permutations
        Random sign patterns.
    seed
        Equal seeds give equal p values.

    Raises
    ------
    UndefinedError
        If fewer than two pairs are defined.

    References
    ----------
    .. [1] Phipson, B. & Smyth, G. K. (2010). Permutation P-values should never be zero. Statistical Applications in
       Genetics and Molecular Biology, 9(1), 39. https://doi.org/10.2202/1544-6115.1585

    Examples
    --------
    >>> paired_permutation_test(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 0.0]))
    0.25
    """
    return float(_p_values([_differences(first, second)], permutations, seed)[0])


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust p values for their number by Holm's step-down rule, which keeps the family-wise error [1]_.

    NaN stays NaN and does not count as a test.

    References
    ----------
    .. [1] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
       Statistics, 6(2), 65-70. https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3)
    array([0.03, 0.06, 0.06])
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(np.isfinite(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    stepped = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def effect_size(first: np.ndarray, second: np.ndarray) -> float:
    """Standardized mean paired difference, d_z: the mean difference over the differences' standard deviation.

    Raises
    ------
    UndefinedError
        If fewer than two pairs are defined, or all differences are equal.
    """
    difference = _differences(first, second)
    spread = difference.std(ddof=1)
    if spread <= 1e-12 * np.abs(difference).max():
        raise UndefinedError("The effect size needs differences that differ; here all are equal.", "constant")
    return float(difference.mean() / spread)


def compare_agents(scores: pd.DataFrame, *, permutations: int = 10000, seed: int = 0) -> pd.DataFrame:
    """Compare all pairs of agents on the same pictures, for every metric and part.

    Agents are compared with floors, too; floors are not compared with each other.

    Parameters
    ----------
    scores
        The table of `picture_scores`.
    permutations, seed
        See `paired_permutation_test`.

    Returns
    -------
    pandas.DataFrame
        ``metric, part, agent, other, difference, low, high`` (mean of agent minus other, with its 95 % bootstrap
        interval over pictures), ``d_z`` (effect size), ``share_larger`` (pictures on which the agent's score is the
        larger, ties half), ``p``, ``p_holm`` (corrected for all rows of the table), ``n_pictures``.

    Raises
    ------
    InputError
        If there is only one agent.
    """
    agents = list(dict.fromkeys(scores["agent"]))
    if len(agents) < 2:
        raise InputError(f"A comparison needs at least two agents, got {agents}.")
    pairs = [pair for pair in combinations(agents, 2) if not all(name.startswith(FLOOR) for name in pair)]
    rows = []
    for (metric, part), group in scores.groupby(["metric", "part"], sort=False):
        table = group.pivot(index="picture", columns="agent", values="value").reindex(columns=agents)
        difference = np.stack([(table[agent] - table[other]).to_numpy(np.float64) for agent, other in pairs], axis=1)
        facts = _compared(difference, permutations, seed)
        for number, (agent, other) in enumerate(pairs):
            about = {"metric": metric, "part": part, "agent": agent, "other": other}
            rows.append(about | {name: values[number] for name, values in facts.items()})
    result = pd.DataFrame(rows)
    result["p_holm"] = holm(result["p"].to_numpy())
    return result[list(DIFFERENCE_COLUMNS)]


def _compared(difference: np.ndarray, permutations: int, seed: int) -> dict[str, np.ndarray]:
    """Facts of each column of (pictures, pairs) differences, NaN where a picture or a fact is missing."""
    defined = np.isfinite(difference)
    n = defined.sum(axis=0)
    mean, low, high = bootstrap_mean(difference, seed=seed)
    larger = np.where(defined, (np.sign(difference) + 1) / 2, 0.0).sum(axis=0)
    spread = [_effect_size(column[known]) for column, known in zip(difference.T, defined.T)]
    return {
        "difference": mean,
        "low": low,
        "high": high,
        "d_z": np.array(spread),
        "share_larger": np.divide(larger, n, out=np.full(len(n), np.nan), where=n > 0),
        "p": _p_values([column[known] for column, known in zip(difference.T, defined.T)], permutations, seed),
        "n_pictures": n,
    }


def _effect_size(difference: np.ndarray) -> float:
    try:
        return effect_size(difference, np.zeros(len(difference)))
    except UndefinedError:
        return np.nan


def _p_values(differences: Sequence[np.ndarray], permutations: int, seed: int) -> np.ndarray:
    """Values of p for several sets of differences; sets of one length share their random signs."""
    check_count("seed", seed, least=0)
    check_count("permutations", permutations)
    p_values = np.full(len(differences), np.nan)
    for n in {len(difference) for difference in differences if len(difference) > 1}:
        places = [k for k, difference in enumerate(differences) if len(difference) == n]
        together = np.stack([differences[k] for k in places], axis=1)
        counts, tries = np.zeros(len(places)), 0
        for signs in _signs(n, permutations, seed):
            counts += _as_large(signs @ together, together).sum(axis=0)
            tries += len(signs)
        # of random patterns, the observed one counts too, so that p is never 0
        p_values[places] = counts / tries if n <= EXACT_PAIRS else (counts + 1) / (tries + 1)
    return p_values


def _signs(n: int, permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Patterns of signs for n differences, in parts: all of them where they are few, else random ones."""
    if n <= EXACT_PAIRS:
        yield 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return
    generator = numpy_generator(seed, "permutation", n)
    for start in range(0, permutations, 1000):
        yield generator.integers(0, 2, size=(min(1000, permutations - start), n)) * 2.0 - 1.0


def _differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = (np.asarray(values, dtype=np.float64) for values in (first, second))
    if first.shape != second.shape or first.ndim != 1:
        raise InputError(f"Paired scores must be two arrays of one length, got {first.shape} and {second.shape}.")
    difference = first - second
    difference = difference[np.isfinite(difference)]
    if len(difference) < 2:
        raise UndefinedError(f"A paired test needs at least two pairs, got {len(difference)}.", "too_few_pairs")
    return difference


def _as_large(sums: np.ndarray, difference: np.ndarray) -> np.ndarray:
    # sums that are equal on paper must not differ by rounding
    return np.abs(sums) >= np.abs(difference.sum(axis=0)) - 1e-12 * np.abs(difference).sum(axis=0)
