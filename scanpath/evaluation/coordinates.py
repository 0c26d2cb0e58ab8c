"""Whether two sides of a comparison speak of the same pixels: the frames that are mistaken for picture pixels.

Fractions of the screen, coordinates from the screen's center, degrees, another size of the picture, y upward, and x in
the place of y all give scores that look like scores.
"""

import warnings
from collections.abc import Mapping

import numpy as np

from scanpath._core.errors import InputError, InputWarning
from scanpath.gaze.doubts import is_stray

#: Fewer fixations say nothing about the frame that they are in.
FEWEST = 3
#: Share of fixations off the picture that people and agents do not reach.
MOSTLY_OFF = 0.3
#: A side whose farthest fixation stays below this share of the picture, in x and in y, was never in most of it.
CORNER = 0.6

_READ = "read the file with read_fixations(path, {settings})"


def check_frames(sides: Mapping[str, np.ndarray], sizes: Mapping[str, np.ndarray] | None) -> list[str]:
    """Warn of each side whose coordinates are probably not picture pixels, and refuse those that cannot be.

    Parameters
    ----------
    sides
        Fixations (n, 2) of each side under the name that messages use; each is held against the others.
    sizes
        (width, height) of the picture under each fixation, (n, 2) a side, if known.

    Returns
    -------
    list of str
        The sentences that were warned of.

    Raises
    ------
    InputError
        If all fixations of a side lie in the first pixel, at fractions of it, or all lie off the pictures.
    """
    sentences = []
    for name, xy in sides.items():
        size = None if sizes is None else sizes[name]
        if len(xy) < FEWEST:
            sentences += _say(name, _strays(xy, size))
            continue
        others = [other for each, other in sides.items() if each != name and len(other)]
        reach = _reach(np.concatenate(others)) if others else np.array([np.inf, np.inf])
        impossible = _impossible(xy, size, reach)
        if impossible:
            raise InputError(f"{name}: {impossible}.")
        sentences += _say(name, _doubt(xy, size, reach) or _strays(xy, size))
    return sentences


def _say(name: str, doubt: str | None) -> list[str]:
    """Warn of a doubt, and return the sentence, if there is one."""
    if doubt is None:
        return []
    warnings.warn(f"{name}: {doubt}.", InputWarning, stacklevel=5)
    return [f"{name}: {doubt}."]


def _strays(xy: np.ndarray, size: np.ndarray | None) -> str | None:
    """Name the first fixation that lies too far beside its picture to be gaze, or the place beside it that returns."""
    if size is None:
        return None
    if not is_stray(xy, size).any():
        return _same_beside(xy, size)
    strays = is_stray(xy, size)
    first = int(strays.argmax())
    code = xy[first][np.abs(xy[first] / size[first]).argmax()]
    return (
        f"{int(strays.sum())} of {len(xy)} fixations are far beside their pictures, the first at {_point(xy[first])} "
        f"where the picture has {size[first][0]:g} x {size[first][1]:g}; if that stands for missing gaze, "
        + _READ.format(settings=f"missing=[{code:g}]")
    )


def _same_beside(xy: np.ndarray, size: np.ndarray) -> str | None:
    """Name a place beside the pictures at which several fixations lie to the last digit, as gaze that was lost does."""
    beside = xy[~_inside(xy, size)]
    places, counts = np.unique(beside, axis=0, return_counts=True)
    if not len(counts) or counts.max() < FEWEST:
        return None
    place = places[counts.argmax()]
    return (
        f"{counts.max()} of {len(xy)} fixations lie beside their pictures at exactly {_point(place)}: gaze that was "
        "lost is often written so; if it was, " + _READ.format(settings=f"missing=[{place[0]:g}]")
    )


def _impossible(xy: np.ndarray, size: np.ndarray | None, reach: np.ndarray) -> str | None:
    """Say why no eye that looked at the pictures can have left these fixations."""
    room = reach if size is None else size.max(axis=0)
    fractions = (xy != np.round(xy)).any() and len(np.unique(xy, axis=0)) > 1
    if (np.abs(xy) <= 1).all() and fractions and room.min() > 20:
        below_zero = bool((xy < 0).any())
        kind = "'norm'" if below_zero else "'normalized'"
        meant = "from -1 to 1, as PsychoPy's norm" if below_zero else "from 0 to 1"
        return (
            f"all {len(xy)} fixations lie within one pixel of (0, 0), which looks like fractions of the screen "
            f"({meant}); " + _READ.format(settings=f"frame={kind}, screen_px=(width, height)")
        )
    if size is not None and not _inside(xy, size).any():
        return f"no fixation lies on its picture (they reach from {_range(xy)}); {_meant(xy, size, reach)}"
    return None


