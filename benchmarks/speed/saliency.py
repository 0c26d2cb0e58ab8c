"""How fast map metrics are beside the procedure people use today: ratios of one run, one thread.

    python benchmarks/speed/saliency.py [--rounds 7] [--out saliency.json]

The yardsticks are written from the definitions by which pysaliency 0.2.22 scores maps (its loops are compiled with
numba or Cython, and so are these): for each map a flattened copy and one loop over it for AUC, NumPy's mean and
standard deviation for NSS; for one map with many fixations two sorts and one walk along both. A conditional model
whose map stays the same over a scanpath (a center bias, a gold standard) is measured anew at every fixation by the
procedure and once by ours; where every fixation has a map of its own, both must read it all. Maps are scored as they
come in practice: in single precision from a network, in double precision from filters; random values (hard for branch
prediction) and smooth ones. Rounds are interleaved, times are medians of process time. Targets are those the project
set itself; a ratio below its target is printed as such.

The column "read" is the floor: one vectorized loop that does nothing but add the map up. Every exact score must look
at each pixel once, so plain / read is the largest ratio that any program can reach on this machine in this run; where
it lies below the target, the memory decides and not the code.
"""

# ruff: noqa: E402  threads are pinned before NumPy and its friends look

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from scipy.ndimage import gaussian_filter

from scanpath.metrics import auc, conditional_auc, conditional_nss, nss

SIZE = (768, 1024)


@numba.njit
def _share_below(value, negatives):
    count = 0.0
    for negative in negatives:
        if negative < value:
            count += 1.0
        elif negative == value:
            count += 0.5
    return count / len(negatives)


@numba.njit
def _walk(positives, negatives, order, scores):
    below, equal, last = 0, 0, -np.inf
    for i in range(len(positives)):
        value = positives[i]
        if value != last:
            below += equal
            while below < len(negatives) and negatives[below] < value:
                below += 1
            equal = 0
            while below + equal < len(negatives) and negatives[below + equal] == value:
                equal += 1
            last = value
        scores[order[i]] = (below + 0.5 * equal) / len(negatives)
    return scores


@numba.njit(fastmath=True)
def _total(flat):
    total = flat[0] * 0
    for i in range(flat.shape[0]):
        total += flat[i]
    return total


def read_once(maps: np.ndarray) -> None:
    """The least that a score of every map costs; one map that is broadcast is read once."""
    for each in maps[:1] if maps.strides[0] == 0 else maps:
        _total(each.ravel())


