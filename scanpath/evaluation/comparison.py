"""A model beside people: every metric with its ceiling, its floors and its uncertainty, in one tidy table."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError, InputWarning
from scanpath.evaluation.bootstrap import RESAMPLED, block_interval
from scanpath.evaluation.ceiling import FLOORS
from scanpath.evaluation.coordinates import check_frames
from scanpath.evaluation.inputs import (
    Fixations,
    Progress,
    ScreenSize,
    Sizes,
    by_picture,
    check_left_out,
    data_hash,
    not_simulated,
    paths_and_doubts,
    picture_sizes,
    sizes_in_short,
)
from scanpath.evaluation.pairing import Pairing, agent_of, as_pairing, observer_of
from scanpath.evaluation.provenance import provenance
from scanpath.evaluation.scores import Block, Measure, score_block
from scanpath.gaze.scanpath import Scanpath

#: Names of metrics, or a mapping of names to their settings.
Metrics: TypeAlias = Sequence[str] | Mapping[str, Mapping[str, Any]]


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
    check_choice("way of resampling", resampled, RESAMPLED)
    interval = {"resampled": resampled, "draws": check_count("draws", draws), "confidence": confidence, "seed": seed}
    comparison = _Comparison.prepare(simulated, human, as_pairing(pairing), screen_px, floors, seed)
    measures = _measures(metrics, comparison)
    scored = comparison.score(measures, jobs, progress)
    table = pd.DataFrame(
        [row for measure in measures for row in _rows(scored[measure.name], measure, comparison, interval)]
    )
    table.attrs["scanpath"] = provenance(comparison.pairing, measures, comparison.facts) | {
        "bootstrap": interval,
        "floors": list(floors),
    }
    return table


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
    comparison = _Comparison.prepare(simulated, human, as_pairing(pairing), screen_px, floors, seed)
    measures = _measures(metrics, comparison)
    rows = []
    for measure, scored in zip(measures, comparison.score(measures, jobs).values()):
        how, higher = comparison.pairing.reduce, measure.metric.higher_is_better
        ceiling = {block.picture: block.mean(how, higher)[0] for block in scored.ceiling}
        for agent, block in ((agent, block) for agent, blocks in scored.groups.items() for block in blocks):
            values = block.mean(how, higher)[0]
            for number, part in enumerate(measure.metric.parts):
                about = {"agent": agent, "metric": measure.name, "part": part, "picture": block.picture}
                marks = {"value": values[number], "ceiling": ceiling[block.picture][number]}
                counts = {"n_pairs": block.n_pairs, "n_undefined": block.undefined[number].total()}
                rows.append(about | marks | counts)
    return pd.DataFrame(rows)


@dataclass(frozen=True, slots=True)
class _Scored:
    groups: dict[str, list[Block]]
    ceiling: list[Block]


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Both sides of a comparison, grouped by picture."""

    groups: dict[str, dict[str, list[Scanpath]]]
    people: dict[str, list[Scanpath]]
    observers: dict[str, int]
    pairing: Pairing
    sizes: Sizes | None
    facts: dict[str, object]

    @classmethod
    def prepare(
        cls,
        simulated: Fixations,
        human: Fixations,
        pairing: Pairing,
        screen_px: ScreenSize | None,
        floors: Sequence[str],
        seed: int,
    ) -> "_Comparison":
        read = paths_and_doubts(simulated, "simulated"), paths_and_doubts(human, "human")
        sides = [paths for paths, _ in read]
        scored, people = (by_picture(side, pairing) for side in sides)
        common = sorted(set(scored) & set(people))
        if not common:
            raise InputError(
                f"No picture was looked at by both sides: simulated has {_some(scored)}, human has {_some(people)}; "
                "give them the same names."
            )
        shown = people if floors else {name: people[name] for name in common}  # floors look at every picture
        sizes = picture_sizes(screen_px, (simulated, human), shown)
        groups: dict[str, dict[str, list[Scanpath]]] = {}
        for picture in common:
            for path in scored[picture]:
                groups.setdefault(agent_of(path), {}).setdefault(picture, []).append(path)
        kept = {picture: people[picture] for picture in common}
        doubts = [sentence for _, sentences in read for sentence in sentences]
        for sentence in doubts:
            warnings.warn(sentence, InputWarning, stacklevel=3)
        doubts += check_left_out(scored, people) + _check_frames(groups, kept, sizes)
        for floor in floors:
            check_choice("floor", floor, sorted(FLOORS))
            paths = FLOORS[floor](people, sizes, seed)
            groups[f"floor: {floor}"] = {picture: paths[picture] for picture in common}
        observers = sorted({observer_of(path) for path in sides[1]})
        facts = {
            "data_sha256": {"simulated": data_hash(sides[0]), "human": data_hash(sides[1])},
            "n_scanpaths": {"simulated": len(sides[0]), "human": len(sides[1])},
            "pictures_left_out": {"simulated": len(scored) - len(common), "human": len(people) - len(common)},
            "screen_px": sizes_in_short(sizes, common),
            "not_simulated": not_simulated(scored, people),
            "doubts": doubts,
        }
        return cls(groups, kept, {name: i for i, name in enumerate(observers)}, pairing, sizes, facts)

    def score(self, measures: Sequence[Measure], jobs: int, progress: Progress | None = None) -> dict[str, _Scored]:
        """Compare every group, and people with people, on every picture, for each metric."""
        scored = {measure.name: _Scored({agent: [] for agent in self.groups}, []) for measure in measures}
        steps = [(measure, picture) for measure in measures for picture in self.people]
        for measure, picture in progress(steps) if progress else steps:
            size = self.sizes[picture] if self.sizes is not None and _needs_size(measure) else None
            measure = measure.on_picture(self.people[picture], size)
            for agent, pictures in self.groups.items():
                if picture in pictures:
                    block = self._block(measure, picture, pictures[picture], jobs)
                    scored[measure.name].groups[agent].append(block)
            scored[measure.name].ceiling.append(self._block(measure, picture, self.people[picture], jobs))
        return scored

    def _block(self, measure: Measure, picture: str, paths: Sequence[Scanpath], jobs: int) -> Block:
        return score_block(measure, picture, paths, self.people[picture], self.pairing, self.observers, jobs)


