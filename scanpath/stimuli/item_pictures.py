"""One item in the middle of plain ground, for networks that learn to name it."""

from dataclasses import dataclass, replace

import numpy as np

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.stimuli.items import SHAPES, Item

#: Gray levels of the ground, and the least difference of an item's luminance from it.
_GROUND, _LEAST_CONTRAST = (0.3, 0.7), 0.25
#: By how much the size of an item varies, and its place, as a share of its size.
_SIZES, _JITTER = (0.85, 1.15), 0.08
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class ItemPictures:
    """Pictures of one item each.

    Attributes
    ----------
    images
        (N, 3, side, side) float32 in [0, 1].
    labels
        (N,) place in `scanpath.stimuli.items.SHAPES`, or -1 for ground without an item.
    """

    images: np.ndarray
    labels: np.ndarray


def item_pictures(
    count: int,
    *,
    size_px: int = 28,
    side_px: int = 96,
    most_turn_deg: float = 360.0,
    empty: bool = False,
    seed: int = 0,
) -> ItemPictures:
    """Draw one item a picture: all eight shapes equally often, at any orientation, in any color, on gray ground.

    Parameters
    ----------
    count
        How many pictures.
    size_px
        Mean size of the items.
    side_px
        Side of the square pictures.
    most_turn_deg
        Items are turned counter-clockwise from upright by less than this.
    empty
        Leave the items out.
    seed
        Picture i depends on it and on i alone.

    Raises
    ------
    InputError
        If the items do not fit into the pictures.

    Examples
    --------
    >>> drawn = item_pictures(16)
    >>> drawn.images.shape, np.bincount(drawn.labels).tolist()
    ((16, 3, 96, 96), [2, 2, 2, 2, 2, 2, 2, 2])
    """
    check_positive("size_px", size_px)
    if check_count("side_px", side_px) < 2 * size_px:
        raise InputError(f"Pictures of {side_px} px are too small for items of {size_px} px; use twice their size.")
    images = np.empty((check_count("count", count), 3, side_px, side_px), dtype=np.float32)
    labels = np.full(count, -1) if empty else np.arange(count) % len(SHAPES)
    for image, label, number in zip(images, labels, range(count)):
        generator = numpy_generator(seed, "item picture", number)
        ground = round(255 * generator.uniform(*_GROUND))
        image[:] = ground / 255
        if not empty:
            _put_item(
                image, _random_item(generator, SHAPES[label], size_px, most_turn_deg, ground / 255), ground, generator
            )
    return ItemPictures(images, labels)


def _random_item(
    generator: np.random.Generator, shape: str, size_px: float, most_turn_deg: float, ground: float
) -> Item:
    item = Item(
        shape, size_px * generator.uniform(*_SIZES), orientation_deg=generator.uniform(0, most_turn_deg), stroke=0.25
    )
    while True:
        color = generator.uniform(0, 1, 3)
        if abs(float(_LUMINANCE @ color) - ground) >= _LEAST_CONTRAST:
            red, green, blue = color.tolist()
            return replace(item, color=(red, green, blue))


def _put_item(image: np.ndarray, item: Item, ground: float, generator: np.random.Generator) -> None:
    drawn = item.draw(1.0, ground)
    inner, outer = drawn.shape[-1], image.shape[-1]
    reach = _JITTER * item.size_deg
    row, column = np.rint((outer - inner) / 2 + generator.uniform(-reach, reach, 2)).astype(int)
    image[:, row : row + inner, column : column + inner] = drawn
