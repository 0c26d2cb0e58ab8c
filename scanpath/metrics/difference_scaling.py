"""Maximum likelihood difference scaling: how far apart the levels of a stimulus look."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

from scanpath._core.checks import check_count, check_positive, check_share
from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.random import numpy_generator
from scanpath.metrics.difference_answers import Answers, check_levels, design_of
from scanpath.metrics.probit_fit import fit_probit, log_likelihood

#: Simulated experiments that are fitted at a time, to bound memory.
_TOGETHER = 250


@dataclass(frozen=True)
class DifferenceScale:
    """A scale from 0 at the first level to 1 at the last, and the noise of the judgments in the same unit.

    Attributes
    ----------
    scale
        (n_levels,) values.
    noise
        Standard deviation of the difference of two intervals, as judged. ``scale / noise`` is the scale in units of
        noise, which many programs call unnormalized.
    log_likelihood
        Natural logarithm of the probability of all answers.
    n_answers
        How many answers were fitted.
    monotone
        Whether the scale was kept from falling.
    confidence, draws, seed
        Of the intervals.
    """

    scale: np.ndarray
    noise: float
    log_likelihood: float
    n_answers: int
    monotone: bool
    confidence: float
    draws: int
    seed: int
    _answers: Answers = field(repr=False)

    @property
    def interval(self) -> np.ndarray:
        """Intervals (n_levels, 2) of the scale, from experiments simulated with it; the anchors' are 0 wide."""
        low, high = np.quantile(self._simulated[0], _tails(self.confidence), axis=0)
        return np.stack([low, high], axis=1)

    @property
    def noise_interval(self) -> tuple[float, float]:
        """Interval of the noise, from the same simulated experiments."""
        low, high = np.quantile(self._simulated[1], _tails(self.confidence))
        return float(low), float(high)

    @property
    def n_lost(self) -> int:
        """Simulated experiments whose answers gave no scale; they are in no interval."""
        return self.draws - len(self._simulated[0])

    @cached_property
    def _simulated(self) -> tuple[np.ndarray, np.ndarray]:
        """Scales and noises of the simulated experiments that gave one."""
        if not self.draws:
            raise InputError("There is no interval, as draws=0 was given; give draws=1000.")
        answers, generator = self._answers, numpy_generator(self.seed, "difference scale")
        share = ndtr(answers.design @ self.scale / self.noise)
        larger = generator.binomial(answers.asked.astype(np.int64), share, (self.draws, len(share))).astype(np.float64)
        found = [
            _fit(answers, larger[first : first + _TOGETHER], self.monotone) for first in range(0, self.draws, _TOGETHER)
        ]
        raw, exists = (np.concatenate(parts) for parts in zip(*found))
        kept = raw[exists & (raw[:, -1] > 0)]
        if len(kept) < max(self.draws / 2, 1):
            raise UndefinedError(
                f"{self.draws - len(kept)} of {self.draws} experiments simulated with this scale and noise give no "
                "scale, so that it has no interval; ask more questions.",
                "few_answers",
            )
        return kept / kept[:, -1:], 1 / kept[:, -1]


