"""How fast map metrics are beside the procedure people use today: ratios of one run, one thread.

    python benchmarks/speed/saliency.py [--rounds 7] [--json FILE]

The yardsticks are written from the definitions by which pysaliency 0.2.22 scores maps (its loops are compiled with
numba or Cython, and so are these): for each map a flattened copy and one loop over it for AUC, NumPy's mean and
standard deviation for NSS; for one map with many fixations two sorts and one walk along both. A conditional model
whose map stays the same over a scanpath (a center bias, a gold standard) is measured anew at every fixation by the
procedure and once by ours; where every fixation has a map of its own, both must read it all. Scores of a map against
another one, the shuffled AUC and information gain are counted by the picture; where pysaliency is installed its own
functions are called for CC, SIM and KL divergence, which work in single precision on maps that are. Its information
gain of a log density that is there already only looks values up; ours makes sure that it is one. Maps are scored as
they come in practice: in single precision from a network, in double precision from filters; random values (hard for
branch prediction) and smooth ones. Rounds are interleaved, times are medians of process time. Targets are those the
project set itself; a ratio below its target is printed as such.

The column "read" is the floor: one vectorized loop that does nothing but add the map up. Every exact score must look
at each pixel once, so plain / read is the largest ratio that any program can reach on this machine in this run; where
it lies below the target, the memory decides and not the code.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from scipy.ndimage import gaussian_filter

from scanpath.metrics import (
    auc,
    conditional_auc,
    conditional_information_gain,
    conditional_nss,
    correlation,
    information_gain,
    kl_divergence,
    nss,
    shuffled_auc,
    similarity,
)

SIZE = (768, 1024)
#: Fixations on other pictures: those of 15 people on 1000 pictures, seven each.
OTHERS = 100_000


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


def plain_cc(first: np.ndarray, second: np.ndarray) -> float:
    """Both maps standardized, then NumPy's correlation."""
    first, second = ((each - each.mean()) / each.std() for each in (first.astype(float), second.astype(float)))
    return np.corrcoef(first.flatten(), second.flatten())[0, 1]


def plain_density(values: np.ndarray, minimum: float = 0.0) -> np.ndarray:
    """Lifted to 0 and scaled to sum 1."""
    values = (values - values.min() if values.min() < 0 else values) + minimum
    return values / values.sum()


def plain_sim(first: np.ndarray, second: np.ndarray) -> float:
    """The smaller of both densities."""
    return np.min([plain_density(first), plain_density(second)], axis=0).sum()


def plain_kl(first: np.ndarray, second: np.ndarray) -> float:
    """Both logarithms, and an exponential of one."""
    log_p, log_q = (np.log(plain_density(each, 1e-20)) for each in (first, second))
    return (np.exp(log_q) * (log_q - log_p)).sum()


def plain_shuffled_auc(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Values at fixations on this picture and on others, all sorted, one walk along them."""
    xy, others = xy[:-OTHERS], xy[-OTHERS:]
    positives, negatives = (values[each[:, 1], each[:, 0]].astype(float) for each in (xy, others))
    return _walk(np.sort(positives), np.sort(negatives), np.argsort(positives), np.empty(len(positives)))


def plain_gain(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """The log of a density, made from the map, less that of the uniform one, in bits."""
    return plain_gain_of_logs(np.log(plain_density(values)), xy)


def plain_gain_of_logs(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Values of a log density less that of the uniform one, in bits."""
    return (values[xy[:, 1], xy[:, 0]] + np.log(values.size)) / np.log(2)


@dataclass
class Contest:
    """One measure on one kind of maps."""

    name: str
    maps: np.ndarray
    xy: np.ndarray
    ours: Callable
    plain: Callable
    target: float | None = None
    pictures: int | None = None  # what times are divided by, where it is not the number of fixations


def contests_by_picture(maps: np.ndarray) -> list[Contest]:
    """What is scored once a picture: two maps, or one map against its own fixations and those on other pictures."""
    generator = np.random.default_rng(1)
    theirs = {"CC": plain_cc, "SIM": plain_sim, "image_based_kl_divergence": plain_kl}
    if importlib.util.find_spec("pysaliency") is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own dependencies
            theirs = {name: getattr(importlib.import_module("pysaliency.metrics"), name) for name in theirs}
    own, others = _fixations(generator, 105, SIZE), _fixations(generator, OTHERS, SIZE)
    log_density = np.log(maps[0] / maps[0].sum())
    found = []
    for dtype in (np.float64, np.float32):
        pair, about = maps[:2].astype(dtype), np.dtype(dtype).name
        for (name, plain), ours in zip(theirs.items(), (correlation, similarity, kl_divergence)):
            found.append(Contest(f"{name}, {about}", pair, own, _of_pair(ours), _of_pair(plain), 10, 1))
        shuffled = np.concatenate([own, others])
        found.append(Contest(f"shuffled AUC, {about}", pair[0], shuffled, _shuffled, plain_shuffled_auc, 10, 1))
        found.append(Contest(f"information gain, {about}", pair[0], own, _gain, plain_gain, 10, 1))
        logs = log_density.astype(dtype)
        about = f"of logs, {about}"
        found.append(Contest(f"information gain {about}", logs, own, _gain_of_logs, plain_gain_of_logs, None, 1))
    return found


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
    return found + contests_by_picture(smooth)


def run(contest: Contest, rounds: int) -> tuple[dict[str, float], measure.Figure]:
    """Microseconds a fixation (or picture) of each, and the ratio, after a first call that compiles and is compared."""
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
    counted = contest.pictures or len(contest.xy)
    us = {name: 1e3 * value / counted for name, value in measure.median_ms(times).items()}
    figure = measure.ratio(f"{contest.name}: plain / ours", times["plain"], times["ours"], at_least=contest.target)
    return us, figure


def _auc(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return auc(values, xy, per_fixation=True)


def _nss(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return nss(values, xy, per_fixation=True)


def _of_pair(score: Callable) -> Callable:
    return lambda maps, _: np.array([score(maps[0], maps[1])])


def _shuffled(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return shuffled_auc(values, xy[:-OTHERS], xy[-OTHERS:], per_fixation=True)


def _gain(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return conditional_information_gain(np.broadcast_to(values, (len(xy), *values.shape)), None, xy, epsilon=0)


def _gain_of_logs(values: np.ndarray, xy: np.ndarray) -> np.ndarray:
    return information_gain(values, None, xy, per_fixation=True)


def _fixations(generator: np.random.Generator, n: int, size: tuple[int, ...]) -> np.ndarray:
    return np.stack([generator.integers(0, size[1], n), generator.integers(0, size[0], n)], axis=1)


def main() -> None:
    options = measure.parser(__doc__, rounds=7).parse_args()
    figures, details = [], {}
    print(f"{'us per fixation, or picture':<44}{'ours':>9}{'plain':>9}{'read':>9}{'at most':>9}")
    for contest in contests():
        us, figure = run(contest, options.rounds)
        figures.append(figure)
        details[contest.name] = us
        limit = us["plain"] / us["read"]
        print(f"{contest.name:<44}{us['ours']:>9.2f}{us['plain']:>9.2f}{us['read']:>9.2f}{limit:>8.1f}x")
    measure.report(__file__, figures, options.json, us_each=details)


if __name__ == "__main__":
    main()
