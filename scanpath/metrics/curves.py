"""Scanpaths as curves and clouds of points: dynamic time warping, Frechet, Hausdorff and earth mover's distance."""

from typing import Any

import numpy as np

from scanpath._core.checks import check_choice
from scanpath.kernels import curves as kernel
from scanpath.kernels.transport import transport_pairs
from scanpath.metrics.packing import PackedPaths, Scores, one_reason, pack_both, pair_faults, run_over_pairs, score_one
from scanpath.metrics.spec import MetricSpec
from scanpath.metrics.undefined import reason_code

#: What dynamic time warping adds up: distances, squared distances, or squared distances under a root.
CONVENTIONS = ("sum", "squared", "root")
#: How much of a scanpath's mass each fixation carries.
WEIGHTS = ("uniform", "duration")


def dtw(a: Any, b: Any, *, convention: str = "sum", normalize: bool = False) -> float:
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
    return float(score_one("dtw", _dtw_batch, a, b, convention=convention, normalize=normalize)[0])


def frechet(a: Any, b: Any) -> float:
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
    return float(score_one("frechet", _frechet_batch, a, b)[0])


def hausdorff(a: Any, b: Any) -> float:
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
    return float(score_one("hausdorff", _hausdorff_batch, a, b)[0])


def emd(a: Any, b: Any, *, weights: str = "uniform") -> float:
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
    return float(score_one("emd", _emd_batch, a, b, weights=weights)[0])


def _dtw_batch(
    first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1, convention: str = "sum", normalize: bool = False
) -> Scores:
    check_choice("convention", convention, CONVENTIONS)
    rule = kernel.SUM if convention == "sum" else kernel.SUM_OF_SQUARES
    (values, faults), length = _warping_batch(first, second, pairs, jobs, rule)
    if convention == "root":
        values = np.sqrt(values)
    if normalize:
        values = values / np.maximum(length, 1)[:, None]
    return Scores(values, faults)


def _frechet_batch(first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1) -> Scores:
    return _warping_batch(first, second, pairs, jobs, kernel.LARGEST)[0]


def _warping_batch(first: Any, second: Any, pairs: np.ndarray, jobs: int, rule: int) -> tuple[Scores, np.ndarray]:
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs)
    costs = np.full(len(pairs), np.nan)
    sets = (paths_a.xy, paths_a.start, paths_b.xy, paths_b.start)
    run_over_pairs(kernel.warping_pairs, jobs, pairs, (fault != 0, costs), *sets, rule)
    length = paths_a.length[pairs[:, 0]] + paths_b.length[pairs[:, 1]]
    return Scores(costs[:, None], fault[:, None]), length


def _hausdorff_batch(first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1) -> Scores:
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs)
    found = np.full((len(pairs), 6), np.nan)
    sets = (paths_a.xy, paths_a.start, paths_b.xy, paths_b.start)
    run_over_pairs(kernel.nearest_pairs, jobs, pairs, (fault != 0, found), *sets)
    return Scores(found[:, [kernel.LARGEST_A, kernel.LARGEST_B]].max(axis=1, keepdims=True), fault[:, None])


def _emd_batch(first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1, weights: str = "uniform") -> Scores:
    check_choice("weights", weights, WEIGHTS)
    paths_a, paths_b = pack_both(first, second)
    masses_a, fault_a = _masses(paths_a, weights)
    masses_b, fault_b = (masses_a, fault_a) if paths_b is paths_a else _masses(paths_b, weights)
    fault = one_reason(pair_faults(paths_a, paths_b, pairs), one_reason(fault_a[pairs[:, 0]], fault_b[pairs[:, 1]]))
    works = np.full(len(pairs), np.nan)
    sets = (masses_a, paths_a.start, masses_b, paths_b.start)
    run_over_pairs(transport_pairs, jobs, pairs, (fault != 0, works), *sets)
    return Scores(works[:, None], fault[:, None])


def _masses(paths: PackedPaths, weights: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows x, y, share of the scanpath's mass; and why a scanpath has no shares."""
    raw = np.ones(len(paths.xy)) if weights == "uniform" else paths.duration_ms
    total = np.bincount(paths.owner, weights=raw, minlength=len(paths))
    fault = np.where(np.isnan(total), reason_code("missing_duration"), 0)
    fault = np.where((total == 0) & (paths.length > 0), reason_code("zero_duration"), fault)
    share = np.divide(raw, total[paths.owner], out=np.zeros(len(raw)), where=(fault == 0)[paths.owner])
    return np.column_stack([paths.xy, share]), fault.astype(np.int8)


DTW = MetricSpec(
    name="dtw",
    function=dtw,
    summary="Dynamic time warping: distances along the best monotone alignment",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Sakoe & Chiba (1978), IEEE Trans. Acoustics, Speech, and Signal Processing 26",
    doi="10.1109/TASSP.1978.1163055",
    batch=_dtw_batch,
)
FRECHET = MetricSpec(
    name="frechet",
    function=frechet,
    summary="Discrete Frechet distance: the shortest leash along both scanpaths",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Alt & Godau (1995), Int. J. Computational Geometry & Applications 5",
    doi="10.1142/S0218195995000064",
    batch=_frechet_batch,
)
HAUSDORFF = MetricSpec(
    name="hausdorff",
    function=hausdorff,
    summary="Largest distance from a fixation to the nearest of the other scanpath",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Huttenlocher et al. (1993), IEEE TPAMI 15",
    doi="10.1109/34.232073",
    batch=_hausdorff_batch,
)
EMD = MetricSpec(
    name="emd",
    function=emd,
    summary="Earth mover's distance between the fixations as masses",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Rubner et al. (2000), Int. J. Computer Vision 40",
    doi="10.1023/A:1026543900054",
    batch=_emd_batch,
)
