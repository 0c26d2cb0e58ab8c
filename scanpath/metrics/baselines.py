"""What a map must beat and can reach: center bias, and the gold standard made of the other people's fixations.

Both are kernel densities: a Gaussian on each fixation. Their width is chosen by cross-validated likelihood, never by
eye, because every score relative to them depends on it.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

from scanpath._core.checks import check_choice, check_count, check_positive, check_size
from scanpath._core.errors import InputError, UndefinedError
from scanpath.gaze.pixels import first_edge, resized
from scanpath.gaze.scanpath import ScanpathLike
from scanpath.metrics.maps import fixation_points, pixel_index

#: Widths that are tried where none are given, as shares of the picture's diagonal: 0.5 % to 25 %.
WIDTHS = tuple(float(share) for share in np.geomspace(0.005, 0.25, 18))
#: Shares of a uniform density that are tried where none are given.
UNIFORM_SHARES = (0.001, 0.01, 0.03, 0.1, 0.3)
BORDERS = ("open", "reflect")
_CHUNK = 4_000_000

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class DensityFit:
    """What cross-validation chose: width, uniform share, and the mean log density of left-out fixations (nats)."""

    bandwidth_px: float
    uniform_share: float
    log_likelihood: float


def fixation_density(
    xy: ScanpathLike,
    size: tuple[int, int],
    *,
    bandwidth_px: float,
    uniform_share: float = 0.0,
    pixel: str = "nearest",
    border: str = "open",
) -> np.ndarray:
    """Density of fixations over the pixels: a Gaussian on each, scaled to sum 1.

    Parameters
    ----------
    xy
        (n, 2) fixations in px, or a scanpath; those off the picture still spread onto it.
    size
        (height, width) of the picture.
    bandwidth_px
        Standard deviation of the Gaussians.
    uniform_share
        Share of the mass spread evenly, so that no pixel is impossible.
    pixel
        Where pixel centers are: at k for ``"nearest"``, at k + 1/2 for ``"floor"``; use the rule of the scores.
    border
        ``"open"``: Gaussians at the fixations' exact places, evaluated at pixel centers; what they lose over the
        borders is restored by the scaling. ``"reflect"``: counts of pixels, blurred with mirrored borders, as
        pysaliency's baseline models and the COCO-Search18 evaluations do; fixations off the picture are refused.

    Returns
    -------
    numpy.ndarray
        (H, W), sum 1.

    Raises
    ------
    UndefinedError
        If there is no fixation, or none near the picture.

    Examples
    --------
    >>> fixation_density([(0, 0)], (1, 3), bandwidth_px=1.0).round(3)
    array([[0.574, 0.348, 0.078]])
    """
    points = _finite_points(xy)
    check_positive("bandwidth_px", bandwidth_px)
    size = check_size("size", size)
    if check_choice("border", border, BORDERS) == "open":
        return _scaled(_bumps(points, size, bandwidth_px, pixel), uniform_share)
    counts = np.zeros(size)
    np.add.at(counts, pixel_index(points, size, pixel), 1.0)
    return _scaled(gaussian_filter(counts, bandwidth_px), uniform_share)


def fit_density(
    xy: ScanpathLike,
    *,
    size: tuple[int, int] | None = None,
    bandwidths_px: Sequence[float] | None = None,
    uniform_shares: Sequence[float] | None = None,
    groups: Sequence[Hashable] | None = None,
    folds: int = 5,
    pixel: str = "nearest",
) -> DensityFit:
    """Choose the width of a fixation density, and its uniform share, by the likelihood of left-out fixations.

    Parameters
    ----------
    xy
        (n, 2) fixations in px.
    size
        (height, width): the density lives on the picture, and a uniform share is fitted too. None: the open plane,
        width alone, as scikit-learn's grid search over a kernel density does.
    bandwidths_px
        Standard deviations to try; by default 18 from 0.5 % to 25 % of the diagonal (needs `size`).
    uniform_shares
        Shares to try.
    groups
        (n,) labels that are left out together: the people, for a gold standard, or the pictures, for a center bias.
        None: `folds` runs of equal length, in the order given.
    folds
        How many, without `groups`.
    pixel
        See `fixation_density`.

    Raises
    ------
    UndefinedError
        If there are fewer fixations than folds, or only one group.

    References
    ----------
    .. [1] Kümmerer, M., Wallis, T. S. A. & Bethge, M. (2015). Information-theoretic model comparison unifies saliency
       metrics. PNAS, 112(52), 16054-16059. https://doi.org/10.1073/pnas.1510393112

    Examples
    --------
    >>> xy = np.random.default_rng(0).normal(0, 4, (200, 2))
    >>> fit_density(xy, bandwidths_px=[0.1, 2.0, 50.0]).bandwidth_px
    2.0
    """
    points = _finite_points(xy) - first_edge(pixel)  # from the picture's corner
    if size is None and uniform_shares is not None:
        raise InputError("A uniform share needs the picture's size=(height, width).")
    if bandwidths_px is None:
        if size is None:
            raise InputError("Give bandwidths_px to try, or the picture's size=(height, width).")
        diagonal_px = float(np.hypot(*check_size("size", size)))
        bandwidths_px = [diagonal_px * share for share in WIDTHS]
    widths = np.array([check_positive("bandwidths_px", width) for width in bandwidths_px])
    shares = (0.0,) if size is None else UNIFORM_SHARES if uniform_shares is None else tuple(uniform_shares)
    total = np.zeros((len(shares), len(widths)))
    for left_out in _folds(len(points), groups, folds):
        logs = _log_density(points[~left_out], points[left_out], widths, size)
        for number, share in enumerate(shares):
            total[number] += _mixed(logs, _share(share), size).sum(axis=0)
    best = np.unravel_index(np.argmax(total), total.shape)
    return DensityFit(float(widths[best[1]]), float(shares[best[0]]), float(total[best] / len(points)))


def center_bias(
    fixations: Mapping[str, ScanpathLike],
    size: tuple[int, int],
    *,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    leave_out: str | None = None,
    fit: DensityFit | None = None,
    pixel: str = "nearest",
) -> np.ndarray:
    """Density of where people look on any picture: the baseline of information gain.

    Parameters
    ----------
    fixations
        For each picture, (n, 2) fixations in px.
    size
        (height, width) of the density that is made.
    sizes
        (height, width) of each picture, if they differ from `size`; fixations are stretched to it.
    leave_out
        The picture that the density is meant for; its own fixations must not be known to the baseline.
    fit
        Width and share; by default cross-validated over the pictures. Costs seconds for thousands of fixations:
        fit once, then pass it.
    pixel
        See `fixation_density`.

    Raises
    ------
    UndefinedError
        If no other picture has a fixation.
    """
    size = check_size("size", size)
    _check_left_out(leave_out, fixations)
    others = {name: xy for name, xy in fixations.items() if name != leave_out and len(fixation_points(xy, name))}
    if not others:
        raise UndefinedError("A center bias needs fixations on another picture.", "empty")
    points, groups = [], []
    for name, xy in others.items():
        source = size if sizes is None else sizes[name]
        points.append(resized(fixation_points(xy, name), source[::-1], size[::-1], pixel))
        groups += [name] * len(points[-1])
    return _fitted(np.concatenate(points), size, groups, fit, pixel)


def gold_standard(
    fixations: Mapping[Hashable, ScanpathLike],
    size: tuple[int, int],
    *,
    leave_out: Hashable | None = None,
    fit: DensityFit | None = None,
    pixel: str = "nearest",
) -> np.ndarray:
    """Density of the other people's fixations on this picture: what one person's fixations can be predicted from.

    Scoring a person's fixations against a density that contains them is no ceiling but a memory test; name the person
    in `leave_out`.

    Parameters
    ----------
    fixations
        For each person, (n, 2) fixations in px on this picture.
    size
        (height, width) of the picture.
    leave_out
        The person who will be scored; None keeps everybody, for a map to look at.
    fit
        Width and share; by default cross-validated over the people that are left.
    pixel
        See `fixation_density`.

    Raises
    ------
    UndefinedError
        If nobody else looked.
    """
    _check_left_out(leave_out, fixations)
    others = {who: fixation_points(xy, "fixations") for who, xy in fixations.items() if who != leave_out}
    others = {who: xy for who, xy in others.items() if len(xy)}
    if not others:
        raise UndefinedError("A gold standard needs fixations of another person.", "empty")
    groups = [who for who, xy in others.items() for _ in xy]
    return _fitted(np.concatenate(list(others.values())), size, groups, fit, pixel)


class LeaveOneOut(Generic[Key]):
    """Densities of all the others' fixations, for many keys at the price of one.

    With people as keys these are gold standards, with pictures (fixations scaled to `size`) center biases. The sum of
    all Gaussians is made once and a key's own are taken away, which loses what is below 1e-16 of them; a uniform
    share, as `fit_density` chooses, hides that.

    Parameters
    ----------
    fixations
        For each key, (n, 2) fixations in px.
    size
        (height, width).
    fit
        Width and uniform share, from `fit_density`.
    pixel
        See `fixation_density`.

    Examples
    --------
    >>> fit = DensityFit(bandwidth_px=1.0, uniform_share=0.0, log_likelihood=0.0)
    >>> others = LeaveOneOut({"s1": [(0, 0)], "s2": [(3, 0)]}, (1, 4), fit=fit)
    >>> others.density("s1").round(2)
    array([[0.01, 0.08, 0.35, 0.57]])
    """

    def __init__(
        self, fixations: Mapping[Key, ScanpathLike], size: tuple[int, int], *, fit: DensityFit, pixel: str = "nearest"
    ) -> None:
        self._points = {key: fixation_points(xy, "fixations") for key, xy in fixations.items()}
        self._n = sum(len(xy) for xy in self._points.values())
        self._size, self._fit, self._pixel = check_size("size", size), fit, pixel
        together = np.concatenate([np.zeros((0, 2)), *self._points.values()])
        self._everybody = _bumps(_finite_points(together), self._size, fit.bandwidth_px, pixel)

    def density(self, key: Key) -> np.ndarray:
        """Density (H, W) of the fixations of all but `key`.

        Raises
        ------
        UndefinedError
            If nobody else has a fixation.
        """
        own = self._points[key]
        if len(own) == self._n:
            raise UndefinedError(f"Nobody but {key!r} has a fixation, so nothing is left.", "empty")
        rest = self._everybody - _bumps(own, self._size, self._fit.bandwidth_px, self._pixel)
        return _scaled(np.maximum(rest, 0.0), self._fit.uniform_share)


def _check_left_out(key: Hashable | None, fixations: Mapping[Any, ScanpathLike]) -> None:
    if key is not None and key not in fixations:
        raise InputError(f"leave_out={key!r} is no key of fixations ({len(fixations)} keys), so nothing is left out.")


def _bumps(points: np.ndarray, size: tuple[int, int], width: float, pixel: str) -> np.ndarray:
    """Sum of the Gaussians of all points at the pixel centers, (H, W), not scaled."""
    first_center = first_edge(pixel) + 0.5
    down, across = (
        np.exp(-(((np.arange(side) + first_center)[:, None] - points[:, axis]) ** 2) / (2 * width**2))
        for side, axis in zip(size, (1, 0))
    )
    return down @ across.T


def _scaled(bumps: np.ndarray, uniform_share: float) -> np.ndarray:
    total = bumps.sum()
    if not total > 0:
        raise UndefinedError("No fixation lies near the picture, so they have no density on it.", "off_map")
    return (1 - _share(uniform_share)) * bumps / total + uniform_share / bumps.size


def _fitted(
    points: np.ndarray, size: tuple[int, int], groups: Sequence[Hashable], fit: DensityFit | None, pixel: str
) -> np.ndarray:
    if fit is None:
        fit = fit_density(points, size=size, groups=groups if len(set(groups)) > 1 else None, pixel=pixel)
    return fixation_density(points, size, bandwidth_px=fit.bandwidth_px, uniform_share=fit.uniform_share, pixel=pixel)


def _folds(n: int, groups: Sequence[Hashable] | None, folds: int) -> list[np.ndarray]:
    if groups is None:
        folds = check_count("folds", folds, least=2)
        if n < folds:
            raise UndefinedError(f"{folds} folds need as many fixations, got {n}.", "too_short")
        label = np.repeat(np.arange(folds), [len(part) for part in np.array_split(np.arange(n), folds)])
    else:
        known: dict[Hashable, int] = {}
        label = np.array([known.setdefault(group, len(known)) for group in groups])
        if len(label) != n:
            raise InputError(f"groups must have one label a fixation ({n}), got {len(label)}.")
        if len(known) < 2:
            raise UndefinedError("Leaving groups out needs at least two of them.", "too_few_groups")
    return [label == number for number in range(label.max() + 1)]


def _log_density(train: np.ndarray, test: np.ndarray, widths: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Log density in nats per px squared of each test point under each width, (tests, widths)."""
    logs = np.empty((len(test), len(widths)))
    step = max(1, _CHUNK // len(train))
    for start in range(0, len(test), step):
        here = test[start : start + step]
        squared = (here[:, 0, None] - train[:, 0]) ** 2 + (here[:, 1, None] - train[:, 1]) ** 2
        nearest = squared.min(axis=1)  # taken out, so that far points do not underflow
        squared -= nearest[:, None]
        for number, width in enumerate(widths):
            kernel = np.exp(squared / (-2 * width**2)).mean(axis=1)
            logs[start : start + step, number] = np.log(kernel) - nearest / (2 * width**2)
    logs -= np.log(2 * np.pi * widths**2)
    if size is None:
        return logs
    inside = [max(float(mass_inside(train, width, size).mean()), np.finfo(float).tiny) for width in widths]
    return logs - np.log(inside)


def mass_inside(points: np.ndarray, width: float, size: tuple[int, int]) -> np.ndarray:
    """Return how much of a Gaussian at each point lies on the picture, (n,); points are from the picture's corner."""
    across, down = (
        ndtr((side - points[:, axis]) / width) - ndtr(-points[:, axis] / width) for axis, side in enumerate(size[::-1])
    )
    return across * down


def _mixed(logs: np.ndarray, share: float, size: tuple[int, int] | None) -> np.ndarray:
    if size is None or share == 0:
        return logs
    return np.logaddexp(logs + np.log1p(-share), np.log(share / (size[0] * size[1])))


def _share(share: float) -> float:
    if not 0 <= share < 1:
        raise InputError(f"A uniform share lies in [0, 1), got {share}.")
    return float(share)


def _finite_points(xy: ScanpathLike) -> np.ndarray:
    points = fixation_points(xy, "xy")
    if len(points) == 0:
        raise UndefinedError("A density needs at least one fixation, got none.", "empty")
    if not np.isfinite(points).all():
        raise UndefinedError("xy has a fixation with NaN or infinite coordinates; drop it first.", "nan")
    return points
