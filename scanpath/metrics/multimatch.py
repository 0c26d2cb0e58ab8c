"""MultiMatch: two scanpaths aligned saccade by saccade and compared in shape, direction, length, place and time."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scanpath._core.checks import check_size
from scanpath._core.errors import InputError
from scanpath.kernels import alignment as kernel
from scanpath.metrics.metric import reason_code
from scanpath.metrics.pairs import Packed, PackedPaths, PathPairs, Scores, add_fault, scanpath_metric


class MultiMatch(NamedTuple):
    """The five similarities, 1 for identical scanpaths."""

    vector: float
    direction: float
    length: float
    position: float
    duration: float


@dataclass(frozen=True, slots=True)
class Simplify:
    """Below which a saccade is merged with its neighbor before scanpaths are compared.

    Parameters
    ----------
    direction_deg
        Two saccades that differ by less in direction are one, if the fixation between them is short.
    duration_ms
        A fixation shorter than this is short.
    amplitude_px
        A saccade shorter than this joins the next, if a fixation at either of its ends is short.
    """

    direction_deg: float
    duration_ms: float
    amplitude_px: float

    def __post_init__(self) -> None:
        for name in ("direction_deg", "duration_ms", "amplitude_px"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"Simplify.{name} must be a number of at least 0, got {value!r}.")


@scanpath_metric(
    parts=MultiMatch,
    range=(0, 1),
    direction="similarity",
    symmetric=True,
    needs=("duration_ms",),
    least=3,
    reference="Dewhurst et al. (2012), Behavior Research Methods 44",
    doi="10.3758/s13428-012-0212-2",
)
def multimatch(pairs: PathPairs, screen_px: tuple[int, int], *, simplify: Simplify | None = None) -> Scores:
    """Compare two scanpaths in five parts along the best alignment of their saccades.

    Saccades are displacement vectors. The alignment is the path through the matrix of vector differences, from the
    first to the last pair of saccades, whose entered cells cost least in sum. Along it, each part is 1 - median
    difference / largest possible difference: of the vectors (twice the screen's diagonal), of directions (180 deg),
    of amplitudes (diagonal), of the saccades' *starting* fixations' positions (diagonal) and durations (the longer of
    the two). So the place and the duration of the last fixation are never compared.

    Ties: where coordinates are so coarse that several alignments cost the same, a step along one scanpath is preferred
    to a step along both (unless it costs nothing), which is what multimatch-gaze 0.1.3 does in practice. The result
    is exactly symmetric, and exactly 1 for identical scanpaths.

    Parameters
    ----------
    a, b
        Scanpaths of at least three fixations, as `scanpath.as_scanpath` takes them.
    screen_px
        (width, height) of the screen or picture. Fixations may lie off it; vector, length and position that would
        then fall below 0 are undefined ("off_screen").
    simplify
        Merge small saccades first; None compares the scanpaths as they are. Durations of merged fixations are
        dropped, not added.

    Returns
    -------
    MultiMatch
        vector, direction, length, position, duration. Duration is NaN where a duration on the alignment is missing,
        or both are 0; a part that is off the screen is NaN.

    Raises
    ------
    UndefinedError
        If a scanpath has fewer than three fixations ("too_short", "empty"), or durations are missing but needed to
        simplify ("missing_duration").
    InputError
        If a coordinate is NaN.

    References
    ----------
    Jarodzka, Holmqvist & Nyström (2010), ETRA, https://doi.org/10.1145/1743666.1743718.
    Dewhurst et al. (2012), Behavior Research Methods 44, https://doi.org/10.3758/s13428-012-0212-2.

    Examples
    --------
    >>> path = [(100, 100, 200), (400, 120, 250), (300, 500, 180), (700, 300, 220)]
    >>> moved = [(x + 100, y, duration) for x, y, duration in path]
    >>> result = multimatch(path, moved, screen_px=(1280, 720))
    >>> result.vector, round(result.position, 4)
    (1.0, 0.9319)
    """
    diagonal = math.hypot(*check_size("screen_px", screen_px))
    if simplify is not None and not isinstance(simplify, Simplify):
        raise InputError(f"simplify must be a scanpath.metrics.Simplify or None, got {simplify!r:.60}.")
    fault = pairs.faults(least=3)
    if simplify is not None:
        fault = add_fault(fault, np.logical_or(*pairs.both(lambda paths: paths.untimed)), "missing_duration")
    values = np.full((len(pairs), 5), np.nan)
    duration_fault = np.zeros(len(pairs), dtype=np.int8)
    saccades = pairs.each(lambda paths: _saccades(paths, simplify))
    saccades.run(kernel.multimatch_pairs, (fault != 0, values, duration_fault))
    values = 1.0 - values / np.array([2 * diagonal, math.pi, diagonal, diagonal, 1.0])
    faults = np.repeat(fault[:, None], 5, axis=1)
    for code, reason in ((kernel.MISSING, "missing_duration"), (kernel.BOTH_ZERO, "zero_duration")):
        faults[duration_fault == code, 4] = reason_code(reason)
    return Scores(values, faults)


def _saccades(paths: PackedPaths, simplify: Simplify | None) -> Packed:
    """Saccades of all paths in the kernel's columns."""
    table = np.empty((len(paths.xy), 7))
    start = np.empty(len(paths) + 1, dtype=np.int64)
    rows = kernel.fill_saccades(table, start, paths.xy, paths.duration_ms, paths.start)
    if simplify is not None:
        limits = math.radians(simplify.direction_deg), float(simplify.duration_ms), float(simplify.amplitude_px)
        rows = kernel.simplify_saccades(table, start, _last_durations(paths), *limits)
    kernel.fill_polar(table[:rows])
    return Packed(table[:rows], start, paths.fault)


def _last_durations(paths: PackedPaths) -> np.ndarray:
    last = np.full(len(paths), np.nan)
    some = paths.length > 0
    last[some] = paths.duration_ms[paths.start[1:][some] - 1]
    return last
