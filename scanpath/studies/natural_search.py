"""People and models search object arrays, natural scenes and Waldo pictures: the scores of the published fixations.

From the fixations that were published with the search asymmetry study: how fast targets are found, how large saccades
are, how gaze closes in on the target, and how alike the scanpaths of people and models are. The published similarities
of two of the three sets were computed with x and y exchanged; both versions are given.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice
from scanpath._core.files import write_text
from scanpath.datasets.registry import find_dataset
from scanpath.datasets.visual_search_asymmetry import SCREEN_PX, VisualSearchAsymmetry, load
from scanpath.gaze.scanpath import Scanpath
from scanpath.kernels.prefix_alignment import prefix_alignment_pairs
from scanpath.metrics.grid import grid_cells
from scanpath.metrics.pairs import Packed, pack_paths
from scanpath.metrics.search import cumulative_performance

SETS = ("ObjArr", "NaturalDesign", "Waldo")
MODELS = ("eccNET", "IVSN")
PEOPLE = "people"
AXES = ("corrected", "published")
#: Scale of the source's analysis: 156 px are 5 degrees.
PX_PER_DEG = 156 / 5
_BIN_DEG = 0.5
# Object arrays are published as nominal places; on the screen the six slots lay on a circle of 300 px.
_SLOT_X = {90: 340, 365: 490, 640: 640, 915: 790, 1190: 940}
_SLOT_Y = {36: 252, 512: 512, 988: 772}


@dataclass(frozen=True)
class NaturalSearchResult:
    """The four tables of the study.

    Attributes
    ----------
    performance
        From `natural_performance`.
    saccades, distances
        Histograms from `saccade_sizes` and `target_distances`.
    similarity
        From `scanpath_similarity`, with corrected and with published axes.
    """

    performance: pd.DataFrame = field(repr=False)
    saccades: pd.DataFrame = field(repr=False)
    distances: pd.DataFrame = field(repr=False)
    similarity: pd.DataFrame = field(repr=False)


def run_natural_search(
    *, root: Path | None = None, out: Path | None = None, progress: Callable[[str], None] | None = None
) -> NaturalSearchResult:
    """Score the published fixations of the three natural searches.

    Parameters
    ----------
    root
        Folder of the data set ``visual_search_asymmetry``.
    out
        Folder for ``performance.csv``, ``saccades.csv``, ``distances.csv`` and ``similarity.csv``.
    progress
        Called with what is done next.
    """
    tell = progress or (lambda step: None)
    data = load(find_dataset("visual_search_asymmetry", root=root), None)
    tell("cumulative performance")
    performance = natural_performance(data)
    tell("saccades and distances")
    saccades = degree_histogram(saccade_sizes(data), "size_deg", 40)
    distances = degree_histogram(target_distances(data), "distance_deg", 30)
    similarity = []
    for axes in AXES:
        tell(f"similarity, {axes} axes")
        similarity.append(scanpath_similarity(data, axes=axes))
    result = NaturalSearchResult(performance, saccades, distances, pd.concat(similarity, ignore_index=True))
    if out is not None:
        for name in ("performance", "saccades", "distances", "similarity"):
            write_text(Path(out) / f"{name}.csv", getattr(result, name).to_csv(index=False, lineterminator="\n"))
    return result


def natural_performance(data: VisualSearchAsymmetry) -> pd.DataFrame:
    """Share of targets found by each fixation; the start fixation has number 0.

    Returns
    -------
    pandas.DataFrame
        ``dataset, who, fixation, share, sem, n_trials``. The standard error is that over people (of their own
        shares), or over pictures for a model.
    """
    trials = data.trials.assign(who=_who(data.trials))
    rows = []
    for name, who in itertools.product(SETS, (PEOPLE, *MODELS)):
        chosen = trials[(trials["dataset"] == name) & (trials["who"] == who)]
        found = chosen["published_found_index"].astype("float64").to_numpy()
        n = int(np.nanmax(found)) + 1
        share = cumulative_performance(found, n)
        if who == PEOPLE:
            own = [cumulative_performance(found[(chosen["subject"] == one).to_numpy()], n) for one in _people(chosen)]
            sem = np.std(own, axis=0) / np.sqrt(len(own))
        else:
            sem = np.sqrt(share * (1 - share) / len(found))
        columns = {"dataset": name, "who": who, "fixation": np.arange(n), "share": share, "sem": sem}
        rows.append(pd.DataFrame({**columns, "n_trials": len(found)}))
    return pd.concat(rows, ignore_index=True)


def saccade_sizes(data: VisualSearchAsymmetry) -> pd.DataFrame:
    """Sizes of all saccades but the first of each trial, which leaves the imposed start: ``dataset, who, size_deg``."""
    table = _in_order(data)
    step = table.groupby("path", sort=False)[["x", "y"]].diff()
    later = table["fixation"] > 1
    size = np.hypot(step["x"], step["y"])[later] / PX_PER_DEG
    return table.loc[later, ["dataset", "who"]].assign(size_deg=size).reset_index(drop=True)


def target_distances(data: VisualSearchAsymmetry, *, n_last: int = 6) -> pd.DataFrame:
    """Distance of the last fixations from the target: ``dataset, who, steps_before_end, distance_deg``.

    Start fixations are left out. In object arrays the published figure took each person's last fixation for the
    target; here it is the target itself.
    """
    table = _in_order(data)
    targets = data.targets.set_index("stimulus")
    x, y = _physical(targets["x_px"], targets["y_px"], targets["dataset"])
    distance = np.hypot(
        table["x"] - table["stimulus"].map(pd.Series(x, targets.index)),
        table["y"] - table["stimulus"].map(pd.Series(y, targets.index)),
    )
    last = table.groupby("path", sort=False)["fixation"].transform("max")
    table = table.assign(steps_before_end=last - table["fixation"], distance_deg=distance / PX_PER_DEG)
    chosen = table[(table["fixation"] > 0) & (table["steps_before_end"] < n_last)]
    return chosen[["dataset", "who", "steps_before_end", "distance_deg"]].reset_index(drop=True)


def degree_histogram(table: pd.DataFrame, column: str, upper_deg: float) -> pd.DataFrame:
    """Count a column of degrees in bins of half a degree, within all groups that the other columns name.

    Returns
    -------
    pandas.DataFrame
        The grouping columns, ``deg`` (lower edge of the bin), ``count``, ``share`` (of what lies below `upper_deg`)
        and ``median_deg`` (of all values).
    """
    edges = np.linspace(0, upper_deg, round(upper_deg / _BIN_DEG) + 1)
    keys = [name for name in table.columns if name != column]
    rows = []
    for values, group in table.groupby(keys, sort=False):
        count = np.histogram(group[column], edges)[0]
        facts = {**dict(zip(keys, values)), "deg": edges[:-1], "count": count, "share": count / max(1, count.sum())}
        rows.append(pd.DataFrame({**facts, "median_deg": group[column].median()}))
    return pd.concat(rows, ignore_index=True)


def scanpath_similarity(data: VisualSearchAsymmetry, *, axes: str = "corrected") -> pd.DataFrame:
    """ScanMatch between people, and between models and people, as the asymmetry study scored it.

    The start fixation is left out. For each k the score of the first k fixations is averaged over the pictures on
    which both made k or more, and these averages over k: long searches weigh much. One number a pair of people, or a
    model and a person; their mean and standard error are reported.

    Parameters
    ----------
    axes
        "published" exchanges x and y of natural design and Waldo, as the published numbers have it; "corrected"
        does not. Object arrays were published right.

    Returns
    -------
    pandas.DataFrame
        ``dataset, who, axes, n_scores, similarity, sem`` and what was published, ``published, published_sem``.
    """
    check_choice("axes", axes, AXES)
    published = data.published_scanmatch.replace({"agent": {"human": PEOPLE}}).set_index(["dataset", "agent"])
    rows = []
    for name in SETS:
        paths = _scanpaths(data, name, swapped=axes == "published" and name != "ObjArr")
        people = [who for who in paths if who not in MODELS]
        for who in (PEOPLE, *MODELS):
            sides = itertools.combinations(people, 2) if who == PEOPLE else ((who, person) for person in people)
            scores = np.array([mean_prefix_score(prefix_scanmatch(paths[a], paths[b])) for a, b in sides])
            row = {"dataset": name, "who": who, "axes": axes, "n_scores": len(scores), "similarity": scores.mean()}
            row["sem"] = scores.std() / np.sqrt(len(scores))
            row["published"], row["published_sem"] = published.loc[(name, who), ["scanmatch_mean", "scanmatch_sem"]]
            rows.append(row)
    return pd.DataFrame(rows)


def prefix_scanmatch(
    first: Any,
    second: Any,
    *,
    screen_px: tuple[int, int] = SCREEN_PX,
    bins: tuple[int, int] = (12, 8),
    threshold: float = 3.5,
) -> np.ndarray:
    """ScanMatch scores of the first k fixations of scanpaths, for every k that both have.

    Parameters
    ----------
    first, second
        Equally many scanpaths, compared one by one; fixations off the screen count in the nearest cell.
    screen_px, bins, threshold
        As in `scanpath.metrics.scanmatch`; gaps cost nothing, and coordinates are cut to pixels, as in its program.

    Returns
    -------
    numpy.ndarray
        (pairs, most fixations); NaN where one of the two is shorter.

    Examples
    --------
    >>> prefix_scanmatch([[(10, 10), (900, 500)]], [[(10, 10), (10, 10)]]).round(2)
    array([[1. , 0.5]])
    """
    cells_a, cells_b = (
        grid_cells(pack_paths(paths), screen_px, bins, outside="clamp", pixel="floor") for paths in (first, second)
    )
    return _prefix_scores(cells_a, cells_b, bins, threshold)


def mean_prefix_score(scores: np.ndarray) -> float:
    """Average over pictures at each k, then over k; NaN if no two scanpaths share a fixation number."""
    there = ~np.isnan(scores)
    n = there.sum(axis=0)
    if not n.any():
        return float("nan")
    return float((np.where(there, scores, 0).sum(axis=0)[n > 0] / n[n > 0]).mean())


def _prefix_scores(first: Packed, second: Packed, bins: tuple[int, int], threshold: float) -> np.ndarray:
    pairs = np.repeat(np.arange(len(first), dtype=np.int64)[:, None], 2, axis=1)
    most = int(np.minimum(first.length, second.length).max(initial=0))
    scores = np.full((len(pairs), most), np.nan)
    apart = np.hypot(*np.meshgrid(np.arange(bins[0]), np.arange(bins[1]), indexing="ij"))
    prefix_alignment_pairs(pairs, scores, first.values, first.start, second.values, second.start, threshold - apart)
    return scores / (threshold * np.arange(1, most + 1))


def _scanpaths(data: VisualSearchAsymmetry, name: str, *, swapped: bool) -> dict[str, list[Scanpath]]:
    """Scanpaths without their start fixation on all pictures of a set, in the pictures' order, by who looked."""
    rows = data.fixations[data.fixations["dataset"] == name]
    rows = rows.assign(observer=rows["agent"].fillna(rows["subject"])).sort_values(["observer", "stimulus", "fixation"])
    xy = rows[["y_px", "x_px"] if swapped else ["x_px", "y_px"]].to_numpy()
    stimuli = sorted(rows["stimulus"].unique())
    paths = {who: dict.fromkeys(stimuli, Scanpath(np.zeros((0, 2)))) for who in rows["observer"].unique()}
    cuts = np.flatnonzero(rows["fixation"].to_numpy() == 0)
    for begin, end in itertools.pairwise([*cuts, len(rows)]):
        paths[rows["observer"].iloc[begin]][rows["stimulus"].iloc[begin]] = Scanpath(xy[begin + 1 : end])
    return {who: list(of_stimulus.values()) for who, of_stimulus in paths.items()}


def _in_order(data: VisualSearchAsymmetry) -> pd.DataFrame:
    fixations = data.fixations
    table = fixations.assign(who=_who(fixations), observer=fixations["agent"].fillna(fixations["subject"]))
    table = table.sort_values(["dataset", "observer", "stimulus", "fixation"]).reset_index(drop=True)
    table["path"] = (table["fixation"] == 0).cumsum()
    table["x"], table["y"] = _physical(table["x_px"], table["y_px"], table["dataset"])
    return table


def _physical(x: pd.Series, y: pd.Series, dataset: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    arrays = dataset.to_numpy() == "ObjArr"
    return np.where(arrays, x.map(_SLOT_X), x), np.where(arrays, y.map(_SLOT_Y), y)


def _who(table: pd.DataFrame) -> pd.Series:
    return table["agent"].fillna(PEOPLE)


def _people(trials: pd.DataFrame) -> list[str]:
    return sorted(trials["subject"].dropna().unique())
