"""Scores of the study of foveated networks, with intervals over runs and over test pictures at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from scanpath._core.files import write_text
from scanpath.evaluation.bootstrap import bootstrap_weights, interval
from scanpath.foveation.conditions import CONDITIONS
from scanpath.foveation.matching import paired_tests
from scanpath.metrics.representations import representational_similarity
from scanpath.stimuli.cue_conflict import decoys
from scanpath.studies.foveated_battery import DISSIMILARITY, HIGH, LOW, N_COMPARED, PROBES, VIEWS, WINDOW, Answers

REFERENCE, TEXTURE, UNIFORM, FOVEATED = CONDITIONS
IID, OTHERS, SIDES, UPRIGHT, CROSSOVER = "i.i.d.", "other conditions", "left and right", "top and bottom", "crossover"
#: Largest loss of accuracy against the reference, least gain in the high pass, and largest gap of similarity.
NEAR, CLEAR, MATCHED = 0.04, 0.05, 0.01
_DRAWS, _MATRIX_DRAWS = 2000, 300
YES, NO, UNDECIDED = "yes", "no", "undecided"
#: One number for the data itself and one for each bootstrap sample.
Samples: TypeAlias = np.ndarray


@dataclass(frozen=True)
class FoveatedScores:
    """What came of the study.

    Attributes
    ----------
    scores
        ``network, condition, measure, mean, low, high``.
    paired
        ``network, measure, condition, against, difference, low, high``, on the same runs and pictures.
    curves
        ``network, condition, probe, level, answer, mean, low, high``; the answer is "right", or in the window
        conflict "center" or "surround".
    representations
        ``network, condition, other, correlation, low, high`` of matrices of different runs.
    matching
        ``condition, similarity, difference, p, equivalent_p`` on test pictures, against the texture.
    claims
        ``network, claim, difference, low, high, paper, found``: what the paper says, and whether it is found.
    gates
        ``network, gate, value, passed``.
    """

    scores: pd.DataFrame = field(repr=False)
    paired: pd.DataFrame = field(repr=False)
    curves: pd.DataFrame = field(repr=False)
    representations: pd.DataFrame = field(repr=False)
    matching: pd.DataFrame = field(repr=False)
    claims: pd.DataFrame = field(repr=False)
    gates: pd.DataFrame = field(repr=False)

    def save(self, folder: Path) -> None:
        """Write the tables as CSV."""
        for name in ("scores", "paired", "curves", "representations", "matching", "claims", "gates"):
            write_text(folder / f"{name}.csv", getattr(self, name).to_csv(index=False, lineterminator="\n"))


@dataclass(frozen=True)
class _Weights:
    """How often each run and each picture is drawn in each bootstrap sample; the first sample is the data itself."""

    runs: np.ndarray
    pictures: np.ndarray

    @classmethod
    def draw(cls, n_runs: int, n_pictures: int, seed: int) -> "_Weights":
        runs = bootstrap_weights(n_runs, _DRAWS, seed, "runs")
        pictures = bootstrap_weights(n_pictures, _DRAWS, seed, "pictures")
        return cls(np.vstack([np.ones(n_runs), runs]), np.vstack([np.ones(n_pictures), pictures]))

    def mean(self, values: np.ndarray) -> Samples:
        """Mean over runs and pictures of (runs, pictures) in each sample."""
        weight = self.runs.sum(1) * self.pictures.sum(1)
        return np.einsum("dp,dp->d", self.runs @ values, self.pictures) / weight


def score_networks(
    answers: Mapping[tuple[str, str], Answers], labels: np.ndarray, similarities: pd.DataFrame, *, seed: int = 0
) -> FoveatedScores:
    """Sum up the answers of all networks.

    Parameters
    ----------
    answers
        By network and condition, as from `FoveatedNetworks.ask`.
    labels
        (n,) classes of the test pictures.
    similarities
        As from `FoveatedNetworks.similarities`.
    seed
        Names the bootstrap samples.
    """
    matching = _matching(similarities)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in ("scores", "paired", "curves", "representations")}
    claims, gates = [], _matching_gates(matching)
    for network in dict.fromkeys(name for name, _ in answers):
        own = {condition: answers[network, condition] for condition in CONDITIONS}
        n_runs, _, n_pictures = own[REFERENCE][VIEWS].shape
        weights = _Weights.draw(n_runs, n_pictures, seed)
        samples = {condition: _measures(condition, one, labels, weights) for condition, one in own.items()}
        parts = {
            "scores": _rows(samples),
            "paired": _pairs(samples),
            "curves": _curves(own, labels, weights),
            "representations": _representations(
                {name: one[DISSIMILARITY] for name, one in own.items()}, n_pictures, seed
            ),
        }
        for name, table in parts.items():
            table.insert(0, "network", network)
            tables[name].append(table)
        # networks at chance are alike, and that says nothing
        learned = _summary(samples[REFERENCE][IID])[1] > 1 / (int(labels.max()) + 1)
        claims += [{"network": network, **row} for row in _claims(parts["paired"], learned)]
        gates += [{"network": network, **row} for row in _gates(parts["paired"], learned)]
    joined = {name: pd.concat(some, ignore_index=True) for name, some in tables.items()}
    return FoveatedScores(**joined, matching=matching, claims=pd.DataFrame(claims), gates=pd.DataFrame(gates))


def crossover(center: np.ndarray, surround: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Area of the window at which a network names the center's class as often as the surround's.

    The smaller, the more a network decides by the center. Between levels lines are straight; with no window the
    surround, and with the whole picture the center, is named with the network's usual accuracy.

    Parameters
    ----------
    center, surround
        (..., levels) share of pictures in which each class is named, at the window conflict's levels.
    accuracy
        (...,) share of whole pictures that are named right.

    Examples
    --------
    >>> level = np.array(PROBES["window conflict"])
    >>> round(float(crossover(level, 1 - level, np.array(1.0))), 3)
    0.5
    """
    areas = np.array([0.0, *PROBES[WINDOW], 1.0])
    lead = np.concatenate([-accuracy[..., None], center - surround, accuracy[..., None]], axis=-1)
    first = np.argmax(lead[..., 1:] >= 0, axis=-1)[..., None]
    below, above = (np.take_along_axis(lead, first + step, axis=-1)[..., 0] for step in (0, 1))
    rise = np.where(above > below, above - below, 1.0)
    place = first[..., 0]
    return areas[place] + (areas[place + 1] - areas[place]) * np.clip(-below / rise, 0, 1)


