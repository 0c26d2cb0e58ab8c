"""What one pass over the scanpaths tells: tables of scores, of pictures, of people and of differences."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from scanpath.evaluation.bootstrap import block_interval
from scanpath.evaluation.provenance import provenance
from scanpath.evaluation.scores import Block, Measure
from scanpath.evaluation.sentences import describe_comparison
from scanpath.evaluation.sides import Comparison, Scored
from scanpath.evaluation.significance import DIFFERENCE_COLUMNS, compare_agents


class Evaluation:
    """Agents beside people, scored once; made by `evaluate_agents`."""

    def __init__(
        self,
        comparison: Comparison,
        measures: Sequence[Measure],
        scored: Mapping[str, Scored],
        interval: Mapping[str, Any],
        floors: Sequence[str],
    ) -> None:
        self._comparison, self._measures, self._scored = comparison, measures, scored
        self._interval, self._floors = interval, floors

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The table of `evaluate`: one row for each agent (floors last), metric and part."""
        rows = [
            row
            for measure in self._measures
            for row in _rows(self._scored[measure.name], measure, self._comparison, self._interval)
        ]
        table = pd.DataFrame(rows)
        table.attrs["scanpath"] = provenance(self._comparison.pairing, self._measures, self._comparison.facts) | {
            "bootstrap": self._interval,
            "floors": list(self._floors),
        }
        return table

    @cached_property
    def pictures(self) -> pd.DataFrame:
        """The table of `picture_scores`: one row for each agent, metric, part and picture."""
        how = self._comparison.pairing.reduce
        rows = []
        ceilings = {
            (measure.name, block.picture): block.mean(how, measure.metric.higher_is_better)[0]
            for measure in self._measures
            for block in self._scored[measure.name].ceiling
        }
        for measure, agent, block in self._blocks():
            values = block.mean(how, measure.metric.higher_is_better)[0]
            ceiling = ceilings[measure.name, block.picture]
            for number, part in enumerate(measure.metric.parts):
                about = {"agent": agent, "metric": measure.name, "part": part, "picture": block.picture}
                marks = {"value": values[number], "ceiling": ceiling[number]}
                counts = {"n_pairs": block.n_pairs, "n_undefined": block.undefined[number].total()}
                rows.append(about | marks | counts)
        return pd.DataFrame(rows)

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row for each agent, metric, part, picture and person: ``value``, the mean over the agent's scanpaths.

        Columns are ``agent, metric, part, picture, person, value``; pairs without a value are left out. For
        `mixed_model`.
        """
        names = {number: name for name, number in self._comparison.observers.items()}
        frames = []
        for measure, agent, block in self._blocks():
            known = np.isfinite(block.values)
            total = np.where(known, block.values, 0.0).sum(axis=0)
            count = known.sum(axis=0)
            column, part = np.nonzero(count)
            frame = pd.DataFrame({"part": np.array(measure.metric.parts)[part]})
            frame["person"] = [names[number] for number in block.column_person[column]]
            frame["value"], frame["n"] = total[column, part], count[column, part]
            frames.append(frame.assign(agent=agent, metric=measure.name, picture=block.picture))
        keys = ["agent", "metric", "part", "picture", "person"]
        # where all pairs count alike, a person has a column for each scanpath
        sums = pd.concat(frames).groupby(keys, sort=False, as_index=False)[["value", "n"]].sum()
        sums["value"] /= sums.pop("n")
        return sums

    @cached_property
    def differences(self) -> pd.DataFrame:
        """The table of `compare_agents`; without rows where there is only one agent and no floor."""
        if self.pictures["agent"].nunique() < 2:
            return pd.DataFrame(columns=DIFFERENCE_COLUMNS)
        return compare_agents(self.pictures, seed=self._interval["seed"])

    @cached_property
    def sentences(self) -> list[str]:
        """What `describe_comparison` says of the differences."""
        return describe_comparison(self.differences)

    def _blocks(self) -> Iterator[tuple[Measure, str, Block]]:
        for measure in self._measures:
            for agent, blocks in self._scored[measure.name].groups.items():
                for block in blocks:
                    yield measure, agent, block


def _rows(
    scored: Scored, measure: Measure, comparison: Comparison, interval: Mapping[str, Any]
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
