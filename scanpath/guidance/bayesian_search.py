"""Bayesian search: what is known of the target's place after some fixations, and what the next one would add."""

import math

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import Array, as_given, to_tensor
from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.kernels.expected_maximum import expected_maximum_from

#: How evidence is put together over fixations; "cumulative" counts the first responses again at each later one.
UPDATES = ("correct", "cumulative")


def bayesian_posterior(
    prior: Array, responses: Tensor | np.ndarray, visibility: Tensor | np.ndarray, update: str = "correct"
) -> Array:
    """Return the probability of each cell to hold the target, after each of n fixations.

    A response W at a cell of detectability d' is normal with mean +0.5 at the target and -0.5 elsewhere, and with
    standard deviation 1 / d'. The posterior is then the prior times exp(sum of d'^2 W over the fixations).

    Parameters
    ----------
    prior
        (H, W) weights of the cells, not negative; they need not add up to 1.
    responses
        (n, H, W) template responses, one map a fixation.
    visibility
        (n, H, W) d' of each cell from each fixation.
    update
        "correct" is that formula. "cumulative" multiplies the posterior before by the exponential of the whole sum, as
        some published programs do, so that a response counts once more with each later fixation: for parity only.

    Returns
    -------
    Tensor
        (n, H, W) float64, each map adding up to 1.

    References
    ----------
    Najemnik, Geisler (2005), Optimal eye movement strategies in visual search, Nature 434, doi:10.1038/nature03390.

    Examples
    --------
    >>> posterior = bayesian_posterior(np.ones((1, 2)), np.full((1, 1, 2), [0.5, -0.5]), np.ones((1, 1, 2)))
    >>> posterior.round(3)
    array([[[0.731, 0.269]]])
    """
    check_choice("update", update, UPDATES)
    weights = _numbers("prior", prior)
    evidence = _numbers("visibility", visibility) ** 2
    measured = _numbers("responses", responses)
    if weights.ndim != 2 or measured.ndim != 3 or measured.shape[1:] != weights.shape:
        raise InputError(
            f"prior must be (H, W) and responses (n, H, W), got {tuple(weights.shape)} and {tuple(measured.shape)}."
        )
    if evidence.shape != measured.shape:
        raise InputError(
            f"visibility must have the shape of responses, {tuple(measured.shape)}: d' of each cell from each "
            f"fixation; got {tuple(evidence.shape)}."
        )
    _check_weights("prior", weights)
    known = (evidence * measured).cumsum(0)
    if update == "cumulative":
        known = known.cumsum(0)
    log_posterior = torch.log(weights / weights.sum()) + known
    return as_given(prior, torch.softmax(log_posterior.flatten(1), 1).reshape(known.shape))


def expected_maximum(posterior: Array, visibility: Tensor | np.ndarray) -> Array:
    """Return how probable it will be, on average, that the likeliest cell holds the target, after a look at each cell.

    It is the chance to be right after the next fixation: what the ideal searcher maximizes. The sum over targets and
    the integral over their responses of the published rule come to one integral for each fixation, see
    `scanpath.kernels.expected_maximum`; the relative error is below 1e-6.

    Parameters
    ----------
    posterior
        (H, W) weights of the cells, not negative; they are scaled to add up to 1.
    visibility
        (N, N) with N = H W: d' of cell j when fixating cell k, cells in reading order.

    Returns
    -------
    Tensor
        (H, W) float64, from the largest posterior to 1.

    References
    ----------
    Najemnik, Geisler (2005), Optimal eye movement strategies in visual search, Nature 434, doi:10.1038/nature03390.

    Examples
    --------
    Two places in doubt, and a third between them from which both are seen:

    >>> visibility = np.array([[3.0, 2.5, 0.0], [2.0, 3.0, 2.0], [0.0, 2.5, 3.0]])
    >>> expected_maximum(np.array([[0.5, 0.0, 0.5]]), visibility).round(3)
    array([[0.933, 0.961, 0.933]])
    """
    probability, detectability = _seen_from_cells(posterior, visibility)
    log_posterior = torch.log(probability.flatten())
    return as_given(posterior, expected_maximum_from(log_posterior, detectability.T).reshape(probability.shape))


def expected_information(posterior: Array, visibility: Tensor | np.ndarray) -> Array:
    """Return about how many nats a look at each cell would tell of the target's place: the entropy limit.

    It is the sum over cells of posterior times d'^2 / 2, the most that the responses can tell.

    Parameters
    ----------
    posterior, visibility
        As for `expected_maximum`.

    Returns
    -------
    Tensor
        (H, W) float64.

    References
    ----------
    Najemnik, Geisler (2009), Simple summation rule for optimal fixation selection in visual search, Vision Research
    49(10), doi:10.1016/j.visres.2008.12.005.

    Examples
    --------
    >>> expected_information(np.array([[0.25, 0.75]]), np.array([[2.0, 0.0], [0.0, 2.0]]))
    array([[0.5, 1.5]])
    """
    probability, detectability = _seen_from_cells(posterior, visibility)
    nats = probability.flatten() @ detectability**2 / 2
    return as_given(posterior, nats.reshape(probability.shape))


def _seen_from_cells(posterior: Tensor | np.ndarray, visibility: Tensor | np.ndarray) -> tuple[Tensor, Tensor]:
    """Check both; the posterior adds up to 1."""
    weights, detectability = _numbers("posterior", posterior), _numbers("visibility", visibility)
    if weights.ndim != 2:
        raise InputError(f"posterior must have shape (H, W), got {tuple(weights.shape)}.")
    cells = weights.numel()
    if detectability.shape != (cells, cells):
        raise InputError(
            f"visibility must be d' of each of the {cells} cells from each, shape {(cells, cells)}; "
            f"got {tuple(detectability.shape)}."
        )
    _check_weights("posterior", weights)
    return weights / weights.sum(), detectability


def _numbers(name: str, values: Tensor | np.ndarray) -> Tensor:
    tensor = torch.as_tensor(to_tensor(values)).to(torch.float64)
    if tensor.numel() == 0:
        raise InputError(f"{name} is empty, its shape is {tuple(tensor.shape)}.")
    low, high = (float(end) for end in torch.aminmax(tensor))  # NaN where one is
    signed = name == "responses"
    if not (math.isfinite(low) and math.isfinite(high) and (signed or low >= 0)):
        raise InputError(
            f"{name} must be finite{'' if signed else ' and not negative'}, got values from {low:g} to {high:g}."
        )
    return tensor


def _check_weights(name: str, weights: Tensor) -> None:
    if not float(weights.sum()) > 0:
        raise InputError(f"{name} must be above 0 somewhere, got zeros.")
