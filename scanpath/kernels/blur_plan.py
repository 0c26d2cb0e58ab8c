"""Which blurred copies of a picture are kept, and how two of them mix into any blur between.

A blur that varies from pixel to pixel is mixed from a ladder of evenly blurred copies ("levels"): level 0 is the
picture, level l is blurred with a Gaussian of `sigma_px`. A pixel that wants a blur between two levels takes a
weighted mean of both. The weight is the one that leaves the least squared error in the transfer function under the
1/f^2 power spectrum of natural images, which is far closer than mixing by standard deviation or by variance.
Strongly blurred levels keep one row and one column in `step`; the reader interpolates between them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from torch import Tensor

from scanpath._core.checks import check_choice

#: Below this, the transfer function of the sampled, normalized kernel differs from the continuous Gaussian's.
SAMPLED_BELOW_PX = 1.2
#: Each halving of the resolution uses the binomial kernel (1 3 3 1) / 8.
HALVING_VARIANCE = 0.75


@dataclass(frozen=True)
class Ladder:
    """How closely the levels are spaced and how coarsely they are sampled.

    Parameters
    ----------
    first_px
        Standard deviation of level 1.
    fine, coarse
        Levels per octave up to a standard deviation of `knee_px`, and beyond it, where levels are small and cheap.
    knee_px
        Where the spacing changes.
    least_px
        A level is sampled at every 2^n-th pixel as long as its standard deviation is at least this many samples.
    reach
        Kernels end at this many standard deviations. Cut tails make the levels slightly flatter than Gaussians,
        which mixtures of two Gaussians lack, so that a longer reach is not better between levels.
    """

    first_px: float
    fine: float
    coarse: float
    knee_px: float
    least_px: float
    reach: float


#: Decibels against the exact per-pixel Gaussian on photographs: above 46, 58 and 64; see the tests.
LADDERS = {
    "fast": Ladder(first_px=0.65, fine=1.1, coarse=1.6, knee_px=1.3, least_px=1.1, reach=2.5),
    "standard": Ladder(first_px=0.5, fine=2.15, coarse=2.5, knee_px=2, least_px=1.5, reach=2.75),
    "precise": Ladder(first_px=0.5, fine=3.2, coarse=5, knee_px=2, least_px=2.2, reach=3),
}


@dataclass(frozen=True)
class Level:
    """One evenly blurred copy.

    Parameters
    ----------
    sigma_px
        Standard deviation of the blur in px of the picture.
    step
        Distance of its samples in px, a power of two.
    taps
        Kernel from its center outwards, in samples of the picture halved to `step`.
    """

    sigma_px: float
    step: int
    taps: tuple[float, ...]


@dataclass(frozen=True)
class BlurPlan:
    """The levels that a picture needs, from sharp to most blurred; at least two.

    Parameters
    ----------
    levels
        What each level is, or stands for.
    make
        What turns pictures (B, C, H, W) into all levels at full size, the first being the pictures, where they are
        not made by blurring.
    """

    levels: tuple[Level, ...]
    make: Callable[[Tensor], list[Tensor]] | None = None

    @cached_property
    def sigmas_px(self) -> tuple[float, ...]:
        """Standard deviations of the levels."""
        return tuple(level.sigma_px for level in self.levels)

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """Sampling steps of the levels."""
        return tuple(level.step for level in self.levels)

    @classmethod
    def made_by(cls, make: Callable[[Tensor], list[Tensor]], count: int) -> "BlurPlan":
        """Plan `count` levels that a function makes."""
        return cls(tuple(Level(float(index), 1, (1.0,)) for index in range(count)), make)

    @property
    def top_px(self) -> float:
        """Largest blur that the plan can show."""
        return self.levels[-1].sigma_px


def plan_blur(quality: str, sigma_px: float, size: tuple[int, int]) -> BlurPlan:
    """Choose the levels for blurs up to `sigma_px` on a picture of (height, width).

    Blurs much wider than the picture turn it into its mean; the ladder ends there.

    Examples
    --------
    >>> [round(sigma, 2) for sigma in plan_blur("fast", 3.0, (480, 640)).sigmas_px]
    [0.0, 0.65, 1.22, 2.29, 3.53]
    """
    ladder = LADDERS[check_choice("quality", quality, tuple(LADDERS))]
    sigma_px = min(sigma_px, 2.0 * max(size))
    sigmas = [0.0, ladder.first_px]
    while sigmas[-1] < sigma_px:
        per_octave = ladder.fine if sigmas[-1] < ladder.knee_px else ladder.coarse
        sigmas.append(sigmas[-1] * 2 ** (1 / per_octave))
    return plan_levels(tuple(sigmas), ladder.least_px, ladder.reach)


@lru_cache(maxsize=64)
def plan_levels(sigmas_px: tuple[float, ...], least_px: float, reach: float) -> BlurPlan:
    """Make the plan with exactly these standard deviations, the first of them 0."""
    levels = [Level(0.0, 1, (1.0,))]
    for sigma in sigmas_px[1:]:
        step = 1
        while sigma >= 2 * step * least_px:
            step *= 2
        levels.append(Level(sigma, step, _half_kernel(_remaining_sigma(sigma, step), reach)))
    return BlurPlan(tuple(levels))


def _remaining_sigma(sigma_px: float, step: int) -> float:
    """Blur in samples still missing after the halvings before it and the linear interpolation after it."""
    if step == 1:
        return sigma_px
    halvings = HALVING_VARIANCE * (step**2 - 1) / 3
    interpolation = step**2 / 6 + 1 / 12
    return math.sqrt(sigma_px**2 - halvings - interpolation) / step


def _half_kernel(sigma: float, reach: float) -> tuple[float, ...]:
    weights = np.exp(-0.5 * (np.arange(math.ceil(reach * sigma) + 1) / sigma) ** 2)
    return tuple((weights / (2 * weights.sum() - weights[0])).tolist())


@lru_cache(maxsize=64)
def level_table(sigmas_px: tuple[float, ...], samples: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Tabulate the level coordinate of a blur: l + w means (1 - w) of level l and w of level l + 1.

    Returns
    -------
    tuple
        Standard deviations in px, increasing, and their level coordinates; linear in between.
    """
    frequencies, power = _spectrum()
    sigmas, coordinates = [np.zeros(1)], [np.zeros(1)]
    for index, (low, high) in enumerate(pairwise(sigmas_px)):
        start, end = _transfer(np.array([low, high]), frequencies)
        inner = low + (high - low) * np.arange(1, samples + 1) / samples
        difference = power * (end - start)
        weights = (_transfer(inner, frequencies) - start) @ difference / (difference @ (end - start))
        sigmas.append(inner)
        coordinates.append(index + np.clip(weights, 0, 1))
    return np.concatenate(sigmas), np.concatenate(coordinates)


