"""Train a network on pictures whose statistics are changed, for the question where search asymmetries come from.

A folder of pictures by class is seen under a regime of `scanpath.training.regimes`; the network goes on
from given weights, or random ones, with a new classifier. The weights of the best epoch are what `run_asymmetry` and
`scanpath study asymmetry --retrained` take. Batch t depends on the seed and on t alone, so a run that was stopped ends
where another would.
"""

import dataclasses
import json
import math
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scanpath import __version__
from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError, UndefinedError
from scanpath._core.files import atomic_path, write_text
from scanpath._core.random import derive_seed
from scanpath.recognition.backbones import PREPROCESSING, list_backbones, resolve_weights, usable_device
from scanpath.recognition.weights import Weights, load_weights
from scanpath.training.checkpoints import Stateful, load_checkpoint, save_checkpoint
from scanpath.training.labeled_pictures import Item, LabeledPictures, labeled_folder
from scanpath.training.regimes import REGIMES, regime_transform

WEIGHTS_FILE = "weights.safetensors"


@dataclass(frozen=True)
class TrainingRecipe:
    """How a network is trained; the defaults are the study's, but for its start from scratch.

    Attributes
    ----------
    regime
        "plain", "rotated", "fisheye" or "lines".
    backbone
        A torchvision network of `list_backbones()`.
    epochs, batch_size
        Passes over the pictures, and pictures a step.
    learning_rate, weight_decay
        Of AdamW; the share of each weight that is taken away at every step is `weight_decay` itself, not its product
        with the rate, as in the optimizer that the study used.
    resize_px, crop_px
        Sides of the square that a picture is resized to, and of the crops.
    validation_share
        Part of each class that is kept for validation, where the folder has no ``train`` and ``val`` of its own.
    seed
        Names the new classifier's weights, the split, the order, crops and dropout.
    """

    regime: str
    backbone: str = "vgg16"
    epochs: int = 60
    batch_size: int = 150
    learning_rate: float = 1e-4
    weight_decay: float = 1e-5
    resize_px: int = 256
    crop_px: int = 224
    validation_share: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("regime", self.regime, REGIMES)
        check_choice("backbone", self.backbone, [name for name in list_backbones() if name != "steerable"])
        check_count("epochs", self.epochs)
        check_count("batch_size", self.batch_size)
        check_positive("learning_rate", self.learning_rate)
        if not (0 <= self.weight_decay < 1 and 0 < self.validation_share < 1):
            raise InputError(
                "weight_decay must lie in [0, 1) and validation_share between 0 and 1, "
                f"got {self.weight_decay!r} and {self.validation_share!r}."
            )


@dataclass(frozen=True)
class TrainingResult:
    """What came of it.

    Attributes
    ----------
    history
        One row an epoch: ``epoch, loss, validation_accuracy``.
    weights
        File of the epoch with the highest accuracy on pictures that were not trained on.
    best_accuracy
        That accuracy.
    skipped
        Pictures that could not be read, with the reason.
    """

    history: pd.DataFrame = field(repr=False)
    weights: Path
    best_accuracy: float
    skipped: dict[str, str] = field(repr=False)


@dataclass
class _State:
    """What changes while training goes on, beside the network."""

    step: int = 0  # batches done
    loss: float = 0.0  # sums over the present epoch
    seen: int = 0
    best: float = -1.0
    history: list[dict[str, float]] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


