"""ScaSim: an edit distance in time units that knows how far apart in visual angle two fixations are."""

import math
from typing import Any

import numpy as np

from scanpath._core.errors import InputError
from scanpath.geometry.screen import Screen
from scanpath.kernels.sequences import timed_edit_pairs
from scanpath.metrics.packing import PackedPaths, Scores, pack_both, pair_faults, run_over_pairs, score_one
from scanpath.metrics.spec import MetricSpec
from scanpath.metrics.undefined import reason_code


def scasim(a: Any, b: Any, screen: Screen, *, modulator: float = 0.83, normalize: bool = False) -> float:
    """Measure how many ms of fixation must be inserted, deleted or moved to turn one scanpath into the other.

    Inserting or deleting a fixation costs its duration. Putting one of duration t' for one of duration t costs
    \\|t - t'\\| if both look the same way and t + t' if they look far apart: with s = modulator ** angle, the cost is
    \\|t - t'\\| s + (t + t')(1 - s). The angle between the two lines of sight is exact for a flat screen seen from its
    middle.

    Parameters
    ----------
    a, b
        Scanpaths with durations, in screen pixels.
    screen
        The display and its viewing distance.
    modulator
        How much of the overlap in time is left after 1 deg, between 0 (only equal places match) and 1 (place plays no
        part). 0.83, the authors' value, follows the loss of acuity with eccentricity.
    normalize
        Divide by the total duration of both scanpaths, for a distance in [0, 1].

    Raises
    ------
    UndefinedError
        If a scanpath is empty ("empty") or lacks durations ("missing_duration"); with `normalize`, if all durations
        are 0 ("zero_duration").

    References
    ----------
    von der Malsburg & Vasishth (2011), Journal of Memory and Language 65,
    https://doi.org/10.1016/j.jml.2011.02.004.

    Examples
    --------
    >>> screen = Screen.from_px_per_deg(30.0, width_px=800, height_px=600)
    >>> scasim([(400, 300, 200), (500, 300, 150)], [(400, 300, 250)], screen)
    200.0
    """
    settings = {"screen": screen, "modulator": modulator, "normalize": normalize}
    return float(score_one("scasim", _batch, a, b, **settings)[0])


def _batch(
    first: Any,
    second: Any,
    pairs: np.ndarray,
    *,
    jobs: int = 1,
    screen: Screen,
    modulator: float = 0.83,
    normalize: bool = False,
) -> Scores:
    if not isinstance(screen, Screen):
        raise InputError(f"scasim needs screen=Screen(...) for visual angles, got {type(screen).__name__}.")
    if not (math.isfinite(modulator) and 0 < modulator <= 1):
        raise InputError(f"modulator must be above 0 and at most 1, got {modulator!r}.")
    paths_a, paths_b = pack_both(first, second)
    fault = pair_faults(paths_a, paths_b, pairs)
    total = np.zeros(len(pairs))
    for paths, index in ((paths_a, pairs[:, 0]), (paths_b, pairs[:, 1])):
        total += np.bincount(paths.owner, weights=paths.duration_ms, minlength=len(paths))[index]
    fault = np.where((fault == 0) & np.isnan(total), reason_code("missing_duration"), fault)
    if normalize:
        fault = np.where((fault == 0) & (total == 0), reason_code("zero_duration"), fault)
    gaze_a = _lines_of_sight(paths_a, screen)
    gaze_b = gaze_a if paths_b is paths_a else _lines_of_sight(paths_b, screen)
    distances = np.full(len(pairs), np.nan)
    sets = (gaze_a, paths_a.start, gaze_b, paths_b.start)
    run_over_pairs(timed_edit_pairs, jobs, pairs, (fault != 0, distances), *sets, float(modulator))
    if normalize:
        distances = np.divide(distances, total, out=distances, where=fault == 0)
    return Scores(distances[:, None], fault[:, None])


def _lines_of_sight(paths: PackedPaths, screen: Screen) -> np.ndarray:
    """Unit vectors from the eye to the fixations, and the durations; the eye faces the screen's middle."""
    middle = (np.array([screen.width_px, screen.height_px]) - 1) / 2
    toward = np.column_stack([(paths.xy - middle) * screen.cm_per_px, np.full(len(paths.xy), screen.distance_cm)])
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    return np.column_stack([toward, paths.duration_ms])


SPEC = MetricSpec(
    name="scasim",
    function=scasim,
    summary="Fixation time to insert, delete or move, weighted by visual angle",
    range=(0.0, float("inf")),
    direction="distance",
    symmetric=True,
    unit="ms",
    needs=("screen", "duration_ms"),
    reference="von der Malsburg & Vasishth (2011), Journal of Memory and Language 65",
    doi="10.1016/j.jml.2011.02.004",
    batch=_batch,
)
