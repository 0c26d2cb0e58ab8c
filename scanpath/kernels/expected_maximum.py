"""How large the greatest posterior probability will be after one more look, for every place that could be looked at.

With the posterior p and the detectabilities d of all cells from one fixation, the next responses turn ln p_j into
X_j = ln p_j + d_j^2 W_j. If the target is nowhere, the X_j are independent and normal with mean ln p_j - d_j^2 / 2 and
standard deviation d_j; and what is expected of the greatest posterior when the target is somewhere is then what is
expected of exp(max_j X_j) when it is nowhere:

    U = integral over z of exp(z) (1 - product over j of Phi((z - ln p_j) / d_j + d_j / 2)).
"""

import numpy as np
import torch
from torch import Tensor

from scanpath.kernels.dispatch import choose_kernel, run_bands
from scanpath.kernels.expected_maximum_cpu import expected_maximum_rows
from scanpath.kernels.expected_maximum_reference import expected_maximum_reference


def expected_maximum_from(log_posterior: Tensor, detectability: Tensor, *, kernel: str = "auto") -> Tensor:
    """Integrate for each of K fixations.

    Parameters
    ----------
    log_posterior
        (N,) natural logarithm of probabilities that add up to 1; -inf where the target cannot be.
    detectability
        (K, N): d' of each cell from each fixation, not negative.
    kernel
        "auto", "reference" (torch, differentiable) or "cpu" (compiled: relative error below 1e-6).

    Returns
    -------
    Tensor
        (K,) float64.
    """
    log_posterior, detectability = log_posterior.to(torch.float64), detectability.to(torch.float64)
    if choose_kernel(kernel, log_posterior, detectability, double=True) != "cpu":
        return expected_maximum_reference(log_posterior, detectability)
    known, rows = log_posterior.detach().numpy(), detectability.detach().contiguous().numpy()
    out = np.empty(len(rows))
    # about 1000 nodes times cells are visited for each cell, as many as pixels in other kernels
    run_bands(lambda first, last: expected_maximum_rows(known, rows, out, first, last), len(rows), rows.size)
    return torch.from_numpy(out)
