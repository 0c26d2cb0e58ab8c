"""Maps against fixations: NSS and the ROC family.

Defaults are the conventions of pysaliency; those of the MIT benchmark have names. Where they are known to matter the
docstring says by how much.
"""

from collections.abc import Sequence
from math import inf
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.random import numpy_generator
from scanpath.gaze.pixels import resized
from scanpath.gaze.scanpath import ScanpathLike
from scanpath.kernels.map_scores import mean_and_squares
from scanpath.metrics.maps import (
    MapLike,
    as_finite_map,
    as_map,
    doubt_logs,
    fixation_points,
    not_finite,
    pixel_index,
    pixel_values,
    unit_range,
)
from scanpath.metrics.metric import plain_metric
from scanpath.metrics.ranks import THRESHOLDS, ranked_area, roc_area

NONFIXATIONS = ("uniform", "unfixated")


@overload
def nss(
    map: MapLike, xy: ScanpathLike, *, ddof: int = ..., pixel: str = ..., per_fixation: Literal[False] = ...
) -> float: ...
@overload
def nss(
    map: MapLike, xy: ScanpathLike, *, ddof: int = ..., pixel: str = ..., per_fixation: Literal[True]
) -> np.ndarray: ...
@plain_metric(
    range=(-inf, inf),
    direction="similarity",
    unit="sd",
    reference="Peters et al. (2005), Vision Research 45",
    doi="10.1016/j.visres.2005.03.019",
)
def nss(
    map: MapLike,
    xy: ScanpathLike,
    *,
    ddof: int = 0,
    pixel: str = "nearest",
    per_fixation: bool = False,
) -> float | np.ndarray:
    """Normalized scanpath saliency: the map's value at fixations, in standard deviations above its mean [1]_.

    Parameters
    ----------
    map
        (H, W); only its shape counts, not its scale or offset. The log of a density has another shape than the
        density: it is refused where it is known by its sum, and warned of where it may be one.
    xy
        (n, 2) fixations in px, or a scanpath.
    ddof
        0 divides by the number of pixels (pysaliency), 1 by one less (the MIT code; +0.00006 % at 1024 x 768).
    pixel
        See `scanpath.metrics.maps.pixel_index`.
    per_fixation
        Return one value a fixation instead of their mean.

    Raises
    ------
    InputError
        If the map is the log of a density.
    UndefinedError
        If the map is constant or a fixation lies off it.

    References
    ----------
    .. [1] Peters, R. J., Iyer, A., Itti, L. & Koch, C. (2005). Components of bottom-up gaze allocation in natural
       images. Vision Research, 45(18), 2397-2416. https://doi.org/10.1016/j.visres.2005.03.019

    Examples
    --------
    >>> round(nss([[0, 0], [0, 4]], [(1, 1)]), 4)
    1.7321
    """
    values = as_map(map)
    reached = pixel_values(values, xy, pixel).astype(np.float64)
    mean, squares = mean_and_squares(values.ravel())
    if not np.isfinite(squares):
        raise not_finite("map")
    if squares == 0:
        raise UndefinedError("NSS needs a map that varies; this one is constant.", "constant")
    if not 0 <= ddof < values.size:
        raise InputError(f"ddof must be at least 0 and below the number of pixels, {values.size}, got {ddof!r}.")
    if reached.max() <= 0:  # or else it has a positive value, and need not be looked through
        doubt_logs(values)
    scores = (reached - mean) / np.sqrt(squares / (values.size - ddof))
    return scores if per_fixation else float(scores.mean())


@overload
def auc(
    map: MapLike,
    xy: ScanpathLike,
    *,
    nonfixations: str = ...,
    thresholds: str = ...,
    pixel: str = ...,
    per_fixation: Literal[False] = ...,
) -> float: ...
@overload
def auc(
    map: MapLike,
    xy: ScanpathLike,
    *,
    nonfixations: str = ...,
    thresholds: str = ...,
    pixel: str = ...,
    per_fixation: Literal[True],
) -> np.ndarray: ...
@plain_metric(
    range=(0, 1),
    direction="similarity",
    reference="Bylinskii et al. (2019), IEEE TPAMI 41",
    doi="10.1109/TPAMI.2018.2815601",
)
def auc(
    map: MapLike,
    xy: ScanpathLike,
    *,
    nonfixations: str = "uniform",
    thresholds: str = "all",
    pixel: str = "nearest",
    per_fixation: bool = False,
) -> float | np.ndarray:
    """Area under the ROC curve: how often a fixated pixel beats a pixel taken at random, ties half.

    An exact rank statistic over all pixels, without thresholds to choose or pixels to sample. 0.5 is chance; a
    constant map has 0.5.

    Parameters
    ----------
    map
        (H, W); only the order of its values counts.
    xy
        (n, 2) fixations in px, or a scanpath.
    nonfixations
        ``"uniform"``: all pixels; ``"unfixated"``: all without a fixation.
    thresholds
        ``"all"``: the exact area. ``"fixations"``: the curve is drawn through the fixated values only and joined by
        straight lines, as the MIT code does; with few fixations this flatters the map (0.59 against 0.52 for six
        fixations on an unrelated smooth map).
    pixel
        See `scanpath.metrics.maps.pixel_index`.
    per_fixation
        Return one value a fixation; their mean is the area. Only with all thresholds.

    Examples
    --------
    >>> auc([[1, 2], [3, 4]], [(1, 1), (1, 0)])
    0.625
    """
    check_choice("kind of nonfixations", nonfixations, NONFIXATIONS)
    check_choice("kind of thresholds", thresholds, THRESHOLDS)
    values = as_map(map)
    positives = pixel_values(values, xy, pixel)
    left_out = values[:0, 0]
    if nonfixations == "unfixated":
        rows, columns = pixel_index(xy, values.shape, pixel)
        left_out = values.ravel()[np.unique(rows * values.shape[1] + columns)]
        if len(left_out) == values.size:
            raise UndefinedError("AUC needs a pixel without a fixation; here all have one.", "no_nonfixations")
    return ranked_area(positives, values.ravel(), left_out, thresholds, per_fixation)


