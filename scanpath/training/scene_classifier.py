"""Train a network to name the class of a picture, from random weights, so that a stopped training ends the same.

Step t depends on the seed and on t alone: which pictures are in its batch, the learning rate and the dropout.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath._core.checks import check_count, check_positive, check_share
from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.random import derive_seed, torch_generator
from scanpath.recognition.backbone import TORCHVISION
from scanpath.recognition.small_networks import last_features, scene_network
from scanpath.training.checkpoints import Stateful, load_checkpoint, save_checkpoint

_AT_ONCE = 250


@dataclass(frozen=True)
class SceneRecipe:
    """Stochastic gradient descent with Nesterov's momentum and a rate that falls twice.

    Attributes
    ----------
    epochs, batch_size
        Passes over the pictures, and pictures a step.
    learning_rate
        At first.
    decay
        What it is multiplied by at each of the two times.
    decay_at
        When, in shares of the epochs.
    momentum, weight_decay
        Of the optimizer.

    Examples
    --------
    >>> SceneRecipe(epochs=8, learning_rate=1.0, decay=0.1).rate(7)
    0.010000000000000002
    """

    epochs: int
    learning_rate: float
    batch_size: int = 128
    decay: float = 0.5
    decay_at: tuple[float, float] = (0.25, 0.5)
    momentum: float = 0.9
    weight_decay: float = 5e-4

    def __post_init__(self) -> None:
        check_count("epochs", self.epochs)
        check_count("batch_size", self.batch_size, least=2)
        check_positive("learning_rate", self.learning_rate)
        for name in ("decay", "momentum", "weight_decay"):
            check_share(name, getattr(self, name))

    def rate(self, epoch: int) -> float:
        """Learning rate in an epoch, counted from 0.

        Examples
        --------
        >>> [SceneRecipe(epochs=8, learning_rate=1.0).rate(epoch) for epoch in range(6)]
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
        """
        passed = sum(epoch >= math.ceil(self.epochs * share) for share in self.decay_at)
        return self.learning_rate * self.decay**passed


#: Network -> recipe. Those of alexnet and resnet18 are Deza and Konkle's.
RECIPES: Mapping[str, SceneRecipe] = {
    "small-alexnet": SceneRecipe(epochs=14, learning_rate=0.01, batch_size=16, decay_at=(0.5, 0.8), decay=0.25),
    "small-resnet": SceneRecipe(epochs=10, learning_rate=0.05, batch_size=32, decay_at=(0.5, 0.8), decay=0.25),
    "alexnet": SceneRecipe(epochs=120, learning_rate=0.01),
    "resnet18": SceneRecipe(epochs=80, learning_rate=0.05, decay=0.25, decay_at=(0.2, 0.4)),
}


class LevelPictures(Protocol):
    """Pictures in 8-bit levels that are read a few at a time."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def batch(self, numbers: Sequence[int]) -> Tensor:
        """Return some of them, (B, 3, H, W) uint8."""
        ...


def train_classifier(
    name: str,
    pictures: LevelPictures,
    labels: np.ndarray,
    recipe: SceneRecipe,
    *,
    n_classes: int,
    seed: int,
    checkpoint: Path | None = None,
    facts: Mapping[str, object] | None = None,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> nn.Module:
    """Train a network to the end of its recipe.

    Parameters
    ----------
    name
        As for `scene_network`.
    pictures, labels
        What is learned from, and the class of each picture, (n,).
    recipe
        How.
    n_classes
        Number of classes.
    seed
        Names the first weights, the order of pictures and the dropout. With one seed these are the same whatever the
        pictures look like, so that trainings on several views of the same pictures are paired.
    checkpoint
        File that keeps the state after each epoch, and from which the same call goes on; None keeps nothing.
    facts
        What else the training depends on, in a form that JSON can hold; a checkpoint of other facts is refused.
    device
        Where it trains.
    progress
        Called with the number of epochs done since the last call, those of an earlier run included.

    Returns
    -------
    torch.nn.Module
        On the device, ready to be asked.

    Raises
    ------
    InputError
        If labels do not fit the pictures, or the checkpoint belongs to another training.
    UndefinedError
        If the loss is no longer finite.

    Examples
    --------
    >>> class Plain:
    ...     def __len__(self):
    ...         return 4
    ...     def batch(self, numbers):
    ...         return torch.tensor(numbers, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 32, 32)
    >>> recipe = SceneRecipe(epochs=1, learning_rate=0.01, batch_size=2)
    >>> network = train_classifier("small-resnet", Plain(), np.array([0, 1, 0, 1]), recipe, n_classes=2, seed=0)
    >>> network.training
    False
    """
    if len(labels) != len(pictures):
        raise InputError(f"{len(pictures)} pictures need one label each, got {len(labels)}.")
    tell = progress or (lambda epochs: None)
    network = scene_network(name, n_classes, seed=seed).to(device)
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
        weight_decay=recipe.weight_decay,
    )
    parts: dict[str, Stateful] = {"network": network, "optimizer": optimizer}
    settings = {"network": name, "seed": seed, "recipe": _plain(recipe), **(facts or {})}
    done = (load_checkpoint(checkpoint, settings, parts) if checkpoint else None) or {"epoch": 0}
    tell(done["epoch"])
    classes = torch.from_numpy(np.asarray(labels, dtype=np.int64))
    for epoch in range(done["epoch"], recipe.epochs):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate(epoch)
        _run_epoch(network, optimizer, pictures, classes, recipe.batch_size, derive_seed(seed, "epoch", epoch), device)
        if checkpoint is not None:
            save_checkpoint(checkpoint, settings, {"epoch": epoch + 1}, parts)
        tell(1)
    return network.eval()


def ask(network: nn.Module, pictures: Tensor, *, device: str = "cpu") -> tuple[np.ndarray, np.ndarray]:
    """Ask a network in evaluation mode for classes and for the features before its last layer.

    Parameters
    ----------
    network
        As `train_classifier` returns it.
    pictures
        (n, 3, H, W) uint8.
    device
        Where the network is.

    Returns
    -------
    classes, features
        (n,) int16 and (n, d) float32.
    """
    classes, features = [], []
    with torch.inference_mode():
        for few in pictures.split(_AT_ONCE):
            entered, scores = last_features(network, normalized(few.to(device)))
            classes.append(scores.argmax(1).to(torch.int16).cpu().numpy())
            features.append(entered.float().cpu().numpy())
    return np.concatenate(classes), np.concatenate(features)


def normalized(levels: Tensor) -> Tensor:
    """Turn 8-bit levels into what networks take: ImageNet's mean is 0 and its standard deviation 1."""
    return TORCHVISION(levels.float() / 255)


def _run_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    pictures: LevelPictures,
    classes: Tensor,
    batch_size: int,
    seed: int,
    device: str,
) -> None:
    network.train()
    order = torch.randperm(len(pictures), generator=torch_generator(seed, "order")).tolist()
    # a last batch of one picture has no variance for batch norm
    starts = [start for start in range(0, len(order), batch_size) if len(order) - start > 1]
    devices = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with torch.random.fork_rng(devices=devices):  # dropout draws from the global generator
        torch.manual_seed(derive_seed(seed, "dropout"))
        for start in starts:
            numbers = order[start : start + batch_size]
            scores = network(normalized(pictures.batch(numbers).to(device)))
            loss = F.cross_entropy(scores, classes[numbers].to(device))
            if not math.isfinite(loss.item()):
                raise UndefinedError("The loss is no longer finite; lower the learning rate.", "loss_not_finite")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def _plain(recipe: SceneRecipe) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(recipe).items()}
