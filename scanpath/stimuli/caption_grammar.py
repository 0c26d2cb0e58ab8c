"""The grammar of scene captions: how an object and its place are put into words."""

from collections.abc import Callable

import numpy as np

_NOUNS = {"striped": "stripes", "dotted": "dots", "checked": "checks"}

#: Position phrase -> whether the place (x, y), as shares of the picture's sides, deserves it.
POSITIONS: dict[str, Callable[[float, float], bool]] = {
    "on the left": lambda x, y: x < 0.5,
    "on the right": lambda x, y: x >= 0.5,
    "at the top": lambda x, y: y < 0.5,
    "at the bottom": lambda x, y: y >= 0.5,
    "in the upper left": lambda x, y: x < 0.5 and y < 0.5,
    "in the upper right": lambda x, y: x >= 0.5 and y < 0.5,
    "in the lower left": lambda x, y: x < 0.5 and y >= 0.5,
    "in the lower right": lambda x, y: x >= 0.5 and y >= 0.5,
}


def position_holds(name: str, center_px: tuple[float, float], size_px: int) -> bool:
    """Say whether a position phrase is true of a place in a square picture."""
    return POSITIONS[name](center_px[0] / (size_px - 1), center_px[1] / (size_px - 1))


def describe(rng: np.random.Generator, combination: tuple[str, str, str], position: str | None) -> str:
    """Put a color, texture and shape, and where it is, into one of the grammar's sentences.

    Examples
    --------
    >>> describe(np.random.default_rng(0), ("red", "striped", "ring"), "on the left")
    'a red ring with stripes on the left'
    """
    color, texture, shape = combination
    forms = [
        f"a {color} {texture} {shape}",
        f"a {texture} {color} {shape}",
        f"the {texture} {shape} that is {color}",
        f"a {color} {shape} with {_NOUNS[texture]}" if texture in _NOUNS else f"the plain {color} {shape}",
    ]
    words = forms[rng.integers(len(forms))]
    return words if position is None else f"{words} {position}"


def all_words() -> list[str]:
    """Return the words that the position phrases and sentence frames use, for a token list."""
    frames = ["a", "the", "that", "is", "with", *_NOUNS.values(), *_NOUNS, "plain"]
    return sorted({*frames, *(word for name in POSITIONS for word in name.split())})