@plain_metric(
    range=(0, 1),
    direction="similarity",
    reference="Judd et al. (2009), ICCV",
    doi="10.1109/ICCV.2009.5459462",
)
def auc_judd(map: MapLike, xy: ScanpathLike, *, jitter: float = 0.0, seed: int = 0, pixel: str = "nearest") -> float:
    """AUC in the convention of Judd et al. [1]_: unfixated pixels, thresholds at the fixated values.

    Parameters
    ----------
    map, xy, pixel
        See `auc`.
    jitter
        Scale of the uniform noise added to the map to break ties; the published code adds 1e-7 to a map scaled to
        [0, 1]. None by default: exact and repeatable, ties count half.
    seed
        Of the jitter.

    References
    ----------
    .. [1] Judd, T., Ehinger, K., Durand, F. & Torralba, A. (2009). Learning to predict where humans look. ICCV,
       2106-2113. https://doi.org/10.1109/ICCV.2009.5459462

    Examples
    --------
    >>> auc_judd([[1, 2], [3, 4]], [(1, 1), (1, 0)])
    0.875
    """
    values = as_finite_map(map)
    if jitter:
        values = unit_range(values) + jitter * numpy_generator(seed, "auc_judd").random(values.shape)
    return auc(values, xy, nonfixations="unfixated", thresholds="fixations", pixel=pixel)


@plain_metric(
    range=(0, 1),
    direction="similarity",
    reference="Bylinskii et al. (2019), IEEE TPAMI 41",
    doi="10.1109/TPAMI.2018.2815601",
)
def auc_borji(
    map: MapLike, xy: ScanpathLike, *, splits: int = 100, step: float = 0.1, seed: int = 0, pixel: str = "nearest"
) -> float:
    """AUC in the convention of Borji: random pixels as nonfixations, as many as fixations, coarse thresholds [1]_.

    A noisy and coarse relative of `auc`, for comparison with published numbers; seeded here.

    Parameters
    ----------
    map, xy, pixel
        See `auc`; the map is scaled to [0, 1].
    splits
        Random draws of nonfixations whose areas are averaged.
    step
        Distance of the thresholds.
    seed
        Of the draws.

    References
    ----------
    .. [1] Bylinskii, Z., Judd, T., Oliva, A., Torralba, A. & Durand, F. (2019). What do different evaluation metrics
       tell us about saliency models? IEEE TPAMI, 41(3), 740-757. https://doi.org/10.1109/TPAMI.2018.2815601
    """
    values = unit_range(as_finite_map(map))
    positives = pixel_values(values, xy, pixel)
    generator = numpy_generator(seed, "auc_borji")
    n = len(positives)
    drawn = values.ravel()[generator.integers(values.size, size=(check_count("splits", splits), n))]
    return float(_borji_areas(positives, drawn, check_positive("step", step)).mean())


