"""Bayesian searchers: where a look tells most of the target's place, given all that was seen so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_choice, check_count, check_positive, check_share
from scanpath._core.errors import InputError
from scanpath._core.kept import kept
from scanpath._core.random import torch_generator
from scanpath.agents.agent import start_of
from scanpath.agents.center import log_center
from scanpath.agents.density import DensityAgent
from scanpath.agents.episode import Episode, Fixation
from scanpath.agents.history import History, as_history
from scanpath.agents.ivsn import Ivsn
from scanpath.agents.target_found import FoundRule, WindowOverlap, target_area
from scanpath.agents.winner_take_all import itti_koch_map, spectral_map
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.bayesian_search import (
    UPDATES,
    bayesian_posterior,
    expected_information,
    expected_maximum,
)
from scanpath.guidance.detectability import (
    ALIGNMENTS,
    SD_CELLS,
    CellGrid,
    gaussian_detectability,
    published_noise,
    relative_visibility,
)
from scanpath.guidance.target_similarity import response_mean, target_correlation, target_ssim
from scanpath.recognition.backbone import Backbone
from scanpath.recognition.weights import Weights

SIMILARITIES = ("none", "correlation", "ssim", "features")
NOISES = ("detectability", "published")
#: Side of the target in front of the network of `similarity="features"`.
TARGET_PX = 32
_LEAST_DETECTABILITY = 1e-6  # what is not seen has noise without end; its weight, d'^2, is nothing


def _chance_gained(posterior: Tensor, visibility: Tensor) -> Tensor:
    """How much likelier it becomes to be right; where nothing is gained, the likeliest place is looked at."""
    gained = (expected_maximum(posterior, visibility) - posterior.max()).clamp_min(0)
    return gained + 1e-6 * posterior  # the integral's own error


def _worth_of_posterior(posterior: Tensor, visibility: Tensor) -> Tensor:
    return posterior


#: What a look at each cell is worth, from the posterior and d'.
RULES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ideal": _chance_gained,
    "elm": expected_information,
    "map": _worth_of_posterior,
}


def _uniform(stimulus: Stimulus) -> Tensor:
    return torch.ones(stimulus.size)


def _center(stimulus: Stimulus) -> Tensor:
    return log_center(stimulus).exp()


#: What draws attention before anything is seen.
PRIORS: dict[str, Callable[[Stimulus], Tensor]] = {
    "uniform": _uniform,
    "center": _center,
    "itti_koch": itti_koch_map,
    "spectral_residual": spectral_map,
}


@dataclass(frozen=True)
class _Scene:
    """What a searcher knows of a picture: all in cells, in reading order; the likeness from -0.5 to 0.5."""

    grid: CellGrid
    prior: Tensor
    visibility: Tensor
    target: Tensor
    likeness: Tensor | None


class BayesianAgent(DensityAgent):
    """Looks where it learns most of the target's place: the ideal searcher, its entropy limit, or the likeliest place.

    The picture is cut into cells. Each fixation gives a noisy response of every cell, more reliable near the eye, and
    the posterior probability of cells to hold the target is updated by them. The next fixation is at the cell that is
    worth most. Nothing keeps the eye from a place; places that were looked at fade because they were seen well. The
    first fixation is where the eye is when the picture appears.

    As a density of the next fixation, `log_density`, cells have probabilities in proportion to what a look is worth,
    with no fitted number: expected gain in the chance to be right ("ideal"), expected nats ("elm"), posterior ("map").
    These are mixed with a uniform `lapse`, shared equally among a cell's pixels, and averaged over `observers` whose
    noise is derived from `seed` and the picture's name, so that a person's history always gives one density.

    Parameters
    ----------
    rule
        "ideal": the chance that the likeliest cell is the target after the next fixation; "elm": the entropy limit;
        "map": the posterior.
    similarity
        What cells look like the target, and so give responses of targets: "none", "correlation" of pixels, "ssim",
        or "features", the map of IVSN.
    truth_in_response
        Whether responses tell the target's place, as in all published searchers, also those with a similarity: they
        then do not search on equal terms with agents that have the target's picture alone. Without a similarity there
        is nothing else.
    cell_px
        Side of the cells; of 1024 x 768 px at 32 as published. What is seen is stated in cells.
    prior
        "uniform", "center", "itti_koch", "spectral_residual", or a function of the stimulus that gives a map (H, W),
        not negative. Najemnik and Geisler have the uniform; the later searchers DeepGaze II, which is not here, so that
        `ibs` has the center. It decides how soon targets away from it are found.
    uniform_share
        Weight of the uniform in the prior.
    sd_cells, peak
        Of d', as in `scanpath.guidance.gaussian_detectability`.
    alignment
        "centers", or "published" with the half cells that the programs are off.
    noise
        Standard deviation of responses: "detectability", 1 / d', or "published", at most 1/4 everywhere.
    update
        "correct", or "cumulative" to count responses again and again, as some versions of the programs do.
    lapse, observers, seed
        Of the density.
    step_px
        Of the map of "ssim", as in `scanpath.guidance.target_ssim`.
    backbone, weights
        Of the map of "features", as for `Ivsn`.
    temperature
        How a cell is picked from what looks are worth: 0 takes the best, as published, 1 draws in proportion.
    found_rule
        When the search ends; default the cell touches the target.

    References
    ----------
    Najemnik, Geisler (2005), Optimal eye movement strategies in visual search, Nature 434, doi:10.1038/nature03390.
    Bujia, Sclar, Vita, Solovey, Kamienkowski (2022), Modeling human visual search in natural scenes: a combined
    Bayesian searcher and saliency map approach, Frontiers in Systems Neuroscience 16, doi:10.3389/fnsys.2022.882315.

    Examples
    --------
    >>> import scanpath as sp
    >>> picture = torch.rand(1, 192, 256, generator=torch.Generator().manual_seed(0))
    >>> scene = sp.Stimulus(picture, name="noise", target_box=(200, 20, 20, 20))
    >>> bool(sp.simulate(sp.create_agent("bayesian"), scene)["target_found"].iloc[-1])
    True
    """

    name = "bayesian"

    def __init__(
        self,
        *,
        rule: str = "ideal",
        similarity: str = "none",
        truth_in_response: bool = True,
        cell_px: int = 32,
        prior: str | Callable[[Stimulus], Tensor] = "uniform",
        uniform_share: float = 1 / 15,
        sd_cells: tuple[float, float] = SD_CELLS,
        peak: float = 3.0,
        alignment: str = "centers",
        noise: str = "detectability",
        update: str = "correct",
        lapse: float = 0.05,
        observers: int = 4,
        seed: int = 0,
        step_px: int = 1,
        backbone: str | Backbone = "steerable",
        weights: Weights | None = None,
        temperature: float = 0.0,
        found_rule: FoundRule | None = None,
    ) -> None:
        self.cell_px = check_count("cell_px", cell_px)
        rule_of_cells = WindowOverlap(self.cell_px, test_first=True)
        super().__init__(temperature=temperature, found_rule=found_rule or rule_of_cells)
        self.rule = check_choice("rule", rule, tuple(RULES))
        self.similarity = check_choice("similarity", similarity, SIMILARITIES)
        self.truth_in_response = bool(truth_in_response)
        if self.similarity == "none" and not self.truth_in_response:
            raise InputError(
                "Responses tell nothing with similarity='none' and truth_in_response=False; "
                "give similarity='correlation', 'ssim' or 'features'."
            )
        self.prior = prior if callable(prior) else PRIORS[check_choice("prior", prior, tuple(PRIORS))]
        self.uniform_share = check_share("uniform_share", uniform_share)
        self.sd_cells = (check_positive("sd_cells", sd_cells[0]), check_positive("sd_cells", sd_cells[1]))
        self.peak = check_positive("peak", peak)
        self.alignment = check_choice("alignment", alignment, ALIGNMENTS)
        self.noise = check_choice("noise", noise, NOISES)
        self.update = check_choice("update", update, UPDATES)
        self.lapse = check_share("lapse", lapse)
        self.observers, self.seed = check_count("observers", observers), seed
        self.step_px = check_count("step_px", step_px)
        self.ivsn = Ivsn(backbone=backbone, weights=weights, target_px=TARGET_PX) if similarity == "features" else None

    def facts(self) -> dict[str, Any]:
        """Return what fixations depend on beside the settings: rules set since, and the network."""
        return super().facts() | ({} if self.ivsn is None else {"backbone": self.ivsn.backbone.facts()})

    def prepare(self, stimulus: Stimulus) -> _Scene:
        """Draw prior, d', and the likeness to the target, in cells."""
        grid = CellGrid(stimulus.size, self.cell_px)
        area = target_area(stimulus)
        if area is None and self.truth_in_response:
            raise InputError(
                f"{self.name} has responses that tell the target's place, and stimulus {stimulus.name!r} has none; "
                "give target_box or target_mask, or truth_in_response=False with a similarity."
            )
        target = torch.full(grid.shape, -0.5, dtype=torch.float64) if area is None else grid.maxima(area) - 0.5
        visibility = _detectability(grid, self.sd_cells, self.peak, self.alignment)
        return _Scene(grid, self._prior(stimulus, grid), visibility, target.flatten(), self._likeness(stimulus, grid))

    def log_density(
        self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, history_duration_ms: Tensor | ArrayLike | None = None
    ) -> Tensor:
        """Return the logarithm of the probability (H, W) of each pixel to be fixated next.

        Parameters
        ----------
        stimulus
            The picture and its task.
        history_xy
            (n, 2) fixations so far in px, the agent's own or a person's.
        history_duration_ms
            Not used: this agent knows nothing of time.
        """
        scene, cells = self._scene_and_cells(stimulus, as_history(history_xy))
        mass = torch.stack([self._mass(scene, cells, observer, stimulus) for observer in range(self.observers)]).mean(0)
        return scene.grid.share((1 - self.lapse) * mass + self.lapse / mass.numel()).log()

    def posterior(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike, *, observer: int = 0) -> Tensor:
        """Return the probability of each cell to hold the target after each fixation, for one noise.

        Parameters
        ----------
        stimulus, history_xy
            As for `log_density`.
        observer
            Number of the noise, from 0.

        Returns
        -------
        Tensor
            (n, rows, columns) float64.
        """
        scene, cells = self._scene_and_cells(stimulus, as_history(history_xy))
        return self._posteriors(scene, cells, self._noises(stimulus, observer, cells, scene.grid))

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Pick the cell that is worth most, with fresh noise for all fixations; an episode keeps its noise instead."""
        scene, cells = self._scene_and_cells(stimulus, history)
        return self._pick(scene, cells, [_noise(scene.grid, generator) for _ in cells], generator)

    def choose(self, episodes: Sequence[Episode]) -> Sequence[Fixation | None]:
        """Choose the next fixation of each episode; the response of a fixation is drawn once."""
        return [Fixation(self._continue(one) if one.xy else start_of(one.stimulus)) for one in episodes]

    def _continue(self, episode: Episode) -> tuple[float, float]:
        scene, cells = self._scene_and_cells(episode.stimulus, episode.xy)
        noises = episode.kept = [*(episode.kept or ()), _noise(scene.grid, episode.generator)]
        return self._pick(scene, cells, noises, episode.generator)

    def _pick(
        self, scene: _Scene, cells: list[int], noises: Sequence[Tensor], generator: torch.Generator
    ) -> tuple[float, float]:
        worth = RULES[self.rule](self._posteriors(scene, cells, noises)[-1], scene.visibility)
        column, row = self.selection.select(worth, generator)
        return scene.grid.place(int(row) * scene.grid.shape[1] + int(column))

    def _mass(self, scene: _Scene, cells: list[int], observer: int, stimulus: Stimulus) -> Tensor:
        """Probability of each cell to be looked at next."""
        noises = self._noises(stimulus, observer, cells, scene.grid)
        worth = RULES[self.rule](self._posteriors(scene, cells, noises)[-1], scene.visibility)
        return worth / worth.sum()

    def _posteriors(self, scene: _Scene, cells: list[int], noises: Sequence[Tensor]) -> Tensor:
        visibility = scene.visibility.T[cells]
        relative = relative_visibility(visibility.T).T
        if scene.likeness is None:
            mean = scene.target
        elif self.truth_in_response:
            mean = response_mean(scene.target, scene.likeness, relative)
        else:
            mean = scene.likeness
        published = self.noise == "published"
        sd = published_noise(relative) if published else 1 / visibility.clamp_min(_LEAST_DETECTABILITY)
        responses = mean + sd * torch.stack(list(noises))
        shape = (len(cells), *scene.grid.shape)
        return bayesian_posterior(scene.prior, responses.reshape(shape), visibility.reshape(shape), update=self.update)

    def _scene_and_cells(self, stimulus: Stimulus, history: History) -> tuple[_Scene, list[int]]:
        scene: _Scene = self.prepared(stimulus)
        return scene, scene.grid.cells_of(torch.tensor(history, dtype=torch.float64).numpy()).tolist()

    def _noises(self, stimulus: Stimulus, observer: int, cells: list[int], grid: CellGrid) -> list[Tensor]:
        """Noise that depends on what it is for alone: a longer history begins with the same responses."""
        names = (stimulus.name, "response", observer)
        return [_noise(grid, torch_generator(self.seed, *names, fixation)) for fixation in range(len(cells))]

    def _prior(self, stimulus: Stimulus, grid: CellGrid) -> Tensor:
        """Average the map within cells and mix it with the uniform."""
        drawn = torch.as_tensor(self.prior(stimulus))
        mean = grid.means(drawn)
        if not (bool(torch.isfinite(mean).all()) and float(mean.min()) >= 0):
            raise InputError(f"prior must give a map of finite numbers, not negative, for {stimulus.name!r}.")
        total = float(mean.sum())
        known = mean / total if total > 0 else torch.full_like(mean, 1 / mean.numel())
        return (1 - self.uniform_share) * known + self.uniform_share / mean.numel()

    def _likeness(self, stimulus: Stimulus, grid: CellGrid) -> Tensor | None:
        """Return the best likeness to the target within each cell, scaled to -0.5 to 0.5."""
        if self.similarity == "none":
            return None
        if self.ivsn is not None:
            drawn = self.ivsn.prepare(stimulus)
        elif self.similarity == "ssim":
            drawn = target_ssim(stimulus.image, stimulus.require_target(self.name), step_px=self.step_px)
        else:
            drawn = target_correlation(stimulus.image, stimulus.require_target(self.name))
        best = grid.maxima(drawn).flatten()
        low, high = torch.aminmax(best)
        return (best - low) / (high - low) - 0.5 if high > low else torch.zeros_like(best)


def _noise(grid: CellGrid, generator: torch.Generator) -> Tensor:
    rows, columns = grid.shape
    return torch.randn(rows * columns, generator=generator, dtype=torch.float64)


@kept(maxsize=2)
def _detectability(grid: CellGrid, sd_cells: tuple[float, float], peak: float, alignment: str) -> Tensor:
    """Keep the table, which all pictures of a size share."""
    return gaussian_detectability(grid, sd_cells=sd_cells, peak=peak, alignment=alignment)
