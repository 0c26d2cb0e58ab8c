"""Fixations compared with the nearest ones of the other scanpath: Eyenalysis and Mannan's similarity index."""

from typing import Any

import numpy as np

from scanpath._core.checks import check_count, check_positive, check_size
from scanpath._core.random import numpy_generator
from scanpath.kernels import curves as kernel
from scanpath.metrics.packing import PackedPaths, Scores, pack_both, pair_faults, run_over_pairs, score_one
from scanpath.metrics.spec import MetricSpec
from scanpath.metrics.undefined import reason_code


def eyenalysis(a: Any, b: Any, *, px_per_ms: float | None = None) -> float:
    """Average the distance from each fixation to the nearest one of the other scanpath, in px; order plays no part.

    The distances of both scanpaths' fixations are summed and divided by the longer scanpath's length.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.
    px_per_ms
        Let durations count as a third coordinate: how many px one ms is worth. None compares places alone.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty"), or durations are needed but missing ("missing_duration").

    References
    ----------
    Mathôt, Cristino, Gilchrist & Theeuwes (2012), Journal of Eye Movement Research 5,
    https://doi.org/10.16910/jemr.5.1.4.

    Examples
    --------
    >>> eyenalysis([(0, 0), (10, 0)], [(0, 3), (10, 4)])
    7.0
    """
    return float(score_one("eyenalysis", _eyenalysis_batch, a, b, px_per_ms=px_per_ms)[0])


def mannan(a: Any, b: Any, screen_px: tuple[int, int], *, draws: int = 1000, seed: int = 0) -> float:
    """Compare nearest-fixation distances with those of random fixations: 100 identical, 0 as random, in percent.

    The index is 100 (1 - D / D_random), with D of `mannan_distance` and D_random its mean over pairs of scanpaths of
    the same two lengths, spread evenly over the screen. It is negative where scanpaths are less alike than random
    ones. Order plays no part.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.
    screen_px
        (width, height) of the screen or picture.
    draws
        Random pairs behind D_random. Its relative standard error is about 0.2 / sqrt(draws) for ten fixations.
    seed
        Of the random pairs; equal seeds and lengths give equal references.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty").

    References
    ----------
    Mannan, Ruddock & Wooding (1995), Spatial Vision 9, https://doi.org/10.1163/156856895X00052.

    Examples
    --------
    >>> mannan([(10, 10), (90, 90)], [(90, 90), (10, 10)], screen_px=(100, 100))
    100.0
    """
    return float(score_one("mannan", _mannan_batch, a, b, screen_px=screen_px, draws=draws, seed=seed)[0])


def mannan_distance(a: Any, b: Any, screen_px: tuple[int, int]) -> float:
    """Root mean square distance to the nearest fixation of the other scanpath, as a share of the screen's diagonal.

    Parameters
    ----------
    a, b
        Scanpaths, as `scanpath.as_scanpath` takes them.
    screen_px
        (width, height) of the screen or picture.

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty").

    References
    ----------
    Mannan, Ruddock & Wooding (1995), Spatial Vision 9, https://doi.org/10.1163/156856895X00052.

    Examples
    --------
    >>> round(mannan_distance([(0, 0)], [(30, 40)], screen_px=(300, 400)), 3)
    0.1
    """
    return float(score_one("mannan_distance", _mannan_distance_batch, a, b, screen_px=screen_px)[0])


def _eyenalysis_batch(
    first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1, px_per_ms: float | None = None
) -> Scores:
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs)
    points_a, points_b = paths_a.xy, paths_b.xy
    if px_per_ms is not None:
        check_positive("px_per_ms", px_per_ms)
        points_a, points_b = _timed(paths_a, px_per_ms), _timed(paths_b, px_per_ms)
        for paths, index in ((paths_a, pairs[:, 0]), (paths_b, pairs[:, 1])):
            unknown = np.bincount(paths.owner[np.isnan(paths.duration_ms)], minlength=len(paths)) > 0
            fault = np.where((fault == 0) & unknown[index], reason_code("missing_duration"), fault)
    found = _nearest(points_a, points_b, paths_a, paths_b, pairs, fault, jobs)
    longer = np.maximum(paths_a.length[pairs[:, 0]], paths_b.length[pairs[:, 1]])
    values = (found[:, kernel.SUM_A] + found[:, kernel.SUM_B]) / np.maximum(longer, 1)
    return Scores(values[:, None], fault[:, None])


