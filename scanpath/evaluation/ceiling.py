"""The marks a model's score is read against: people against people, and what needs no picture at all."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator
from scanpath.gaze.pixels import resized
from scanpath.gaze.scanpath import Scanpath

Paths = Mapping[str, Sequence[Scanpath]]


def shuffled_pictures(
    people: Paths, sizes: Mapping[str, tuple[float, float]] | None, seed: int
) -> dict[str, list[Scanpath]]:
    """For each picture, the intact scanpaths of people on another picture, stretched to its size.

    They keep all that is common to human gaze (center bias, amplitudes, turns, durations) and nothing that the
    picture caused: what a model must beat to have used the picture. As many scanpaths as people made on the picture
    are drawn from all people and all other pictures; none is compared with the person who made it.

    Raises
    ------
    InputError
        If there is only one picture.
    """
    names = _pictures(people, "shuffled")
    floor = {}
    for name in names:
        generator = numpy_generator(seed, "shuffled", name)
        others = [other for other in names if other != name]
        chosen = []
        for _ in people[name]:
            other = others[int(generator.integers(len(others)))]
            path = people[other][int(generator.integers(len(people[other])))]
            chosen.append(_moved(path, _stretched(path.xy, sizes, other, name), path.duration_ms, name))
        floor[name] = chosen
    return floor


def center_bias(people: Paths, sizes: Mapping[str, tuple[float, float]] | None, seed: int) -> dict[str, list[Scanpath]]:
    """For each picture, scanpaths drawn point by point from the fixations on all other pictures.

    They keep where people look on any picture and how many fixations they make on this one, and lose the picture
    and the order.

    Raises
    ------
    InputError
        If there is only one picture.
    """
    names = _pictures(people, "center")
    floor = {}
    for name in names:
        generator = numpy_generator(seed, "center", name)
        elsewhere = [(other, path) for other in names if other != name for path in people[other] if len(path)]
        points = np.concatenate([_stretched(path.xy, sizes, other, name) for other, path in elsewhere])
        times = np.concatenate([_durations(path) for _, path in elsewhere])
        chosen = []
        for path in people[name]:
            draw = generator.integers(len(points), size=len(path))
            known = np.isfinite(times[draw]).any()
            chosen.append(_moved(path, points[draw], times[draw] if known else None, name))
        floor[name] = chosen
    return floor


#: Floors by name: people's scanpaths on all pictures, sizes and seed -> the scanpaths to be scored on each picture.
FLOORS: Mapping[str, Callable[..., dict[str, list[Scanpath]]]] = {
    "shuffled": shuffled_pictures,
    "center": center_bias,
}


def _pictures(people: Paths, floor: str) -> list[str]:
    """Names of all pictures, or that there is no other one to take scanpaths from."""
    if len(people) < 2:
        raise InputError(f"The floor {floor!r} needs people's scanpaths on at least two pictures, got one.")
    return sorted(people)


def _stretched(xy: np.ndarray, sizes: Mapping[str, tuple[float, float]] | None, source: str, target: str) -> np.ndarray:
    return xy if sizes is None else resized(xy, sizes[source], sizes[target])


def _durations(path: Scanpath) -> np.ndarray:
    return np.full(len(path), np.nan) if path.duration_ms is None else path.duration_ms


def _moved(path: Scanpath, xy: np.ndarray, duration_ms: np.ndarray | None, picture: str) -> Scanpath:
    # the maker stays known, so that nobody is compared with their own scanpath from elsewhere
    info = {key: path.info[key] for key in ("subject", "agent", "seed", "target_found") if key in path.info}
    return Scanpath(xy, duration_ms, info=info | {"stimulus": picture})
