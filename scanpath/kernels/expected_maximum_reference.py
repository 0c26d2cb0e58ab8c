"""The expected greatest posterior in plain torch: many nodes, close together where steps can be; differentiable."""

import numpy as np
import torch
from torch import Tensor

#: Panels from SMALLEST to the end of the range, each so much longer than the one before, and nodes in each.
PANELS, NODES, SMALLEST = 48, 16, 1e-7
#: Standard deviations beyond which nothing is expected.
REACH = 7.0
_LEAST = 1e-9  # a cell of no detectability is one whose response hardly varies


def expected_maximum_reference(log_posterior: Tensor, detectability: Tensor) -> Tensor:
    """Integrate for each fixation; arguments and result as in `expected_maximum_from`."""
    possible = torch.isfinite(log_posterior)
    log_p = log_posterior[possible]
    return torch.stack([_integral(log_p, row.clamp_min(_LEAST)) for row in detectability[:, possible]])


def _integral(log_p: Tensor, d: Tensor) -> Tensor:
    """Add up exp(z) below `low`, where no maximum lies, and the integral above.

    The range of each cell starts below `low`, so a cell that still varies at low + t has a d of about t / (2 REACH):
    all steps lie at `low`, and panels that grow with the distance from it resolve them.
    """
    with torch.no_grad():
        low = (log_p - d**2 / 2 - REACH * d).max()
        high = float((log_p + d**2 / 2 + REACH * d).max() - low)
    edges = np.concatenate([[0.0], np.geomspace(min(SMALLEST, high / 2), high, PANELS)])
    points, weights = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    above = torch.from_numpy((edges[:-1, None] + half * (points + 1)).ravel()).to(log_p.device)
    weight = torch.from_numpy((half * weights).ravel()).to(log_p.device)
    z = low + above
    # log_ndtr has no accurate tail near 1 in itself, but -expm1 of the sum of such logarithms does
    none_above = torch.special.log_ndtr((z[:, None] - log_p) / d + d / 2).sum(1)
    return low.exp() + (weight * z.exp() * -torch.expm1(none_above)).sum()
