"""What is particular to the ViSioNS benchmark: how it shortens scanpaths, scores limited trials, and ranks models.

References
----------
.. [1] Travi, F., Ruarte, G., Bujia, G. & Kamienkowski, J. E. (2022). ViSioNS: Visual search in natural scenes
   benchmark. NeurIPS 35, Datasets and Benchmarks Track.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError, UndefinedError
from scanpath.gaze.scanpath import Scanpath, ScanpathLike, as_scanpath
from scanpath.metrics.search import numbers

#: Terms of the score, with whose value each is compared.
_AGAINST_PEOPLE = ("AUCperf", "AvgMM")
_AGAINST_GOLD = ("AUChsp", "NSShsp", "IGhsp", "LLhsp")
VISIONS_CONVENTIONS = ("table", "code")


def collapse_fixations(path: ScanpathLike, window_px: tuple[float, float]) -> Scanpath:
    """Merge neighboring fixations closer than half a window, from left to right, into their midpoint.

    The rule of ViSioNS for scanpaths that are brought to a coarser grid: while the next fixation lies within half
    the window in both directions, the pair becomes its mean, which is tested again. Durations are added, onsets are
    those of the first.

    Parameters
    ----------
    path
        A scanpath in any form.
    window_px
        (width, height) of the window in px.
    """
    scanpath = as_scanpath(path)
    half = np.asarray(window_px, dtype=np.float64) / 2
    merged: list[np.ndarray] = []
    first: list[int] = []
    for index, point in enumerate(scanpath.xy):
        if merged and (np.abs(merged[-1] - point) < half).all():
            merged[-1] = (merged[-1] + point) / 2
        else:
            merged.append(point)
            first.append(index)
    times = scanpath.duration_ms
    duration_ms = None if times is None or not first else np.add.reduceat(times, first)
    onset_ms = None if scanpath.onset_ms is None else scanpath.onset_ms[first]
    return Scanpath(np.array(merged).reshape(-1, 2), duration_ms, onset_ms, scanpath.info)


def performance_by_limit(
    found: Iterable[float | None], allowed: Iterable[float | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Share found in each group of trials that were allowed the same number of fixations.

    The rule by which ViSioNS scores people on Interiors, whose trials stop after a random number of saccades: its
    area is `performance_auc` of the shares, equally spaced whatever the limits are.

    Returns
    -------
    tuple
        The limits in fixations, ascending, and the share found within the limit in each group.

    Examples
    --------
    >>> performance_by_limit([0, None, 3, 2], [3, 3, 5, 5])
    (array([3., 5.]), array([0.5, 1. ]))
    """
    index = numbers("found", found)
    limit = numbers("allowed", allowed)
    if index.shape != limit.shape:
        raise InputError(f"allowed must have one value a trial ({len(index)}), got {len(limit)}.")
    limits = np.unique(limit)
    return limits, np.array([(index[limit == each] < each).mean() for each in limits])


def visions_score(
    model: Mapping[str, float],
    people: Mapping[str, float],
    gold_standard: Mapping[str, float],
    *,
    convention: str = "table",
) -> float:
    """Put a model's results into the one number by which ViSioNS ranks models.

    A mean over whatever terms the model has, in units that do not match: relative errors of information gain and
    likelihood decide it. Report it beside the terms; do not optimize it.

    Parameters
    ----------
    model
        Values of ``AUCperf``, ``AvgMM``, ``Corr`` (over pictures, with people's) and ``AUChsp, NSShsp, IGhsp, LLhsp``
        (next-fixation prediction); missing ones do not count.
    people
        ``AUCperf`` and ``AvgMM`` of people.
    gold_standard
        ``AUChsp, NSShsp, IGhsp, LLhsp`` of the gold standard.
    convention
        ``"table"``: as the published table was made, with ``1 - |difference|`` for AUCperf and Corr itself, so that a
        model like people gets 1 for them. ``"code"``: as the later program, with both lowered by 1.

    Raises
    ------
    UndefinedError
        If the model has none of the terms.

    Examples
    --------
    >>> people, gold = {"AUCperf": 0.5, "AvgMM": 0.8}, {"AUChsp": 0.9}
    >>> visions_score({"AUCperf": 0.4, "AvgMM": 0.6, "AUChsp": 0.9}, people, gold, convention="code").__round__(3)
    -0.117
    """
    check_choice("convention", convention, VISIONS_CONVENTIONS)
    like_people = 1.0 if convention == "table" else 0.0
    terms = []
    if "AUCperf" in model:
        terms.append(like_people - abs(_of(people, "AUCperf") - model["AUCperf"]))
    if "AvgMM" in model:
        terms.append(model["AvgMM"] / _of(people, "AvgMM") - 1)
    if "Corr" in model:
        terms.append(model["Corr"] - 1 + like_people)
    terms += [(model[name] / _of(gold_standard, name)) - 1 for name in _AGAINST_GOLD if name in model]
    if not terms:
        known = ", ".join((*_AGAINST_PEOPLE, "Corr", *_AGAINST_GOLD))
        raise UndefinedError(f"The score needs at least one of {known}; got {sorted(model) or 'nothing'}.", "empty")
    return float(np.mean(terms))


def _of(reference: Mapping[str, float], name: str) -> float:
    if name not in reference:
        raise InputError(f"The score of {name} needs its reference value; give it for people or gold_standard.")
    return reference[name]
