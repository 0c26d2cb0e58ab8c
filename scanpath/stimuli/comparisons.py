"""Which levels of a stimulus are compared with each other in an experiment on difference scaling."""

import numpy as np

from scanpath._core.checks import check_count


def triads(n_levels: int, *, widest_gap: int | None = 3) -> np.ndarray:
    """List the triads a < b < c of levels whose neighbors are at most some levels apart.

    Parameters
    ----------
    n_levels
        Number of levels, at least 3.
    widest_gap
        How many levels b may lie above a, and c above b; None for all triads. 13 levels with 3 give the 81 triads of
        [1]_. Gaps that differ are needed to tell the noise, so that 1 gives no scale.

    Returns
    -------
    ndarray
        (n, 3) level indices, the first ones slowest.

    Raises
    ------
    InputError
        If there are fewer than three levels or the gap is not at least 1.

    References
    ----------
    .. [1] Vacher, J. & Mamassian, P. (2024). Perceptual scales predicted by Fisher information metrics. ICLR.
       https://doi.org/10.48550/arXiv.2310.11759

    Examples
    --------
    >>> triads(4).tolist()
    [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]
    >>> len(triads(13)), len(triads(11, widest_gap=None))
    (81, 165)
    """
    n = check_count("n_levels", n_levels, least=3)
    gap = n if widest_gap is None else check_count("widest_gap", widest_gap)
    found = [
        (a, b, c)
        for a in range(n)
        for b in range(a + 1, min(a + gap, n - 1) + 1)
        for c in range(b + 1, min(b + gap, n - 1) + 1)
    ]
    return np.array(found, dtype=np.int64)
