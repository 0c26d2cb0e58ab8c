"""NeVA: an eye that moves to where a blurred picture serves a model's task best (Schwinn et al. 2022)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast, runtime_checkable

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from scanpath._core.checks import check_choice, check_count, check_positive, check_size
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.agents.episode import Episode, Fixation, run_episodes
from scanpath.agents.framing import Frame, check_framing, frame_picture
from scanpath.agents.history import History, as_history
from scanpath.agents.neva_eye import ForeignEye, NevaEye, NevaEyeSettings
from scanpath.agents.neva_objectives import Objective, as_objective
from scanpath.agents.neva_search import RESTARTS, Look, Search, Walk, best_search, first_points, published_search
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.scanpath import Scanpath, ScanpathLike, as_scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.recognition.classifier import as_classifier
from scanpath.recognition.held import device_of, frozen
from scanpath.recognition.weights import Weights

Eye = NevaEye | ForeignEye
#: Starts of a search lie this far apart in NeVA's frame: about the fovea's radius at half height.
APART = 0.35
#: Places among which a search's starts are chosen: finer than any fovea.
START_GRID = (48, 48)


@dataclass(frozen=True)
class Prepared:
    """What depends on the picture alone."""

    frame: Frame
    eye: Eye
    target: Any


@dataclass(frozen=True)
class NevaRecord:
    """A scanpath with what was seen and searched on the way.

    Attributes
    ----------
    scanpath
        The fixations.
    seen
        What the model saw at each fixation, (n, C, h, w).
    seen_xy
        Where the eye was in what the model saw, (n, 2) px.
    losses
        The loss at each fixation, measured where the eye is.
    searches
        For each fixation all points tried, in px, and their losses in order; empty where nothing was searched.
    led_by
        What led the eye, in words, where there are some: the caption, and the model that read it.
    """

    scanpath: Scanpath
    seen: Tensor
    seen_xy: Tensor
    losses: list[float]
    searches: list[tuple[list[tuple[float, float]], list[float]]]
    led_by: str = ""


@runtime_checkable
class Reviewing(Protocol):
    """An agent that can say what it saw, and at what loss, on a scanpath: what `scanpath.plotting.plot_neva` draws."""

    def review(self, stimulus: Stimulus, scanpath: ScanpathLike) -> NevaRecord:
        """Return what is seen at each fixation that a run recorded or a person made."""
        ...


class NevaAgent(Agent):
    """Looks where a model, given the foveated picture, comes nearest to its objective.

    Every fixation is chosen, the first one too. `Neva` and `NevaClip` say which model and objective; listed here are
    the settings they share. A subclass sets `objective`, a loss on the model's output.

    Parameters
    ----------
    mode
        "best" measures points that a first-order map of the loss proposes, walks on from the best of them and keeps
        the best point where it was measured. "published" repeats the original: signed steps from the center, without
        bounds, keeping the point after the step for the loss before it.
    retention
        Share of the memory that survives a fixation; 0 forgets all, 1 nothing.
    restart
        What follows a step that does not improve: "none", "jitter" or "uniform" (anew, anywhere). The first published
        program jittered, its successor restarted.
    steps
        Rounds of measuring; default 20 for "published" and 1 for "best".
    starts
        Points that "best" measures in its first round.
    step_size
        Length of a step in NeVA's frame, in which a picture's sides have length 2.
    framing
        With `size`: "whole" squeezes the picture into it, "center_crop" cuts its sides.
    foveation
        A differentiable foveation (image (C, H, W), fixations (K, n, 2) px) -> (K, C, H, W) that replaces NeVA's own,
        such as `scanpath.foveated_blur` with its scale; the last of the n fixations is the eye's, the others are
        remembered, which needs a retention of 0 or 1.
    found_rule
        When a search ends; default a fixation inside the target's box.
    """

    chooses_first = True
    objective: Objective

    def __init__(
        self,
        model: Callable[[Tensor], Tensor],
        size: tuple[int, int] | int | None,
        mask_sigma: float,
        blur_sigma_px: float,
        kernel_px: int,
        *,
        mode: str = "best",
        retention: float = 0.7,
        restart: str = "none",
        steps: int | None = None,
        starts: int = 3,
        step_size: float = 0.1,
        framing: str = "whole",
        foveation: Callable[[Tensor, Tensor], Tensor] | None = None,
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(found_rule=found_rule or InBox())
        self.model, self.eye = model, NevaEyeSettings(mask_sigma, blur_sigma_px, kernel_px, retention)
        self.mode = check_choice("mode", mode, ("best", "published"))
        self.steps = check_count("steps", (20 if mode == "published" else 1) if steps is None else steps)
        self.starts = check_count("starts", starts)
        self.step_size = check_positive("step_size", step_size)
        self.restart = check_choice("restart", restart, RESTARTS)
        self.size = None if size is None else check_size("size", (size, size) if isinstance(size, int) else size)
        self.framing, self.foveation = check_framing(framing), foveation
        self._held = False

    def prepare(self, stimulus: Stimulus) -> Prepared:
        """Blur the picture and compute the objective's target from the sharp one."""
        frame = frame_picture(stimulus.size, self.size, self.framing)
        image = frame.picture(stimulus.rgb).to(device_of(self.model))
        eye = NevaEye(image, self.eye) if self.foveation is None else ForeignEye(image, self.foveation, self.eye)
        with self._hold(), torch.no_grad():
            return Prepared(frame, eye, self.objective.target(self.model, image, stimulus))

    def run(
        self, stimuli: Sequence[Stimulus], *, n_fixations: int, generators: Sequence[torch.Generator]
    ) -> list[Scanpath]:
        """Look at pictures one by one, so that no sum depends on which others are in the batch."""
        with self._hold():
            return super().run(stimuli, n_fixations=n_fixations, generators=generators)

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Search the point from which the picture, on top of what is remembered, serves the objective best."""
        search = self.search(stimulus, history, generator)
        return self.prepared(stimulus).frame.to_px(search.kept()[None])[0]

    def search(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> Search:
        """Search one fixation and return all that was tried."""
        prepared = self.prepared(stimulus)
        memory = prepared.eye.memory(prepared.frame.from_px(list(history)))
        look = self._look(prepared, memory, len(history))

        def draw() -> Tensor:
            return torch.rand(2, generator=generator)

        how = Walk(self.steps, self.step_size, self.restart, draw)
        with self._hold():
            if self.mode == "published":
                return published_search(look, how, device=prepared.eye.sharp.device)
            return best_search(look, self._starts(prepared, memory, look), how)

    def priority(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike) -> Tensor:
        """Return how far the loss falls, to first order, when the eye goes to each pixel (H, W); zero at the least.

        One forward and backward pass, with the picture halfway between what is seen now and the sharp one. `history_xy`
        are the fixations so far, the agent's own or a person's.
        """
        history = as_history(history_xy)
        prepared = self.prepared(stimulus)
        memory = prepared.eye.memory(prepared.frame.from_px(history))
        with self._hold():
            gain = self._gain(prepared, memory, self._look(prepared, memory, len(history)))
        return prepared.frame.map_to_picture((gain.max() - gain).cpu(), stimulus.size)

    def watch(self, stimulus: Stimulus, *, n_fixations: int, generator: torch.Generator) -> NevaRecord:
        """Look at one picture as in a run, and keep the losses of all points that were tried."""
        searches: list[Search] = []

        def choose(episodes: Sequence[Episode]) -> list[Fixation]:
            searches.extend(self.search(one.stimulus, one.xy, one.generator) for one in episodes)
            return [Fixation(self.prepared(stimulus).frame.to_px(searches[-1].kept()[None])[0])]

        episode = Episode(stimulus, generator, n_fixations=n_fixations, found_rule=self.found_rule)
        with self._hold():
            run_episodes([episode], choose)
        record = self.review(stimulus, episode.scanpath(self.name, tells_end=self.ends_itself))
        frame = self.prepared(stimulus).frame
        return replace(record, searches=[(frame.to_px(torch.stack(one.points)), one.losses) for one in searches])

    def review(self, stimulus: Stimulus, scanpath: ScanpathLike) -> NevaRecord:
        """Return what the model sees, and its loss, at each fixation that a run recorded or a person made.

        Nothing is searched; a fixation is one forward pass.
        """
        path, prepared = as_scanpath(scanpath), self.prepared(stimulus)
        points = prepared.frame.from_px([(x, y) for x, y in path.xy.tolist()]).to(prepared.eye.sharp.device)
        seen, losses = [], []
        with self._hold(), torch.no_grad():
            for index, point in enumerate(points):
                look = self._look(prepared, prepared.eye.memory(points[:index]), index)
                seen.append(look.see(point[None]))
                losses.append(float(look.loss(seen[-1])[0]))
        half = (torch.tensor([*prepared.frame.size]) - 1) / 2
        return NevaRecord(path, torch.cat(seen).cpu(), ((points.cpu() + 1) * half).flip(1), losses, [])

    @contextmanager
    def _hold(self) -> Iterator[None]:
        """Freeze the model, once for all that happens inside."""
        if self._held:
            yield
            return
        with frozen(self.model):
            self._held = True
            try:
                yield
            finally:
                self._held = False

    def _look(self, prepared: Prepared, memory: Any, fixation: int) -> Look:
        return Look(
            see=lambda points: prepared.eye.see(points, memory),
            loss=lambda seen: self.objective.loss(self.model(seen), prepared.target, fixation),
        )

    def _starts(self, prepared: Prepared, memory: Any, look: Look) -> Tensor:
        if isinstance(prepared.eye, ForeignEye):
            return _spread_points(self.starts).to(prepared.eye.sharp.device)
        return first_points(self._gain(prepared, memory, look, START_GRID), self.starts, APART)

    def _gain(self, prepared: Prepared, memory: Any, look: Look, grid: tuple[int, int] | None = None) -> Tensor:
        """Linearize the loss halfway between what is remembered and the sharp picture.

        From the blurred picture alone the slope says little about details that are not visible yet, and at the sharp
        picture a loss that is measured against it has no slope.
        """
        if isinstance(prepared.eye, ForeignEye):
            raise InputError(f"Agent {self.name!r} has a map only with NeVA's own foveation; leave out foveation=.")
        halfway = prepared.eye.halfway(memory)[None].requires_grad_()
        (slope,) = torch.autograd.grad(look.loss(halfway).sum(), halfway)
        return prepared.eye.gain(slope[0], memory, grid)


class Neva(NevaAgent):
    """Neural visual attention: looks where it helps a model most.

    Parameters
    ----------
    model
        Turns pictures (B, 3, H, W) in [0, 1] into features, labels or pictures, with a gradient; its own
        normalization is its own business. It is used frozen and in evaluation mode. Default the identity, with which
        "reconstruction" looks where most is lost by blur. A torchvision classifier can be given by its name.
    weights
        Of a network that is given by name, as in `scanpath.recognition.load_classifier`.
    loss
        "classification" (the model's own label of the sharp picture), "reconstruction" (the model restores
        pictures), "feature_match" (the model's features of the sharp picture), or a function of the model's output,
        (B, D) -> (B,), that works on each row by itself.
    mask_sigma
        Size of the fovea: the mask is exp(-d^2 / mask_sigma) in NeVA's frame.
    blur_sigma_px, kernel_px
        Blur of the periphery in px of the model's input; the published values for 224 px.
    size
        (height, width) of the model's input, or the side of a square; default each picture's own.
    **search
        As for `NevaAgent`.

    References
    ----------
    Schwinn, Precup, Eskofier, Zanca (2022), Behind the machine's gaze: neural networks with biologically-inspired
    constraints exhibit human-like visual attention, arXiv:2204.09093.

    Examples
    --------
    >>> import scanpath as sp
    >>> picture = torch.full((3, 48, 64), 0.5)
    >>> picture[:, 20:30, 40:50] = torch.rand(3, 10, 10, generator=torch.Generator().manual_seed(0))
    >>> agent = sp.create_agent("neva", blur_sigma_px=3, kernel_px=13)
    >>> table = sp.simulate(agent, [sp.Stimulus(picture, name="patch")], n_fixations=1)
    >>> bool(38 < table.x_px[0] < 52 and 18 < table.y_px[0] < 32)
    True
    """

    name = "neva"

    def __init__(
        self,
        *,
        model: str | Callable[[Tensor], Tensor] | None = None,
        weights: Weights | None = None,
        loss: str | Callable[[Tensor], Tensor] | Objective = "reconstruction",
        mask_sigma: float = 0.2,
        blur_sigma_px: float = 10.0,
        kernel_px: int = 41,
        size: tuple[int, int] | int | None = None,
        **search: Any,
    ) -> None:
        if model is None and loss != "reconstruction":
            raise InputError(
                f"Agent 'neva' with loss {loss!r} needs model=<module or torchvision name>; without one it can only "
                "reconstruct."
            )
        network = nn.Identity() if model is None else as_classifier(cast(str | nn.Module, model), weights)
        super().__init__(network, size, mask_sigma, blur_sigma_px, kernel_px, **search)
        self.objective = as_objective(loss)


def _spread_points(n: int) -> Tensor:
    """Return n points (n, 2) that fill the picture evenly: the center, then the R2 sequence around it."""
    index = torch.arange(n, dtype=torch.float64)[:, None]
    plastic = 1.324717957244746  # the real root of x^3 = x + 1
    steps = torch.tensor([1 / plastic, 1 / plastic**2], dtype=torch.float64)
    return (2 * ((0.5 + index * steps) % 1) - 1).to(torch.float32)
