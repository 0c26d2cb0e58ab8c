"""ScaSim: an edit distance in time units that knows how far apart in visual angle two fixations are."""

import math

import numpy as np

from scanpath._core.errors import InputError
from scanpath.geometry.screen import Screen
from scanpath.kernels.sequences import timed_edit_pairs
from scanpath.metrics.pairs import Packed, PackedPaths, PathPairs, Scores, add_fault, scanpath_metric


@scanpath_metric(
    range=(0, math.inf),
    direction="distance",
    symmetric=True,
    unit="ms",
    needs=("duration_ms",),
    reference="von der Malsburg & Vasishth (2011), Journal of Memory and Language 65",
    doi="10.1016/j.jml.2011.02.004",
)
def scasim(pairs: PathPairs, screen: Screen, *, modulator: float = 0.83, normalize: bool = False) -> Scores:
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
    if not isinstance(screen, Screen):
        raise InputError(f"scasim needs screen=Screen(...) for visual angles, got {type(screen).__name__}.")
    if not (math.isfinite(modulator) and 0 < modulator <= 1):
        raise InputError(f"modulator must be above 0 and at most 1, got {modulator!r}.")
    gaze = pairs.each(lambda paths: _lines_of_sight(paths, screen))
    total = np.add(*pairs.both(_total_ms))
    fault = gaze.faults()
    if normalize:
        fault = add_fault(fault, total == 0, "zero_duration")
    distances, faults = gaze.score(timed_edit_pairs, float(modulator), fault=fault)
    if normalize:
        distances = np.divide(distances, total[:, None], out=distances, where=faults == 0)
    return Scores(distances, faults)


def _total_ms(paths: PackedPaths) -> np.ndarray:
    return np.bincount(paths.owner, weights=paths.duration_ms, minlength=len(paths))


def _lines_of_sight(paths: PackedPaths, screen: Screen) -> Packed:
    """Unit vectors from the eye to the fixations, and the durations; the eye faces the screen's middle."""
    middle = (np.array([screen.width_px, screen.height_px]) - 1) / 2
    toward = np.column_stack([(paths.xy - middle) * screen.cm_per_px, np.full(len(paths.xy), screen.distance_cm)])
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    return paths.holding(np.column_stack([toward, paths.duration_ms]), paths.untimed, "missing_duration")
