"""Maps against maps: correlation, common mass, Kullback-Leibler divergence, earth mover's distance."""

from math import inf

import numpy as np

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError, UndefinedError
from scanpath.kernels.map_pairs import centered_products, common_mass, divergence, sum_and_negatives
from scanpath.kernels.transport import transport_pairs
from scanpath.metrics.maps import (
    MapLike,
    as_density,
    as_finite_map,
    as_map,
    below_overflow,
    doubt_logs,
    is_nowhere_positive,
    refuse_no_density,
    same_size,
    unit_range,
    zero_density,
)
from scanpath.metrics.metric import plain_metric

CONVENTIONS = ("pysaliency", "mit")
#: Between these sums of squares can be multiplied and divided.
_LEAST, _LARGEST = 1e-140, 1e140


@plain_metric(
    range=(-1, 1),
    direction="similarity",
    symmetric=True,
    reference="Bylinskii et al. (2019), IEEE TPAMI 41",
    doi="10.1109/TPAMI.2018.2815601",
)
def correlation(map: MapLike, gold: MapLike) -> float:
    """Pearson correlation of two maps (CC), pixel by pixel.

    Raises
    ------
    InputError
        If one map is a density and the other the log of one.
    UndefinedError
        If a map is constant.

    Examples
    --------
    >>> correlation([[0, 1], [2, 3]], [[5, 4], [3, 2]])
    -1.0
    """
    if not (is_nowhere_positive(map) and is_nowhere_positive(gold, "gold")):  # of two logs the correlation is meant
        doubt_logs(map)
        doubt_logs(gold, "gold")
    first, second = _alike(as_map(map), as_map(gold, "gold"))
    spread, other, products = centered_products(first.ravel(), second.ravel())
    if not (_LEAST < spread < _LARGEST and _LEAST < other < _LARGEST):
        # NaN, a constant, or squares that may have left what floating point holds
        first, second = _varied(first, "map"), _varied(second, "gold")
        spread, other, products = centered_products(first.ravel(), second.ravel())
    return float(np.clip(products / np.sqrt(spread * other), -1.0, 1.0))


@plain_metric(
    range=(0, 1),
    direction="similarity",
    symmetric=True,
    reference="Bylinskii et al. (2019), IEEE TPAMI 41",
    doi="10.1109/TPAMI.2018.2815601",
)
def similarity(map: MapLike, gold: MapLike, *, convention: str = "pysaliency") -> float:
    """Histogram intersection of two maps scaled to sum 1 (SIM): their common mass, 1 for equal densities [1]_.

    Parameters
    ----------
    map, gold
        (H, W) maps; those with negative values are lifted to a minimum of 0.
    convention
        ``"pysaliency"`` scales to sum 1; ``"mit"`` stretches to [0, 1] first, which discards the map's floor.

    Raises
    ------
    UndefinedError
        If a map is 0 everywhere (constant, for ``"mit"``).
    InputError
        If a map varies and is nowhere positive, as the log of a density is.

    References
    ----------
    .. [1] Bylinskii, Z., Judd, T., Oliva, A., Torralba, A. & Durand, F. (2019). What do different evaluation metrics
       tell us about saliency models? IEEE TPAMI, 41(3), 740-757. https://doi.org/10.1109/TPAMI.2018.2815601

    Examples
    --------
    >>> similarity([[1, 1]], [[3, 1]])
    0.75
    """
    check_choice("convention", convention, CONVENTIONS)
    if convention == "mit":
        refuse_no_density(map)
        refuse_no_density(gold, "gold")
        map, gold = unit_range(as_finite_map(map)), unit_range(as_finite_map(gold, "gold"))
    first, share, second, other = _densities(map, gold)
    return float(common_mass(first, share, second, other))


@plain_metric(
    range=(0, inf),
    direction="distance",
    unit="nat",
    reference="Bylinskii et al. (2019), IEEE TPAMI 41",
    doi="10.1109/TPAMI.2018.2815601",
)
def kl_divergence(
    map: MapLike, gold: MapLike, *, convention: str = "pysaliency", epsilon: float | None = None
) -> float:
    """Kullback-Leibler divergence of a map from the gold density, in nats: sum of gold log(gold / map).

    0 for equal densities. Where the map is 0 and people did look the value is set by `epsilon` alone: compare only
    numbers with the same one.

    Parameters
    ----------
    map, gold
        (H, W) maps; those with negative values are lifted to a minimum of 0.
    convention
        ``"pysaliency"`` adds epsilon (1e-20) to both maps before scaling to sum 1; ``"mit"`` adds it (2.2204e-16)
        inside the logarithm and its quotient.
    epsilon
        Another value than the convention's.

    Raises
    ------
    UndefinedError
        If a map is 0 everywhere.
    InputError
        If a map varies and is nowhere positive, as the log of a density is.

    Examples
    --------
    >>> round(kl_divergence([[1, 1]], [[1, 3]]), 4)
    0.1308
    """
    check_choice("convention", convention, CONVENTIONS)
    if epsilon is not None and not 0 <= epsilon < 1:
        raise InputError(f"epsilon must lie in [0, 1), got {epsilon!r}.")
    if convention == "mit":
        small = 2.2204e-16 if epsilon is None else epsilon
        return float(divergence(*_densities(map, gold), 0.0, small, small))
    small = 1e-20 if epsilon is None else epsilon
    return float(divergence(*_densities(map, gold, minimum=small), small, 0.0, 0.0))


