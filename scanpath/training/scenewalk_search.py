"""The search for SceneWalk's likeliest parameters, and the spread of what was found."""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, logit, ndtri

from scanpath._core.errors import InputError
from scanpath._core.files import require_file, write_text
from scanpath.agents.scene_density import CELLS
from scanpath.guidance.scenewalk_parameters import DEFAULTS
from scanpath.training.scenewalk_evidence import Evidence

#: Between which a parameter is looked for; where a published estimation has narrower bounds, these.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "inhibition_exponent": (1e-3, 15.0),
    "attention_exponent": (1e-3, 15.0),
    "uniform_share": (1e-6, 1 - 1e-6),
    "oculomotor_exponent": (1e-4, 2.0),
}
USUAL_BOUNDS = (1e-3, 1e3)
MOST_STEPS = 100
#: Steps of the differences that gradients and curvatures come from, in logarithms of parameters. The curvature's is
#: wider, as the likelihood of a single fixation has kinks where inhibition closes its place.
GRADIENT_STEP, CURVATURE_STEP = 1e-5, 0.02
#: The search ends when a last step would gain less than this over all fixations, in nats: parameters are then within a
#: few hundredths of their standard errors.
WORTH_A_STEP = 1e-3

Progress = Callable[[int], object]


class _Slope(NamedTuple):
    nats: np.ndarray  # (n,) of each fixation
    scores: np.ndarray  # (n, parameters), their gradients


