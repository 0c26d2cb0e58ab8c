"""Probit regression of many answers to the same questions at once, by Newton steps that keep lower bounds."""

import numpy as np
from scipy.special import log_ndtr

#: Steps at most, and the largest slope that is called zero.
_STEPS, _FLAT = 100, 1e-9
#: Along a direction in which the likelihood is bent less than this it has no maximum: the answers are separable.
_BENT = 1e-7


def fit_probit(
    design: np.ndarray, asked: np.ndarray, larger: np.ndarray, *, lower: float, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Maximize the likelihood of counts of answers, each P(larger) = Phi(design @ weights).

    Parameters
    ----------
    design
        (n_questions, n_weights).
    asked
        (n_questions,) how often each question was asked.
    larger
        (n_fits, n_questions) how often the answer was 1.
    lower
        Least value of all weights, or minus infinity.
    start
        (n_weights,) weights above `lower` to start from.

    Returns
    -------
    weights : ndarray
        (n_fits, n_weights).
    exists : ndarray
        (n_fits,) whether there is a maximum; else the weights grew until the slope vanished.
    """
    weights = np.tile(start.astype(np.float64), (len(larger), 1))
    exists = np.zeros(len(larger), dtype=bool)
    going = np.arange(len(larger))
    for _ in range(_STEPS):
        now = weights[going]
        slope, bend = _derivatives(design, asked, larger[going], now)
        held = (now <= lower) & (slope > 0)
        slope, bend = np.where(held, 0.0, slope), _hold(bend, held)
        flat = np.abs(slope).max(axis=1) < _FLAT
        exists[going[flat]] = np.linalg.eigvalsh(bend[flat])[:, 0] > _BENT
        if flat.all():
            break
        going, now, slope, bend = going[~flat], now[~flat], slope[~flat], bend[~flat]
        bend += 1e-12 * np.eye(bend.shape[1])
        step = -np.linalg.solve(bend, slope[..., None])[..., 0]
        weights[going] = _descend(design, asked, larger[going], now, step, slope, lower)
    return weights, exists


def log_likelihood(design: np.ndarray, asked: np.ndarray, larger: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Natural logarithm of the probability of the answers one by one, for weights (..., n_weights)."""
    drive = weights @ design.T
    return (larger * log_ndtr(drive) + (asked - larger) * log_ndtr(-drive)).sum(axis=-1)


def _derivatives(
    design: np.ndarray, asked: np.ndarray, larger: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivatives of minus the log-likelihood."""
    drive = weights @ design.T
    density = -0.5 * (drive**2 + np.log(2 * np.pi))
    yes, no = np.exp(density - log_ndtr(drive)), np.exp(density - log_ndtr(-drive))
    slope = ((asked - larger) * no - larger * yes) @ design
    bend = larger * yes * (yes + drive) + (asked - larger) * no * (no - drive)
    return slope, np.einsum("fq,qi,qj->fij", bend, design, design, optimize=True)


def _hold(bend: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Take weights that rest on their bound out of the second derivatives."""
    free = ~held
    kept = bend * free[:, :, None] * free[:, None, :]
    return kept + np.eye(bend.shape[1]) * held[:, :, None]


def _descend(
    design: np.ndarray,
    asked: np.ndarray,
    larger: np.ndarray,
    weights: np.ndarray,
    step: np.ndarray,
    slope: np.ndarray,
    lower: float,
) -> np.ndarray:
    """Go along the steps, cut at the bound, as far as each makes the answers more likely."""
    before = log_likelihood(design, asked, larger, weights)
    length = np.ones(len(weights))
    result = weights
    for _ in range(30):
        result = np.maximum(weights + length[:, None] * step, lower)
        gain = log_likelihood(design, asked, larger, result) - before
        enough = gain >= -1e-4 * (slope * (result - weights)).sum(axis=1) - 1e-10
        if enough.all():
            break
        length = np.where(enough, length, length / 2)
    return result