@plain_metric(
    range=(0, inf),
    direction="distance",
    symmetric=True,
    unit="px",
    reference="Bylinskii et al. (2019), IEEE TPAMI 41",
    doi="10.1109/TPAMI.2018.2815601",
)
def map_emd(map: MapLike, gold: MapLike, *, cells: tuple[int, int] = (24, 16)) -> float:
    """Earth mover's distance between two maps in px: how far mass must be carried, on average, to turn one into the
    other.

    Both maps are scaled to sum 1 and summed over a grid of cells; the transport between the cells' centers is exact.
    Mass that both maps have in a cell stays there, which for a metric distance loses nothing.

    Parameters
    ----------
    map, gold
        (H, W) maps; those with negative values are lifted to a minimum of 0.
    cells
        (columns, rows) of the grid, at most the maps' size. The cost grows with the cube of the number of cells.

    Examples
    --------
    >>> map_emd([[1, 0, 0, 0]], [[0, 0, 0, 1]], cells=(4, 1))
    3.0
    """
    first, second = as_density(map), as_density(gold, "gold")
    same_size(first, second)
    columns, rows = check_size("cells", cells)
    if columns > first.shape[1] or rows > first.shape[0]:
        raise InputError(f"cells must be at most the maps' size {first.shape[::-1]}, got {(columns, rows)}.")
    surplus = _binned(first, rows, columns) - _binned(second, rows, columns)
    centers = np.stack(np.meshgrid(_centers(first.shape[1], columns), _centers(first.shape[0], rows)), axis=-1).reshape(
        -1, 2
    )
    moved = surplus.clip(min=0).sum()
    if moved <= 1e-15:
        return 0.0
    sides = [np.column_stack([centers[side > 0], side[side > 0]]) for side in (surplus, -surplus)]
    for side in sides:
        side[:, 2] /= side[:, 2].sum()
    works = np.empty(1)
    pair, skip = np.zeros((1, 2), dtype=np.int64), np.zeros(1, dtype=bool)
    starts = [np.array([0, len(side)]) for side in sides]
    transport_pairs(pair, skip, works, sides[0], starts[0], sides[1], starts[1])
    return float(works[0] * moved)


def _densities(map: MapLike, gold: MapLike, minimum: float = 0.0) -> tuple[np.ndarray, float, np.ndarray, float]:
    """Both maps flat, at least 0, and what makes each, with `minimum` on each pixel, a density when it is multiplied.

    What `scanpath.metrics.maps.as_density` does and refuses, but without a copy of a map that is positive already.
    """
    sides = [as_map(map), as_map(gold, "gold")]
    same_size(sides[0], sides[1])
    shares = []
    for number, name in enumerate(("map", "gold")):
        sides[number], total = _lifted(sides[number], name)
        if total == 0:
            raise zero_density(name)
        shares.append(1.0 / (total + sides[number].size * minimum))
    first, second = _alike(*sides)
    return first.ravel(), shares[0], second.ravel(), shares[1]


def _lifted(values: np.ndarray, name: str) -> tuple[np.ndarray, float]:
    """A map that may be one of a density, lifted to a minimum of 0 if it has negative values, and its sum."""
    total, negative = sum_and_negatives(values.ravel())
    if negative or not 0 < total < 1e290:  # else it is finite and holds no logs
        refuse_no_density(values, name)
        values = below_overflow(as_finite_map(values, name))
        values = values - min(values.min(), 0.0)
        total = values.sum()
    if 0 < total < 1e-280:  # whose inverse would be infinite
        values = values.astype(np.float64) / total
        total = values.sum()
    return values, float(total)


def _varied(values: np.ndarray, name: str) -> np.ndarray:
    """A finite map that varies, its largest value scaled to 1."""
    values = as_finite_map(values, name).astype(np.float64)
    if values.min() == values.max():
        raise UndefinedError(f"A correlation needs maps that vary; {name} is constant.", "constant")
    return values / max(values.max(), -values.min())


def _alike(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two maps of one size in one precision, so that loops over both are compiled for two and not for four kinds."""
    same_size(first, second)
    if first.dtype == second.dtype:
        return first, second
    return first.astype(np.float64), second.astype(np.float64)


def _binned(density: np.ndarray, rows: int, columns: int) -> np.ndarray:
    down = np.add.reduceat(density, _edges(density.shape[0], rows)[:-1], axis=0)
    return np.add.reduceat(down, _edges(density.shape[1], columns)[:-1], axis=1).ravel()


def _edges(n: int, parts: int) -> np.ndarray:
    return (np.arange(parts + 1) * n) // parts


def _centers(n: int, parts: int) -> np.ndarray:
    edges = _edges(n, parts)
    return (edges[:-1] + edges[1:] - 1) / 2
