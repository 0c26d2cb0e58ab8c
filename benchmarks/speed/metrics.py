"""How fast scanpath metrics are beside the programs people use today: ratios of one run, one thread.

    python benchmarks/speed/metrics.py [--rounds 5] [--pictures 100] [--people 15] [--threads] [--json FILE]

Each peer scores the same unordered pairs of people within each picture, in a Python loop as its interface asks for
(tslearn also with its own all-pairs call). Ours are two ways of calling: `pairwise` picture by picture, which computes
the diagonal too and converts inputs anew each time, and `score_pairs` on all pictures at once. Rounds are interleaved;
times are medians of process time (all threads of the process), and the process is pinned to one thread. A peer that is
not installed is left out; slow peers score a sample of the pictures and are scaled up, which the table says.

``--threads`` measures two threads against one instead, of `score_pairs` and of the loops under the AUC and NSS of a map
each: wall time, beside a loop that touches no memory, which says what the machine has to give, and process time, which
says what the second thread costs. Their results are compared, too.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split
import contextlib
import importlib.util
import itertools
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numba
import numpy as np

import scanpath as sp
from scanpath.kernels.map_scores import count_below_each, mean_and_squares_each

SCREEN = (1024, 768)
Groups = list[list[sp.Scanpath]]


@dataclass
class Contest:
    """One metric: our settings, and what the peer does with one pair (or with one picture's scanpaths)."""

    metric: str
    settings: dict
    peer: str
    per_pair: Callable | None = None
    per_picture: Callable | None = None
    prepare: Callable = lambda path: path.xy
    share: float = 0.1  # of the pictures that the peer scores
    target: float | None = None


def scanpaths(pictures: int, people: int, seed: int = 0) -> Groups:
    """Random walks with the number of fixations of free viewing (mean 12)."""
    generator = np.random.default_rng(seed)

    def one() -> sp.Scanpath:
        n = max(3, generator.poisson(11.9))
        steps = np.concatenate([[[SCREEN[0] / 2, SCREEN[1] / 2]], generator.normal(0, 150, (n - 1, 2))])
        xy = np.clip(np.cumsum(steps, axis=0), 0, np.array(SCREEN) - 1)
        return sp.Scanpath(xy, generator.gamma(4, 60, n))

    return [[one() for _ in range(people)] for _ in range(pictures)]


def plain_scanmatch(bin_ms: float | None = None) -> Callable:
    """ScanMatch written from its definition with NumPy arrays and Python loops, as published ports are."""
    columns, rows, threshold = 12, 8, 3.5
    cells = np.array([(c, r) for r in range(rows) for c in range(columns)], dtype=float)
    gain = threshold - np.hypot(*(cells[:, None] - cells[None]).transpose(2, 0, 1))

    def symbols(path: sp.Scanpath) -> np.ndarray:
        whole = path.xy.astype(int)
        column = np.minimum(columns - 1, whole[:, 0] * columns // SCREEN[0])
        row = np.minimum(rows - 1, whole[:, 1] * rows // SCREEN[1])
        codes = row * columns + column
        return codes if bin_ms is None else np.repeat(codes, np.rint(np.trunc(path.duration_ms) / bin_ms).astype(int))

    def score(a: sp.Scanpath, b: sp.Scanpath) -> float:
        s, t = symbols(a), symbols(b)
        table = np.zeros((len(s) + 1, len(t) + 1))
        for i in range(1, len(s) + 1):
            for j in range(1, len(t) + 1):
                match = table[i - 1, j - 1] + gain[s[i - 1], t[j - 1]]
                table[i, j] = max(match, table[i - 1, j], table[i, j - 1])
        return table.max() / (threshold * max(len(s), len(t)))

    return score


def contests() -> list[Contest]:
    """Everything that can be compared on this machine."""
    found = [
        Contest(
            "scanmatch",
            {"screen_px": SCREEN, "pixel": "floor"},
            "plain Python",
            plain_scanmatch(),
            prepare=_same,
            target=100,
        ),
        Contest(
            "scanmatch",
            {"screen_px": SCREEN, "bin_ms": 50, "pixel": "floor"},
            "plain Python",
            plain_scanmatch(50),
            prepare=_same,
            share=0.02,
            target=100,
        ),
    ]
    if _installed("multimatch_gaze"):
        from multimatch_gaze import docomparison

        found += [
            Contest(
                "multimatch",
                {"screen_px": SCREEN},
                "multimatch-gaze",
                lambda a, b: docomparison(a, b, SCREEN),
                prepare=_records,
                target=250,
            ),
            Contest(
                "multimatch",
                {"screen_px": SCREEN, "simplify": sp.metrics.Simplify(45, 300, 100)},
                "multimatch-gaze",
                lambda a, b: _grouped(docomparison, a, b),
                prepare=_records,
                target=250,
            ),
        ]
    if _installed("tslearn"):
        from tslearn.metrics import cdist_dtw
        from tslearn.metrics import dtw as tslearn_dtw

        root = {"convention": "root"}
        found += [
            Contest("dtw", root, "tslearn dtw", tslearn_dtw, target=5),
            Contest("dtw", root, "tslearn cdist_dtw", per_picture=lambda xy: cdist_dtw(xy, n_jobs=1), target=5),
        ]
    if _installed("similaritymeasures"):
        import similaritymeasures

        found += [
            Contest("dtw", {}, "similaritymeasures", lambda a, b: similaritymeasures.dtw(a, b)[0], target=5),
            Contest("frechet", {}, "similaritymeasures", similaritymeasures.frechet_dist, target=5),
        ]
    if _installed("ot"):
        os.environ["POT_BACKEND_DISABLE_PYTORCH"] = "1"  # or it loads torch, which takes seconds
        import ot

        found.append(Contest("emd", {}, "POT emd2", lambda a, b: ot.emd2([], [], ot.dist(a, b, metric="euclidean"))))
    from scipy.spatial.distance import directed_hausdorff

    found.append(
        Contest(
            "hausdorff",
            {},
            "scipy",
            lambda a, b: max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0]),
        )
    )
    return found


def run(contest: Contest, groups: Groups, rounds: int) -> list[measure.Figure]:
    """Interleave the peer and both of our calls, scaled to all pictures."""
    count = len(groups)
    sample = groups[: max(1, round(contest.share * count))]
    prepared = [[contest.prepare(path) for path in group] for group in sample]
    flat = [path for group in groups for path in group]
    size = len(groups[0])
    upper = np.stack(np.triu_indices(size, 1), axis=1)
    pairs = np.concatenate([upper + size * index for index in range(count)])

    def peer() -> None:
        for group in prepared:
            if contest.per_picture is not None:
                contest.per_picture(group)
            else:
                for a, b in itertools.combinations(group, 2):
                    contest.per_pair(a, b)

    def by_picture() -> None:
        for group in groups:
            sp.metrics.pairwise(contest.metric, group, **contest.settings)

    def at_once() -> None:
        sp.metrics.score_pairs(contest.metric, flat, None, pairs, **contest.settings)

    times = measure.interleaved({"peer": peer, "pairwise": by_picture, "score_pairs": at_once}, rounds)
    times["peer"] = [seconds * count / len(sample) for seconds in times["peer"]]
    shown = ",".join(key for key in contest.settings if key not in ("screen_px", "pixel"))
    about = f"{contest.metric}{f' ({shown})' if shown else ''}: {contest.peer} / "
    us = {name: 1e3 * value / len(pairs) for name, value in measure.median_ms(times).items()}
    print(f"{about}ours, us a pair: " + ", ".join(f"{name} {value:.2f}" for name, value in us.items()), flush=True)
    return [
        measure.ratio(f"{about}{name}", times["peer"], times[name], at_least=contest.target)
        for name in ("pairwise", "score_pairs")
    ]


@numba.njit(nogil=True)
def _spin(steps: int) -> float:
    total = 0.0
    for step in range(steps):
        total += np.sqrt(step * 1.0)
    return total


def in_threads(groups: Groups) -> dict[str, Callable]:
    """Work that takes its number of threads."""
    flat = [path for group in groups for path in group]
    upper = np.stack(np.triu_indices(len(groups[0]), 1), axis=1)
    pairs = np.concatenate([upper + len(groups[0]) * index for index in range(len(groups))])
    maps = np.random.default_rng(0).random((12, 768 * 1024)).astype(np.float32)

    def over(function: Callable[..., object], *rows: np.ndarray) -> Callable:
        def work(threads: int) -> np.ndarray:
            parts = [slice(12 * i // threads, 12 * (i + 1) // threads) for i in range(threads)]
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda part: function(maps[part], *(row[part] for row in rows)), parts))
            return np.array(rows)

        return work

    def spin(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(_spin, [60_000_000 // threads] * threads))

    counts, moments = np.zeros((2, 12), dtype=np.int64), np.empty((2, 12))
    return {
        "no memory": spin,
        "multimatch": lambda jobs: sp.metrics.score_pairs("multimatch", flat, None, pairs, jobs=jobs, screen_px=SCREEN),
        "scanmatch (bin_ms)": lambda jobs: sp.metrics.score_pairs(
            "scanmatch", flat, None, pairs, jobs=jobs, screen_px=SCREEN, bin_ms=50
        ),
        "counts of AUC, a map each": over(count_below_each, maps[:, 5].copy(), *counts),
        "moments of NSS, a map each": over(mean_and_squares_each, *moments),
    }


def run_threads(groups: Groups, rounds: int) -> list[measure.Figure]:
    """Wall time and process time of one thread over two."""
    figures = []
    for name, work in in_threads(groups).items():
        if name != "no memory":
            np.testing.assert_array_equal(work(1), work(2))
        for clock, about in ((time.perf_counter, "wall"), (time.process_time, "process time")):
            times = measure.interleaved({"one": partial(work, 1), "two": partial(work, 2)}, rounds, clock=clock)
            figures.append(measure.ratio(f"{name}: one thread / two, {about}", times["one"], times["two"]))
    return figures


def main() -> None:
    parser = measure.parser(__doc__, rounds=5, pictures=100, people=15)
    parser.add_argument("--threads", action="store_true", help="two threads against one, and nothing else")
    arguments = parser.parse_args()
    groups = scanpaths(arguments.pictures, arguments.people)
    if arguments.threads:
        measure.report(__file__, run_threads(groups, arguments.rounds), arguments.json)
        return
    figures = [figure for contest in contests() for figure in run(contest, groups, arguments.rounds)]
    measure.report(__file__, figures, arguments.json)


def _same(path: sp.Scanpath) -> sp.Scanpath:
    return path


def _records(path: sp.Scanpath) -> np.ndarray:
    columns = (path.xy[:, 0], path.xy[:, 1], path.duration_ms / 1000)
    return np.rec.fromarrays(columns, names="start_x,start_y,duration")


def _grouped(docomparison: Callable, a: np.ndarray, b: np.ndarray) -> None:
    # it raises where a scanpath shrinks to one short saccade, and divides by saccades of length zero; that counts too
    with contextlib.suppress(IndexError), np.errstate(invalid="ignore"):
        docomparison(a, b, SCREEN, grouping=True, TDir=45.0, TDur=0.3, TAmp=100.0)


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


if __name__ == "__main__":
    main()
