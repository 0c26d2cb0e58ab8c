"""How much people's scanpaths tell of SceneWalk's parameters together: draws from their posterior."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath._core.files import write_text
from scanpath._core.optional import require
from scanpath._core.random import derive_seed, numpy_generator
from scanpath.agents.scene_density import DensitySource, People
from scanpath.gaze.stimulus import Stimulus
from scanpath.training.scenewalk import SceneWalkFit, search_on
from scanpath.training.scenewalk_search import Search

#: Standard deviation of the prior of each parameter's logarithm (of the odds, for shares) round the default: one of
#: them is a factor of 4.5 either way.
PRIOR_SD = 1.5


@dataclass(frozen=True)
class SceneWalkPosterior:
    """Draws from the posterior of SceneWalk's parameters.

    Parameters
    ----------
    names
        The parameters.
    draws
        (n, parameters) values; the walkers of a step follow each other.
    walkers
        How many walkers.
    acceptance
        Share of proposals that were taken.
    autocorrelation
        Steps until a parameter's draws forget where they were; trustworthy if there are 50 times as many steps.
    """

    names: tuple[str, ...]
    draws: np.ndarray
    walkers: int
    acceptance: float
    autocorrelation: dict[str, float]

    def interval(self, confidence: float = 0.95) -> dict[str, tuple[float, float]]:
        """Return the central interval of each parameter."""
        if not 0 < confidence < 1:
            raise InputError(f"confidence must lie between 0 and 1, got {confidence}.")
        edges = np.quantile(self.draws, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        return {name: (float(low), float(high)) for name, low, high in zip(self.names, *edges, strict=True)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON."""
        write_text(path, json.dumps({**asdict(self), "draws": self.draws.tolist()}) + "\n")


def sample_scenewalk(
    fit: SceneWalkFit,
    people: People,
    stimuli: Sequence[Stimulus],
    *,
    density: DensitySource | None = None,
    walkers: int | None = None,
    steps: int = 1000,
    warm_up: int = 200,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> SceneWalkPosterior:
    """Draw from the posterior of the parameters of a fit, with the ensemble sampler of emcee (an optional library).

    The prior is a normal distribution of each parameter's logarithm (for shares, of the odds) with standard deviation
    1.5 round the default. Fixations are taken as independent given the model, so that the posterior is narrower than
    the fit's intervals where people differ.

    Parameters
    ----------
    fit
        Where the walkers begin, and which parameters they move.
    people, stimuli
        What it was fitted to.
    density
        As in `fit_scenewalk`; default the fit's.
    walkers
        Chains that move together; default four for each parameter.
    steps, warm_up
        Steps that are kept, and steps before them.
    seed
        Names the draws.
    progress
        Called with 1 after each evaluation of all scanpaths.

    Raises
    ------
    MissingDependencyError
        If emcee is not installed.

    References
    ----------
    Foreman-Mackey, Hogg, Lang and Goodman (2013). emcee: the MCMC hammer. PASP 125, 306-312. doi:10.1086/670067
    """
    emcee = require("emcee", purpose="Sampling the posterior")
    names = (*fit.intervals, *fit.without_interval)
    source = density or fit.density
    search = search_on(people, stimuli, fit.configuration, source, names, fit.parameters, progress)
    n = 4 * len(names) if walkers is None else check_count("walkers", walkers, least=2 * len(names) + 2)
    begin = search.start + 0.05 * numpy_generator(seed, "walkers").normal(size=(n, len(names)))
    sampler = emcee.EnsembleSampler(n, len(names), _log_posterior(search))
    state = np.random.RandomState(derive_seed(seed, "posterior") % 2**32).get_state()
    begin = emcee.State(np.clip(begin, search.low + 1e-6, search.high - 1e-6), random_state=state)
    sampler.run_mcmc(begin, check_count("steps", steps) + check_count("warm_up", warm_up, least=0))
    points = sampler.get_chain(discard=warm_up, flat=True)
    times = sampler.get_autocorr_time(discard=warm_up, quiet=True, tol=0)
    drawn = [search.parameters(point) for point in points]
    return SceneWalkPosterior(
        names,
        np.array([[one[name] for name in names] for one in drawn]),
        n,
        float(np.mean(sampler.acceptance_fraction)),
        dict(zip(names, map(float, times), strict=True)),
    )


def _log_posterior(search: Search) -> Callable[[np.ndarray], float]:
    def log_posterior(point: np.ndarray) -> float:
        if (point < search.low).any() or (point > search.high).any():
            return -np.inf
        return float(search.nats(point).sum() - ((point - search.defaults) ** 2).sum() / (2 * PRIOR_SD**2))

    return log_posterior