def plain_conditional_auc(maps: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """One positive against a flattened copy of its map, one loop."""
    return np.array([_share_below(each[y, x], each.flatten()) for each, (x, y) in zip(maps, xy)])


def plain_conditional_nss(maps: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Each map's mean and standard deviation by NumPy."""
    scores = []
    for each, (x, y) in zip(maps, xy):
        mean, std = each.mean(), each.std()
        value = each[y, x].copy()
        value -= mean
        scores.append(value / std if std else value)
    return np.array(scores)


def plain_auc(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Both sides sorted, one walk along them."""
    positives = values[xy[:, 1], xy[:, 0]]
    order = np.argsort(positives)
    return _walk(np.sort(positives), np.sort(values.flatten()), order, np.empty(len(positives)))


def plain_nss(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """The map's mean and standard deviation by NumPy."""
    return (values[xy[:, 1], xy[:, 0]] - values.mean()) / values.std()


@dataclass
class Contest:
    """One measure on one kind of maps."""

    name: str
    maps: np.ndarray
    xy: np.ndarray
    ours: Callable
    plain: Callable
    target: float | None = None


def contests() -> list[Contest]:
    """Per-fixation maps at full size and on a coarse grid, and one map with many fixations."""
    generator = np.random.default_rng(0)
    random = generator.random((12, *SIZE))  # a scanpath's worth
    smooth = np.stack([gaussian_filter(each, 25) for each in random])
    grid = generator.random((600, 24, 32))
    found = []
    for kind, maps in (("random", random), ("smooth", smooth), ("24 x 32 random", grid)):
        for dtype in (np.float32, np.float64):
            stack = maps.astype(dtype)
            xy = _fixations(generator, len(stack), stack.shape[1:])
            about = f"{kind} {np.dtype(dtype).name}"
            found.append(Contest(f"conditional AUC, {about}", stack, xy, conditional_auc, plain_conditional_auc, 10))
            found.append(Contest(f"conditional NSS, {about}", stack, xy, conditional_nss, plain_conditional_nss, 20))
    for kind, maps in (("random", random), ("smooth", smooth)):
        xy = _fixations(generator, 150, SIZE)
        same = np.broadcast_to(maps[0], (150, *SIZE))
        about = f"one {kind} map 150 times"
        found.append(Contest(f"conditional AUC, {about}", same, xy, conditional_auc, plain_conditional_auc, 10))
        found.append(Contest(f"conditional NSS, {about}", same, xy, conditional_nss, plain_conditional_nss, 20))
        found.append(Contest(f"AUC, 150 fixations, {kind} float64", maps[0], xy, _auc, plain_auc, 10))
        found.append(Contest(f"NSS, 150 fixations, {kind} float64", maps[0], xy, _nss, plain_nss))
    return found


def measure(contest: Contest, rounds: int) -> dict:
    """Interleaved medians of process time, after a first call of each that compiles and is compared."""
    first, second = contest.ours(contest.maps, contest.xy), contest.plain(contest.maps, contest.xy)
    np.testing.assert_allclose(
        first,
        second,
        rtol=2e-4 if contest.maps.dtype == np.float32 else 1e-9,
        atol=1e-4 if contest.maps.dtype == np.float32 else 1e-9,
    )
    stack = contest.maps if contest.maps.ndim == 3 else contest.maps[None]
    calls = {
        "ours": lambda: contest.ours(contest.maps, contest.xy),
        "plain": lambda: contest.plain(contest.maps, contest.xy),
        "read": lambda: read_once(stack),
    }
    times: dict[str, list[float]] = {who: [] for who in calls}
    for number in range(rounds + 1):  # the first round warms up
        for who, call in calls.items():
            start = time.process_time()
            call()
            if number:
                times[who].append(time.process_time() - start)
    ours, plain, read = (1e6 * statistics.median(times[who]) / len(contest.xy) for who in calls)
    return {
        "name": contest.name,
        "ours_us": ours,
        "plain_us": plain,
        "read_us": read,
        "ratio": plain / ours,
        "target": contest.target,
        "met": None if contest.target is None else plain / ours >= contest.target,
    }


def _auc(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return auc(values, xy, per_fixation=True)


def _nss(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return nss(values, xy, per_fixation=True)


def _fixations(generator: np.random.Generator, n: int, size: tuple[int, ...]) -> np.ndarray:
    return np.stack([generator.integers(0, size[1], n), generator.integers(0, size[0], n)], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out")
    options = parser.parse_args()
    rows = [measure(contest, options.rounds) for contest in contests()]
    print(f"{'us per fixation':<44}{'ours':>9}{'plain':>9}{'read':>9}{'ratio':>8}{'at most':>9}  target")
    for row in rows:
        goal = "" if row["target"] is None else f">= {row['target']:g}{'' if row['met'] else '  (missed)'}"
        limit = row["plain_us"] / row["read_us"]
        numbers = (
            f"{row['ours_us']:>9.2f}{row['plain_us']:>9.2f}{row['read_us']:>9.2f}{row['ratio']:>7.1f}x{limit:>8.1f}x"
        )
        print(f"{row['name']:<44}{numbers}  {goal}")
    if options.out:
        facts = {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__}
        facts |= {"machine": platform.machine(), "processor": platform.processor(), "load": os.getloadavg()}
        with open(options.out, "w") as file:
            json.dump({"facts": facts, "rows": rows}, file, indent=2)


if __name__ == "__main__":
    main()
