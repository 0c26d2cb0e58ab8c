"""What NeVA's eye wants: losses that fall when a model sees what it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.gaze.stimulus import Stimulus

Model = Callable[[Tensor], Tensor]


@runtime_checkable
class Objective(Protocol):
    """A loss on the model's output, with a target that is made once a picture.

    Each method is handed all that any objective needs: one that is the same at every fixation ignores its number.
    """

    def target(self, model: Model, image: Tensor, stimulus: Stimulus) -> Any:
        """Return what the output is compared with; `image` (C, H, W) is the sharp picture, no graph is kept."""
        ...

    def loss(self, output: Tensor, target: Any, fixation: int) -> Tensor:
        """Return (K,) losses of K outputs, for the choice of fixation number `fixation`."""
        ...


@dataclass(frozen=True)
class Classification:
    """See so much that the model names what it names in the sharp picture: cross-entropy to its own label."""

    def target(self, model: Model, image: Tensor, stimulus: Stimulus) -> Tensor:
        """Return the model's label."""
        output = model(image[None])
        if output.ndim != 2:
            raise InputError(f"Classification needs a model with output (B, classes), got {tuple(output.shape)}.")
        return output.argmax(1)

    def loss(self, output: Tensor, target: Tensor, fixation: int) -> Tensor:
        """Return the cross-entropy."""
        return F.cross_entropy(output, target.expand(len(output)), reduction="none")


@dataclass(frozen=True)
class Reconstruction:
    """See so much that the model, a network that restores pictures, can restore the sharp one: squared error."""

    def target(self, model: Model, image: Tensor, stimulus: Stimulus) -> Tensor:
        """Return the sharp picture."""
        shape = tuple(model(image[None]).shape[1:])
        if shape != tuple(image.shape):
            raise InputError(f"Reconstruction needs a model that returns a picture {tuple(image.shape)}, got {shape}.")
        return image

    def loss(self, output: Tensor, target: Tensor, fixation: int) -> Tensor:
        """Return the mean squared error."""
        return ((output - target) ** 2).flatten(1).mean(1)


@dataclass(frozen=True)
class FeatureMatch:
    """See so much that the model's features come near those of the sharp picture: squared error."""

    def target(self, model: Model, image: Tensor, stimulus: Stimulus) -> Tensor:
        """Return the features of the sharp picture."""
        return model(image[None])

    def loss(self, output: Tensor, target: Tensor, fixation: int) -> Tensor:
        """Return the mean squared error."""
        return ((output - target) ** 2).flatten(1).mean(1)


@dataclass(frozen=True)
class OwnLoss:
    """A caller's function of the output alone, (B, D) -> (B,)."""

    function: Callable[[Tensor], Tensor]

    def target(self, model: Model, image: Tensor, stimulus: Stimulus) -> None:
        """Return nothing; the function knows its target."""

    def loss(self, output: Tensor, target: None, fixation: int) -> Tensor:
        """Return the function's value, if it is one number a row."""
        losses = self.function(output)
        if not isinstance(losses, Tensor) or losses.shape != (len(output),):
            came = tuple(losses.shape) if isinstance(losses, Tensor) else type(losses).__name__
            raise InputError(
                f"loss must turn an output {tuple(output.shape)} into one number a row, ({len(output)},), got {came}."
            )
        return losses


OBJECTIVES: dict[str, Objective] = {
    "classification": Classification(),
    "reconstruction": Reconstruction(),
    "feature_match": FeatureMatch(),
}


def as_objective(loss: str | Callable[[Tensor], Tensor] | Objective) -> Objective:
    """Take an objective by name, as a function of the model's output, or as an object."""
    if isinstance(loss, str):
        return OBJECTIVES[check_choice("loss", loss, tuple(OBJECTIVES))]
    if isinstance(loss, Objective):
        return loss
    if callable(loss):
        return OwnLoss(loss)
    raise InputError(f"loss must be {', '.join(OBJECTIVES)} or a function (B, D) -> (B,), got {loss!r}.")