def _measures(condition: str, answers: Answers, labels: np.ndarray, weights: _Weights) -> dict[str, Samples]:
    """Every measure of one condition, in each bootstrap sample."""
    right = {name: answers[name] == labels for name in PROBES if name != WINDOW}
    index = CONDITIONS.index(condition)
    level_mean = {name: weights.mean(values.mean(axis=1)) for name, values in right.items() if name != VIEWS}
    iid = weights.mean(right[VIEWS][:, index])
    others = [weights.mean(right[VIEWS][:, other]) for other in range(len(CONDITIONS)) if other != index]
    center, surround = _conflict(answers, labels)
    shares = [np.stack([weights.mean(part[:, k]) for k in range(part.shape[1])], -1) for part in (center, surround)]
    sides = (level_mean["left"] + level_mean["right"]) / 2
    upright = (level_mean["top"] + level_mean["bottom"]) / 2
    kept = {f"{name}, share kept": level_mean[name] / np.maximum(iid, 1e-9) for name in ("scotoma", "glaucoma")}
    found = {IID: iid, OTHERS: sum(others) / len(others), HIGH: level_mean[HIGH], LOW: level_mean[LOW]}
    found |= {name: level_mean[name] for name in ("scotoma", "glaucoma")}
    return {**found, **kept, SIDES: sides, UPRIGHT: upright, CROSSOVER: crossover(shares[0], shares[1], iid)}


