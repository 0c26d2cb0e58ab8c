"""Both sides of a comparison, agents and people, grouped by picture, and the pass that scores them."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError, InputWarning
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
from scanpath.evaluation.pairing import Pairing, agent_of, observer_of
from scanpath.evaluation.scores import Block, Measure, score_block
from scanpath.gaze.scanpath import Scanpath

#: Names of metrics, or a mapping of names to their settings.
Metrics: TypeAlias = Sequence[str] | Mapping[str, Mapping[str, Any]]
#: How the names of floors begin, among those of agents.
FLOOR = "floor: "


@dataclass(frozen=True, slots=True)
class Scored:
    """Blocks of one metric: of each group, one a picture, and of people among themselves."""

    groups: dict[str, list[Block]]
    ceiling: list[Block]


@dataclass(frozen=True, slots=True)
class Comparison:
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
    ) -> "Comparison":
        """Group the scanpaths, find the pictures' sizes, warn of what is doubtful and add the floors."""
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
        if all("agent" in path.info for path in sides[1]) and not any("agent" in path.info for path in sides[0]):
            doubts.append(
                "The human side holds agents' scanpaths alone, and the simulated side has none: if the two were given "
                "in the wrong order, exchange them."
            )
        for sentence in doubts:
            warnings.warn(sentence, InputWarning, stacklevel=3)
        doubts += check_left_out(scored, people) + _check_frames(groups, kept, sizes)
        for floor in floors:
            check_choice("floor", floor, sorted(FLOORS))
            paths = FLOORS[floor](people, sizes, seed)
            groups[f"{FLOOR}{floor}"] = {picture: paths[picture] for picture in common}
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

    def score(
        self, measures: Sequence[Measure], jobs: int, progress: Progress | None = None, *, ceiling: bool = True
    ) -> dict[str, Scored]:
        """Compare every group, and (for the ceiling) people with people, on every picture, for each metric."""
        scored = {measure.name: Scored({agent: [] for agent in self.groups}, []) for measure in measures}
        steps = [(measure, picture) for measure in measures for picture in self.people]
        for measure, picture in progress(steps) if progress else steps:
            size = self.sizes[picture] if self.sizes is not None and needs_size(measure) else None
            measure = measure.on_picture(self.people[picture], size)
            for agent, pictures in self.groups.items():
                if picture in pictures:
                    block = self._block(measure, picture, pictures[picture], jobs)
                    scored[measure.name].groups[agent].append(block)
            if ceiling:
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


def measures_of(metrics: Metrics, comparison: Comparison) -> list[Measure]:
    """Metrics with their settings, after a check that they can be computed for these sides."""
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
    needy = [measure.name for measure in measures if needs_size(measure)]
    if needy and comparison.sizes is None:
        raise InputError(
            f"{', '.join(needy)} {'needs' if len(needy) == 1 else 'need'} the pictures' sizes and the tables do not "
            "tell them; give screen_px=(width, height), or a mapping of stimulus to (width, height)."
        )
    return measures


def needs_size(measure: Measure) -> bool:
    """Whether a measure must be told each picture's size."""
    return "screen_px" in measure.metric.needs and "screen_px" not in measure.settings


def _some(groups: Iterable[str]) -> str:
    names = list(groups)
    return ", ".join(repr(name) for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