def _doubt(xy: np.ndarray, size: np.ndarray | None, reach: np.ndarray) -> str | None:
    """Say in one sentence what frame the fixations are probably in, if not picture pixels."""
    room = np.broadcast_to(reach * 1.1, xy.shape) if size is None else size
    if np.abs(xy).max() <= 2 and room.min() > 20:
        return f"all {len(xy)} fixations lie within 2 px of (0, 0); {_meant(xy, size, reach)}"
    negative = (xy < -0.5).mean(axis=0)
    if (negative >= 0.2).all() or negative[1] >= 0.8 or negative[0] >= 0.8:
        return f"{negative.max():.0%} of x or y are negative (they reach from {_range(xy)}); {_meant(xy, size, reach)}"
    if not np.isfinite(room).all():
        return None
    off, off_if_swapped = (1 - _inside(each, room).mean() for each in (xy, xy[:, ::-1]))
    if off >= 0.05 and off_if_swapped <= off / 5:
        return (
            f"{off:.0%} of the fixations lie off the pictures, and {off_if_swapped:.0%} would if x and y changed "
            "places; give x and y their own columns"
        )
    if off >= MOSTLY_OFF and size is not None:
        return f"{off:.0%} of the fixations lie off the pictures; {_meant(xy, size, reach)}"
    own = xy / room
    confined = (np.quantile(own, 0.98, axis=0) < CORNER).all() and (own.mean(axis=0) < CORNER / 2 + 0.05).all()
    elsewhere = (_reach(xy) < CORNER * reach).all() or (own.max(axis=0) < 0.2).all()
    if confined and elsewhere and room.min() > 20 and len(xy) > FEWEST:
        return (
            f"no fixation lies beyond {_point(_reach(xy))} px, where {_larger(size, reach)}; {_meant(xy, size, reach)}"
        )
    return None


def _meant(xy: np.ndarray, size: np.ndarray | None, reach: np.ndarray) -> str:
    """Name the likely frame, and what reads it."""
    room = reach if size is None else size.max(axis=0)
    known = f"({room[0]:g}, {room[1]:g})" if size is not None else "(width, height)"
    negative = (xy < -0.5).mean(axis=0)
    extent = np.abs(xy).max(axis=0)
    if (extent <= 60).all() and (extent < 0.2 * room).all():
        return "if they are degrees from the center, " + _READ.format(
            settings=f"frame='degrees', px_per_deg=..., screen_px={known}, y_up=True or False"
        )
    if (negative >= 0.1).all():
        return "if they are counted from the center, " + _READ.format(
            settings=f"frame='centered', screen_px={known}, y_up=True or False"
        )
    if negative[1] >= 0.5:
        return "if y points up, " + _READ.format(settings=f"y_up=True, screen_px={known}")
    ratio = _reach(xy) / room
    return f"if they are px of a picture or screen of another size (about {ratio.mean():.2g} times), " + _READ.format(
        settings=f"size_px=(its width, its height), picture_px={known}"
    )


def _inside(xy: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Which fixations fall on pixels of their pictures, and two px around to allow for rounding."""
    return np.all((xy >= -2.5) & (xy < size + 1.5), axis=1)


def _reach(xy: np.ndarray) -> np.ndarray:
    return np.quantile(xy, 0.98, axis=0)


def _range(xy: np.ndarray) -> str:
    return f"{_point(xy.min(axis=0))} to {_point(xy.max(axis=0))}"


def _point(values: np.ndarray) -> str:
    return f"({values[0]:.5g}, {values[1]:.5g})"


def _larger(size: np.ndarray | None, reach: np.ndarray) -> str:
    if size is None:
        return f"the other side reaches {_point(reach)}"
    return f"the pictures have {size[:, 0].max():g} x {size[:, 1].max():g}"