@lru_cache(maxsize=1)
def _spectrum(directions: int = 5, octaves: int = 10, per_octave: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (2, n) in cycles per px on a log-polar grid, and the power of a natural image in each cell.

    Power falls as 1/f^2 and a cell's area grows as f^2, so that every cell inside the Nyquist square weighs the same.
    """
    radius = math.sqrt(0.5) * 2.0 ** (-np.arange(octaves * per_octave) / per_octave)
    angle = (np.arange(directions) + 0.5) / directions * math.pi / 4
    grid = np.stack([np.outer(radius, np.cos(angle)).ravel(), np.outer(radius, np.sin(angle)).ravel()])
    grid = grid[:, grid[0] <= 0.5]
    return grid, np.full(grid.shape[1], 1 / grid.shape[1])


def _transfer(sigmas: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Gain of the sampled, normalized Gaussians (n) at (2, m) frequencies: (n, m)."""
    gains = np.exp(-2 * np.square(math.pi * sigmas)[:, None] * np.square(frequencies).sum(axis=0))
    narrow = np.flatnonzero(sigmas < SAMPLED_BELOW_PX)
    offsets = np.arange(1, math.ceil(6 * SAMPLED_BELOW_PX) + 1)
    waves = np.cos(2 * math.pi * frequencies[..., None] * offsets)  # (2, m, taps)
    with np.errstate(divide="ignore"):
        weights = np.exp(-0.5 * (offsets / sigmas[narrow, None]) ** 2)
    along = (1 + 2 * waves @ weights.T) / (1 + 2 * weights.sum(axis=1))
    gains[narrow] = (along[0] * along[1]).T
    return gains


def reflect_table(n: int, length: float, margin: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples that stand in for positions -margin ... n + margin - 1 of a picture mirrored at its edges.

    Parameters
    ----------
    n
        Number of samples.
    length
        Length of the picture in sample distances; less than `n` where the last sample reaches over the edge.
    margin
        Number of positions wanted on each side.

    Returns
    -------
    tuple
        First sample, second sample and weight of the second, each of length n + 2 margin. Where the mirrored
        position falls on a sample, as it always does at full resolution, the weight is 0.
    """
    position = np.arange(-margin, n + margin)
    mirrored = np.mod(position + 0.5, 2 * length)
    mirrored = np.where(mirrored > length, 2 * length - mirrored, mirrored) - 0.5
    inside = (position >= 0) & (position < n)
    mirrored = np.clip(np.where(inside, position, mirrored), 0, n - 1)
    first = np.floor(mirrored).astype(np.int64)
    return first, np.minimum(first + 1, n - 1), mirrored - first
