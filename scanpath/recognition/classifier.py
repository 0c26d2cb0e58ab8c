"""Whole torchvision classifiers, from pictures in [0, 1] to class scores."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from scanpath._core.errors import InputError, unknown_name
from scanpath._core.random import derive_seed
from scanpath.recognition.backbone import TORCHVISION
from scanpath.recognition.weights import Weights, download_weights, find_weights, read_weights


class Classifier(nn.Module):
    """A torchvision classifier that takes pictures (B, 3, H, W) in [0, 1].

    Parameters
    ----------
    network
        Takes pictures normalized by ImageNet's mean and standard deviation.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        # as convolutions read them fastest; pictures follow the order of the weights they meet
        self.network = network.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Return the class scores (B, classes)."""
        return self.network(TORCHVISION(images))


def as_classifier(model: str | nn.Module, weights: Weights | None = None) -> nn.Module:
    """Take a network by its torchvision name, with `weights` as in `load_classifier`, or as it is."""
    if isinstance(model, str):
        return load_classifier(model, weights)
    if weights is not None:
        raise InputError(
            "weights= belongs to a network that is given by name; put them into the module and leave it out."
        )
    if not callable(model):
        raise InputError(f"model must be a torchvision network's name or a module, got {type(model).__name__}.")
    return model


def load_classifier(name: str, weights: Weights | None = None) -> Classifier:
    """Load a torchvision classifier of ImageNet's classes, in evaluation mode.

    Parameters
    ----------
    name
        A torchvision network, such as "squeezenet1_1".
    weights
        A file with its state dict; "imagenet", the default, takes the file that lies in the folder $SCANPATH_WEIGHTS
        or in torch's cache, or asks once for a download; ``{"seed": n}`` draws random ones.

    Raises
    ------
    InputError
        If there is no such network, or the weights are missing, damaged or another network's.

    Examples
    --------
    >>> network = load_classifier("squeezenet1_1", {"seed": 0})
    >>> network(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 1000])
    """
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        raise unknown_name("classifier", name, known)
    if isinstance(weights, Mapping):
        if set(weights) != {"seed"}:
            raise InputError(f'weights must be a file, "imagenet" or {{"seed": number}}, got {dict(weights)!r}.')
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(weights["seed"], "classifier", name))
            return Classifier(models.get_model(name, weights=None)).eval()
    source = find_weights(name) if weights is None or weights == "imagenet" else weights
    if source is None:
        entry = models.get_model_weights(name)["DEFAULT"]
        state, source = download_weights(name, entry), entry.url
    else:
        state = read_weights(source)
    network = models.get_model(name, weights=None)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise InputError(f"{source} does not hold the whole network {name} ({lines[-1][:160]}).") from None
    return Classifier(network).eval()
