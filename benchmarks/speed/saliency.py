"""How fast map metrics are beside the procedure people use today: ratios of one run, one thread.

    python benchmarks/speed/saliency.py [--rounds 7] [--json FILE]

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

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

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


def run(contest: Contest, rounds: int) -> tuple[dict[str, float], measure.Figure]:
    """Microseconds a fixation of each, and the ratio, after a first call of each that compiles and is compared."""
    first, second = contest.ours(contest.maps, contest.xy), contest.plain(contest.maps, contest.xy)
    apart = 2e-4 if contest.maps.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(first, second, rtol=apart, atol=apart)
    stack = contest.maps if contest.maps.ndim == 3 else contest.maps[None]
    work = {
        "ours": lambda: contest.ours(contest.maps, contest.xy),
        "plain": lambda: contest.plain(contest.maps, contest.xy),
        "read": lambda: read_once(stack),
    }
    times = measure.interleaved(work, rounds)
    us = {name: 1e3 * value / len(contest.xy) for name, value in measure.median_ms(times).items()}
    figure = measure.ratio(f"{contest.name}: plain / ours", times["plain"], times["ours"], at_least=contest.target)
    return us, figure


def _auc(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return auc(values, xy, per_fixation=True)


def _nss(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return nss(values, xy, per_fixation=True)


def _fixations(generator: np.random.Generator, n: int, size: tuple[int, ...]) -> np.ndarray:
    return np.stack([generator.integers(0, size[1], n), generator.integers(0, size[0], n)], axis=1)


def main() -> None:
    options = measure.parser(__doc__, rounds=7).parse_args()
    figures, details = [], {}
    print(f"{'us per fixation':<44}{'ours':>9}{'plain':>9}{'read':>9}{'at most':>9}")
    for contest in contests():
        us, figure = run(contest, options.rounds)
        figures.append(figure)
        details[contest.name] = us
        limit = us["plain"] / us["read"]
        print(f"{contest.name:<44}{us['ours']:>9.2f}{us['plain']:>9.2f}{us['read']:>9.2f}{limit:>8.1f}x")
    measure.report(__file__, figures, options.json, us_per_fixation=details)


if __name__ == "__main__":
    main()