def difference_scale(
    stimuli: ArrayLike,
    answers: ArrayLike,
    *,
    n_levels: int | None = None,
    kind: str = "triads",
    monotone: bool = False,
    confidence: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> DifferenceScale:
    """Fit the scale along which people judge differences between levels of a stimulus, by maximum likelihood.

    The observer is taken to answer by the difference of the two intervals on an inner scale, to which Gaussian noise of
    one standard deviation is added: P(1) = Phi((larger interval - smaller interval) / noise) [1]_, [2]_. This is a
    probit regression, of which the coefficient of the first level is 0. The scale is anchored at 0 and 1, and the noise
    is given in its unit, as Knoblauch and Maloney's "standard scale".

    Parameters
    ----------
    stimuli
        Level indices from 0. Triads (n, 3), a < b < c; quadruples (n, 4), a < b and c < d.
    answers
        (n,) 0 or 1. Triads: 1 where b to c looks a larger difference than a to b. Quadruples: 1 where c to d looks a
        larger difference than a to b.
    n_levels
        Number of levels; default the largest index and one.
    kind
        "triads" or "quadruples".
    monotone
        Keep the scale from falling from one level to the next. Without, it may.
    confidence, draws, seed
        Of the intervals, which come from `draws` experiments simulated with the fitted scale and noise when they are
        first asked for. Simulated experiments that have no scale are left out and counted in ``n_lost``.

    Returns
    -------
    DifferenceScale
        ``scale`` (n_levels,), ``interval`` (n_levels, 2), ``noise``, ``noise_interval`` and ``log_likelihood``.

    Raises
    ------
    InputError
        If indices are out of order, levels are missing, or answers are not 0 and 1.
    UndefinedError
        If there is no scale: all answers are equal ("equal_answers"), the questions do not fix all steps
        ("few_questions"), some scale without noise explains every answer, or every answer about some steps, so that
        the likelihood has no maximum ("separable"), or the fitted scale does not rise from the first to the last level
        ("falling").

    References
    ----------
    .. [1] Maloney, L. T. & Yang, J. N. (2003). Maximum likelihood difference scaling. Journal of Vision 3(8), 5.
       https://doi.org/10.1167/3.8.5
    .. [2] Knoblauch, K. & Maloney, L. T. (2008). MLDS: Maximum likelihood difference scaling in R. Journal of
       Statistical Software 25(2). https://doi.org/10.18637/jss.v025.i02

    Examples
    --------
    >>> from scanpath.stimuli import triads
    >>> stimuli = np.repeat(triads(6), 20, axis=0)
    >>> answers = simulate_answers(np.linspace(0, 1, 6) ** 2, stimuli, noise=0.1, seed=1)
    >>> result = difference_scale(stimuli, answers, n_levels=6)
    >>> bool(np.abs(result.scale - np.linspace(0, 1, 6) ** 2).max() < 0.1), result.interval.shape
    (True, (6, 2))
    """
    counted = Answers.of(stimuli, answers, n_levels=n_levels, kind=kind)
    counted.check_that_a_scale_exists()
    draws, confidence = check_count("draws", draws, least=0), check_share("confidence", confidence)
    (raw,), (exists,) = _fit(counted, counted.larger[None], monotone)
    if not exists:
        raise UndefinedError(
            "Some scale without noise explains every answer, or every answer about some of the steps, so that the "
            "likelihood has no maximum; add questions that are hard to answer, or pool more answers.",
            "separable",
        )
    if not raw[-1] > 1e-6:
        raise UndefinedError(
            "The fitted scale does not rise from the first to the last level; check that answers are 1 where the "
            "interval of the later levels looks larger, and that they are better than guesses.",
            "falling",
        )
    likelihood = float(log_likelihood(counted.design, counted.asked, counted.larger, raw))
    return DifferenceScale(
        raw / raw[-1],
        float(1 / raw[-1]),
        likelihood,
        int(counted.asked.sum()),
        bool(monotone),
        confidence,
        draws,
        seed,
        counted,
    )


@dataclass(frozen=True)
class GivenScale:
    """How well a scale that is given explains answers.

    Attributes
    ----------
    log_likelihood
        Natural logarithm of the probability of all answers, with the noise that makes it largest.
    noise
        That noise, in units of the scale's range; infinite where guessing is best.
    """

    log_likelihood: float
    noise: float


def given_scale(scale: ArrayLike, stimuli: ArrayLike, answers: ArrayLike, *, kind: str = "triads") -> GivenScale:
    """Fit nothing but the noise to answers, for a scale that is given: a prediction, or a straight line.

    Parameters
    ----------
    scale
        (n_levels,) finite values that rise from the first to the last; anchored at 0 and 1 here.
    stimuli, answers, kind
        As for `difference_scale`.

    Returns
    -------
    GivenScale
        Its log-likelihood stands beside those of the fitted scale and of other given ones.

    Raises
    ------
    InputError
        If the scale is not finite or does not rise, or the answers are not as `difference_scale` needs them.

    Examples
    --------
    >>> stimuli = [(0, 1, 3), (0, 2, 3), (0, 1, 2), (0, 1, 3)]
    >>> round(given_scale([0, 1, 2, 3], stimuli, [1, 0, 1, 0]).log_likelihood, 2)
    -2.6
    """
    values = np.asarray(scale, dtype=np.float64)
    if values.ndim != 1 or len(values) < 3 or not np.isfinite(values).all() or not values[-1] > values[0]:
        raise InputError("scale must be three or more finite values that rise from the first to the last.")
    values = (values - values[0]) / (values[-1] - values[0])
    counted = Answers.of(stimuli, answers, n_levels=len(values), kind=kind)
    drive = (counted.design @ values)[:, None]

    def cost(log_gain: float) -> float:
        return -float(log_likelihood(drive, counted.asked, counted.larger, np.array([math.exp(log_gain)])))

    best = minimize_scalar(cost, bounds=(-12.0, 12.0), method="bounded", options={"xatol": 1e-9})
    guess = -math.log(0.5) * float(counted.asked.sum())
    if best.fun >= guess - 1e-9:
        return GivenScale(-guess, math.inf)
    return GivenScale(-float(best.fun), math.exp(-best.x))


def simulate_answers(
    scale: ArrayLike, stimuli: ArrayLike, *, noise: float, kind: str = "triads", seed: int = 0
) -> np.ndarray:
    """Answer as the observer of `difference_scale` does, with a known scale and noise.

    Parameters
    ----------
    scale
        (n_levels,) values.
    stimuli, kind
        As for `difference_scale`.
    noise
        Standard deviation of the judged difference, in the unit of the scale.
    seed
        Another seed gives other answers.

    Returns
    -------
    ndarray
        (n,) 0 or 1.

    Examples
    --------
    >>> simulate_answers([0, 1, 4, 9], [(0, 1, 2), (0, 2, 3)], noise=0.01)
    array([1, 1])
    """
    values, levels = np.asarray(scale, dtype=np.float64), check_levels(stimuli, kind)
    if values.ndim != 1 or not np.isfinite(values).all() or levels.max() >= len(values):
        raise InputError(f"scale must be finite and have a value for each level up to {levels.max()}.")
    judged = design_of(levels, len(values), kind) @ values
    errors = numpy_generator(seed, "answers").normal(0.0, check_positive("noise", noise), len(levels))
    return (judged + errors > 0).astype(np.int64)


def _fit(answers: Answers, larger: np.ndarray, monotone: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scales in units of the noise (n_fits, n_levels), from 0, and whether each exists."""
    steps = np.cumsum(answers.design[:, ::-1], axis=1)[:, ::-1][:, 1:]  # what each step between neighbors adds
    n = steps.shape[1]
    weights, exists = fit_probit(
        steps, answers.asked, larger, lower=0.0 if monotone else -np.inf, start=np.full(n, 1.0 / n)
    )
    return np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)], axis=1), exists


def _tails(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2
