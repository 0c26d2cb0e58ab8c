"""Why a metric has no value: codes that batches count and sentences that single calls raise."""

import numpy as np

from scanpath._core.errors import UndefinedError

#: Reason codes by number, as batches store them; 0 means that the value is defined.
REASONS: tuple[str, ...] = (
    "",
    "nan",
    "empty",
    "too_short",
    "off_screen",
    "missing_duration",
    "zero_duration",
    "no_recurrence",
    "no_movement",
    "no_bins",
    "overflow",
    "other",
)

_SENTENCES = {
    "nan": "a coordinate is NaN or infinite; drop such fixations or cut the scanpath there",
    "empty": "a scanpath has no fixations",
    "too_short": "a scanpath has too few fixations",
    "off_screen": "a fixation lies off the screen; drop it, or give outside='clamp' to move it to the border cell",
    "missing_duration": "a fixation duration is missing; give durations in ms",
    "zero_duration": "both fixations of a pair last 0 ms, so that their durations cannot be compared",
    "no_recurrence": "no two fixations lie within the radius",
    "no_movement": "all fixations are in one place",
    "no_bins": "every fixation is shorter than half a time bin, so that none is left",
    "overflow": "coordinates or durations are so large that differences overflow; check their unit",
    "other": "the metric gives no value",
}


def reason_code(reason: str) -> int:
    """Number of a reason; those of metrics from elsewhere count as "other"."""
    return REASONS.index(reason if reason in REASONS else "other")


def undefined(metric: str, code: int, detail: str = "") -> UndefinedError:
    """Build the error of a single call."""
    reason = REASONS[int(code)]
    return UndefinedError(f"{metric} is undefined: {_SENTENCES[reason]}{detail}.", reason)


def count_reasons(reasons: np.ndarray) -> dict[str, int]:
    """Count the reasons for NaN in a batch, the most frequent first.

    Examples
    --------
    >>> count_reasons(np.array([["", "too_short"], ["too_short", "nan"]], dtype=object))
    {'too_short': 2, 'nan': 1}
    """
    names, counts = np.unique(np.asarray(reasons, dtype=str), return_counts=True)
    found = {str(name): int(count) for name, count in zip(names, counts) if name}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
