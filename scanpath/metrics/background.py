"""How much attention a map spends where there is nothing to attend to."""

from scanpath.metrics.maps import MapLike, as_density, same_size
from scanpath.metrics.metric import plain_metric


@plain_metric(
    range=(0, 1),
    direction="distance",
    reference="Chen et al. (2025), arXiv:2508.13634",
    doi="10.48550/arXiv.2508.13634",
)
def background_share(map: MapLike, gold: MapLike) -> float:
    """Share of a map's mass on the background: where the gold map is 0, such as outside the boxes of targets.

    0 if all of the attention lies on what matters. It asks nothing about where within; `kl_divergence` to the same
    gold map does. A gold map that is positive everywhere, as a smoothed density of fixations is, has no background.

    Parameters
    ----------
    map, gold
        (H, W) maps; those with negative values are lifted to a minimum of 0. The gold map may be a mask, or
        `scanpath.guidance.center_peaked_map` of the targets' boxes.

    Raises
    ------
    UndefinedError
        If a map is 0 everywhere.
    InputError
        If a map varies and is nowhere positive, as the log of a density is, or the sizes differ.

    Examples
    --------
    >>> background_share([[1, 2, 1]], [[0, 1, 0]])
    0.5
    """
    attention, wanted = as_density(map), as_density(gold, "gold")
    same_size(attention, wanted)
    return float(min(1.0, attention[wanted == 0].sum()))
