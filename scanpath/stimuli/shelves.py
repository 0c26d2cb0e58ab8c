"""Drawn shelves: products in rows, each a shape in one color on another, one of which is looked for."""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.gaze.stimulus import Stimulus
from scanpath.stimuli.items import Item

_SHAPES = ("bar", "plus", "T", "L", "square", "disc", "ring", "landolt_c")
_COLORS = {
    "red": (0.8, 0.1, 0.1),
    "green": (0.1, 0.6, 0.2),
    "blue": (0.1, 0.2, 0.8),
    "yellow": (0.9, 0.8, 0.1),
    "violet": (0.6, 0.2, 0.7),
    "white": (0.95, 0.95, 0.95),
    "black": (0.05, 0.05, 0.05),
}
#: Side of a product, and gray of the shelf behind.
_BASE_PX, _SHELF = 24, 0.45
#: Every so many kinds of products are kept for shelves of kind "unseen".
_KEPT = 7


@dataclass(frozen=True)
class Product:
    """A kind of product: a shape, its color, and the color of the package."""

    shape: str
    color: str
    package: str

    @property
    def label(self) -> str:
        """What the product is, in words."""
        return f"{self.color} {self.shape} on {self.package}"

    def shared(self, other: "Product") -> float:
        """Return the share of the three properties that another product has too."""
        pairs = ((self.shape, other.shape), (self.color, other.color), (self.package, other.package))
        return sum(one == another for one, another in pairs) / 3


def products(kind: str = "usual") -> tuple[Product, ...]:
    """Return the kinds of products of shelves: "usual", or "unseen" ones, which are on no usual shelf.

    Examples
    --------
    >>> len(products()), len(products("unseen"))
    (288, 48)
    """
    check_choice("kind of products", kind, ("usual", "unseen"))
    kinds = [Product(*one) for one in product(_SHAPES, _COLORS, _COLORS) if one[1] != one[2]]
    return tuple(one for place, one in enumerate(kinds) if (place % _KEPT == 0) == (kind == "unseen"))


def shelf(
    rows: int = 3,
    columns: int = 9,
    *,
    gap_px: tuple[int, int] = (8, 16),
    scale: int = 1,
    target: str = "usual",
    trial: int = 0,
    seed: int = 0,
) -> Stimulus:
    """Draw a shelf of different products, one of which is looked for.

    Parameters
    ----------
    rows, columns
        Products from top to bottom and from left to right.
    gap_px
        Space between products, (across, along), at scale 1.
    scale
        Side of a product in units of 24 px.
    target
        Whether the product that is looked for is a "usual" one or an "unseen" one; the others are usual.
    trial, seed
        Decide the products and their places.

    Returns
    -------
    Stimulus
        With ``objects`` and ``object_labels`` in the order of rows, ``target`` and ``target_box``.

    Raises
    ------
    InputError
        If there are more places than kinds of products.

    Examples
    --------
    >>> display = shelf(3, 9, seed=1)
    >>> len(display.objects), display.size
    (27, (136, 296))
    """
    n = check_count("rows", rows) * check_count("columns", columns)
    usual = products()
    if n > len(usual):
        raise InputError(f"A shelf has at most {len(usual)} different products, got {rows} x {columns} places.")
    generator = numpy_generator(seed, "shelf", rows, columns, target, trial)
    chosen = [usual[place] for place in generator.permutation(len(usual))[:n]]
    wanted = int(generator.integers(n))
    if target != "usual":
        unseen = products(target)
        chosen[wanted] = unseen[int(generator.integers(len(unseen)))]
    side, (across, along) = _BASE_PX * check_count("scale", scale), (gap * scale for gap in gap_px)
    size = rows * (side + along) + along, columns * (side + across) + across
    image = np.full((3, *size), np.float32(_SHELF))
    boxes = []
    for place, one in enumerate(chosen):
        row, column = divmod(place, columns)
        x, y = across + column * (side + across), along + row * (side + along)
        image[:, y : y + side, x : x + side] = drawn(one, scale)
        boxes.append((x, y, side, side))
    return Stimulus(
        image,
        name=f"shelf-{rows}x{columns}-{target}-{seed}-{trial:05d}",
        target=drawn(chosen[wanted], scale),
        target_box=boxes[wanted],
        objects=boxes,
        object_labels=[one.label for one in chosen],
        info={"dataset": "shelves", "task": "search", "condition": target},
    )


@cache
def drawn(one: Product, scale: int = 1) -> np.ndarray:
    """Draw a product, float32 (3, side, side) in [0, 1]."""
    side = _BASE_PX * scale
    item = Item(one.shape, size_deg=0.6 * _BASE_PX, color=1.0, stroke=0.25).draw(scale, 0.0)[0]
    image = np.empty((3, side, side), dtype=np.float32)
    image[:] = np.asarray(_COLORS[one.package], dtype=np.float32)[:, None, None]
    corner = (side - len(item)) // 2
    inner = image[:, corner : corner + len(item), corner : corner + len(item)]
    inner += item * (np.asarray(_COLORS[one.color], dtype=np.float32)[:, None, None] - inner)
    return np.rint(image * 255) / np.float32(255)