def _mannan_batch(
    first: Any,
    second: Any,
    pairs: np.ndarray,
    *,
    jobs: int = 1,
    screen_px: tuple[int, int],
    draws: int = 1000,
    seed: int = 0,
) -> Scores:
    draws = check_count("draws", draws)
    paths_a, paths_b = pack_both(first, second)
    values, faults = _mannan_distance_batch(paths_a, paths_b, pairs, jobs=jobs, screen_px=screen_px)
    sizes = np.sort(np.stack([paths_a.length[pairs[:, 0]], paths_b.length[pairs[:, 1]]], axis=1), axis=1)
    for n, m in np.unique(sizes[faults[:, 0] == 0], axis=0):
        same = (sizes == (n, m)).all(axis=1)
        values[same] = 100.0 * (1.0 - values[same] / _random_distance(int(n), int(m), screen_px, draws, seed))
    return Scores(values, faults)


def _mannan_distance_batch(
    first: Any, second: Any, pairs: np.ndarray, *, jobs: int = 1, screen_px: tuple[int, int]
) -> Scores:
    width, height = check_size("screen_px", screen_px)
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs)
    found = _nearest(paths_a.xy, paths_b.xy, paths_a, paths_b, pairs, fault, jobs)
    n, m = np.maximum(paths_a.length[pairs[:, 0]], 1), np.maximum(paths_b.length[pairs[:, 1]], 1)
    square = (n * found[:, kernel.SQUARES_B] + m * found[:, kernel.SQUARES_A]) / (2 * n * m * (width**2 + height**2))
    return Scores(np.sqrt(square)[:, None], fault[:, None])


def _random_distance(n: int, m: int, screen_px: tuple[int, int], draws: int, seed: int) -> float:
    """Mean Mannan distance of random scanpaths of n and m fixations."""
    generator = numpy_generator(seed, "mannan", n, m)
    points = generator.random((draws, n + m, 2)) * np.array(screen_px)
    together = np.arange(draws)
    first, second = (PackedPaths(*_block(points[:, part])) for part in (slice(0, n), slice(n, None)))
    pairs = np.stack([together, together], axis=1)
    return float(_mannan_distance_batch(first, second, pairs, screen_px=screen_px).values.mean())


def _block(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    draws, n = points.shape[:2]
    xy = np.ascontiguousarray(points.reshape(-1, 2))
    return xy, np.full(len(xy), np.nan), np.arange(draws + 1) * n, np.zeros(draws, dtype=np.int8)


def _timed(paths: PackedPaths, px_per_ms: float) -> np.ndarray:
    return np.column_stack([paths.xy, paths.duration_ms * px_per_ms])


def _nearest(
    points_a: np.ndarray,
    points_b: np.ndarray,
    paths_a: PackedPaths,
    paths_b: PackedPaths,
    pairs: np.ndarray,
    fault: np.ndarray,
    jobs: int,
) -> np.ndarray:
    found = np.full((len(pairs), 6), np.nan)
    sets = (points_a, paths_a.start, points_b, paths_b.start)
    run_over_pairs(kernel.nearest_pairs, jobs, pairs, (fault != 0, found), *sets)
    return found


EYENALYSIS = MetricSpec(
    name="eyenalysis",
    function=eyenalysis,
    summary="Mean distance to the nearest fixation of the other scanpath, both ways",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Mathôt et al. (2012), Journal of Eye Movement Research 5",
    doi="10.16910/jemr.5.1.4",
    batch=_eyenalysis_batch,
)
MANNAN = MetricSpec(
    name="mannan",
    function=mannan,
    summary="Nearest-fixation distances against those of random scanpaths",
    range=(float("-inf"), 100.0),
    direction="similarity",
    symmetric=True,
    unit="%",
    needs=("screen_px",),
    reference="Mannan et al. (1995), Spatial Vision 9",
    doi="10.1163/156856895X00052",
    batch=_mannan_batch,
)
MANNAN_DISTANCE = MetricSpec(
    name="mannan_distance",
    function=mannan_distance,
    summary="Root mean square distance to the nearest fixation, of the screen's diagonal",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    needs=("screen_px",),
    reference="Mannan et al. (1995), Spatial Vision 9",
    doi="10.1163/156856895X00052",
    batch=_mannan_distance_batch,
)