class Search:
    """Climbs the likelihood of evidence over some of the parameters, as points of logarithms (of odds, for shares).

    Parameters
    ----------
    evidence, configuration
        The scanpaths and the model.
    names
        What is fitted.
    values
        All parameters, where the search begins.
    progress
        Called with 1 after each evaluation.

    Attributes
    ----------
    start, defaults, low, high
        Points: where the search begins, of the default parameters, and the borders of what is searched.
    """

    def __init__(
        self,
        evidence: Evidence,
        configuration: str,
        names: Sequence[str],
        values: Mapping[str, float],
        progress: Progress | None,
    ) -> None:
        self.evidence, self._configuration, self.names, self._values = evidence, configuration, tuple(names), values
        self._progress = progress
        self._shares = np.array([name == "uniform_share" for name in names])
        limits = np.array([BOUNDS.get(name, USUAL_BOUNDS) for name in names])
        self.low, self.high = self._point(limits[:, 0]), self._point(limits[:, 1])
        self.start = np.clip(self._point(np.array([values[name] for name in names])), self.low, self.high)
        self.defaults = self._point(np.array([DEFAULTS[name] for name in names]))
        self._last: tuple[bytes, _Slope] | None = None

    def parameters(self, point: np.ndarray) -> dict[str, float]:
        """Return all parameters at a point."""
        inside = np.clip(point, self.low, self.high)
        # only the branch that is taken may be large
        fitted = [float(expit(at) if share else np.exp(at)) for at, share in zip(inside, self._shares)]
        return {**self._values, **dict(zip(self.names, fitted))}

    def nats(self, point: np.ndarray) -> np.ndarray:
        """Return the log likelihood of each fixation, (n,)."""
        found = self.evidence.bits(self._configuration, self.parameters(point)) * math.log(2)
        if self._progress:
            self._progress(1)
        return found

    def bits(self, point: np.ndarray) -> float:
        """Return the mean information beyond a uniform density, bits a fixation."""
        return float(self.nats(point).mean() / math.log(2)) + math.log2(math.prod(CELLS))

    def climb(self, point: np.ndarray, note: Callable[[np.ndarray], object]) -> np.ndarray:
        """Return the likeliest point that is reached from one; `note` is told of each step."""

        def loss(at: np.ndarray) -> float:
            return -float(self.nats(at).mean())

        def gradient(at: np.ndarray) -> np.ndarray:
            return -self._slope(at).scores.mean(0)

        def curvature(at: np.ndarray) -> np.ndarray:
            scores = self._slope(at).scores
            # for a true model the spread of gradients is the curvature; the rest keeps flat directions finite
            return scores.T @ scores / len(scores) + 1e-8 * np.eye(len(at))

        def after(intermediate_result: OptimizeResult) -> None:
            at = intermediate_result.x
            note(at)
            slope = gradient(at)
            if slope @ np.linalg.solve(curvature(at), slope) * len(self.evidence.person) / 2 < WORTH_A_STEP:
                raise StopIteration

        result = minimize(
            loss,
            point,
            method="trust-exact",
            jac=gradient,
            hess=curvature,
            callback=after,
            options={"gtol": 0.0, "maxiter": MOST_STEPS},
        )
        return np.clip(result.x, self.low, self.high)

    def interval(self, point: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the points below and above within which each parameter lies; infinite at the border of the search.

        The variance over people (of the sums of their fixations' gradients) is seen through the curvature at the point.
        """
        margin = 10 * CURVATURE_STEP
        free = np.flatnonzero((point > self.low + margin) & (point < self.high - margin))
        low, high = np.full(len(point), -math.inf), np.full(len(point), math.inf)
        variance = self._variance(point, free)
        if variance is not None:
            half = float(ndtri(0.5 + confidence / 2)) * np.sqrt(np.diag(variance))
            low[free], high[free] = point[free] - half, point[free] + half
        return low, high

    def _variance(self, point: np.ndarray, free: np.ndarray) -> np.ndarray | None:
        """Sandwich of curvature and spread over people; None where the curvature is no maximum's or people too few."""
        person = self.evidence.person
        n_people = person.max() + 1
        if n_people < 2 or len(free) == 0:
            return None
        steps = CURVATURE_STEP * np.eye(len(point))[free]
        slopes = [(self._slope(point + step).scores - self._slope(point - step).scores).sum(0) for step in steps]
        curvature = -np.stack(slopes)[:, free] / (2 * CURVATURE_STEP)
        curvature = (curvature + curvature.T) / 2
        if not np.linalg.eigvalsh(curvature)[0] > 0:
            return None
        sums = np.zeros((n_people, len(free)))
        np.add.at(sums, person, self._slope(point).scores[:, free])
        sums -= sums.mean(0)
        inverse = np.linalg.inv(curvature)
        return inverse @ (sums.T @ sums * n_people / (n_people - 1)) @ inverse

    def _slope(self, point: np.ndarray) -> _Slope:
        key = point.tobytes()
        if self._last is None or self._last[0] != key:
            nats = self.nats(point)
            steps = GRADIENT_STEP * np.eye(len(point))
            scores = np.stack([(self.nats(point + step) - nats) / GRADIENT_STEP for step in steps], 1)
            self._last = key, _Slope(nats, scores)
        return self._last[1]

    def _point(self, values: np.ndarray) -> np.ndarray:
        """Return the point of values, which are brought into (0, infinity) or (0, 1) at the least step."""
        shares = np.clip(values, 1e-12, 1 - 1e-12)
        return np.where(self._shares, logit(shares), np.log(np.maximum(values, 1e-12)))


class Checkpoint:
    """How far a fit is, in one file that the next fit with the same settings goes on from.

    Parameters
    ----------
    path
        The file, or None to keep nothing.
    settings
        What a fit must share with the one that wrote the file.
    """

    def __init__(self, path: str | os.PathLike[str] | None, settings: Mapping[str, Any]) -> None:
        self._path, self._settings = path, json.loads(json.dumps(settings))
        self.finished: list[np.ndarray] = []
        self.now: np.ndarray | None = None
        if path is None or not os.path.exists(path):
            return
        try:
            kept = json.loads(require_file(path, "checkpoint").read_bytes())
            settings, finished, now = kept["settings"], kept["finished"], kept["now"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"The checkpoint {path} is damaged; delete it to start again.") from error
        if settings != self._settings:
            other = next((name for name in self._settings if settings.get(name) != self._settings[name]), "settings")
            raise InputError(
                f"The checkpoint {path} was made with other settings: another {other}; use the same, delete it, or "
                "give another path."
            )
        self.finished = [np.array(point) for point in finished]
        self.now = None if now is None else np.array(now)

    def note(self, point: np.ndarray) -> None:
        """Keep the point that a search has come to."""
        self.now = point
        self._write()

    def finish(self, point: np.ndarray) -> None:
        """Keep the point that a search has ended at."""
        self.finished, self.now = [*self.finished, point], None
        self._write()

    def _write(self) -> None:
        if self._path is not None:
            state = {"finished": [point.tolist() for point in self.finished]}
            state |= {"now": None if self.now is None else self.now.tolist()}  # type: ignore[dict-item]  # a point or nothing
            write_text(self._path, json.dumps({"settings": self._settings, **state}))
