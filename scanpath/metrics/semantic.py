"""Scanpaths as sequences of meanings: clusters of fixations or labels of a segmentation, and how well they match."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import KDTree

from scanpath._core.checks import check_positive
from scanpath._core.errors import InputError, UndefinedError
from scanpath.gaze.pixels import on_picture, pixel_of
from scanpath.gaze.scanpath import ScanpathLike, as_scanpath
from scanpath.kernels.sequences import matching_pairs
from scanpath.metrics.metric import undefined
from scanpath.metrics.pairs import MOST_BINS, LabelPairs, Scores, check_gap, label_metric
from scanpath.metrics.strings import edit_distances

#: Beyond this, squares of distances leave what floating point holds.
LARGEST_PX = 1e150


@label_metric(
    range=(-inf, 1),  # at least 0 with gap 0
    direction="similarity",
    symmetric=True,
    reference="Yang et al. (2020), CVPR, arXiv:2005.14310",
)
def sequence_score(pairs: LabelPairs, *, gap: float = 0.0) -> Scores:
    """Align two sequences of labels and give the share of the longer one that matches.

    A Needleman-Wunsch alignment with 1 for a match, 0 for a mismatch and `gap` for a label left out, divided by the
    longer length. With `gap` 0 this is the longest common subsequence's share. The labels decide what it means: mean
    shift clusters of people's fixations (`fixation_clusters`) give the Sequence Score, segmentation labels
    (`labels_at`) the Semantic Sequence Score. Cut or repeat the labels first where a protocol asks for it.

    Parameters
    ----------
    a_labels, b_labels
        Sequences of hashable labels.
    gap
        Added for each label left out, 0 or less.

    Raises
    ------
    UndefinedError
        If a sequence is empty ("empty").

    References
    ----------
    Yang, Huang, Chen, Wei, Ahn, Zelinsky, Samaras & Hoai (2020), CVPR, https://arxiv.org/abs/2005.14310.
    Needleman & Wunsch (1970), Journal of Molecular Biology 48, https://doi.org/10.1016/0022-2836(70)90057-4.

    Examples
    --------
    >>> sequence_score([1, 2, 3, 1], [1, 3, 1])
    0.75
    """
    scores, faults = pairs.score(matching_pairs, check_gap(gap))
    return Scores(scores / np.maximum(np.maximum(*pairs.lengths), 1)[:, None], faults)


@label_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="edits",
    reference="Mondal et al. (2023), CVPR, arXiv:2303.15274",
)
def fixation_edit_distance(pairs: LabelPairs, *, normalize: bool = False) -> Scores:
    """Count the insertions, deletions and substitutions between two sequences of labels (FED).

    `levenshtein` on labels; named apart because papers on visual search report it beside the Sequence Score, on the
    same clusters or segmentation labels.

    Parameters
    ----------
    a_labels, b_labels
        Sequences of hashable labels.
    normalize
        Divide by the longer length.

    Raises
    ------
    UndefinedError
        If a sequence is empty ("empty").

    References
    ----------
    Mondal, Yang, Ahn, Samaras, Zelinsky & Hoai (2023), CVPR, https://arxiv.org/abs/2303.15274.

    Examples
    --------
    >>> fixation_edit_distance([1, 2, 3, 1], [1, 3, 1])
    1.0
    """
    return edit_distances(pairs, swaps=False, normalize=normalize)


def fixation_clusters(paths: Iterable[ScanpathLike], bandwidth_px: float) -> np.ndarray:
    """Find the places where fixations crowd: mean shift with a flat window of radius `bandwidth_px`.

    Each fixation climbs to the mean of the fixations within the radius until it stays; ends that lie within the radius
    of one that gathers more fixations are dropped. Published Sequence Scores depend on the bandwidth and rarely state
    it: state yours.

    Parameters
    ----------
    paths
        Scanpaths of all people on one picture (their first fixations included, unless you cut them).
    bandwidth_px
        Radius in px.

    Returns
    -------
    numpy.ndarray
        (k, 2) centers, the one with most fixations first.

    Raises
    ------
    UndefinedError
        If there is no fixation ("empty").

    References
    ----------
    Comaniciu & Meer (2002), IEEE TPAMI 24, https://doi.org/10.1109/34.1000236.

    Examples
    --------
    >>> fixation_clusters([[(0, 0), (100, 100)], [(2, 0), (100, 102)], [(1, 0)]], bandwidth_px=20)
    array([[  1.,   0.],
           [100., 101.]])
    """
    radius = check_positive("bandwidth_px", bandwidth_px)
    points = np.concatenate([np.zeros((0, 2)), *(as_scanpath(path).xy for path in paths)])
    if not len(points):
        raise UndefinedError("fixation_clusters needs at least one fixation, got none.", "empty")
    if np.abs(points).max() > LARGEST_PX:
        raise undefined("fixation_clusters", "overflow")
    points = points[np.lexsort(points.T)]  # means are then rounded alike, whatever the order of people
    tree = KDTree(points)
    ends = np.unique([_climb(tree, points, start, radius) for start in np.unique(points, axis=0)], axis=0)
    centers: list[np.ndarray] = []
    for end in ends[np.lexsort(ends.T[::-1])][::-1, 1:]:
        if all(np.hypot(*(end - center)) > radius for center in centers):
            centers.append(end)
    return np.array(centers)


def cluster_labels(path: ScanpathLike, centers: ArrayLike) -> list[int]:
    """Label each fixation with the index of the nearest center.

    Examples
    --------
    >>> cluster_labels([(3, 0), (90, 99), (0, 1)], [(1, 0), (100, 101)])
    [0, 1, 0]
    """
    centers = np.asarray(centers, dtype=np.float64)
    if centers.ndim != 2 or centers.shape[1] != 2 or not len(centers) or not np.isfinite(centers).all():
        raise InputError(f"centers must be finite and have shape (k, 2) with k of at least 1, got {centers.shape}.")
    return np.asarray(KDTree(centers).query(as_scanpath(path).xy)[1]).tolist()


def labels_at(path: ScanpathLike, label_map: ArrayLike) -> list[int]:
    """Read the label of a segmentation at the pixel that each fixation falls on.

    Parameters
    ----------
    path
        A scanpath in the map's frame, pixel centers at integers.
    label_map
        (H, W) integers.

    Raises
    ------
    UndefinedError
        If a fixation lies off the map ("off_screen").

    Examples
    --------
    >>> labels_at([(0.4, 0.0), (1.0, 0.6)], [[7, 8], [9, 5]])
    [7, 5]
    """
    labels = np.asarray(label_map)
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"label_map must be an (H, W) array of integers, got shape {labels.shape}, {labels.dtype}.")
    height, width = labels.shape
    xy = as_scanpath(path).xy
    off = ~on_picture(xy, (width, height))
    if off.any():
        raise UndefinedError(
            f"{int(off.sum())} fixation(s) lie off the {width} x {height} map; drop them.", "off_screen"
        )
    columns, rows = pixel_of(xy).astype(np.int64).T
    return labels[rows, columns].tolist()


def labels_in_areas(
    path: ScanpathLike, areas: Mapping[Hashable, ArrayLike], *, elsewhere: Hashable = "elsewhere"
) -> list[Hashable]:
    """Label each fixation with the area of interest that holds it, for the metrics of strings.

    Where areas overlap, such as eyes in a face, a fixation belongs to the smallest one that holds it (of equal ones, to
    the first).

    Parameters
    ----------
    path
        A scanpath in px of the picture, pixel centers at integers.
    areas
        Label of each area to its box (x, y, width, height) in px, whose first pixel is (x, y), or to its mask (H, W),
        true on its pixels.
    elsewhere
        Label of fixations in no area.

    Raises
    ------
    InputError
        If an area is neither a box nor a mask, or is empty.

    Examples
    --------
    >>> areas = {"face": (10, 10, 40, 50), "mouth": (22, 44, 16, 8)}
    >>> labels = labels_in_areas([(12, 20), (30, 47), (90, 20)], areas)
    >>> labels
    ['face', 'mouth', 'elsewhere']
    >>> from scanpath.metrics import levenshtein
    >>> levenshtein(labels, labels_in_areas([(12, 20), (90, 20)], areas))
    1.0
    """
    xy = as_scanpath(path).xy
    found: list[Hashable] = [elsewhere] * len(xy)
    smallest = np.full(len(xy), np.inf)
    for label, area in areas.items():
        inside, n_pixels = _in_area(xy, np.asarray(area), label)
        for fixation in np.flatnonzero(inside & (n_pixels < smallest)):
            found[fixation], smallest[fixation] = label, n_pixels
    return found


def _in_area(xy: np.ndarray, area: np.ndarray, label: Hashable) -> tuple[np.ndarray, float]:
    """Which fixations lie in a box or mask, and how many pixels it has."""
    if area.ndim == 2 and area.any() and (area.dtype == bool or np.isin(area, (0, 1)).all()):
        on_mask = on_picture(xy, area.shape[::-1])
        columns, rows = pixel_of(xy[on_mask]).astype(np.int64).T
        on_mask[on_mask] = area[rows, columns] != 0
        return on_mask, float(np.count_nonzero(area))
    if area.shape == (4,) and np.issubdtype(area.dtype, np.number) and np.isfinite(area).all() and (area[2:] > 0).all():
        return on_picture(xy - area[:2], area[2:]), float(area[2] * area[3])
    raise InputError(
        f"The area {label!r} must be a box (x, y, width, height) in px with a width and height above 0, or a mask "
        f"(H, W) of true and false that is true somewhere, got {area.dtype} of shape {area.shape}."
    )


def repeat_by_duration(labels: Sequence[Hashable], duration_ms: ArrayLike, bin_ms: float = 50.0) -> list[Hashable]:
    """Repeat each label once for each whole time bin of its fixation, so that durations count.

    Fixations shorter than one bin vanish.

    Raises
    ------
    InputError
        If there are not as many durations as labels, or one is missing.

    Examples
    --------
    >>> repeat_by_duration("ab", [120, 60])
    ['a', 'a', 'b']
    """
    times = np.asarray(duration_ms, dtype=np.float64)
    if times.shape != (len(labels),) or not (np.isfinite(times).all() and (times >= 0).all()):
        raise InputError(f"duration_ms must hold one time of at least 0 for each of the {len(labels)} labels.")
    bins = np.floor(times / check_positive("bin_ms", bin_ms))
    if bins.sum() > MOST_BINS:
        raise InputError(f"bin_ms={bin_ms:g} cuts the durations into {bins.sum():.3g} bins; use longer bins, or ms.")
    counts = bins.astype(int)
    return [label for label, count in zip(labels, counts) for _ in range(count)]


def _climb(tree: KDTree, points: np.ndarray, start: np.ndarray, radius: float) -> np.ndarray:
    """Mean shift from one fixation: how many fixations the last mean gathered, and where it lies (x, y)."""
    here, crowd = start, [0]
    for _ in range(300):  # ends a crawl; crowds rise with each step, so that it cannot go round in circles
        crowd = tree.query_ball_point(here, radius)
        before, here = here, points[crowd].mean(axis=0)
        if np.hypot(*(here - before)) <= 1e-3 * radius:
            break
    return np.array([len(crowd), *here])
