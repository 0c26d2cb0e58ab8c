"""Scanpaths as curves and clouds of points: dynamic time warping, Frechet, Hausdorff and earth mover's distance."""

from math import inf

import numpy as np

from scanpath._core.checks import check_choice
from scanpath.kernels import curves as kernel
from scanpath.kernels.transport import transport_pairs
from scanpath.metrics.pairs import LabelPairs, Packed, PackedPaths, PathPairs, Scores, scanpath_metric

#: What dynamic time warping adds up: distances, squared distances, or squared distances under a root.
CONVENTIONS = ("sum", "squared", "root")
#: How much of a scanpath's mass each fixation carries.
WEIGHTS = ("uniform", "duration")


@scanpath_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Sakoe & Chiba (1978), IEEE Trans. Acoustics, Speech, and Signal Processing 26",
    doi="10.1109/TASSP.1978.1163055",
)
def dtw(pairs: PathPairs, *, convention: str = "sum", normalize: bool = False) -> Scores:
    """Sum the distances between two scanpaths' fixations along their best monotone alignment.

    Every fixation is used, the order is kept, the first fixations are aligned with each other and so are the last.
    Published numbers follow one of three conventions, which differ even in the alignment they choose; state which.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.
    convention
        "sum" of Euclidean distances in px (as similaritymeasures and fastdtw); "squared", the sum of squared
        distances in px^2; "root", its square root in px (as tslearn and dtaidistance).
    normalize
        Divide by the number of fixations of both scanpaths together, as the sum grows with length.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty").

    References
    ----------
    Sakoe & Chiba (1978), IEEE Transactions on Acoustics, Speech, and Signal Processing 26,
    https://doi.org/10.1109/TASSP.1978.1163055.

    Examples
    --------
    >>> dtw([(0, 0), (10, 0)], [(0, 3), (10, 0), (10, 4)])
    7.0
    >>> dtw([(0, 0), (10, 0)], [(0, 3), (10, 0), (10, 4)], convention="root")
    5.0
    """
    check_choice("convention", convention, CONVENTIONS)
    values, faults = pairs.score(kernel.warping_pairs, kernel.SUM if convention == "sum" else kernel.SUM_OF_SQUARES)
    if convention == "root":
        values = np.sqrt(values)
    if normalize:
        values = values / np.maximum(np.add(*pairs.lengths), 1)[:, None]
    return Scores(values, faults)


@scanpath_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Alt & Godau (1995), Int. J. Computational Geometry & Applications 5",
    doi="10.1142/S0218195995000064",
)
def frechet(pairs: PathPairs) -> Scores:
    """Find the shortest leash that lets two walkers step through the two scanpaths without going back, in px.

    The discrete Frechet distance: the largest distance along the monotone alignment that keeps it smallest.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them; lengths may differ.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty").

    References
    ----------
    Alt & Godau (1995), International Journal of Computational Geometry & Applications 5,
    https://doi.org/10.1142/S0218195995000064.

    Examples
    --------
    >>> frechet([(0, 0), (10, 0)], [(0, 3), (10, 0), (10, 4)])
    4.0
    """
    return pairs.score(kernel.warping_pairs, kernel.LARGEST)


@scanpath_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Huttenlocher et al. (1993), IEEE TPAMI 15",
    doi="10.1109/34.232073",
)
def hausdorff(pairs: PathPairs) -> Scores:
    """Find the fixation farthest from any fixation of the other scanpath, in px; order plays no part.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty").

    References
    ----------
    Huttenlocher, Klanderman & Rucklidge (1993), IEEE TPAMI 15, https://doi.org/10.1109/34.232073.

    Examples
    --------
    >>> hausdorff([(0, 0), (10, 0)], [(10, 0), (0, 5)])
    5.0
    """
    found, fault = nearest(pairs)
    return Scores(found[:, [kernel.LARGEST_A, kernel.LARGEST_B]].max(axis=1, keepdims=True), fault[:, None])


@scanpath_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Rubner et al. (2000), Int. J. Computer Vision 40",
    doi="10.1023/A:1026543900054",
)
def emd(pairs: PathPairs, *, weights: str = "uniform") -> Scores:
    """Find the least mean distance over which the fixations of one scanpath must move to become the other, in px.

    The exact earth mover's (Wasserstein-1) distance between the two sets of fixations as masses that sum to 1; order
    plays no part.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them; lengths may differ.
    weights
        "uniform": each fixation weighs the same. "duration": each weighs its share of the total duration.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty"), or durations are needed but missing ("missing_duration") or all 0
        ("zero_duration").

    References
    ----------
    Rubner, Tomasi & Guibas (2000), International Journal of Computer Vision 40,
    https://doi.org/10.1023/A:1026543900054.

    Examples
    --------
    >>> emd([(0, 0), (10, 0)], [(10, 4), (0, 2)])
    3.0
    """
    check_choice("weights", weights, WEIGHTS)
    return pairs.each(lambda paths: _masses(paths, weights)).score(transport_pairs)


def nearest(pairs: PathPairs | LabelPairs) -> tuple[np.ndarray, np.ndarray]:
    """Sums and largest of the distances to the nearest fixation, (K, 6) in the kernel's columns, and the faults."""
    fault = pairs.faults()
    found = np.full((len(pairs), 6), np.nan)
    pairs.run(kernel.nearest_pairs, (fault != 0, found))
    return found, fault


def _masses(paths: PackedPaths, weights: str) -> Packed:
    """Rows x, y, share of the scanpath's mass; and why a scanpath has no shares."""
    raw = np.ones(len(paths.xy)) if weights == "uniform" else paths.duration_ms
    total = np.bincount(paths.owner, weights=raw, minlength=len(paths))
    zero = (total == 0) & (paths.length > 0)
    share = np.divide(raw, total[paths.owner], out=np.zeros(len(raw)), where=~(np.isnan(total) | zero)[paths.owner])
    masses = paths.holding(np.column_stack([paths.xy, share]), np.isnan(total), "missing_duration")
    return masses.holding(masses.values, zero, "zero_duration")
