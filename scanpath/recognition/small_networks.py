"""Networks that name the class of a picture, from random weights: two small ones, and torchvision's by name."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from scanpath._core.checks import check_choice, check_count
from scanpath._core.random import derive_seed

#: Least side of the pictures that the small networks take, in px.
LEAST_SIDE_PX = 32


def small_alexnet(n_classes: int) -> nn.Sequential:
    """Build five convolutions and two dense layers, without normalization, as in AlexNet and a hundredth of its size.

    Parameters
    ----------
    n_classes
        Length of the output.

    References
    ----------
    Krizhevsky, A., Sutskever, I., & Hinton, G. E. (2012). ImageNet classification with deep convolutional neural
    networks. NeurIPS. https://doi.org/10.1145/3065386

    Examples
    --------
    >>> small_alexnet(8)(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 8])
    """
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 5, 2, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    layers += [nn.Conv2d(16, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    layers += [nn.Conv2d(32, 48, 3, 1, 1), nn.ReLU(), nn.Conv2d(48, 48, 3, 1, 1), nn.ReLU()]
    layers += [nn.Conv2d(48, 32, 3, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten()]
    network = nn.Sequential(*layers, nn.Linear(512, 96), nn.ReLU(), nn.Linear(96, n_classes))
    for layer in network:
        if isinstance(layer, nn.Conv2d):  # without normalization, smaller weights let the signal die out
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return network


class _Residual(nn.Module):
    """Two convolutions with batch norm, beside a shortcut."""

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(into, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut = (
            nn.Identity()
            if (into, stride) == (out, 1)
            else nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Add what the convolutions make of maps to the maps themselves."""
        return torch.relu(self.body(maps) + self.shortcut(maps))


def small_resnet(n_classes: int) -> nn.Sequential:
    """Build a residual network of nine convolutions with batch norm and a mean over the whole map, as in ResNet.

    Parameters
    ----------
    n_classes
        Length of the output.

    References
    ----------
    He, K., Zhang, X., Ren, S., & Sun, J. (2016). Deep residual learning for image recognition. CVPR.
    https://doi.org/10.1109/CVPR.2016.90

    Examples
    --------
    >>> small_resnet(8)(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 8])
    """
    stem: list[nn.Module] = [
        nn.Conv2d(3, 12, 5, 2, 2, bias=False),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    blocks = [_Residual(12, 16, 1), _Residual(16, 32, 2), _Residual(32, 64, 2)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, n_classes))


def _of_torchvision(name: str) -> Callable[[int], nn.Module]:
    def build(n_classes: int) -> nn.Module:
        import torchvision

        return torchvision.models.get_model(name, weights=None, num_classes=n_classes)

    return build


_BUILDERS: Mapping[str, Callable[[int], nn.Module]] = {
    "small-alexnet": small_alexnet,
    "small-resnet": small_resnet,
    "alexnet": _of_torchvision("alexnet"),
    "resnet18": _of_torchvision("resnet18"),
}
SCENE_NETWORKS = tuple(_BUILDERS)


def scene_network(name: str, n_classes: int, *, seed: int) -> nn.Module:
    """Build a network with random weights that depend on the seed alone.

    Parameters
    ----------
    name
        "small-alexnet" or "small-resnet", or torchvision's "alexnet" or "resnet18".
    n_classes
        Length of the output.
    seed
        Names the weights.

    Returns
    -------
    torch.nn.Module
        From pictures (B, 3, H, W), normalized as for ImageNet, to (B, n_classes).

    Examples
    --------
    >>> first, again = (scene_network("small-resnet", 8, seed=1) for _ in range(2))
    >>> all(bool((a == b).all()) for a, b in zip(first.parameters(), again.parameters()))
    True
    """
    check_choice("network", name, SCENE_NETWORKS)
    with torch.random.fork_rng(devices=[]):  # layers draw their weights from the global generator
        torch.manual_seed(derive_seed(seed, "weights", name))
        return _BUILDERS[name](check_count("n_classes", n_classes, least=2))


def last_features(network: nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return what enters a network's last dense layer, (B, d), and what the network returns.

    Examples
    --------
    >>> features, scores = last_features(small_resnet(8).eval(), torch.zeros(2, 3, 64, 64))
    >>> features.shape, scores.shape
    (torch.Size([2, 64]), torch.Size([2, 8]))
    """
    last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
    entered: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0]))
    try:
        scores = network(pictures)
    finally:
        hook.remove()
    return entered[0], scores
