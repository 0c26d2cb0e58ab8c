"""CLE, constrained Levy exploration: heavy-tailed jumps, drawn by saliency (Boccignone and Ferraro 2004)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter
from torch import Tensor

from scanpath._core.checks import check_choice, check_count, check_number, check_positive
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.agents.history import History
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.agents.winner_take_all import itti_koch_map, spectral_map
from scanpath.gaze.pixels import pixel_of
from scanpath.gaze.stimulus import Stimulus

SALIENCY = {"spectral_residual": spectral_map, "itti_koch": itti_koch_map}
#: A picture whose every jump is refused ends the search for one after so many proposals.
LONGEST_SEARCH = 10_000


@dataclass(frozen=True)
class Landscape:
    """A picture's saliency in [0, 100], its weighted form, and the force that pulls uphill."""

    saliency: np.ndarray
    weighted: np.ndarray
    force: np.ndarray
    foa_px: float


class LevyAgent(Agent):
    """Explores by constrained Levy jumps: a Langevin equation with Levy noise, and a Metropolis rule that accepts.

    The eye starts at the center of the picture.

    Parameters
    ----------
    saliency
        "spectral_residual", "itti_koch", or a function of the stimulus that returns a map (H, W).
    alpha
        Index of the stable law of jump lengths: 1 is Cauchy, 2 is Gaussian.
    candidates
        Jumps drawn at once; of those that stay in the picture the one with the highest saliency is proposed. With
        the published scale, twice a sixth of the smaller side, squared, few of them stay.
    step, force, noise
        Time step, and weights of the pull of saliency and of the noise.
    steepness
        How fast the potential falls with saliency from 0 to 100.
    temperature
        How readily a jump to a less salient place is accepted. A refused jump is drawn again, so that a scanpath
        has no repeated fixations.
    found_rule
        When a search ends; default a fixation inside the target's box.

    References
    ----------
    Boccignone and Ferraro (2004), Modelling gaze shift as a constrained random walk, Physica A 331,
    doi:10.1016/j.physa.2003.09.011.
    """

    name = "levy"

    def __init__(
        self,
        *,
        saliency: str | Callable[[Stimulus], Tensor] = "spectral_residual",
        alpha: float = 1.0,
        candidates: int = 50,
        step: float = 0.1,
        force: float = 0.5,
        noise: float = 0.5,
        steepness: float = 0.01,
        temperature: float = 25.0,
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(found_rule=found_rule or InBox())
        if isinstance(saliency, str):
            saliency = SALIENCY[check_choice("saliency", saliency, tuple(SALIENCY))]
        if not callable(saliency):
            names = " or ".join(map(repr, SALIENCY))
            raise InputError(f"saliency must be {names}, or a function of the stimulus, got {saliency!r}.")
        if check_positive("alpha", alpha) > 2:
            raise InputError(f"alpha must lie in (0, 2] (1 is Cauchy, 2 is Gaussian), got {alpha!r}.")
        self.saliency, self.alpha, self.candidates = saliency, float(alpha), check_count("candidates", candidates)
        self.step, self.force, self.noise = check_positive("step", step), check_number("force", force), noise
        self.steepness, self.temperature = steepness, check_positive("temperature", temperature)
        check_number("noise", noise)
        check_number("steepness", steepness)

    def prepare(self, stimulus: Stimulus) -> Landscape:
        """Draw the saliency map and what follows from it."""
        raw = torch.as_tensor(self.saliency(stimulus)).detach().cpu().to(torch.float64).numpy()
        if raw.shape != stimulus.size:
            raise InputError(f"saliency must return a map of the picture's size {stimulus.size}, got {raw.shape}.")
        spread = raw.max() - raw.min()
        saliency = 100 * (raw - raw.min()) / spread if spread > 0 else np.zeros_like(raw)
        foa = min(stimulus.size) / 6
        potential = 100 * np.exp(-self.steepness * saliency)
        edge = np.pad(potential, 1, mode="edge")
        slope = np.stack([edge[1:-1, 2:] - edge[1:-1, :-2], edge[2:, 1:-1] - edge[:-2, 1:-1]]) / 2
        return Landscape(saliency, gaussian_filter(saliency, foa / 2, mode="nearest"), -slope, foa)

    def priority(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike) -> Tensor:
        """Return the saliency map (H, W), which does not depend on where the eye was."""
        return torch.from_numpy(self.prepared(stimulus).saliency).to(torch.float32)

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Propose jumps until one is accepted; stays if none is."""
        land = self.prepared(stimulus)
        here = np.array(history[-1], dtype=np.float64)
        for _ in range(math.ceil(LONGEST_SEARCH / self.candidates)):
            inside = self._inside(self._propose(here, land, generator), stimulus.size)
            if len(inside) == 0:
                continue
            place = inside[int(np.argmax(_at(land.saliency, inside)))]
            gain = float(_at(land.weighted, place[None])[0] - _at(land.weighted, here[None])[0])
            chance = float(torch.rand((), generator=generator, dtype=torch.float64))
            if gain > 0 or chance < math.exp(gain / self.temperature):
                return float(place[0]), float(place[1])
        return float(here[0]), float(here[1])

    def _propose(self, here: np.ndarray, land: Landscape, generator: torch.Generator) -> np.ndarray:
        """Return candidates (n, 2): r + h (-kP grad V(r) + kR xi), with xi of random direction and stable length."""
        uniform = torch.rand(3, self.candidates, generator=generator, dtype=torch.float64).numpy()
        angle = 2 * math.pi * uniform[0]
        length = (2 * land.foa_px) ** 2 * _stable(self.alpha, uniform[1], uniform[2])
        xi = length[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        row, column = _pixel(here[None], land.saliency.shape)
        return here + self.step * (self.force * land.force[:, row[0], column[0]] + self.noise * xi)

    @staticmethod
    def _inside(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        return points[((points >= 0) & (points <= [size[1] - 1, size[0] - 1])).all(1)]


def _stable(alpha: float, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Turn uniform numbers into symmetric alpha-stable ones of scale 1 (Chambers, Mallows, Stuck 1976)."""
    angle = math.pi * (first - 0.5)
    if alpha == 1:
        return np.tan(angle)
    rest = (np.cos((1 - alpha) * angle) / -np.log1p(-second)) ** ((1 - alpha) / alpha)
    return np.sin(alpha * angle) / np.cos(angle) ** (1 / alpha) * rest


def _at(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    return values[_pixel(points, values.shape)]


def _pixel(points: np.ndarray, size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    columns, rows = np.clip(pixel_of(points), 0, (size[1] - 1, size[0] - 1)).astype(int).T
    return rows, columns
