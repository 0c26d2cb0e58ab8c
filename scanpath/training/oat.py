"""Fit OAT to people: which object they look at next, and when they end their search."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.random import derive_seed, numpy_generator, torch_generator
from scanpath.evaluation.inputs import Fixations
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.oat_model import OatModel, save_oat
from scanpath.guidance.object_oat import ObjectOat, Scenes
from scanpath.guidance.object_scenes import together
from scanpath.guidance.object_transformer import TransformerRecipe
from scanpath.training.checkpoints import Stateful, load_checkpoint, save_checkpoint
from scanpath.training.gaze_moments import people_by_picture
from scanpath.training.object_searches import ObjectSearch, object_searches, split_searches

_CLIP_NORM = 1.0
_WARM_UP = 0.05
_LEAST_RATE = 0.02


@dataclass(frozen=True)
class OatFitRecipe:
    """Settings that decide what is learned; a fit that was stopped goes on only under the same ones.

    Parameters
    ----------
    epochs, patience
        Most passes over the scanpaths, and how many without progress on left-out layouts end the fit.
    batch_size
        Scanpaths a step.
    learning_rate, weight_decay
        Of AdamW; the rate falls along a cosine.
    told
        Share of scanpaths whose target's place the network is told, so that it can be asked either way.
    unseen
        Share of scanpaths whose target the network knows by its match alone, as one described by words.
    left_out
        Share of layouts, and of target objects, that are left out for scores; as many layouts again choose the
        number of passes.
    time_limit
        Scanpaths of so many fixations were cut, and do not tell of an end; None where people ended all of them.
    seed
        Of all that is random.
    network
        Sizes.
    """

    epochs: int = 40
    patience: int = 6
    batch_size: int = 20
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    told: float = 0.2
    unseen: float = 0.1
    left_out: float = 0.1
    time_limit: int | None = None
    seed: int = 0
    network: TransformerRecipe = field(default_factory=TransformerRecipe)

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch_size"):
            check_count(name, getattr(self, name))
        if self.time_limit is not None:
            check_count("time_limit", self.time_limit, least=2)
        check_positive("learning_rate", self.learning_rate)
        for name, most in (("told", 1.0), ("unseen", 1.0), ("left_out", 0.4)):
            if not 0 <= getattr(self, name) < most:
                raise InputError(f"{name} must lie in [0, {most:g}), got {getattr(self, name)}.")


class OatFitResult(NamedTuple):
    """What a fit gives.

    Attributes
    ----------
    weights
        The model's file.
    card
        What is known of it; it is in the file too. ``nll`` has nats a choice on what was left out.
    """

    weights: Path
    card: Mapping[str, Any]


class OatFit:
    """A fit of OAT to people's scanpaths over objects.

    Layouts are pictures, unless a stimulus's info names its "layout"; target objects are known by their labels.
    Scanpaths on left-out layouts, and those that look for left-out targets on any layout, are not learned from.

    Parameters
    ----------
    people
        Tidy fixation table, or list of `Scanpath`, with subjects. The first fixation of each scanpath is where the
        eye was when the picture appeared; each later one is on an object, by `scanpath.fixated_objects`.
    stimuli
        The pictures, found by their names, each with objects and a target.
    out
        Where the model is written, as safetensors; the state of a fit that was stopped is beside it, in
        ``<out>.fit``, and calling again goes on from there.
    recipe
        Settings.
    origin
        What the card says of recordings and pictures: names, licences, citations.
    start
        A model to go on from, as `load_oat` gives it, where there are few scanpaths; default a new network.

    Raises
    ------
    InputError
        If people or pictures cannot be used, the folder holds a fit of another kind, or `start` has other sizes.
    """

    def __init__(
        self,
        people: Fixations,
        stimuli: Sequence[Stimulus],
        *,
        out: str | os.PathLike[str],
        recipe: OatFitRecipe | None = None,
        origin: Mapping[str, str] | None = None,
        start: OatModel | None = None,
    ) -> None:
        self.recipe, self.out, self.origin = recipe or OatFitRecipe(), Path(out), dict(origin or {})
        self.start = None if start is None else start.checksum()
        paths = people_by_picture(people, stimuli)
        self.n_people = len({str(path.info["subject"]) for some in paths.values() for path in some})
        searches = object_searches(paths, stimuli, self.recipe.network, self.recipe.time_limit)
        self.parts = split_searches(searches, self.recipe.left_out, self.recipe.seed)
        self.network = _first_network(self.recipe, start)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay, fused=True
        )
        n_steps = self.recipe.epochs * math.ceil(len(self.parts.learned) / self.recipe.batch_size)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: _rate(step, n_steps))

    @property
    def n_steps(self) -> int:
        """How many scanpaths are gone through at most."""
        return self.recipe.epochs * len(self.parts.learned)

    def run(self, advance: Callable[[int], None] | None = None) -> OatFitResult:
        """Fit, and write the model.

        Parameters
        ----------
        advance
            Called with the number of scanpaths that were gone through.
        """
        report = advance or (lambda done: None)
        state = self.out.with_name(self.out.name + ".fit")
        settings = {"recipe": repr(self.recipe), "searches": self.parts.checksum(), "start": self.start}
        parts: dict[str, Stateful] = {
            "network": self.network,
            "best": _Best(self.network),
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
        }
        best = parts["best"]
        done = load_checkpoint(state / "state.pt", settings, parts)
        curve: list[float] = [] if done is None else list(done["curve"])
        report(len(curve) * len(self.parts.learned))
        while len(curve) < self.recipe.epochs and not self._has_ended(curve):
            self._pass(len(curve), report)
            curve.append(self.score(self.parts.validation or self.parts.learned))
            if curve[-1] == min(curve):
                best.load_state_dict(self.network.state_dict())
            save_checkpoint(state / "state.pt", settings, {"curve": curve}, parts)
        self.network.load_state_dict(best.state_dict())
        card = self._card(len(curve), int(np.argmin(curve)) + 1)
        save_oat(OatModel(self.network.eval(), card), self.out)
        return OatFitResult(self.out, card)

    @torch.inference_mode()
    def score(self, searches: Sequence[ObjectSearch]) -> float:
        """Return the mean negative log likelihood of choices, in nats, the target's place being hidden."""
        self.network.eval()
        total, n = 0.0, 0
        for start in range(0, len(searches), self.recipe.batch_size):
            batch = searches[start : start + self.recipe.batch_size]
            chosen = _chosen(self.network, together([one.scene for one in batch]), batch)
            total, n = total - float(chosen.sum()), n + len(chosen)
        return total / n

    def _has_ended(self, curve: Sequence[float]) -> bool:
        return len(curve) > 0 and len(curve) - 1 - int(np.argmin(curve)) >= self.recipe.patience

    def _pass(self, epoch: int, report: Callable[[int], None]) -> None:
        recipe, learned = self.recipe, self.parts.learned
        order = numpy_generator(recipe.seed, "order", epoch).permutation(len(learned)).tolist()
        self.network.train()
        with torch.random.fork_rng(devices=[]):  # dropout draws from the global generator
            torch.manual_seed(derive_seed(recipe.seed, "dropout", epoch))
            for start in range(0, len(order), recipe.batch_size):
                batch = [learned[place] for place in order[start : start + recipe.batch_size]]
                scenes = self._shown(batch, torch_generator(recipe.seed, "shown", epoch, start))
                self.optimizer.zero_grad()
                loss = -_chosen(self.network, scenes, batch).mean()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP_NORM)
                self.optimizer.step()
                self.scheduler.step()
                report(len(batch))

    def _shown(self, batch: Sequence[ObjectSearch], generator: torch.Generator) -> Scenes:
        """Tell the network where some targets are, and keep the look of others from it."""
        scenes = together([one.scene for one in batch])
        told, unseen = torch.rand(2, len(batch), generator=generator)
        target = torch.tensor([-1 if one.target is None else one.target for one in batch])
        known = torch.where(told < self.recipe.told, target, -1)
        return scenes._replace(known=known, unseen=unseen < self.recipe.unseen)

    def _card(self, n_epochs: int, best: int) -> dict[str, Any]:
        from scanpath import __version__

        parts = self.parts
        left_out = {"unseen layouts": parts.layouts, "unseen targets": parts.targets}
        return {
            "model": "oat: which object is looked at next, and when the search ends",
            "made_by": f"scanpath {__version__}",
            "origin": self.origin,
            "start": self.start,
            "people": self.n_people,
            "scanpaths": len(parts.learned),
            "layouts": len({one.layout for one in parts.learned}),
            "passes": best,
            "most_passes": n_epochs,
            "nll": {name: self.score(some) for name, some in left_out.items() if some},
            "nll_uniform": {name: _uniform(some) for name, some in left_out.items() if some},
            "recipe": asdict(self.recipe),
        }


