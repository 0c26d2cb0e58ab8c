"""A model beside people: every metric with its ceiling, its floors and its uncertainty, in one tidy table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from scanpath._core.checks import check_choice, check_count
from scanpath.evaluation.bootstrap import RESAMPLED
from scanpath.evaluation.inputs import Fixations, Progress, ScreenSize
from scanpath.evaluation.pairing import Pairing, as_pairing
from scanpath.evaluation.result import Evaluation
from scanpath.evaluation.sides import Comparison, Metrics, measures_of


def evaluate(
    simulated: Fixations,
    human: Fixations,
    metrics: Metrics = ("multimatch", "scanmatch", "levenshtein"),
    *,
    pairing: Pairing | str | None = None,
    screen_px: ScreenSize | None = None,
    floors: Sequence[str] = (),
    resampled: str = "pictures",
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Score agents' scanpaths against people's, beside the score of people against people.

    Every scanpath is compared with those of all people on the same picture; the scores are averaged in the order
    that the pairing names. The ceiling is the same number for people, each against the others and never against
    themselves, on the same pictures. Pairs for which a metric is undefined (too short, no durations) are left out
    of the means and counted with their reason; they never count as zero or as perfect.

    Parameters
    ----------
    simulated
        Tidy fixation table, or list of `Scanpath` with ``info["stimulus"]`` and ``info["agent"]``. Each agent gets
        its own rows; scanpaths without an agent are reported as ``"people"``.
    human
        The people, in the same forms, with ``subject``.
    metrics
        Names of scanpath metrics, or a mapping of names to their settings, as in
        ``{"scanmatch": {"bins": (12, 8)}}``. Metrics on labels, such as the Sequence Score, take ``bandwidth_px``
        too: labels are then the clusters of all people's fixations on the picture
        (`scanpath.metrics.fixation_clusters`).
    pairing
        Who is compared with whom; also one of the names in ``scanpath.evaluation.PAIRINGS``.
    screen_px
        (width, height) in px, or a mapping of stimulus to it; taken from the tables' metadata where that has it.
    floors
        Marks to score beside the agents: ``"shuffled"`` (people's scanpaths of other pictures) and ``"center"``
        (points drawn from people's fixations on other pictures).
    resampled
        What the intervals resample: ``"pictures"``, or ``"pictures+people"`` to speak of other people too (with
        ``"best"`` pairings it leans to the worse side, as fewer different people are drawn than there are).
    draws
        Bootstrap samples.
    confidence
        Share of the bootstrap distribution inside low to high.
    seed
        Of the bootstrap and the floors.
    jobs
        Threads for the pairs.
    progress
        Wraps the sequence of steps, for a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row for each agent (floors last), metric and part: ``agent, metric, part, value, low, high, ceiling,
        ceiling_low, ceiling_high, better, n_pictures, n_pairs, n_undefined, undefined, pairing``. The facts needed
        to repeat the numbers are in ``.attrs["scanpath"]``; `write_evaluation` stores both as JSON.

    Raises
    ------
    InputError
        If a metric needs the pictures' sizes and nothing tells them, if no picture was seen by both sides, or if a
        scanpath does not say who looked at what.

    Examples
    --------
    >>> from scanpath import Scanpath
    >>> def path(xy, **who):
    ...     return Scanpath(xy, info={"stimulus": "a.png", **who})
    >>> people = [path([(1, 0), (9, 0), (9, 9)], subject="s1"), path([(1, 0), (9, 1), (9, 9)], subject="s2")]
    >>> model = [path([(1, 0), (5, 0), (9, 9)], agent="mine")]
    >>> table = evaluate(model, people, ["levenshtein"], screen_px=(10, 10))
    >>> table[["agent", "metric", "value", "ceiling", "n_pairs"]].values.tolist()
    [['mine', 'levenshtein', 1.0, 0.0, 2]]
    """
    interval = {"resampled": resampled, "draws": draws, "confidence": confidence, "seed": seed}
    comparison = Comparison.prepare(simulated, human, as_pairing(pairing), screen_px, floors, seed)
    return _evaluation(comparison, metrics, floors, interval, jobs, progress).scores


def evaluate_agents(
    simulated: Fixations,
    human: Fixations,
    metrics: Metrics = ("multimatch", "scanmatch", "levenshtein"),
    *,
    pairing: Pairing | str | None = None,
    screen_px: ScreenSize | None = None,
    floors: Sequence[str] = (),
    resampled: str = "pictures",
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Score agents as `evaluate` does, and compare them with each other: all tables from one pass over the scanpaths.

    Parameters are those of `evaluate`.

    Returns
    -------
    Evaluation
        ``scores`` is the table of `evaluate`, ``pictures`` that of `picture_scores`, ``people`` has one value for each
        picture and person, and ``differences`` is what `compare_agents` makes of the pictures. Each is made when it is
        first asked for.

    Raises
    ------
    InputError
        As `evaluate`.

    Examples
    --------
    >>> from scanpath import Scanpath
    >>> def path(picture, x, **who):
    ...     return Scanpath([(x, 0), (9, x)], info={"stimulus": picture, **who})
    >>> people = [path(p, x, subject=s) for p in "abc" for x, s in ((1, "s1"), (2, "s2"))]
    >>> agents = [path(p, x, agent=a) for p in "abc" for x, a in ((1, "near"), (8, "far"))]
    >>> evaluation = evaluate_agents(agents, people, ["dtw"])
    >>> evaluation.differences[["agent", "other", "n_pictures"]].values.tolist()
    [['near', 'far', 3]]
    """
    interval = {"resampled": resampled, "draws": draws, "confidence": confidence, "seed": seed}
    comparison = Comparison.prepare(simulated, human, as_pairing(pairing), screen_px, floors, seed)
    return _evaluation(comparison, metrics, floors, interval, jobs, progress)


def picture_scores(
    simulated: Fixations,
    human: Fixations,
    metrics: Metrics = ("multimatch", "scanmatch", "levenshtein"),
    *,
    pairing: Pairing | str | None = None,
    screen_px: ScreenSize | None = None,
    floors: Sequence[str] = (),
    seed: int = 0,
    jobs: int = 1,
) -> pd.DataFrame:
    """Score agents and people on each picture: what `evaluate` averages, for paired tests and scatter plots.

    Parameters are those of `evaluate`.

    Returns
    -------
    pandas.DataFrame
        One row for each agent, metric, part and picture: ``agent, metric, part, picture, value, ceiling, n_pairs,
        n_undefined``.
    """
    comparison = Comparison.prepare(simulated, human, as_pairing(pairing), screen_px, floors, seed)
    return _evaluation(comparison, metrics, floors, {"seed": seed}, jobs).pictures


def _evaluation(
    comparison: Comparison,
    metrics: Metrics,
    floors: Sequence[str],
    interval: Mapping[str, Any],
    jobs: int,
    progress: Progress | None = None,
) -> Evaluation:
    settings: dict[str, Any] = {"resampled": "pictures", "draws": 2000, "confidence": 0.95} | dict(interval)
    check_choice("way of resampling", settings["resampled"], RESAMPLED)
    settings["draws"] = check_count("draws", settings["draws"])
    measures = measures_of(metrics, comparison)
    return Evaluation(comparison, measures, comparison.score(measures, jobs, progress), settings, tuple(floors))
