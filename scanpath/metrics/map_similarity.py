"""Maps against maps: correlation, common mass, Kullback-Leibler divergence, earth mover's distance."""

from math import inf

import numpy as np

from scanpath._core.checks import check_choice, check_size
from scanpath._core.errors import InputError, UndefinedError
from scanpath.kernels.transport import transport_pairs
from scanpath.metrics.maps import (
    MapLike,
    as_density,
    as_finite_map,
    as_map,
    doubt_logs,
    is_nowhere_positive,
    refuse_no_density,
    same_size,
    unit_range,
)
from scanpath.metrics.metric import plain_metric

CONVENTIONS = ("pysaliency", "mit")


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
    first, second = (as_finite_map(*side).astype(np.float64) for side in ((map, "map"), (gold, "gold")))
    same_size(first, second)
    for values, name in ((first, "map"), (second, "gold")):
        if values.min() == values.max():
            raise UndefinedError(f"A correlation needs maps that vary; {name} is constant.", "constant")
    first, second = _centered(first), _centered(second)
    share = np.vdot(first, second) / np.sqrt(np.vdot(first, first) * np.vdot(second, second))
    return float(np.clip(share, -1.0, 1.0))


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
    refuse_no_density(map)
    refuse_no_density(gold, "gold")
    first, second = as_finite_map(map), as_finite_map(gold, "gold")
    same_size(first, second)
    if convention == "mit":
        first, second = unit_range(first), unit_range(second)
    return float(np.minimum(as_density(first), as_density(second, "gold")).sum())


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
    same_size(as_map(map), as_map(gold, "gold"))
    as_density(map), as_density(gold, "gold")  # all-zero maps are no densities, whatever is added
    if convention == "mit":
        small = 2.2204e-16 if epsilon is None else epsilon
        first, second = as_density(map), as_density(gold, "gold")
        people = second > 0
        with np.errstate(divide="ignore"):
            return float((second[people] * np.log(small + second[people] / (first[people] + small))).sum())
    small = 1e-20 if epsilon is None else epsilon
    first, second = as_density(map, minimum=small), as_density(gold, "gold", minimum=small)
    people = second > 0
    with np.errstate(divide="ignore"):
        return float((second[people] * (np.log(second[people]) - np.log(first[people]))).sum())


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


def _centered(values: np.ndarray) -> np.ndarray:
    """A map that varies, with mean 0; scaled if squares would leave what floating point holds."""
    largest = max(values.max(), -values.min())
    if not 1e-100 < largest < 1e100:
        values = values / largest
    return values - values.mean()


def _binned(density: np.ndarray, rows: int, columns: int) -> np.ndarray:
    down = np.add.reduceat(density, _edges(density.shape[0], rows)[:-1], axis=0)
    return np.add.reduceat(down, _edges(density.shape[1], columns)[:-1], axis=1).ravel()


def _edges(n: int, parts: int) -> np.ndarray:
    return (np.arange(parts + 1) * n) // parts


def _centers(n: int, parts: int) -> np.ndarray:
    edges = _edges(n, parts)
    return (edges[:-1] + edges[1:] - 1) / 2