def _check_frames(
    groups: Mapping[str, Mapping[str, Sequence[Scanpath]]],
    people: Mapping[str, Sequence[Scanpath]],
    sizes: Sizes | None,
) -> list[str]:
    """Check the frames of each agent and of people, and then whether one person's is another than the others'."""
    agents = {f"simulated, {agent!r}": pictures for agent, pictures in groups.items()}
    sentences = check_frames(*_fixations(agents | {"human": people}, sizes))
    persons: dict[str, dict[str, list[Scanpath]]] = {}
    for picture, paths in people.items():
        for path in paths:
            persons.setdefault(f"human, {observer_of(path)!r}", {}).setdefault(picture, []).append(path)
    if len(persons) < 2 or any(sentence.startswith("human") for sentence in sentences):
        return sentences
    return sentences + check_frames(*_fixations(persons, sizes))


def _fixations(
    sides: Mapping[str, Mapping[str, Sequence[Scanpath]]], sizes: Sizes | None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray] | None]:
    """All fixations of each side, and the sizes of the pictures under them."""
    xy = {name: np.concatenate([path.xy for paths in side.values() for path in paths]) for name, side in sides.items()}
    if sizes is None:
        return xy, None
    under = {
        name: [np.tile(sizes[picture], (sum(map(len, paths)), 1)) for picture, paths in side.items()]
        for name, side in sides.items()
    }
    return xy, {name: np.concatenate(parts) for name, parts in under.items()}


def _measures(metrics: Metrics, comparison: _Comparison) -> list[Measure]:
    if isinstance(metrics, str):
        metrics = (metrics,)
    chosen = metrics if isinstance(metrics, Mapping) else {name: {} for name in metrics}
    if not chosen:
        raise InputError("metrics must name at least one metric; see scanpath.metrics.METRICS.")
    measures = [Measure(name, settings) for name, settings in chosen.items()]
    for measure in measures:
        if measure.metric.takes == "labels" and "bandwidth_px" not in measure.settings:
            raise InputError(
                f"{measure.name} compares labels; give metrics={{{measure.name!r}: {{'bandwidth_px': ...}}}} to "
                "cluster people's fixations on each picture, or label scanpaths yourself and call "
                "scanpath.metrics.pairwise."
            )
        if measure.metric.takes not in ("scanpaths", "labels"):
            raise InputError(
                f"{measure.name} takes {measure.metric.takes}, not two scanpaths, and cannot be evaluated on pairs; "
                "maps are scored by evaluate_maps, searches by search_performance."
            )
    needy = [measure.name for measure in measures if _needs_size(measure)]
    if needy and comparison.sizes is None:
        raise InputError(
            f"{', '.join(needy)} {'needs' if len(needy) == 1 else 'need'} the pictures' sizes and the tables do not "
            "tell them; give screen_px=(width, height), or a mapping of stimulus to (width, height)."
        )
    return measures


def _needs_size(measure: Measure) -> bool:
    return "screen_px" in measure.metric.needs and "screen_px" not in measure.settings


def _rows(
    scored: _Scored, measure: Measure, comparison: _Comparison, interval: Mapping[str, Any]
) -> list[dict[str, object]]:
    metric = measure.metric
    kind = (comparison.pairing.reduce, metric.higher_is_better, len(comparison.observers))
    rows = []
    for agent, blocks in scored.groups.items():
        here = {block.picture for block in blocks}
        model = block_interval(blocks, *kind, **interval)
        ceiling = block_interval([block for block in scored.ceiling if block.picture in here], *kind, **interval)
        defined = np.concatenate([np.isfinite(block.mean(*kind[:2])) for block in blocks])
        for number, part in enumerate(metric.parts):
            reasons = sum((block.undefined[number] for block in blocks), Counter())
            row: dict[str, object] = {"agent": agent, "metric": measure.name, "part": part}
            row |= {key: float(value[number]) for key, value in zip(("value", "low", "high"), model)}
            row |= {key: float(mark[number]) for key, mark in zip(("ceiling", "ceiling_low", "ceiling_high"), ceiling)}
            row |= {"better": "higher" if metric.higher_is_better else "lower"}
            row |= {"n_pictures": int(defined[:, number].sum()), "n_pairs": sum(block.n_pairs for block in blocks)}
            row |= {"n_undefined": reasons.total(), "undefined": _text(reasons), "pairing": str(comparison.pairing)}
            rows.append(row)
    return rows


def _text(reasons: Counter) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items()))


def _some(groups: Iterable[str]) -> str:
    names = list(groups)
    return ", ".join(repr(name) for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