class AsymmetryTraining:
    """One network's training under one regime, in a folder that keeps its state.

    Batch norms keep the statistics of the given weights, so that results do not depend on who shares a batch. On CUDA
    devices forward passes use half precision with scaled gradients.

    Parameters
    ----------
    folder
        Pictures in one subfolder a class, or in such folders under ``train`` and ``val``.
    recipe
        Settings.
    out
        Folder for ``weights.safetensors``, ``history.csv``, ``training.json`` and ``checkpoint.pt``, from which the
        same call continues.
    weights
        What the network starts from: "imagenet", a file, or ``{"seed": n}``; see `create_backbone`.
    device
        Where it trains.
    workers
        Processes that read pictures; 0 reads in this one.
    checkpoint_every
        Steps between checkpoints within an epoch; there is one after each epoch, too.
    """

    def __init__(
        self,
        folder: Path,
        recipe: TrainingRecipe,
        *,
        out: Path,
        weights: Weights = "imagenet",
        device: str = "cpu",
        workers: int = 0,
        checkpoint_every: int = 200,
    ) -> None:
        self.recipe, self.out, self.device = recipe, Path(out), usable_device(device)
        self.workers = check_count("workers", workers, least=0)
        self.checkpoint_every = check_count("checkpoint_every", checkpoint_every)
        self.classes, train, validation = labeled_folder(
            folder, validation_share=recipe.validation_share, seed=recipe.seed
        )
        sides = {"resize_px": recipe.resize_px, "crop_px": recipe.crop_px}
        self.train = LabeledPictures(train, regime_transform(recipe.regime, train=True, **sides), recipe.seed)
        self.validation = LabeledPictures(validation, regime_transform(recipe.regime, train=False, **sides))
        self.network, self.facts = _network(recipe, len(self.classes), weights)
        settings = dataclasses.asdict(recipe)
        del settings["epochs"]  # a finished training may be made longer
        self.facts |= {"recipe": settings, "classes": self.classes}
        self.facts |= {"pictures": {"train": self.train.checksum, "validation": self.validation.checksum}}
        self.network.to(self.device)
        decay = recipe.weight_decay / recipe.learning_rate  # torch multiplies it by the rate again
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=recipe.learning_rate, weight_decay=decay)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.device.type == "cuda")
        self.state = _State(**(load_checkpoint(self.out / "checkpoint.pt", self.facts, self._parts) or {}))

    @property
    def steps_per_epoch(self) -> int:
        """Batches in a pass over the pictures."""
        return math.ceil(len(self.train) / self.recipe.batch_size)

    @property
    def n_steps(self) -> int:
        """Batches in the whole training."""
        return self.recipe.epochs * self.steps_per_epoch

    def run(self, progress: Callable[[int], None] | None = None) -> TrainingResult:
        """Train to the end.

        Parameters
        ----------
        progress
            Called with the number of steps done since the last call, those of an earlier run included.
        """
        tell = progress or (lambda steps: None)
        tell(self.state.step)
        while self.state.step < self.n_steps:
            epoch, first = divmod(self.state.step, self.steps_per_epoch)
            for pictures, labels, failures in self._batches(epoch, first):
                self.state.skipped |= failures
                if len(labels):
                    self._learn(pictures, labels)
                self.state.step += 1
                if self.state.step % self.checkpoint_every == 0 and self.state.step % self.steps_per_epoch:
                    self._keep()
                tell(1)
            self._end_epoch(epoch)
        history = pd.DataFrame(self.state.history, columns=["epoch", "loss", "validation_accuracy"])
        return TrainingResult(history, self.out / WEIGHTS_FILE, self.state.best, dict(self.state.skipped))

    def accuracy(self) -> float:
        """Share of the validation pictures whose class the network names."""
        self.network.eval()
        right = seen = 0
        loader = _loader(self.validation, _cut(range(len(self.validation)), self.recipe.batch_size), self.workers)
        with torch.inference_mode():
            for pictures, labels, failures in loader:
                self.state.skipped |= failures
                if len(labels):
                    right += int((self._scores(pictures).argmax(1).cpu() == labels).sum())
                    seen += len(labels)
        if seen == 0:
            raise InputError("None of the validation pictures can be read; see to the folder.")
        return right / seen

    def _batches(self, epoch: int, first: int) -> Iterator[tuple[Tensor, Tensor, dict[str, str]]]:
        order = torch.randperm(
            len(self.train), generator=torch.Generator().manual_seed(derive_seed(self.recipe.seed, "order", epoch))
        )
        batches = _cut(order.tolist(), self.recipe.batch_size)[first:]
        return iter(_loader(self.train.in_epoch(epoch), batches, self.workers))

    def _scores(self, pictures: Tensor) -> Tensor:
        with torch.autocast(self.device.type, enabled=self.device.type == "cuda", dtype=torch.float16):
            expected = PREPROCESSING[self.facts["preprocessing"]](pictures.to(self.device, non_blocking=True))
            return self.network(expected).float()

    def _learn(self, pictures: Tensor, labels: Tensor) -> None:
        self.network.train()
        for layer in self.network.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.eval()
        with _seeded(derive_seed(self.recipe.seed, "dropout", self.state.step), self.device):
            loss = F.cross_entropy(self._scores(pictures), labels.to(self.device))
        value = loss.item()
        if not math.isfinite(value):
            message = f"The loss is {value} at step {self.state.step}; lower the learning rate or check the weights."
            raise UndefinedError(message, "loss_not_finite")
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.state.loss += value * len(labels)
        self.state.seen += len(labels)

    def _end_epoch(self, epoch: int) -> None:
        if self.state.seen == 0:
            raise InputError("None of the pictures to train on can be read; see to the folder.")
        accuracy = self.accuracy()
        loss = self.state.loss / self.state.seen
        self.state.history.append({"epoch": epoch, "loss": loss, "validation_accuracy": accuracy})
        self.state.loss, self.state.seen = 0.0, 0
        if accuracy > self.state.best:
            self.state.best = accuracy
            self._write_weights()
        table = pd.DataFrame(self.state.history)
        write_text(self.out / "history.csv", table.to_csv(index=False, lineterminator="\n"))
        facts = {"epochs": epoch + 1, "best_accuracy": self.state.best, **self.facts, "skipped": self.state.skipped}
        facts |= {"program": f"scanpath {__version__}", "python": platform.python_version(), "torch": torch.__version__}
        write_text(self.out / "training.json", json.dumps(facts, indent=1))
        self._keep()

    def _write_weights(self) -> None:
        from safetensors.torch import save_file

        state = {name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()}
        keys = ("preprocessing", "backbone", "regime")
        facts = {**self.facts, "backbone": self.recipe.backbone, "regime": self.recipe.regime}
        with atomic_path(self.out / WEIGHTS_FILE) as temporary:
            save_file(state, temporary, metadata={key: str(facts[key]) for key in keys})

    @property
    def _parts(self) -> dict[str, Stateful]:
        return {"network": self.network, "optimizer": self.optimizer, "scaler": self.scaler}

    def _keep(self) -> None:
        save_checkpoint(self.out / "checkpoint.pt", self.facts, vars(self.state), self._parts)


def _network(recipe: TrainingRecipe, n_classes: int, weights: Weights) -> tuple[nn.Module, dict[str, Any]]:
    """Build the network with a new classifier, and say what it started from and what input it expects."""
    import torchvision

    with _seeded(derive_seed(recipe.seed, "classifier"), torch.device("cpu")):
        model = torchvision.models.get_model(recipe.backbone, weights=None, num_classes=n_classes)
    state, usual, source = resolve_weights(recipe.backbone, model, weights)
    load_weights(model, {name: value.clone() for name, value in state.items()}, source)
    name = next(name for name, value in PREPROCESSING.items() if value == usual)
    return model, {"preprocessing": name, "started_from": Path(source).name}


def _cut(order: Iterable[int], size: int) -> list[list[int]]:
    order = list(order)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _loader(pictures: LabeledPictures, batches: list[list[int]], workers: int) -> "torch.utils.data.DataLoader[Item]":
    generator = torch.Generator().manual_seed(0)  # names the workers' seeds, which nothing draws from
    return torch.utils.data.DataLoader(
        pictures, batch_sampler=batches, num_workers=workers, collate_fn=LabeledPictures.batch, generator=generator
    )


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw torch's global numbers, as dropout does, from a seed, and put the old state back."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
