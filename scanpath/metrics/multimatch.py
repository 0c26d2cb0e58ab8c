"""MultiMatch: two scanpaths aligned saccade by saccade and compared in shape, direction, length, place and time."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scanpath._core.checks import check_size
from scanpath._core.errors import InputError
from scanpath.kernels import alignment as kernel
from scanpath.metrics.packing import PackedPaths, Scores, pack_both, pair_faults, run_over_pairs, score_one
from scanpath.metrics.spec import MetricSpec
from scanpath.metrics.undefined import reason_code


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


def multimatch(a: Any, b: Any, screen_px: tuple[int, int], *, simplify: Simplify | None = None) -> MultiMatch:
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
        (width, height) of the screen or picture. Fixations may lie off it; vector, length and position may then
        fall below 0.
    simplify
        Merge small saccades first; None compares the scanpaths as they are. Durations of merged fixations are
        dropped, not added.

    Returns
    -------
    MultiMatch
        vector, direction, length, position, duration. Duration is NaN where a duration on the alignment is missing,
        or both are 0.

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
    values = score_one("multimatch", _batch, a, b, screen_px=screen_px, simplify=simplify)
    return MultiMatch(*values.tolist())


def _batch(
    first: Any,
    second: Any,
    pairs: np.ndarray,
    *,
    jobs: int = 1,
    screen_px: tuple[int, int],
    simplify: Simplify | None = None,
) -> Scores:
    width, height = check_size("screen_px", screen_px)
    if simplify is not None and not isinstance(simplify, Simplify):
        raise InputError(f"simplify must be a scanpath.metrics.Simplify or None, got {simplify!r:.60}.")
    packed_a, packed_b = pack_both(first, second)
    fault = pair_faults(packed_a, packed_b, pairs, least=3)
    if simplify is not None:
        fault = _need_durations(fault, packed_a, packed_b, pairs)
    saccades_a = _saccades(packed_a, simplify)
    saccades_b = saccades_a if packed_b is packed_a else _saccades(packed_b, simplify)
    values = np.full((len(pairs), 5), np.nan)
    duration_fault = np.zeros(len(pairs), dtype=np.int8)
    run_over_pairs(kernel.multimatch_pairs, jobs, pairs, (fault != 0, values, duration_fault), *saccades_a, *saccades_b)
    diagonal = math.hypot(width, height)
    values = 1.0 - values / np.array([2 * diagonal, math.pi, diagonal, diagonal, 1.0])
    faults = np.repeat(fault[:, None], 5, axis=1)
    for code, reason in ((kernel.MISSING, "missing_duration"), (kernel.BOTH_ZERO, "zero_duration")):
        faults[duration_fault == code, 4] = reason_code(reason)
    return Scores(values, faults)


def _saccades(paths: PackedPaths, simplify: Simplify | None) -> tuple[np.ndarray, np.ndarray]:
    """Saccade sets of all paths in the kernel's columns, and their starts."""
    table = np.empty((len(paths.xy), 7))
    start = np.empty(len(paths) + 1, dtype=np.int64)
    rows = kernel.fill_saccades(table, start, paths.xy, paths.duration_ms, paths.start)
    if simplify is not None:
        limits = math.radians(simplify.direction_deg), float(simplify.duration_ms), float(simplify.amplitude_px)
        rows = kernel.simplify_saccades(table, start, _last_durations(paths), *limits)
    kernel.fill_polar(table[:rows])
    return table[:rows], start


def _last_durations(paths: PackedPaths) -> np.ndarray:
    last = np.full(len(paths), np.nan)
    some = paths.length > 0
    last[some] = paths.duration_ms[paths.start[1:][some] - 1]
    return last


def _need_durations(fault: np.ndarray, first: PackedPaths, second: PackedPaths, pairs: np.ndarray) -> np.ndarray:
    missing = np.zeros(len(pairs), dtype=bool)
    for paths, index in ((first, pairs[:, 0]), (second, pairs[:, 1])):
        unknown = np.bincount(paths.owner[np.isnan(paths.duration_ms)], minlength=len(paths)) > 0
        missing |= unknown[index]
    return np.where((fault == 0) & missing, reason_code("missing_duration"), fault).astype(np.int8)


SPEC = MetricSpec(
    name="multimatch",
    function=multimatch,
    summary="Five similarities along the best alignment of saccade vectors",
    parts=MultiMatch._fields,
    range=(0.0, 1.0),
    direction="similarity",
    symmetric=True,
    needs=("screen_px", "duration_ms"),
    least=3,
    reference="Dewhurst et al. (2012), Behavior Research Methods 44",
    doi="10.3758/s13428-012-0212-2",
    batch=_batch,
)
