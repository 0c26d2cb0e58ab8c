"""Fixations compared with the nearest ones of the other scanpath: Eyenalysis and Mannan's similarity index."""

from math import inf

import numpy as np

from scanpath._core.checks import check_count, check_positive, check_size
from scanpath._core.random import numpy_generator
from scanpath.kernels import curves as kernel
from scanpath.metrics.curves import nearest
from scanpath.metrics.pairs import LabelPairs, Packed, PackedPaths, Pairs, PathPairs, Scores, scanpath_metric


@scanpath_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Mathôt et al. (2012), Journal of Eye Movement Research 5",
    doi="10.16910/jemr.5.1.4",
)
def eyenalysis(pairs: PathPairs, *, px_per_ms: float | None = None) -> Scores:
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
    points: PathPairs | LabelPairs = pairs
    if px_per_ms is not None:
        worth = check_positive("px_per_ms", px_per_ms)
        points = pairs.each(lambda paths: _timed(paths, worth))
    found, fault = nearest(points)
    values = (found[:, kernel.SUM_A] + found[:, kernel.SUM_B]) / np.maximum(np.maximum(*pairs.lengths), 1)
    return Scores(values[:, None], fault[:, None])


@scanpath_metric(
    range=(-inf, 100),
    direction="similarity",
    symmetric=True,
    unit="%",
    reference="Mannan et al. (1995), Spatial Vision 9",
    doi="10.1163/156856895X00052",
)
def mannan(pairs: PathPairs, screen_px: tuple[int, int], *, draws: int = 1000, seed: int = 0) -> Scores:
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
    draws = check_count("draws", draws)
    values, faults = _distances(pairs, screen_px)
    sizes = np.sort(np.stack(pairs.lengths, axis=1), axis=1)
    for n, m in np.unique(sizes[faults[:, 0] == 0], axis=0):
        same = (sizes == (n, m)).all(axis=1)
        values[same] = 100.0 * (1.0 - values[same] / _random_distance(int(n), int(m), screen_px, draws, seed))
    return Scores(values, faults)


@scanpath_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    reference="Mannan et al. (1995), Spatial Vision 9",
    doi="10.1163/156856895X00052",
)
def mannan_distance(pairs: PathPairs, screen_px: tuple[int, int]) -> Scores:
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
    return _distances(pairs, screen_px)


def _distances(pairs: PathPairs | LabelPairs, screen_px: tuple[int, int]) -> Scores:
    width, height = check_size("screen_px", screen_px)
    found, fault = nearest(pairs)
    n, m = (np.maximum(length, 1) for length in pairs.lengths)
    square = (n * found[:, kernel.SQUARES_B] + m * found[:, kernel.SQUARES_A]) / (2 * n * m * (width**2 + height**2))
    return Scores(np.sqrt(square)[:, None], fault[:, None])


def _random_distance(n: int, m: int, screen_px: tuple[int, int], draws: int, seed: int) -> float:
    """Mean Mannan distance of random scanpaths of n and m fixations."""
    generator = numpy_generator(seed, "mannan", n, m)
    points = generator.random((draws, n + m, 2)) * np.array(screen_px)
    together = np.arange(draws)
    first, second = (_block(points[:, part]) for part in (slice(0, n), slice(n, None)))
    return float(_distances(Pairs(first, second, np.stack([together, together], axis=1)), screen_px).values.mean())


def _block(points: np.ndarray) -> Packed:
    draws, n = points.shape[:2]
    xy = np.ascontiguousarray(points.reshape(-1, 2))
    return Packed(xy, np.arange(draws + 1) * n, np.zeros(draws, dtype=np.int8))


def _timed(paths: PackedPaths, px_per_ms: float) -> Packed:
    """Durations as a third coordinate."""
    return paths.holding(np.column_stack([paths.xy, paths.duration_ms * px_per_ms]), paths.untimed, "missing_duration")