@overload
def shuffled_auc(
    map: MapLike,
    xy: ScanpathLike,
    other_xy: ScanpathLike,
    *,
    thresholds: str = ...,
    pixel: str = ...,
    per_fixation: Literal[False] = ...,
) -> float: ...
@overload
def shuffled_auc(
    map: MapLike,
    xy: ScanpathLike,
    other_xy: ScanpathLike,
    *,
    thresholds: str = ...,
    pixel: str = ...,
    per_fixation: Literal[True],
) -> np.ndarray: ...
@plain_metric(
    range=(0, 1),
    direction="similarity",
    reference="Zhang et al. (2008), Journal of Vision 8(7)",
    doi="10.1167/8.7.32",
)
def shuffled_auc(
    map: MapLike,
    xy: ScanpathLike,
    other_xy: ScanpathLike,
    *,
    thresholds: str = "all",
    pixel: str = "nearest",
    per_fixation: bool = False,
) -> float | np.ndarray:
    """Shuffled AUC: fixations against where people looked on other pictures, which discounts the center bias [1]_.

    Exact: all other fixations are nonfixations, none is sampled, so values differ a little from sampled ones.

    Parameters
    ----------
    map, xy, thresholds, pixel, per_fixation
        See `auc`.
    other_xy
        (m, 2) fixations on other pictures, scaled to this one (`other_fixations` does).

    References
    ----------
    .. [1] Zhang, L., Tong, M. H., Marks, T. K., Shan, H. & Cottrell, G. W. (2008). SUN: A Bayesian framework for
       saliency using natural statistics. Journal of Vision, 8(7), 32. https://doi.org/10.1167/8.7.32

    Examples
    --------
    >>> shuffled_auc([[1, 2], [3, 4]], [(1, 1)], [(0, 0), (1, 1)])
    0.75
    """
    check_choice("kind of thresholds", thresholds, THRESHOLDS)
    values = as_map(map)
    positives = pixel_values(values, xy, pixel)
    negatives = pixel_values(values, other_xy, pixel, "other_xy")
    return ranked_area(positives, negatives, negatives[:0], thresholds, per_fixation)


def other_fixations(
    fixations: Sequence[ScanpathLike], sizes: ArrayLike, index: int, *, pixel: str = "nearest"
) -> np.ndarray:
    """Fixations of all pictures but one, stretched to its size: the nonfixations of the shuffled AUC.

    Parameters
    ----------
    fixations
        One (n, 2) array in px for each picture.
    sizes
        (height, width) of each picture, or one for all.
    index
        The picture to leave out.
    pixel
        The rule of the score; see `scanpath.metrics.maps.pixel_index`.

    Raises
    ------
    UndefinedError
        If no other picture has a fixation.
    """
    if not -len(fixations) <= index < len(fixations):
        raise InputError(f"index must name one of the {len(fixations)} pictures, got {index}.")
    index %= len(fixations)
    size_of = np.broadcast_to(np.asarray(sizes, dtype=np.float64), (len(fixations), 2))[:, ::-1]
    scaled = [
        resized(fixation_points(xy, "fixations"), size_of[other], size_of[index], pixel)
        for other, xy in enumerate(fixations)
        if other != index
    ]
    points = np.concatenate(scaled) if scaled else np.zeros((0, 2))
    if len(points) == 0:
        raise UndefinedError("The shuffled AUC needs fixations on another picture.", "no_nonfixations")
    return points


@plain_metric(
    range=(0, inf),
    direction="similarity",
    unit="nat",
    reference="Bylinskii et al. (2019), IEEE TPAMI 41",
    doi="10.1109/TPAMI.2018.2815601",
)
def fixation_kl_divergence(
    map: MapLike,
    xy: ScanpathLike,
    other_xy: ScanpathLike | None = None,
    *,
    bins: int = 10,
    epsilon: float = 1e-20,
    pixel: str = "nearest",
) -> float:
    """Divergence of the map's values at fixations from those elsewhere, over histograms, in nats.

    A measure of the older literature: larger means that fixated values are more unusual. An empty bin makes it huge
    (`epsilon` sets how huge), so it says little for few fixations.

    Parameters
    ----------
    map
        (H, W).
    xy
        (n, 2) fixations in px, or a scanpath.
    other_xy
        Nonfixations; all pixels if None.
    bins
        Equal bins from the map's smallest to its largest value.
    epsilon
        Added to each bin's density.
    pixel
        See `scanpath.metrics.maps.pixel_index`.
    """
    values = as_finite_map(map)
    doubt_logs(values)
    if values.min() == values.max():
        raise UndefinedError("A histogram of map values needs a map that varies; this one is constant.", "constant")
    positives = pixel_values(values, xy, pixel)
    negatives = values.ravel() if other_xy is None else pixel_values(values, other_xy, pixel, "other_xy")
    edges = np.linspace(values.min(), values.max(), check_count("bins", bins) + 1)
    shares = []
    for sample in (positives, negatives):
        density = np.histogram(sample, bins=edges, density=True)[0] + epsilon
        shares.append(density / density.sum())
    return float((shares[0] * np.log(shares[0] / shares[1])).sum())


def _borji_areas(positives: np.ndarray, drawn: np.ndarray, step: float) -> np.ndarray:
    """Area for each row of drawn nonfixations, with thresholds from the largest value down to 0."""
    top = max(positives.max(), drawn.max())
    levels = step * np.arange(np.floor(top / step * (1 + 1e-12)) + 1)[::-1]  # the largest value, if a step reaches it
    hits = 1 - np.searchsorted(np.sort(positives), levels, "left") / len(positives)
    false_alarms = (drawn[:, None, :] >= levels[:, None]).mean(axis=-1)
    return roc_area(hits, false_alarms)