def _conflict(answers: Answers, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return answers[WINDOW] == labels[decoys(labels)], answers[WINDOW] == labels


def _summary(samples: Samples) -> tuple[float, float, float]:
    """The number of the data itself, and its interval."""
    low, high = interval(samples[1:, None], 0.95)
    return float(samples[0]), float(low[0]), float(high[0])


def _rows(samples: Mapping[str, Mapping[str, Samples]]) -> pd.DataFrame:
    rows = [
        (condition, measure, *_summary(values))
        for condition, measures in samples.items()
        for measure, values in measures.items()
    ]
    return pd.DataFrame(rows, columns=["condition", "measure", "mean", "low", "high"])


def _pairs(samples: Mapping[str, Mapping[str, Samples]]) -> pd.DataFrame:
    pairs = [(TEXTURE, other) for other in (REFERENCE, UNIFORM, FOVEATED)]
    pairs += [(FOVEATED, other) for other in (REFERENCE, UNIFORM)] + [(UNIFORM, REFERENCE)]
    rows = [
        (measure, one, other, *_summary(samples[one][measure] - samples[other][measure]))
        for measure in samples[REFERENCE]
        for one, other in pairs
    ]
    return pd.DataFrame(rows, columns=["measure", "condition", "against", "difference", "low", "high"])


def _curves(own: Mapping[str, Answers], labels: np.ndarray, weights: _Weights) -> pd.DataFrame:
    rows = []
    for condition, answers in own.items():
        for name, levels in PROBES.items():
            given = {"right": answers[name] == labels}
            if name == WINDOW:
                given = dict(zip(("center", "surround"), _conflict(answers, labels)))
            for answer, values in given.items():
                for place, level in enumerate(levels):
                    shown = CONDITIONS[place] if name == VIEWS else level
                    rows.append((condition, name, shown, answer, *_summary(weights.mean(values[:, place]))))
    return pd.DataFrame(rows, columns=["condition", "probe", "level", "answer", "mean", "low", "high"])


def _representations(matrices: Mapping[str, np.ndarray], n_pictures: int, seed: int) -> pd.DataFrame:
    """Mean correlation over all pairs of different runs, for every two conditions."""
    n_runs = len(matrices[REFERENCE])
    stacked = np.concatenate([matrices[name] for name in CONDITIONS])
    count = min(N_COMPARED, n_pictures)
    drawn = bootstrap_weights(count, _MATRIX_DRAWS, seed, "compared pictures")
    runs = np.vstack([np.ones(n_runs), bootstrap_weights(n_runs, _MATRIX_DRAWS, seed, "runs")])
    found = [representational_similarity(stacked), *(representational_similarity(stacked, one) for one in drawn)]
    different = 1 - np.eye(n_runs)
    rows = []
    for (i, one), (j, other) in combinations_with_replacement(enumerate(CONDITIONS), 2):
        values = []
        for matrix, weight in zip(found, runs):
            pairs = np.outer(weight, weight) * different
            block = matrix[i * n_runs : (i + 1) * n_runs, j * n_runs : (j + 1) * n_runs]
            values.append(float((pairs * block).sum() / pairs.sum()) if pairs.any() else np.nan)
        low, high = interval(np.array(values[1:])[:, None], 0.95)
        rows.append((one, other, values[0], float(low[0]), float(high[0])))
    return pd.DataFrame(rows, columns=["condition", "other", "correlation", "low", "high"])


def _matching(similarities: pd.DataFrame) -> pd.DataFrame:
    texture = similarities[TEXTURE].to_numpy(dtype=np.float64)
    rows = [(TEXTURE, float(texture.mean()), 0.0, np.nan, np.nan)]
    for name in (UNIFORM, FOVEATED):
        values = similarities[name].to_numpy(dtype=np.float64)
        report = paired_tests(texture, values, margin=MATCHED)
        rows.append((name, float(values.mean()), report.difference, report.p, report.equivalent_p))
    return pd.DataFrame(rows, columns=["condition", "similarity", "difference", "p", "equivalent_p"])


def _matching_gates(matching: pd.DataFrame) -> list[dict[str, object]]:
    table = matching.set_index("condition")
    return [
        {
            "network": "(all)",
            "gate": f"held-out similarity of {name} within {MATCHED:g} of the texture's",
            "value": float(table["difference"][name]),
            "passed": bool(table["equivalent_p"].to_numpy()[table.index.get_loc(name)] < 0.05),
        }
        for name in (UNIFORM, FOVEATED)
    ]


def _paired(paired: pd.DataFrame, measure: str, one: str, other: str) -> pd.Series:
    rows = paired[(paired["measure"] == measure) & (paired["condition"] == one) & (paired["against"] == other)]
    return rows.iloc[0]


def _gates(paired: pd.DataFrame, learned: bool) -> list[dict[str, object]]:
    """What must hold for the stand-in to be one: a value and whether it passes, which none does without learning."""
    checks: list[tuple[str, str, str, str, str, Callable[[float], bool]]] = []
    for blur in (UNIFORM, FOVEATED):
        checks.append((f"i.i.d.: texture above {blur}", IID, TEXTURE, blur, "low", lambda value: value > 0))
        title = f"high pass: texture above {blur} by {CLEAR:g}"
        checks.append((title, HIGH, TEXTURE, blur, "low", lambda value: value >= CLEAR))
    title = f"i.i.d.: texture within {NEAR:g} of reference"
    checks.append((title, IID, TEXTURE, REFERENCE, "difference", lambda value: abs(value) <= NEAR))
    for one in (TEXTURE, FOVEATED):
        # the pair is stored with the foveated condition first
        title = f"crossover: {one} below {UNIFORM}"
        checks.append((title, CROSSOVER, one, UNIFORM, "high", lambda value: value < 0))
    rows = []
    for title, measure, one, other, bound, passes in checks:
        value = float(_paired(paired, measure, one, other)[bound])
        rows.append({"gate": f"{title} ({bound})", "value": value, "passed": learned and passes(value)})
    return rows


#: Claim, measure, condition, against, and the sign that the paper gives the difference (0: within `NEAR`).
_PAPER: tuple[tuple[str, str, str, str, int], ...] = (
    ("texture learns as well as reference", IID, TEXTURE, REFERENCE, 0),
    ("texture learns better than uniform blur", IID, TEXTURE, UNIFORM, 1),
    ("texture learns better than foveated blur", IID, TEXTURE, FOVEATED, 1),
    *(("texture uses high frequencies more", HIGH, TEXTURE, other, 1) for other in (REFERENCE, UNIFORM, FOVEATED)),
    *(
        (f"texture withstands occlusion better: {name}", name, TEXTURE, other, 1)
        for name in ("scotoma", "glaucoma", SIDES, UPRIGHT)
        for other in (REFERENCE, UNIFORM, FOVEATED)
    ),
    *(
        ("foveated networks decide by the center", CROSSOVER, one, other, -1)
        for one in (TEXTURE, FOVEATED)
        for other in (REFERENCE, UNIFORM)
    ),
    ("texture withstands occlusion better: scotoma, share kept", "scotoma, share kept", TEXTURE, REFERENCE, 1),
)


def _claims(paired: pd.DataFrame, learned: bool) -> list[dict[str, object]]:
    """Each claim with its difference; nothing is decided by references that have not learned."""
    rows = []
    for claim, measure, one, other, sign in _PAPER:
        row = _paired(paired, measure, one, other)
        low, high = float(row["low"]), float(row["high"])
        said = {0: f"within {NEAR:g}", 1: "higher", -1: "lower"}[sign]
        about = {"claim": claim, "measure": measure, "condition": one, "against": other}
        values = {"difference": float(row["difference"]), "low": low, "high": high}
        found = found_direction(low, high, sign) if learned else UNDECIDED
        rows.append({**about, **values, "paper": said, "found": found})
    return rows


def found_direction(low: float, high: float, sign: int) -> str:
    """Say whether an interval lies on the side that was said: yes, no (on the other side), or undecided.

    Examples
    --------
    >>> found_direction(0.01, 0.05, 1), found_direction(0.01, 0.05, -1), found_direction(-0.01, 0.05, 1)
    ('yes', 'no', 'undecided')
    """
    if sign == 0:
        inside, outside = low > -NEAR and high < NEAR, low > NEAR or high < -NEAR
    else:
        inside, outside = (low > 0, high < 0) if sign > 0 else (high < 0, low > 0)
    return YES if inside else NO if outside else UNDECIDED