def _first_network(recipe: OatFitRecipe, start: OatModel | None) -> ObjectOat:
    """Return a new network, or a copy of the one to go on from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(recipe.seed, "first weights"))
        network = ObjectOat(recipe.network)
    if start is not None:
        if not isinstance(start.network, ObjectOat) or start.network.recipe != recipe.network:
            raise InputError(
                "A fit goes on from a model of its own sizes, and start has others; give a model of scanpath fit oat, "
                "or recipe=OatFitRecipe(network=start.network.recipe)."
            )
        network.load_state_dict(start.network.state_dict())
    return network


class _Best:
    """The parameters that did best so far."""

    def __init__(self, network: ObjectOat) -> None:
        self._state = {name: value.clone() for name, value in network.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        return dict(self._state)

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        self._state = {name: value.clone() for name, value in state_dict.items()}


def _chosen(network: ObjectOat, scenes: Scenes, batch: Sequence[ObjectSearch]) -> Tensor:
    """Return the log probability of each choice of some scanpaths, all of them in one row."""
    longest = max(len(one.objects) for one in batch)
    sequences = torch.tensor([[*one.objects, *[0] * (longest - len(one.objects))] for one in batch])
    end = scenes.absent.shape[1]
    log_probability = network.choose(network.look(scenes), sequences)
    return torch.cat(
        [
            rows[torch.arange(len(choices)), torch.tensor(choices)]
            for rows, choices in ((rows, one.choices(end)) for rows, one in zip(log_probability, batch))
        ]
    )


def _uniform(searches: Sequence[ObjectSearch]) -> float:
    """Nats a choice of who takes objects and the end, after the first fixation, for equally probable."""
    terms = []
    for one in searches:
        n = one.scene.absent.shape[1]
        terms += [math.log(n + (step > 0)) for step in range(len(one.choices(n)))]
    return float(np.mean(terms))


def _rate(step: int, n_steps: int) -> float:
    share = step / max(n_steps, 1)
    if share < _WARM_UP:
        return max(share / _WARM_UP, 1 / max(n_steps, 1))
    turn = 0.5 * (1 + math.cos(math.pi * min(1.0, (share - _WARM_UP) / (1 - _WARM_UP))))
    return _LEAST_RATE + (1 - _LEAST_RATE) * turn
